"""The exercises of lesson 11, done in all ways."""

import pytest

from enmeshed_nb import AuthenticationRequestItem, Request
from enmeshed_nb.content import Mail
from tests.guide.exercises.conftest import check_solution, check_ways


def write(reader, by="sender", to="recipient", subject="Are you reachable?", fetch=False):
    address = reader.network.address(to)
    reader.network.connectors[by].messages.send(address, Mail(to=[address], subject=subject, body="A test."))
    if fetch:
        reader.network.connectors[to].account.sync()


def answer(reader, subject):
    write(reader, fetch=True)
    write(reader, "recipient", "sender", subject)


def only_a_draft():
    item = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
    return Request(title="Only a draft", items=[item])


def validated(reader):
    reader.sender.requests.outgoing.validate(only_a_draft(), reader.peer).raise_for_failure()


WAYS = [
    ("11-a", None, "no Mail with the subject “Are you", "sender.messages.send(recipient_address"),
    ("11-a", write, "The Recipient has not fetched it", "recipient.account.sync()"),
    ("11-a", lambda reader: write(reader, fetch=True), "no Mail with the subject “I am", "recipient.messages.send"),
    ("11-a", lambda reader: answer(reader, "Yes"), "no Mail with the subject “I am", "with these words"),
    (
        "11-a",
        lambda reader: answer(reader, "I am reachable."),
        "The Sender has not fetched it",
        "sender.account.sync()",
    ),
    ("11-b", None, "nothing about “Only a draft”", "exactly these words"),
    ("11-b", validated, "nothing about “Only a draft”", "exactly these words"),
    ("11-b", lambda reader: reader.send(only_a_draft()), "It was sent", "do not send it"),
    ("11-b", lambda reader: reader.ask(only_a_draft()), "It was sent", "do not send it"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["11-a", "11-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
