"""One call of a device: who it is, its transaction, and the events that it causes for others.

Handlers are coroutines that never wait inside `with Call(...)`: the event loop runs one transaction at a time, so
each is atomic and numbered series have no gaps, without locks. What runs beside it (the removal of Identities) waits
for SQLite's own lock: every transaction begins as a writer.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fastapi import Request
from sqlalchemy import Select, create_engine, func, select
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from enmeshed_nb.localnet.backbone.errors import BackboneError, refused, unauthorized
from enmeshed_nb.localnet.backbone.formats import timestamp
from enmeshed_nb.localnet.backbone.models import AccessToken, Base, Device, ExternalEvent, Identity
from enmeshed_nb.localnet.backbone.tries import Tries

DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE = 50, 200
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
        listen(self.engine, "connect", self._prepare)
        listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        Base.metadata.create_all(self.engine)

    def _prepare(self, connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions begin where this module says so
        # With a write-ahead log a commit survives the end of this process, however sudden; synchronous=NORMAL
        # spares the wait for the disk, which only a power failure would make good.
        for pragma in ("journal_mode = WAL", f"synchronous = {self._synchronous}", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

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
        device: the device that calls, if it is logged in.
        address: the address of the device's Identity.
    """

    device: Device | None = None
    address: str | None = None

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = store.clock()
        self._notified: set[str] = set()

    def __enter__(self) -> Self:
        self.session = Session(self.store.engine, expire_on_commit=False)
        try:
            self._identify()
        except BaseException:
            self.session.close()
            raise
        return self

    def _identify(self) -> None:
        """Find out who calls: here, anyone may."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self.session:
            if error and not (isinstance(error, BackboneError) and error.keeps_changes):
                return
            self.session.commit()
        for address in self._notified:
            self.store.wake(address)

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
        if not (identity := self.session.get(Identity, owner)):
            return
        self.session.add(
            ExternalEvent(
                owner=owner,
                type=event_type,
                index=identity.next_event_index,
                payload=dict(payload),
                created_at=self.now,
                context=context,
                is_blocked=is_blocked,
            )
        )
        identity.next_event_index += 1
        if not is_blocked:
            self._notified.add(owner)

    def notify(self, address: str) -> None:
        """Tell an Identity's listeners that there is something to fetch."""
        self._notified.add(address)


class Call(Transaction):
    """The transaction of a device that is logged in.

    Args:
        request: the HTTP request, with the device's bearer token.
    """

    device: Device
    address: str

    def __init__(self, request: Request) -> None:
        super().__init__(store_of(request))
        self._request = request

    def _identify(self) -> None:
        self.device = self._logged_in()
        self.address = self.device.identity
        self.identity = self.session.get_one(Identity, self.address)

    def _logged_in(self) -> Device:
        scheme, _, token = self._request.headers.get("authorization", "").partition(" ")
        known = self.session.get(AccessToken, hash_of_token(token)) if scheme.lower() == "bearer" else None
        if not known or known.expires_at <= self.now:
            raise unauthorized()
        return self.session.get_one(Device, known.device)

    def header(self, name: str) -> str | None:
        """Return a header of the request."""
        return self._request.headers.get(name)

    def page(self, query: Select[Any], write: Callable[[Any], Any]) -> dict[str, Any]:
        """Return one page of a list as the request's `pageNumber` and `pageSize` want it.

        Raises:
            BackboneError: the page size is out of bounds.
        """
        parameters = self._request.query_params
        try:
            number = int(parameters.get("pageNumber", 1))
            size = int(parameters.get("pageSize", DEFAULT_PAGE_SIZE))
        except ValueError:
            raise refused("pagination.invalidPageSize", "pageNumber and pageSize must be numbers.") from None
        if not 1 <= number < 2**31 or not 1 <= size <= MAX_PAGE_SIZE:
            raise refused("pagination.invalidPageSize", f"pageSize must be between 1 and {MAX_PAGE_SIZE}.")
        total = self.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
        rows = self.session.scalars(query.limit(size).offset((number - 1) * size))
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
