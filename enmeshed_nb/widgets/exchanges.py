"""Each HTTP exchange, readable: what was sent and what came back."""

import json
import shlex
from collections.abc import Iterable

import htpy
from htpy import Node

from enmeshed_nb.connector import Exchange
from enmeshed_nb.guide import Step, next_step
from enmeshed_nb.guide.journal import Journal
from enmeshed_nb.widgets.journey import Journey
from enmeshed_nb.widgets.view import View, copyable, folded, shown_json, state, text

KEY_VARIABLE = "API_KEY"


def curl(exchange: Exchange) -> str:
    """Return the exchange as a curl command; the API key is taken from the variable `$API_KEY`."""
    query = "&".join(f"{key}={value}" for key, value in exchange.query)
    address = f"{exchange.url}{exchange.path}{f'?{query}' if query else ''}"
    parts = ["curl", "-X", exchange.method, shlex.quote(address), "-H", f'"X-API-KEY: ${KEY_VARIABLE}"']
    if exchange.request is not None:
        body = json.dumps(exchange.request, ensure_ascii=False)
        parts += ["-H", shlex.quote("Content-Type: application/json"), "-d", shlex.quote(body)]
    return " ".join(parts)


class Exchanges(View):
    """HTTP exchanges, each folded; the text form shows them whole.

    Args:
        exchanges: e.g. `journal.exchanges`.
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
    path = exchange.path.removeprefix("/api/core/v1")
    query = "&".join(f"{key}={value}" for key, value in exchange.query)
    succeeded = exchange.status is not None and exchange.status < 400
    kind = "good" if succeeded else "bad"
    icon = "✔" if succeeded else "✘"
    call = f"{exchange.method} {path}{f'?{query}' if query else ''}"
    return folded(
        [
            htpy.span(class_=f"enb-state {kind}")[f"{icon} {exchange.status or 'no answer'}"],
            " ",
            htpy.b[text(exchange.connector)],
            " ",
            htpy.span(".enb-mono")[text(call)],
            htpy.span(".enb-muted")[f" {exchange.duration * 1000:.0f} ms"],
        ],
        exchange.error and htpy.p[text(exchange.error)],
        exchange.request is not None and [htpy.p(".enb-muted")["sent"], shown_json(exchange.request)],
        exchange.response is not None and [htpy.p(".enb-muted")["came back"], shown_json(exchange.response)],
        folded("as curl", copyable(curl(exchange))),
    )


class StepView(View):
    """What the last step did: the statuses at both sides, the journey so far, and the new exchanges.

    Showing it counts as the end of the step: the next one shows what comes after.

    Args:
        journal: of the Connectors.
        request_ids: only the statuses of these Requests in the journey; all without any.
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
