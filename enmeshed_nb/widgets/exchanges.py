"""Each HTTP exchange, readable: what was sent and what came back."""

from collections.abc import Iterable

import htpy
from htpy import Node

from enmeshed_nb.connector import Exchange
from enmeshed_nb.guide import Step, next_step
from enmeshed_nb.guide.journal import Journal
from enmeshed_nb.widgets.journey import Journey
from enmeshed_nb.widgets.view import View, copyable, folded, shown_json, state, text


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
    kind = "good" if exchange.succeeded else "bad"
    icon = "✔" if exchange.succeeded else "✘"
    return folded(
        [
            htpy.span(class_=f"enb-state {kind}")[f"{icon} {exchange.status or 'no answer'}"],
            " ",
            htpy.b[text(exchange.connector)],
            " ",
            htpy.span(".enb-mono")[text(exchange.call)],
            htpy.span(".enb-muted")[f" {exchange.duration * 1000:.0f} ms"],
        ],
        exchange.error and htpy.p[text(exchange.error)],
        exchange.request is not None and [htpy.p(".enb-muted")["sent"], shown_json(exchange.request)],
        exchange.response is not None and [htpy.p(".enb-muted")["came back"], shown_json(exchange.response)],
        folded("as curl", copyable(exchange.as_curl())),
    )


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
        return htpy.div(".enb-card")[
            [_sides(request_id, sides) for request_id, sides in self.step.statuses.items()],
            self.journey.html(),
            Exchanges(self.step.exchanges).html(),
        ]


def _sides(request_id: str, sides: dict[str, str]) -> Node:
    return htpy.div(".enb-row")[
        htpy.span(".enb-mono")[request_id],
        ([htpy.span[htpy.b[text(side.capitalize())], " ", state(status)]] for side, status in sides.items()),
    ]
