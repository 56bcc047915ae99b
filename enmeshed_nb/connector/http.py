"""What is the same for `Http` and `AsyncHttp`, the funnels through which every call of a Connector's API goes."""

import json
import os
import re
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar
from urllib.parse import quote
from uuid import uuid4
from weakref import WeakSet

import httpx
from pydantic import ValidationError

from enmeshed_nb.connector.authentication import ISSUER, NoToken
from enmeshed_nb.connector.connection import Connection
from enmeshed_nb.connector.ending import AsyncEnd, End
from enmeshed_nb.connector.errors import (
    AnswerTimeout,
    ApiError,
    Call,
    ConnectionFailed,
    ConnectorError,
    InvalidInput,
    TokenRefused,
    UnexpectedAnswer,
)
from enmeshed_nb.connector.exchange import API, BeginObserver, Begun, Exchange, Observer, next_number
from enmeshed_nb.connector.versions import Version
from enmeshed_nb.content.since import FIRST, Since

T = TypeVar("T")
Hook = Callable[[], str | None]
"""Gives a header's value for each call; None: without it."""
JSON = "application/json"
PNG = "image/png"
ANYTHING = "*/*"
RETRIED_STATUSES = {502, 503, 504}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A method, or a name of a header."""


@dataclass(frozen=True)
class Route:
    """An endpoint: method and path, e.g. `GET /Relationships/{id}`; below `/api/core/v1` unless `base` says so.

    Attributes:
        since: the version that brought it.
        newer_keys: the keys of the query that came later, with the versions that brought them.
    """

    method: str
    path: str
    base: str = API
    since: Since = FIRST
    newer_keys: Mapping[str, Since] = field(default_factory=dict)

    def fill(self, values: Sequence[str]) -> str:
        """Return the path with *values* in place of its `{…}`, in order."""
        rest = iter(values)
        parts = [self._quoted(next(rest)) if part.startswith("{") else part for part in self.path.split("/")]
        return self.base + "/".join(parts)

    @staticmethod
    def _quoted(value: str) -> str:
        if not isinstance(value, str) or not value.strip():
            raise InvalidInput(f"An id is needed, not {value!r}.", "Pass the `id` of the object.")
        return quote(value, safe="")

    @classmethod
    def as_written(cls, method: str, path: str, base: str) -> "Route":
        """Return the endpoint that somebody asks for by method and path, whether there is one or not.

        Raises:
            InvalidInput: they cannot be sent, or would not be sent to this Connector.
        """
        if not _TOKEN.fullmatch(method):
            raise InvalidInput(f"{method!r} is no HTTP method.", "Use e.g. GET.")
        if not (path.startswith("/") and path.isascii() and path.isprintable() and " " not in path):
            raise InvalidInput(
                f"{path!r} is no path at a Connector.", "Begin it with “/”, and quote what is no ASCII: /Messages."
            )
        return cls(method.upper(), path.removeprefix(API) if base == API else path, base)


VERSION = Route("GET", "/Monitoring/Version", "")


@dataclass(frozen=True)
class Body:
    """What a request carries: JSON, or a multipart form with a file, or what is sent as it is."""

    json: Any = None
    form: Mapping[str, Any] | None = None
    file: tuple[str, Any, str] | None = None
    content: str | bytes | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the body as httpx takes it."""
        if self.file:
            return {"data": self.form, "files": {"file": self.file}}
        if self.content is not None:
            return {"content": self.content}
        return {} if self.json is None else {"json": self.json}

    @property
    def shown(self) -> Any:
        """Return what an Exchange shows of the body."""
        if self.file:
            return {**(self.form or {}), "file": f"<{self.file[0]}, {self.file[2]}>"}
        if self.content is None:
            return self.json
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):  # a password in it would not be found
            return f"<{len(self.content)} {'characters' if isinstance(self.content, str) else 'bytes'}, not JSON>"


@dataclass(frozen=True)
class Options:
    """How a call is made.

    Attributes:
        timeout: how long to wait for an answer, in seconds.
        retries: how often a GET is repeated.
        correlation_id: by which the call is found in logs, or what gives one for each call; None: each has its own.
        traceparent: the trace (W3C Trace Context) that the call belongs to, or what gives it for each call.
        resend: whether it is found out, after a lost answer, if the Connector did what was asked: see `resending`.
        on_answer: is told of each HTTP answer and the call that it answers.
        own_headers: headers that are sent instead of the usual ones, or beside them.
        authenticated: whether the API key is sent.

    Raises:
        InvalidInput: one of them cannot be meant.
    """

    timeout: float
    retries: int
    correlation_id: str | Hook | None = None
    traceparent: str | Hook | None = None
    resend: bool = False
    on_answer: Callable[[Call, httpx.Response], None] | None = None
    own_headers: Mapping[str, str] = field(default_factory=dict)
    authenticated: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.timeout, int | float) or not self.timeout > 0:
            raise InvalidInput(f"timeout={self.timeout!r} is no time to wait.", "Give seconds, more than 0.")
        if not isinstance(self.retries, int) or self.retries < 0:
            raise InvalidInput(f"retries={self.retries!r} is no number of retries.", "Use 0, 1, 2, …")
        for name in ("correlation_id", "traceparent"):
            if not callable(value := getattr(self, name)):
                _header(name, value)
        for name, value in self.own_headers.items():
            if not _TOKEN.fullmatch(name):
                raise InvalidInput(f"{name!r} is no name of a header.", "Use letters, digits and hyphens.")
            if value:  # it may be sent empty
                _header(name, value)

    def call(self, connector: str, method: str, path: str) -> Call:
        """Return a new call, with its correlation id."""
        return Call(connector, method, path, _now("correlation_id", self.correlation_id) or str(uuid4()))

    def headers(self, call: Call, accept: str) -> httpx.Headers:
        """Return what is accepted, the headers by which a call is found in logs and traces, and those of its own."""
        trace = _now("traceparent", self.traceparent)
        headers = httpx.Headers({"Accept": accept, "X-Correlation-ID": call.correlation_id or ""})
        headers.update({"traceparent": trace} if trace else {})
        headers.update(self.own_headers)
        return headers

    def authentication(self) -> dict[str, Any]:
        """Return how httpx is told to leave the API key out; nothing if it is sent."""
        return {} if self.authenticated else {"auth": None}

    def limits(self) -> httpx.Timeout:
        """Return the timeouts as httpx takes them; a call may wait for its turn as long as it takes."""
        return httpx.Timeout(self.timeout, connect=min(self.timeout, 5), pool=None)


def _now(name: str, value: str | Hook | None) -> str | None:
    return _header(name, value()) if callable(value) else value


def _header(name: str, value: str | None) -> str | None:
    if value is not None and not (isinstance(value, str) and value.strip() and value.isascii() and value.isprintable()):
        raise InvalidInput(f"{name}={value!r} cannot be sent in a header.", "Use printable ASCII characters.")
    return value


C = TypeVar("C", httpx.Client, httpx.AsyncClient)
E = TypeVar("E", End, AsyncEnd)


class Shared(Generic[C, E]):
    """What a Connector object shares with those that `with_options` made of it.

    Args:
        connect: makes the pool of connections.
        ended: says that it was closed.
    """

    def __init__(self, connect: Callable[[], C], ended: E) -> None:
        self.observers: list[Observer] = []
        self.begin_observers: list[BeginObserver] = []
        self.version: Version | None = None
        self.knows_version = False
        self.lock = threading.Lock()
        self.client: C = connect()
        self.ended: E = ended
        self._connect: Callable[[], C] = connect
        _SHARED.add(self)

    def renew(self) -> None:
        """Make anew what belongs to one process: connections, and what another thread may just have held."""
        ended: E = type(self.ended)()
        if self.ended.is_set():
            ended.set()
        self.lock, self.client, self.ended = threading.Lock(), self._connect(), ended


_SHARED: WeakSet[Shared[Any, Any]] = WeakSet()


def _renew_all() -> None:
    for shared in _SHARED:
        shared.renew()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_renew_all)


class HttpCore:
    """An HTTP connection to one Connector, without what waits for an answer."""

    shared: Shared[Any, Any]

    def __init__(self, connection: Connection, *, name: str | None, options: Options) -> None:
        self.connection = connection
        self.url = connection.url
        self.name = name or connection.name
        self.options = options

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of a `Connector` or an `AsyncConnector` that is the same."""
        how = {each.name: getattr(self.connection, each.name) for each in fields(self.connection)}
        return how | {"name": self.name, "timeout": self.options.timeout, "retries": self.options.retries}

    def with_options(self, **options: Any) -> Self:
        """Return one with other options that shares all else."""
        other = copy(self)
        other.options = replace(self.options, **options)
        return other

    def observe(self, observer: Observer, on_begin: BeginObserver | None = None) -> Callable[[], None]:
        """Call *observer* with every Exchange from now on; return a function that ends this.

        Args:
            observer: is told of each request that has ended, with an answer or without.
            on_begin: is told of each request when it is sent, and returns what is called when that has ended (after
                *observer* was told of it, and also if it was interrupted, which is no Exchange).
        """
        with self.shared.lock:
            self.shared.observers.append(observer)
            if on_begin:
                self.shared.begin_observers.append(on_begin)

        def stop() -> None:
            with self.shared.lock:
                if observer in self.shared.observers:
                    self.shared.observers.remove(observer)
                if on_begin in self.shared.begin_observers:
                    self.shared.begin_observers.remove(on_begin)

        return stop

    def remember_version(self, version: Version | None) -> None:
        """Keep what the Connector said of its version."""
        self.shared.version, self.shared.knows_version = version, True

    def failure(self, call: Call, error: Exception) -> ConnectorError:
        """Return the error for what httpx says of a call that has no answer.

        Raises:
            RuntimeError: it is none of httpx.
        """
        if self.shared.ended.is_set():
            return self.closed(call)
        if isinstance(error, NoToken):
            return TokenRefused(error.problem, error.cure, call=call)
        if isinstance(error, RuntimeError):
            raise error
        asked = _issuer(error) or self.url
        if isinstance(error, httpx.ConnectTimeout):
            return _unsent(f"No connection to {asked} in time.", "Check the URL, the port and firewalls.", call)
        if isinstance(error, httpx.TimeoutException):
            late = AnswerTimeout(
                f"{asked} did not answer within {self.options.timeout:g} s.",
                "See whether it did what was asked before you try again; or give Connector(timeout=…) more seconds.",
                call=call,
            )
            late.was_sent = asked == self.url
            return late
        if isinstance(error, httpx.HTTPError):
            return self._no_connection(call, error, asked)
        return InvalidInput(f"The body is not JSON: {error}.", "Send only what JSON knows.", call=call)

    def _no_connection(self, call: Call, error: httpx.HTTPError, asked: str) -> ConnectionFailed:
        if isinstance(error, httpx.ProxyError):
            proxy = self.connection.shown_proxy or "of the environment"
            return _unsent(f"The proxy {proxy} gives no connection to {asked}: {error}.", "Check the proxy.", call)
        what = "Connector" if asked == self.url else "issuer"
        proxy = f" and the proxy {self.connection.shown_proxy}" if self.connection.proxy else ""
        failed = _unsent(
            f"No connection to {asked}: {error or type(error).__name__}.",
            f"Check that the {what}{proxy} runs and that the URL and port are right.",
            call,
        )
        failed.was_sent = asked == self.url and not isinstance(error, httpx.ConnectError)
        return failed

    def closed(self, call: Call) -> ConnectionFailed:
        """Return the error for a call after the end."""
        return _unsent("This Connector object was closed.", "Make a new one.", call)

    def check_usable(self, call: Call) -> None:
        """Refuse a call that cannot be made any more, or not here.

        Raises:
            ConnectionFailed: the object was closed, or belongs to another event loop.
        """
        if self.shared.ended.is_set():
            raise self.closed(call)
        if not self.shared.ended.is_here():
            raise _unsent(
                "This AsyncConnector belongs to another event loop, the one in which it was used first.",
                "Make one in each event loop: async with AsyncConnector(…) as connector.",
                call,
            )

    @contextmanager
    def observed(
        self, call: Call, query: Sequence[tuple[str, str]], body: Body
    ) -> Generator[list[httpx.Response], None, None]:
        """Tell the observers of the request in the block: of the answer that is put into the list, or of its error."""
        started, since, number = time.perf_counter(), datetime.now(UTC), next_number()
        answers: list[httpx.Response] = []

        def tell(error: str | None) -> None:
            if not self.shared.observers:
                return
            answer = answers[0] if answers else None
            self._tell(
                Exchange(
                    connector=call.connector,
                    method=call.method,
                    path=call.path,
                    query=tuple(query),
                    status=answer.status_code if answer else None,
                    duration=time.perf_counter() - started,
                    request=self._redact(body.shown),
                    response=self._redact(_shown(answer)) if answer else None,
                    error=error,
                    time=since,
                    url=self.url,
                    number=number,
                    correlation_id=call.correlation_id,
                )
            )

        ends = self._tell_begun(call, query, number, since) if self.shared.begin_observers else ()
        try:
            yield answers
        except ConnectorError as error:
            tell(error.problem)
            raise
        else:
            tell(None)
        finally:
            for end in ends:
                end()

    def _redact(self, value: Any) -> Any:
        return self.shared.client.auth.redact(value)

    def _tell(self, exchange: Exchange) -> None:
        with self.shared.lock:
            observers = list(self.shared.observers)
        for observer in observers:
            observer(exchange)

    def _tell_begun(
        self, call: Call, query: Sequence[tuple[str, str]], number: int, since: datetime
    ) -> list[Callable[[], None]]:
        begun = Begun(call.connector, call.method, call.path, tuple(query), number, since)
        with self.shared.lock:
            observers = list(self.shared.begin_observers)
        return [observer(begun) for observer in observers]

    def result(self, call: Call, route: Route, response: httpx.Response, accept: str, *, streamed: bool) -> Any:
        """Return what it says: the JSON in `result`, or bytes if *accept* is not JSON; None if they were streamed.

        Raises:
            ApiError: it says that something went wrong.
            UnexpectedAnswer: it is not a Connector's.
        """
        if response.is_success and accept != JSON:
            return None if streamed else response.content
        if response.status_code == 204:
            return None
        json = json_of(response)
        if not isinstance(json, dict):
            raise self._not_a_connector(call, response)
        if isinstance(json.get("error"), dict) and not response.is_success:
            raise ApiError.from_answer(call, response.status_code, json["error"], self.connection.auth.refused)
        if route.base != API and (response.is_success or "isHealthy" in json):
            return json
        if response.is_success and "result" in json:
            return json["result"]
        raise self._not_a_connector(call, response)

    def understood(self, call: Call, read: Callable[[Any], T], result: Any) -> T:
        """Return what *read* makes of a result.

        Raises:
            UnexpectedAnswer: it has another shape.
        """
        try:
            return read(result)
        except ValidationError as error:
            raise UnexpectedAnswer(
                f"The answer has an unexpected shape: {error}",
                "Check the Connector's version; please report this if it is a Connector 7.",
                call=call,
            ) from None

    def _not_a_connector(self, call: Call, response: httpx.Response) -> UnexpectedAnswer:
        error = UnexpectedAnswer(
            f"{self.url} answered {response.status_code} with "
            f"{response.headers.get('content-type', 'no content type')}, not like a Connector.",
            "Check the URL: another server, a proxy or a login page may be answering.",
            call=call,
        )
        error.status = response.status_code
        return error


def _issuer(error: Exception) -> str | None:
    """Return the URL of the issuer that was asked when it happened, None if that was the Connector."""
    request: httpx.Request | None = getattr(error, "_request", None)  # `.request` fails without one
    return request.extensions.get(ISSUER) if request else None


def _unsent(problem: str, cure: str, call: Call) -> ConnectionFailed:
    error = ConnectionFailed(problem, cure, call=call)
    error.was_sent = False
    return error


def json_of(response: httpx.Response) -> Any:
    """Return the body of an answer as JSON; None if it is none."""
    try:
        return response.json()
    except (ValueError, httpx.ResponseNotRead):
        return None


def _shown(response: httpx.Response) -> Any:
    content_type = response.headers.get("content-type", "")
    if content_type.startswith(JSON):
        return json_of(response)
    try:
        size = len(response.content)
    except httpx.ResponseNotRead:
        size = response.num_bytes_downloaded
    return f"<{size} bytes, {content_type or 'no content type'}>" if size else None
