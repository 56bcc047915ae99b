"""What came of holding Connectors against requirements."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Told(BaseModel):
    """Something that stands in reports; its JSON has names in camelCase."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True
    )


class Status(StrEnum):
    """What was found of a requirement."""

    PASSED = "PASSED"
    WARNING = "WARNING"
    FAILED = "FAILED"
    NOT_SUPPORTED = "NOT SUPPORTED"
    SKIPPED = "SKIPPED"


class Seen(Told):
    """An HTTP call and its answer as everybody may see them: without keys, passwords, references and long texts.

    Attributes:
        connector: the Connector's name.
        call: e.g. "GET /Relationships?status=Active".
        status: the HTTP status; None without an answer.
        seconds: how long it took.
        sent: the JSON that was sent; None without a body.
        received: the JSON that was received, or a short text in place of another body.
        error: why there is no answer; None if there is one.
        curl: the same as a curl command; it takes the key from the variable API_KEY.
        time: when it began.
    """

    connector: str
    call: str
    status: int | None
    seconds: float
    sent: Any = None
    received: Any = None
    error: str | None = None
    curl: str
    time: datetime


class Outcome(Told):
    """What a check found of one requirement.

    Attributes:
        check: the check's name.
        requirement: the requirement's id.
        swapped: whether the Recipient played the Sender's part.
        status: what was found.
        said: what is wrong, or why it was not looked at; empty if it passed.
        exchanges: the last calls and answers meanwhile; none if it passed.
        seconds: how long it took.
        calls: how many calls were made for it.
        is_open: whether it could have been looked at, but something else went wrong before.
    """

    check: str
    requirement: str
    swapped: bool
    status: Status
    said: str = ""
    exchanges: tuple[Seen, ...] = Field(default=(), repr=False)
    seconds: float = 0.0
    calls: int = 0
    is_open: bool = False
