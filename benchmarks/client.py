"""Our client beside raw httpx: time per call, the share of parsing; and what imports take beside `import httpx`."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from benchmarks.network import COMMAND, REQUEST, Network, befriend, connected, environment, fill
from enmeshed_nb.connector import Connector, LocalRequest
from enmeshed_nb.content.model import read_answer

IMPORTS = 7
BLOCK = 20


def measure(calls: int) -> Iterator[Figure]:
    """Yield the figures of the client.

    Args:
        calls: how many calls there are of each kind.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        network = Network(Path(folder) / "network")
        network.up()
        try:
            yield from _calls(network, calls)
        finally:
            network.down()
    yield from _imports()


def _calls(network: Network, calls: int) -> Iterator[Figure]:
    with connected(network) as (sender, recipient):
        befriend(sender, [recipient])
        fill(sender, recipient, 1)
        (request,) = sender.get("/Requests/Outgoing")
        of_sender = network.state["connectors"][0]
        with Connector(of_sender["url"], of_sender["apiKey"], name="sender") as client:
            outgoing, peer, id_ = client.requests.outgoing, recipient.address, request["id"]
            asked = {"content": REQUEST, "peer": peer}
            yield from _pair(
                "GET /Requests/Outgoing/{id}",
                lambda: sender.get(f"/Requests/Outgoing/{id_}"),
                lambda: outgoing.get(id_),
                calls,
            )
            yield from _pair(
                "POST /Requests/Outgoing/Validate",
                lambda: sender.post("/Requests/Outgoing/Validate", asked),
                lambda: outgoing.validate(REQUEST, peer),
                calls,
            )
            (by_client,) = _by_turns([lambda: outgoing.get(id_)], calls)
            (parsed,) = _by_turns([lambda: read_answer(LocalRequest, request)], calls)
            whole = Figure("such a call", "ms", by_client)
            yield Figure("reading a Request as a model", "ms", parsed, whole)


def _pair(name: str, raw: Callable[[], Any], ours: Callable[[], Any], calls: int) -> Iterator[Figure]:
    by_raw, by_ours = _by_turns([raw, ours], calls)
    base = Figure(f"{name}, raw httpx", "ms", by_raw)
    yield base
    yield Figure(f"{name}, our client", "ms", by_ours, base, times_base=1.25)


def _by_turns(ways: Sequence[Callable[[], Any]], calls: int) -> list[list[float]]:
    took: list[list[float]] = [[] for _ in ways]
    for way in ways:
        way()
    for _ in range(-(-calls // BLOCK)):
        for way, times in zip(ways, took, strict=True):
            times += [1000 * _seconds(way) for _ in range(BLOCK)]
    return took


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _imports() -> Iterator[Figure]:
    """Yield what programs take that do no more than import something, by turns."""
    programs: dict[str, list[str]] = {
        **{
            f"import {name}": [sys.executable, "-P", "-c", f"import {name}"]
            for name in ("httpx", "enmeshed_nb", "enmeshed_nb.connector")
        },
        "enmeshed-nb --help": [str(COMMAND), "--help"],
    }
    took: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(IMPORTS):
        for name, command in programs.items():
            took[name].append(_seconds(lambda command=command: _run(command)))  # type: ignore[misc]
    base = Figure("import httpx", "s", took.pop("import httpx"))
    yield base
    for name, times in took.items():
        yield Figure(name, "s", times, base, times_base=2)


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment())
