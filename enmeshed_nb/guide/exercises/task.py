"""What an exercise is: a task, hints, a check of what both Connectors have recorded, and a solution."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from enmeshed_nb.clock import until
from enmeshed_nb.connector import Connector, aside
from enmeshed_nb.errors import UserError


class ExerciseError(UserError, LookupError):
    """There is no such exercise, or it cannot be done here."""


@dataclass(frozen=True)
class Finding:
    """One thing that a check found.

    Attributes:
        state: "there" as the task wants it, "missing", or "wrong".
        what: what was found, in a sentence.
        hint: what to do about it; empty for what is there.
    """

    state: Literal["there", "missing", "wrong"]
    what: str
    hint: str = ""


def there(what: str) -> Finding:
    """Return that something is as the task wants it."""
    return Finding("there", what)


def missing(what: str, hint: str) -> Finding:
    """Return that something has not been done yet."""
    return Finding("missing", what, hint)


def wrong(what: str, hint: str) -> Finding:
    """Return that something was done otherwise than the task wants it."""
    return Finding("wrong", what, hint)


@dataclass(frozen=True)
class Sides:
    """Whom a check asks, and since when what they recorded counts.

    Attributes:
        connectors: the Connectors by name; `sender` and `recipient` are among them.
        addresses: the addresses of their Identities by the same names.
        since: when the exercise began, to the millisecond, as Connectors tell the time.
    """

    connectors: Mapping[str, Connector]
    addresses: Mapping[str, str]
    since: datetime

    @property
    def sender(self) -> Connector:
        """The Connector that asks."""
        return self.connectors["sender"]

    @property
    def recipient(self) -> Connector:
        """The Connector that is asked."""
        return self.connectors["recipient"]


Check = Callable[[Sides], Iterable[Finding]]
"""Asks the Connectors, changes nothing, and yields what it found; it ends where going on makes no sense."""
_PATIENCE = 2.0
"""Seconds to wait for what follows a moment after a call, where something was done and nothing wrong."""


@dataclass(frozen=True)
class Task:
    """One exercise.

    Attributes:
        id: the lesson's number and a letter: "02-a".
        title: what it is about, in a few words.
        text: what to do, in sentences.
        hints: what helps, each saying more than the one before.
        solution: Python that does it, with `network`, `sender` and `recipient` as the lessons have them.
        check: finds out how far it is done.
    """

    id: str
    title: str
    text: str
    hints: tuple[str, ...]
    solution: str
    check: Check

    def findings(self, sides: Sides) -> tuple[Finding, ...]:
        """Return what the Connectors' records say about it.

        A status follows a moment after the call that causes it. So where something is there already, and something
        else is missing, they are asked again, for two seconds at most.

        Raises:
            ConnectorError: a Connector cannot be asked.
        """
        found: tuple[Finding, ...] = ()

        def settled() -> bool:
            nonlocal found
            found = tuple(self.check(sides))
            return {each.state for each in found} != {"there", "missing"}

        with aside():
            until(settled, _PATIENCE)
        return found


def is_done(findings: Iterable[Finding]) -> bool:
    """Tell whether everything is there."""
    return {each.state for each in findings} == {"there"}


def best(tries: Iterable[Iterable[Finding]]) -> Iterator[Finding]:
    """Yield the findings about the try that came furthest; of several, the first."""
    told = [list(each) for each in tries]
    yield from max(told, key=lambda each: (is_done(each), [one.state for one in each].count("there")), default=[])
