"""Mistakes made on purpose, and parameters that cannot be meant."""

import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from enmeshed_nb.connector import ConnectorError
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide.explanations import explain
from enmeshed_nb.guide.text import TextView


class NoErrorError(UserError, AssertionError):
    """What should have failed did not, or failed otherwise."""


class ParameterError(UserError, ValueError):
    """A parameter of a notebook cannot be meant; the problem says what can."""


class ExpectedError(TextView):
    """The error with which a block of `expect_error` ended; shown, it is its explanation.

    Attributes:
        error: the error; None as long as the block runs.
    """

    def __init__(self) -> None:
        self.error: ConnectorError | None = None

    @property
    def code(self) -> str:
        """The API's error code; empty if the client refused it before a Connector was asked."""
        return (self.error and self.error.code) or ""

    @property
    def explanation(self) -> str:
        """What the error means and what to do; empty as long as the block runs."""
        return explain(self.error) if self.error else ""

    def __str__(self) -> str:
        return self.explanation


@contextmanager
def expect_error(code: str = "") -> Iterator[ExpectedError]:
    """See to it that what stands in the block is refused, by the Connector or by its client.

        with expect_error() as failed:
            sender.requests.outgoing.get("REQ00000000000000000")
        failed.code, failed.explanation

    Args:
        code: the API's error code, if no other will do. What the error means is printed then.

    Yields:
        the error, once the block has ended.

    Raises:
        NoErrorError: nothing failed, or it failed with another code.
    """
    expected = code or "An error"
    failed = ExpectedError()
    try:
        yield failed
    except ConnectorError as error:
        if code and error.code != code:
            raise NoErrorError(f"{code} was expected, and the Connector said: {error}") from error
        failed.error = error
        if code:
            print(failed.explanation)
    else:
        raise NoErrorError(f"{expected} was expected, and nothing failed.")


def check_parameter(
    name: str, value: Any, *, among: Collection[Any] = (), between: tuple[float, float] | None = None
) -> None:
    """Refuse a notebook's parameter that cannot be meant.

    Args:
        name: the parameter's name.
        value: its value.
        among: the values that are possible, if these are few.
        between: the least and the greatest possible number; of a text, its length in characters.

    Raises:
        ParameterError: says what is possible, and where to change it.
    """
    must = ""
    if among and value not in among:
        must = f"must be {' or '.join(map(repr, among))}"
    elif between:
        low, high = between
        if isinstance(value, str) and not low <= len(value) <= high:
            must = f"must have {low} to {high} characters"
        elif not isinstance(value, str) and not low <= value <= high:
            must = f"must be from {low} to {high}"
    if must:
        raise ParameterError(f"{name} {must}, not {value!r}.", f"Change it in the first cell, or by `-p {name} …`.")


def check_parameters(**possible: Sequence[str] | tuple[float, float]) -> None:
    """Refuse parameters of the notebook that calls this, if they cannot be meant.

        check_parameters(decision=("accept", "reject"), title=(1, 200), timeout=(1, 600))

    Args:
        possible: by the name of a parameter, the texts that are possible; or the least and the greatest possible
            number, of a text its length in characters. Its value is that of the notebook's variable.

    Raises:
        ParameterError: says what is possible, and where to change it.
    """
    notebook = vars(sys.modules["__main__"])
    for name, which in possible.items():
        match which:
            case (int() | float() as low, int() | float() as high):
                check_parameter(name, notebook[name], between=(low, high))
            case _:
                check_parameter(name, notebook[name], among=which)
