"""Workloads: several flows under way at once, while kills or outages meet them at random places."""

import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.faults.flows import RELATED, Steps, finish
from tests.faults.network import Network
from tests.faults.points import Snapshots
from tests.faults.proxy import OUTAGES, Proxy
from tests.faults.run import Finding, GivenUpError, Run

AT_ONCE = 5
MOST_EVENTS = 120
RECEIVE, DECIDE = 3, 4
"""After how many steps of the flow of a Request it is sent, and received."""
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

    @property
    def replay(self) -> str:
        """The command that does it again."""
        if self.what in ("kills", "outages"):
            return f"python -m tests.faults {self.what} --seed {self.seed} --runs 1"
        return f"python -m pytest tests/faults -k {self.what}"

    def __str__(self) -> str:
        lines = [f"{self.what}, seed {self.seed}, {self.kills} kills, {self.seconds:.0f} s: {'; '.join(self.flows)}"]
        lines += [f"    {finding}" for finding in dict.fromkeys(self.findings)]
        if self.findings:
            lines += [f"        {note}" for note in self.notes]
            lines.append(f"    replay: {self.replay}")
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
    dice = random.Random(seed)
    workload = Workload("kills", seed, dice.sample(MIXABLE, AT_ONCE))
    with _network(workload, snapshots) as (network, run):

        def next_kill() -> int | None:
            return dice.randint(1, MOST_EVENTS) if network.deaths < most else None

        def before_each() -> None:
            if network.next_kill is None:
                network.next_kill = next_kill
                network.arm(dice.randint(1, MOST_EVENTS))
            if dice.random() < 0.05:
                network.backbone.kill()
                network.backbone.start()

        interleave(run, workload.flows, dice, before_each)
    return workload


def outages(seed: int, snapshots: Snapshots, kinds: Sequence[str] = tuple(OUTAGES)) -> Workload:
    """Let the Backbone be away in a random way, at a random place of a flow, until a call has failed."""
    dice = random.Random(seed)
    workload = Workload("outages", seed, dice.sample(MIXABLE, 2))
    with _network(workload, snapshots, proxied=True) as (network, run):
        assert network.proxy
        proxy: Proxy = network.proxy

        def before_each() -> None:
            if dice.random() < 0.5:
                outage = dice.choice(kinds)
                proxy.fail(outage, after=dice.randint(0, 3))
                run.notes.append(f"outage: {outage}")
            else:
                proxy.recover()

        interleave(run, workload.flows, dice, before_each)
    return workload


def unsent_response(outage: str, snapshots: Snapshots) -> Workload:
    """Let the Backbone be away just when the Response to a decided Request is sent."""
    workload = Workload("unsent_response", 0, ["accept create IdentityAttribute"])
    with _network(workload, snapshots, proxied=True) as (network, run):
        assert network.proxy
        steps = _begun(run, workload, DECIDE)
        network.proxy.fail(outage, call="POST /api/v2/Messages", times=1)
        next(steps)
        while not network.proxy.failed:
            time.sleep(0.01)
        network.proxy.recover()
        finish(steps)
    return workload


def unfetched_message(snapshots: Snapshots) -> Workload:
    """Let three synchronisations in a row fail to fetch a Message."""
    workload = Workload("unfetched_message", 0, ["accept create IdentityAttribute"])
    with _network(workload, snapshots, proxied=True) as (network, run):
        assert network.proxy
        steps = _begun(run, workload, RECEIVE)
        network.proxy.fail("500", call="GET /api/v2/Messages/")
        for _ in range(3):
            network.connector("recipient").account.sync()
        assert network.backbone_rows("SELECT error_count FROM external_events WHERE type = 'MessageReceived'") == [(3,)]
        network.proxy.recover()
        finish(steps)
    return workload


def unfetched_by_kills(event: str, snapshots: Snapshots) -> Workload:
    """Kill the host before this event, three times in a row, while it fetches a Message or starts again after that."""
    workload = Workload("unfetched_by_kills", 0, ["accept create IdentityAttribute"])
    with _network(workload, snapshots) as (network, run):
        steps = _begun(run, workload, RECEIVE)
        others = iter([event, event])
        network.next_kill = lambda: next(others, None)
        network.arm(event)
        run.sync("recipient")
        assert network.deaths == 3
        assert not [line for line in network.log if "cannot be applied" in line]
        finish(steps)
    return workload


def _begun(run: Run, workload: Workload, count: int) -> Steps:
    """Do the first steps of a workload's only flow, and return the others."""
    (flow,) = workload.flows
    steps = RELATED[flow](run)
    for _ in range(count):
        next(steps)
    return steps


@contextmanager
def _network(workload: Workload, snapshots: Snapshots, *, proxied: bool = False) -> Iterator[tuple[Network, Run]]:
    """Give a network for a workload; after it, end all faults and hold everything against the model."""
    begun = time.monotonic()
    folder = snapshots.of("related")
    with Network(folder, snapshots.hosts, proxied=proxied) as network:
        run = Run(network, workload.seed, workload.findings, workload.notes)
        try:
            yield network, run
            network.next_kill = None
            network.disarm()
            if network.proxy:
                network.proxy.recover()
            run.settle()
            run.check()
            workload.kills = network.deaths
            run.same_after_restart()
        except Exception as error:
            run.find("error", f"{type(error).__name__}: {error}")
        if run.findings:
            workload.notes += [f"log: {line}" for line in network.log if " error " in line][-8:]
    shutil.rmtree(folder)
    workload.seconds = time.monotonic() - begun
