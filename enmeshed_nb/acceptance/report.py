"""What a run has found, as a whole: the content of `report.json`, and of all that is made of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from enmeshed_nb.acceptance.checking import CHECKS
from enmeshed_nb.acceptance.outcomes import Outcome, Status, Told
from enmeshed_nb.acceptance.planning import Choice
from enmeshed_nb.acceptance.record import Facts
from enmeshed_nb.acceptance.requirements import requirements

WORST_FIRST = (Status.FAILED, Status.WARNING, Status.SKIPPED, Status.NOT_SUPPORTED, Status.PASSED)
ICONS = {
    Status.PASSED: "✔",
    Status.WARNING: "▲",
    Status.FAILED: "✘",
    Status.NOT_SUPPORTED: "○",
    Status.SKIPPED: "↷",
}
ROLES = {False: "as named", True: "roles swapped"}
REFERENCE = Path(__file__).with_name("reference.json")


class Result(Told):
    """What was found of one requirement.

    Attributes:
        id: the requirement's.
        plan: the plan that it belongs to.
        text: what must hold.
        source: where that is said.
        since: the version of the Connector that brought it.
        cause: what mostly lies behind it if it does not hold.
        cure: what to do about it.
        status: the worst of what was found.
        expected: the status that the plan expects instead of PASSED; None if it does not.
        reference_seconds: how long the same takes on a local network; None if that is not known.
        outcomes: what each check found, in each part.
    """

    id: str
    plan: str
    text: str
    source: str
    since: str
    cause: str
    cure: str
    status: Status
    expected: Status | None = None
    reference_seconds: float | None = None
    outcomes: tuple[Outcome, ...]

    @property
    def is_bad(self) -> bool:
        """Whether it is not as it should be."""
        if self.expected:
            return self.status != self.expected
        return self.status == Status.FAILED

    def in_role(self, *, swapped: bool) -> Status | None:
        """Return the worst of what was found in a part; None if it was not looked at there."""
        return _worst(each.status for each in self.outcomes if each.swapped == swapped)

    @property
    def seconds(self) -> float | None:
        """How long it took, on average; None if it was not looked at."""
        known = [each.seconds for each in self.outcomes if each.status in (Status.PASSED, Status.WARNING)]
        return sum(known) / len(known) if known else None


class Report(Told):
    """What a run has found.

    Attributes:
        schema_version: the version of this format; another one when something that was there is gone or means something
            else.
        headline: the whole in one sentence.
        complete: whether all that was asked for could be looked at.
        facts: what it was made on, with what, and when it began.
        ended: when it ended.
        chosen: the plans and checks that were asked for.
        counts: how many requirements there are of each status.
        results: what was found of each requirement.
    """

    schema_version: Literal[1] = 1
    headline: str
    complete: bool
    facts: Facts
    ended: datetime
    chosen: tuple[str, ...]
    counts: Mapping[Status, int]
    results: tuple[Result, ...]

    @property
    def plans(self) -> dict[str, list[Result]]:
        """The results by plan."""
        return {
            plan: [each for each in self.results if each.plan == plan]
            for plan in dict.fromkeys(each.plan for each in self.results)
        }

    @property
    def bad(self) -> list[Result]:
        """What is not as it should be."""
        return [each for each in self.results if each.is_bad]

    @property
    def exit_code(self) -> int:
        """1 if something is not as it should be, 3 if something could not be looked at, else 0."""
        return 1 if self.bad else 0 if self.complete else 3


def make_report(facts: Facts, choice: Choice, outcomes: Sequence[Outcome]) -> Report:
    """Put together what a run has found, also one that was broken off."""
    planned = {
        (check.name, swapped, name)
        for check in choice.checks
        for swapped in check.roles
        for name in check.requirements
        if name in choice.requirements
    }
    found = {(each.check, each.swapped, each.requirement): each for each in outcomes}
    counted = [found[key] for key in sorted(planned & found.keys(), key=_place)]
    results = []
    for name in choice.requirements:
        own = tuple(each for each in counted if each.requirement == name)
        if status := _worst(each.status for each in own):
            requirement = requirements()[name]
            results.append(
                Result(
                    **requirement.model_dump(),
                    plan=requirement.plan,
                    status=status,
                    expected=choice.expected.get(name),
                    reference_seconds=reference().get("seconds", {}).get(name),
                    outcomes=own,
                )
            )
    complete = planned <= found.keys() and not any(each.is_open for each in counted)
    counts = {status: sum(each.status == status for each in results) for status in Status}
    return Report(
        headline=_headline(results, complete=complete),
        complete=complete,
        facts=facts,
        ended=datetime.now(UTC),
        chosen=choice.names,
        counts=counts,
        results=tuple(results),
    )


@cache
def reference() -> dict[str, dict[str, float]]:
    """Return what was measured on a local network: seconds by requirement, calls by check."""
    return dict(json.loads(REFERENCE.read_text(encoding="utf-8"))) if REFERENCE.exists() else {}


def _headline(results: Sequence[Result], *, complete: bool) -> str:
    bad = sum(each.is_bad for each in results)
    skipped = sum(not each.is_bad and each.status == Status.SKIPPED for each in results)
    all_of_them = f"{len(results)} requirement{'s' * (len(results) != 1)}"
    if not results:
        said = "Nothing was looked at."
    elif bad:
        said = f"{bad} of {all_of_them} {'do' if bad > 1 else 'does'} not hold."
    elif skipped:
        said = f"{len(results) - skipped} of {all_of_them} were looked at; nothing is wrong with them."
    else:
        said = f"All of {all_of_them} hold." if len(results) > 1 else "The requirement holds."
    return said if complete else f"{said} The run is not complete."


def _worst(statuses: Iterable[Status]) -> Status | None:
    found = set(statuses)
    return next((each for each in WORST_FIRST if each in found), None)


def _place(key: tuple[str, bool, str]) -> tuple[int, int, bool]:
    check, swapped, name = key
    return list(requirements()).index(name), list(CHECKS).index(check), swapped
