"""What a notebook shows after each step of the guide, and what it sums up in the end."""

import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enmeshed_nb.connector import Exchange, LocalRequest
from enmeshed_nb.content import walk
from enmeshed_nb.content.model import iso
from enmeshed_nb.guide.changes import marked_lines
from enmeshed_nb.guide.journal import Journal, Observation
from enmeshed_nb.guide.journey import concerning, happenings
from enmeshed_nb.guide.naming import name_of
from enmeshed_nb.guide.results import item_results
from enmeshed_nb.guide.text import TextView, json_text, printable, printable_lines
from enmeshed_nb.summary import SUMMARY_MIME


class Step(TextView):
    """One step: what was sent, what came back, and the statuses of Requests and Relationships on both sides.

    A call that was repeated while waiting is shown once, with its last answer.

    Attributes:
        exchanges: each call with its last answer.
        statuses: by the id of a Request or a Relationship, its newest status by the Connector's name.
    """

    def __init__(self, exchanges: Sequence[Exchange], observations: Iterable[Observation]) -> None:
        last = {(each.connector, each.call, json_text(each.request)): each for each in exchanges}
        self.exchanges = tuple(last.values())
        self.statuses: dict[str, dict[str, str]] = {}
        for each in observations:
            self.statuses.setdefault(each.subject, {})[each.connector] = each.status

    def __str__(self) -> str:
        shown = [_exchange(each) for each in self.exchanges]
        for subject, sides in self.statuses.items():
            now = ", ".join(f"{status} at the {side}" for side, status in sides.items())
            shown.append(f"Status of {subject}: {now}")
        return printable_lines("\n\n".join(shown)) or "Nothing was exchanged since the last look."


def _exchange(exchange: Exchange) -> str:
    answer = exchange.error or f"{outcome(exchange)} in {exchange.duration * 1000:.0f} ms"
    lines = [f"{exchange.connector}: {exchange.call} → {answer}"]
    if exchange.request is not None:
        lines.append(f"sent: {json_text(exchange.request)}")
    if exchange.response is not None:
        marked = marked_lines(exchange)
        head = "came back, + is new, ≠ is another than what was sent:\n" if marked.are_compared else "came back: "
        shown = (f"{each.mark or ' '} {each.text}" if marked.are_compared else each.text for each in marked.lines)
        lines.append(head + "\n".join(shown))
    return "\n".join(lines)


def outcome(exchange: Exchange) -> str:
    """Say how a call ended: whether well, its HTTP status, and what a check found."""
    found = exchange.is_success
    said = "" if found is None else f", isSuccess: {str(found).lower()}"
    return f"{'✔' if exchange.went_well else '✘'} {exchange.status or 'no answer'}{said}"


def next_step(journal: Journal, *ids: str) -> Step:
    """Return what was exchanged since this was called the last time, with the newest statuses of what it shows.

    Args:
        journal: what was recorded.
        ids: of Requests or Relationships: only what concerns these; all without any.
    """
    exchanges, observations = journal.take_new()
    if ids:
        wanted = set(map(id, concerning(journal, *ids)))
        exchanges = tuple(each for each in exchanges if id(each) in wanted)
        observations = tuple(each for each in observations if each.subject in ids)
    return Step(exchanges, observations)


@dataclass(frozen=True, repr=False)
class Summary(TextView):
    """What became of Requests: the history of their statuses at both sides, and their Responses.

    `enmeshed-nb run` prints it at the end.

    Attributes:
        journal: what was recorded of both sides.
        requests: the Requests, in the order in which they are told.
    """

    journal: Journal
    requests: tuple[LocalRequest, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the summary for programs: one `{"id", "title", "sides", "response"}` per Request."""
        return {"requests": [self._request(request) for request in self.requests]}

    def _request(self, request: LocalRequest) -> dict[str, Any]:
        sides: dict[str, list[dict[str, str]]] = {name: [] for name in self.journal.names}
        for each in happenings(self.journal, request.id):
            if each.kind == "status":
                sides[each.side].append({"status": each.text, "at": iso(each.time)})
        content = request.response.content if request.response else None
        lines = [f"{label}: {result}" for label, result in item_results(request)]
        return {
            "id": request.id,
            "title": asked(request),
            "sides": [{"connector": name, "statuses": statuses} for name, statuses in sides.items() if statuses],
            "response": [content.result, *lines] if content else [],
        }

    def __str__(self) -> str:
        return printable_lines("\n\n".join(_request_text(each) for each in self.to_json()["requests"]))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {**super()._repr_mimebundle_(), SUMMARY_MIME: json.dumps(self.to_json(), indent=1)}


def asked(request: LocalRequest) -> str:
    """Return what people call a Request: its title, else what its first item asks, and how many more there are.

    At most 90 characters, and no word of more than 30, so that it can stand above a picture.
    """
    if request.content.title:
        return _shortened(request.content.title)
    first, *more = [item for _, item in walk(request.content)]
    return _shortened(name_of(first)) + (f" (and {len(more)} more)" if more else "")


def _shortened(words: str) -> str:
    pieces = [f"{word[:29]}…" if len(word) > 30 else word for word in words.split()]
    return textwrap.shorten(" ".join(pieces), 90, placeholder=" …")


def _request_text(request: Mapping[str, Any]) -> str:
    lines = [f"{printable(request['title'])} ({request['id']})"]
    for side in request["sides"]:
        steps = " → ".join(f"{each['status']} {each['at'][11:23]}" for each in side["statuses"])
        lines.append(f"  {side['connector']}: {steps}")
    lines += [f"  {'Response' if index == 0 else '  item'}: {line}" for index, line in enumerate(request["response"])]
    return "\n".join(lines)
