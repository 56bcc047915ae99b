"""`python -m tests.faults`: the long runs, and the replay of what they find."""

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.faults.flows import FLOWS
from tests.faults.load import load
from tests.faults.points import Outcome, Snapshots, run_flow
from tests.faults.run import HARMLESS
from tests.faults.torture import Workload, kills, outages


@contextmanager
def snapshots() -> Iterator[Snapshots]:
    """Give a place for snapshots of networks that are ready for flows."""
    with tempfile.TemporaryDirectory(prefix="enmeshed-nb-faults-") as folder, Snapshots(Path(folder)) as ready:
        yield ready


def points(options: argparse.Namespace) -> int:
    """Kill before each event of the flows, or before some of them."""
    flows = [name for name in FLOWS if options.flow is None or any(part in name for part in options.flow)]
    if options.exact:
        flows = options.flow
    with snapshots() as ready, ThreadPoolExecutor(options.jobs) as pool:

        def run(task: tuple[str, int]) -> Outcome:
            return run_flow(task[0], ready, task[1])

        if options.at is not None:
            tasks = [(flow, at) for flow in flows for at in options.at]
        else:
            tasks = []
            known: set[tuple[str, ...]] = set()
            for outcome in pool.map(run, [(flow, 0) for flow in flows]):
                if outcome.findings:
                    print(outcome, flush=True)
                every = range(1, len(outcome.events) + 1)
                for number in every if options.every else outcome.points:
                    between = tuple(["", *outcome.events][number - 1 : number + 1])
                    if not options.distinct or between not in known:
                        tasks.append((outcome.flow, number))
                    known.add(between)
        if options.sample and options.sample < len(tasks):
            tasks = sorted(random.Random(options.seed).sample(tasks, options.sample))
        print(f"{len(tasks)} points of {len(flows)} flows", flush=True)
        kinds: Counter[str] = Counter()
        failed, seconds = 0, 0.0
        missed = 0
        for outcome in pool.map(run, tasks):
            missed += not outcome.was_killed
            seconds += outcome.seconds
            if outcome.findings:
                failed += any(finding.kind not in HARMLESS for finding in outcome.findings)
                kinds.update({finding.kind for finding in outcome.findings})
                print(outcome, flush=True)
            elif options.verbose:
                print(outcome, flush=True)
    summary = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "nothing found"
    print(f"{len(tasks)} points, {seconds / max(len(tasks), 1):.2f} s each, {missed} not reached: {summary}")
    return min(failed, 1)


def events(options: argparse.Namespace) -> int:
    """List the events of flows."""
    with snapshots() as ready:
        for flow in options.flow:
            outcome = run_flow(flow, ready)
            print(outcome)
            for number, event in enumerate(outcome.events, 1):
                print(f"{number:5} {event}")
    return 0


def workloads(options: argparse.Namespace) -> int:
    """Run workloads until there were enough of them, or enough kills."""
    make: Callable[[int, Snapshots], Workload] = {"kills": kills, "outages": outages}[options.what]
    failed = done = killed = 0
    with snapshots() as ready, ThreadPoolExecutor(options.jobs) as pool:
        for first in range(options.seed, sys.maxsize, options.jobs):
            seeds = range(first, first + options.jobs)[: (options.runs or sys.maxsize) - done]
            for workload in pool.map(lambda seed: make(seed, ready), seeds):
                done, killed = done + 1, killed + workload.kills
                failed += any(finding.kind not in HARMLESS for finding in workload.findings)
                print(workload, flush=True)
            if done >= (options.runs or sys.maxsize) or killed >= (options.kills or sys.maxsize):
                break
    print(f"{done} workloads, {killed} kills, {failed} with findings")
    return min(failed, 1)


def fuzzing(options: argparse.Namespace) -> int:
    """Make calls that nobody meant."""
    from tests.faults.fuzz import fuzz

    return fuzz(options)


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser("events", help="list the events of flows")
    listing.add_argument("flow", nargs="+", choices=FLOWS, metavar="FLOW")
    listing.set_defaults(do=events)
    killing = commands.add_parser("points", help="kill before each event of flows")
    killing.add_argument("--flow", action="append", help="only flows with this in their names")
    killing.add_argument("--at", type=int, action="append", help="only before this event")
    killing.add_argument("--every", action="store_true", help="also where nothing happened since the point before")
    killing.add_argument("--distinct", action="store_true", help="only once between the same two events, in all flows")
    killing.add_argument("--exact", action="store_true", help="--flow is the whole name")
    killing.add_argument("--sample", type=int, help="only so many points, chosen by the seed")
    killing.add_argument("--seed", type=int, default=0)
    killing.add_argument("--jobs", type=int, default=2)
    killing.add_argument("--verbose", action="store_true")
    killing.set_defaults(do=points)
    for what in ("kills", "outages"):
        working = commands.add_parser(what, help=f"workloads with random {what}")
        working.add_argument("--seed", type=int, default=1)
        working.add_argument("--runs", type=int, help="so many workloads")
        working.add_argument("--kills", type=int, help="until the host was killed so often")
        working.add_argument("--jobs", type=int, default=2)
        working.set_defaults(do=workloads, what=what)
    calling = commands.add_parser("fuzz", help="calls that nobody meant (needs schemathesis)")
    calling.add_argument("--calls", type=int, default=50_000)
    calling.add_argument("--seed", type=int, default=1)
    calling.set_defaults(do=fuzzing)
    loading = commands.add_parser("load", help="much at once; 0 leaves a part out")
    loading.add_argument("--connectors", type=int, default=100, help="on one network, all asked at once")
    loading.add_argument("--requests", type=int, default=1000, help="outstanding, accepted in a row")
    loading.add_argument("--calls", type=int, default=200, help="under way at once")
    loading.set_defaults(do=lambda options: load(options.connectors, options.requests, options.calls))
    options = parser.parse_args()
    return int(options.do(options))


if __name__ == "__main__":
    sys.exit(main())
