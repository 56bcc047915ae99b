"""Explanations: what a failed check or an error means, and what to do."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import ValidationError

from enmeshed_nb.connector import (
    ApiError,
    ConnectorError,
    LocalRequest,
    Meaning,
    ValidationResult,
    describe,
    without_frame,
)
from enmeshed_nb.content import ItemPath, Request, item_path, location_text, path_text
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide.deciding import DecisionError
from enmeshed_nb.guide.naming import label
from enmeshed_nb.guide.text import printable_lines, said_of


class _Problem(NamedTuple):
    path: ItemPath
    what: str


class Problem(_Problem):
    """Something that is wrong with a Request or with a decision about it.

    Attributes:
        path: the item's place, `()` for the Request itself.
        what: what is wrong and what to do, in sentences; it may hold a peer's text.
        field: the property of the item that is wrong, as its place in the item's JSON; `()` if it is none alone.
        said: what is wrong with that property, to be read beside it; without one, the same as `what`.
    """

    field: tuple[str | int, ...]
    said: str

    def __new__(cls, path: ItemPath, what: str, field: tuple[str | int, ...] = (), said: str = "") -> "Problem":
        """Make a problem; `path` and `what` are all that is compared."""
        made = super().__new__(cls, path, what)
        made.field, made.said = field, said or what
        return made


def problems(what: ValidationResult | BaseException) -> list[Problem]:
    """Return what is wrong, each problem with the path of its item; nothing, if all is well.

    Args:
        what: a ValidationResult, or an exception of this package or of pydantic.
    """
    match what:
        case ValidationResult():
            return [
                Problem(path, _sentence(describe(code), without_frame(said))) for path, code, said in what.failures()
            ]
        case ValidationError():
            return [_at(path, field, said) for path, field, said in _of_model(what)]
        case DecisionError() | ConnectorError():
            return [Problem(what.path, explain(what))]
        case _:
            return [Problem((), explain(what))]


def explain(what: ValidationResult | BaseException, request: Request | LocalRequest | None = None) -> str:
    """Say in sentences what is wrong and what to do, a line per problem.

    Args:
        what: a ValidationResult, or an exception of this package or of pydantic.
        request: the Request that was checked; with it, items are named by title and place, not by their paths.

    Returns:
        plain text that can be printed. It may hold text of a peer: escape it before it goes into HTML.
    """
    return printable_lines(_explained(what, request))


def _explained(what: ValidationResult | BaseException, request: Request | LocalRequest | None) -> str:
    match what:
        case ValidationResult():
            return "Everything is fine." if what.is_success else "\n".join(_explain_result(what, request))
        case ApiError():
            where = f"{what.call}: " if what.call else ""
            said = without_frame(what.api_message)
            return f"{where}{_sentence(what.meaning, f'HTTP {what.status}, {what.code}: {said}')}"
        case ConnectorError():
            return f"{f'{what.call}: ' if what.call else ''}{what.problem} {what.cure}"
        case ValidationError():
            return "\n".join(
                f"{'.'.join(filter(None, (path_text(path), location_text(field)))) or what.title}: {said}"
                for path, field, said in _of_model(what)
            )
        case UserError():
            return f"{what.problem} {what.cure}".strip()
        case _:
            return str(what)


def _sentence(meaning: Meaning, said: str) -> str:
    """Say what a code means and what to do, and in brackets what the Connector said."""
    return f"{meaning.what} {meaning.cure} ({said})"


def _explain_result(result: ValidationResult, request: Request | LocalRequest | None) -> Iterator[str]:
    content = request.content if isinstance(request, LocalRequest) else request
    for path, code, message in result.failures():
        named = label(content, path) if content and path else path_text(path)
        yield f"{named or 'The Request as a whole'}: {_sentence(describe(code), f'{code}: {without_frame(message)}')}"


def _at(path: ItemPath, field: tuple[str | int, ...], said: str) -> Problem:
    where = location_text(field)
    return Problem(path, f"{where}: {said}" if where else said, field, said[:1].upper() + said[1:])


def _of_model(error: ValidationError) -> Iterator[tuple[ItemPath, tuple[str | int, ...], str]]:
    """Yield the path of an item, which of its properties is wrong (`()`: the item itself), and why."""
    for each in error.errors(include_url=False):
        path = item_path(each["loc"])
        yield path, each["loc"][2 * len(path) :], f"{said_of(each)}."
