"""The modules of a Connector, switched on by the keys of its configuration."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from enmeshed_nb.connector import Connector, ConnectorError
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    CreateAttributeRequestItem,
    DisplayName,
    IdentityAttribute,
    Request,
)
from enmeshed_nb.guide import establish_relationship
from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import closed_port, connectors_of, until, up
from tests.listening import Answering, listening

AUTHENTICATION = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])


class Call(NamedTuple):
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Listener:
    """What was told to a listener's handler; `/moved` redirects to `/followed`."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        calls = self.calls

        class Handler(Answering):
            def do_POST(self) -> None:
                body = json.loads(self.read_body())
                calls.append(Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                if self.path == "/moved":
                    self.answer(302, location="/followed")
                else:
                    self.answer(200)

        self.handler = Handler

    def at(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path.startswith(path)]


class Parties(NamedTuple):
    listener: Listener
    connectors: dict[str, Connector]
    network: LocalNetwork

    def __getattr__(self, name: str) -> Connector:
        return self.connectors[name]


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    listener = Listener()
    with listening(listener.handler) as listener.url:
        yield from _started(listener, tmp_path_factory.mktemp("modules") / "network")


def _started(listener: Listener, folder: Path) -> Iterator[Parties]:
    webhooks = {
        "enabled": True,
        "targets": {"all": {"url": f"{listener.url}/all/{{{{trigger}}}}", "headers": {"x-secret": "s3cret"}}},
        "webhooks": [
            {"triggers": ["transport.*", "transport.messageSent"], "target": {"url": f"{listener.url}/transport"}},
            {"triggers": ["transport.messageSent"], "target": {"url": f"{listener.url}/moved"}},
            {"triggers": ["**"], "target": {"url": f"http://127.0.0.1:{closed_port()}"}},
            {"triggers": ["**"], "target": "all"},
        ],
    }
    rule = {
        "requestConfig": {"content.item.@type": "CreateAttributeRequestItem"},
        "responseConfig": {"accept": True},
    }
    sse = {"enabled": True}
    modules = {
        "telling": {"webhooks": webhooks},
        "interval": {"sync": {"enabled": True, "interval": 0.3}},
        "stream": {"sse": sse, "sync": {"enabled": True}},
        "accepting": {"sse": sse, "autoAcceptPendingRelationships": {"enabled": True}},
        "decomposing": {"sse": sse, "autoDecomposeDeletionProposedRelationships": {"enabled": True}},
        "deciding": {"sse": sse, "decider": {"automationConfig": [rule]}},
    }
    config = {name: {"modules": each} for name, each in modules.items()}
    with LocalNetwork.open(folder, connectors=config) as network:
        connectors = connectors_of(network.state.public())
        yield Parties(listener, connectors, network)
        for connector in connectors.values():
            connector.close()


def send(sender: Connector, recipient: Connector, request: Request = AUTHENTICATION) -> str:
    """Send a Request between two Connectors; return its id."""
    establish_relationship(sender, recipient)
    peer = recipient.account.identity_info().address
    created = sender.requests.outgoing.create(request, peer)
    sender.messages.send(peer, created.content)
    return created.id


def has_status(connector: Connector, request_id: str, status: str) -> bool:
    return [each.status for each in connector.requests.incoming.list(id=request_id)] == [status]


def test_webhooks_tell_a_real_listener(parties):
    request_id = send(parties.telling, parties.interval)
    (sent,) = until(lambda: parties.listener.at("/all/transport.messageSent"))
    assert sent.body["trigger"] == "transport.messageSent"
    assert sent.body["data"]["content"]["id"] == request_id
    assert sent.headers["x-secret"] == "s3cret"
    assert sent.headers["content-type"].startswith("application/json")
    until(lambda: parties.listener.at("/all/consumption.outgoingRequestStatusChanged"))
    (changed,) = parties.listener.at("/all/consumption.outgoingRequestStatusChanged")
    assert (changed.body["data"]["oldStatus"], changed.body["data"]["newStatus"]) == ("Draft", "Open")
    for call in parties.listener.at("/all/"):
        assert call.path == f"/all/{call.body['trigger']}"


def test_a_trigger_with_a_star_means_one_segment_and_each_event_is_sent_once(parties):
    def told(path: str) -> list[str]:
        return [call.body["trigger"] for call in parties.listener.at(path)]

    until(lambda: "consumption.outgoingRequestStatusChanged" in told("/all/consumption."))
    until(
        lambda: (
            "transport.messageSent" in told("/transport") and len(told("/transport")) == len(told("/all/transport."))
        )
    )
    assert told("/transport").count("transport.messageSent") == 1
    assert {name.split(".")[0] for name in told("/transport")} == {"transport"}


def test_redirects_are_not_followed(parties):
    until(lambda: parties.listener.at("/moved"))
    log = parties.network.state.data_dir + "/logs/telling.log"
    with open(log, encoding="utf-8") as lines:  # noqa: PTH123
        until(lambda: "/moved, which answered 302" in lines.read())
    assert not parties.listener.at("/followed")


def test_the_correlation_id_of_a_call_reaches_the_webhooks(parties):
    peer = parties.interval.account.identity_info().address
    state = parties.network.state.connector("telling")
    content = {"@type": "ArbitraryMessageContent", "value": "correlated"}
    headers = {"X-API-KEY": state.api_key, "X-Correlation-ID": "my-own-id"}
    body = {"recipients": [peer], "content": content}
    httpx.post(f"{state.url}/api/core/v1/Messages", json=body, headers=headers).raise_for_status()

    def correlated() -> list[Call]:
        sent = parties.listener.at("/all/transport.messageSent")
        return [call for call in sent if call.body["data"]["content"].get("value") == "correlated"]

    assert until(correlated)[0].headers["x-correlation-id"] == "my-own-id"


def test_webhook_secrets_are_not_shown_to_support(parties):
    assert "s3cret" not in parties.telling.monitoring.support().model_dump_json()


def test_sync_at_intervals(parties):
    request_id = send(parties.telling, parties.interval)
    until(lambda: has_status(parties.interval, request_id, "ManualDecisionRequired"))


def test_with_sse_an_incoming_request_is_there_at_once(parties):
    request_id = send(parties.telling, parties.stream)
    until(lambda: has_status(parties.stream, request_id, "ManualDecisionRequired"), timeout=2)


def test_pending_relationships_are_accepted(parties):
    template = parties.accepting.relationship_templates.create_own(
        {"@type": "ArbitraryRelationshipTemplateContent", "value": {}}, expires_at="2099-01-01T00:00:00Z"
    )
    loaded = parties.telling.relationship_templates.load_peer(template.reference)
    creation = {"@type": "ArbitraryRelationshipCreationContent", "value": {}}
    pending = parties.telling.relationships.create(loaded.id, creation)
    assert pending.status == "Pending"
    until(lambda: parties.accepting.relationships.list(status="Active"))


def test_relationships_that_the_peer_decomposed_are_decomposed(parties):
    relationship = establish_relationship(parties.telling, parties.decomposing)
    parties.telling.relationships.terminate(relationship.id)
    until(lambda: parties.decomposing.relationships.list(status="Terminated"))
    parties.telling.relationships.decompose(relationship.id)
    until(lambda: not parties.decomposing.relationships.list())


def test_the_decider_follows_its_rules(parties):
    peer = parties.deciding.account.identity_info().address
    attribute = IdentityAttribute(owner=peer, value=DisplayName(value="Decided by a rule"))
    by_rule = Request(items=[CreateAttributeRequestItem(must_be_accepted=True, attribute=attribute)])
    request_id = send(parties.telling, parties.deciding, by_rule)
    until(lambda: has_status(parties.deciding, request_id, "Completed"))
    decided = parties.deciding.requests.incoming.get(request_id)
    assert decided.was_automatically_decided is True
    assert decided.response.content.result == "Accepted"
    by_hand = send(parties.telling, parties.deciding)
    until(lambda: has_status(parties.deciding, by_hand, "ManualDecisionRequired"))


def test_a_connector_on_a_backbone_elsewhere_reconnects_to_its_events(folder, tmp_path, start_process):
    elsewhere = tmp_path / "elsewhere"
    port = closed_port()

    def start_backbone():
        process, _ = start_process("backbone", "--port", str(port), "--data-dir", elsewhere)
        until(lambda: _answers(f"http://localhost:{port}/health"), timeout=60, what="the Backbone elsewhere answers")
        return process

    backbone = start_backbone()
    transport = {
        "baseUrl": f"http://localhost:{port}",
        "platformClientId": "test",
        "platformClientSecret": "test",
    }
    config = {
        "sender": {"transportLibrary": transport},
        "recipient": {"transportLibrary": transport, "modules": {"sse": {"enabled": True}}},
    }
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"connectors": config}))
    connectors = connectors_of(up(folder, "--config", file))
    with connectors["sender"] as sender, connectors["recipient"] as recipient:
        first = send(sender, recipient)
        until(lambda: has_status(recipient, first, "ManualDecisionRequired"))
        assert sender.health().is_healthy

        backbone.terminate()
        assert backbone.wait(timeout=10) == 0  # although a stream is open
        health = sender.health()
        assert (health.is_healthy, health.services.backbone_connection) == (False, "unhealthy")
        with pytest.raises(ConnectorError) as unreachable:
            sender.account.sync()
        assert (unreachable.value.status, unreachable.value.code) == (500, "error.transport.request.unknown")
        start_backbone()
        second = send(sender, recipient)
        until(lambda: has_status(recipient, second, "ManualDecisionRequired"), timeout=20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False
