"""How large a request may be."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 32 * 1024 * 1024
TOO_LARGE = 413


class BodyLimit:
    """Refuse bodies that are larger than anything the API takes: at once if they say so, else when they turn out to be.

    The refusal meets whoever reads the body, so a caller who is not logged in is told that instead. FastAPI's own limit
    answers 413 in plain text, which the Runtime cannot read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        announced = dict(scope.get("headers", ())).get(b"content-length", b"0")
        size = 0

        async def receive_limited() -> Message:
            nonlocal size
            if announced.isdigit() and int(announced) > LARGEST_BODY:
                raise HTTPException(TOO_LARGE)
            message = await receive()
            size += len(message.get("body", b""))
            if size > LARGEST_BODY:
                raise HTTPException(TOO_LARGE)
            return message

        await self._app(scope, receive_limited, send)
