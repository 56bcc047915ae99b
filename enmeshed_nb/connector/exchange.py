"""What is told of each HTTP request and its answer."""

import itertools
import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

API = "/api/core/v1"
"""The prefix of the API's paths."""
KEY_VARIABLE = "API_KEY"
"""The variable that holds the API key where a curl command runs."""

_ASIDE: ContextVar[bool] = ContextVar("aside", default=False)
_WAIT: ContextVar["Wait | None"] = ContextVar("wait", default=None)
_NUMBERS = itertools.count(1)


def next_number() -> int:
    """Return a number for a request that no other one of this program has."""
    return next(_NUMBERS)


@contextmanager
def aside() -> Iterator[None]:
    """Mark the exchanges of the block, in this thread, as asked aside: by a view or a widget for what it shows.

    They are no step of the guide, so journals leave them out of what happened.
    """
    token = _ASIDE.set(True)
    try:
        yield
    finally:
        _ASIDE.reset(token)


class Wait:
    """Something that is waited for by calling again and again.

    Attributes:
        what: what is waited for, in words.
        is_over: whether the wait has ended, well or not.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.is_over = False
        self._listeners: dict[Callable[[], None], None] = {}

    def at_end(self, listener: Callable[[], None]) -> None:
        """Call *listener* when the wait has ended: once, however often it is given."""
        self._listeners[listener] = None

    def end(self) -> None:
        """Say that the wait has ended."""
        self.is_over = True
        for listener in list(self._listeners):
            listener()


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Mark the calls of the block, in this thread, as made to wait for something; `Exchange.wait` says so.

    Args:
        what: what is waited for, in words.
    """
    wait = Wait(what)
    token = _WAIT.set(wait)
    try:
        yield
    finally:
        _WAIT.reset(token)
        wait.end()


@dataclass(frozen=True)
class Begun:
    """One HTTP request that is on its way: it has no answer yet.

    Attributes:
        number: of all requests of this program; the `Exchange` that it becomes has the same.
        connector: the Connector's name.
        path: without host, e.g. `/api/core/v1/Messages`.
        since: when it began.
        wait: what it is repeated for; None if it is not: see `waiting`.
        is_aside: whether a view or a widget asks for itself: see `aside`.
    """

    connector: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    number: int = field(default_factory=next_number)
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    wait: Wait | None = field(default_factory=_WAIT.get)
    is_aside: bool = field(default_factory=_ASIDE.get)

    @property
    def call(self) -> str:
        """What is called, for people: `GET /Relationships?status=Active`."""
        return _called(self.method, self.path, self.query)


def _called(method: str, path: str, query: Sequence[tuple[str, str]]) -> str:
    asked = "&".join(f"{key}={value}" for key, value in query)
    return f"{method} {path.removeprefix(API)}{f'?{asked}' if asked else ''}"


@dataclass(frozen=True)
class Exchange:
    """One HTTP request and what became of it; API keys and passwords are redacted.

    Attributes:
        connector: the Connector's name.
        path: without host, e.g. `/api/core/v1/Messages`.
        status: the HTTP status, None without an answer.
        duration: seconds.
        request: the JSON sent, None without a body.
        response: the JSON received; a short text in place of other bodies; None without one.
        error: why there is no answer, else None.
        time: when it began.
        url: where the Connector is, without the API's prefix.
        is_aside: whether a view or a widget asked for itself: see `aside`.
        number: of all requests of this program, in the order in which they began.
        wait: what it was repeated for; None if it was not: see `waiting`.
        correlation_id: by which it is found in the logs of Connector and Backbone.
    """

    connector: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int | None
    duration: float
    request: Any
    response: Any
    error: str | None = None
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    url: str = ""
    is_aside: bool = field(default_factory=_ASIDE.get)
    number: int = field(default_factory=next_number, compare=False)
    wait: Wait | None = field(default_factory=_WAIT.get, compare=False)
    correlation_id: str | None = field(default=None, compare=False)

    @property
    def api_path(self) -> str:
        """The path as the API's documentation names it: `/Messages`."""
        return self.path.removeprefix(API)

    @property
    def call(self) -> str:
        """What was called, for people: `GET /Relationships?status=Active`."""
        return _called(self.method, self.path, self.query)

    @property
    def succeeded(self) -> bool:
        """Whether it was answered with a success."""
        return self.status is not None and self.status < 400

    @property
    def is_success(self) -> bool | None:
        """What a check such as Validate or CanAccept found (`result.isSuccess`); None for all other calls."""
        match self.response:
            case {"result": {"isSuccess": bool(found)}}:
                return found
            case _:
                return None

    @property
    def went_well(self) -> bool:
        """Whether it was answered with a success, and a check, if it was one, found nothing wrong."""
        return self.succeeded and self.is_success is not False

    @property
    def ended(self) -> datetime:
        """When the answer had come."""
        return self.time + timedelta(seconds=self.duration)

    def as_curl(self) -> str:
        """Return the request as a curl command on one line; the API key is taken from the variable `$API_KEY`."""
        return curl(self.method, self.url + self.path, self.query, self.request)


Observer = Callable[[Exchange], None]
BeginObserver = Callable[[Begun], Callable[[], None]]
"""Is told of a request when it is sent, and returns what is called when it has ended, also if it was interrupted."""


def curl(
    method: str, address: str, query: Sequence[tuple[str, str]] = (), body: Any = None, *, lines: bool = False
) -> str:
    """Return a curl command for a shell; the API key is taken from the variable `$API_KEY`.

    Args:
        method: the HTTP method.
        address: the URL without query.
        query: the query string's pairs.
        body: the JSON to send, None without one.
        lines: whether a long command is broken into lines.
    """
    encoded = urlencode(query, quote_via=quote, safe="@:,/")
    parts = [
        f"curl -X {method} {shlex.quote(f'{address}?{encoded}' if encoded else address)}",
        f'-H "X-API-KEY: ${KEY_VARIABLE}"',
    ]
    if body is not None:
        parts[-1] += f" -H {shlex.quote('Content-Type: application/json')}"
        parts.append(f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}")
    return (" \\\n  " if lines else " ").join(parts)
