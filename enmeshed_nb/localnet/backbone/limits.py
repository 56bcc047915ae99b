"""How large a request may be."""

from starlette.types import ASGIApp, Receive, Scope, Send

from enmeshed_nb.localnet.backbone.errors import envelope, invalid
from enmeshed_nb.localnet.backbone.formats import utcnow

LARGEST_BODY = 32 * 1024 * 1024


class BodyLimit:
    """Refuse bodies that are announced as larger than anything the API takes, before they are read.

    FastAPI's own limit answers 413 in plain text, which the Runtime cannot read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        announced = dict(scope.get("headers", ())).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > LARGEST_BODY:
            await envelope(invalid("The body is too large."), utcnow())(scope, receive, send)
        else:
            await self._app(scope, receive, send)
