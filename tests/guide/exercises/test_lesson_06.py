"""The exercises of lesson 06, done in all ways."""

from datetime import UTC, datetime, timedelta

import pytest

from enmeshed_nb import AuthenticationRequestItem, ConsentRequestItem, Request, accept_all, reject_all, wait_for_status
from tests.guide.exercises.conftest import check_solution, check_ways


def item(title, **more):
    return AuthenticationRequestItem(title=title, must_be_accepted=True, **more)


def pay(end=timedelta(minutes=4), **more):
    expires_at = end and datetime.now(UTC) + end
    return Request(items=[item("Do you want to pay 20 euros?", **more)], expires_at=expires_at)


def agree():
    consent = ConsentRequestItem(consent="Do you want to pay 20 euros?", must_be_accepted=True)
    return Request(items=[consent])


def there(end=timedelta(minutes=4)):
    return Request(items=[item("Are you still there?")], expires_at=end and datetime.now(UTC) + end)


def expire(reader, fetch):
    asked = there(timedelta(seconds=3))
    sent = reader.fetch(asked) if fetch else reader.send(asked)
    wait_for_status(reader.sender.requests.outgoing, sent.id, "Expired")


ORDER = {"metadata": {"order": "4711"}}

WAYS = [
    ("06-a", None, "nothing about “Do you want to pay", "exactly these words"),
    ("06-a", lambda reader: reader.ask(agree()), "not ask for an authentication", "AuthenticationRequestItem"),
    ("06-a", lambda reader: reader.ask(pay()), "has no metadata", "metadata="),
    ("06-a", lambda reader: reader.ask(pay(None, **ORDER)), "has no end", "expires_at="),
    ("06-a", lambda reader: reader.ask(pay(timedelta(hours=1), **ORDER)), "longer than five minutes", "expires_at="),
    ("06-a", lambda reader: reader.ask(pay(**ORDER), reject_all), "has rejected it", "let the Recipient accept"),
    ("06-a", lambda reader: reader.decide(pay(**ORDER)), "not have the Response yet", "sender.account.sync()"),
    ("06-b", None, "nothing about “Are you still there?”", "exactly these words"),
    ("06-b", lambda reader: reader.fetch(there(None)), "has no end", "expires_at="),
    ("06-b", lambda reader: reader.ask(there(), accept_all), "has decided it", "let nobody decide"),
    ("06-b", lambda reader: reader.fetch(there()), "not `Expired` yet", "wait_for_status"),
    ("06-b", lambda reader: expire(reader, fetch=False), "has not fetched it", "before its time is over"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["06-a", "06-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
