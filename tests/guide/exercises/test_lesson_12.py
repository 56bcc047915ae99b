"""The exercises of lesson 12, done in all ways."""

from datetime import UTC, datetime, timedelta

import pytest

from enmeshed_nb import AuthenticationRequestItem, ConsentRequestItem, Decision, Request, accept_all, reject_all
from enmeshed_nb.content import FormFieldRequestItem, IntegerFormFieldSettings, StringFormFieldSettings
from tests.guide.exercises.conftest import check_solution, check_ways

LOGIN = AuthenticationRequestItem(title="You may print my name.", must_be_accepted=True)
NAME = ConsentRequestItem(consent="You may print my name.", must_be_accepted=True)
NUMBER = IntegerFormFieldSettings(min=0, max=4)


def asked(item=NAME, days=2):
    return Request(items=[item], expires_at=days and datetime.now(UTC) + timedelta(days=days))


def guests(settings=NUMBER, *more, required=True):
    field = FormFieldRequestItem(title="Guests", settings=settings, must_be_accepted=required)
    return Request(title="How many guests do you bring?", items=[field, *more])


def two(incoming):
    return accept_all(incoming, {0: {"response": 2}})


def second_only(incoming):
    return Decision(incoming).reject(0).accept(1).to_accept()


WAYS = [
    ("12-a", None, "nothing about “You may print", "exactly these words"),
    ("12-a", lambda reader: reader.ask(asked(LOGIN), reject_all), "no consent", "ask_for_consent"),
    ("12-a", lambda reader: reader.ask(asked(days=7), reject_all), "longer than three days", "days=3"),
    ("12-a", lambda reader: reader.ask(asked(days=None), reject_all), "longer than three days", "days=3"),
    ("12-a", lambda reader: reader.ask(asked()), "has accepted it", "let the Recipient reject"),
    ("12-a", lambda reader: reader.fetch(asked()), "has not decided", "reject_all"),
    ("12-b", None, "nothing about “How many guests", "exactly these words"),
    (
        "12-b",
        lambda reader: reader.fetch(guests(StringFormFieldSettings())),
        "not ask for a whole number",
        "IntegerFormFieldSettings",
    ),
    ("12-b", lambda reader: reader.ask(guests(IntegerFormFieldSettings(min=0)), two), "no limit", "`max`"),
    (
        "12-b",
        lambda reader: reader.ask(guests(NUMBER, NAME, required=False), second_only),
        "told no number",
        "response",
    ),
    ("12-b", lambda reader: reader.ask(guests(), reject_all), "has rejected it", "let the Recipient accept"),
    ("12-b", lambda reader: reader.decide(guests(), two), "not have the Response yet", "sender.account.sync()"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["12-a", "12-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
