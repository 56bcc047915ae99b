"""Each HTTP exchange, readable: what was sent and what came back."""

from collections.abc import Iterable

import htpy
from htpy import Node

from enmeshed_nb.connector import Exchange
from enmeshed_nb.guide import Step, next_step
from enmeshed_nb.guide.journal import Journal
from enmeshed_nb.widgets.journey import Journey
from enmeshed_nb.widgets.view import View, copyable, folded, mark, shown_json, side, state, text


class Exchanges(View):
    """HTTP exchanges, each folded; the text form shows them whole.

    Args:
        exchanges: e.g. `journal.exchanges`.

    Attributes:
        exchanges: these, as a tuple.
    """

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self.exchanges = tuple(exchanges)

    def __str__(self) -> str:
        return str(Step(self.exchanges, ()))

    def html(self) -> Node:
        """Return the exchanges."""
        if not self.exchanges:
            return htpy.p(".enb-muted")["Nothing was exchanged."]
        return htpy.div[(_exchange(each) for each in self.exchanges)]


def _exchange(exchange: Exchange) -> Node:
    return folded(
        [
            _outcome(exchange),
            " ",
            side(exchange.connector),
            " ",
            htpy.code(".enb-mono")[text(exchange.call)],
            htpy.small(".enb-muted")[f" in {exchange.duration * 1000:.0f} ms"],
        ],
        exchange.error and htpy.p[text(exchange.error)],
        htpy.div(".enb-columns")[
            exchange.request is not None and htpy.div(".enb-cell")[htpy.b["sent"], shown_json(exchange.request)],
            exchange.response is not None and htpy.div(".enb-cell")[htpy.b["came back"], shown_json(exchange.response)],
        ],
        folded("as curl", copyable(exchange.as_curl())),
    )


def _outcome(exchange: Exchange) -> Node:
    """Return how a call ended: its status, and what a validation found."""
    if exchange.status is None or exchange.status >= 400:
        return mark("bad", f"✘ {exchange.status or 'no answer'}")
    match exchange.response:
        case {"result": {"isSuccess": True}}:
            return mark("good", f"✔ {exchange.status}, isSuccess: true")
        case {"result": {"isSuccess": False}}:
            return mark("bad", f"✘ {exchange.status}, isSuccess: false")
        case _:
            return mark("good", f"✔ {exchange.status}")


class StepView(View):
    """What the last step did: the statuses at both sides, the journey so far, and the new exchanges.

    Showing it counts as the end of the step: the next one shows what comes after.

    Args:
        journal: of the Connectors.
        request_ids: only the statuses of these Requests in the journey; all without any.

    Attributes:
        step: what is new.
        journey: all that happened so far.
    """

    def __init__(self, journal: Journal, *request_ids: str) -> None:
        self.step = next_step(journal)
        self.journey = Journey(journal, *request_ids)

    def __str__(self) -> str:
        return str(self.step)

    def html(self) -> Node:
        """Return statuses, journey and exchanges."""
        return htpy.div[
            [_sides(request_id, sides) for request_id, sides in self.step.statuses.items()],
            self.journey.html(),
            Exchanges(self.step.exchanges).html(),
        ]


def _sides(request_id: str, sides: dict[str, str]) -> Node:
    return htpy.p(".enb-row")[
        ([htpy.span[side(name), " ", state(status)], " "] for name, status in sides.items()),
        htpy.small(".enb-muted")[f"Request {request_id}"],
    ]
