"""The applications of a Backbone, its own and that of its administration, and what runs beside them."""

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline
from sqlalchemy import select

from enmeshed_nb.closing import Closing
from enmeshed_nb.localnet.backbone import (
    announcements,
    datawallet,
    deletion,
    devices,
    files,
    identities,
    messages,
    notifications,
    relationships,
    sync,
    templates,
    tokens,
)
from enmeshed_nb.localnet.backbone.call import CALLER, Call, Store, Transaction, hash_of_token, result
from enmeshed_nb.localnet.backbone.errors import install_handlers, log
from enmeshed_nb.localnet.backbone.formats import utcnow
from enmeshed_nb.localnet.backbone.hosts import Hosts
from enmeshed_nb.localnet.backbone.limits import UnreadBodies
from enmeshed_nb.localnet.backbone.models import AccessToken, Challenge, SyncRun
from enmeshed_nb.localnet.backbone.routes import AdminRoute, OpenRoute, PrivateRoute

MAJOR_VERSION = "7"
TAGS = {"supportedLanguages": ["en"], "tagsForAttributeValueTypes": {}}
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
REMOVAL_INTERVAL = 10.0
"""Seconds between two runs of the job that removes Identities whose grace period is over."""

open_router = APIRouter(tags=["General"], route_class=OpenRoute)
router = APIRouter(tags=["General"], route_class=PrivateRoute)
admin_router = APIRouter(prefix="/api/v1", tags=["Administration"], route_class=AdminRoute)

ROUTERS = (
    *(sync.router, datawallet.router, messages.router),  # they are called most, and found first
    *(identities.login_router, identities.open_router, identities.router, deletion.router, devices.router),
    *(templates.router, relationships.router, tokens.open_router, tokens.router, files.router),
    *(announcements.router, notifications.router, open_router, router),
)
ADMIN_ROUTERS = (admin_router, announcements.admin_router, deletion.admin_router)


@open_router.get("/health")
async def health() -> dict[str, str]:
    """Tell that the Backbone works. Backbone protocol: `GET /health`."""
    return {"status": "Healthy"}


@open_router.get("/api/v2/Version")
async def version() -> dict[str, Any]:
    """Return the version of the protocol. Backbone protocol: `GET /Version`."""
    return result({"majorVersion": MAJOR_VERSION})


@router.get("/api/v2/Tags")
async def tags(request: Request) -> Response:
    """Return the tags for Attributes, or 304 if the caller has them. Backbone protocol: `GET /Tags`."""
    with Call(request) as call:
        etag = f'"{sha256(repr(TAGS).encode()).hexdigest()[:16]}"'
        if call.header("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        return JSONResponse(result(TAGS), headers={"ETag": etag})


@admin_router.get("/xsrf")
async def get_xsrf_token() -> Response:
    """Return a token, and the same as a cookie. Admin API: `GET /xsrf`."""
    token = secrets.token_urlsafe(24)
    response = PlainTextResponse(token)
    response.set_cookie("X-XSRF-COOKIE", token, httponly=True, samesite="strict")
    return response


class Backbone(Closing):
    """A Backbone over one folder; until it is closed, it removes Identities that are due by itself.

    Args:
        folder: where its SQLite file is; created if missing.
        clients: the secrets of the OAuth clients by their ids; Connectors need one of them.
        hostname: the host part of addresses (`did:e:<hostname>:dids:…`): the host name of the Connectors' `baseUrl`,
            or their `addressGenerationHostnameOverride`.
        allowed_hosts: names by which it may be called (the `Host` header) beside *hostname*, `localhost` and the
            loopback addresses.
        clock: tells the time.
        ahead: how far its time is ahead of that.
        removal_interval: seconds between two runs of the job that removes Identities whose grace period is over.
        survives_power_failure: whether each answer waits until the disk has what it says; a kill is survived anyway.

    Attributes:
        app: the application to serve; its own documentation is at `/docs`.
    """

    app: FastAPI

    def __init__(
        self,
        folder: Path,
        *,
        clients: Mapping[str, str],
        hostname: str = "localhost",
        allowed_hosts: Iterable[str] = (),
        clock: Callable[[], datetime] = utcnow,
        ahead: timedelta = timedelta(),
        removal_interval: float = REMOVAL_INTERVAL,
        survives_power_failure: bool = False,
    ) -> None:
        self._allowed_hosts = (hostname, *allowed_hosts)
        self._ahead = ahead
        moved = lambda: clock() + self._ahead  # noqa: E731 - a function by itself is a line more
        self._store = Store(folder, clients, hostname, moved, survives_power_failure=survives_power_failure)
        self.app = self._application("Backbone", ROUTERS)
        self._is_closed = threading.Event()
        self._removal = threading.Thread(
            target=self._remove_identities, args=[removal_interval], name="removal of identities", daemon=True
        )
        self._removal.start()

    def admin_app(self, api_key: str) -> FastAPI:
        """Return the application of the admin API, for whoever sends the key as `x-api-key`.

        It makes Announcements and starts the removal of Identities.
        """
        app = self._application("Backbone, administration", ADMIN_ROUTERS)
        app.state.api_key = api_key
        return app

    def advance(self, by: timedelta) -> None:
        """Move the time forward. What a caller is in the middle of goes on: its login, its challenge, its sync run."""
        with Transaction(self._store) as transaction:
            for each in (
                *transaction.session.scalars(select(AccessToken)),
                *transaction.session.scalars(select(Challenge)),
                *transaction.session.scalars(select(SyncRun).where(SyncRun.finalized_at.is_(None))),
            ):
                each.expires_at += by
        self._ahead += by
        deletion.remove_identities(self._store)

    def address_of(self, token: str) -> str:
        """Return the address of the Identity that a bearer token is of; empty if it is none."""
        with Transaction(self._store) as transaction:
            found = transaction.row(CALLER, hash_of_token(token), transaction.stored_now)
        return str(found["address"]) if found else ""

    def end_streams(self) -> None:
        """End the streams of server-sent events, which would last as long as their readers like."""
        self._store.end_streams()

    def close(self) -> None:
        """End the removal of Identities and close the file; nothing can be served any more."""
        self._is_closed.set()
        self._removal.join()
        self._store.close()

    def _remove_identities(self, interval: float) -> None:
        while not self._is_closed.wait(interval):
            try:
                deletion.remove_identities(self._store)
            except Exception:
                log.exception("The removal of Identities failed; it is tried again in %g s.", interval)

    def _application(self, title: str, routers: tuple[APIRouter, ...]) -> FastAPI:
        app = FastAPIOffline(title=title, version=MAJOR_VERSION, telemetry=NO_TELEMETRY)
        app.state.store = self._store
        install_handlers(app)
        app.add_middleware(Hosts, allowed=self._allowed_hosts)
        app.add_middleware(UnreadBodies)  # around all others
        for each in routers:
            app.router.routes.extend(
                each.routes
            )  # `include_router` would look for the route of a call twice, and slower
        return app
