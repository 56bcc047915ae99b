"""Flows that are killed before each of their events, from snapshots of networks that are ready for them."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from enmeshed_nb.closing import Closing
from enmeshed_nb.guide import establish_relationship
from tests.faults.flows import FLOWS, NOT_TWICE, STRANGERS, finish
from tests.faults.network import Hosts, Network
from tests.faults.run import Finding, Run


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        flow: its name.
        killed_at: before which event the host was killed, 0 for none.
        events: all events up to there.
        findings: what was not as it must be.
        notes: what happened.
        seconds: how long it took.
        was_killed: whether the event came.
    """

    flow: str
    killed_at: int
    events: list[str]
    findings: list[Finding]
    notes: list[str]
    seconds: float
    was_killed: bool

    @property
    def event(self) -> str:
        """Before what it was killed."""
        return self.events[self.killed_at - 1] if 0 < self.killed_at <= len(self.events) else "no event"

    @property
    def points(self) -> list[int]:
        """The events before which a kill leaves something new behind: a handler that begins has changed nothing yet."""
        before = ["", *self.events]
        return [number for number, last in enumerate(before[:-1], 1) if not last.startswith("handler")]

    def __str__(self) -> str:
        lines = [f"{self.flow}, killed before event {self.killed_at}: {self.event}"]
        lines += [f"    {finding}" for finding in dict.fromkeys(self.findings)]
        lines += [f"        {note}" for note in self.notes] if self.findings else []
        if self.findings:
            lines.append(
                f"    replay: python -m tests.faults points --exact --flow '{self.flow}' --at {self.killed_at}"
            )
        return "\n".join(lines)


class Snapshots(Closing):
    """Networks to start from, made once: strangers, and two that have a Relationship.

    Args:
        folder: where to keep them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._runs = 0
        self._used: list[Network] = []
        self.hosts = Hosts()

    def of(self, flow: str, copy: Path | None = None) -> Path:
        """Return a new folder, perhaps a certain one, in which a flow can begin."""
        name = "strangers" if flow in STRANGERS else "related"
        source = self._folder / name
        with self._lock:
            if not source.exists():
                self._make(source, related=name == "related")
            self._runs += 1
            copy = copy or self._folder / f"run-{self._runs}"
        return Path(shutil.copytree(source, copy))

    @contextmanager
    def network(self, flow: str) -> Iterator[tuple[Network, Callable[[], None]]]:
        """Give a network for a flow, and what to call if it is as good as new afterwards."""
        again = flow not in NOT_TWICE
        with self._lock:
            network = self._used.pop() if again and self._used else None
        network = network or Network(self.of(flow), self.hosts)
        is_good = False

        def keep() -> None:
            nonlocal is_good
            is_good = again

        try:
            yield network, keep
        finally:
            if is_good:
                self._used.append(network)
            else:
                network.close()
                shutil.rmtree(network.folder)

    def close(self) -> None:
        """End everything that waits."""
        for network in self._used:
            network.close()
        self.hosts.close()

    def _make(self, folder: Path, *, related: bool) -> None:
        making = folder.with_suffix(".new")
        with Network(making, self.hosts) as network:
            if related:
                establish_relationship(network.connector("sender"), network.connector("recipient"))
            network.snapshot(folder)
        shutil.rmtree(making)


def run_flow(name: str, snapshots: Snapshots, kill_at: int = 0) -> Outcome:
    """Run a flow, kill the host before one event, go on as a careful client, and hold all against the model."""
    begun = time.monotonic()
    notes: list[str] = []
    findings: list[Finding] = []
    with snapshots.network(name) as (network, keep):
        network.runs += 1
        deaths = network.deaths
        run = Run(network, network.runs, findings, notes)
        try:
            steps = FLOWS[name](run)
            next(steps)
            network.arm(kill_at)
            finish(steps)
            network.disarm()
            run.settle()
            run.check()
        except Exception as error:
            run.find("error", f"{type(error).__name__}: {error}")
        if findings:
            notes += [f"log: {line}" for line in network.log if " error " in line or " warn " in line][-12:]
        else:
            keep()
        was_killed = network.deaths > deaths
        return Outcome(name, kill_at, network.events, findings, notes, time.monotonic() - begun, was_killed)
