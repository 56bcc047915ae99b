"""The Backbone alone: what each of its calls takes in the guide's round trip, as two bare Runtimes see it.

python -m benchmarks.backbone                          # the table, and build/benchmarks/backbone.json
python -m benchmarks.backbone --against ../older       # beside that of another checkout, by turns in the same run
"""

import argparse
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.figures import Figure, table
from benchmarks.floor import BLOCK, CALLS, ROOT, Measured, running

WITH_CHANGES, WITHOUT = 1.0, 0.6
"""Milliseconds that a call shall take at most, with changes and without."""
TARGETS = dict(zip(CALLS, (WITH_CHANGES, WITH_CHANGES, WITHOUT, WITHOUT, WITH_CHANGES, WITH_CHANGES), strict=True))
"""For each call; the first time that a recipient fetches a Message changes it."""
SHARE = 0.55
"""What all calls of a round trip shall take at most of what the Runtimes need without them."""
CLIENTS = (1, 8, 32)


def measure(checkouts: Sequence[Path], trips: int, seconds: float) -> list[Measured]:
    """Make round trips on the Backbones of some checkouts, by turns; then call each as often as that goes.

    Args:
        checkouts: where their packages are.
        trips: how many round trips each makes.
        seconds: how long each of its calls is repeated by each number of clients.
    """
    with ExitStack() as stack:
        floors = [stack.enter_context(running(checkout)) for checkout in checkouts]
        for floor in floors:
            floor.run(BLOCK, count=False)
        for _ in range(-(-trips // BLOCK)):
            for floor in floors:
                floor.run(BLOCK)
        for clients in CLIENTS:
            for floor in floors:
                floor.load(clients, seconds)
        return [floor.measured for floor in floors]


def figures(measured: Measured, other: Measured | None = None) -> list[Figure]:
    """Return the figures of one checkout's Backbone, beside those of another one if there is one."""
    beside = {figure.name: figure for figure in figures(other)} if other else {}
    bare = Figure("without its calls (bare)", "ms", [measured.bare], beside.get("without its calls (bare)"))

    def figure(name: str, unit: str, values: Sequence[float], at_most: float | None = None) -> Figure:
        return Figure(name, unit, values, beside.get(name), at_most)

    calls = [figure(name, "ms", measured.calls[name], target) for name, target in TARGETS.items()]
    of_all = "all 12 calls"
    if other:
        all_calls = figure(of_all, "ms", [measured.of_backbone])
    else:
        all_calls = Figure(of_all, "ms", [measured.of_backbone], bare, times_base=SHARE)
    return [
        *calls,
        all_calls,
        figure("the Backbone's CPU for them", "ms", measured.cpu),
        figure("a round trip of the floor", "ms", measured.trips),
        bare,
        *(figure(name, "/s", rates) for name, rates in measured.rates.items()),
    ]


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trips", type=int, default=100, help="round trips (100)")
    parser.add_argument("--seconds", type=float, default=2, help="how long calls are repeated (2)")
    parser.add_argument("--against", type=Path, help="another checkout of this repository")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "benchmarks" / "backbone.json")
    asked = parser.parse_args()
    checkouts = [ROOT, *([asked.against.resolve()] if asked.against else [])]
    measured, *others = measure(checkouts, asked.trips, asked.seconds)
    found = figures(measured, *others)
    print("As Node's HTTP client sees it; a ratio is that to the other checkout, if there is one.\n")
    print(table(found))
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps([figure.as_json() for figure in found], indent=1))


if __name__ == "__main__":
    main()
