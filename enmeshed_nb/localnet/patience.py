"""How long the Backbone's server waits for a request that has begun to arrive."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_TIMEOUT = 15.0
"""Seconds that a connection has for its first request, and each request for its headers."""
BODY_TIMEOUT = 120.0
"""Seconds that a request has for its body."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it; ends connections whose request does not arrive in time.

    uvicorn itself only knows a timeout for connections that have been answered (`timeout_keep_alive`).
    """

    _awaited: Any = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._await_rest()

    def data_received(self, data: bytes) -> None:
        """Take what arrives, then wait for the rest of it, if there must be one."""
        super().data_received(data)
        self._await_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._await(None, 0)
        super().connection_lost(exc)

    def _await_rest(self) -> None:
        state = self.conn.their_state
        timeout = {h11.IDLE: HEAD_TIMEOUT, h11.SEND_BODY: BODY_TIMEOUT}.get(state)
        self._await(state if timeout else None, timeout or 0)

    def _await(self, what: Any, timeout: float) -> None:
        """Give something time to arrive; what is waited for already has the time that it was given."""
        if what is self._awaited:
            return
        if self._timer:
            self._timer.cancel()
        self._awaited = what
        self._timer = self.loop.call_later(timeout, self._give_up) if what else None

    def _give_up(self) -> None:
        self.logger.info("A connection was ended: its request did not arrive in time.")
        self.transport.abort()
