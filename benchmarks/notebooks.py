"""Executing notebooks by `enmeshed-nb run`: the guide's with the network up, and all of them."""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.floor import ROOT
from benchmarks.network import COMMAND, Network, environment

NOTEBOOKS = ROOT / "notebooks"
GUIDE = ("01-establish-a-relationship.ipynb", "02-requests-via-messages.ipynb")


def measure(runs: int) -> Iterator[Figure]:
    """Yield the figures of notebooks.

    Args:
        runs: how often the guide's is executed.
    """
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        network = Network(Path(folder) / "network")
        network.up()
        try:
            relationship, guide = (NOTEBOOKS / name for name in GUIDE)
            _run(network, [relationship], folder)
            took = [_run(network, [guide], folder) for _ in range(runs)]
            # Its exchanges take about 0.1 s, and 2.5 s more shall do.
            yield Figure("run of 02, the network is up", "s", took, at_most=2.6)
            yield Figure("run of all notebooks", "s", [_run(network, sorted(NOTEBOOKS.glob("*.ipynb")), folder)])
        finally:
            network.down()


def _run(network: Network, notebooks: Sequence[Path], folder: str) -> float:
    command = [COMMAND, "run", *notebooks, "--out", Path(folder) / "out", "--data-dir", network.folder]
    begun = time.perf_counter()
    subprocess.run(
        list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
    return time.perf_counter() - begun
