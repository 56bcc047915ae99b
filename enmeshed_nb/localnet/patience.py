"""How the Backbone's server speaks HTTP: how long it waits for a request, how much of its head it reads."""

import asyncio
from typing import Any, NamedTuple, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_TIMEOUT = 15.0
"""Seconds that a connection has for its first request, and each request for its headers."""
BODY_TIMEOUT = 120.0
"""Seconds that a request has for its body."""
LARGEST_HEAD = 64 * 1024
"""Bytes that a request has for its headers, once they do not arrive at once."""

ABORT = "enmeshed_nb.abort"
"""Among the extensions of an ASGI scope: `now()` ends the connection at once, without an answer."""


class _Part(NamedTuple):
    """A part of a request that has not arrived yet."""

    is_head: bool
    number: int


class _InOnePiece:
    """A transport that sends the head of an answer together with what follows it, if that comes at once.

    Two pieces would wake up the client twice, and let it run before the second one is sent.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send something, a head only when the loop goes on."""
        if not self._head and data.startswith(b"HTTP/"):
            self._head = data
            self._loop.call_soon(self._send_head)
        else:
            head, self._head = self._head, b""
            self._transport.write(head + data)

    def _send_head(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)

    def close(self) -> None:
        """Send what is left, then end the connection."""
        self._send_head()
        self._transport.close()


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it; ends connections whose request does not arrive in time.

    uvicorn itself only knows a timeout for connections that have been answered (`timeout_keep_alive`), and keeps any
    number of headers.
    """

    _number = 0
    _part: _Part | None = None
    _awaited: _Part | None = None
    _timer: asyncio.TimerHandle | None = None
    _head_size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(cast("asyncio.Transport", _InOnePiece(transport, self.loop)))
        self.access_log = False  # uvicorn would write it before it sends the answer
        self._expect(is_head=True)
        self._await_rest()

    def data_received(self, data: bytes) -> None:
        """Take what arrives, then wait for the rest of it, if there must be one."""
        super().data_received(data)
        self._head_size = self._head_size + len(data) if self._part and self._part.is_head else 0
        if self._head_size > LARGEST_HEAD:
            self.send_400_response("The head of the request is too large.")
            self._part = None
        self._await_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._part = None
        self._await_rest()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"now": self.transport.abort}}
        if not (self._part and self._part.is_head):  # the first one is awaited already
            self._expect(is_head=True)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what follows a body (trailers) is none."""
        if self._part and self._part.is_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head has arrived."""
        self._expect(is_head=False)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request has arrived."""
        self._part = None
        super().on_message_complete()

    def _expect(self, *, is_head: bool) -> None:
        self._number += 1
        self._part = _Part(is_head, self._number)

    def _await_rest(self) -> None:
        """Give what has begun to arrive its time; what is waited for already has the time that it was given."""
        if self._part == self._awaited:
            return
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._awaited = self._part
        if self._part:
            timeout = HEAD_TIMEOUT if self._part.is_head else BODY_TIMEOUT
            self._timer = self.loop.call_later(timeout, self._give_up)

    def _give_up(self) -> None:
        self.logger.info("A connection was ended: its request did not arrive in time.")
        self.transport.abort()
