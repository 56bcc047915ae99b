"""Who may call a route, and how much may be sent to it.

Whoever may not call is told that before anything else that is wrong with a request, and before more of its body is
read than anyone may send.
"""

import hmac
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from enmeshed_nb.localnet.backbone.call import Call
from enmeshed_nb.localnet.backbone.errors import BackboneError, unauthorized
from enmeshed_nb.localnet.backbone.limits import ANYONES_BODY, LARGEST_BODY, bounded

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
REFUSALS: dict[int | str, dict[str, Any]] = {"4XX": {"description": "Refused; the envelope names the error."}}


class OpenRoute(APIRoute):
    """A route for anyone."""

    largest_body: ClassVar[int] = ANYONES_BODY

    def __init__(self, *arguments: Any, responses: Mapping[int | str, Any] | None = None, **more: Any) -> None:
        super().__init__(*arguments, responses={**REFUSALS, **(responses or {})}, **more)

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def handle_bounded(request: Request) -> Response:
            receive = bounded(request, self.largest_body, lambda: _check_login(request))
            return await handle(Request(request.scope, receive))

        return handle_bounded


def _check_login(request: Request) -> None:
    """Raise an HTTPException, which FastAPI passes on while it reads a body, unless the caller is logged in."""
    try:
        with Call(request):
            pass
    except BackboneError as error:
        raise HTTPException(error.status) from error


class OpenContentRoute(OpenRoute):
    """A route for anyone; whoever is logged in may send it content."""

    largest_body = LARGEST_BODY


class PrivateRoute(OpenRoute):
    """A route for devices that are logged in.

    The handler's own `Call` looks the login up. Only for a request that never gets there, since FastAPI refuses what it
    holds, that is done here: so no call pays for it twice.
    """

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def handle_for_device(request: Request) -> Response:
            try:
                return await handle(request)
            except (RequestValidationError, HTTPException):
                with Call(request):
                    raise

        return handle_for_device


class ContentRoute(PrivateRoute):
    """A route for devices that are logged in, which may send it content."""

    largest_body = LARGEST_BODY


class AdminRoute(OpenRoute):
    """A route of the admin API, for whoever sends its key as `x-api-key`."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def handle_for_admin(request: Request) -> Response:
            key: str = request.app.state.api_key
            if not hmac.compare_digest(request.headers.get("x-api-key", "").encode(), key.encode()):
                raise unauthorized()
            return await handle(request)

        return handle_for_admin
