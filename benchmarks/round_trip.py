"""The guide's round trip: by plain httpx, by our client, by `ask`; with few and with many completed Requests."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.floor import BLOCK, ROOT, running
from benchmarks.network import STAGES, Network, Plain, befriend, connected, fill, trip
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import AuthenticationRequestItem, Request
from enmeshed_nb.guide import accept_all, ask, wait_for, wait_for_status

REQUEST = Request(items=[AuthenticationRequestItem(title="Who is there?", must_be_accepted=True)])
SMALL, LARGE = 1.05, 1.15
"""What a round trip may take with some thousand, with ten thousand Requests, of what it takes without."""
MEMORY = {2_000: 300, 10_000: 450}
"""MB that a network may take with so many Requests."""

Trip = Callable[[], Iterator[object]]


def measure(trips: int, sizes: Sequence[int]) -> Iterator[Figure]:
    """Yield the figures of the round trip.

    Args:
        trips: how many round trips there are of each kind.
        sizes: how many completed Requests there are in both stores.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-")))
        floor = stack.enter_context(running(ROOT))
        empty, grown = Network(folder / "empty"), Network(folder / "grown")
        empty.up()
        stack.callback(empty.down)
        memory = Figure("memory at the start", "MB", [empty.memory()], at_most=230)
        size = Figure("folder at the start", "MB", [empty.size()])
        sender, recipient = stack.enter_context(connected(empty))
        befriend(sender, [recipient])
        plain = lambda: trip(sender, recipient)  # noqa: E731 - it is one of several ways
        floor.run(BLOCK, count=False)
        took = _by_turns(
            [plain, stack.enter_context(_Ours(empty)).trip, stack.enter_context(_Ours(empty)).ask],
            trips,
            meanwhile=lambda: floor.run(BLOCK),
        )
        bare = Figure("bare", "ms", [floor.measured.bare])
        by_plain = Figure("by plain httpx", "ms", _whole(took[0]), bare, times_base=2.1)
        yield bare
        yield by_plain
        yield Figure("by our client and `wait_for`", "ms", _whole(took[1]), by_plain, times_base=1.15)
        yield Figure("by `ask`", "ms", _whole(took[2]), by_plain)
        for number, stage in enumerate(STAGES):
            of_plain = Figure(f"  {stage}, plain", "ms", [times[number] for times in took[0]])
            yield of_plain
            yield Figure(f"  {stage}, ours", "ms", [times[number] for times in took[1]], of_plain)
        yield memory
        yield size
        yield from _with_many(grown, plain, trips, sizes)


class _Ours:
    """Both Connectors of a network, called by our client."""

    def __init__(self, network: Network) -> None:
        sender, recipient = network.state["connectors"]
        self.sender = Connector(sender["url"], sender["apiKey"], name="sender")
        self.recipient = Connector(recipient["url"], recipient["apiKey"], name="recipient")
        self.peer = recipient["address"]

    def __enter__(self) -> "_Ours":
        return self

    def __exit__(self, *_: object) -> None:
        self.sender.close()
        self.recipient.close()

    def trip(self) -> Iterator[object]:
        """Make the same round trip as `network.trip`; yield after each stage."""
        outgoing, incoming = self.sender.requests.outgoing, self.recipient.requests.incoming
        yield outgoing.validate(REQUEST, self.peer)
        created = outgoing.create(REQUEST, self.peer)
        yield None
        message = self.sender.messages.send(self.peer, created.content)
        yield None
        yield wait_for_status(outgoing, created.id, "Open")
        yield self.recipient.account.sync()
        of_message = {"source.reference": message.id, "status": "ManualDecisionRequired"}
        (found,) = wait_for(lambda: incoming.list(of_message))
        yield None
        decision = accept_all(found)
        yield incoming.can_accept(found.id, decision)
        yield incoming.accept(found.id, decision)
        yield wait_for_status(incoming, found.id, "Completed")
        yield self.sender.account.sync()
        yield wait_for_status(outgoing, created.id, "Completed")

    def ask(self) -> Iterator[object]:
        """Make the round trip by one call."""
        yield ask(self.sender, self.recipient, REQUEST)


def _with_many(grown: Network, plain: Trip, trips: int, sizes: Sequence[int]) -> Iterator[Figure]:
    """Yield the figures of a network with completed Requests, before and after a restart, beside one with few."""
    grown.up()
    there = 0
    try:
        for requests in sizes:
            with connected(grown) as (sender, recipient):
                befriend(sender, [recipient])
                fill(sender, recipient, requests - there)
                yield from _beside(f"with {requests:,} Requests", plain, (sender, recipient), trips, requests)
            there = requests + trips
            yield Figure(f"  memory with {requests:,}", "MB", [grown.memory()], at_most=MEMORY.get(requests))
            yield Figure(f"  folder with {requests:,}", "MB", [grown.size()])
            grown.down()
            yield Figure(f"  up again with {requests:,}", "s", [grown.up()], at_most=3)
            with connected(grown) as (sender, recipient):
                yield from _beside(f"  after a restart with {requests:,}", plain, (sender, recipient), trips, requests)
            there += trips
            yield Figure(f"  memory after a restart with {requests:,}", "MB", [grown.memory()])
    finally:
        grown.down()


def _beside(name: str, plain: Trip, pair: tuple[Plain, Plain], trips: int, requests: int) -> Iterator[Figure]:
    few, many = _by_turns([plain, lambda: trip(*pair)], trips)
    base = Figure("one with few", "ms", _whole(few))
    yield Figure(name, "ms", _whole(many), base, times_base=LARGE if requests > 2000 else SMALL)


def _by_turns(
    ways: Sequence[Trip], trips: int, meanwhile: Callable[[], object] = lambda: None
) -> list[list[list[float]]]:
    """Make round trips in several ways by turns; return for each way and each trip what its stages took, in ms."""
    took: list[list[list[float]]] = [[] for _ in ways]
    for way in ways:
        _timed(way)
    for _ in range(-(-trips // BLOCK)):
        meanwhile()
        for way, times in zip(ways, took, strict=True):
            times += [_timed(way) for _ in range(BLOCK)]
    return took


def _timed(way: Trip) -> list[float]:
    times = [time.perf_counter(), *(time.perf_counter() for _ in way())]
    return [1000 * (after - before) for before, after in pairwise(times)]


def _whole(took: Sequence[Sequence[float]]) -> list[float]:
    return [sum(stages) for stages in took]
