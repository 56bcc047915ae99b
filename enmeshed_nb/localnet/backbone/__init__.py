"""A Backbone: the relay between Connectors. It sees who talks to whom and when, and of the rest only ciphers.

Everything is kept in one SQLite file. It checks what the real one checks: signatures, passwords, who is a party, what
may follow on what, limits and expiry.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi_offline import FastAPIOffline

from enmeshed_nb.localnet.backbone import (
    announcements,
    datawallet,
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
from enmeshed_nb.localnet.backbone.call import Call, Store, result
from enmeshed_nb.localnet.backbone.errors import install_handlers
from enmeshed_nb.localnet.backbone.formats import utcnow
from enmeshed_nb.localnet.backbone.limits import BodyLimit

__all__ = ["Backbone"]

MAJOR_VERSION = "7"
TAGS = {"supportedLanguages": ["en"], "tagsForAttributeValueTypes": {}}

router = APIRouter(tags=["General"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Tell that the Backbone works. Backbone protocol: `GET /health`."""
    return {"status": "Healthy"}


@router.get("/api/v2/Version")
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


class Backbone:
    """A Backbone over one folder.

    Args:
        folder: where its SQLite file is; created if missing.
        clients: the secrets of the OAuth clients by their ids; Connectors need one of them.
        hostname: the host part of addresses (`did:e:<hostname>:dids:…`): the host name of the Connectors' `baseUrl`,
            or their `addressGenerationHostnameOverride`.
        clock: tells the time.

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
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._store = Store(folder, clients, hostname, clock)
        modules = (
            *(identities, devices, sync, datawallet, templates, relationships, messages, tokens, files),
            *(announcements, notifications),
        )
        routers = [identities.login_router, *(module.router for module in modules), router]
        self.app = self._application("Backbone", routers)

    def admin_app(self, api_key: str) -> FastAPI:
        """Return the application of the admin API (Announcements), for who sends the key as `x-api-key`."""
        return self._application("Backbone, administration", [announcements.admin_router(api_key)])

    def end_streams(self) -> None:
        """End the streams of server-sent events, which would last as long as their readers like."""
        self._store.end_streams()

    def close(self) -> None:
        """Close the file; nothing can be served any more."""
        self._store.engine.dispose()

    def _application(self, title: str, routers: list[APIRouter]) -> FastAPI:
        refusals: dict[int | str, dict[str, Any]] = {"4XX": {"description": "Refused; the envelope names the error."}}
        app = FastAPIOffline(title=title, version=MAJOR_VERSION, responses=refusals)
        app.state.store = self._store
        install_handlers(app)
        app.add_middleware(BodyLimit)
        for each in routers:
            app.include_router(each)
        return app
