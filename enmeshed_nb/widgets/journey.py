"""The journey of Requests as a sequence diagram: Sender, Backbone, Recipient."""

from collections.abc import Sequence

import htpy
from htpy import Element, Node

from enmeshed_nb.guide.journal import Journal
from enmeshed_nb.guide.journey import Happening, happenings
from enmeshed_nb.guide.text import table, time_of_day
from enmeshed_nb.widgets.view import STATES, View, text

_WIDTH, _ROW, _HEAD = 970, 28, 46
_LEFT, _MIDDLE, _RIGHT = 300, 500, 700
_LONGEST = 42

g, rect, svg, svg_path, svg_text = (Element(name) for name in ("g", "rect", "svg", "path", "text"))


class Journey(View):
    """What happened to Requests at both sides so far: calls, Messages, synchronisations, statuses with their times.

    Args:
        journal: what was recorded; of two Connectors.
        request_ids: only the statuses of these Requests; all without any.
        last: at most so many of the newest events; None for all.

    Attributes:
        happenings: what is shown, in the order of time.
        left_out: how many earlier ones are not.
        sides: the names of the Connectors: of the left lane and, if there are two, of the right one.
    """

    def __init__(self, journal: Journal, *request_ids: str, last: int | None = 40) -> None:
        happened = happenings(journal, *request_ids)
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
        lines += [(time_of_day(each.time), each.side, _WHAT[each.kind], _label(each)) for each in self.happenings]
        return table(lines)

    def html(self) -> Node:
        """Return the diagram."""
        if not self.happenings:
            return htpy.p(".enb-muted")["Nothing has happened yet. The journey grows with each step."]
        left_out = f"{self.left_out} earlier events are left out." if self.left_out else ""
        height = _HEAD + _ROW * len(self.happenings) + 14
        return htpy.figure(style="margin: 0")[
            left_out and htpy.p(".enb-muted")[left_out],
            htpy.div(".enb-scroll")[
                svg(viewBox=f"0 0 {_WIDTH} {height}", role="img", aria_label=f"The journey so far: {self._spoken()}")[
                    self._lanes(height), (self._drawn(index, each) for index, each in enumerate(self.happenings))
                ]
            ],
        ]

    def _spoken(self) -> str:
        return "; ".join(f"{each.side}: {_label(each)}" for each in self.happenings)

    def _lanes(self, height: int) -> Node:
        lanes: Sequence[tuple[int, str]] = [
            (_LEFT, self.sides[0]),
            (_MIDDLE, "Backbone"),
            *([(_RIGHT, self.sides[1])] if len(self.sides) > 1 else []),
        ]
        return [
            g[
                svg_path(".line", d=f"M{x} 34V{height}"),
                rect(".lane", x=x - 62, y=6, width=124, height=28, rx=6),
                svg_text(x=x, y=25, text_anchor="middle", font_weight="600")[_short(text(name.capitalize()), 16)],
            ]
            for x, name in lanes
        ]

    def _drawn(self, index: int, happening: Happening) -> Node:
        y = _HEAD + _ROW * index + 15
        baseline = y + 4
        is_left = happening.side == self.sides[0]
        x, outside, anchor = (_LEFT, _LEFT - 12, "end") if is_left else (_RIGHT, _RIGHT + 12, "start")
        drawn: Node
        match happening.kind:
            case "message":
                drawn = _arrow(x, _MIDDLE, y, _label(happening), towards_middle=True)
            case "sync":
                drawn = _arrow(_MIDDLE, x, y, "synchronise", towards_middle=False)
            case "status":
                icon, kind = STATES.get(happening.text, ("•", "busy"))
                words = _short(f"{icon} {text(happening.text)}", 27)
                width = 16 + 7 * len(words)
                start = outside - width if is_left else outside
                drawn = [
                    rect(class_=f"pill {kind}", x=start, y=y - 11, width=width, height=20, rx=10),
                    svg_text(x=start + width // 2, y=baseline, text_anchor="middle")[words],
                ]
            case _:
                words = _short(_label(happening), _LONGEST if happening.succeeded else _LONGEST - 2)
                failed = "" if happening.succeeded else "✘ "
                kind = "muted" if happening.succeeded else "bad"
                drawn = svg_text(x=outside, y=baseline, text_anchor=anchor, class_=kind, font_size="11")[failed + words]
        time = svg_text(".muted", x=4, y=baseline, font_size="11")[time_of_day(happening.time)]
        return g[
            htpy.Element("title")[f"{time_of_day(happening.time)} {happening.side}: {_label(happening)}"], drawn, time
        ]


def _arrow(start: int, end: int, y: int, words: str, *, towards_middle: bool) -> Node:
    tip = 7 if end < start else -7
    dashes = {} if towards_middle else {"stroke_dasharray": "5 4"}
    return [
        svg_path(".arrow", d=f"M{start} {y + 6}H{end}", **dashes),
        svg_path(".head", d=f"M{end} {y + 6}l{tip} -4v8z"),
        svg_text(x=(start + end) // 2, y=y + 1, text_anchor="middle", font_size="11")[_short(words, 36)],
    ]


_WHAT = {"call": "call", "message": "→ Backbone", "sync": "← Backbone", "status": "status"}


def _label(happening: Happening) -> str:
    return text(happening.text)


def _short(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[: longest - 1]}…"
