"""What a check is given: the Connectors, and a way to say what it found."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from enmeshed_nb.acceptance.checking import Check
from enmeshed_nb.acceptance.ground import Ground
from enmeshed_nb.acceptance.outcomes import Outcome, Status
from enmeshed_nb.acceptance.requirements import requirements
from enmeshed_nb.connector import Connector, Exchange
from enmeshed_nb.errors import UserError

_CURRENT: ContextVar["Trial | None"] = ContextVar("trial", default=None)


class Broken(Exception):  # noqa: N818 - says what happened to a requirement
    """A requirement does not hold; its text says what is so instead."""


class _Ended(Exception):  # noqa: N818
    """The check has found enough."""


def expect(condition: object, said: str) -> None:
    """Say what is wrong unless a condition holds.

    Raises:
        Broken: it does not.
    """
    if not condition:
        raise Broken(said)


def expect_equal(found: object, expected: object, what: str) -> None:
    """Say what is wrong unless two things are equal.

    Raises:
        Broken: they are not.
    """
    expect(found == expected, f"{what} is {found!r}, expected {expected!r}.")


class Trial:
    """One run of a check.

    What goes wrong within `with trial.requirement(id):` breaks that requirement; what goes wrong outside is
    preparation, and lets what follows be skipped. So a fault is named once, by the requirement that it breaks.

    Attributes:
        ground: the Connectors of the run.
        sender: the Connector that plays the Sender's part here.
        recipient: the Connector that plays the Recipient's part here.
        swapped: whether these two have swapped roles.
        mark: stands in the titles of what this check creates, so that it is found again.
    """

    def __init__(
        self, check: Check, ground: Ground, *, swapped: bool = False, mark: str = "enmeshed-nb accept"
    ) -> None:
        self.check, self.ground, self.swapped, self.mark = check, ground, swapped, mark
        self.sender, self.recipient = (
            (ground.recipient, ground.sender) if swapped else (ground.sender, ground.recipient)
        )
        self._found: dict[str, Outcome] = {}
        self._exchanges: list[Exchange] = []

    def address(self, connector: Connector) -> str:
        """Return the address of the Identity of a Connector of the run."""
        return self.ground.addresses[connector.name]

    @contextmanager
    def requirement(self, name: str, *, goes_on: bool = False) -> Iterator[None]:
        """Hold what happens in the block against a requirement.

        Args:
            name: the requirement's id; the check must have declared it.
            goes_on: whether the check can go on if it does not hold.
        """
        assert name in self.check.requirements, f"{self.check.name} does not declare {name}"
        first, began = len(self._exchanges), time.monotonic()

        def found(status: Status, said: str = "") -> None:
            seconds = time.monotonic() - began
            exchanges = tuple(self._exchanges[first:])
            self._found[name] = Outcome(self.check.name, name, self.swapped, status, said, exchanges, seconds)

        if self._is_unknown_here(name):
            since = requirements()[name].since
            found(Status.NOT_SUPPORTED, f"Connectors have it since {since}; these are {self._versions()}.")
        try:
            yield
        except (Broken, UserError) as error:
            if name not in self._found:
                found(Status.FAILED, str(error))
            if not goes_on:
                raise _Ended from error
        else:
            if name not in self._found:
                found(Status.PASSED)

    def warn(self, name: str, said: str) -> None:
        """Say that a requirement holds, but that something about it is not as it should be."""
        self._found[name] = Outcome(self.check.name, name, self.swapped, Status.WARNING, said, tuple(self._exchanges))

    def skip(self, why: str) -> None:
        """End the check: what it has not looked at is skipped, and *why* says what it needs.

        Raises:
            _Ended: always.
        """
        self._leave(why)
        raise _Ended

    def run(self) -> list[Outcome]:
        """Run the check; return what it found of each requirement that it declares. Nothing is raised but bugs."""
        token = _CURRENT.set(self)
        try:
            self.check.body(self)
        except _Ended as ended:
            failed = next((each.requirement for each in self._found.values() if each.status == Status.FAILED), "")
            if ended.__cause__:
                self._leave(f"{failed} does not hold.")
        except UserError as error:
            self._leave(f"It could not be prepared: {error}")
        finally:
            _CURRENT.reset(token)
        return [self._found[name] for name in self.check.requirements]

    def _leave(self, why: str) -> None:
        for name in self.check.requirements:
            if name not in self._found:
                skipped = Outcome(self.check.name, name, self.swapped, Status.SKIPPED, why, tuple(self._exchanges))
                self._found[name] = skipped

    def _is_unknown_here(self, name: str) -> bool:
        since = _numbers(requirements()[name].since)
        return any(_numbers(self.ground.versions[each.name]) < since for each in (self.sender, self.recipient))

    def _versions(self) -> str:
        return " and ".join(sorted({self.ground.versions[each.name] for each in (self.sender, self.recipient)}))


def observe(exchange: Exchange) -> None:
    """Let the check that runs in this thread keep an exchange; an observer of all Connectors of a run."""
    if trial := _CURRENT.get():
        trial._exchanges.append(exchange)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".") if part.isdigit())
