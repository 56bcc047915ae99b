"""A Backbone that fails as it is told."""

import asyncio
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from enmeshed_nb.localnet.backbone.errors import BackboneError, envelope
from enmeshed_nb.localnet.backbone.formats import utcnow
from enmeshed_nb.localnet.failing import FaultList, chance
from enmeshed_nb.localnet.faults import Cut, Latency, Status
from enmeshed_nb.localnet.patience import ABORT

STREAM = "/api/v1/sse"
"""Where the Backbone streams events."""


class FailingBackbone:
    """The Backbone's application, which fails as it is told.

    Args:
        app: the application.
        faults: what is active.
        address_of: returns the address of the Identity that a bearer token is of; empty if it is none.
    """

    def __init__(self, app: ASGIApp, faults: FaultList, address_of: Callable[[str], str]) -> None:
        self._app, self._faults, self._address_of = app, faults, address_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        def caller() -> str:
            return self._address_of(Headers(scope=scope).get("authorization", "").removeprefix("Bearer "))

        if scope["path"] == STREAM:
            send = self._dropping(send, caller)
        if not self._faults.is_at_backbone:
            return await self._app(scope, receive, send)
        for fault, number in self._faults.of_call(f"{scope['method']} {scope['path']}", caller):
            match fault:
                case Latency():
                    more = fault.jitter * chance(fault.seed + 1, number)
                    await asyncio.sleep(fault.delay + more)  # noqa: TID251 - it is meant to take time
                case Status():
                    error = BackboneError(fault.status, "error.platform.injectedFault", "A fault was injected.")
                    return await envelope(error, utcnow())(scope, receive, send)
                case Cut(when="after"):
                    await self._app(scope, receive, _nowhere)
                    return await _cut(scope, receive)
                case _:
                    return await _cut(scope, receive)
        return await self._app(scope, receive, send)

    def _dropping(self, send: Send, caller: Callable[[], str]) -> Send:
        """Return what sends an answer without the events that are to be dropped."""

        async def send_some(message: Message) -> None:
            if b"event:" in message.get("body", b"") and self._faults.drops_event(caller):
                return
            await send(message)

        return send_some


async def _nowhere(_: Message) -> None:
    pass


async def _cut(scope: Scope, receive: Receive) -> None:
    """End the connection of a request, and wait until it has ended."""
    scope["extensions"][ABORT]["now"]()
    while (await receive())["type"] != "http.disconnect":
        pass
