"""The funnel: every call of a Connector's API goes through `AsyncHttp.call`."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, BinaryIO

import httpx
from pydantic import ValidationError

from enmeshed_nb.connector._async.issued import AsyncIssued
from enmeshed_nb.connector._async.resending import AsyncResending
from enmeshed_nb.connector.answers import Answer, raw_answer
from enmeshed_nb.connector.authentication import ClientCredentials, InHeader, NoToken
from enmeshed_nb.connector.connection import Connection
from enmeshed_nb.connector.ending import AsyncEnd
from enmeshed_nb.connector.error_codes import ROUTE_DOES_NOT_EXIST
from enmeshed_nb.connector.errors import (
    AnswerTimeout,
    ApiError,
    Call,
    ConnectionFailed,
    ConnectorError,
    UnexpectedAnswer,
)
from enmeshed_nb.connector.http import (
    JSON,
    RETRIED_STATUSES,
    VERSION,
    Body,
    HttpCore,
    Options,
    Route,
    Shared,
    json_of,
)
from enmeshed_nb.connector.resending import Search, Sent, search_for
from enmeshed_nb.connector.versions import Version, require_version_7
from enmeshed_nb.content.model import read_answer


class AsyncHttp(HttpCore):
    """An HTTP connection to one Connector; may be used by several tasks of one event loop.

    GET requests are repeated after connection errors and after 502, 503 and 504; nothing else is, but with the option
    `resend`.
    """

    shared: Shared[httpx.AsyncClient, AsyncEnd]

    def __init__(
        self,
        connection: Connection,
        *,
        name: str | None,
        options: Options,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        super().__init__(connection, name=name, options=options)
        self.shared = Shared(partial(_client, connection, transport), AsyncEnd())

    async def close(self) -> None:
        """End the connection, for all that share it; a pause before a retry ends, too."""
        self.shared.ended.set()
        await self.shared.client.aclose()

    async def version(self) -> Version | None:
        """Return which Connector it is, asked at most once: `GET /Monitoring/Version`; None if it does not say."""
        if not self.shared.knows_version:
            try:
                self.remember_version(await self.call(VERSION, read=partial(read_answer, Version)))
            except (ApiError, UnexpectedAnswer, ValidationError):  # e.g. the key lacks the scope
                self.remember_version(None)
            except ConnectorError:  # it may say so later
                return None
        return self.shared.version

    async def call(
        self,
        route: Route,
        path_values: Sequence[str] = (),
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Body | None = None,
        accept: str = JSON,
        sink: BinaryIO | None = None,
        read: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Do one call and return what the API answers.

        Args:
            route: the endpoint.
            path_values: what stands in the path's `{…}`, in order.
            query: the query string's pairs.
            body: what to send.
            accept: JSON for the content of the answer's `result`; anything else for the bytes of the answer.
            sink: an open file to which the bytes of the answer are written as they come.
            read: makes a model of the answer.

        Returns:
            What *read* makes of the JSON in `result` (None without content), or bytes if *accept* is not JSON, or None
            with *sink*.

        Raises:
            ConnectorError: see `enmeshed_nb.connector.errors`.
        """
        call = self.options.call(self.name, route.method, route.fill(path_values))
        body = body or Body()
        once = partial(self._once, call, route, query=query, body=body, accept=accept, sink=sink)
        if self.options.resend and route.method != "GET":
            sent = Sent.of(path_values, body)
            result = await self._resending(search_for(route, sent, accept), sent, once).result()
        else:
            result = await once()
        return self.understood(call, read, result) if read else result

    async def call_as_written(self, route: Route, query: Sequence[tuple[str, str]], body: Body) -> Answer[Any]:
        """Do one call as it is written, and return the answer whatever it says; only a GET or HEAD is repeated.

        Raises:
            ConnectionFailed: there is no answer.
        """
        call = self.options.call(self.name, route.method, route.base + route.path)
        response = await self._answer(call, query, body, JSON, None)
        return raw_answer(json_of(response), [(call, response)])

    def _resending(self, search: Search, sent: Sent, once: Callable[[], Awaitable[Any]]) -> AsyncResending:
        other = self.with_options(resend=False)
        return AsyncResending(
            search,
            sent,
            once=once,
            ask=lambda asked: other.call(asked.route, asked.path_values, query=asked.query),
            pause=self.shared.ended.wait,
            retries=self.options.retries,
            timeout=self.options.timeout,
        )

    async def _once(
        self,
        call: Call,
        route: Route,
        *,
        query: Sequence[tuple[str, str]],
        body: Body,
        accept: str,
        sink: BinaryIO | None,
    ) -> Any:
        response = await self._answer(call, query, body, accept, sink)
        try:
            return self.result(call, route, response, accept, streamed=sink is not None)
        except ApiError as error:
            if error.code == ROUTE_DOES_NOT_EXIST and route != VERSION and (version := await self.version()):
                require_version_7(version.version, call)
            raise

    async def _answer(
        self, call: Call, query: Sequence[tuple[str, str]], body: Body, accept: str, sink: BinaryIO | None
    ) -> httpx.Response:
        """Send what is asked, and again if it only reads and was not answered; return the answer, whatever it says."""
        repeats = self.options.retries if call.method in ("GET", "HEAD") else 0
        attempt = 0
        while True:
            try:
                response = await self._send(call, query, body, accept, sink)
            except ConnectionFailed as error:
                if attempt == repeats or isinstance(error, AnswerTimeout):
                    raise
            else:
                if attempt == repeats or response.status_code not in RETRIED_STATUSES:
                    return response
            await self.shared.ended.wait(0.1 * 3**attempt)
            attempt += 1

    async def _send(
        self, call: Call, query: Sequence[tuple[str, str]], body: Body, accept: str, sink: BinaryIO | None
    ) -> httpx.Response:
        """Send one HTTP request and return the answer, whatever it says."""
        self.check_usable(call)
        headers = self.options.headers(call, accept)
        with self.observed(call, query, body) as answers:
            try:
                async with self.shared.client.stream(
                    call.method,
                    call.path,
                    params=list(query) or None,
                    headers=headers,
                    timeout=self.options.limits(),
                    **self.options.authentication(),
                    **body.arguments(),
                ) as response:
                    await _receive(response, sink)
            except (httpx.HTTPError, NoToken, TypeError, ValueError, RuntimeError) as error:
                failure = self.failure(call, error)
            else:
                answers.append(response)
                if self.options.on_answer:
                    self.options.on_answer(call, response)
                return response
            raise failure  # not within `except`: httpx's error holds the request with the API key


def _client(connection: Connection, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    """Return new connections, which share a token with no others."""
    known = connection.auth
    auth = AsyncIssued(known) if isinstance(known, ClientCredentials) else InHeader(known)
    return httpx.AsyncClient(**connection.arguments(), auth=auth, transport=transport)


async def _receive(response: httpx.Response, sink: BinaryIO | None) -> None:
    if not sink or not response.is_success:
        await response.aread()
        return
    sink.seek(0)
    sink.truncate()  # an earlier attempt may have broken off
    async for chunk in response.aiter_bytes():
        sink.write(chunk)
