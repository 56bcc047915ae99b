import itertools

import httpx
import pytest

from enmeshed_nb.connector import SYNC_ALREADY_RUNNING, Connector, LocalRequest, NotFound, ServerError
from enmeshed_nb.connector.errors import Call
from enmeshed_nb.guide import Clock, WaitError, WaitTimeout, wait_for, wait_for_status


class Time:
    """A clock that only moves while someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []
        self.clock = Clock(now=lambda: self.now, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


class Store:
    """Shows a Request with one status after the other, None for "not there yet"; the last one stays."""

    def __init__(self, *statuses: str | None) -> None:
        self._statuses = list(statuses)

    def get(self, request_id: str) -> LocalRequest:
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if status is None:
            raise NotFound(Call("sender", "GET", "/x"), 404, {"code": "error.runtime.recordNotFound"})
        content = {"@type": "Request", "items": [{"@type": "X", "mustBeAccepted": True}]}
        return LocalRequest.from_api(
            {
                "id": request_id,
                "isOwn": True,
                "peer": "p",
                "createdAt": "2026-01-01T00:00:00Z",
                "status": status,
                "content": content,
            }
        )


class Syncs:
    """A Connector that notes when it synchronised."""

    def __init__(self, time: Time, *answers: httpx.Response) -> None:
        self.at: list[float] = []
        self._time = time
        self._answers = list(answers)
        self.connector = Connector("http://c.test", "key", name="sender", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("POST", "/api/core/v1/Account/Sync")
        self.at.append(self._time.now)
        return self._answers.pop(0) if self._answers else httpx.Response(204)


def failure(code: str) -> httpx.Response:
    return httpx.Response(500, json={"error": {"code": code, "message": "m"}})


def test_what_is_there_is_returned_at_once() -> None:
    time = Time()
    assert wait_for(lambda: "there", clock=time.clock) == "there"
    assert time.naps == []


def test_looks_are_close_together_at_first_and_rarer_later() -> None:
    time = Time()
    with pytest.raises(WaitTimeout):
        wait_for(lambda: 0, timeout=10, clock=time.clock)
    assert time.naps[:3] == pytest.approx([0.001, 0.0015, 0.00225])
    assert max(time.naps) == 0.5
    assert time.now == pytest.approx(10)


def test_a_timeout_says_what_was_seen_last() -> None:
    with pytest.raises(WaitTimeout, match=r"^Waited 2 s for the moon\. Last seen: sun 3\.$") as caught:
        wait_for(
            lambda: 3,
            until=lambda seen: seen > 3,
            describe=lambda seen: f"sun {seen}",
            what="the moon",
            timeout=2,
            clock=Time().clock,
        )
    assert caught.value.last == 3
    assert isinstance(caught.value, TimeoutError)


def test_something_is_looked_for_even_without_time() -> None:
    assert wait_for(lambda: 1, timeout=0, clock=Time().clock) == 1


def test_syncs_are_rare() -> None:
    time = Time()
    syncs = Syncs(time)
    with pytest.raises(WaitTimeout):
        wait_for(lambda: 0, sync_with=syncs.connector, timeout=20, clock=time.clock)
    assert syncs.at == pytest.approx([0, 1, 3, 7, 15], abs=0.6)
    assert len(time.naps) > 40


def test_another_sync_that_runs_is_waited_for() -> None:
    time = Time()
    syncs = Syncs(time, failure(SYNC_ALREADY_RUNNING), failure(SYNC_ALREADY_RUNNING))
    assert wait_for(lambda: time.now > 4, sync_with=syncs.connector, clock=time.clock) is True
    assert len(syncs.at) == 3
    blocked = Syncs(time, *(failure(SYNC_ALREADY_RUNNING) for _ in range(9)))
    with pytest.raises(WaitTimeout, match="Another synchronisation was running"):
        wait_for(lambda: False, sync_with=blocked.connector, clock=time.clock)


def test_another_error_of_a_sync_is_not_hidden() -> None:
    syncs = Syncs(Time(), failure("error.platform.unheardOf"))
    with pytest.raises(ServerError):
        wait_for(lambda: 1, sync_with=syncs.connector, clock=Time().clock)


def test_a_status_is_waited_for() -> None:
    request = wait_for_status(Store("Draft", "Draft", "Open"), "REQ1", "Open", clock=Time().clock)
    assert request.status == "Open"
    request = wait_for_status(Store(None, "Open", "Expired"), "REQ1", "Completed", "Expired", clock=Time().clock)
    assert request.status == "Expired"


@pytest.mark.parametrize("now", ["Completed", "Expired", "ManualDecisionRequired"])
def test_a_status_that_has_passed_is_not_waited_for(now: str) -> None:
    time = Time()
    with pytest.raises(WaitError, match=f"REQ1 is {now}; it will not become Open"):
        wait_for_status(Store("Draft", now), "REQ1", "Open", clock=time.clock)
    assert time.now < 1


STEPS = ["Draft", "Open", "DecisionRequired", "ManualDecisionRequired", "Decided", "Completed", "Expired"]


@pytest.mark.parametrize(("earlier", "later"), list(itertools.combinations(STEPS, 2)))
def test_statuses_follow_one_another(earlier: str, later: str) -> None:
    time = Time()
    assert wait_for_status(Store(earlier, later), "REQ1", later, clock=time.clock).status == later
    with pytest.raises(WaitError, match=f"REQ1 is {later}; it will not become {earlier} any more") as refused:
        wait_for_status(Store(later), "REQ1", earlier, clock=time.clock)
    assert refused.value.last.status == later
    assert time.now < 1


@pytest.mark.parametrize(("shown", "words"), [("Draft", "Draft"), (None, "no such Request")])
def test_a_status_that_does_not_come_is_named(shown: str | None, words: str) -> None:
    with pytest.raises(WaitTimeout, match=f"Request REQ1 to become Open. Last seen: {words}"):
        wait_for_status(Store(shown), "REQ1", "Open", timeout=1, clock=Time().clock)
