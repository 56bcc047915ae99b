"""The journey of Requests and Relationships as a sequence diagram: Sender, Backbone, Recipient."""

from dataclasses import dataclass

import htpy
from htpy import Node

from enmeshed_nb.guide.journal import Journal
from enmeshed_nb.guide.journey import Happening, happenings
from enmeshed_nb.guide.text import table, time_of_day
from enmeshed_nb.widgets.picture import Font, circle, g, path, picture, rect, svg_text
from enmeshed_nb.widgets.view import STATES, View, accent, folded, mark, rows, state, text

_CALL, _WORDS, _STATE = Font(11, mono=True), Font(11.5), Font(12.5)
_HEAD, _LINE, _GAP, _FOOT = 50, 15, 11, 8
_LEFT, _MIDDLE, _RIGHT, _END = 112, 366, 492, 752  # where the lanes of the wide form begin
_RAIL, _RAILS, _TEXT = 100, 13, 140  # of the narrow form: the first line, their distance, where texts begin
_WIDE, _NARROW = 230, 196  # the longest line of a text in either form


class Journey(View):
    """What happened at both sides so far: calls, Messages, synchronisations, statuses with their times.

    Args:
        journal: what was recorded; of two Connectors.
        ids: of Requests or Relationships: only what concerns these; all without any.
        last: at most so many of the newest events; None for all.
        calls: whether calls of the API are shown, too.

    Attributes:
        happenings: what is shown, in the order of time.
        left_out: how many earlier ones are not.
        sides: the names of the Connectors: of the left lane and, if there are two, of the right one.
    """

    def __init__(self, journal: Journal, *ids: str, last: int | None = 40, calls: bool = True) -> None:
        happened = [each for each in happenings(journal, *ids) if calls or each.kind != "call"]
        self.left_out = 0 if last is None else max(0, len(happened) - last)
        self.happenings = happened[self.left_out :]
        self.sides = journal.names

    @property
    def events(self) -> list[Happening]:
        """Deprecated: `happenings`."""
        return self.happenings

    def __str__(self) -> str:
        if not self.happenings:
            return "Nothing has happened yet."
        lines: list[tuple[str, ...]] = [("time", "side", "what", "")]
        lines += [(time_of_day(each.time), each.side, _WHAT[each.kind], text(each.text)) for each in self.happenings]
        return table(lines)

    def html(self) -> Node:
        """Return the diagram, and the same as a list."""
        if not self.happenings:
            return htpy.p(".enb-muted")["Nothing has happened yet. The journey grows with each step."]
        left_out = f"{self.left_out} earlier events are left out." if self.left_out else ""
        return [
            left_out and htpy.p(".enb-muted")[left_out],
            self._picture(),
            folded(
                "The journey as a list",
                rows(
                    ("time", "where", "what happened"),
                    [
                        (time_of_day(each.time), htpy.b[text(each.side.capitalize())], _told(each))
                        for each in self.happenings
                    ],
                ),
            ),
        ]

    def _picture(self) -> Node:
        forms = [_Form(_WIDE, self.happenings), _Form(_NARROW, self.happenings)]
        height = max(form.height for form in forms)
        wide, narrow = (
            [
                _Row(happening, lines, y, is_first=happening.side == self.sides[0])
                for happening, lines, y in zip(self.happenings, form.texts, form.spread(height), strict=True)
            ]
            for form in forms
        )
        names = [self.sides[0], "Backbone", *self.sides[1:2]]
        begin, end = (time_of_day(self.happenings[index].time) for index in (0, -1))
        said = f"The journey from {begin} to {end}, drawn as a sequence diagram: "
        return picture(
            [_lanes(names, height), (row.wide() for row in wide)],
            [_rails(names, height), (row.narrow() for row in narrow)],
            height,
            f"{said}{', '.join(text(name.capitalize()) for name in names)}. The list below tells the same.",
        )


def _lanes(names: list[str], height: int) -> Node:
    return [
        rect(".mid", x=_MIDDLE, y=1, width=_RIGHT - _MIDDLE, height=height - 2),
        (path(".line", d=f"M{x}.5 1V{height - 1}") for x in (_MIDDLE, _RIGHT)),
        path(".line", d=f"M1 36.5H{_END - 1}"),
        (_name(name, x, 23) for name, x in zip(names, (_LEFT, _MIDDLE + 16, _RIGHT + 16), strict=False)),
    ]


def _rails(names: list[str], height: int) -> Node:
    return [
        path(".line", d="M1 36.5H1000"),
        (_name(name, 14 + 106 * index, 23) for index, name in enumerate(names)),
        (
            path(".line", d=f"M{_RAIL + _RAILS * index} {_HEAD - 4}V{height - 10}", stroke_width=2)
            for index in range(len(names))
        ),
    ]


def _name(name: str, x: int, y: int) -> Node:
    return [
        rect(class_=f"fill {accent(name.casefold())}", x=x, y=y - 10, width=10, height=10, rx=3),
        svg_text(".h", x=x + 16, y=y)[text(name.capitalize())],
    ]


class _Form:
    """The texts of events in the wide or the narrow form, and where they stand."""

    def __init__(self, longest: int, happened: list[Happening]) -> None:
        self.texts = [_lines(happening, longest) for happening in happened]
        self._heights = [_LINE * len(lines) + _GAP for lines in self.texts]
        self.height = _HEAD + sum(self._heights) + _FOOT

    def spread(self, height: int) -> list[int]:
        """Return where each text begins, when all fill *height* evenly."""
        spare = (height - self.height) / len(self.texts)
        return [_HEAD + sum(self._heights[:index]) + round(spare * index) for index in range(len(self.texts))]


@dataclass(frozen=True)
class _Row:
    """A happening in the picture.

    Attributes:
        happening: what happened.
        lines: what is written.
        y: where it begins.
        is_first: whether it happened at the first side, left of the Backbone.
    """

    happening: Happening
    lines: list[str]
    y: int
    is_first: bool

    @property
    def _base(self) -> int:
        return self.y + 12

    @property
    def _colour(self) -> str:
        return accent(self.happening.side)

    def wide(self) -> Node:
        """Draw it in its lane, with a line to or from the Backbone."""
        x = _LEFT if self.is_first else _RIGHT + 16
        drawn: Node = None
        if self.happening.kind in ("message", "sync"):
            end = x + _WORDS.width(self.lines[0]) + 8 if self.is_first else _RIGHT + 10
            drawn = self._wire(int(end), (_MIDDLE + _RIGHT) // 2, self.y + 8)
        return [self._when(14), drawn, self._written(x)]

    def narrow(self) -> Node:
        """Draw it on three lines, with what it says beside them."""
        own, middle = (_RAIL if self.is_first else _RAIL + 2 * _RAILS), _RAIL + _RAILS
        drawn: Node = circle(class_=f"fill {self._colour}", cx=own, cy=self.y + 8, r=5)
        if self.happening.kind in ("message", "sync"):
            away = self.happening.kind == "message"
            start, end = (own, middle) if away else (middle, own)
            back = -5 if end > start else 5
            drawn = g(class_=self._colour)[
                circle(".fill", cx=start, cy=self.y + 8, r=3),
                path(d=f"M{start} {self.y + 8}H{end}M{end + back} {self.y + 4}l{-back} 4l{back} 4", stroke_width=2),
            ]
        return [self._when(10), drawn, self._written(_TEXT)]

    def _when(self, x: int) -> Node:
        return svg_text(".t.soft", x=x, y=self._base)[time_of_day(self.happening.time)]

    def _wire(self, end: int, middle: int, y: int) -> Node:
        """Draw a line between a side and the Backbone: with an envelope there, or from there, broken."""
        inner = middle - 18 if self.is_first else middle + 18
        if self.happening.kind == "message":
            back = -6 if inner > end else 6
            tip = f"M{inner + back} {y - 4}l{-back} 4l{back} 4"
            line = path(d=f"M{end} {y}H{inner}{tip}")
            return [g(class_=self._colour)[line], _envelope(middle, y)]
        back = 6 if inner > end else -6
        return g(class_=self._colour)[
            circle(".fill", cx=middle, cy=y, r=3),
            path(".dash", d=f"M{middle} {y}H{end}"),
            path(d=f"M{end + back} {y - 4}l{-back} 4l{back} 4"),
        ]

    def _written(self, x: int) -> Node:
        if self.happening.kind == "status":
            kind = STATES.get(self.happening.text, ("", "busy"))[1]
            width = round(_STATE.width(self.lines[0])) + 18
            return g(class_=self._colour if kind == "busy" else kind)[
                rect(x=x, y=self.y - 2, width=width, height=20, rx=10),
                svg_text(".b", x=x + width // 2, y=self._base, text_anchor="middle")[self.lines[0]],
            ]
        kind = {"call": "m", "message": "b", "sync": "soft"}[self.happening.kind]
        tone = "" if self.happening.succeeded else " bad"
        return [
            svg_text(class_=f"{kind}{tone}", x=x + (12 if index else 0), y=self._base + _LINE * index)[line]
            for index, line in enumerate(self.lines)
        ]


def _envelope(x: int, y: int) -> Node:
    return g(".backbone")[
        rect(".env", x=x - 14, y=y - 9, width=28, height=18, rx=3),
        path(d=f"M{x - 13} {y - 7}L{x} {y + 2}L{x + 13} {y - 7}"),
    ]


def _lines(happening: Happening, longest: int) -> list[str]:
    match happening.kind:
        case "status":
            return [f"{STATES.get(happening.text, ('•', ''))[0]} {text(happening.text)}"]
        case "call":
            return _CALL.lines(_called(happening), longest)
        case "sync":
            return [_fetched(happening)]
        case _:
            return _WORDS.lines(text(happening.text), longest)


def _called(happening: Happening) -> str:
    return text(happening.text) if happening.succeeded else f"✘ {text(happening.text)}"


def _fetched(happening: Happening) -> str:
    return "loads the template" if "RelationshipTemplates" in happening.text else "fetches what is new"


def _told(happening: Happening) -> Node:
    match happening.kind:
        case "status":
            return state(happening.text)
        case "message":
            return ["✉ ", htpy.b[text(happening.text)], " to the Backbone"]
        case "sync":
            return f"{_fetched(happening)} from the Backbone"
        case _ if happening.succeeded:
            return htpy.code(".enb-mono")[text(happening.text)]
        case _:
            return [mark("bad", "✘"), " ", htpy.code(".enb-mono")[text(happening.text)]]


_WHAT = {"call": "call", "message": "→ Backbone", "sync": "← Backbone", "status": "status"}
