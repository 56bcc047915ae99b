"""Making one call and looking at its answer as it came."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from enmeshed_nb.acceptance.trial import Broken, Trial, expect, expect_equal
from enmeshed_nb.connector import Answer, Connector
from enmeshed_nb.connector.exchange import API
from enmeshed_nb.content import ArbitraryRelationshipTemplateContent

T = TypeVar("T")
BASICS = ("api.answer_shape",)
"""What holds for every answer; the other checks only tell what is of a route."""
NOBODY = "X" * 17
"""An id that nothing has, without its prefix."""
NOTHING = ArbitraryRelationshipTemplateContent(value={})
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def tomorrow() -> datetime:
    """Return when what a check creates may be forgotten."""
    return datetime.now(UTC) + timedelta(days=1)


def answered(connector: Connector, call: Callable[[Connector], T], status: int = 200) -> T:
    """Make a call and return what the client reads of the answer.

    Args:
        connector: who is asked.
        call: makes the call with the client that it is given.
        status: the HTTP status that it must be answered with.

    Raises:
        Broken: it is answered with another status.
        ConnectorError: it is refused, has no envelope, or lacks what the API's documentation says it has.
    """
    answer = connector.raw(call)
    expect_equal(answer.status, status, f"The status of {named(answer)}")
    if status == 204:
        expect(not answer.content, f"{named(answer)} is answered with a body of {len(answer.content)} bytes.")
    return answer.value


def named(answer: Answer[Any]) -> str:
    """Return what was called, for people."""
    return f"{answer.call.method} {answer.call.path.removeprefix(API)}"


def expect_png(connector: Connector, call: Callable[[Connector], bytes], status: int = 200) -> None:
    """Expect that a call is answered with a picture.

    Raises:
        Broken: it is not.
    """
    answer = connector.raw(call)
    expect_equal(answer.status, status, f"The status of {named(answer)} as a picture")
    expect_equal(answer.headers.get("content-type"), "image/png", f"The content type of {named(answer)}")
    expect(answer.content.startswith(PNG_SIGNATURE), f"{named(answer)} is answered with what is no PNG.")


def expect_error(answer: Answer[Any], status: int, *codes: str) -> None:
    """Expect that a call is answered with an error.

    Args:
        answer: its answer.
        status: the HTTP status.
        codes: the error codes, one of which it must have.

    Raises:
        Broken: it is answered otherwise.
    """
    error = answer.value.get("error") if isinstance(answer.value, dict) else None
    if not isinstance(error, dict):
        raise Broken(f"{named(answer)} is answered with {answer.status}, and without an error.")
    found = (answer.status, error.get("code"))
    expect(
        found in [(status, code) for code in codes],
        f"{named(answer)} is answered with {found[0]} {found[1]}, expected {status} {' or '.join(codes)}.",
    )


def expect_in(found: Any, wanted: Any, where: str) -> None:
    """Expect that a list has an object with an id.

    Raises:
        Broken: it has not.
    """
    expect(wanted in [each.id for each in found], f"{wanted} is not in {where}.")


def expect_gone(trial: Trial, path: str) -> None:
    """Expect that the Sender does not know something any more.

    Raises:
        Broken: it does.
    """
    expect_error(trial.sender.call("GET", path), 404, "error.runtime.recordNotFound")
