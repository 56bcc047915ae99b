"""The exercises of lesson 05, done in all ways."""

import secrets

import pytest

from enmeshed_nb import ConsentRequestItem, Request, reject_all
from enmeshed_nb.content import (
    Consent,
    CreateAttributeRequestItem,
    DisplayName,
    IdentityAttribute,
    ProprietaryString,
    RelationshipAttribute,
)
from tests.guide.exercises.conftest import check_solution, check_ways

RULES = Consent(consent="I keep to the house rules.")
ALARM = Consent(consent="You may store my telephone number for the alarm.")


def lasting(value=RULES, owner="", key="house-rules"):
    mark = secrets.token_hex(4)
    attribute = RelationshipAttribute(owner=owner, key=f"{key}-{mark}", confidentiality="private", value=value)
    return offered(attribute)


def offered(attribute):
    item = CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)
    return Request(title="Our house rules", items=[item])


def once():
    consent = ConsentRequestItem(consent=RULES.consent, must_be_accepted=True)
    return Request(title="Our house rules", items=[consent])


def name():
    return offered(IdentityAttribute(owner="", value=DisplayName(value=f"Ada-{secrets.token_hex(4)}")))


def withdraw(reader):
    answered = reader.ask(lasting(ALARM))
    reader.recipient.attributes.delete(answered.response.content.items[0].attribute_id)


WAYS = [
    ("05-a", None, "nothing about “Our house rules”", "exactly these words"),
    ("05-a", lambda reader: reader.ask(once()), "leaves no Attribute", "CreateAttributeRequestItem"),
    ("05-a", lambda reader: reader.ask(name()), "no consent of this Relationship", "RelationshipAttribute"),
    (
        "05-a",
        lambda reader: reader.ask(lasting(ProprietaryString(title="Rules", value="Yes"))),
        "no consent of this Relationship",
        "Consent(",
    ),
    (
        "05-a",
        lambda reader: reader.ask(lasting(owner=reader.network.address("sender"))),
        "Sender is the owner",
        'owner=""',
    ),
    ("05-a", lambda reader: reader.ask(lasting(key="rules")), "key is another one", "house-rules"),
    ("05-a", lambda reader: reader.ask(lasting(), reject_all), "has rejected it", "let the Recipient accept"),
    ("05-b", None, "no consent “You may store", "exactly these words"),
    ("05-b", lambda reader: reader.ask(lasting()), "no consent “You may store", "exactly these words"),
    ("05-b", lambda reader: reader.ask(lasting(ALARM), reject_all), "no consent “You may store", "have it accepted"),
    ("05-b", lambda reader: reader.ask(lasting(ALARM)), "has not withdrawn it", "recipient.attributes.delete"),
    ("05-b", withdraw, "does not know it yet", "sender.account.sync()"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["05-a", "05-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
