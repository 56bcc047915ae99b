"""Runs checks, one after another or side by side."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from enmeshed_nb.acceptance import checks  # noqa: F401 - registers them
from enmeshed_nb.acceptance.checking import CHECKS, Check
from enmeshed_nb.acceptance.ground import Ground
from enmeshed_nb.acceptance.outcomes import Outcome
from enmeshed_nb.acceptance.trial import Trial, observe


def checks_of(plans: Sequence[str]) -> list[Check]:
    """Return the checks of plans, in order."""
    return [each for each in CHECKS.values() if each.plan in plans]


def run(ground: Ground, chosen: Sequence[Check]) -> Iterator[Outcome]:
    """Run checks in both roles, and return what they find as they find it."""
    with ExitStack() as stack:
        for connector in (ground.sender, ground.recipient, *ground.others.values()):
            stack.callback(connector.observe(observe))
        for check in chosen:
            for swapped in (False, True):
                yield from Trial(check, ground, swapped=swapped).run()
