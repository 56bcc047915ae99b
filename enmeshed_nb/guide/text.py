"""Texts for notebooks and terminals: printable whatever a peer wrote, tables, JSON, times."""

import html
import json
from datetime import datetime
from typing import Any

from enmeshed_nb.content.model import to_json


class TextView:
    """Something that a notebook shows as text; in HTML it is the same text, escaped."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        text = str(self)
        return {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}

    def __repr__(self) -> str:
        return str(self)


def printable(text: str) -> str:
    """Return a text that may come from a peer with control characters shown as `�`."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def printable_lines(text: str) -> str:
    """Return a text of several lines, each of them made `printable`."""
    return "\n".join(printable(line) for line in text.split("\n"))


def table(rows: list[tuple[str, ...]]) -> str:
    """Return rows (the first is the head) as a text table; control characters are shown as `�`."""
    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in clean) for column in range(len(clean[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in clean]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def json_text(value: Any) -> str:
    """Return a model (or anything that JSON knows) as the API's JSON, indented."""
    return json.dumps(to_json(value), indent=2, ensure_ascii=False)


def show_json(value: Any) -> None:
    """Print a model (or anything that JSON knows) as the API's JSON, indented."""
    print(json_text(value))


def time_of_day(moment: datetime) -> str:
    """Return the time of a moment in its time zone, to the millisecond: `12:30:00.125`."""
    return moment.strftime("%H:%M:%S.%f")[:-3]
