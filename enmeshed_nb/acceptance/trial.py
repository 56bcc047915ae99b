"""What a check is given: the Connectors, and a way to say what it found."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from enmeshed_nb.acceptance.checking import Check
from enmeshed_nb.acceptance.ground import Ground
from enmeshed_nb.acceptance.outcomes import Outcome, Status
from enmeshed_nb.acceptance.redacting import Redactor
from enmeshed_nb.acceptance.requirements import requirements
from enmeshed_nb.acceptance.stand import MODULES, is_needed
from enmeshed_nb.connector import ApiError, ConnectionFailed, Connector, Exchange, UnexpectedAnswer
from enmeshed_nb.errors import UserError

_SHOWN = 6
"""How many of the last calls are told of what does not hold."""
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


def expect_refused(call: Callable[[], object], status: int, code: str = "") -> None:
    """Say what is wrong unless a call is refused as it should be.

    Args:
        call: makes it.
        status: the HTTP status that it must be refused with.
        code: the API's error code; empty if any will do.

    Raises:
        Broken: it was not refused, or otherwise.
        ConnectorError: there was no answer, or none of a Connector.
    """
    try:
        call()
    except ApiError as error:
        expect_equal(error.status, status, "The status")
        expect(not code or error.code == code, f"The code is {error.code!r}, expected {code!r}.")
        return
    except UnexpectedAnswer as error:
        if error.status and error.status >= 400:
            raise
    raise Broken("It was not refused.")


class Trial:
    """One run of a check.

    What goes wrong within `with trial.requirement(id):` breaks that requirement; what goes wrong outside is
    preparation, and lets what follows be skipped. So a fault is named once, by the requirement that it breaks.

    Attributes:
        ground: the Connectors of the run.
        sender: the Connector that plays the Sender's part here.
        recipient: the Connector that plays the Recipient's part here.
        swapped: whether these two have swapped roles.
        mark: stands in the titles of what this check creates, so that it is found again; no other run has the same.
        lost: the connection that was lost meanwhile, if one was.
    """

    def __init__(self, check: Check, ground: Ground, *, swapped: bool = False) -> None:
        self.check, self.ground, self.swapped = check, ground, swapped
        self.mark = f"enmeshed-nb accept {check.name} {secrets.token_hex(3)}"
        self.lost: UserError | None = None
        self.sender, self.recipient = (
            (ground.recipient, ground.sender) if swapped else (ground.sender, ground.recipient)
        )
        self._found: dict[str, Outcome] = {}
        self._exchanges: list[Exchange] = []
        self._told = 0
        self._redactor = Redactor()

    def address(self, connector: Connector) -> str:
        """Return the address of the Identity of a Connector of the run."""
        return self.ground.addresses[connector.name]

    @property
    def patience(self) -> float:
        """For how many seconds the check waits for something to come."""
        return self.ground.patience

    def other(self, name: str) -> Connector:
        """Return a further Connector of the run, one that the check `needs`; see `others`."""
        return self.others(name)[0]

    def others(self, name: str) -> list[Connector]:
        """Return the further Connectors of the run that have a name, or one that begins with it and "-".

        If there is none, the Recipient is it, if its module of that name is on.
        """
        found = [each for called, each in self.ground.others.items() if is_needed(called, [name])]
        return found or [each for each in (self.recipient,) if name in MODULES and _is_on(each, name)]

    def answer(self, call: Callable[[], object]) -> Any:
        """Make one call and return the JSON in the `result` of its answer, whatever the client thinks of it.

        Raises:
            ConnectorError: it was not answered with a success, or there is no `result`.
        """
        try:
            call()
        except UnexpectedAnswer:
            last = self._exchanges[-1]
            if not (last.succeeded and isinstance(last.response, dict) and "result" in last.response):
                raise
        return self._exchanges[-1].response["result"]

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
            self._say(name, status, said, first=first, seconds=time.monotonic() - began)

        if self._is_unknown_here(name):
            since = requirements()[name].since
            found(Status.NOT_SUPPORTED, f"Connectors have it since {since}; these are {self._versions()}.")
        try:
            yield
        except (AssertionError, _Ended):
            raise
        except Exception as error:
            if name not in self._found:
                self._remember_loss(error)
                found(Status.FAILED, _said(error))
            if not goes_on:
                raise _Ended(_why(self._found[name])) from error
        else:
            if name not in self._found:
                found(Status.PASSED)

    def warn(self, name: str, said: str) -> None:
        """Say that a requirement holds, but that something about it is not as it should be."""
        self._say(name, Status.WARNING, said)

    def skip(self, why: str) -> None:
        """End the check: what it has not looked at is skipped, and *why* says what it needs.

        Raises:
            _Ended: always.
        """
        raise _Ended(why)

    def run(self) -> list[Outcome]:
        """Run the check; return what it found of each requirement that it declares. Nothing is raised but bugs."""
        token = _CURRENT.set(self)
        try:
            if missing := [name for name in self.check.needs if not self.others(name)]:
                self.skip(f"It needs a further Connector: {', '.join(missing)}.")
            self.check.body(self)
        except _Ended as ended:
            self._leave(str(ended))
        except AssertionError:
            raise
        except Exception as error:  # what a Connector that breaks rules answers may lack what the check reads
            self._remember_loss(error)
            self._leave(f"It could not be prepared: {_said(error)}", is_open=True)
        finally:
            _CURRENT.reset(token)
        return [self._found[name] for name in self.check.requirements]

    def leave(self, why: str, *, is_open: bool = False) -> list[Outcome]:
        """Skip the check without running it; return its outcomes."""
        self._leave(why, is_open=is_open)
        return [self._found[name] for name in self.check.requirements]

    def _leave(self, why: str, *, is_open: bool = False) -> None:
        for name in self.check.requirements:
            if name not in self._found:
                self._say(name, Status.SKIPPED, why, is_open=is_open)

    def _say(
        self, name: str, status: Status, said: str, *, first: int = 0, seconds: float = 0.0, is_open: bool = False
    ) -> None:
        calls, self._told = len(self._exchanges) - self._told, len(self._exchanges)
        kept = () if status == Status.PASSED else self._exchanges[first:] or self._exchanges
        self._found[name] = Outcome(
            check=self.check.name,
            requirement=name,
            swapped=self.swapped,
            status=status,
            exchanges=tuple(map(self._redactor.seen, kept[-_SHOWN:])),
            said=self._redactor.text(said),
            seconds=seconds,
            calls=calls,
            is_open=is_open,
        )

    def _remember_loss(self, error: Exception) -> None:
        if isinstance(error, ConnectionFailed) or getattr(error, "status", None) in (502, 503, 504):
            assert isinstance(error, UserError)
            self.lost = error

    def _is_unknown_here(self, name: str) -> bool:
        since = _numbers(requirements()[name].since)
        return any(_numbers(self.ground.versions[each.name]) < since for each in (self.sender, self.recipient))

    def _versions(self) -> str:
        return " and ".join(sorted({self.ground.versions[each.name] for each in (self.sender, self.recipient)}))


def _is_on(connector: Connector, module: str) -> bool:
    try:
        modules = connector.monitoring.support().configuration.get("modules", {})
    except UserError:  # the key may not be good for asking
        return False
    return bool(modules.get(module, {}).get("enabled"))


def observe(exchange: Exchange) -> None:
    """Let the check that runs in this thread keep an exchange; an observer of all Connectors of a run."""
    if trial := current():
        trial._exchanges.append(exchange)


def current() -> Trial | None:
    """Return the check that runs in this thread; None if none does."""
    return _CURRENT.get()


def _said(error: Exception) -> str:
    if isinstance(error, Broken | UserError):
        return str(error)
    return f"What was answered is not as expected: {type(error).__name__}: {error}"


def _why(outcome: Outcome) -> str:
    if outcome.status == Status.NOT_SUPPORTED:
        return f"{outcome.requirement} is not supported: {outcome.said}"
    return f"{outcome.requirement} does not hold."


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".") if part.isdigit())
