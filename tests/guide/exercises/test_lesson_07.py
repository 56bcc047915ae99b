"""The exercises of lesson 07, done in all ways."""

import secrets

import pytest

from enmeshed_nb import Request, reject_all
from enmeshed_nb.content import (
    CreateAttributeRequestItem,
    EMailAddress,
    IdentityAttribute,
    PhoneNumber,
    ShareAttributeRequestItem,
)
from tests.guide.exercises.conftest import check_solution, check_ways


def number():
    return PhoneNumber(value=f"0049 {secrets.randbelow(10**9)}")


def share(reader, value=None):
    own = reader.sender.attributes.create(value or number())
    item = ShareAttributeRequestItem(attribute=own.content, attribute_id=own.id, must_be_accepted=True)
    return Request(title="Our telephone number", items=[item]), own.id


def mail(reader):
    return share(reader, EMailAddress(value=f"a-{secrets.token_hex(4)}@example.org"))[0]


def create():
    attribute = IdentityAttribute(owner="", value=number())
    item = CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)
    return Request(title="Our telephone number", items=[item])


def renew(reader, tell=True):
    request, own = share(reader)
    reader.ask(request)
    newer = reader.sender.attributes.succeed(own, number()).successor
    if tell:
        reader.sender.attributes.notify_peer(newer.id, reader.peer)


def renew_unknown(reader):
    reader.sender.attributes.succeed(reader.sender.attributes.create(number()).id, number())


WAYS = [
    ("07-a", None, "nothing about “Our telephone number”", "exactly these words"),
    ("07-a", lambda reader: reader.ask(create()), "does not share", "ShareAttributeRequestItem"),
    ("07-a", lambda reader: reader.ask(mail(reader)), "no telephone number", "PhoneNumber"),
    ("07-a", lambda reader: reader.ask(share(reader)[0], reject_all), "has rejected it", "let the Recipient accept"),
    ("07-a", lambda reader: reader.decide(share(reader)[0]), "not have the Response yet", "sender.account.sync()"),
    ("07-b", None, "no new telephone number", "then renew it"),
    ("07-b", lambda reader: reader.ask(share(reader)[0]), "another number beside", "attributes.succeed"),
    ("07-b", renew_unknown, "never had the older one", "that you have shared"),
    ("07-b", lambda reader: renew(reader, tell=False), "has not told", "notify_peer"),
    ("07-b", renew, "not have the new number yet", "recipient.account.sync()"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["07-a", "07-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
