"""Workloads: several flows under way at once, while kills or outages meet them at random places."""

import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.flows import RELATED, Steps
from tests.faults.network import Network
from tests.faults.points import Snapshots
from tests.faults.proxy import OUTAGES, Proxy
from tests.faults.run import Finding, GivenUpError, Run

AT_ONCE = 5
MOST_EVENTS = 120
MIXABLE = [name for name in RELATED if name != "end of a Relationship"]


@dataclass
class Workload:
    """What a seed makes.

    Attributes:
        seed: decides everything.
        flows: the flows that were under way at once.
        kills: how often the host was killed.
        findings: what was not as it must be.
        notes: what happened.
        seconds: how long it took.
    """

    what: str
    seed: int
    flows: list[str] = field(default_factory=list)
    kills: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0

    def __str__(self) -> str:
        lines = [f"{self.what}, seed {self.seed}, {self.kills} kills, {self.seconds:.0f} s: {'; '.join(self.flows)}"]
        lines += [f"    {finding}" for finding in dict.fromkeys(self.findings)]
        if self.findings:
            lines += [f"        {note}" for note in self.notes]
            lines.append(f"    replay: python -m tests.faults {self.what} --seed {self.seed} --runs 1")
        return "\n".join(lines)


def interleave(run: Run, flows: list[str], dice: random.Random, before_each: Callable[[], None]) -> None:
    """Do the steps of several flows in random order until all of them ended or were given up."""
    under_way: list[Steps] = []
    for name in flows:
        steps = RELATED[name](run)
        next(steps)  # what the flow needs is made before the faults begin
        under_way.append(steps)
    while under_way:
        before_each()
        steps = dice.choice(under_way)
        try:
            next(steps)
        except (StopIteration, GivenUpError):
            under_way.remove(steps)


def kills(seed: int, snapshots: Snapshots, most: int = 10) -> Workload:
    """Kill the host before random events, `most` times; sometimes while it starts, sometimes the Backbone, too."""
    dice, begun = random.Random(seed), time.monotonic()
    workload = Workload("kills", seed, dice.sample(MIXABLE, AT_ONCE))
    folder = snapshots.of("related")
    with Network(folder, snapshots.hosts) as network:
        run = Run(network, seed)

        def next_kill() -> int | None:
            return dice.randint(1, MOST_EVENTS) if network.deaths < most else None

        def sometimes() -> None:
            if network.next_kill is None:
                network.next_kill = next_kill
                network.arm(next_kill() or 0)
            if dice.random() < 0.05:
                network.backbone.kill()
                network.backbone.start()

        interleave(run, workload.flows, dice, sometimes)
        network.next_kill = None
        network.disarm()
        run.settle()
        run.check()
        run.same_after_restart()
        workload.kills, workload.findings, workload.notes = network.deaths - 1, run.findings, run.notes
        if run.findings:
            workload.notes += [f"log: {line}" for line in network.log if " error " in line][-8:]
    shutil.rmtree(folder)
    workload.seconds = time.monotonic() - begun
    return workload


def outages(seed: int, snapshots: Snapshots, kinds: list[str] | None = None) -> Workload:
    """Let the Backbone be away in a random way, at a random place of a flow, for as long as one call takes."""
    dice, begun = random.Random(seed), time.monotonic()
    workload = Workload("outages", seed, dice.sample(MIXABLE, 2))
    folder = snapshots.of("related")
    with Network(folder, snapshots.hosts, proxied=True) as network:
        assert network.proxy
        proxy: Proxy = network.proxy
        run = Run(network, seed)

        def sometimes() -> None:
            if dice.random() < 0.5:
                outage = dice.choice(kinds or list(OUTAGES))
                proxy.fail(outage, after=dice.randint(0, 3))
                run.notes.append(f"outage: {outage}")
            else:
                proxy.recover()

        interleave(run, workload.flows, dice, sometimes)
        proxy.recover()
        run.settle()
        run.check()
        run.same_after_restart()
        workload.findings, workload.notes = run.findings, run.notes
        if run.findings:
            workload.notes += [f"log: {line}" for line in network.log if " error " in line][-8:]
    shutil.rmtree(folder)
    workload.seconds = time.monotonic() - begun
    return workload
