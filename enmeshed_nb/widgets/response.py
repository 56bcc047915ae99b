"""The Response to a Request: who accepted what."""

from typing import Any

import htpy
from htpy import Node

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import ResponseItem
from enmeshed_nb.guide.deciding import label
from enmeshed_nb.guide.results import answers_of, results_table
from enmeshed_nb.widgets.view import View, folded, rows, shown_json, state, text

_SHOWN_BY_ITSELF = {"@type", "result"}


class ResponseView(View):
    """What was asked item by item, and what became of it.

    Args:
        request: the Request, of either side; without a Response yet, it says so.

    Attributes:
        request: that Request.
    """

    def __init__(self, request: LocalRequest) -> None:
        self.request = request

    def __str__(self) -> str:
        result = self.request.response.content.result if self.request.response else "none yet"
        return f"Request {self.request.id}: {self.request.status}. Response: {result}\n{results_table(self.request)}"

    def html(self) -> Node:
        """Return the table of the items."""
        request, response = self.request, self.request.response
        content = request.content
        return htpy.div(".enb-card")[
            htpy.p(".enb-row")[
                htpy.b[text(content.title or "Request")],
                " ",
                state(request.status),
                " ",
                [htpy.span["Response: ", state(response.content.result)]]
                if response
                else htpy.span(".enb-muted")["no Response yet"],
                " ",
                htpy.small(".enb-muted")[request.id],
            ],
            content.description and htpy.p[text(content.description)],
            rows(
                ("item", "required", "result", "with"),
                [
                    (text(label(path, item)), "yes" if item.must_be_accepted else "no", _result(answer), _given(answer))
                    for path, item, answer in answers_of(request)
                ],
            ),
            response and folded("as JSON", shown_json(response.content)),
        ]


def _result(answer: ResponseItem | None) -> Node:
    return state(answer.result) if answer else "-"


def _given(answer: ResponseItem | None) -> Node:
    given: dict[str, Any] = answer.model_dump() if answer else {}
    shown = [(name, value) for name, value in given.items() if name not in _SHOWN_BY_ITSELF]
    return [
        htpy.div[htpy.span(".enb-muted")[f"{name}: "], htpy.code(".enb-mono")[text(_written(value))]]
        for name, value in shown
    ]


def _written(value: Any) -> str:
    match value:
        case {"value": {"value": inner}}:
            return str(inner)
        case _:
            return str(value)
