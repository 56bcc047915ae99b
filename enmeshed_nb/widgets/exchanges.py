"""Each HTTP exchange, readable: what was sent and what came back."""

from collections.abc import Iterable, Iterator

import htpy
from htpy import Node

from enmeshed_nb.connector import Exchange
from enmeshed_nb.guide import Step, next_step
from enmeshed_nb.guide.changes import marked_lines
from enmeshed_nb.guide.journal import Journal
from enmeshed_nb.guide.steps import outcome
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
            mark("good" if exchange.went_well else "bad", outcome(exchange)),
            " ",
            side(exchange.connector),
            " ",
            htpy.code(".enb-mono")[text(exchange.call)],
            htpy.small(".enb-muted")[f" in {exchange.duration * 1000:.0f} ms"],
        ],
        exchange.error and htpy.p[text(exchange.error)],
        htpy.div(".enb-columns")[
            exchange.request is not None and htpy.div(".enb-cell")[htpy.b["sent"], shown_json(exchange.request)],
            exchange.response is not None and htpy.div(".enb-cell")[_came_back(exchange)],
        ],
        folded("as curl", copyable(exchange.as_curl())),
    )


def _came_back(exchange: Exchange) -> Node:
    """Return an answer in which each line that was not sent has a sign before it, and stands out."""
    marked = marked_lines(exchange)
    if not marked.are_compared:
        return [htpy.b["came back"], shown_json(exchange.response)]
    lines = (
        htpy.ins[f"{each.mark} {text(each.text)}"] if each.mark else f"  {text(each.text)}" for each in marked.lines
    )
    return [
        htpy.b["came back"],
        htpy.small(".enb-muted")[" + is new, ≠ is another than what was sent"],
        htpy.pre[_intersperse("\n", lines)],
    ]


def _intersperse(between: Node, nodes: Iterable[Node]) -> Iterator[Node]:
    """Yield nodes with something between them."""
    for index, each in enumerate(nodes):
        if index:
            yield between
        yield each


class StepView(View):
    """What the last step did: the statuses at both sides, the journey so far, and the new exchanges.

    Showing it counts as the end of the step: the next one shows what comes after.

    Args:
        journal: of the Connectors.
        ids: of Requests or Relationships: only what concerns these; all without any.

    Attributes:
        step: what is new.
        journey: all that happened so far.
    """

    def __init__(self, journal: Journal, *ids: str) -> None:
        self.step = next_step(journal, *ids)
        self.journey = Journey(journal, *ids)

    def __str__(self) -> str:
        return str(self.step)

    def html(self) -> Node:
        """Return statuses, journey and exchanges."""
        return htpy.div[
            [_sides(subject, sides) for subject, sides in self.step.statuses.items()],
            self.journey.html(),
            Exchanges(self.step.exchanges).html(),
        ]


def _sides(subject: str, sides: dict[str, str]) -> Node:
    return htpy.p(".enb-row")[
        ([htpy.span[side(name), " ", state(status)], " "] for name, status in sides.items()),
        htpy.small(".enb-muted")[f"{'Relationship' if subject.startswith('REL') else 'Request'} {subject}"],
    ]
