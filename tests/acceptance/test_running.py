"""How checks are run: which beside which, after which, and what if a connection is lost."""

import threading

import pytest

from enmeshed_nb.acceptance import CHECKS, Check, Ground, Status, Trial, run
from enmeshed_nb.acceptance.running import Pace
from enmeshed_nb.clock import Clock, until
from enmeshed_nb.connector import Connector
from enmeshed_nb.localnet.faults import Cut

ID = "GUIDE-CREATE"
LONG = 30  # seconds; only a failure takes so long


def check(body, name="tried", requirements=(ID,), **options):
    return Check(f"guide.{name}", "guide", requirements, body, **options)


def holds(trial):
    with trial.requirement(ID):
        pass


def breaks(trial):
    with trial.requirement(ID):
        raise KeyError("status")


def found(outcomes):
    return [(each.check.partition(".")[2], each.swapped, each.status, each.said) for each in outcomes]


@pytest.fixture
def registered(monkeypatch):
    """Have checks found by their names, as those of plans are."""

    def register(*checks):
        for each in checks:
            monkeypatch.setitem(CHECKS, each.name, each)
        return checks

    return register


def test_a_check_is_made_in_both_parts_or_once(ground):
    parts = []

    def body(trial):
        parts.append((trial.sender, trial.recipient))
        holds(trial)

    assert len(list(run(ground, [check(body)], parallel=1))) == 2
    assert parts == [(ground.sender, ground.recipient), (ground.recipient, ground.sender)]
    assert len(list(run(ground, [check(holds, swaps=False)]))) == 1


def test_checks_run_side_by_side_and_never_more_than_asked_for(ground):
    meeting = threading.Barrier(2, timeout=LONG)
    count, most, lock = 0, 0, threading.Lock()

    def body(trial):
        nonlocal count, most
        with lock:
            count += 1
            most = max(most, count)
        meeting.wait()
        with lock:
            count -= 1
        holds(trial)

    checks = [check(body, name) for name in ("one", "two", "three")]
    assert {each.status for each in run(ground, checks, parallel=2)} == {Status.PASSED}
    assert most == 2


def test_what_is_to_be_alone_has_no_other_beside_it(ground):
    running, beside, begun = set(), [], threading.Event()

    def others(trial):
        running.add(trial.mark)
        if trial.check.name != "guide.one":  # which ends at once, so that it is seen what begins then
            begun.wait(1)
        running.discard(trial.mark)
        holds(trial)

    def alone(trial):
        until(lambda: running, 0.3)  # for what would begin beside it
        beside.append(set(running))
        begun.set()
        holds(trial)

    checks = [check(alone, "alone", alone=True), *(check(others, name) for name in ("one", "two", "three"))]
    assert len(list(run(ground, checks, parallel=4))) == 8
    assert beside == [set(), set()]


def test_what_depends_on_something_that_does_not_hold_is_skipped_and_so_is_what_depends_on_that(ground, registered):
    def must_not_run(trial):
        raise AssertionError("it ran")

    checks = registered(
        check(must_not_run, "third", after=("guide.second",), swaps=False),
        check(must_not_run, "second", after=("guide.first",), swaps=False),
        check(breaks, "first", swaps=False),
    )
    outcomes = {name: (status, said) for name, _, status, said in found(run(ground, checks))}
    assert outcomes["first"][0] == Status.FAILED
    assert "KeyError: 'status'" in outcomes["first"][1]
    assert outcomes["second"] == outcomes["third"] == (Status.SKIPPED, f"{ID} does not hold.")


def test_only_the_same_part_depends_on_what_failed(ground, registered):
    def breaks_in_one_part(trial):
        (breaks if trial.swapped else holds)(trial)

    checks = registered(check(breaks_in_one_part, "first"), check(holds, "second", after=("guide.first",)))
    second = {swapped: status for name, swapped, status, _ in found(run(ground, checks)) if name == "second"}
    assert second == {False: Status.PASSED, True: Status.SKIPPED}


def test_a_check_waits_for_those_before_it_but_not_for_what_was_not_chosen(ground, registered):
    ended = []

    def body(trial):
        holds(trial)
        ended.append(trial.check.name)

    first, second = registered(check(body, "first", swaps=False), check(body, "second", after=("guide.first",)))
    assert len(list(run(ground, [second, first]))) == 3
    assert ended[0] == "guide.first"
    assert {each.status for each in run(ground, [second])} == {Status.PASSED}


def test_what_needs_a_connector_that_is_not_there_says_which(ground):
    (outcome,) = run(ground, [check(holds, needs=("attacker",), swaps=False)])
    assert (outcome.status, outcome.is_open) == (Status.SKIPPED, False)
    assert "attacker" in outcome.said


def test_what_cannot_be_prepared_is_open(ground):
    def body(trial):
        raise TypeError("no such key")

    (outcome,) = run(ground, [check(body, swaps=False)])
    assert (outcome.status, outcome.is_open) == (Status.SKIPPED, True)


def test_a_check_that_lost_a_connection_is_made_once_more(ground, network):
    route = "POST /Requests/Outgoing/Validate"
    chosen = [CHECKS["guide.validate"]]
    with network.faults.inject(Cut(connector="sender", route=route, times=1)):
        outcomes = list(run(ground, chosen, parallel=1))
    assert {each.status for each in outcomes} == {Status.PASSED}
    with network.faults.inject(Cut(connector="sender", route=route)):
        outcomes = [each for each in run(ground, chosen) if not each.swapped]
    assert {each.status for each in outcomes} == {Status.FAILED}
    assert all("twice" in each.said for each in outcomes)


def test_what_is_known_is_not_made_again_unless_it_is_open(ground):
    made = []

    def body(trial):
        made.append(trial.swapped)
        holds(trial)

    known = list(run(ground, [check(holds)]))
    open_one = next(each for each in known if each.swapped).model_copy(update={"is_open": True})
    kept = next(each for each in known if not each.swapped)
    assert [each.swapped for each in run(ground, [check(body)], known=[kept, open_one])] == [True]
    assert made == [True]


def test_who_wants_no_more_does_not_wait_for_what_runs(network):
    clients = [
        Connector(each.url, each.api_key, name=each.name)
        for each in (network.state.connector("sender"), network.state.connector("recipient"))
    ]
    begun, closed = threading.Event(), []

    def body(trial):
        begun.set()
        while True:
            trial.sender.account.identity_info()  # until the client is closed
            closed.append(True)

    outcomes = run(Ground.of("session", *clients), [check(holds, "first"), check(body, "endless", swaps=False)])
    next(outcomes)
    assert begun.wait(LONG)
    outcomes.close()  # would wait for ever
    assert all(client._http.shared.ended.is_set() for client in clients)


def test_calls_wait_for_their_turn():
    now, slept = [100.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(4, Clock(lambda: now[0], sleep))
    for _ in range(3):
        pace(None)()
    assert slept == [0.25, 0.25]
    now[0] += 10
    pace(None)
    assert slept == [0.25, 0.25]


def test_marks_differ(ground):
    assert Trial(check(holds), ground).mark != Trial(check(holds), ground).mark
