"""The funnel: every call of a Connector's API goes through `Http.call`."""

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

import httpx
from pydantic import ValidationError

from enmeshed_nb.connector.error_codes import ROUTE_DOES_NOT_EXIST
from enmeshed_nb.connector.errors import (
    AnswerTimeout,
    ApiError,
    Call,
    ConnectionFailed,
    ConnectorError,
    InvalidInput,
    UnexpectedAnswer,
)
from enmeshed_nb.connector.exchange import API, BeginObserver, Begun, Exchange, Observer, next_number
from enmeshed_nb.connector.versions import Version, require_version_7
from enmeshed_nb.content.model import read_answer
from enmeshed_nb.content.since import FIRST, Since

JSON = "application/json"
PNG = "image/png"
_RETRIED_STATUSES = {502, 503, 504}
_REDACTED = "***"


class _ApiKey(httpx.Auth):
    """Adds the API key to a request; keeps it out of everything that is shown."""

    def __init__(self, header: str, key: str) -> None:
        self._header = header
        self._key = key

    def __repr__(self) -> str:
        return f"_ApiKey({_REDACTED})"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers[self._header] = self._key
        yield request

    def redact(self, value: Any) -> Any:
        """Return *value* (JSON) without the key and without passwords."""
        match value:
            case str():
                return value.replace(self._key, _REDACTED)
            case Mapping():
                return {
                    name: _REDACTED if name == "password" and each is not None else self.redact(each)
                    for name, each in value.items()
                }
            case list() | tuple():
                return [self.redact(each) for each in value]
            case _:
                return value


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


_VERSION = Route("GET", "/Monitoring/Version", "")


@dataclass(frozen=True)
class Body:
    """What a request carries: JSON, or a multipart form with a file."""

    json: Any = None
    form: Mapping[str, Any] | None = None
    file: tuple[str, Any, str] | None = None

    def arguments(self) -> dict[str, Any]:
        """Return the body as httpx takes it."""
        if self.file:
            return {"data": self.form, "files": {"file": self.file}}
        return {} if self.json is None else {"json": self.json}

    @property
    def shown(self) -> Any:
        """Return what an Exchange shows of the body."""
        return {**(self.form or {}), "file": f"<{self.file[0]}, {self.file[2]}>"} if self.file else self.json


class Http:
    """An HTTP connection to one Connector; may be used by several threads.

    GET requests are repeated after connection errors and after 502, 503 and 504; nothing else ever is.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        name: str | None,
        timeout: float,
        retries: int,
        api_key_header: str,
        transport: httpx.BaseTransport | None,
    ) -> None:
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(f"{url!r} is not the URL of a Connector.", "Use e.g. https://connector.example.com.")
        if not api_key or not api_key.isascii() or not api_key.isprintable():
            raise InvalidInput("The API key is empty or has characters no API key has.", "Check the API key.")
        self.url = url.strip().rstrip("/").removesuffix(API)
        self.name = name or parts.netloc.rpartition("@")[2]
        self._auth = _ApiKey(api_key_header, api_key)
        self._retries = retries
        self._timeout = timeout
        self._closed = threading.Event()
        self._observers: list[Observer] = []
        self._begin_observers: list[BeginObserver] = []
        self._version: Version | None = None
        self._knows_version = False
        self._lock = threading.Lock()
        self._client = httpx.Client(
            base_url=self.url,
            auth=self._auth,
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5)),
            trust_env=parts.hostname not in ("127.0.0.1", "::1", "localhost"),
            transport=transport,
        )

    def close(self) -> None:
        """End the connection; a pause before a retry ends, too."""
        self._closed.set()
        self._client.close()

    def observe(self, observer: Observer, on_begin: BeginObserver | None = None) -> Callable[[], None]:
        """Call *observer* with every Exchange from now on; return a function that ends this.

        Args:
            observer: is told of each request that has ended, with an answer or without.
            on_begin: is told of each request when it is sent, and returns what is called when that has ended (after
                *observer* was told of it, and also if it was interrupted, which is no Exchange).
        """
        with self._lock:
            self._observers.append(observer)
            if on_begin:
                self._begin_observers.append(on_begin)

        def stop() -> None:
            with self._lock:
                if observer in self._observers:
                    self._observers.remove(observer)
                if on_begin in self._begin_observers:
                    self._begin_observers.remove(on_begin)

        return stop

    def version(self) -> Version | None:
        """Return which Connector it is, asked at most once: `GET /Monitoring/Version`; None if it does not say."""
        if not self._knows_version:
            try:
                self.remember_version(read_answer(Version, self.call(_VERSION)))
            except (ApiError, UnexpectedAnswer, ValidationError):  # e.g. the key lacks the scope
                self.remember_version(None)
            except ConnectorError:  # it may say so later
                return None
        return self._version

    def remember_version(self, version: Version | None) -> None:
        """Keep what the Connector said of its version."""
        self._version, self._knows_version = version, True

    def call(
        self,
        route: Route,
        path_values: Sequence[str] = (),
        *,
        query: Sequence[tuple[str, str]] = (),
        body: Body | None = None,
        accept: str = JSON,
        sink: BinaryIO | None = None,
    ) -> Any:
        """Do one call and return what the API answers.

        Args:
            route: the endpoint.
            path_values: what stands in the path's `{…}`, in order.
            query: the query string's pairs.
            body: what to send.
            accept: JSON for the content of the answer's `result`; anything else for the bytes of the answer.
            sink: an open file to which the bytes of the answer are written as they come.

        Returns:
            The JSON in `result` (None without content), or bytes if *accept* is not JSON, or None with *sink*.

        Raises:
            ConnectorError: see `enmeshed_nb.connector.errors`.
        """
        call = Call(self.name, route.method, route.fill(path_values))
        body = body or Body()
        repeats = self._retries if route.method in ("GET", "HEAD") else 0
        attempt = 0
        while True:
            try:
                response = self._send(call, query, body, accept, sink)
            except ConnectionFailed as error:
                if attempt == repeats or isinstance(error, AnswerTimeout):
                    raise
            else:
                if attempt == repeats or response.status_code not in _RETRIED_STATUSES:
                    return self._read(call, route, response, accept, streamed=sink is not None)
            self._closed.wait(0.1 * 3**attempt)
            attempt += 1

    def _send(
        self, call: Call, query: Sequence[tuple[str, str]], body: Body, accept: str, sink: BinaryIO | None
    ) -> httpx.Response:
        """Send one HTTP request and return the answer, whatever it says."""
        if self._client.is_closed:
            raise ConnectionFailed("This Connector object was closed.", "Make a new one.", call=call)
        with self._observed(call, query, body) as answers:
            try:
                with self._client.stream(
                    call.method, call.path, params=list(query) or None, headers={"Accept": accept}, **body.arguments()
                ) as response:
                    _receive(response, sink)
            except httpx.TimeoutException as error:
                failure: ConnectorError = self._timed_out(call, error)
            except httpx.HTTPError as error:
                failure = ConnectionFailed(
                    f"No connection to {self.url}: {error or type(error).__name__}.",
                    "Check that the Connector runs and that the URL and port are right.",
                    call=call,
                )
            except (TypeError, ValueError) as error:
                failure = InvalidInput(f"The body is not JSON: {error}.", "Send only what JSON knows.", call=call)
            else:
                answers.append(response)
                return response
            raise failure  # not within `except`: httpx's error holds the request with the API key

    @contextmanager
    def _observed(
        self, call: Call, query: Sequence[tuple[str, str]], body: Body
    ) -> Generator[list[httpx.Response], None, None]:
        """Tell the observers of the request in the block: of the answer that is put into the list, or of its error."""
        started, since, number = time.perf_counter(), datetime.now(UTC), next_number()
        answers: list[httpx.Response] = []

        def tell(error: str | None) -> None:
            if not self._observers:
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
                    request=self._auth.redact(body.shown),
                    response=self._auth.redact(_shown(answer)) if answer else None,
                    error=error,
                    time=since,
                    url=self.url,
                    number=number,
                )
            )

        ends = self._tell_begun(call, query, number, since) if self._begin_observers else ()
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

    def _timed_out(self, call: Call, error: httpx.TimeoutException) -> ConnectionFailed:
        if isinstance(error, httpx.ConnectTimeout):
            return ConnectionFailed(
                f"No connection to {self.url} in time.", "Check the URL, the port and firewalls.", call=call
            )
        return AnswerTimeout(
            f"{self.url} did not answer within {self._timeout:g} s.",
            "See whether it did what was asked before you try again; or give Connector(timeout=…) more seconds.",
            call=call,
        )

    def _tell(self, exchange: Exchange) -> None:
        with self._lock:
            observers = list(self._observers)
        for observer in observers:
            observer(exchange)

    def _tell_begun(
        self, call: Call, query: Sequence[tuple[str, str]], number: int, since: datetime
    ) -> list[Callable[[], None]]:
        begun = Begun(call.connector, call.method, call.path, tuple(query), number, since)
        with self._lock:
            observers = list(self._begin_observers)
        return [observer(begun) for observer in observers]

    def _read(self, call: Call, route: Route, response: httpx.Response, accept: str, *, streamed: bool) -> Any:
        if response.is_success and accept != JSON:
            return None if streamed else response.content
        if response.status_code == 204:
            return None
        json = _json(response)
        if not isinstance(json, dict):
            raise self._not_a_connector(call, response)
        if isinstance(json.get("error"), dict) and not response.is_success:
            if json["error"].get("code") == ROUTE_DOES_NOT_EXIST and route != _VERSION and (version := self.version()):
                require_version_7(version.version, call)
            raise ApiError.from_answer(call, response.status_code, json["error"])
        if route.base != API and (response.is_success or "isHealthy" in json):
            return json
        if response.is_success and "result" in json:
            return json["result"]
        raise self._not_a_connector(call, response)

    def _not_a_connector(self, call: Call, response: httpx.Response) -> UnexpectedAnswer:
        error = UnexpectedAnswer(
            f"{self.url} answered {response.status_code} with "
            f"{response.headers.get('content-type', 'no content type')}, not like a Connector.",
            "Check the URL: another server, a proxy or a login page may be answering.",
            call=call,
        )
        error.status = response.status_code
        return error


def _receive(response: httpx.Response, sink: BinaryIO | None) -> None:
    if not sink or not response.is_success:
        response.read()
        return
    sink.seek(0)
    sink.truncate()  # an earlier attempt may have broken off
    for chunk in response.iter_bytes():
        sink.write(chunk)


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except (ValueError, httpx.ResponseNotRead):
        return None


def _shown(response: httpx.Response) -> Any:
    content_type = response.headers.get("content-type", "")
    if content_type.startswith(JSON):
        return _json(response)
    try:
        size = len(response.content)
    except httpx.ResponseNotRead:
        size = response.num_bytes_downloaded
    return f"<{size} bytes, {content_type or 'no content type'}>" if size else None
