"""The settings of a FormFieldRequestItem: which answer a field takes."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import StrictStr

from enmeshed_nb.content.model import Typed, rule
from enmeshed_nb.content.rules import Between, Flag, Integer, Length, Number, not_empty, unique


def _limits(least: float | None, most: float | None) -> Iterable[tuple[str, str]]:
    if least is not None and most is not None and most < least:
        yield "max", f"{most} is less than min {least}"


def _whole(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


def _outside(value: float, least: float | None, most: float | None) -> str | None:
    if (least is None or value >= least) and (most is None or value <= most):
        return None
    bounds = [f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None)
    return f"the number must be {' and '.join(bounds)}"


def _words(options: Iterable[str]) -> str:
    return ", ".join(f"“{option}”" for option in options)


class FormFieldSettings(Typed, family=True):
    """The settings of any field."""

    def refusal(self, response: Any) -> str | None:
        """Say why *response* cannot answer the field; None if it can (or if this kind of field is unknown here)."""
        return None


class BooleanFormFieldSettings(FormFieldSettings):
    """Yes or no; answered with a bool."""

    def refusal(self, response: Any) -> str | None:
        """Say why *response* is no yes or no."""
        return None if isinstance(response, bool) else "needs True or False (a bool, not a text)"


class DateFormFieldSettings(FormFieldSettings):
    """A day; answered with a text such as "2030-01-31"."""

    def refusal(self, response: Any) -> str | None:
        """Say why *response* is no date."""
        if isinstance(response, str):
            for read in (date.fromisoformat, datetime.fromisoformat):
                try:
                    read(response)
                except ValueError:
                    continue
                return None
        return "needs an ISO 8601 date as text, such as '2030-01-31'"


class DoubleFormFieldSettings(FormFieldSettings):
    """A number from `min` to `max` (None: no limit), perhaps in a `unit`, such as "kg"."""

    unit: StrictStr | None = None
    min: Number | None = None
    max: Number | None = None

    def problems(self) -> Iterable[tuple[str, str]]:
        """Refuse limits that exclude every number."""
        return _limits(self.min, self.max)

    def refusal(self, response: Any) -> str | None:
        """Say why *response* is no such number."""
        if isinstance(response, bool) or not isinstance(response, int | float):
            return "needs a number"
        return _outside(response, self.min, self.max)


class IntegerFormFieldSettings(FormFieldSettings):
    """A whole number from `min` to `max` (None: no limit), perhaps in a `unit`, such as "kg"."""

    unit: StrictStr | None = None
    min: Integer | None = None
    max: Integer | None = None

    def problems(self) -> Iterable[tuple[str, str]]:
        """Refuse limits that exclude every number."""
        return _limits(self.min, self.max)

    def refusal(self, response: Any) -> str | None:
        """Say why *response* is no such number."""
        return _outside(response, self.min, self.max) if _whole(response) else "needs a whole number"


class RatingFormFieldSettings(FormFieldSettings):
    """A rating from 1 to `max_rating`, which is 5 to 10."""

    max_rating: Annotated[Integer, rule(Between(5, 10))]

    def refusal(self, response: Any) -> str | None:
        """Say why *response* is no such rating."""
        return (
            None
            if _whole(response) and 1 <= response <= self.max_rating
            else f"needs a whole number from 1 to {self.max_rating}"
        )


class SelectionFormFieldSettings(FormFieldSettings):
    """One of `options`; several (answered with a list) if `allow_multiple_selection`."""

    options: Annotated[list[Annotated[StrictStr, rule(Length(1, 4096))]], rule(not_empty), rule(unique)]
    allow_multiple_selection: Literal[True] | None = None

    def refusal(self, response: Any) -> str | None:
        """Say why *response* is no such selection."""
        if not self.allow_multiple_selection:
            return None if response in self.options else f"needs one of {_words(self.options)}"
        chosen = response if isinstance(response, list) else []
        fits = chosen and all(option in self.options for option in chosen) and len(set(chosen)) == len(chosen)
        return None if fits else f"needs one or more of {_words(self.options)}, each once"


class StringFormFieldSettings(FormFieldSettings):
    """A text of `min` to `max` (at most 4096) characters, on one line unless `allow_newlines`."""

    allow_newlines: Flag | None = None
    min: Annotated[Integer, rule(Between(0, 4096))] | None = None
    max: Annotated[Integer, rule(Between(0, 4096))] | None = None

    def problems(self) -> Iterable[tuple[str, str]]:
        """Refuse limits that exclude every text."""
        return _limits(self.min, self.max)

    def refusal(self, response: Any) -> str | None:
        """Say why *response* is no such text."""
        if not isinstance(response, str):
            return "needs a text"
        if "\n" in response and not self.allow_newlines:
            return "needs a text without line breaks"
        least, most = max(self.min or 1, 1), 4096 if self.max is None else self.max
        return Length(least, most)(response) and f"needs a text of {least} to {most} characters"
