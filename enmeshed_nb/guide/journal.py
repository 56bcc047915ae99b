"""The journal: what Connectors were asked and what they answered, and how Requests and Relationships moved on."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from enmeshed_nb.closing import Closing
from enmeshed_nb.connector import Begun, Connector, ConnectorError, Exchange, aside
from enmeshed_nb.guide.text import TextView, table, time_of_day

if TYPE_CHECKING:
    from enmeshed_nb.connector import AsyncConnector

Kind = Literal["Request", "Relationship", "Message"]
_ASIDES = 500
_COLUMNS = ("time", "connector", "call", "HTTP", "ms", "outcome")


@dataclass(frozen=True)
class Observation:
    """That a Connector showed a Request or a Relationship with a status for the first time since another one.

    Attributes:
        connector: the Connector's name.
        subject: the id of the Request or the Relationship.
        status: its status, e.g. "Open".
        time: when the answer that showed it had come, in UTC.
    """

    connector: str
    subject: str
    status: str
    time: datetime

    @property
    def request_id(self) -> str:
        """Deprecated: `subject`."""
        return self.subject


class Journal(Closing, TextView):
    """Records every exchange of the Connectors given to it, from now on.

        journal = Journal(sender, recipient)
        …
        journal                    # a table
        journal.history("REQ…")    # when each side showed which status

    What views and widgets ask for themselves (`enmeshed_nb.connector.aside`) is kept apart, in `asides`.

    May be used by several threads, and as a context manager that ends the recording.

    Attributes:
        names: the Connectors' names.
    """

    def __init__(self, *connectors: "Connector | AsyncConnector") -> None:
        """Begin to record the exchanges of *connectors*."""
        self.names = tuple(connector.name for connector in connectors)
        self._connectors = {each.name: each for each in connectors if isinstance(each, Connector)}
        self._lock = threading.Lock()
        self._exchanges: list[Exchange] = []
        self._asides: deque[Exchange] = deque(maxlen=_ASIDES)
        self._observations: list[Observation] = []
        self._latest: dict[tuple[str, str], str] = {}
        self._taken = 0
        self._sent_at: dict[str, datetime] = {}
        self._under_way: dict[int, Begun] = {}
        self._observers: list[Callable[[], None]] = []
        self._stops: list[Callable[[], None]] = [
            connector.observe(self._record, self._begin) for connector in connectors
        ]

    @property
    def connectors(self) -> tuple[Connector, ...]:
        """The Connectors whose exchanges are recorded; without AsyncConnectors, which cannot be asked from here."""
        return tuple(self._connectors.values())

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges, in the order in which they ended."""
        with self._lock:
            return tuple(self._exchanges)

    @property
    def asides(self) -> tuple[Exchange, ...]:
        """What views and widgets asked for themselves, in the order in which it ended; of much the newest."""
        with self._lock:
            return tuple(self._asides)

    @property
    def under_way(self) -> tuple[Begun, ...]:
        """The calls that have no answer yet, in the order in which they began; without those of views and widgets."""
        with self._lock:
            return tuple(self._under_way.values())

    def observe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call *observer* whenever something is new here; return a function that ends this.

        That is when a call begins, when it has ended, and when a wait is over. It is called in the thread that called,
        so it must be quick, and look itself what is new, elsewhere.
        """
        with self._lock:
            self._observers.append(observer)

        def stop() -> None:
            with self._lock:
                if observer in self._observers:
                    self._observers.remove(observer)

        return stop

    def sent_at(self, name: str, message_id: str) -> datetime | None:
        """Return when a Message was sent, as the Connectors recorded it; None if that cannot be found out.

        If no answer in the journal says it, a Connector is asked aside, but no AsyncConnector.

        Args:
            name: the Connector's name.
            message_id: the Message.
        """
        if message_id not in self._sent_at and name in self._connectors:
            with aside(), suppress(ConnectorError):
                self._sent_at[message_id] = self._connectors[name].messages.get(message_id).created_at
        return self._sent_at.get(message_id)

    def last(self) -> Exchange:
        """Return the exchange that ended last.

        Raises:
            LookupError: there was none yet.
        """
        with self._lock:
            if not self._exchanges:
                raise LookupError("Nothing was exchanged yet.")
            return self._exchanges[-1]

    def history(self, subject: str | None = None) -> tuple[Observation, ...]:
        """Return when which Connector first showed which status, of one Request or Relationship, or of all."""
        with self._lock:
            return tuple(each for each in self._observations if subject in (None, each.subject))

    def take_new(self) -> tuple[tuple[Exchange, ...], tuple[Observation, ...]]:
        """Return the exchanges since this was called last, and the newest statuses of what they show."""
        with self._lock:
            new = tuple(self._exchanges[self._taken :])
            self._taken = len(self._exchanges)
            shown = {subject for exchange in new for subject, _ in _statuses(exchange.response)}
            newest = {(each.connector, each.subject): each for each in self._observations}
            return new, tuple(each for (_, subject), each in newest.items() if subject in shown)

    def close(self) -> None:
        """End the recording; what was recorded stays."""
        for stop in self._stops:
            stop()
        with self._lock:
            self._under_way.clear()

    def __len__(self) -> int:
        return len(self.exchanges)

    def __str__(self) -> str:
        rows = [_COLUMNS, *map(_row, self.exchanges)]
        return table(rows)

    def _begin(self, begun: Begun) -> Callable[[], None]:
        if begun.is_aside:
            return lambda: None
        with self._lock:
            self._under_way[begun.number] = begun
        if begun.wait:
            begun.wait.at_end(self._tell)
        self._tell()
        return partial(self._end, begun.number)

    def _end(self, number: int) -> None:
        with self._lock:
            self._under_way.pop(number, None)
        self._tell()

    def _record(self, exchange: Exchange) -> None:
        with self._lock:
            self._keep(exchange)
        if exchange.is_aside:
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            observers = list(self._observers)
        for observer in observers:
            observer()

    def _keep(self, exchange: Exchange) -> None:
        for each in objects(exchange.response, "Message"):
            self._sent_at[str(each["id"])] = datetime.fromisoformat(each["createdAt"])
        if exchange.is_aside:
            self._asides.append(exchange)
            return
        self._exchanges.append(exchange)
        for subject, status in _statuses(exchange.response):
            key = (exchange.connector, subject)
            if self._latest.get(key) != status:
                self._latest[key] = status
                self._observations.append(Observation(exchange.connector, subject, status, exchange.ended))


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
        return "isSuccess: true" if result["isSuccess"] else f"isSuccess: false: {result.get('code')}"
    parts = (result.get("id"), result.get("status"))
    return " ".join(str(part) for part in parts if part)


def objects(response: Any, kind: Kind) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a kind in an answer: its result, or what is listed there."""
    result = response.get("result") if isinstance(response, Mapping) else None
    for each in result if isinstance(result, list) else [result]:
        if isinstance(each, Mapping) and "id" in each and kind in _kinds(each):
            yield each


def _kinds(value: Mapping[str, Any]) -> Iterator[Kind]:
    content = value.get("content")
    if "status" in value and isinstance(content, Mapping) and content.get("@type") == "Request":
        yield "Request"
    if "status" in value and "auditLog" in value:
        yield "Relationship"
    if "recipients" in value and "createdBy" in value:
        yield "Message"


def _statuses(response: Any) -> Iterator[tuple[str, str]]:
    for each in (*objects(response, "Request"), *objects(response, "Relationship")):
        yield str(each["id"]), str(each["status"])
