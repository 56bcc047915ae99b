"""What `enmeshed_nb` has for asyncio, by the same names.

    from enmeshed_nb import AsyncConnector, aio

    async with AsyncConnector(url, key) as sender, AsyncConnector(other_url, other_key) as recipient:
        answered = await aio.ask(sender, recipient, request)

Each function takes what its namesake in `enmeshed_nb` takes, with an AsyncConnector for a Connector.
"""

from enmeshed_nb.connector import AsyncConnector, Connector
from enmeshed_nb.guide._async.asking import ask, send_request
from enmeshed_nb.guide._async.events import AsyncEventListener
from enmeshed_nb.guide._async.relationships import (
    active_relationship,
    end_relationship,
    establish_relationship,
)
from enmeshed_nb.guide._async.waiting import (
    sync,
    wait_for,
    wait_for_request,
    wait_for_status,
)

__all__ = [
    "AsyncConnector",
    "AsyncEventListener",
    "active_relationship",
    "ask",
    "end_relationship",
    "establish_relationship",
    "from_connector",
    "send_request",
    "sync",
    "wait_for",
    "wait_for_request",
    "wait_for_status",
]


def from_connector(connector: Connector) -> AsyncConnector:
    """Return an AsyncConnector for the Connector that *connector* is for, e.g. `connect().sender`.

    It has the same name, key and timeout, and connections of its own; other options are not taken over.
    """
    return AsyncConnector(**connector._http.arguments())
