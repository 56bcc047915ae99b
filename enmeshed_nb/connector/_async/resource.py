"""What the namespaces of a Connector share: how an endpoint is called, and how its answer is read."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from enmeshed_nb.connector._async.http import AsyncHttp
from enmeshed_nb.connector.errors import Call
from enmeshed_nb.connector.filters import Query
from enmeshed_nb.connector.http import ANYTHING, PNG, Body, Route
from enmeshed_nb.connector.resource import Png, route_of, without_none
from enmeshed_nb.connector.versions import refuse_newer_parts
from enmeshed_nb.content.model import read_answer
from enmeshed_nb.content.since import FIRST
from enmeshed_nb.content.versions import Part, newer_parts

T = TypeVar("T")


class AsyncResource:
    """A namespace of a Connector, such as `connector.messages`."""

    def __init__(self, http: AsyncHttp) -> None:
        self._http = http

    async def _call(
        self,
        method: Callable[..., Any],
        answer: type[T],
        *path_values: str,
        query: Query | None = None,
        body: Mapping[str, Any] | Body | None = None,
    ) -> T:
        """Call the endpoint of *method* (one of the namespace's own methods) and read the answer as *answer*.

        Properties of *body* that are None are left out.
        """
        route = route_of(method)
        await self._refuse_newer(route, query or [], body)
        if not isinstance(body, Body):
            body = Body(json=without_none(body))
        if answer is Png:
            png = await self._http.call(route, path_values, query=query or (), body=body, accept=PNG)
            return cast(T, Png(png))
        read = partial(read_answer, answer)
        return cast(T, await self._http.call(route, path_values, query=query or (), body=body, read=read))

    async def _refuse_newer(self, route: Route, query: Query, body: Mapping[str, Any] | Body | None) -> None:
        """Send nothing that the Connector is too old for; its version is only asked for if something could be."""
        parts = [Part((), f"{route.method} {route.path}", route.since)] if route.since is not FIRST else []
        parts += [Part((), f"the filter {key!r}", route.newer_keys[key]) for key, _ in query if key in route.newer_keys]
        parts += newer_parts(body)
        if parts and (version := await self._http.version()):
            refuse_newer_parts(parts, version, Call(self._http.name, route.method, route.path))

    async def _download(self, method: Callable[..., Any], *path_values: str) -> bytes:
        return cast(bytes, await self._http.call(route_of(method), path_values, accept=ANYTHING))

    async def _download_to(self, path: Path | str, method: Callable[..., Any], *path_values: str) -> Path:
        target = Path(path)
        unfinished = target.with_name(f"{target.name}.part")
        try:
            with unfinished.open("wb") as file:
                await self._http.call(route_of(method), path_values, accept=ANYTHING, sink=file)
            return unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
