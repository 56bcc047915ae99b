"""Predictions: what a reader expects of a step, judged by what the network then did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from enmeshed_nb.connector import ConnectorError, ValidationResult
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide.explanations import explain
from enmeshed_nb.guide.mistakes import ExpectedError
from enmeshed_nb.guide.text import quoted

Answer = str | bool | int | float
"""What can be predicted: a status, an error's code, yes or no, a number, or any other text."""
Choices = Mapping[Answer, str] | Sequence[Answer] | type[int]
"""The possible answers: each with its words, or words that say it all; `int` for any number."""

AN_ERROR = "error"
"""The choice that stands for any error."""
YES_OR_NO: Mapping[Answer, str] = MappingProxyType({True: "Yes", False: "No"})


class PredictionError(UserError, ValueError):
    """A prediction that cannot be made, or can no longer be made."""


@dataclass(frozen=True)
class Comparison:
    """A prediction beside what happened.

    Attributes:
        question: what was asked.
        predicted: what was predicted, in words; None if nothing was.
        actual: what happened, in words. It may hold text of a peer.
        is_right: whether the two are the same; None without a prediction.
        why: why it is so, in sentences; empty if that is said elsewhere. It may hold text of a peer.
    """

    question: str
    predicted: str | None
    actual: str
    is_right: bool | None
    why: str


class Prediction:
    """One question, the possible answers, and what is predicted.

    Args:
        question: what is asked.
        choices: the possible answers.

    Attributes:
        question: what is asked.
        choices: the possible answers with their words; empty if it is a number.
        predicted: what is predicted, None as long as nothing is.

    Raises:
        PredictionError: there is no question, or nothing to choose.
    """

    def __init__(self, question: str, choices: Choices = YES_OR_NO) -> None:
        if not question.strip():
            raise PredictionError("There is no question.", "Say what is to be predicted.")
        if isinstance(choices, type):
            self.choices: dict[Answer, str] = {}
        else:
            self.choices = dict(choices) if isinstance(choices, Mapping) else {each: _words(each) for each in choices}
            if len(self.choices) < 2:
                raise PredictionError("There is nothing to choose.", "Give two choices or more, or int for a number.")
        self.question = question
        self.predicted: Answer | None = None
        self._happened: tuple[Answer, str] | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it was compared with what happened, so that it can no longer be changed."""
        return self._happened is not None and self.predicted is not None

    def predict(self, answer: Answer | None) -> None:
        """Predict something, or with None nothing (any more).

        Args:
            answer: one of the choices; where any number is asked for, a number, which may be written as a text.

        Raises:
            PredictionError: it was compared already, it is none of the choices, or no number.
        """
        if self.is_closed:
            raise PredictionError(
                "This prediction was compared already.", "To predict anew, run the cell with the question again."
            )
        self.predicted = None
        if answer is not None:
            self.predicted = self._chosen(answer) if self.choices else _number(answer)

    def compare(self, happened: Any, why: str = "") -> Comparison:
        """Compare what was predicted with what happened.

        A prediction that was compared stays. One that was not made yet can still be made, once.

        Args:
            happened: what the network did: a value such as a status or a number; what a check of a Request found
                (a `ValidationResult`: whether it is valid); or the error of `expect_error` (its code; if that is none
                of the choices, the choice "error", if there is one). The last two explain themselves.
            why: why it is so, in a sentence.
        """
        value, explained = _happened(happened)
        if isinstance(happened, ExpectedError) and value not in self.choices and AN_ERROR in self.choices:
            value = AN_ERROR
        self._happened = value, why or explained
        made = self.comparison
        assert made is not None
        return made

    @property
    def comparison(self) -> Comparison | None:
        """The prediction beside what happened; None before that is known."""
        if self._happened is None:
            return None
        value, why = self._happened
        predicted = None if self.predicted is None else self.words_for(self.predicted)
        is_right = None if self.predicted is None else _same(self.predicted, value)
        return Comparison(self.question, predicted, self.words_for(value), is_right, why)

    def words_for(self, answer: Answer) -> str:
        """Return the words of an answer, whether it can be chosen or not."""
        return next((words for each, words in self.choices.items() if _same(each, answer)), _words(answer))

    def _chosen(self, answer: Answer) -> Answer:
        for each in self.choices:
            if _same(each, answer):
                return each
        possible = ", ".join(map(repr, self.choices))
        raise PredictionError(f"{answer!r} is none of the choices.", f"Choose one of {possible}.")


def _happened(what: Any) -> tuple[Answer, str]:
    """Return what happened as an answer, and why if it says so itself."""
    match what:
        case ValidationResult():
            return what.is_success, explain(what)
        case ExpectedError(error=ConnectorError() as error):
            return error.code or type(error).__name__, what.explanation
        case ExpectedError():
            raise PredictionError("Nothing has failed yet.", "Compare after the block of expect_error.")
        case str() | bool() | int() | float():
            return what, ""
        case _:
            return str(what), ""


def _same(one: Answer, other: Answer) -> bool:
    """Tell whether two answers are one: 2 is 2.0, but 1 is not True."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _words(answer: Answer) -> str:
    return (
        YES_OR_NO[answer] if isinstance(answer, bool) else f"{answer:g}" if isinstance(answer, float) else str(answer)
    )


def _number(written: Answer) -> Answer:
    if isinstance(written, bool):
        raise PredictionError(f"{written!r} is no number.", "Write it like 12 or 1.5.")
    if not isinstance(written, str):
        return written
    for reader in (int, float):
        try:
            return reader(written)
        except ValueError:
            continue
    raise PredictionError(f"{quoted(written)} is no number.", "Write it like 12 or 1.5.")
