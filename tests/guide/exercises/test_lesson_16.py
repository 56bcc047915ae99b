"""The exercises of lesson 16, done in all ways."""

import secrets

import pytest

from enmeshed_nb import AuthenticationRequestItem, Request, accept_all, reject_all
from enmeshed_nb.content import (
    IdentityAttributeQuery,
    IQLQuery,
    ProprietaryString,
    ReadAttributeRequestItem,
    RelationshipAttribute,
    RelationshipAttributeCreationHints,
    RelationshipAttributeQuery,
    Website,
)
from tests.guide.exercises.conftest import check_solution, check_ways

CLUB, NUMBER = "Where do I find your club?", "Your member number"
WEBSITE = IdentityAttributeQuery(value_type="Website")
SHAPE = {"title": "Member number", "confidentiality": "protected"}


def read(title, query):
    return Request(title=title, items=[ReadAttributeRequestItem(query=query, must_be_accepted=True)])


def club(text="Website && #x:club"):
    return read(CLUB, IQLQuery(query_string=text))


def login(title):
    return Request(title=title, items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])


def page(reader, *tags):
    own = reader.recipient.attributes.create(Website(value=f"https://{secrets.token_hex(4)}.example"), tags=[*tags])
    return lambda incoming: accept_all(incoming, {0: {"existing_attribute_id": own.id}})


def number(prefix="member-number-", owner=""):
    key = f"{prefix}{secrets.token_hex(4)}"
    hints = RelationshipAttributeCreationHints(value_type="ProprietaryString", **SHAPE)
    return read(NUMBER, RelationshipAttributeQuery(key=key, owner=owner, attribute_creation_hints=hints))


def written(incoming):
    query = incoming.content.items[0].query
    value = ProprietaryString(title="Member number", value="M-12")
    attribute = RelationshipAttribute(owner="", key=query.key, confidentiality="protected", value=value)
    return accept_all(incoming, {0: {"new_attribute": attribute}})


def deleted(reader):
    asked = reader.ask(number(), written)
    reader.sender.attributes.delete(asked.response.content.items[0].attribute_id)


WAYS = [
    ("16-a", None, "nothing about “Where do I find", "exactly these words"),
    ("16-a", lambda reader: reader.ask(login(CLUB)), "no IQL query", "IQLQuery"),
    ("16-a", lambda reader: reader.send(read(CLUB, WEBSITE)), "no IQL query", "IQLQuery"),
    ("16-a", lambda reader: reader.send(club("Website")), "does not name both", "Website && #x:club"),
    ("16-a", lambda reader: reader.send(club("#x:club")), "does not name both", "Website && #x:club"),
    ("16-a", lambda reader: reader.ask(club(), reject_all), "has rejected it", "let the Recipient accept"),
    ("16-a", lambda reader: reader.ask(club(), page(reader)), "something else than a web page", "execute_iql_query"),
    (
        "16-a",
        lambda reader: reader.decide(club(), page(reader, "x:club")),
        "not have the Response yet",
        "sender.account.sync()",
    ),
    ("16-b", None, "nothing about “Your member number”", "exactly these words"),
    ("16-b", lambda reader: reader.send(read(NUMBER, WEBSITE)), "not ask for what is between", "RelationshipAttr"),
    ("16-b", lambda reader: reader.ask(number("number-"), written), "key does not begin", "member-number-"),
    (
        "16-b",
        lambda reader: reader.send(number(owner=reader.network.address("sender"))),
        "somebody else's",
        'owner=""',
    ),
    ("16-b", lambda reader: reader.ask(number(), reject_all), "has rejected it", "let the Recipient accept"),
    ("16-b", lambda reader: reader.decide(number(), written), "not have the Response yet", "sender.account.sync()"),
    ("16-b", deleted, "does not find the number", "with another key"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["16-a", "16-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
