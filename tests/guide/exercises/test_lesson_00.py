"""The exercises of lesson 00, done in all ways."""

import pytest

from enmeshed_nb.content import ArbitraryMessageContent, Mail
from tests.guide.exercises.conftest import check_solution, check_ways

THANKS = "Thank you for your Mail"


def thank(reader, by="recipient", to="sender", subject=THANKS):
    address = reader.network.address(to)
    reader.network.connectors[by].messages.send(address, Mail(to=[address], subject=subject, body="Yes."))


def measure(reader, value):
    reader.sender.messages.send(reader.peer, ArbitraryMessageContent(value=value))


WAYS = [
    ("00-a", None, "sent the Sender no Mail", "exactly these words"),
    (
        "00-a",
        lambda reader: thank(reader, "sender", "recipient"),
        "and the Recipient should",
        "recipient.messages.send",
    ),
    ("00-a", lambda reader: thank(reader, subject="Thanks"), "sent the Sender no Mail", "exactly these words"),
    ("00-a", thank, "The Sender has not fetched it", "sender.account.sync()"),
    ("00-b", None, "no Message with a `temperature`", "ArbitraryMessageContent"),
    ("00-b", lambda reader: measure(reader, [21]), "no Message with a `temperature`", "ArbitraryMessageContent"),
    (
        "00-b",
        lambda reader: thank(reader, "sender", "recipient", "Temperature: 21"),
        "another kind: Mail",
        "ArbitraryMessageContent",
    ),
    ("00-b", lambda reader: measure(reader, {"temperature": "21"}), "is no number", '"temperature": 21'),
    ("00-b", lambda reader: measure(reader, {"temperature": True}), "is no number", '"temperature": 21'),
    ("00-b", lambda reader: measure(reader, ["temperature", 21]), "is no number", '"temperature": 21'),
    ("00-b", lambda reader: measure(reader, {"temperature": 21.5}), "has not fetched it", "recipient.account.sync()"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["00-a", "00-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
