"""Flows that are killed before each of their events, from snapshots of networks that are ready for them."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from enmeshed_nb.closing import Closing
from enmeshed_nb.guide import establish_relationship
from tests.faults.flows import FLOWS, STRANGERS, finish
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
    """

    flow: str
    killed_at: int
    events: list[str]
    findings: list[Finding]
    notes: list[str]
    seconds: float

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
            lines.append(f"    replay: python -m tests.faults points --flow '{self.flow}' --at {self.killed_at}")
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
        self.hosts = Hosts()

    def of(self, flow: str) -> Path:
        """Return a new folder in which a flow can begin."""
        name = "strangers" if flow in STRANGERS else "related"
        source = self._folder / name
        with self._lock:
            if not source.exists():
                self._make(source, related=name == "related")
            self._runs += 1
            copy = self._folder / f"run-{self._runs}"
        return Path(shutil.copytree(source, copy))

    def close(self) -> None:
        """End the hosts that wait."""
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
    folder = snapshots.of(name)
    with Network(folder, snapshots.hosts) as network:
        run = Run(network)
        steps = FLOWS[name](run)
        next(steps)
        network.arm(kill_at)
        finish(steps)
        network.disarm()
        events = network.events
        run.settle()
        findings = run.check()
        notes = [*run.notes, *([f"log: {line}" for line in network.log if " error " in line][-6:] if findings else [])]
    shutil.rmtree(folder)
    return Outcome(name, kill_at, events, findings, notes, time.monotonic() - begun)
