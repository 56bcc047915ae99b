"""The Response to a Request: who accepted what."""

import htpy
from htpy import Node

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import ResponseItem
from enmeshed_nb.guide.naming import kind_of, name_of, place_of
from enmeshed_nb.guide.results import answers_of, given, results_table
from enmeshed_nb.widgets.view import View, folded, named, rows, shown_json, state, text


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
                    (
                        named(name_of(item), place_of(content, path), kind_of(item)),
                        "yes" if item.must_be_accepted else "no",
                        _result(answer),
                        told(answer),
                    )
                    for path, item, answer in answers_of(request)
                ],
            ),
            response and folded("as JSON", shown_json(response.content)),
        ]


def _result(answer: ResponseItem | None) -> Node:
    return state(answer.result) if answer else "-"


def told(answer: ResponseItem | None) -> Node:
    """Return what came with the answer to an item, a line each."""
    return [htpy.div[htpy.span(".enb-muted")[f"{name}: "], text(value)] for name, value in given(answer)]
