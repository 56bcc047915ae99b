"""Filters of the list endpoints, as keyword arguments or as a dict.

    requests.incoming.list(status="Open", source__reference="MSG…")      # source.reference
    requests.incoming.list({"source.reference": "MSG…"}, status=Not("Completed"))
    relationships.list(status=["Active", "Pending"])                     # any of them

Keywords are the API's keys in snake_case: `__` stands for the dot, `at_type` for `@type`; None leaves a filter out.

| value | meaning |
|---|---|
| a text, number, bool or datetime | equal |
| a list | any of; with `Not` inside: none of |
| `Not(x)` | not equal |
| `GreaterThan(x)`, `AtLeast(x)`, `LessThan(x)`, `AtMost(x)` | comparison (datetimes are compared as ISO texts) |
| `StartsWith(x)`, `EndsWith(x)`, `Contains(x)` | parts of a text |
| `EXISTS`, `MISSING` | there is a value at all, or none |
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic.alias_generators import to_camel

from enmeshed_nb.connector.errors import InvalidInput
from enmeshed_nb.content.model import iso

Scalar = str | int | float | bool | datetime
FilterValue = Scalar | Sequence[Scalar] | None
Query = list[tuple[str, str]]


def _written(value: Any) -> str:
    match value:
        case Operator():
            return str(value)
        case bool():
            return "true" if value else "false"
        case datetime():
            if value.tzinfo is None:
                raise InvalidInput(f"The datetime {value} has no time zone.", "Use e.g. datetime.now(UTC).")
            return iso(value)
        case int() | float():
            return str(value)
        case str() if value and value[0] not in "!<>^$~+":
            return value
        case str():
            raise InvalidInput(
                f"The filter value {value!r} has a meaning of its own in the API.",
                "Use Not, GreaterThan, StartsWith, …, EXISTS or MISSING of enmeshed_nb.connector.",
            )
        case _:
            raise InvalidInput(
                f"A filter cannot be {value!r}.", "Use a text, number, bool, datetime or a list of them."
            )


class Operator(str):
    """A filter value that the API reads with an operator."""

    __slots__ = ()
    sign: ClassVar[str] = ""

    def __new__(cls, value: Scalar) -> "Operator":
        """Return *value* with the operator's sign."""
        return super().__new__(cls, cls.sign + _written(value))


class Not(Operator):
    """Not equal."""

    sign = "!"


class GreaterThan(Operator):
    """Greater (later)."""

    sign = ">"


class AtLeast(Operator):
    """Greater or equal."""

    sign = ">="


class LessThan(Operator):
    """Less (earlier)."""

    sign = "<"


class AtMost(Operator):
    """Less or equal."""

    sign = "<="


class StartsWith(Operator):
    """Starts with a text."""

    sign = "^"


class EndsWith(Operator):
    """Ends with a text."""

    sign = "$"


class Contains(Operator):
    """Contains a text."""

    sign = "~"


EXISTS = str.__new__(Operator, "")
"""There is a value."""
MISSING = str.__new__(Operator, "!")
"""There is no value."""
ANY_ATTACHMENT = str.__new__(Operator, "+")
"""For `attachments` of Messages: there is at least one."""


def api_key_of(keyword: str) -> str:
    """Return the API's key for a Python *keyword*: `source__reference` → `source.reference`, `at_type` → `@type`."""
    return ".".join("@type" if part == "at_type" else to_camel(part) for part in keyword.split("__"))


def query_of(
    filters: Mapping[str, FilterValue] | None, keywords: Mapping[str, FilterValue], known: Iterable[str] = ()
) -> Query:
    """Return the query string's pairs for a dict of the API's keys and for Python keywords.

    With *known*, other keys are refused: for endpoints that would ignore them and answer with everything.

    Raises:
        InvalidInput: a key is not known, or a value cannot be a filter.
    """
    wanted = {**(filters or {}), **{api_key_of(keyword): value for keyword, value in keywords.items()}}
    allowed = set(known)
    query: Query = []
    for key, value in wanted.items():
        if allowed and key not in allowed:
            close = difflib.get_close_matches(key, allowed, n=1)
            near = f" Did you mean {close[0]!r} ({close[0].replace('.', '__')}=…)?" if close else ""
            raise InvalidInput(
                f"There is no filter {key!r}; the API would ignore it and answer with everything.{near}",
                f"Use one of: {', '.join(sorted(allowed))}.",
            )
        if value is None:
            continue
        values = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
        if not values:
            raise InvalidInput(
                f"The filter {key!r} has no value to compare with.", "Give one or more, or leave it out."
            )
        query += [(key, _written(each)) for each in values]
    return query
