"""Explanations: what a failed check or an error means, and what to do."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import ValidationError

from enmeshed_nb.connector import (
    ApiError,
    ConnectorError,
    LocalRequest,
    ValidationResult,
    describe,
    without_frame,
)
from enmeshed_nb.content import ItemPath, Request, item_path, location_text, path_text, walk
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide.deciding import DecisionError, label


class Problem(NamedTuple):
    """Something that is wrong with a Request or with a decision about it.

    Attributes:
        path: the item's place, `()` for the Request itself.
        what: what is wrong and what to do, in sentences; it may hold a peer's text.
    """

    path: ItemPath
    what: str


def problems(what: ValidationResult | BaseException) -> list[Problem]:
    """Return what is wrong, each problem with the path of its item; nothing, if all is well.

    Args:
        what: a ValidationResult, or an exception of this package or of pydantic.
    """
    match what:
        case ValidationResult():
            return [Problem(path, _sentence(code, without_frame(said))) for path, code, said in what.failures()]
        case ValidationError():
            return [Problem(path, f"{where}: {said}" if where else said) for path, where, said in _of_model(what)]
        case DecisionError() | ConnectorError():
            return [Problem(what.path, explain(what))]
        case _:
            return [Problem((), explain(what))]


def explain(what: ValidationResult | BaseException, request: Request | LocalRequest | None = None) -> str:
    """Say in sentences what is wrong and what to do, a line per problem.

    Args:
        what: a ValidationResult, or an exception of this package or of pydantic.
        request: the Request that was checked; with it, items are named by type and title, too.

    Returns:
        plain text. It may hold text of a peer: escape it before it goes into HTML.
    """
    match what:
        case ValidationResult():
            return "Everything is fine." if what.is_success else "\n".join(_explain_result(what, request))
        case ApiError():
            where = f"{what.call}: " if what.call else ""
            said = without_frame(what.api_message)
            return f"{where}{_sentence(what.code, f'HTTP {what.status}, {what.code}: {said}')}"
        case ConnectorError():
            return f"{f'{what.call}: ' if what.call else ''}{what.problem} {what.cure}"
        case ValidationError():
            return "\n".join(
                f"{'.'.join(filter(None, (path_text(path), where))) or what.title}: {said}"
                for path, where, said in _of_model(what)
            )
        case UserError():
            return f"{what.problem} {what.cure}".strip()
        case _:
            return str(what)


def _sentence(code: str | None, said: str) -> str:
    """Say what a code means and what to do, and in brackets what the Connector said."""
    meaning = describe(code)
    return f"{meaning.what} {meaning.cure} ({said})"


def _explain_result(result: ValidationResult, request: Request | LocalRequest | None) -> Iterator[str]:
    content = request.content if isinstance(request, LocalRequest) else request
    names = {path: label(path, item) for path, item in walk(content)} if content else {}
    for path, code, message in result.failures():
        where = names.get(path) or path_text(path) or "The Request as a whole"
        yield f"{where}: {_sentence(code, f'{code}: {without_frame(message)}')}"


def _of_model(error: ValidationError) -> Iterator[tuple[ItemPath, str, str]]:
    """Yield the path of an item, which of its properties is wrong ("": the item itself), and what is wrong with it."""
    for each in error.errors(include_url=False):
        path = item_path(each["loc"])
        where = location_text(each["loc"][2 * len(path) :])
        what = {
            "bool_type": "must be True or False, not a text or number (the text 'false' would count as true)",
            "missing": "is missing",
            "extra_forbidden": "is unknown here; the Connector would ignore it. Check the spelling",
        }.get(each["type"], each["msg"])
        yield path, where, f"{what}."
