"""How large a request's body may be: that is known before more than that is read."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ANYONES_BODY = 512 * 1024
"""Bytes that are read of a body whoever sends it, and wherever: where nothing large is expected these are all."""
LARGEST_BODY = 32 * 1024 * 1024
"""Bytes that are read of a body that may carry a File, 10 MiB of content in base64, or many changes."""
TOO_LARGE = 413


def bounded(request: Request, largest: int, admit: Callable[[], None]) -> Receive:
    """Return what reads the body of a request and stops before it is too large.

    Args:
        request: the request.
        largest: how many bytes there may be.
        admit: raises an HTTPException unless whoever calls may send more than `ANYONES_BODY`; is asked once, when
            the body says or turns out to be longer than that.

    Returns:
        The ASGI function `receive`. It raises an HTTPException with the status 413 for a body that is too large: at
        once if it says so, else as soon as it turns out to be.
    """
    announced = announced_length(request.headers)
    received = 0
    is_admitted = False

    def check(size: int) -> None:
        nonlocal is_admitted
        if size > largest:
            raise HTTPException(TOO_LARGE)
        if size > ANYONES_BODY and not is_admitted:
            admit()
            is_admitted = True

    async def receive() -> Message:
        nonlocal received
        check(announced)
        message = await request.receive()
        received += len(message.get("body", b""))
        check(received)
        return message

    return receive


def announced_length(headers: Headers) -> int:
    """Return how long a body says that it is; 0 if it does not say."""
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


class UnreadBodies:
    """Ends the connection with an answer that is given before a body was read to its end.

    Otherwise the server would read and throw away whatever still comes, for the sake of the next request. A short rest
    is thrown away: it costs less than a new connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        is_long = announced_length(headers) > ANYONES_BODY or "transfer-encoding" in headers
        if not is_long:
            return await self._app(scope, receive, send)

        async def receive_noting_the_end() -> Message:
            nonlocal is_long
            message = await receive()
            if not message.get("more_body", False):
                is_long = False
            return message

        async def send_ending_the_connection(message: Message) -> None:
            if is_long and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        return await self._app(scope, receive_noting_the_end, send_ending_the_connection)
