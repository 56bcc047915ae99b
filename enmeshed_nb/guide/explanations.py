"""Explanations: what a failed check or an error means, and what to do."""

from pydantic import ValidationError

from enmeshed_nb.connector import (
    ApiError,
    ConnectorError,
    LocalRequest,
    ValidationResult,
    describe,
    path_text,
    without_frame,
)
from enmeshed_nb.content import Request, walk
from enmeshed_nb.guide.decisions import label


def explain(what: ValidationResult | BaseException, request: Request | LocalRequest | None = None) -> str:
    """Say in sentences what is wrong and what to do, a line per fault.

    Args:
        what: a ValidationResult, or an exception of this package or of pydantic.
        request: the Request that was checked; with it, items are named by type and title, too.

    Returns:
        plain text. It may hold text of a peer: escape it before it goes into HTML.
    """
    match what:
        case ValidationResult(is_success=True):
            return "Everything is fine."
        case ValidationResult():
            return "\n".join(_explain_result(what, request))
        case ApiError():
            meaning = describe(what.code)
            where = f"{what.call}: " if what.call else ""
            said = without_frame(what.api_message)
            return f"{where}{meaning.what} {meaning.cure} (HTTP {what.status}, {what.code}: {said})"
        case ConnectorError():
            return f"{f'{what.call}: ' if what.call else ''}{what.problem} {what.cure}"
        case ValidationError():
            return "\n".join(_explain_model(what))
        case _:
            return str(what)


def _explain_result(result: ValidationResult, request: Request | LocalRequest | None) -> list[str]:
    content = request.content if isinstance(request, LocalRequest) else request
    names = {path: label(path, item) for path, item in walk(content)} if content else {}
    lines = []
    for path, code, message in result.failures():
        where = names.get(path) or path_text(path) or "The Request as a whole"
        meaning = describe(code)
        lines.append(f"{where}: {meaning.what} {meaning.cure} ({code}: {without_frame(message)})")
    return lines


def _explain_model(error: ValidationError) -> list[str]:
    lines = []
    for fault in error.errors(include_url=False):
        where = ""
        for part in fault["loc"]:
            where += f"[{part}]" if isinstance(part, int) else f".{part}"
        what = {
            "bool_type": "must be True or False, not a text or number (the text 'false' would count as true)",
            "missing": "is missing",
            "extra_forbidden": "is unknown here; the Connector would ignore it. Check the spelling",
        }.get(fault["type"], fault["msg"])
        lines.append(f"{where.lstrip('.') or error.title}: {what}.")
    return lines
