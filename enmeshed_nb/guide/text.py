"""Texts for notebooks and terminals: printable whatever a peer wrote, tables, JSON, times."""

import html
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from enmeshed_nb.content.model import to_json
from enmeshed_nb.printable import printable, printable_lines

__all__ = [
    "TextView",
    "json_text",
    "listed",
    "ordinal",
    "printable",
    "printable_lines",
    "quoted",
    "said_of",
    "shortened",
    "show_json",
    "table",
    "time_of_day",
]


class TextView:
    """Something that a notebook shows as text; in HTML it is the same text, escaped."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        text = repr(self)
        return {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}

    def __repr__(self) -> str:
        return printable_lines(str(self))


def table(rows: list[tuple[str, ...]]) -> str:
    """Return rows (the first is the head) as a text table; what a terminal would obey is shown as escapes."""
    clean = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in clean) for column in range(len(clean[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in clean]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def json_text(value: Any) -> str:
    """Return a model (or anything that JSON knows) as the API's JSON, indented, as a terminal can show it."""
    return printable_lines(json.dumps(to_json(value), indent=2, ensure_ascii=False))


def show_json(value: Any) -> None:
    """Print a model (or anything that JSON knows) as the API's JSON, indented."""
    print(json_text(value))


def time_of_day(moment: datetime) -> str:
    """Return the time of a moment in its time zone, to the millisecond: `12:30:00.125`."""
    return moment.strftime("%H:%M:%S.%f")[:-3]


def ordinal(number: int) -> str:
    """Return a number as a place in a row: `1st`, `2nd`, `11th`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def quoted(text: object) -> str:
    """Return a text in quotation marks."""
    return f"“{text}”"


def listed(texts: Iterable[str], last: str = "and") -> str:
    """Return texts as a list in a sentence: `a, b or c`."""
    *first, end = list(texts) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def shortened(text: str, most: int = 60) -> str:
    """Return the beginning of a text on one line, cut between words where that is possible."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    words, _, _ = cut.rpartition(" ")
    return f"{words} …" if len(words) > most // 2 else f"{cut}…"


def said_of(error: Mapping[str, Any]) -> str:
    """Return what is wrong with a property, from what pydantic found there; without a full stop."""
    words: dict[str, str] = {
        "bool_type": "must be True or False, not a text or number (the text 'false' would count as true)",
        "missing": "is missing",
        "extra_forbidden": "is unknown here; the Connector would ignore it. Check the spelling",
        "string_type": "must be a text",
        "int_type": "must be a whole number",
        "float_type": "must be a number",
    }
    return words.get(error["type"], str(error["msg"]))
