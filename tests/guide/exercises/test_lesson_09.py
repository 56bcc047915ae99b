"""The exercises of lesson 09, done in all ways."""

import pytest

from enmeshed_nb import AuthenticationRequestItem, ConsentRequestItem, Request, reject_all
from tests.guide.exercises.conftest import check_solution, check_ways

LOST = {"url": "https://example.org/fees", "urlText": "The fees"}
NO = [{"accept": False}]


def curious(required=False):
    item = AuthenticationRequestItem(title="Are you curious?", must_be_accepted=required)
    return Request(title="All of it if you like", items=[item])


def empty_yes(reader):
    incoming = reader.fetch(curious())
    reader.recipient.requests.incoming.accept(incoming.id, NO)


def fees(**link):
    return Request(items=[ConsentRequestItem(consent="I agree to the fees.", **link, must_be_accepted=True)])


def plain(reader, **link):
    item = {"@type": "ConsentRequestItem", "consent": "I agree to the fees.", "mustBeAccepted": True, **link}
    created = reader.sender.requests.outgoing.create({"items": [item]}, reader.peer)
    reader.sender.messages.send(reader.peer, created.content)


def login():
    return Request(items=[AuthenticationRequestItem(title="I agree to the fees.", must_be_accepted=True)])


SITE = {"link": "https://example.org/fees"}
BOTH = SITE | {"link_display_text": "The fees"}

WAYS = [
    ("09-a", None, "nothing about “All of it", "exactly these words"),
    ("09-a", lambda reader: reader.ask(curious(required=True)), "is required", "must_be_accepted=False"),
    ("09-a", lambda reader: reader.ask(curious()), "has accepted an item", '"accept": False'),
    ("09-a", lambda reader: reader.ask(curious(), reject_all), "has rejected it", "let the Recipient accept"),
    ("09-a", empty_yes, "not have the Response yet", "sender.account.sync()"),
    ("09-b", None, "nothing about “I agree to the fees.”", "exactly these words"),
    ("09-b", lambda reader: plain(reader, **LOST), "left out without a word", "is `link` in JSON"),
    ("09-b", lambda reader: reader.send(fees(link="https://example.org")), "another link", "https://example.org/fees"),
    ("09-b", lambda reader: reader.send(fees(**SITE)), "has no text", "linkDisplayText"),
    ("09-b", lambda reader: reader.send(login()), "asks for no consent", "ConsentRequestItem"),
    ("09-b", lambda reader: reader.draft(fees(**BOTH)), "not sent", "messages.send"),
    ("09-b", lambda reader: reader.send(fees(**BOTH)), "has not fetched it", "recipient.account.sync()"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["09-a", "09-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
