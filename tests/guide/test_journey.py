"""The journey is what happened: compared with what both Connectors recorded."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import httpx
import pytest

from enmeshed_nb.connector import Connector, aside
from enmeshed_nb.content import AuthenticationRequestItem, Mail, RelationshipTemplateContent, Request
from enmeshed_nb.guide import (
    Journal,
    Summary,
    accept_all,
    end_relationship,
    establish_relationship,
    next_step,
    reject_all,
    wait_for_request,
    wait_for_status,
)
from enmeshed_nb.guide.journey import Happening, concerning, happenings
from enmeshed_nb.localnet import LocalNetwork

MILLISECOND = timedelta(milliseconds=1)
WAY = [
    ("sender", "call", "POST /Requests/Outgoing/Validate isSuccess: true"),
    ("sender", "call", "POST /Requests/Outgoing"),
    ("sender", "status", "Draft"),
    ("sender", "call", "POST /Messages"),
    ("sender", "message", "Message with a Request"),
    ("recipient", "sync", "POST /Account/Sync"),
    ("recipient", "status", "Open"),
    ("recipient", "status", "DecisionRequired"),
    ("recipient", "status", "ManualDecisionRequired"),
    ("recipient", "call", "PUT /Requests/Incoming/REQ…/{verb}"),
    ("recipient", "status", "Decided"),
    ("recipient", "message", "Message with the Response"),
    ("sender", "sync", "POST /Account/Sync"),
    ("sender", "status", "Completed"),
]
"""What follows from one another, whatever stands between."""


class Two(NamedTuple):
    """Two Requests that travelled at the same time: the first was accepted, the second rejected."""

    journal: Journal
    accepted: str
    rejected: str
    relationship: str


def travel(sender: Connector, recipient: Connector) -> tuple[str, str]:
    peer = recipient.account.identity_info().address
    ids, messages = [], []
    for title in ("The first?", "The second?"):
        request = Request(items=[AuthenticationRequestItem(title=title, must_be_accepted=True)])
        sender.requests.outgoing.validate(request, peer)
        created = sender.requests.outgoing.create(request, peer)
        messages.append(sender.messages.send(peer, created.content))
        ids.append(created.id)
    incoming = [wait_for_request(recipient, each.id) for each in messages]
    recipient.requests.incoming.accept(ids[0], accept_all(incoming[0]))
    recipient.requests.incoming.reject(ids[1], reject_all(incoming[1]))
    for each in ids:
        wait_for_status(recipient.requests.incoming, each, "Completed")
    for each in ids:
        wait_for_status(sender.requests.outgoing, each, "Completed", sync=sender)
    return ids[0], ids[1]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with LocalNetwork.open(tmp_path_factory.mktemp("journey") / "network") as network:
        sender, recipient = (
            Connector(state.url, state.api_key, name=state.name)
            for state in (network.state.connector("sender"), network.state.connector("recipient"))
        )
        with sender, recipient, Journal(sender, recipient) as journal:
            relationship = establish_relationship(sender, recipient)
            yield network, sender, recipient, Two(journal, *travel(sender, recipient), relationship.id)


@pytest.fixture
def two(world):
    return world[3]


def in_order(found: list[Any], wanted: list[Any]) -> bool:
    rest = iter(found)
    return all(each in rest for each in wanted)


def told(found: list[Happening]) -> list[tuple[str, str, str]]:
    return [(each.side, each.kind, each.text) for each in found]


def time_of(found: list[Happening], side: str, text: str) -> datetime:
    (time,) = (each.time for each in found if (each.side, each.text) == (side, text))
    return time


@pytest.mark.parametrize("which", ["accepted", "rejected"])
def test_causes_come_before_what_they_cause(two, which):
    found = happenings(two.journal, getattr(two, which))
    verb = {"accepted": "Accept", "rejected": "Reject"}[which]
    assert in_order(told(found), [(side, kind, text.format(verb=verb)) for side, kind, text in WAY])
    assert all(later.time >= earlier.time for earlier, later in pairwise(found))
    assert in_order(told(found), [("sender", "message", "Message with a Request"), ("sender", "status", "Open")])
    assert in_order(
        told(found), [("recipient", "message", "Message with the Response"), ("recipient", "status", "Completed")]
    )


@pytest.mark.parametrize(("which", "other"), [("accepted", "rejected"), ("rejected", "accepted")])
def test_one_request_is_told_alone(two, which, other):
    subject, another = getattr(two, which), getattr(two, other)
    found = happenings(two.journal, subject)
    assert {each.subject for each in found} == {subject, ""}
    verbs = [text for side, _, text in told(found) if text.endswith(("Accept", "Reject"))]
    assert verbs == [f"PUT /Requests/Incoming/REQ…/{ {'accepted': 'Accept', 'rejected': 'Reject'}[which] }"]
    assert [text for _, _, text in told(found)].count("POST /Messages") == 1
    calls = concerning(two.journal, subject)
    assert not [each for each in calls if another in f"{each.call} {each.request} {each.response}"]
    validated = [each for each in calls if each.api_path.endswith("/Validate")]
    assert [each.request["content"]["items"][0]["title"] for each in validated] == [
        {"accepted": "The first?", "rejected": "The second?"}[which]
    ]
    everything = happenings(two.journal)
    assert {subject, another} <= {each.subject for each in everything}


@pytest.mark.parametrize("which", ["accepted", "rejected"])
def test_times_are_those_that_both_connectors_recorded(world, which):
    _, sender, recipient, two = world
    subject = getattr(two, which)
    found = happenings(two.journal, subject)
    with aside():
        outgoing, incoming = sender.requests.outgoing.get(subject), recipient.requests.incoming.get(subject)
        sent = sender.messages.get(outgoing.source.reference)
        answered = recipient.messages.get(incoming.response.source.reference)
    recorded = {
        ("sender", "Draft"): outgoing.created_at,
        ("sender", "Message with a Request"): sent.created_at,
        ("recipient", "Open"): incoming.created_at,
        ("recipient", "Decided"): incoming.response.created_at,
        ("recipient", "Message with the Response"): answered.created_at,
        ("sender", "Completed"): outgoing.response.created_at,
    }
    for (side, text), time in recorded.items():
        assert abs(time_of(found, side, text) - time) < 2 * MILLISECOND, (side, text)


@pytest.mark.parametrize("which", ["accepted", "rejected"])
def test_statuses_are_those_of_both_logs(world, which):
    """The Runtime keeps a log of statuses that the API does not show."""
    network, _, _, two = world
    subject = getattr(two, which)
    found = happenings(two.journal, subject)
    for side in ("sender", "recipient"):
        store = f"file:{network.state.data_dir}/connectors/{side}/account.db?mode=ro"
        with closing(sqlite3.connect(store, uri=True)) as database:
            documents = [json.loads(row[0]) for row in database.execute("SELECT document FROM documents")]
        (log,) = (each["statusLog"] for each in documents if each.get("id") == subject and "statusLog" in each)
        statuses = [each for each in found if (each.side, each.kind) == (side, "status")]
        assert [each.text for each in statuses[1:]] == [each["newStatus"] for each in log][-len(statuses) + 1 :]
        assert statuses[0].text == log[0]["oldStatus"]
        for each, entry in zip(statuses[1:], log, strict=True):
            assert each.time <= datetime.fromisoformat(entry["createdAt"]) + 2 * MILLISECOND


def test_a_relationship_has_a_journey(two):
    found = happenings(two.journal, two.relationship)
    assert in_order(
        told(found),
        [
            ("sender", "call", "POST /RelationshipTemplates/Own"),
            ("sender", "message", "RelationshipTemplate"),
            ("recipient", "sync", "POST /RelationshipTemplates/Peer"),
            ("recipient", "call", "POST /Relationships"),
            ("recipient", "status", "Pending"),
            ("sender", "sync", "POST /Account/Sync"),
            ("sender", "status", "Pending"),
            ("sender", "call", "PUT /Relationships/REL…/Accept"),
            ("sender", "status", "Active"),
            ("recipient", "sync", "POST /Account/Sync"),
            ("recipient", "status", "Active"),
        ],
    )
    assert {each.subject for each in found} == {two.relationship, ""}


def test_times_of_a_relationship_are_those_of_the_audit_log(world):
    _, sender, _, two = world
    found = happenings(two.journal, two.relationship)
    with aside():
        log = sender.relationships.get(two.relationship).audit_log
    for side, entry in zip(("recipient", "sender"), log, strict=True):
        assert abs(time_of(found, side, entry.new_status) - entry.created_at) < 2 * MILLISECOND


def test_what_happened_before_the_journal_began_is_told_only_if_it_is_asked_for(world):
    _, sender, recipient, two = world
    with Journal(sender, recipient) as later:
        sender.requests.outgoing.list()
        recipient.relationships.list()
        assert {each.kind for each in happenings(later)} == {"call"}
        assert ("sender", "status", "Draft") in told(happenings(later, two.accepted))
        assert ("recipient", "status", "Pending") in told(happenings(later, two.relationship))


def test_a_step_of_one_request_shows_that_request(world):
    _, sender, recipient, _ = world
    with Journal(sender, recipient) as journal:
        accepted, rejected = travel(sender, recipient)
        step = next_step(journal, rejected)
        assert step.statuses == {rejected: {"sender": "Completed", "recipient": "Completed"}}
        assert accepted not in str(step)
        assert rejected in str(step)


def test_the_summary_tells_the_same_times(two, world):
    _, sender, _, _ = world
    with aside():
        summary = Summary(two.journal, (sender.requests.outgoing.get(two.accepted),))
    (request,) = summary.to_json()["requests"]
    statuses = {(side["connector"], each["status"]) for side in request["sides"] for each in side["statuses"]}
    assert ("recipient", "DecisionRequired") in statuses
    found = [each for each in happenings(two.journal, two.accepted) if each.kind == "status"]
    assert statuses == {(each.side, each.text) for each in found}


class Skewed(httpx.BaseTransport):
    """A Connector whose clock goes wrong: all that it says of times is shifted."""

    def __init__(self, by: timedelta) -> None:
        self._by, self._inner = by, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        answer.read()
        if not answer.headers.get("content-type", "").startswith("application/json"):
            return answer
        return httpx.Response(answer.status_code, json=self._shifted(answer.json()))

    def close(self) -> None:
        self._inner.close()

    def _shifted(self, value: Any) -> Any:
        match value:
            case dict():
                return {
                    name: self._moved(each) if name == "createdAt" else self._shifted(each)
                    for name, each in value.items()
                }
            case list():
                return [self._shifted(each) for each in value]
            case _:
                return value

    def _moved(self, text: str) -> str:
        return (datetime.fromisoformat(text) + self._by).isoformat()


@pytest.mark.parametrize("hours", [(-1, 0), (1, 0), (0, -1), (0, 1), (1, -1), (-1, 1)])
def test_cause_and_effect_keep_their_order_if_clocks_go_wrong(world, hours):
    network, *_ = world
    names = ("sender", "recipient")
    sender, recipient = (
        Connector(state.url, state.api_key, name=name, transport=Skewed(timedelta(hours=each)))
        for name, each in zip(names, hours, strict=True)
        for state in [network.state.connector(name)]
    )
    with sender, recipient, Journal(sender, recipient) as journal:
        accepted, rejected = travel(sender, recipient)
        for subject, verb in ((accepted, "Accept"), (rejected, "Reject")):
            found = happenings(journal, subject)
            assert in_order(told(found), [(side, kind, text.format(verb=verb)) for side, kind, text in WAY])
            ended = journal.last().ended
            assert all(journal.exchanges[0].time - MILLISECOND <= each.time <= ended + MILLISECOND for each in found)


def test_what_is_asked_aside_is_no_part_of_it(world):
    _, sender, recipient, two = world
    with Journal(sender, recipient) as journal:
        with aside():
            sender.requests.outgoing.get(two.accepted)
        recipient.account.sync()
    assert [each.call for each in journal.exchanges] == ["POST /Account/Sync"]
    assert [each.call for each in journal.asides] == [f"GET /Requests/Outgoing/{two.accepted}"]
    assert journal.history() == ()
    assert told(happenings(journal)) == [("recipient", "sync", "POST /Account/Sync")]
    assert [each.call for each in next_step(journal).exchanges] == ["POST /Account/Sync"]


def test_a_wait_is_told_once_and_after_what_it_waited_for(world):
    _, sender, recipient, _ = world
    peer = recipient.account.identity_info().address
    with Journal(sender, recipient) as journal:
        request = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
        created = sender.requests.outgoing.create(request, peer)
        assert recipient.requests.incoming.list(id=created.id) == []
        message = sender.messages.send(peer, created.content)
        wait_for_request(recipient, message.id)
        recipient.requests.incoming.accept(created.id, [{"accept": True}])
        wait_for_status(recipient.requests.incoming, created.id, "Completed")
        for _ in range(3):
            recipient.requests.incoming.get(created.id)
    at_the_recipient = [each for each in happenings(journal, created.id) if each.side == "recipient"]
    looks = [number for number, each in enumerate(at_the_recipient) if each.text.startswith("GET ")]
    assert [at_the_recipient[number - 1].text for number in looks[1:]] == ["ManualDecisionRequired", "Completed"]
    assert looks[0] == 0  # before anything was there; another one than the looks after the synchronisation
    assert at_the_recipient[looks[2]].times >= 4
    assert looks[2] == len(at_the_recipient) - 1


def test_only_the_check_of_a_request_belongs_to_it(world):
    _, sender, recipient, _ = world
    peer = recipient.account.identity_info().address
    asked = [
        Request(items=[AuthenticationRequestItem(title=title, must_be_accepted=True)]) for title in ("One?", "Two?")
    ]
    with Journal(sender, recipient) as journal:
        for request, whom in ((asked[0], peer), (asked[1], peer), (asked[1], None)):
            sender.requests.outgoing.validate(request, whom)
        sender.requests.outgoing.validate(asked[1], sender.account.identity_info().address)
        created = sender.requests.outgoing.create(asked[1], peer)
        sender.requests.outgoing.validate(asked[1], peer)  # afterwards
    checks = [each for each in concerning(journal, created.id) if each.api_path.endswith("/Validate")]
    assert [each.request.get("peer") for each in checks] == [peer, None]
    assert {each.request["content"]["items"][0]["title"] for each in checks} == {"Two?"}


def test_a_message_is_told_by_what_it_carries(world):
    _, sender, recipient, _ = world
    peer = recipient.account.identity_info().address
    with Journal(sender, recipient) as journal:
        sent = sender.messages.send(peer, Mail(to=[peer], subject="s", body="b"))
    call, message = happenings(journal)
    assert (call.side, call.kind, call.text) == ("sender", "call", "POST /Messages")
    assert (message.side, message.kind, message.text) == ("sender", "message", "Message with a Mail")
    assert abs(message.time - sent.created_at) < 2 * MILLISECOND


def test_a_request_that_nobody_answers_expires(world):
    _, sender, recipient, _ = world
    peer = recipient.account.identity_info().address
    expires_at = datetime.now(UTC) + timedelta(seconds=3)
    question = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
    with Journal(sender, recipient) as journal:
        other = sender.requests.outgoing.create(Request(items=[question]), peer)
        created = sender.requests.outgoing.create(Request(expires_at=expires_at, items=[question]), peer)
        message = sender.messages.send(peer, created.content)
        wait_for_request(recipient, message.id)
        for requests in (sender.requests.outgoing, recipient.requests.incoming):
            wait_for_status(requests, created.id, "Expired")
        sender.requests.outgoing.get(created.id)
        sender.messages.send(peer, other.content)  # what happens to another one later makes no difference
        sender.requests.outgoing.get(other.id)
    found = happenings(journal, created.id)
    for tale in (found, [each for each in happenings(journal) if each.subject == created.id]):
        for side in ("sender", "recipient"):
            statuses = [each for each in tale if (each.side, each.kind) == (side, "status")]
            assert [each.text for each in statuses].count("Expired") == 1
            assert statuses[-1].text == "Expired"
            assert abs(statuses[-1].time - created.content.expires_at) < MILLISECOND
    assert told(found)[-1][2].startswith("GET /Requests/Outgoing/REQ…")


def test_a_request_in_a_template_has_a_journey(world):
    _, sender, recipient, _ = world
    question = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
    content = RelationshipTemplateContent(on_new_relationship=question, on_existing_relationship=question)
    with Journal(sender, recipient) as journal:
        template = sender.relationship_templates.create_own(content, expires_at=datetime.now(UTC) + timedelta(hours=1))
        recipient.relationship_templates.load_peer(template.reference)
        incoming = wait_for_request(recipient, template.id)
        recipient.requests.incoming.accept(incoming.id, accept_all(incoming))
        wait_for_status(recipient.requests.incoming, incoming.id, "Completed")
    for found in (happenings(journal, incoming.id), happenings(journal)):
        assert in_order(
            told(found),
            [
                ("sender", "call", "POST /RelationshipTemplates/Own"),
                ("sender", "message", "RelationshipTemplate"),
                ("recipient", "sync", "POST /RelationshipTemplates/Peer"),
                ("recipient", "status", "Open"),
                ("recipient", "call", "PUT /Requests/Incoming/REQ…/Accept"),
                ("recipient", "status", "Decided"),
                ("recipient", "message", "Message with the Response"),
                ("recipient", "status", "Completed"),
            ],
        )
        assert [each.kind for each in found].count("message") == 2


def test_a_template_is_loaded_when_it_is_loaded_whatever_follows(world):
    _, sender, recipient, _ = world
    question = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
    content = RelationshipTemplateContent(on_new_relationship=question, on_existing_relationship=question)
    later = datetime.now(UTC) + timedelta(hours=1)
    with Journal(sender, recipient) as journal:
        template = sender.relationship_templates.create_own(content, expires_at=later)
        recipient.relationship_templates.load_peer(template.reference)
        incoming = wait_for_request(recipient, template.id)
        sender.relationship_templates.create_token(template.id)
        recipient.relationship_templates.load_peer(template.reference)
    found = happenings(journal, incoming.id)
    assert in_order(
        told(found),
        [
            ("sender", "message", "RelationshipTemplate"),
            ("recipient", "sync", "POST /RelationshipTemplates/Peer"),
            ("recipient", "status", "ManualDecisionRequired"),
            ("sender", "message", "Token"),
            ("recipient", "sync", "POST /RelationshipTemplates/Peer"),
        ],
    )


def test_who_deleted_a_relationship_has_it_no_more(folder):
    with LocalNetwork.open(folder, connectors={"sender": {}, "recipient": {}}) as network:
        sender, recipient = (Connector(state.url, state.api_key, name=state.name) for state in network.state.connectors)
        with sender, recipient, Journal(sender, recipient) as journal:
            relationship = establish_relationship(sender, recipient)
            end_relationship(sender, recipient)
            statuses = [
                (each.side, each.text) for each in happenings(journal, relationship.id) if each.kind == "status"
            ]
    assert statuses == [
        ("recipient", "Pending"),
        ("sender", "Pending"),
        ("sender", "Active"),
        ("recipient", "Active"),
        ("sender", "Terminated"),
        ("recipient", "Terminated"),
        ("recipient", "DeletionProposed"),
    ]
