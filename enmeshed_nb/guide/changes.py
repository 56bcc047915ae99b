"""What came back, compared with what was sent: which parts the Connector added, and which it changed."""

import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

from enmeshed_nb.connector import Exchange

Change = Literal["+", "≠"]
"""How a part of an answer differs from what was sent: it is new there, or it is another."""
JsonPath = tuple[str | int, ...]


class MarkedLine(NamedTuple):
    """A line of an answer.

    Attributes:
        mark: how it differs from what was sent; None if it was sent like this.
        text: the line of JSON.
    """

    mark: Change | None
    text: str


class MarkedLines(NamedTuple):
    """An answer, line by line.

    Attributes:
        lines: its indented JSON.
        are_compared: whether the answer holds anything of what was sent; else nothing is marked.
    """

    lines: list[MarkedLine]
    are_compared: bool


def changes(sent: Any, received: Any) -> dict[JsonPath, Change]:
    """Return how JSON that came back differs from JSON that was sent, by the path of each part that does.

    Of something new only its outermost part is named. What was sent and does not come back is not named.

        changes({"content": {"items": []}}, {"id": "REQ1", "content": {"@type": "Request", "items": []}})
        # {("id",): "+", ("content", "@type"): "+"}
    """
    return dict(_changes(sent, received, ()))


def _changes(sent: Any, received: Any, path: JsonPath) -> Iterator[tuple[JsonPath, Change]]:
    if isinstance(sent, dict) and isinstance(received, dict):
        for name, each in received.items():
            if name in sent:
                yield from _changes(sent[name], each, (*path, name))
            else:
                yield (*path, name), "+"
    elif isinstance(sent, list) and isinstance(received, list):
        for index, each in enumerate(received):
            if index < len(sent):
                yield from _changes(sent[index], each, (*path, index))
            else:
                yield (*path, index), "+"
    elif type(sent) is not type(received) or sent != received:
        yield path, "≠"


def marked_lines(exchange: Exchange) -> MarkedLines:
    """Return the JSON that came back line by line, each with how it differs from what was sent."""
    sent, response = exchange.request, exchange.response
    result = response.get("result") if isinstance(response, dict) else None
    are_compared = isinstance(sent, dict) and isinstance(result, dict) and not sent.keys().isdisjoint(result)
    found = {("result", *path): mark for path, mark in changes(sent, result).items()} if are_compared else {}
    return MarkedLines(list(_lines(response, (), found)), are_compared)


def lines_of(value: Any, sent: Any = None) -> list[MarkedLine]:
    """Return JSON line by line, each with how it differs from other JSON.

    Args:
        value: the JSON; without lines if it is None.
        sent: what it is compared with; if it is None, nothing is marked.
    """
    if value is None:
        return []
    return list(_lines(value, (), changes(sent, value) if sent is not None else {}))


def _lines(
    value: Any, path: JsonPath, found: dict[JsonPath, Change], mark: Change | None = None
) -> Iterator[MarkedLine]:
    mark = found.get(path, mark)
    if not value or not isinstance(value, dict | list):
        yield MarkedLine(mark, _json(value))
        return
    parts: list[tuple[str | int, str, Any]] = [(index, "", each) for index, each in enumerate(value)]
    if isinstance(value, dict):
        parts = [(name, f"{_json(name)}: ", each) for name, each in value.items()]
    yield MarkedLine(mark, "{" if isinstance(value, dict) else "[")
    for number, (key, label, each) in enumerate(parts, 1):
        inner = list(_lines(each, (*path, key), found, mark))
        inner[0] = inner[0]._replace(text=f"{label}{inner[0].text}")
        if number < len(parts):
            inner[-1] = inner[-1]._replace(text=f"{inner[-1].text},")
        yield from (line._replace(text=f"  {line.text}") for line in inner)
    yield MarkedLine(mark, "}" if isinstance(value, dict) else "]")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
