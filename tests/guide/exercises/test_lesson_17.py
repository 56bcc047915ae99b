"""The exercises of lesson 17, done in all ways."""

import secrets

import pytest

from enmeshed_nb import ConsentRequestItem, Request, reject_all, wait_for
from enmeshed_nb.content import (
    ArbitraryMessageContent,
    Consent,
    CreateAttributeRequestItem,
    Mail,
    ProprietaryString,
    RelationshipAttribute,
)
from tests.guide.exercises.conftest import check_solution, check_ways

TITLE = "Your part in the raffle"
POINTS = ["roof", "garden"]


def once():
    return Request(title=TITLE, items=[ConsentRequestItem(consent="I take part.", must_be_accepted=True)])


def lasting(value=None, required=True):
    attribute = RelationshipAttribute(
        owner="",
        key=f"raffle-{secrets.token_hex(4)}",
        confidentiality="private",
        value=value or Consent(consent="I take part."),
    )
    return Request(title=TITLE, items=[CreateAttributeRequestItem(attribute=attribute, must_be_accepted=required)])


def empty_yes(reader):
    incoming = reader.fetch(lasting(required=False))
    reader.recipient.requests.incoming.accept(incoming.id, [{"accept": False}])
    wait_for(lambda: reader.sender.requests.outgoing.get(incoming.id).response, sync_with=reader.sender)


def given(reader):
    return reader.ask(lasting()).response.content.items[0].attribute_id


def withdrawn(reader):
    reader.recipient.attributes.delete(given(reader))


def withdrawn_and_forgotten(reader):
    consent_id = given(reader)
    reader.recipient.attributes.delete(consent_id)
    wait_for(lambda: reader.sender.attributes.get(consent_id).deletion_info, sync_with=reader.sender)
    reader.sender.attributes.delete(consent_id)


def send(reader, content, fetch=True):
    reader.sender.messages.send(reader.peer, content)
    if fetch:
        reader.recipient.account.sync()


def told(**value):
    return ArbitraryMessageContent(value=value)


def mail(reader):
    send(reader, Mail(to=[reader.peer], subject="Minutes", body="roof, garden"))


WAYS = [
    ("17-a", None, "nothing about “Your part", "exactly these words"),
    ("17-a", lambda reader: reader.ask(once()), "no consent that lasts", "RelationshipAttribute"),
    (
        "17-a",
        lambda reader: reader.ask(lasting(ProprietaryString(title="Raffle", value="yes"))),
        "no consent that lasts",
        "a `Consent`",
    ),
    ("17-a", lambda reader: reader.ask(lasting(), reject_all), "has rejected it", "let the Recipient accept"),
    ("17-a", empty_yes, "rejected the consent itself", "each item"),
    ("17-a", lambda reader: reader.decide(lasting()), "not have the Response yet", "sender.account.sync()"),
    ("17-a", given, "has not withdrawn", "recipient.attributes.delete"),
    ("17-a", withdrawn, "does not know of it yet", "sender.account.sync()"),
    ("17-a", withdrawn_and_forgotten, "has deleted its copy", "only the Recipient"),
    ("17-b", None, "no unstructured content", "ArbitraryMessageContent"),
    ("17-b", mail, "no unstructured content", "ArbitraryMessageContent"),
    (
        "17-b",
        lambda reader: send(reader, told(kind="agenda", points=POINTS)),
        "whose `kind`",
        "ArbitraryMessageContent",
    ),
    ("17-b", lambda reader: send(reader, ArbitraryMessageContent(value="minutes")), "whose `kind`", "value="),
    ("17-b", lambda reader: send(reader, told(kind="minutes", points="roof, garden")), "no list with two", "garden"),
    ("17-b", lambda reader: send(reader, told(kind="minutes", points=["roof"])), "no list with two", "garden"),
    (
        "17-b",
        lambda reader: send(reader, told(kind="minutes", points=POINTS), fetch=False),
        "has not fetched it",
        "recipient.account.sync()",
    ),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["17-a", "17-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
