"""What a wait is for and how it fails; the waiting itself is in `_sync` and `_async`."""

from collections.abc import Iterable

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.errors import UserError

_STEPS = ("Draft", "Open", "DecisionRequired", "ManualDecisionRequired", "Decided", "Completed")
"""The statuses of a Request in the order in which they follow each other; Expired may follow any but Completed."""


SOMETHING = "what was waited for"
"""What is waited for, if nothing else is said."""


class WaitError(UserError):
    """What was waited for does not come.

    Attributes:
        last: what was seen last.
        message: the problem.
    """

    def __init__(self, problem: str, last: object = None) -> None:
        super().__init__(problem)
        self.last = last
        self.message = problem


class WaitTimeout(WaitError, TimeoutError):  # noqa: N818 - a TimeoutError in name, too
    """What was waited for did not come in time."""


def rank(status: str) -> int:
    """Return how far a status is in the story of a Request; one that is not known is the last."""
    return _STEPS.index(status) if status in _STEPS else len(_STEPS)


def statuses_of(requests: Iterable[LocalRequest]) -> str:
    """Return Requests with their statuses, in words."""
    return ", ".join(f"{request.id} {request.status}" for request in requests) or "no Request"
