"""Send the Requests of a load, decide them, and write down when what happened.

Every Request goes the guide's whole way: validate, create, send, until the Recipient has it, decide, until the Sender
has the Response. Whoever waits at one Connector is told by one look for all of them, so that waiting is no load.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from enmeshed_nb import aio
from enmeshed_nb.clock import ASYNC_TIME, AsyncClock
from enmeshed_nb.connector import AsyncConnector, ConnectorError, LocalRequest
from enmeshed_nb.load.workload import Planned

STEPS = ("its turn", "validate", "create", "send", "until received", "decide", "until completed")
"""What a Request goes through, in this order; the first is how long it waited because others were under way."""
MOST_UNDER_WAY = 16
"""Requests under way at once. A Backbone keeps 20 Messages of one Sender that a Recipient has not fetched."""
_FIRST_LOOK, _LAST_LOOK = 0.005, 0.1
_FIRST_SYNC, _LAST_SYNC = 0.02, 1.0

Outcome = Literal["completed", "failed", "lost", "unfinished"]


@dataclass
class Trip:
    """One Request on its way; points in time and durations are in seconds.

    Attributes:
        planned: what is sent.
        due: when it was to begin, since the load began.
        steps: what each of `STEPS` took that it went through.
        whole: what it took from `due` until it was completed, None if it was not.
        outcome: "lost" was sent and did not come back in time; "unfinished" was under way when the load was broken off.
        failed_at: the step that failed.
        code: what it failed with: a code of the API, or in words.
    """

    planned: Planned
    due: float
    steps: dict[str, float] = field(default_factory=dict)
    whole: float | None = None
    outcome: Outcome = "unfinished"
    failed_at: str = ""
    code: str = ""

    def fail(self, code: str, outcome: Outcome = "failed") -> None:
        """Note that it does not go on, at the first step that is not done."""
        self.outcome, self.code = outcome, code
        self.failed_at = next((step for step in STEPS if step not in self.steps), STEPS[-1])


@dataclass(frozen=True)
class Pace:
    """How fast Requests are sent.

    Attributes:
        requests: how many at most.
        rate: so many in a second, however slowly they are answered (an open loop); None for `parallel`.
        parallel: so many at once, each as soon as another is completed (a closed loop).
        duration: after so many seconds no more are sent; None: no limit.
        patience: how many seconds a Request may take at each side before it counts as lost.
        sync: whether both sides are synchronised by the load; else their modules have to do it.
    """

    requests: int
    rate: float | None = None
    parallel: int = 1
    duration: float | None = None
    patience: float = 60
    sync: bool = True


class Side:
    """One Connector, and those who wait for a Request there.

    Args:
        connector: the Connector.
        look: lists the Requests of these ids that are far enough.
        sync: whether it is synchronised while somebody waits.
        clock: the time.
    """

    def __init__(
        self,
        connector: AsyncConnector,
        look: Callable[[list[str]], Awaitable[list[LocalRequest]]],
        *,
        sync: bool,
        clock: AsyncClock = ASYNC_TIME,
    ) -> None:
        self._connector, self._look, self._syncs, self._clock = connector, look, sync, clock
        self._waiting: dict[str, asyncio.Future[LocalRequest]] = {}
        self._news = asyncio.Event()
        self._last_sync, self._sync_pause = -_LAST_SYNC, _FIRST_SYNC
        self.troubles: Counter[str] = Counter()
        """How often it could not be synchronised or asked, by codes."""

    async def wait_for(self, request_id: str, patience: float) -> LocalRequest:
        """Return a Request as soon as it is far enough.

        Raises:
            TimeoutError: it was not within *patience* seconds.
        """
        future = self._waiting[request_id] = asyncio.get_running_loop().create_future()
        self._sync_pause = _FIRST_SYNC
        self._news.set()
        try:
            return await asyncio.wait_for(future, patience)
        finally:
            del self._waiting[request_id]

    async def watch(self) -> None:
        """Synchronise and look as long as somebody waits; ends by being cancelled."""
        pause = _FIRST_LOOK
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), pause if self._waiting else None)
            self._news.clear()
            try:
                found = await self._ask()
            except ConnectorError as error:
                self.troubles[_code(error)] += 1
                found, pause = [], _LAST_LOOK
            for request in found:
                if (future := self._waiting.get(request.id)) and not future.done():
                    future.set_result(request)
            pause = _FIRST_LOOK if found else min(pause * 1.5, _LAST_LOOK)

    async def _ask(self) -> list[LocalRequest]:
        if self._syncs and self._clock.now() >= self._last_sync + self._sync_pause:
            self._sync_pause = min(self._sync_pause * 2, _LAST_SYNC)
            try:
                await aio.sync(self._connector)
            finally:
                self._last_sync = self._clock.now()
        ids = [each for each, future in self._waiting.items() if not future.done()]
        return await self._look(ids) if ids else []


class Load:
    """A load on two Connectors that have a Relationship.

    Args:
        sides: the Sender, which asks, and the Recipient, which decides.
        peer: the Recipient's address.
        requests: what is sent.
        pace: how fast.
        clock: the time.

    Attributes:
        trips: what was sent so far.
        seconds: how long it took, from the first that was due until the last was over.
        interrupted: whether it was broken off.
        troubles: how often a side could not be synchronised or asked, by codes.
    """

    def __init__(
        self,
        sides: tuple[AsyncConnector, AsyncConnector],
        peer: str,
        requests: Iterator[Planned],
        pace: Pace,
        clock: AsyncClock = ASYNC_TIME,
    ) -> None:
        (self._sender, self._recipient), self._peer = sides, peer
        self._requests, self._pace, self._clock = requests, pace, clock
        self.trips: list[Trip] = []
        self.interrupted = False
        self.seconds = 0.0
        self.troubles: Counter[str] = Counter()

    async def run(self) -> None:
        """Send all of it, and wait until the last is over.

        The first Ctrl-C (or cancellation) ends it well: no more are sent, and what is under way is waited for.
        """
        self._stop = asyncio.Event()
        self._under_way = asyncio.Semaphore(MOST_UNDER_WAY)
        self._begun = self._clock.now()
        outgoing, incoming = self._sender.requests.outgoing, self._recipient.requests.incoming
        there = ["ManualDecisionRequired", "Decided", "Completed", "Expired"]
        self._at_recipient = Side(
            self._recipient, lambda ids: incoming.list({"id": ids, "status": there}), sync=self._pace.sync
        )
        self._at_sender = Side(
            self._sender,
            lambda ids: outgoing.list({"id": ids, "status": ["Completed", "Expired"]}),
            sync=self._pace.sync,
        )
        watching = [asyncio.create_task(side.watch()) for side in (self._at_recipient, self._at_sender)]
        sending = asyncio.create_task(self._send_all())
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError:
            self.interrupted = True
            self._stop.set()
            await sending
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            self.seconds = self._clock.now() - self._begun
            self.troubles = self._at_recipient.troubles + self._at_sender.troubles

    async def _send_all(self) -> None:
        if self._pace.rate is None:
            await asyncio.gather(*(self._one_after_the_other() for _ in range(self._pace.parallel)))
            return
        trips: list[asyncio.Task[None]] = []
        for planned in self._requests:
            due = len(trips) / self._pace.rate
            if len(trips) >= self._pace.requests or self._is_over(due) or await self._stopped_before(due):
                break
            trips.append(asyncio.create_task(self._trip(planned, due)))
        await asyncio.gather(*trips)

    async def _one_after_the_other(self) -> None:
        for planned in self._requests:
            due = self._clock.now() - self._begun
            if len(self.trips) >= self._pace.requests or self._is_over(due) or self._stop.is_set():
                break
            await self._trip(planned, due)

    def _is_over(self, due: float) -> bool:
        return self._pace.duration is not None and due >= self._pace.duration

    async def _stopped_before(self, due: float) -> bool:
        """Wait until something is due; tell whether the load was broken off before."""
        rest = self._begun + due - self._clock.now()
        if rest > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), rest)
        return self._stop.is_set()

    async def _trip(self, planned: Planned, due: float) -> None:
        trip = Trip(planned, due)
        self.trips.append(trip)
        async with self._under_way:
            if self._stop.is_set():
                self.trips.remove(trip)  # its turn came too late: nothing was sent
                return
            try:
                await self._go(trip)
            except ConnectorError as error:  # a call that was not answered in time is one, too
                trip.fail(_code(error))
            except TimeoutError:
                trip.fail("nothing came in time", "lost")

    async def _go(self, trip: Trip) -> None:
        planned, outgoing, last = trip.planned, self._sender.requests.outgoing, self._begun + trip.due

        def done(step: str) -> None:
            nonlocal last
            now = self._clock.now()
            trip.steps[step] = now - last
            last = now

        done("its turn")
        (await outgoing.validate(planned.request, self._peer)).raise_for_failure()
        done("validate")
        created = await outgoing.create(planned.request, self._peer)
        done("create")
        await self._sender.messages.send(self._peer, created.content)
        done("send")
        received = await self._at_recipient.wait_for(created.id, self._pace.patience)
        done("until received")
        if received.status != "ManualDecisionRequired":
            trip.fail("decided by somebody else")
            return
        incoming = self._recipient.requests.incoming
        await (incoming.accept if planned.accept else incoming.reject)(created.id, planned.decision())
        done("decide")
        completed = await self._at_sender.wait_for(created.id, self._pace.patience)
        done("until completed")
        result = completed.response.content.result if completed.response else None
        if result != ("Accepted" if planned.accept else "Rejected"):
            trip.fail("another answer than was decided")
            return
        trip.whole, trip.outcome = last - self._begun - trip.due, "completed"


def _code(error: ConnectorError) -> str:
    return error.code or type(error).__name__
