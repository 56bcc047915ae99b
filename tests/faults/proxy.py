"""What stands between the Connectors and the Backbone and can fail in every way that a network can."""

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from enmeshed_nb.closing import Closing
from enmeshed_nb.localnet.ports import LOOPBACK

Head, Body = bytes, bytes
OUTAGES = {
    "refused": "nobody listens",
    "hanging": "the call is taken, and nothing comes back",
    "500": "the answer is 500, and not the Backbone's",
    "garbage": "the answer is no HTTP",
    "no JSON": "the answer is 200, and not JSON",
    "not done": "the connection ends before the Backbone gets the call",
    "answer lost": "the Backbone does it, and the connection ends before its answer",
    "answer cut": "the connection ends in the middle of the answer",
    "dripping": "the answer comes with one byte a second",
}


class Proxy(Closing):
    """Passes calls on to the Backbone, until it is told to fail.

    Args:
        backbone_port: where the Backbone listens.

    Attributes:
        port: where it listens itself, all the time.
        failed: how many calls met an outage.
    """

    def __init__(self, backbone_port: int) -> None:
        self._backbone_port = backbone_port
        self._outage: str | None = None
        self._call = b""
        self._skip = 0
        self._left: int | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.failed = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._do(self._listen())

    @property
    def is_failing(self) -> bool:
        """Whether calls fail."""
        return self._outage is not None

    def fail(self, outage: str, *, call: str = "", after: int = 0, times: int | None = None) -> None:
        """Fail from now on.

        Args:
            outage: one of the ways of `OUTAGES`.
            call: how the calls begin that fail, e.g. `GET /api/v2/Messages/`; all without it.
            after: so many of these go well first.
            times: so many fail.
        """
        self._call, self._skip, self._left = call.encode(), after, times
        self._outage = outage
        if outage == "refused":
            self._do(self._refuse())

    def recover(self) -> None:
        """Pass everything on again; what hung is cut."""
        self._outage = None
        self._do(self._cut())
        if not self._server:
            self._do(self._listen())

    def close(self) -> None:
        """Stop."""
        if self._thread.is_alive():
            self._do(self._refuse())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> None:
        for connection in tuple(self._connections):
            connection.transport.abort()
        self._connections.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while call := await _message(reader):
                outage = self._outage_of(call)
                if outage in ("hanging", "refused"):
                    await asyncio.sleep(3600)
                elif outage == "500":
                    writer.write(
                        b"HTTP/1.1 500 Oh no\r\ncontent-type: text/html\r\ncontent-length: 11\r\n\r\n<h1>No</h1>"
                    )
                elif outage == "garbage":
                    writer.write(os.urandom(200))
                    break
                elif outage == "no JSON":
                    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 11\r\n\r\n<h1>Hi</h1>")
                elif outage == "not done":
                    break
                else:
                    await self._pass_on(call, writer, outage)
                await writer.drain()
        self._connections.discard(writer)
        writer.transport.abort() if self._outage else writer.close()

    def _outage_of(self, call: bytes) -> str | None:
        if not self._outage or not call.startswith(self._call):
            return None
        if self._skip:
            self._skip -= 1
            return None
        outage = self._outage
        if self._left is not None:
            self._left -= 1
            if not self._left:
                self._outage = None
        self.failed += 1
        return outage

    async def _pass_on(self, call: bytes, writer: asyncio.StreamWriter, outage: str | None) -> None:
        from_backbone, to_backbone = await asyncio.open_connection(LOOPBACK, self._backbone_port)
        to_backbone.write(call)
        answer = await _message(from_backbone)
        to_backbone.close()
        if outage == "answer lost" or not answer:
            raise ConnectionResetError
        if outage == "answer cut":
            writer.write(answer[: len(answer) - 10])
            await writer.drain()
            raise ConnectionResetError
        if outage == "dripping":
            for index in range(len(answer)):
                writer.write(answer[index : index + 1])
                await writer.drain()
                await asyncio.sleep(1)
            return
        writer.write(answer)


async def _message(reader: asyncio.StreamReader) -> bytes:
    """Return one HTTP message as it came, nothing at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if headers.get(b"transfer-encoding") == b"chunked":
        return head + await _chunks(reader.readuntil)
    return head + await reader.readexactly(int(headers.get(b"content-length", 0)))


async def _chunks(read_until: Callable[[bytes], Coroutine[Any, Any, bytes]]) -> bytes:
    body = b""
    while not body.endswith(b"\r\n0\r\n\r\n") and body != b"0\r\n\r\n":
        body += await read_until(b"\r\n")
    return body
