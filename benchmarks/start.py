"""Starting and stopping a network, beside the floor's start: Node's import of the Runtime and two bare Runtimes."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.floor import ROOT, running
from benchmarks.network import Network, environment
from enmeshed_nb.localnet.settings import DATA_DIR_VARIABLE

CONNECT = """
import time
begun = time.perf_counter()
from enmeshed_nb.network import connect
connect()
print(time.perf_counter() - begun)
"""
PHASES = (
    ("the Backbone answers", "backbone", "Application startup complete"),
    ("the first Runtime runs", "sender", "Started all modules"),
    ("the second Runtime runs", "recipient", "Started all modules"),
    ("the network is up", "network", "The network is up"),
)
"""What is reached on the way, with the log and the words in it that say so."""


def measure(runs: int) -> Iterator[Figure]:
    """Yield the figures of starts and stops, made by turns.

    Args:
        runs: how often everything is started.
    """
    names = ("floor", "fresh", "again", "down", "connect", *(name for name, _, _ in PHASES))
    took: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(runs):
        with running(ROOT) as floor:
            took["floor"].append(floor.measured.start / 1000)
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            network = Network(Path(folder) / "network")
            begun = time.time()
            took["fresh"].append(network.up())
            for name, log, words in PHASES:
                took[name].append(_said(network.folder / "logs" / f"{log}.log", words) - begun)
            took["connect"].append(_connect(network))
            network.down()
            took["again"].append(network.up())
            took["down"].append(network.down())
    floor_start = Figure("the floor's start", "s", took["floor"])
    yield floor_start
    yield Figure("up, fresh", "s", took["fresh"], floor_start, times_base=1.35)
    for name, _, _ in PHASES:
        yield Figure(f"  until {name}", "s", took[name])
    yield Figure("up again", "s", took["again"], floor_start, times_base=1.2)
    yield Figure("down", "s", took["down"], at_most=0.4)
    yield Figure("import and `connect()`, the network is up", "s", took["connect"])


def _said(log: Path, words: str) -> float:
    """Return when a log has the words for the first time."""
    line = next(line for line in log.read_text(encoding="utf-8").splitlines() if words in line)
    return datetime.fromisoformat(line.split()[0]).timestamp()


def _connect(network: Network) -> float:
    command = [sys.executable, "-P", "-c", CONNECT]
    there = environment(**{DATA_DIR_VARIABLE: str(network.folder)})
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=there)
    return float(finished.stdout)
