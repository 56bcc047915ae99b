"""The stage as a picture, for what is stored and where no front end runs: how it was then, and the same as a list."""

from dataclasses import dataclass, replace

import htpy
from htpy import Node

from enmeshed_nb.guide.scene import Calling, Envelope, Scene, Seen
from enmeshed_nb.guide.text import quoted, time_of_day
from enmeshed_nb.widgets.picture import Font, g, path, picture, rect, svg_text
from enmeshed_nb.widgets.view import STATES, accent, folded, mark, rows, side, state, text

_NAME, _SMALL, _TITLE = Font(14), Font(11.5), Font(12.5)
_WIDE, _NARROW, _MIDDLE = 752, 330, 176  # of the wide form, of the narrow one, of the Backbone's lane
_BAR, _HEAD, _CARD, _GAP = 38, 44, 58, 10
_DRAWN = 4
"""How many Requests of a lane and how many Messages are drawn."""


def drawn(scene: Scene) -> Node:
    """Return a scene as a picture, and as a list."""
    forms = [_lanes(scene) if len(scene.sides) == 2 else _stacked(scene, _WIDE), _stacked(scene, _NARROW)]
    height = max(max(lane.bottom for lane in form) for form in forms)
    wide, narrow = ([_bar(scene), (lane.drawn(height) for lane in form)] for form in forms)
    return [
        picture(wide, narrow, height, f"The stage: {_said(scene)} The list below tells the same."),
        folded("The stage as a list", _list(scene)),
    ]


def _said(scene: Scene) -> str:
    return " ".join(text(scene).splitlines())


def _bar(scene: Scene) -> Node:
    now, colour = "Nothing is under way", "soft"
    if scene.turn:
        now, colour = str(scene.turn), accent(scene.turn.side)
    elif scene.requests:
        now = f"{quoted(scene.requests[-1].title)} is over"
    words = _cut(f"▸ {text(now)}" if scene.turn else text(now), _TITLE, _NARROW - 24)
    return [svg_text(class_=f"b {colour}", x=14, y=24)[words], path(".line", d=f"M1 {_BAR}.5H2000")]


@dataclass(frozen=True)
class _Lane:
    """What is drawn of a side, or of the Backbone.

    Attributes:
        name: what stands above it.
        colour: its class.
        x: where it begins.
        y: where it begins.
        width: how wide it is.
        requests: each with its status there.
        envelopes: what waits there.
        is_column: whether it is as high as the picture.
    """

    name: str
    colour: str
    x: int
    y: int
    width: int
    requests: tuple[tuple[Seen, str], ...] = ()
    envelopes: tuple[Envelope, ...] = ()
    is_column: bool = True

    @property
    def bottom(self) -> int:
        """Where what it holds ends."""
        number = len(self.requests) + len(self.envelopes)
        return self.y + _HEAD + (number * (_CARD + _GAP) if number or self.is_column else _GAP) + 8

    def drawn(self, height: int) -> Node:
        """Draw it, in a picture of a height."""
        top = self.y + _HEAD
        places = [top + index * (_CARD + _GAP) for index in range(len(self.requests) + len(self.envelopes))]
        return [
            self.is_column and self.x and path(".line", d=f"M{self.x}.5 {_BAR}V{height - 1}"),
            not self.is_column and self.y > _BAR and path(".line", d=f"M1 {self.y}.5H2000"),
            rect(class_=f"fill {self.colour}", x=self.x + 14, y=self.y + 14, width=10, height=10, rx=3),
            svg_text(".h", x=self.x + 30, y=self.y + 24)[_cut(text(self.name), _NAME, self.width - 40)],
            (self._card(seen, status, y) for (seen, status), y in zip(self.requests, places, strict=False)),
            (self._envelope(each, y) for each, y in zip(self.envelopes, places, strict=False)),
        ]

    def _card(self, seen: Seen, status: str, y: int) -> Node:
        icon, kind = STATES.get(status, ("•", "busy"))
        words = f"{icon} {text(status)}"
        x, width = self.x + 14, self.width - 28
        return [
            rect(".line", x=x, y=y, width=width, height=_CARD, rx=8),
            path(class_=self.colour, d=f"M{x + 1} {y + 6}V{y + _CARD - 6}", stroke_width=3),
            svg_text(".b", x=x + 12, y=y + 20)[_cut(text(seen.title), _TITLE, width - 20)],
            g(class_=self.colour if kind == "busy" else kind)[
                rect(x=x + 12, y=y + 30, width=round(_SMALL.width(words)) + 20, height=20, rx=10),
                svg_text(x=x + 21, y=y + 44)[words],
            ],
        ]

    def _envelope(self, envelope: Envelope, y: int) -> Node:
        x = self.x + 14
        return [
            g(".backbone")[
                rect(".env", x=x, y=y + 4, width=48, height=32, rx=4),
                path(d=f"M{x + 1} {y + 7}L{x + 24} {y + 22}L{x + 47} {y + 7}"),
            ],
            svg_text(x=x + 58, y=y + 17)["sealed for"],
            svg_text(".b", x=x + 58, y=y + 32)[_cut(_whom(envelope), _SMALL, self.width - 80)],
        ]


def _lanes(scene: Scene) -> list[_Lane]:
    width = (_WIDE - _MIDDLE) // 2
    first, second = (_of_side(scene, name) for name in scene.sides)
    return [
        replace(first, x=0, y=_BAR, width=width),
        _Lane("Backbone", "backbone", width, _BAR, _MIDDLE, envelopes=scene.envelopes[: -_DRAWN - 1 : -1]),
        replace(second, x=width + _MIDDLE, y=_BAR, width=width),
    ]


def _stacked(scene: Scene, width: int) -> list[_Lane]:
    envelopes = scene.envelopes[: -_DRAWN - 1 : -1]
    sides = [_of_side(scene, name) for name in scene.sides]
    lanes = [*sides[:1], _Lane("Backbone", "backbone", 0, 0, 0, envelopes=envelopes), *sides[1:]]
    placed, y = [], _BAR
    for lane in lanes:
        placed.append(replace(lane, y=y, width=width, is_column=False))
        y = placed[-1].bottom
    return placed


def _of_side(scene: Scene, name: str) -> _Lane:
    newest_first = [(each, each.statuses[name]) for each in reversed(scene.requests) if name in each.statuses]
    return _Lane(name.capitalize(), accent(name.casefold()), 0, 0, 0, requests=tuple(newest_first[:_DRAWN]))


def _whom(envelope: Envelope) -> str:
    return f"the {text(envelope.recipient.capitalize())}" if envelope.recipient else "a peer"


def _cut(words: str, font: Font, longest: float) -> str:
    """Return a text that is no wider than it may be."""
    line = " ".join(words.split())
    while line and font.width(line) > longest:
        line = line.removesuffix("…")[:-1] + "…"
    return line


def _list(scene: Scene) -> Node:
    told: list[tuple[Node, ...]] = [
        (htpy.b[text(each.title)], _statuses(each), text(each.turn or "It is over"))
        for each in reversed(scene.requests)
    ]
    told += [
        (f"✉ {text(scene.content_of(each))}", [side("backbone"), " sealed"], f"for {_whom(each)}")
        for each in reversed(scene.envelopes)
    ]
    return [
        rows(("what", "where", "now"), told) if told else htpy.p["No Request is under way, and no Message waits."],
        rows(("time", "where", "call", "outcome"), calls) if (calls := [_call(each) for each in scene.calls]) else None,
    ]


def _statuses(seen: Seen) -> Node:
    return [([htpy.span[side(name), " ", state(status)], " "]) for name, status in seen.statuses.items()]


def _call(call: Calling) -> tuple[Node, ...]:
    kind = "busy" if call.is_running else "good" if call.went_well else "bad"
    return (
        time_of_day(call.since),
        htpy.b[text(call.side.capitalize())],
        htpy.code(".enb-mono")[text(call.call)],
        mark(kind, call.outcome or ("…" if call.is_running else "✘ no answer")),
    )
