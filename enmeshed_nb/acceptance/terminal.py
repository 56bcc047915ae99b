"""An acceptance run as a terminal shows it."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from enmeshed_nb.acceptance.command import Manner, accept, dry_run
from enmeshed_nb.acceptance.ground import GroundError, own_name
from enmeshed_nb.acceptance.outcomes import Outcome, Status
from enmeshed_nb.acceptance.planning import ChoiceError, choose, coverage
from enmeshed_nb.acceptance.record import FolderError
from enmeshed_nb.acceptance.report import ICONS, ROLES, Report
from enmeshed_nb.connector import InvalidInput
from enmeshed_nb.errors import UserError
from enmeshed_nb.own_connectors import SettingsError
from enmeshed_nb.printable import printable

NOT_POSSIBLE, NOT_COMPLETE = 2, 3
_BAD_INPUT = (ChoiceError, FolderError, GroundError, InvalidInput, SettingsError)
_COLOURS = {Status.PASSED: "green", Status.WARNING: "yellow", Status.FAILED: "red"}


def main(
    plans: Sequence[str],
    checks: Sequence[str],
    console: Console,
    *,
    what: Literal["run", "dry run", "coverage"],
    as_json: bool,
    out: Path,
    profile: str | None,
    parallel: int,
    rate: float | None,
    fresh: bool,
    yes: bool,
) -> int:
    """Do what was asked for, and return the exit code. What it says goes to the console, what was asked for to stdout.

    Args:
        plans: names of plans, or files of own ones.
        checks: names of checks.
        console: where progress and results are shown.
        what: a run, or only what it would do, or which requirements there are.
        as_json: whether the result is printed as JSON.
        out: the folder for the reports.
        profile: the profile whose Connectors are used.
        parallel: how many checks run side by side.
        rate: how many calls each Connector gets in a second, at most.
        fresh: whether it begins anew.
        yes: whether own Connectors may get a Relationship without a question.
    """
    try:
        choice = choose(plans, checks)
        if what == "coverage":
            _print_coverage(choice.requirements, as_json=as_json)
            return 0
        if what == "dry run":
            click.echo(dry_run(choice, own_name(profile)))
            return 0
        progress = _Progress(console)
        manner = Manner(
            out,
            profile=profile,
            parallel=parallel,
            rate=rate,
            fresh=fresh,
            confirm=lambda question: yes or (sys.stdin.isatty() and click.confirm(question, err=True)),
            tell=progress.tell,
            note=progress.note,
        )
        report = accept(choice, manner)
    except UserError as error:
        click.echo(f"{click.style('Error:', fg='red')} {error}", err=True)
        return NOT_POSSIBLE if isinstance(error, _BAD_INPUT) else NOT_COMPLETE
    except KeyboardInterrupt:
        click.echo("Interrupted before anything was found.", err=True)
        return NOT_COMPLETE
    _print_summary(report, out, console)
    if as_json:
        click.echo(report.model_dump_json(indent=2))
    return report.exit_code


class _Progress:
    """Says what does not hold when it is found, and in a terminal how far the run is."""

    def __init__(self, console: Console) -> None:
        self._console, self._done = console, 0

    def note(self, said: str) -> None:
        self._console.print(said, highlight=False, markup=False, soft_wrap=True)

    def tell(self, outcome: Outcome, total: int) -> None:
        self._done += 1
        if outcome.status in (Status.FAILED, Status.WARNING):
            colour = _COLOURS[outcome.status]
            said = printable(outcome.said.splitlines()[0]) if outcome.said else ""
            name = f"[{colour}]{ICONS[outcome.status]} {outcome.requirement}[/] ({ROLES[outcome.swapped]})"
            self._console.print(f"{name}: {escape(said)}", highlight=False, soft_wrap=True)
        if self._console.is_terminal:
            self._console.print(f"  {self._done} of {total} …", end="\r", style="dim", highlight=False)


def _print_summary(report: Report, out: Path, console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    heads = [status for status in Status if report.counts[status]]
    for _ in range(len(heads) + 1):
        table.add_column(no_wrap=True)
    for plan, results in report.plans.items():
        cells = []
        for status in heads:
            number = sum(each.status == status for each in results)
            colour = _COLOURS.get(status, "dim")
            cells.append(f"[{colour}]{ICONS[status]} {number} {status.lower()}[/]" if number else "")
        table.add_row(f"[bold]{plan}[/]", *cells)
    console.print(table)
    for result in report.bad:
        console.print(f"[red]✘ {result.id}[/] {escape(result.text)}", highlight=False, soft_wrap=True)
        console.print(f"    What to do: {escape(result.cure)}", highlight=False, soft_wrap=True)
    colour = "red" if report.bad else "green" if report.complete else "yellow"
    console.print(f"[bold {colour}]{report.headline}[/]", highlight=False)
    console.print(f"Report: {out / 'report.html'}", highlight=False, markup=False, soft_wrap=True)


def _print_coverage(names: Sequence[str], *, as_json: bool) -> None:
    covered = {each: checks for each, checks in coverage().items() if each.id in names}
    if as_json:
        click.echo(json.dumps([{**each.model_dump(), "checks": checks} for each, checks in covered.items()], indent=2))
        return
    for each, checks in covered.items():
        click.echo(f"{each.id}: {each.text}\n    {', '.join(checks) or 'no check'}")
    without = sum(not checks for checks in covered.values())
    click.echo(f"{len(covered)} requirements, {without} of them without a check.")
