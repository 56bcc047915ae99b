"""Who may call a route. Whoever may not is told that before anything else that is wrong with a request."""

import hmac
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from enmeshed_nb.localnet.backbone.call import Call
from enmeshed_nb.localnet.backbone.errors import unauthorized

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PrivateRoute(APIRoute):
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


class AdminRoute(APIRoute):
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
