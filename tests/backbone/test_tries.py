"""Passwords that are tried: slowed down for who guesses, never for long for who knows."""

import asyncio
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from enmeshed_nb.localnet.backbone import identities
from enmeshed_nb.localnet.backbone.tries import (
    FREE_TRIES,
    LONGEST_PAUSE,
    LONGEST_QUEUE,
    MEMORY,
    MOST_KNOWN,
    TooManyTriesError,
    Tries,
)
from tests.backbone.process import Process
from tests.backbone.world import Device, World, new_identity, ok


class Time:
    """The time of a test."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def guess(tries: Tries, time: Time, who: Any = "a") -> float:
    """Try once, after what one has to wait; return that."""
    wait = tries.next_turn(who)
    time.now += wait
    return wait


def test_the_more_is_tried_the_longer_one_waits_up_to_a_limit(time: Time) -> None:
    tries = Tries(time)
    waits = [guess(tries, time) for _ in range(200)]
    assert waits[:FREE_TRIES] == [0] * FREE_TRIES
    assert waits[FREE_TRIES] > 0
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_PAUSE


def test_others_do_not_wait_and_who_knows_ends_the_waiting(time: Time) -> None:
    tries = Tries(time)
    for _ in range(20):
        guess(tries, time)
    assert guess(tries, time, "b") == 0
    assert guess(tries, time) > 0
    tries.succeeded("a")
    assert guess(tries, time) == 0


def test_who_does_not_wait_for_an_answer_wins_nothing(time: Time) -> None:
    tries = Tries(time)
    waits = []
    with pytest.raises(TooManyTriesError) as refused:  # noqa: PT012  (as often as it takes)
        while True:
            waits.append(tries.next_turn("a"))
    assert len(waits) < 20
    assert max(waits) <= LONGEST_QUEUE < refused.value.seconds <= LONGEST_QUEUE + LONGEST_PAUSE
    time.now += LONGEST_PAUSE
    assert tries.next_turn("a") <= LONGEST_QUEUE  # nobody is locked out


def test_what_was_tried_is_forgotten(time: Time) -> None:
    tries = Tries(time)
    for _ in range(20):
        guess(tries, time)
    time.now += MEMORY + 2 * LONGEST_PAUSE
    assert guess(tries, time) == 0
    for number in range(MOST_KNOWN + 10):
        tries.next_turn(number)
    assert len(tries._known) == MOST_KNOWN


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What logins wait, instead of waiting."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(identities, "_turn", note)
    return waited


def test_logins_wait_by_user(world: World, waits: list[float]) -> None:
    device, other = world.identity(), world.identity()
    assert not any(waits)
    for wrong in [{"password": "guess"}] * 6 + [{"client_secret": "guess"}] * 3:
        device.log_in(**{"username": device.username, "password": "pass"} | wrong)
    assert waits[-1] > 0
    other.renew_token()
    assert waits[-1] == 0
    device.renew_token()
    assert waits[-1] > 0
    device.renew_token()
    assert waits[-1] == 0


def test_an_unknown_user_costs_as_much_as_a_known_one(
    world: World, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    device, leaving = world.identity(), world.identity()
    leaving.start_deletion(days=0)
    world.clock.forward(minutes=1)
    verified: list[str] = []
    verify = PasswordHasher.verify

    def note(self: PasswordHasher, password_hash: str, password: str) -> Any:
        verified.append(password_hash.rpartition("$")[0].rpartition("$")[0])  # the method and what it costs
        return verify(self, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", note)
    for user in (device.username, "nobody", "", leaving.username):
        assert device.log_in(user, "guess").json() == {"error": "invalid_grant"}
    assert len(verified) == 4
    assert len(set(verified)) == 1


def test_guesses_at_once_are_refused_while_everybody_else_is_served(served: Process) -> None:
    with httpx.Client(base_url=served.url, timeout=60) as http:
        device, other = new_identity(http), new_identity(http)
    form = {"grant_type": "password", "client_id": "test", "client_secret": "secret", "username": device.username}

    async def flood() -> tuple[list[httpx.Response], list[int]]:
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(base_url=served.url, timeout=60, limits=limits) as many:
            guesses = [
                asyncio.create_task(many.post("/connect/token", data=form | {"password": f"guess{number}"}))
                for number in range(60)
            ]
            others = [
                (await many.post("/connect/token", data=form | {"username": other.username, "password": "pass"}))
                for _ in range(10)
            ]
            assert not all(guess.done() for guess in guesses)  # they wait, and nobody else does
            right = [await many.post("/connect/token", data=form | {"password": "pass"})]
            while right[-1].status_code == 429:  # its turn comes
                assert int(right[-1].headers["retry-after"]) <= LONGEST_QUEUE + LONGEST_PAUSE
                await asyncio.wait(guesses, return_when=asyncio.FIRST_COMPLETED, timeout=1)
                right.append(await many.post("/connect/token", data=form | {"password": "pass"}))
            assert right[-1].status_code == 200
            return await asyncio.gather(*guesses), [each.status_code for each in others]

    guessed, others = asyncio.run(flood())
    assert others == [200] * 10
    statuses = [answer.status_code for answer in guessed]
    assert set(statuses) == {400, 429}
    assert statuses.count(429) > statuses.count(400)
    assert {answer.json()["error"] for answer in guessed} == {"invalid_grant", "slow_down"}


def test_a_login_that_was_overtaken_by_a_password_change_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    device: Device = world.identity()
    is_password = identities.is_password

    def change_meanwhile(password_hash: str, password: str) -> bool:
        monkeypatch.setattr(identities, "is_password", is_password)
        with world.backbone._store.engine.begin() as connection:
            connection.exec_driver_sql("update devices set password_hash = 'other'")
        return is_password(password_hash, password)

    monkeypatch.setattr(identities, "is_password", change_meanwhile)
    assert device.log_in(device.username, "pass").json() == {"error": "invalid_grant"}
    ok(device.get("/Devices/Self"))
