"""What answers a Request in `ask`."""

from collections.abc import Callable

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import DecideGroupParameters, DecideRequestParameters, RejectParameters

Answer = Callable[[LocalRequest], DecideRequestParameters]
"""Makes the decision about an incoming Request: `accept_all`, `reject_all`, or a function of your own."""


def rejects(decision: DecideRequestParameters) -> bool:
    """Whether a decision rejects every item."""
    answers = [
        answer
        for item in decision.items
        for answer in (item.items if isinstance(item, DecideGroupParameters) else [item])
    ]
    return all(isinstance(answer, RejectParameters) for answer in answers)
