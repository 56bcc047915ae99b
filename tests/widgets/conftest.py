"""Requests to decide, and a Connector with two peers, for all tests of widgets."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from enmeshed_nb.connector import Connector, LocalRequest
from enmeshed_nb.content import Request
from enmeshed_nb.guide import establish_relationship, wait_for_request
from enmeshed_nb.localnet import LocalNetwork


@pytest.fixture
def peer(recipient: Connector) -> str:
    """The Recipient's address."""
    return recipient.account.identity_info().address


@pytest.fixture
def incoming(sender: Connector, recipient: Connector, peer: str) -> Callable[..., LocalRequest]:
    """Sends a Request of some items and returns it as the Recipient has it, ready to be decided."""

    def send(*items, **more):
        created = sender.requests.outgoing.create(Request(items=list(items), **more), peer)
        message = sender.messages.send(peer, created.content)
        return wait_for_request(recipient, message.id)

    return send


@pytest.fixture
def three(folder: Path) -> Iterator[tuple[Connector, Connector, Connector]]:
    """Ada, and her peers Bo and Cy, on a network of their own."""
    with LocalNetwork.open(folder, connectors={"ada": {}, "bo": {}, "cy": {}}) as network:
        ada, bo, cy = (Connector(each.url, each.api_key, name=each.name) for each in network.state.connectors)
        with ada, bo, cy:
            establish_relationship(ada, bo)
            establish_relationship(ada, cy)
            yield ada, bo, cy
