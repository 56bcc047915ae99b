"""How fast everything is, beside what it shall reach: one table, and `build/benchmarks/figures.json`.

python -m benchmarks                                   # all groups
python -m benchmarks round-trip client                 # some of them
python -m benchmarks --trips 10 --requests 100 --connectors 2 10 --runs 1
"""

import argparse
import json
import os
import platform
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import backbone, client, connectors, notebooks, round_trip, start
from benchmarks.figures import Figure, table
from benchmarks.floor import ROOT

Group = Callable[[argparse.Namespace], Iterable[Figure]]

GROUPS: dict[str, Group] = {
    "start": lambda asked: start.measure(asked.runs),
    "round-trip": lambda asked: round_trip.measure(asked.trips, asked.requests),
    "backbone": lambda asked: backbone.figures(*backbone.measure([ROOT], asked.trips, asked.seconds)),
    "client": lambda asked: client.measure(4 * asked.trips),
    "connectors": lambda asked: connectors.measure(asked.connectors),
    "notebooks": lambda asked: notebooks.measure(asked.runs),
}


def main() -> None:
    """Measure the groups that are asked for, print their tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"some of {', '.join(GROUPS)} (all)")
    parser.add_argument("--trips", type=int, default=50, help="round trips of each kind (50)")
    parser.add_argument("--requests", type=int, nargs="+", default=[2000, 10000], help="completed ones (2000 10000)")
    parser.add_argument("--connectors", type=int, nargs="+", default=[2, 10, 50, 100], help="(2 10 50 100)")
    parser.add_argument("--runs", type=int, default=5, help="how often what takes seconds is done (5)")
    parser.add_argument("--seconds", type=float, default=2, help="how long the Backbone's calls are repeated (2)")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "benchmarks" / "figures.json")
    asked = parser.parse_args()
    if unknown := set(asked.groups) - GROUPS.keys():
        parser.error(f"there is no group {', '.join(sorted(unknown))}")
    machine = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
    found: dict[str, list[Figure]] = {}
    for name in asked.groups or GROUPS:
        before = os.getloadavg()[0]
        found[name] = list(GROUPS[name](asked))
        print(f"\n{name} (load of the machine before: {before:.1f})\n\n{table(found[name])}", flush=True)
        asked.json.parent.mkdir(parents=True, exist_ok=True)
        groups = {group: [figure.as_json() for figure in figures] for group, figures in found.items()}
        asked.json.write_text(json.dumps({"machine": machine, "groups": groups}, indent=1))


if __name__ == "__main__":
    main()
