"""Serve ASGI applications with uvicorn on a loopback port, in a thread."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string

from enmeshed_nb.localnet.patience import PatientProtocol

KEEP_ALIVE = 3600
"""Seconds after which the server ends an idle connection. Long, so that the client is the one who does: a call that is
sent just when the server ends the connection fails ("socket hang up")."""


class AccessLog:
    """Logs each call in a line, when its answer is on its way: nobody waits for that.

    Args:
        app: the application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = logging.getLogger("uvicorn.access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""

        async def send_and_log(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                asyncio.get_running_loop().call_soon(self._write, scope, message["status"])

        await self._app(scope, receive, send_and_log if scope["type"] == "http" else send)

    def _write(self, scope: Any, status: int) -> None:
        path = get_path_with_query_string(scope)
        self._log.info(
            '%s - "%s %s HTTP/%s" %d', get_client_addr(scope), scope["method"], path, scope["http_version"], status
        )


class Server:
    """An ASGI application on a socket; served while its `with` lasts.

    Args:
        app: the application.
        listener: the listening socket, which is closed in the end.
        before_stop: is called when the server is about to stop, to end answers that would go on for ever.
    """

    def __init__(self, app: Any, listener: socket.socket, before_stop: Callable[[], None] = lambda: None) -> None:
        self.port: int = listener.getsockname()[1]
        self._listener = listener
        self._before_stop = before_stop
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                AccessLog(app),
                http=PatientProtocol,
                ws="none",
                log_config=None,
                timeout_graceful_shutdown=2,
                timeout_keep_alive=KEEP_ALIVE,
                server_header=False,
            )
        )
        serve = partial(self._uvicorn.run, sockets=[listener])
        self._thread = threading.Thread(target=serve, name=f"uvicorn-{self.port}", daemon=True)

    @property
    def has_ended(self) -> bool:
        """Whether the server thread was started and is over."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._before_stop()
        self._uvicorn.should_exit = True
        self._thread.join(timeout=5)
        self._listener.close()
