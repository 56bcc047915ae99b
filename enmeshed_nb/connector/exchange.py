"""What is told of each HTTP request and its answer."""

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

    @property
    def api_path(self) -> str:
        """The path as the API's documentation names it: `/Messages`."""
        return self.path.removeprefix(API)

    @property
    def call(self) -> str:
        """What was called, for people: `GET /Relationships?status=Active`."""
        query = "&".join(f"{key}={value}" for key, value in self.query)
        return f"{self.method} {self.api_path}{f'?{query}' if query else ''}"

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
