"""The summary: Requests on their way from one side to the other and back, and what was answered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import htpy
from htpy import Node

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.guide.journal import Journal
from enmeshed_nb.guide.results import item_results
from enmeshed_nb.guide.steps import Summary, asked
from enmeshed_nb.guide.text import time_of_day
from enmeshed_nb.summary import SUMMARY_MIME
from enmeshed_nb.widgets.picture import Font, circle, path, picture, rect, svg_text
from enmeshed_nb.widgets.view import STATES, View, accent, rows, state, text

_TITLE, _WORD = Font(14), Font(12.5)
_LINE = 19  # of a title
_HEAD, _NAMES = 72, 50  # from the end of a title to the first lane or row, and to the names above rows
_LEFT, _RIGHT = 112, 738  # of the wide form: where lanes begin and end
_LANES, _FOOT = 62, 60  # between two lanes; below the last one
_RAIL, _RAILS, _TEXT, _ROW = 100, 16, 148, 24  # of the narrow form: the first line, their distance, texts, a row
_WIDE, _NARROW = 690, 290  # the longest line of a title in either form


class SummaryView(View):
    """What became of Requests: each drawn as a line that goes from side to side, and the same as a table.

    `enmeshed-nb run` prints it at the end.

    Args:
        journal: what was recorded of both sides.
        requests: the Requests, in the order in which they are told.

    Attributes:
        summary: the same for programs, and as text.
    """

    def __init__(self, journal: Journal, *requests: LocalRequest) -> None:
        self.summary = Summary(journal, requests)
        self._ways = [_Way(journal, request) for request in requests]

    def __str__(self) -> str:
        return str(self.summary)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {**super()._repr_mimebundle_(), SUMMARY_MIME: self.summary.for_runner()}

    def html(self) -> Node:
        """Return the picture and the table."""
        if not self._ways:
            return htpy.p(".enb-muted")["There is no Request to sum up."]
        return [self._picture(), rows(("Request", "Statuses", "Response"), [_row(way) for way in self._ways])]

    def _picture(self) -> Node:
        height = max(way.height for way in self._ways)
        wide: list[Node] = []
        narrow: list[Node] = []
        for number, way in enumerate(self._ways):
            top = number * height
            line = path(".line", d=f"M1 {top}.5H1000") if number else None
            wide += [line and path(".line", d=f"M1 {top}.5H751"), way.wide(top, height)]
            narrow += [line, way.narrow(top, height)]
        told = "; ".join(f"“{way.title}” {way.outcome}" for way in self._ways)
        return picture(wide, narrow, height * len(self._ways), f"The way of each Request: {told}. The table says more.")


@dataclass(frozen=True)
class _Stop:
    """A status on the way: where, which, when."""

    side: int
    status: str
    time: str

    @property
    def words(self) -> str:
        return f"{STATES.get(self.status, ('•', ''))[0]} {text(self.status)}"


class _Way:
    """A Request, and the statuses that it had, in the order of time."""

    def __init__(self, journal: Journal, request: LocalRequest) -> None:
        self.request, self.title = request, text(asked(request))
        seen = sorted(journal.history(request.id), key=lambda each: each.time)
        self.sides = [name for name in journal.names if any(each.connector == name for each in seen)]
        self.stops = [_Stop(self.sides.index(each.connector), each.status, time_of_day(each.time)) for each in seen]
        result = request.response.content.result if request.response else ""
        self.outcome = result.lower() or "has no Response yet"
        self.result = (result, *STATES.get(result, ("•", "busy"))) if result else ("no Response yet", "…", "warn")

    @property
    def height(self) -> int:
        """How many pixels either form needs."""
        wide = _LINE * len(_TITLE.lines(self.title, _WIDE)) + _HEAD + _LANES * (len(self.sides) - 1) + _FOOT
        return max(wide, _LINE * len(_TITLE.lines(self.title, _NARROW)) + _HEAD + 12 + _ROW * len(self.stops))

    def wide(self, top: int, height: int) -> Node:
        """Draw a lane per side, and the way through them."""
        end = self._title(top, _WIDE)
        spare = height - (end - top) - _HEAD - _LANES * (len(self.sides) - 1) - _FOOT
        lanes = [end + _HEAD + spare // 2 + _LANES * number for number in range(len(self.sides))]
        spots = [(x, lanes[stop.side]) for x, stop in zip(self._across(), self.stops, strict=True)]
        return [
            self._head(top, _WIDE),
            ([path(".line", d=f"M{_LEFT} {y}.5H{_RIGHT}"), self._name(side, 14, y + 4)] for side, y in self._at(lanes)),
            _track(spots),
            self._messages(spots),
            (self._stop(stop, x, y) for stop, (x, y) in zip(self.stops, spots, strict=True)),
        ]

    def narrow(self, top: int, height: int) -> Node:
        """Draw a rail per side from top to bottom, and what was there beside them."""
        end = self._title(top, _NARROW)
        rails = [_RAIL + _RAILS * number for number in range(len(self.sides))]
        step = (height - (end - top) - _HEAD - 12) / max(1, len(self.stops))
        spots = [(rails[stop.side], round(end + _HEAD + step * index)) for index, stop in enumerate(self.stops)]
        return [
            self._head(top, _NARROW),
            (self._name(side, 14 + 106 * index, end + _NAMES) for index, (side, _) in enumerate(self._at(rails))),
            _track(spots),
            (
                [
                    self._dot(stop, x, y),
                    svg_text(".t.soft", x=10, y=y + 4)[stop.time],
                    svg_text(".b", x=_TEXT, y=y + 4)[stop.words],
                ]
                for stop, (x, y) in zip(self.stops, spots, strict=True)
            ),
        ]

    def _title(self, top: int, longest: int) -> int:
        """Return where the title ends."""
        return top + _LINE * len(_TITLE.lines(self.title, longest))

    def _head(self, top: int, longest: int) -> Node:
        word, icon, kind = self.result
        lines = _TITLE.lines(self.title, longest)
        y = top + 6 + _LINE * (len(lines) + 1)
        return [
            (svg_text(".h", x=14, y=top + 6 + _LINE * (number + 1))[line] for number, line in enumerate(lines)),
            svg_text(class_=f"b {kind}", x=14, y=y + 1)[f"{icon} {word}"],
        ]

    def _at(self, places: list[int]) -> Iterator[tuple[str, int]]:
        return zip(self.sides, places, strict=True)

    def _name(self, side: str, x: int, y: int) -> Node:
        return [
            rect(class_=f"fill {accent(side.casefold())}", x=x, y=y - 9, width=10, height=10, rx=3),
            svg_text(".h", x=x + 16, y=y)[text(side.capitalize())],
        ]

    def _across(self) -> list[int]:
        """Return where the stops are from left to right: none covers what is written at another one of its lane."""
        places: list[float] = []
        ends = [float(_LEFT)] * len(self.sides)
        for stop in self.stops:
            half = max(_WORD.width(stop.words), 70) / 2
            places.append(max(places[-1] + 34 if places else 0, ends[stop.side] + half))
            ends[stop.side] = places[-1] + half + 8
        spare = max(0.0, _RIGHT - max(ends, default=0)) / max(1, len(places))
        return [round(x + spare * (number + 0.5)) for number, x in enumerate(places)]

    def _messages(self, spots: list[tuple[int, int]]) -> Node:
        """Name the lines by which the Request went there, and the Response came back."""
        crossed = [
            (stop.side, (x + to_x) // 2, (y + to_y) // 2)
            for stop, (x, y), (to_x, to_y) in zip(self.stops, spots, spots[1:], strict=False)
            if y != to_y
        ]
        there, back = [[each for each in crossed if each[0] == side] for side in (0, 1)]
        return [
            [svg_text(".soft", x=x + 14, y=y + 4)["✉ the Request"] for _, x, y in there[:1]],
            [svg_text(".soft", x=x - 14, y=y + 4, text_anchor="end")["✉ the Response"] for _, x, y in back[-1:]],
        ]

    def _stop(self, stop: _Stop, x: int, y: int) -> Node:
        words, when = (y - 28, y - 13) if stop.side == 0 else (y + 24, y + 39)
        return [
            self._dot(stop, x, y),
            svg_text(".b", x=x, y=words, text_anchor="middle")[stop.words],
            svg_text(".t.soft", x=x, y=when, text_anchor="middle")[stop.time],
        ]

    def _dot(self, stop: _Stop, x: int, y: int) -> Node:
        return circle(class_=f"fill {accent(self.sides[stop.side].casefold())}", cx=x, cy=y, r=6)


def _track(spots: list[tuple[int, int]]) -> Node:
    return path(".soft", d="M" + "L".join(f"{x} {y}" for x, y in spots), stroke_width=2) if spots else None


def _row(way: _Way) -> tuple[Node, ...]:
    statuses = [htpy.div[f"{text(side.capitalize())}: ", _arrows(way, number)] for number, side in enumerate(way.sides)]
    response = way.request.response
    items = [htpy.div[f"{text(name)}: {text(result)}"] for name, result in item_results(way.request)]
    return (
        [htpy.b[way.title], htpy.div[htpy.small(".enb-muted")[way.request.id]]],
        statuses,
        [state(response.content.result), len(items) > 1 and items] if response else "none yet",
    )


def _arrows(way: _Way, number: int) -> str:
    return " → ".join(text(stop.status) for stop in way.stops if stop.side == number)
