"""The two plots of a load: round trips over time, and how many took how long. Plain SVG, readable without scripts."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from htpy import Element, Node

from enmeshed_nb.load.figures import Json, percentile

g, svg, path, polyline, circle, svg_text, svg_title = (
    Element(name) for name in ("g", "svg", "path", "polyline", "circle", "text", "title")
)

_WIDTH, _HEIGHT = 900, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 44
_SHOWN = (0, 50, 75, 90, 95, 99, 99.9)
"""The percentages on the axis: each further step to the right is a tenth of what is above."""


class _Frame(NamedTuple):
    """The area of a plot, by the largest value of each axis."""

    most_x: float
    most_y: float

    def x(self, value: float) -> str:
        """Return where a value stands from the left."""
        return f"{_LEFT + value / self.most_x * (_WIDTH - _LEFT - _RIGHT):.1f}"

    def y(self, value: float) -> str:
        """Return where a value stands from the top."""
        return f"{_HEIGHT - _BOTTOM - value / self.most_y * (_HEIGHT - _TOP - _BOTTOM):.1f}"

    def axes(self, ticks: Sequence[tuple[float, str]], below: str) -> Node:
        """Return both axes; the vertical one is in milliseconds."""
        step = _step(self.most_y)
        lines = [step * index for index in range(int(self.most_y / step) + 1)]
        return [
            (
                [
                    path(".axis", d=f"M{_LEFT} {self.y(each)}H{_WIDTH - _RIGHT}"),
                    svg_text(x=_LEFT - 8, y=self.y(each), dy=4, text_anchor="end")[f"{each:g}"],
                ]
                for each in lines
            ),
            svg_text(x=_LEFT - 8, y=_TOP - 4, text_anchor="end")["ms"],
            (
                svg_text(x=self.x(value), y=_HEIGHT - _BOTTOM + 18, text_anchor="middle")[words]
                for value, words in ticks
            ),
            svg_text(x=_WIDTH - _RIGHT, y=_HEIGHT - 6, text_anchor="end")[below],
        ]


def _step(most: float) -> float:
    """Return a round distance of lines, of which there are two to five up to the largest value."""
    power = 10.0 ** math.floor(math.log10(most))
    return next(power * each for each in (0.2, 0.5, 1.0, 2.0) if most / (power * each) <= 5)


def _drawing(said: str, content: Node) -> Node:
    return svg(viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=said)[content]


def over_time(report: Json) -> Node:
    """Return each Request as a point: when it was due, and what its round trip took; those without one on the axis."""
    trips = report["trips"]
    frame = _Frame(
        max([1.0, *(trip["due"] / 1000 for trip in trips)]), max([1.0, *(trip["roundTrip"] or 0.0 for trip in trips)])
    )
    step = _step(frame.most_x)
    ticks = [(step * index, f"{step * index:g}") for index in range(int(frame.most_x / step) + 1)]
    points = (
        circle(f".{trip['outcome']}", cx=frame.x(trip["due"] / 1000), cy=frame.y(trip["roundTrip"] or 0), r=3)[
            svg_title[_said(trip)]
        ]
        for trip in trips
    )
    return _drawing("Round trips over time", [frame.axes(ticks, "seconds since the load began"), points])


def _said(trip: Json) -> str:
    took = f"{trip['roundTrip']:.0f} ms" if trip["roundTrip"] is not None else trip.get("code", "not completed")
    return f"Request {trip['number']}, {trip['kind']}, {trip['decision']}: {took}"


def percentiles(report: Json, old: Json | None = None) -> Node:
    """Return the round trips by percentiles; of an earlier load, too, as a dashed line."""
    ours, theirs = (_values(each) if each else [] for each in (report, old))
    frame = _Frame(_place(99.95), max([1.0, *ours, *theirs]))
    lines = [_line(".now", ours, frame), _line(".then", theirs, frame)]
    shown = [(_place(percent), f"{percent:g} %") for percent in _SHOWN]
    words = "of the Requests took at most so long" + (" (dashed: then)" if theirs else "")
    return _drawing("Round trips by percentiles", [frame.axes(shown, words), lines])


def _values(report: Json) -> list[float]:
    return sorted(trip["roundTrip"] for trip in report["trips"] if trip["roundTrip"] is not None)


def _place(percent: float) -> float:
    return -math.log10(1 - percent / 100)


def _line(kind: str, values: list[float], frame: _Frame) -> Node:
    if not values:
        return None
    most = 100 * (1 - 0.5 / max(len(values), 1))
    last = min(_place(most), frame.most_x)
    places = [last * index / 200 for index in range(201)]
    at: Callable[[float], float] = lambda place: percentile(values, max(100 * (1 - 10**-place), 1e-9))  # noqa: E731
    return polyline(kind, points=" ".join(f"{frame.x(place)},{frame.y(at(place))}" for place in places))
