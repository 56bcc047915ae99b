"""Which names a server answers to, and whose pages may change something on it.

It listens on the loopback interface, which any page in a browser on this machine can call. A page whose name is made to
point here (DNS rebinding) is known by its name in the `Host` header, a page of somebody else by its `Origin`.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from enmeshed_nb.localnet.backbone.errors import BackboneError, envelope
from enmeshed_nb.localnet.backbone.formats import utcnow

_HOST = re.compile(r"(?:\[(?P<ip6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9_.-]+))(?::\d{1,5})?")
_READING = {"GET", "HEAD", "OPTIONS"}


class Hosts:
    """Refuses calls that are meant for another host, or that a page of another origin makes to change something.

    Args:
        app: the application.
        allowed: names that are allowed beside `localhost` and the loopback addresses, without ports.
    """

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self._app = app
        self._allowed = {"localhost", *(name.lower() for name in allowed)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "http" and (problem := self._problem(scope["method"], Headers(scope=scope))):
            error = BackboneError(403, "error.platform.forbidden", problem)
            return await envelope(error, utcnow())(scope, receive, send)
        return await self._app(scope, receive, send)

    def _problem(self, method: str, headers: Headers) -> str | None:
        host, origin = headers.get("host", "").lower(), headers.get("origin")
        if not self._is_allowed(host):
            return (
                f"The host '{host}' is none of this Backbone. Names that it shall have are told by "
                "backbone.allowedHosts in --config, or `enmeshed-nb backbone --allowed-host`."
            )
        if (
            method not in _READING
            and origin is not None
            and origin.lower() not in {f"http://{host}", f"https://{host}"}
        ):
            return f"A page of the origin '{origin}' may change nothing here."
        return None

    def _is_allowed(self, host: str) -> bool:
        if not (match := _HOST.fullmatch(host)):
            return False
        name = match["ip6"] or match["name"]
        try:
            return name in self._allowed or ip_address(name).is_loopback
        except ValueError:
            return False
