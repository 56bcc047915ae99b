"""The Connector's events as models: made up, and those of real Connectors."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enmeshed_nb import AuthenticationRequestItem, EventListener, Request, ask, connector
from enmeshed_nb.connector import (
    TRIGGERS,
    AttributeEvent,
    AttributeSucceededEvent,
    Connector,
    ConnectorEvent,
    IdentityDeletionEvent,
    InvalidInput,
    MessageEvent,
    MessageProcessedEvent,
    RelationshipDecomposedEvent,
    RelationshipEvent,
    RequestEvent,
    RequestStatusEvent,
    TemplateEvent,
    TemplateProcessedEvent,
    UnknownEvent,
    parse_event,
)
from enmeshed_nb.content import DisplayName, Mail, RelationshipTemplateContent
from enmeshed_nb.guide import Event, establish_relationship, sync
from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import until

REQUEST = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
DECOMPOSED = {"trigger": "transport.relationshipDecomposedBySelf", "data": {"relationshipId": "REL1"}}


@pytest.mark.parametrize("body", [DECOMPOSED, json.dumps(DECOMPOSED), json.dumps(DECOMPOSED).encode()])
def test_an_event_is_read_from_json_and_from_its_text(body: Any) -> None:
    event = parse_event(body)
    assert isinstance(event, RelationshipDecomposedEvent)
    assert (event.trigger, event.data.relationship_id) == (DECOMPOSED["trigger"], "REL1")
    assert parse_event(event.model_dump()) == event


@pytest.mark.parametrize(
    "body",
    [
        {"trigger": "transport.ofTheFuture", "data": {"a": [1]}},
        {"trigger": "runtime.modulesStarted"},
        {"trigger": "transport.messageReceived", "data": {"id": 5}},
        {"trigger": "transport.messageReceived", "data": None},
        {"trigger": "transport.messageReceived"},
        {"trigger": ""},
    ],
)
def test_what_is_not_known_is_kept(body: dict[str, Any]) -> None:
    event = parse_event(body)
    assert type(event) is UnknownEvent
    assert (event.trigger, event.data) == (body["trigger"], body.get("data"))


@pytest.mark.parametrize("body", ["", "{", b"\xff", "[]", "7", "null", {}, {"trigger": 5}, {"data": {}}, None, [1]])
def test_what_is_no_event_is_refused(body: Any) -> None:
    with pytest.raises(InvalidInput, match="not an event of a Connector"):
        parse_event(body)


def test_what_is_more_than_known_does_not_disturb() -> None:
    event = parse_event({**DECOMPOSED, "data": {**DECOMPOSED["data"], "future": 1}, "future": 2})
    assert isinstance(event, RelationshipDecomposedEvent)


def test_each_kind_of_event_is_exported_and_has_a_trigger() -> None:
    kinds = set(ConnectorEvent.__subclasses__())
    assert {*TRIGGERS.values(), UnknownEvent} == kinds
    assert {kind.__name__ for kind in kinds} <= set(connector.__all__)


def test_real_events_are_of_their_kinds(tmp_path_factory: pytest.TempPathFactory) -> None:
    with EventListener() as listener:
        target = {"url": listener.url}
        modules = {"webhooks": {"enabled": True, "webhooks": [{"triggers": ["**"], "target": target}]}}
        configured = {name: {"modules": modules, "debug": True} for name in ("sender", "recipient")}
        with LocalNetwork.open(tmp_path_factory.mktemp("events"), connectors=configured) as network:
            sender, recipient = (
                Connector(state.url, state.api_key, name=state.name)
                for state in map(network.state.connector, ("sender", "recipient"))
            )
            with sender, recipient:
                everything_happens(sender, recipient)
                until(lambda: listener.of("transport.relationshipDecomposedBySelf"))
                found = listener.wait_for("transport.messageSent")
    unknown = {event.trigger for event in listener.events if isinstance(event.model, UnknownEvent)}
    assert {each for each in unknown if not each.startswith("consumption.relationshipEvent.")} <= {
        "runtime.modulesStarted"
    }
    seen = {event.trigger: type(event.model) for event in listener.events}
    assert seen.items() >= EXPECTED.items()
    assert {type(event.model) for event in listener.events} >= set(TRIGGERS.values())
    assert found.correlation_id == "sent-with-this-id"
    for event in listener.events:
        if "id" in (event.data or {}):
            assert event.model.model_dump()["data"]["id"] == event.data["id"]


EXPECTED = {
    "consumption.attributeCreated": AttributeEvent,
    "consumption.attributeSucceeded": AttributeSucceededEvent,
    "consumption.incomingRequestReceived": RequestEvent,
    "consumption.messageProcessed": MessageProcessedEvent,
    "consumption.outgoingRequestStatusChanged": RequestStatusEvent,
    "consumption.relationshipTemplateProcessed": TemplateProcessedEvent,
    "transport.identityDeletionProcessStatusChanged": IdentityDeletionEvent,
    "transport.messageReceived": MessageEvent,
    "transport.peerRelationshipTemplateLoaded": TemplateEvent,
    "transport.relationshipChanged": RelationshipEvent,
}


def everything_happens(sender: Connector, recipient: Connector) -> None:
    relationship = establish_relationship(sender, recipient)
    peer = recipient.account.identity_info().address
    mail = Mail(to=[peer], subject="Hello", body="Here I am.")
    sender.with_options(correlation_id="sent-with-this-id").messages.send(peer, mail)
    ask(sender, recipient, REQUEST)
    name = sender.attributes.create(DisplayName(value="Zoë"))
    sender.attributes.delete(sender.attributes.succeed(name.id, DisplayName(value="Zoë II")).successor.id)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    template = sender.relationship_templates.create_own(
        RelationshipTemplateContent(on_new_relationship=REQUEST), tomorrow
    )
    recipient.relationship_templates.load_peer(template.reference)
    sender.identity_deletion_process.initiate(1)
    sender.identity_deletion_process.cancel()
    sender.relationships.terminate(relationship.id)
    sync(recipient)
    sender.relationships.decompose(relationship.id)


def test_a_listener_tells_the_model() -> None:
    event = Event(DECOMPOSED["trigger"], DECOMPOSED["data"], "/", {})
    assert event.model == parse_event(DECOMPOSED)
    assert event.correlation_id is None
