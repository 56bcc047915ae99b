"""The journal: everything that Connectors were asked and what they answered, and how Requests moved on."""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from enmeshed_nb.closing import Closing
from enmeshed_nb.connector import Connector, Exchange
from enmeshed_nb.guide.text import TextView, table, time_of_day

_COLUMNS = ("time", "connector", "call", "HTTP", "ms", "outcome")


@dataclass(frozen=True)
class Observation:
    """That a Connector showed a Request with a status for the first time since another one.

    Attributes:
        connector: the Connector's name.
        request_id: the Request.
        status: its status, e.g. "Open".
        time: when the answer that showed it had come, in UTC.
    """

    connector: str
    request_id: str
    status: str
    time: datetime


class Journal(Closing, TextView):
    """Records every exchange of the Connectors given to it, from now on.

        journal = Journal(sender, recipient)
        …
        journal                    # a table
        journal.history("REQ…")    # when each side showed which status

    May be used by several threads, and as a context manager that ends the recording.

    Attributes:
        names: the Connectors' names.
    """

    def __init__(self, *connectors: Connector) -> None:
        """Begin to record the exchanges of *connectors*."""
        self.names = tuple(connector.name for connector in connectors)
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []
        self._observations: list[Observation] = []
        self._latest: dict[tuple[str, str], str] = {}
        self._taken = 0
        self._stops: list[Callable[[], None]] = [connector.observe(self._record) for connector in connectors]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges, in the order in which they ended."""
        with self._lock:
            return tuple(self._exchanges)

    def last(self) -> Exchange:
        """Return the exchange that ended last.

        Raises:
            LookupError: there was none yet.
        """
        with self._lock:
            if not self._exchanges:
                raise LookupError("Nothing was exchanged yet.")
            return self._exchanges[-1]

    def history(self, request_id: str | None = None) -> tuple[Observation, ...]:
        """Return when which Connector first showed which status, of one Request or of all."""
        with self._lock:
            return tuple(each for each in self._observations if request_id in (None, each.request_id))

    def take_new(self) -> tuple[tuple[Exchange, ...], tuple[Observation, ...]]:
        """Return the exchanges since this was called last, and the newest status of each Request that they show."""
        with self._lock:
            new = tuple(self._exchanges[self._taken :])
            self._taken = len(self._exchanges)
            shown = {request_id for exchange in new for request_id, _ in _statuses(exchange.response)}
            newest = {(each.connector, each.request_id): each for each in self._observations}
            return new, tuple(each for (_, request_id), each in newest.items() if request_id in shown)

    def close(self) -> None:
        """End the recording; what was recorded stays."""
        for stop in self._stops:
            stop()

    def __len__(self) -> int:
        return len(self.exchanges)

    def __str__(self) -> str:
        rows = [_COLUMNS, *map(_row, self.exchanges)]
        return table(rows)

    def _record(self, exchange: Exchange) -> None:
        seen = exchange.time.timestamp() + exchange.duration
        with self._lock:
            self._exchanges.append(exchange)
            for request_id, status in _statuses(exchange.response):
                key = (exchange.connector, request_id)
                if self._latest.get(key) != status:
                    self._latest[key] = status
                    when = datetime.fromtimestamp(seen, UTC)
                    self._observations.append(Observation(exchange.connector, request_id, status, when))


def _row(exchange: Exchange) -> tuple[str, ...]:
    return (
        time_of_day(exchange.time),
        exchange.connector,
        exchange.call,
        str(exchange.status or "-"),
        f"{exchange.duration * 1000:.0f}",
        exchange.error or _outcome(exchange.response),
    )


def _outcome(response: Any) -> str:
    if not isinstance(response, Mapping):
        return str(response or "")
    error = response.get("error")
    if isinstance(error, Mapping):
        return str(error.get("code", ""))
    result = response.get("result", response)
    if isinstance(result, list):
        return f"{len(result)} found"
    if not isinstance(result, Mapping):
        return ""
    if "isSuccess" in result:
        return "isSuccess" if result["isSuccess"] else f"not isSuccess: {result.get('code')}"
    parts = (result.get("id"), result.get("status"))
    return " ".join(str(part) for part in parts if part)


def _statuses(response: Any) -> Iterator[tuple[str, str]]:
    result = response.get("result") if isinstance(response, Mapping) else None
    for each in result if isinstance(result, list) else [result]:
        if not isinstance(each, Mapping):
            continue
        content = each.get("content")
        if isinstance(content, Mapping) and content.get("@type") == "Request" and "status" in each:
            yield str(each.get("id")), str(each["status"])
