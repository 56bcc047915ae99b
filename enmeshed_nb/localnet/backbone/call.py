"""One call of a device: who it is, its transaction, and the events that it causes for others.

Handlers are coroutines that never wait inside `with Call(...)`: the event loop runs one transaction at a time, so
each is atomic and numbered series have no gaps, without locks. What runs beside it (the removal of Identities) waits
for SQLite's own lock: every transaction begins as a writer.

What Connectors call all the time (Messages, sync runs, the datawallet, and who calls) is written in SQL: SQLite
prepares each statement once, and it takes microseconds. All else uses the mapped classes of `models` by the
transaction's `session`, which is made when it is asked for.
"""

import asyncio
import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from fastapi import Request
from sqlalchemy import Connection, Select, create_engine, func, select
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from enmeshed_nb.localnet.backbone.errors import BackboneError, refused, unauthorized
from enmeshed_nb.localnet.backbone.formats import new_id, stored, timestamp
from enmeshed_nb.localnet.backbone.models import Base, Device
from enmeshed_nb.localnet.backbone.tries import Tries

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 200
CALLER = """
    SELECT access_tokens.device, identities.address, identities.datawallet_version, identities.next_modification_index
    FROM access_tokens JOIN devices ON devices.id = access_tokens.device
    JOIN identities ON identities.address = devices.identity
    WHERE access_tokens.hash = ? AND access_tokens.expires_at > ?
"""
"""Who calls with a token, given its hash and the time."""
Listener = tuple[asyncio.AbstractEventLoop, asyncio.Event]


class Store:
    """The SQLite file, what is configured, who listens for events, and who tries passwords."""

    def __init__(
        self,
        folder: Path,
        clients: Mapping[str, str],
        hostname: str,
        clock: Callable[[], datetime],
        *,
        survives_power_failure: bool = False,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._synchronous = "FULL" if survives_power_failure else "NORMAL"
        self.clients, self.hostname, self.clock = dict(clients), hostname, clock
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        self.streams_are_over = False
        self.tries = Tries()
        self.engine = create_engine(f"sqlite:///{folder / 'backbone.db'}", connect_args={"check_same_thread": False})
        self._idle: list[Connection] = []
        listen(self.engine, "connect", self._prepare)
        Base.metadata.create_all(self.engine)

    def _prepare(self, connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions begin where this module says so
        # With a write-ahead log a commit survives the end of this process, however sudden; synchronous=NORMAL
        # spares the wait for the disk, which only a power failure would make good.
        for pragma in ("journal_mode = WAL", f"synchronous = {self._synchronous}", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    def borrow(self) -> Connection:
        """Return a connection with the file that nobody uses."""
        try:
            return self._idle.pop()
        except IndexError:
            return self.engine.connect()

    def give_back(self, connection: Connection) -> None:
        """Take a connection back; what is not committed is undone."""
        connection.connection.rollback()
        self._idle.append(connection)

    def close(self) -> None:
        """Close the file."""
        while self._idle:
            self._idle.pop().close()
        self.engine.dispose()

    @contextmanager
    def listening(self, address: str) -> Iterator[asyncio.Event]:
        """Give a signal, in the running loop, that is set whenever there is something new for an Identity."""
        news = asyncio.Event()
        listener = (asyncio.get_running_loop(), news)
        self._listeners[address].add(listener)
        try:
            yield news
        finally:
            self._listeners[address].discard(listener)
            if not self._listeners[address]:
                del self._listeners[address]

    def wake(self, address: str) -> None:
        """Set the signals of those who listen for an Identity, whatever threads their loops run in."""
        for loop, news in tuple(self._listeners.get(address, ())):
            loop.call_soon_threadsafe(news.set)

    def end_streams(self) -> None:
        """Let the streams of server-sent events end, those of the future, too."""
        self.streams_are_over = True
        for address in tuple(self._listeners):
            self.wake(address)


def store_of(request: Request) -> Store:
    """Return the store of the application that answers a request."""
    store: Store = request.app.state.store
    return store


def hash_of_token(token: str) -> str:
    """Return how a bearer token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


class Transaction:
    """A transaction: committed at the end of the `with`, before anything is answered; undone by an error.

    Args:
        store: the file that it is of.

    Attributes:
        now: the time at which all that it does happens.
        device_id: the device that calls, if it is logged in.
        address: the address of the device's Identity.
    """

    device_id: str | None = None
    address: str | None = None
    _connection: Connection
    _sqlite: sqlite3.Connection

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = store.clock()
        self._notified: set[str] = set()

    @cached_property
    def stored_now(self) -> str:
        """The time at which all happens, as it stands in the file."""
        return stored(self.now)

    def __enter__(self) -> Self:
        self._connection = self.store.borrow()
        try:
            self._sqlite = cast("sqlite3.Connection", self._connection.connection.driver_connection)
            self._sqlite.execute("BEGIN IMMEDIATE")
            self._identify()
        except BaseException:
            self.store.give_back(self._connection)
            raise
        return self

    def _identify(self) -> None:
        """Find out who calls: here, anyone may."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session: Session | None = self.__dict__.get("session")
        try:
            if error and not (isinstance(error, BackboneError) and error.keeps_changes):
                return
            if session:
                session.flush()
            self._sqlite.commit()
        finally:
            if session:
                session.close()
            self.store.give_back(self._connection)
        for address in self._notified:
            self.store.wake(address)

    @cached_property
    def session(self) -> Session:
        """The mapped objects of this transaction."""
        return Session(self._connection)

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """Return the rows that a statement gives; their columns are found by their names."""
        cursor = self._sqlite.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> Any:
        """Return the first row that a statement gives, None without one."""
        return next(iter(self.rows(statement, *values)), None)

    def execute(self, statement: str, *values: Any) -> int:
        """Change rows; return how many."""
        return self._sqlite.execute(statement, values).rowcount

    def insert(self, table: str, **columns: Any) -> None:
        """Add a row."""
        self._sqlite.execute(_insertion(table, tuple(columns)), tuple(columns.values()))

    def raise_event(
        self,
        owner: str,
        event_type: str,
        payload: Mapping[str, Any],
        *,
        context: str | None = None,
        is_blocked: bool = False,
    ) -> None:
        """Let an Identity know of something with its next sync run; `context` is the Relationship that it is about."""
        count = (
            "UPDATE identities SET next_event_index = next_event_index + 1 WHERE address = ? RETURNING next_event_index"
        )
        if not (identity := self.row(count, owner)):
            return
        self.insert(
            "external_events",
            id=new_id("EEI"),
            owner=owner,
            type=event_type,
            index=identity["next_event_index"] - 1,
            payload=json.dumps(payload),
            created_at=self.stored_now,
            context=context,
            error_count=0,
            is_blocked=is_blocked,
            is_done=False,
        )
        if not is_blocked:
            self._notified.add(owner)

    def notify(self, address: str) -> None:
        """Tell an Identity's listeners that there is something to fetch."""
        self._notified.add(address)


@cache
def _insertion(table: str, columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"


class Call(Transaction):
    """The transaction of a device that is logged in.

    Args:
        request: the HTTP request, with the device's bearer token.

    Attributes:
        datawallet_version: the version of the Identity's datawallet, if it has one.
        next_modification_index: the index that the next modification of the datawallet gets.
    """

    device_id: str
    address: str

    def __init__(self, request: Request) -> None:
        super().__init__(store_of(request))
        self._request = request

    def _identify(self) -> None:
        scheme, _, token = self._request.headers.get("authorization", "").partition(" ")
        caller = self.row(CALLER, hash_of_token(token), self.stored_now) if scheme.lower() == "bearer" else None
        if not caller:
            raise unauthorized()
        self.device_id, self.address = caller["device"], caller["address"]
        self.datawallet_version: int | None = caller["datawallet_version"]
        self.next_modification_index: int = caller["next_modification_index"]

    @cached_property
    def device(self) -> Device:
        """The device that calls."""
        return self.session.get_one(Device, self.device_id)

    def header(self, name: str) -> str | None:
        """Return a header of the request."""
        return self._request.headers.get(name)

    def page(self, query: Select[Any], write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return one page of a list as the request's `pageNumber` and `pageSize` want it.

        Args:
            query: the whole list of mapped objects.
            write: makes the JSON of one of them.

        Raises:
            BackboneError: the page size is out of bounds.
        """
        return self._page(
            lambda size, skipped: self.session.scalars(query.limit(size).offset(skipped)).all(),
            lambda: self.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0,
            write,
        )

    def page_of(self, statement: str, *values: Any, write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return one page of the rows that a statement gives, as `page` does."""
        return self._page(
            lambda size, skipped: self.rows(f"{statement} LIMIT ? OFFSET ?", *values, size, skipped),
            lambda: self.row(f"SELECT count(*) AS total FROM ({statement})", *values)["total"],
            write,
        )

    def _page(
        self, read: Callable[[int, int], Sequence[Any]], count: Callable[[], int], write: Callable[[Any], Any]
    ) -> dict[str, Any]:
        parameters = self._request.query_params
        try:
            number = int(parameters.get("pageNumber", 1))
            size = int(parameters.get("pageSize", DEFAULT_PAGE_SIZE))
        except ValueError:
            raise refused("pagination.invalidPageSize", "pageNumber and pageSize must be numbers.") from None
        if not 1 <= number < 2**31 or not 1 <= size <= MAX_PAGE_SIZE:
            raise refused("pagination.invalidPageSize", f"pageSize must be between 1 and {MAX_PAGE_SIZE}.")
        rows = read(size, (number - 1) * size)
        is_all = number == 1 and len(rows) < size
        total = len(rows) if is_all else count()
        pages = max(1, -(-total // size))
        pagination = {"pageNumber": number, "pageSize": size, "totalPages": pages, "totalRecords": total}
        return {"result": [write(row) for row in rows], "pagination": pagination}


def caller_of(request: Request) -> Transaction:
    """Return the transaction of whoever calls a route that needs no login: a `Call` if a token is sent along."""
    return Call(request) if "authorization" in request.headers else Transaction(store_of(request))


def result(value: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    """Return the envelope of a success."""
    return {"result": value}


def written_time(moment: datetime | None) -> str | None:
    """Return a point in time as JSON, null if there is none."""
    return timestamp(moment) if moment else None
