"""From what was asked for to the checks of a run; everything is checked before anything runs."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enmeshed_nb.acceptance.checking import CHECKS, Check
from enmeshed_nb.acceptance.outcomes import Status
from enmeshed_nb.acceptance.requirements import Requirement, requirements
from enmeshed_nb.acceptance.running import PLANS
from enmeshed_nb.errors import UserError


class ChoiceError(UserError):
    """A plan, a check, a requirement or a status that there is not."""


class _OwnPlan(BaseModel):
    """A plan of one's own, as its file says it."""

    model_config = ConfigDict(extra="forbid")

    plans: list[str] = Field(default_factory=list)
    checks: list[str] = Field(default_factory=list)
    requirements: list[str] = Field(default_factory=list)
    expect: dict[str, str] = Field(default_factory=dict)


class Choice(BaseModel):
    """What a run looks at.

    Attributes:
        names: what was asked for.
        checks: the checks, in order.
        requirements: of these checks, those that count.
        expected: statuses that are expected of requirements and count as if they had passed.
    """

    model_config = ConfigDict(frozen=True)

    names: tuple[str, ...]
    checks: tuple[Check, ...]
    requirements: tuple[str, ...]
    expected: Mapping[str, Status]

    @property
    def needs(self) -> set[str]:
        """Names of the further Connectors that the checks need."""
        return {name for check in self.checks for name in check.needs}


def choose(plans: Sequence[str] = (), checks: Sequence[str] = ()) -> Choice:
    """Return what a run looks at.

    Args:
        plans: names of plans, or files of one's own plans (`NAME.toml`); with neither plans nor checks all there are.
        checks: names of checks beside these.

    Raises:
        ChoiceError: there is no such thing; says what may be meant.
    """
    wanted: dict[str, None] = {}
    counted: dict[str, None] = {}
    expected: dict[str, Status] = {}

    def take(plan: str) -> None:
        for each in (known := [check for check in CHECKS.values() if check.plan == plan]):
            wanted[each.name] = None
        counted.update(dict.fromkeys(name for each in known for name in each.requirements))

    def take_check(name: str) -> None:
        wanted[name] = None
        counted.update(dict.fromkeys(CHECKS[name].requirements))

    for given in plans or (() if checks else PLANS):
        if not given.endswith(".toml"):
            _known("plan", given, PLANS)
            take(given)
            continue
        own = _read(Path(given))
        for plan in own.plans:
            _known(f"{given}: plan", plan, PLANS)
            take(plan)
        for name in own.checks:
            _known(f"{given}: check", name, CHECKS)
            take_check(name)
        for name in own.requirements:
            _known(f"{given}: requirement", name, requirements())
            counted[name] = None
            wanted.update(dict.fromkeys(checks_of_requirement(name)))
        for name, status in own.expect.items():
            _known(f"{given}: requirement", name, requirements())
            _known(f"{given}: status of {name}", status, list(Status))
            expected[name] = Status(status)
    for name in checks:
        _known("check", name, CHECKS)
        take_check(name)
    ordered = tuple(each for each in CHECKS.values() if each.name in wanted)
    if not ordered:
        raise ChoiceError("Nothing was chosen.", "Name a plan, a check or a requirement.")
    return Choice(
        names=(*plans, *checks) or PLANS,
        checks=ordered,
        requirements=tuple(name for name in requirements() if name in counted),
        expected=expected,
    )


def checks_of_requirement(name: str) -> list[str]:
    """Return the names of the checks that look at a requirement."""
    return [each.name for each in CHECKS.values() if name in each.requirements]


def coverage() -> dict[Requirement, list[str]]:
    """Return all requirements, each with the names of its checks."""
    return {each: checks_of_requirement(each.id) for each in requirements().values()}


def _read(file: Path) -> _OwnPlan:
    try:
        return _OwnPlan.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ChoiceError(f"The plan {file} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if first["type"] == "extra_forbidden":
            _known(f"{file}: key", name, _OwnPlan.model_fields)
        raise ChoiceError(f"{file}: {name}: {first['msg']}.", "requirements = […], expect = {…}") from None


def _known(what: str, name: str, names: Collection[str]) -> None:
    if name in names:
        return
    near = get_close_matches(name, names, n=1, cutoff=0.5) or [each for each in names if name.upper() in each.upper()]
    cure = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names)}."
    raise ChoiceError(f"There is no {what} {name!r}." if ":" not in what else f"{what}: there is no {name!r}.", cure)
