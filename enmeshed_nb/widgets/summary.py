"""What became of Requests, in the end: the Response to each, and its way as a picture and a list."""

from typing import Any

import htpy
from htpy import Node

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.guide import Journal, Summary
from enmeshed_nb.widgets.journey import Journey
from enmeshed_nb.widgets.response import ResponseView
from enmeshed_nb.widgets.view import View, page


class SummaryView(View):
    """What became of Requests; `enmeshed-nb run` prints it at the end, as text.

    Args:
        journal: what was recorded of both sides.
        requests: the Requests, in the order in which they are told.

    Attributes:
        summary: the same as text and for programs.
        journeys: of each Request, without calls.
    """

    def __init__(self, journal: Journal, *requests: LocalRequest) -> None:
        self.summary = Summary(journal, requests)
        self.journeys = [Journey(journal, each.id, calls=False) for each in requests]

    def __str__(self) -> str:
        return str(self.summary)

    def html(self) -> Node:
        """Return the Response to each Request, and its journey."""
        return [
            htpy.div[ResponseView(request).html(), journey.html()]
            for request, journey in zip(self.summary.requests, self.journeys, strict=True)
        ]

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {**self.summary._repr_mimebundle_(), "text/html": page(self.html())}
