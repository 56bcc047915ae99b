"""Answers as they came."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx

from enmeshed_nb.connector.errors import Call, InvalidInput

T = TypeVar("T")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """An HTTP answer, and what the call made of it.

    Attributes:
        value: what the call returned.
        call: what was called.
        status: the HTTP status.
        headers: names in lower case.
        content: the bytes of the body; empty for a download to a file.
    """

    value: T
    call: Call
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def correlation_id(self) -> str | None:
        """By which the call is found in the logs of Connector and Backbone."""
        return self.call.correlation_id

    def json(self) -> Any:
        """Return the body as JSON, with its envelope.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.content)


def raw_answer(value: T, answers: Sequence[tuple[Call, httpx.Response]]) -> Answer[T]:
    """Return the last of the answers that a call got, with what it returned.

    Raises:
        InvalidInput: there is none.
    """
    if not answers:
        raise InvalidInput("No call was made.", "Make it with the client that is given: raw(lambda one: one.…).")
    call, response = answers[-1]
    content = response.content if hasattr(response, "_content") else b""
    return Answer(value, call, response.status_code, dict(response.headers), content)
