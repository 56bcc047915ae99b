"""Many Connectors in one network: their start, their memory, and one of them asking all others at once."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.network import ACCEPTED, REQUEST, Network, Plain, become, befriend, connected, until

CALLERS = 8
"""Threads that call the Connectors."""
OF_HUNDRED = {"up": 25, "memory": 600, "asked": 8}


def measure(sizes: Sequence[int]) -> Iterator[Figure]:
    """Yield the figures of networks of some sizes.

    Args:
        sizes: how many Connectors, ascending.
    """
    smaller: tuple[int, float, float] | None = None
    for size in sizes:
        target = OF_HUNDRED if size == 100 else {}
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            network = Network(Path(folder) / "network", [f"connector-{number}" for number in range(1, size + 1)])
            up = network.up()
            try:
                memory = network.memory()
                yield Figure(f"{size} Connectors up", "s", [up], at_most=target.get("up"))
                yield Figure("  memory", "MB", [memory], at_most=target.get("memory"))
                if smaller:
                    more = size - smaller[0]
                    yield Figure("  each further Connector", "s", [(up - smaller[1]) / more], at_most=0.25)
                    yield Figure("  each further Connector's memory", "MB", [(memory - smaller[2]) / more], at_most=4)
                with connected(network) as (sender, *others):
                    befriend(sender, others)
                    yield Figure(
                        "  all asked, until Completed", "s", [_ask_all(sender, others)], at_most=target.get("asked")
                    )
            finally:
                network.down()
        smaller = size, up, memory


def _ask_all(sender: Plain, others: Sequence[Plain]) -> float:
    """Ask all others at once; return the seconds until all Requests are Completed at the sender, too."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as callers:
        ids = list(callers.map(lambda other: _ask(sender, other), others))
        list(callers.map(_accept, others))
    sender.post("/Account/Sync")
    for each in ids:
        become(sender, "Outgoing", each, "Completed")
    return time.perf_counter() - begun


def _ask(sender: Plain, other: Plain) -> str:
    created = sender.post("/Requests/Outgoing", {"content": REQUEST, "peer": other.address})
    sender.post("/Messages", {"recipients": [other.address], "content": created["content"]})
    return str(created["id"])


def _accept(other: Plain) -> None:
    other.post("/Account/Sync")
    (incoming,) = until(lambda: other.get("/Requests/Incoming", status="ManualDecisionRequired"))
    other.put(f"/Requests/Incoming/{incoming['id']}/Accept", ACCEPTED)
    become(other, "Incoming", incoming["id"], "Completed")
