"""The exercises of lesson 04, done in all ways."""

from datetime import UTC, datetime, timedelta

import pytest

from enmeshed_nb import ConsentRequestItem, Decision, Request, reject_all
from tests.guide.exercises.conftest import check_solution, check_ways

USE = ConsentRequestItem(consent="You may use the pictures.", must_be_accepted=True)
MAIL = ConsentRequestItem(consent="Send me the newsletter.", must_be_accepted=False)
CALLS = ConsentRequestItem(consent="You may call me in the evening.", must_be_accepted=True)


def photos(*items):
    return Request(title="Your photos", items=list(items))


def calls(hours=None):
    return Request(items=[CALLS], expires_at=hours and datetime.now(UTC) + timedelta(hours=hours))


def one(incoming):
    return Decision(incoming).accept(0).reject(1).to_accept()


def with_code(incoming):
    return reject_all(incoming, code="no.calls")


WAYS = [
    ("04-a", None, "nothing about “Your photos”", "exactly these words"),
    ("04-a", lambda reader: reader.ask(photos(USE)), "not ask for two consents", "two items"),
    ("04-a", lambda reader: reader.ask(photos(USE, USE)), "must be both", "must_be_accepted=False"),
    ("04-a", lambda reader: reader.ask(photos(USE, MAIL)), "the other consent, too", "reject(1)"),
    ("04-a", lambda reader: reader.ask(photos(USE, MAIL), reject_all), "has rejected it", "let the Recipient accept"),
    (
        "04-a",
        lambda reader: reader.decide(photos(USE, MAIL), one),
        "not have the Response yet",
        "sender.account.sync()",
    ),
    ("04-b", None, "nothing about “You may call me", "exactly these words"),
    ("04-b", lambda reader: reader.ask(calls(), with_code), "It has no end", "expires_at="),
    ("04-b", lambda reader: reader.ask(calls(hours=48), with_code), "longer than a day", "expires_at="),
    ("04-b", lambda reader: reader.ask(calls(hours=20)), "has accepted it", "let the Recipient reject"),
    ("04-b", lambda reader: reader.ask(calls(hours=20), reject_all), "has no code", "code=…"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["04-a", "04-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
