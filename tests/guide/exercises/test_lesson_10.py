"""The exercises of lesson 10, done in all ways, on a network of their own."""

import secrets
from contextlib import closing

import pytest

from enmeshed_nb import (
    AuthenticationRequestItem,
    ConsentRequestItem,
    Request,
    accept_all,
    connect,
    establish_relationship,
    reject_all,
    send_request,
    wait_for_request,
    wait_for_status,
)
from enmeshed_nb.content import CreateAttributeRequestItem, ProprietaryString, RelationshipAttribute
from enmeshed_nb.localnet import stop
from tests.guide.exercises.conftest import Reader, check_solution, check_ways


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clerk") / "network"
    with closing(connect(folder)) as opened:
        yield opened
    stop(folder)


@pytest.fixture
def reader(joined):
    return Reader(joined)


def clerk(reader, response=None, sse=True):
    rule = {"requestConfig": {"content.item.@type": "CreateAttributeRequestItem"}, "responseConfig": response}
    decider = {"decider": {"automationConfig": [rule]}} if response else {}
    started = reader.network.add_connector("clerk", {"modules": {"sse": {"enabled": sse}, **decider}})
    establish_relationship(started, reader.sender)
    reader.sides = reader.network.sides(since=reader.sides.since)  # as a widget asks each time
    return started


def locker():
    value = ProprietaryString(title="Locker", value="12")
    key = f"locker-{secrets.token_hex(4)}"
    attribute = RelationshipAttribute(owner="", key=key, confidentiality="private", value=value)
    item = CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)
    return Request(title="Your locker", items=[item])


def consent(title="Your signature"):
    return Request(title=title, items=[ConsentRequestItem(consent="I have read it.", must_be_accepted=True)])


def login():
    return Request(items=[AuthenticationRequestItem(title="Your signature", must_be_accepted=True)])


def send(reader, request, **config):
    asked = clerk(reader, **config)
    return asked, send_request(reader.sender, request, reader.network.address("clerk"))


def by_rule(reader, response):
    asked, sent = send(reader, locker(), response=response)
    wait_for_status(asked.requests.incoming, sent.id, "Completed")


def by_hand(reader, request, answer):
    asked, sent = send(reader, request)
    incoming = wait_for_request(asked, sent.source.reference)
    decide = asked.requests.incoming.reject if answer is reject_all else asked.requests.incoming.accept
    decide(incoming.id, answer(incoming))


def waiting(reader, request, **config):
    asked, sent = send(reader, request, **config)
    wait_for_status(asked.requests.incoming, sent.id, "ManualDecisionRequired")


NO = {"accept": False}

WAYS = [
    ("10-a", None, "no Connector with the name “clerk”", "add_connector"),
    ("10-b", None, "no Connector with the name “clerk”", "add_connector"),
    ("10-a", clerk, "nothing about “Your locker”", "exactly these words"),
    (
        "10-a",
        lambda reader: waiting(reader, consent("Your locker")),
        "offers no Attribute",
        "CreateAttributeRequestItem",
    ),
    ("10-a", lambda reader: send(reader, locker(), sse=False), "has not received it", "`sse` is enabled"),
    ("10-a", lambda reader: waiting(reader, locker()), "has not decided it", "requestConfig"),
    ("10-a", lambda reader: by_hand(reader, locker(), reject_all), "by hand, not by a rule", "automationConfig"),
    ("10-a", lambda reader: by_rule(reader, {"accept": True}), "has accepted it", '"accept": False'),
    ("10-a", lambda reader: by_rule(reader, NO), "has no code", '"code": …'),
    (
        "10-a",
        lambda reader: by_rule(reader, {**NO, "code": "no"}),
        "not have the Response yet",
        "sender.account.sync()",
    ),
    ("10-b", lambda reader: waiting(reader, login()), "asks for no consent", "ConsentRequestItem"),
    ("10-b", lambda reader: waiting(reader, consent()), "has not decided it", "a program must decide"),
    ("10-b", lambda reader: by_hand(reader, consent(), reject_all), "has rejected it", "Ask again, and accept"),
    (
        "10-b",
        lambda reader: by_hand(reader, consent(), accept_all),
        "not have the Response yet",
        "sender.account.sync()",
    ),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    if way is None:
        reader.sides.connectors.pop("clerk", None)
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["10-a", "10-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)


def test_what_counts_is_the_time_of_the_network(joined):
    establish_relationship(joined.sender, joined.recipient)
    joined.clock.advance(days=3)
    reader = Reader(joined)
    reader.solve("02-a")
    assert reader.findings("02-a").is_done
    assert [each.state for each in Reader(joined).findings("02-a").all] == ["missing"]
