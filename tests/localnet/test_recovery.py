"""What stands still because the Backbone would not take it goes on by itself, or not, as the configuration says."""

from collections.abc import Iterator

import pytest

from enmeshed_nb import AuthenticationRequestItem, Request, accept_all, establish_relationship, send_request
from enmeshed_nb.connector import Connector
from enmeshed_nb.guide import wait_for_request
from enmeshed_nb.health import of_network
from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import until

MOST_UNFETCHED = 20
REQUEST = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
NOTE = {"@type": "ArbitraryMessageContent", "value": "one of those that nobody fetches"}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNetwork]:
    as_it_is = {"modules": {"recovery": {"enabled": False}}}
    connectors = {"sender": {}, "recipient": {}, "careless": as_it_is}
    with LocalNetwork.open(tmp_path_factory.mktemp("recovery") / "network", connectors=connectors) as network:
        yield network


@pytest.fixture
def connectors(network: LocalNetwork) -> Iterator[dict[str, Connector]]:
    made = {each.name: Connector(each.url, each.api_key, name=each.name) for each in network.state.connectors}
    yield made
    for connector in made.values():
        connector.close()


def decide_while_the_sender_does_not_fetch(sender: Connector, recipient: Connector) -> str:
    """Let as many Messages as may be wait for the Sender, then accept a Request of it; return the Request's id."""
    peer = establish_relationship(recipient, sender).peer
    sent = send_request(sender, REQUEST, peer)
    incoming = wait_for_request(recipient, sent.source.reference)
    sender.account.sync()
    for _ in range(MOST_UNFETCHED):
        recipient.messages.send(sender.account.identity_info().address, NOTE)
    recipient.requests.incoming.accept(incoming.id, accept_all(incoming))
    assert incoming.id == sent.id
    return sent.id


def waiting_at(network: LocalNetwork, name: str) -> tuple[str, ...]:
    (part,) = [part for part in of_network(network.state).parts if part.name == name]
    return part.waiting


def test_a_response_is_sent_as_soon_as_the_backbone_takes_it(network, connectors):
    sender, recipient = connectors["sender"], connectors["recipient"]
    wanted = decide_while_the_sender_does_not_fetch(sender, recipient)
    (line,) = until(lambda: waiting_at(network, "recipient"))
    assert line.startswith("The Response to a Request is to be sent. Tried ")
    assert "maxNumberOfUnreceivedMessagesReached" in line
    until(lambda: any(each.attempts >= 2 for each in recipient.monitoring.support().recovery.waiting))
    assert recipient.requests.incoming.get(wanted).status == "Decided"
    assert str(of_network(network.state)).count("Still to be done: The Response") == 1
    sender.account.sync()
    until(lambda: recipient.requests.incoming.get(wanted).status == "Completed")
    assert until(lambda: not waiting_at(network, "recipient"))
    sender.account.sync()
    until(lambda: sender.requests.outgoing.get(wanted).status == "Completed")


def test_a_connector_can_be_left_as_real_ones_are(network, connectors):
    sender, careless = connectors["sender"], connectors["careless"]
    wanted = decide_while_the_sender_does_not_fetch(sender, careless)
    (line,) = until(lambda: waiting_at(network, "careless"))
    assert "at the next start only" in line
    for _ in range(3):
        sender.account.sync()
        careless.account.sync()
    assert careless.requests.incoming.get(wanted).status == "Decided"
    anew = {"careless": {"modules": {"recovery": {"enabled": True}}}}
    with LocalNetwork.open(network.state.data_dir, connectors=anew, reconfigure=True) as joined:
        state = joined.state.connector("careless")
        with Connector(state.url, state.api_key) as again:
            until(lambda: again.requests.incoming.get(wanted).status == "Completed")
