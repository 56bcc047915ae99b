"""What came of holding Connectors against requirements."""

from dataclasses import dataclass
from enum import StrEnum

from enmeshed_nb.connector import Exchange


class Status(StrEnum):
    """What was found of a requirement."""

    PASSED = "PASSED"
    WARNING = "WARNING"
    FAILED = "FAILED"
    NOT_SUPPORTED = "NOT SUPPORTED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Outcome:
    """What a check found of one requirement.

    Attributes:
        check: the check's name.
        requirement: the requirement's id.
        swapped: whether the Recipient played the Sender's part.
        status: what was found.
        said: what is wrong, or why it was not looked at; empty if it passed.
        exchanges: what was sent and received meanwhile; API keys and passwords are redacted.
        seconds: how long it took.
        is_open: whether it could have been looked at, but something else went wrong before.
    """

    check: str
    requirement: str
    swapped: bool
    status: Status
    said: str = ""
    exchanges: tuple[Exchange, ...] = ()
    seconds: float = 0.0
    is_open: bool = False
