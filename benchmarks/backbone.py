"""The Backbone alone: what each of its calls takes in the guide's round trip, as two bare Runtimes see it.

python -m benchmarks.backbone                          # the table, and build/benchmarks/backbone.json
python -m benchmarks.backbone --against ../older       # beside that of another checkout, by turns in the same run
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from enmeshed_nb.localnet.install import node_command

HERE = Path(__file__).parent
ROOT = HERE.parent
BLOCK = 10
"""Round trips between two turns."""
WITH_CHANGES, WITHOUT = 1.0, 0.6
"""Milliseconds that a call shall take at most, with changes and without."""
CALLS = {
    "POST /Messages": WITH_CHANGES,
    "POST /SyncRuns": WITH_CHANGES,
    "GET /Datawallet/Modifications": WITHOUT,
    "GET /SyncRuns/{id}/ExternalEvents": WITHOUT,
    "GET /Messages/{id}": WITH_CHANGES,  # the first time that a recipient fetches it
    "PUT /SyncRuns/{id}/FinalizeExternalEventSync": WITH_CHANGES,
}
"""The calls of half a round trip, in their order, each with its target."""
SHARE = 0.55
"""What all calls of a round trip shall take at most of what the Runtimes need without them."""


@dataclass
class Measured:
    """What was measured of one checkout's Backbone, in milliseconds.

    Attributes:
        start: until two Runtimes run, the import of their packages included.
        trips: each round trip.
        calls: each call, by its name.
        cpu: of the Backbone's process per round trip, in each block of them.
    """

    start: float = 0
    trips: list[float] = field(default_factory=list)
    calls: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: list[float] = field(default_factory=list)

    @property
    def of_backbone(self) -> float:
        """The calls of one round trip, by their medians."""
        return sum(2 * statistics.median(times) for times in self.calls.values())

    @property
    def bare(self) -> float:
        """A round trip without its calls."""
        return statistics.median(self.trips) - self.of_backbone

    def as_json(self) -> dict[str, Any]:
        """Return what was measured and what follows from it."""
        known = {"start": self.start, "trips": self.trips, "calls": self.calls, "cpu": self.cpu}
        return {**known, "backbone": self.of_backbone, "bare": self.bare}


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
        assert self._node.stdin
        self._node.stdin.write(f"{trips}\n")
        self._node.stdin.flush()
        made = self._said()["trips"]
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


def measure(checkouts: Sequence[Path], trips: int) -> list[Measured]:
    """Make round trips on the Backbones of some checkouts, by turns.

    Args:
        checkouts: where their packages are.
        trips: how many round trips each makes.
    """
    with ExitStack() as stack:
        floors = [stack.enter_context(running(checkout)) for checkout in checkouts]
        for floor in floors:
            floor.run(BLOCK, count=False)
        for _ in range(-(-trips // BLOCK)):
            for floor in floors:
                floor.run(BLOCK)
        return [floor.measured for floor in floors]


def _times_of(call: str, measured: Measured) -> list[float]:
    return measured.calls[call]


def table(measured: Measured, other: Measured | None) -> str:
    """Return the table, with the ratios to another checkout's Backbone if there is one."""
    rows = [("", "median", "min", "max", "target", "of the other" if other else "")]

    def row(name: str, target: str, of: Callable[[Measured], Sequence[float]]) -> None:
        times = of(measured)
        median = statistics.median(times)
        ratio = f"{median / statistics.median(of(other)):.2f}" if other else ""
        rows.append((name, f"{median:.2f}", f"{min(times):.2f}", f"{max(times):.2f}", target, ratio))

    for name, target in CALLS.items():
        row(name, f"≤ {target:.1f}", partial(_times_of, name))
    row("all 12 calls", f"≤ {SHARE * measured.bare:.1f}", lambda each: [each.of_backbone])
    row("the Backbone's CPU for them", "", lambda each: each.cpu)
    row("a round trip", "", lambda each: each.trips)
    row("  without its calls (bare)", "", lambda each: [each.bare])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) if not number else cell.rjust(width) for number, (cell, width) in enumerate(cells))
        for cells in (zip(each, widths, strict=True) for each in rows)
    )
    return "\n".join(line.rstrip() for line in lines)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trips", type=int, default=100, help="round trips (100)")
    parser.add_argument("--against", type=Path, help="another checkout of this repository")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "benchmarks" / "backbone.json")
    asked = parser.parse_args()
    measured, *others = measure([ROOT, *([asked.against.resolve()] if asked.against else [])], asked.trips)
    other = others[0] if others else None
    print("Milliseconds, as Node's HTTP client sees them.\n")
    print(table(measured, other))
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(
        json.dumps({"here": measured.as_json(), "there": other.as_json() if other else None}, indent=1)
    )


if __name__ == "__main__":
    main()
