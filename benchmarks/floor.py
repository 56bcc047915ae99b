"""The floor: two bare Runtimes in one Node process, without an HTTP API, on a Backbone of their own (`floor.js`)."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from enmeshed_nb.localnet.node import node_command

HERE = Path(__file__).parent
ROOT = HERE.parent
BLOCK = 10
"""Round trips between two turns."""
CALLS = (
    "POST /Messages",
    "POST /SyncRuns",
    "GET /Datawallet/Modifications",
    "GET /SyncRuns/{id}/ExternalEvents",
    "GET /Messages/{id}",
    "PUT /SyncRuns/{id}/FinalizeExternalEventSync",
)
"""The Backbone's calls of half a round trip, in their order."""


@dataclass
class Measured:
    """What was measured of one checkout's Backbone, in milliseconds.

    Attributes:
        start: until two Runtimes run, the import of their packages included.
        trips: each round trip.
        calls: each call, by its name.
        cpu: of the Backbone's process per round trip, in each block of them.
        rates: calls per second, by what is called by how many clients.
    """

    start: float = 0
    trips: list[float] = field(default_factory=list)
    calls: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: list[float] = field(default_factory=list)
    rates: dict[str, list[float]] = field(default_factory=dict)

    @property
    def of_backbone(self) -> float:
        """The calls of one round trip, by their medians."""
        return sum(2 * statistics.median(times) for times in self.calls.values())

    @property
    def bare(self) -> float:
        """A round trip without its calls."""
        return statistics.median(self.trips) - self.of_backbone


class Floor:
    """Two bare Runtimes on a Backbone of their own.

    Args:
        backbone: the Backbone's process.
        node: the Runtimes' process.
    """

    def __init__(self, backbone: subprocess.Popen[str], node: subprocess.Popen[str]) -> None:
        self._backbone, self._node = psutil.Process(backbone.pid), node
        self.measured = Measured(start=self._said()["start"])

    def run(self, trips: int, *, count: bool = True) -> None:
        """Make some round trips; those that do not count warm both processes up."""
        before = self._cpu()
        made = self._asked({"trips": trips})["trips"]
        if not count:
            return
        self.measured.cpu.append((self._cpu() - before) / trips)
        for trip in made:
            names = [name for name, _ in trip["calls"]]
            if names != [*CALLS, *CALLS]:
                raise SystemExit(f"A round trip does not make the calls that it should: {names}")
            self.measured.trips.append(trip["ms"])
            for name, took in trip["calls"]:
                self.measured.calls[name].append(took)

    def load(self, clients: int, seconds: float) -> None:
        """Let clients make each call that can be repeated, each one again as soon as it is answered."""
        by = f"{clients} client{'s' if clients > 1 else ''}"
        for name, rate in self._asked({"clients": clients, "seconds": seconds})["rates"].items():
            self.measured.rates[f"{name} by {by}"] = [rate]

    def _asked(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self._node.stdin
        self._node.stdin.write(f"{json.dumps(what)}\n")
        self._node.stdin.flush()
        return self._said()

    def _cpu(self) -> float:
        times = self._backbone.cpu_times()
        return 1000 * (times.user + times.system)

    def _said(self) -> dict[str, Any]:
        assert self._node.stdout
        line = self._node.stdout.readline()
        if not line:
            raise SystemExit("The Runtimes failed; what they said stands above.")
        said: dict[str, Any] = json.loads(line)
        return said


@contextmanager
def running(checkout: Path) -> Iterator[Floor]:
    """Run the Backbone of a checkout, in a new folder, and two bare Runtimes on it.

    Args:
        checkout: where its package `enmeshed_nb` is.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-"))
        path = os.pathsep.join(filter(None, [str(checkout), os.environ.get("PYTHONPATH")]))
        serve = [sys.executable, "-P", str(HERE / "serve.py"), folder]
        backbone = stack.enter_context(_process(serve, PYTHONPATH=path))
        assert backbone.stdout
        transport = {
            "baseUrl": backbone.stdout.readline().strip(),
            "platformClientId": "benchmark",
            "platformClientSecret": "secret",
        }
        runtimes = [str(node_command()), str(HERE / "floor.js")]
        node = stack.enter_context(_process(runtimes, BACKBONE=json.dumps(transport)))
        yield Floor(backbone, node)


@contextmanager
def _process(command: Sequence[str], **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program until the `with` ends, which is the end of its stdin."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=os.environ | environment) as process:
        try:
            yield process
        finally:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
