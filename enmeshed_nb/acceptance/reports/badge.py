"""A badge, for a README."""

import htpy

from enmeshed_nb.acceptance.report import Report
from enmeshed_nb.widgets.picture import g, rect, svg, svg_text

_HEIGHT, _LABEL, _PER_CHARACTER, _MARGIN = 20, "enmeshed", 6.6, 8


def badge(report: Report) -> str:
    """Return a picture of one line: how many requirements hold."""
    holding = len(report.results) - len(report.bad)
    said = f"{holding} of {len(report.results)}" + ("" if report.complete else ", not complete")
    colour = "#b42318" if report.bad else "#16794a" if report.complete else "#8a5000"
    left, right = (len(text) * _PER_CHARACTER + 2 * _MARGIN for text in (_LABEL, said))
    drawn = svg(
        xmlns="http://www.w3.org/2000/svg",
        width=f"{left + right:.0f}",
        height=str(_HEIGHT),
        role="img",
        aria_label=f"{_LABEL}: {said}",
    )[
        htpy.title[report.headline],
        rect(width=f"{left + right:.0f}", height=str(_HEIGHT), rx="4", fill="#3c4650"),
        rect(x=f"{left:.0f}", width=f"{right:.0f}", height=str(_HEIGHT), rx="4", fill=colour),
        g(fill="#fff", font_family="Verdana,DejaVu Sans,sans-serif", font_size="11", text_anchor="middle")[
            svg_text(x=f"{left / 2:.0f}", y="14")[_LABEL],
            svg_text(x=f"{left + right / 2:.0f}", y="14")[said],
        ],
    ]
    return f"{drawn}\n"
