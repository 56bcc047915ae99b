"""An acceptance run from its beginning to its reports: what the command line calls."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from enmeshed_nb.acceptance.ground import Ground, open_ground
from enmeshed_nb.acceptance.outcomes import Outcome
from enmeshed_nb.acceptance.planning import Choice
from enmeshed_nb.acceptance.record import Facts, FolderError, Place, Record
from enmeshed_nb.acceptance.report import Report, make_report, reference
from enmeshed_nb.acceptance.reports import summary, write_reports
from enmeshed_nb.acceptance.running import PARALLEL, RATE, run

SUMMARY_VARIABLE = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True)
class Manner:
    """How a run is made.

    Attributes:
        profile: the profile whose Connectors are used; without it, what the environment names.
        out: the folder for the reports.
        parallel: how many checks run side by side.
        rate: how many calls each Connector gets in a second, at most; None: `RATE` for own Connectors, and as many as
            come for a local network.
        fresh: whether a run that was broken off is not gone on with, and reports of other Connectors are written over.
        confirm: is asked before own Connectors get a Relationship for the run.
        tell: is told of each outcome, and of how many there will be.
        note: is told what else a person should know.
    """

    out: Path
    profile: str | None = None
    parallel: int = PARALLEL
    rate: float | None = None
    fresh: bool = False
    confirm: Callable[[str], bool] = lambda _: False
    tell: Callable[[Outcome, int], None] = lambda *_: None
    note: Callable[[str], None] = field(default=lambda _: None)


def accept(choice: Choice, manner: Manner) -> Report:
    """Make a run, and write its reports.

    Interrupted by Ctrl-C, it writes reports of what it has found so far, which say that they are not complete.

    Raises:
        FolderError: the folder for the reports cannot be used, or has a report on other Connectors.
        UserError: the Connectors cannot be used; see `open_ground`.
    """
    with ExitStack() as stack:
        record = stack.enter_context(Record(manner.out))
        before, known = record.unfinished()
        ground = stack.enter_context(open_ground(manner.profile, needs=choice.needs, confirm=manner.confirm))
        facts = facts_of(ground)
        if manner.fresh or not before:
            known = []
        elif before.name != facts.name:
            raise FolderError(
                f"{manner.out} has a report on {before.name}, and these are {facts.name}.",
                "Name another folder (--out DIR), or begin anew (--fresh).",
            )
        elif known and not before.goes_on_with(facts):
            manner.note(
                "The Connectors are others than in the run that was broken off, or have changed: it begins anew."
            )
            known = []
        elif known:
            manner.note(f"It goes on with a run that was broken off: {len(known)} results are known (--fresh: anew).")
        if known and before:
            facts = facts.model_copy(update={"began": before.began})
        outcomes = [each for each in known if not each.is_open]
        record.begin(facts, outcomes)
        rate = manner.rate or (None if ground.is_local else RATE)
        total = sum(len(check.roles) * len(check.requirements) for check in choice.checks)
        try:
            for each in run(ground, choice.checks, parallel=manner.parallel, rate=rate, known=tuple(outcomes)):
                record.add(each)
                outcomes.append(each)
                manner.tell(each, total)
        except KeyboardInterrupt:
            manner.note("Interrupted. What was found is kept; the same command goes on where this one was.")
        else:
            record.end()
        report = make_report(facts, choice, outcomes)
        write_reports(report, manner.out)
        if file := os.environ.get(SUMMARY_VARIABLE):
            with Path(file).open("a", encoding="utf-8") as step:
                step.write(summary(report))
        return report


def facts_of(ground: Ground) -> Facts:
    """Return what a run is made on, as reports say it; the Sender stands once, however many keys are used."""
    connectors = {each.url: name for name, each in reversed(ground.connectors.items())}
    return Facts(
        name=ground.name,
        is_local=ground.is_local,
        connectors=tuple(
            Place(name=name, url=each.url, address=ground.addresses[name], version=ground.versions[name])
            for name, each in ground.connectors.items()
            if connectors[each.url] == name
        ),
        began=datetime.now(UTC),
        by=f"enmeshed-nb {version('enmeshed-nb')}",
    )


def dry_run(choice: Choice, name: str) -> str:
    """Return what a run would do, and what it would leave where; nothing is asked of any Connector.

    Args:
        choice: what it would look at.
        name: how the Connectors are called.
    """
    calls = reference().get("calls", {})
    lines = [f"On {name}, nothing of this was done:"]
    total = 0.0
    for check in choice.checks:
        often = "once" if len(check.roles) == 1 else "in both parts"
        lines.append(f"{check.name}, {often}: {check.title}")
        number = calls.get(check.name, 0) * len(check.roles)
        total += number
        known = f"about {number:.0f} calls; " if number else ""
        needs = f"; needs {', '.join(check.needs)}" if check.needs else ""
        lines.append(f"    {known}leaves {check.creates or 'nothing'}{needs}")
    requirements = sum(len(check.roles) * len(check.requirements) for check in choice.checks)
    lines.append(f"{requirements} results, about {total:.0f} calls of Sender and Recipient together.")
    return "\n".join(lines)
