"""Pictures that survive: an SVG as an image, readable alone, in a light and a dark form, wide and narrow.

Notebooks that are not trusted, and GitHub, take an `<svg>` out and leave its texts behind; an `<img>` with a data URI
stays. GitHub also strips each `style`, so two images, one of them hidden, would both be shown there. Therefore the one
image holds both forms: the drawing follows the `color-scheme` of the element (`style.css`), or of the system, and its
background is its own, so it can be read on any page. A drawing is not scaled, so its texts keep their size: it has a
wide form and, below `WIDE` pixels, a narrow one.

The data URI is percent-encoded, not base64: in a stored notebook, times in it can be found and replaced.
"""

from typing import NamedTuple
from urllib.parse import quote

import htpy
from htpy import Element, Node
from markupsafe import Markup

g, path, rect, circle, svg, svg_text = (Element(name) for name in ("g", "path", "rect", "circle", "svg", "text"))

WIDE = 740

_STYLE = """
svg{font:11.5px system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;color:#1b2733}
text{fill:currentColor}rect,path,circle{fill:none;stroke:currentColor;stroke-width:1.5}
.bg{fill:#fff;stroke:#dfe5ea;stroke-width:1}.mid{fill:#f7f9fb;stroke:none}.line{color:#dfe5ea;stroke-width:1}.env{fill:#f4efdf}
.soft{color:#566573}.sender{color:#2563a8}.backbone{color:#80640f}.recipient{color:#0f766e}
.good{color:#16794a}.warn{color:#8a5000}.bad{color:#b42318}
.fill{fill:currentColor;stroke:none}.on{fill:#fff}.b{font-weight:650}.h{font-weight:650;font-size:14px}
.t{font-size:11px;font-variant-numeric:tabular-nums}
.m{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:11px}.dash{stroke-dasharray:4 4}
.narrow{display:none}@media(max-width:%dpx){.wide{display:none}.narrow{display:inline}}
@media(prefers-color-scheme:dark){svg{color:#e6edf3}.bg{fill:#14191f;stroke:#2b343d}.mid{fill:#1a2129}
.line{color:#2b343d}.env{fill:#332b14}.soft{color:#9aa8b5}.sender{color:#79b0ea}.backbone{color:#d9b95b}
.recipient{color:#5cc8bc}.good{color:#5bd195}.warn{color:#f0b35a}.bad{color:#ff8a7d}.on{fill:#14191f}}
"""


def picture(wide: Node, narrow: Node, height: int, said: str) -> Node:
    """Return a picture.

    Args:
        wide: drawn for at least `WIDE` pixels.
        narrow: drawn for less.
        height: of both, in pixels.
        said: what it shows, for who cannot see it.
    """
    style = (_STYLE % (WIDE - 1)).replace("\n", "")
    drawing = svg(xmlns="http://www.w3.org/2000/svg", width="100%", height=height)[
        htpy.style[Markup(style)],  # noqa: S704
        rect(".bg", x=".5", y=".5", width="100%", height=height - 1, rx=12, style="width:calc(100% - 1px)"),
        g(".wide")[wide],
        g(".narrow")[narrow],
    ]
    source = f"data:image/svg+xml;charset=utf-8,{quote(str(drawing), safe=':/,;=.()-_')}"
    return htpy.img(".enb-picture", src=source, alt=said, width="100%", height=height)


class Font(NamedTuple):
    """How wide texts are: an upper bound for the fonts that systems have."""

    size: float
    mono: bool = False

    def width(self, words: str) -> float:
        """Return how many pixels a text takes at most."""
        if self.mono:
            return len(words) * self.size * 0.605
        return sum(_relative(letter) for letter in words) * self.size

    def lines(self, words: str, longest: float) -> list[str]:
        """Return a text in lines: broken after spaces and before slashes, never within a word."""
        broken = [""]
        for piece in words.replace(" ", " \0").replace("/", "\0/").split("\0"):
            if broken[-1] and self.width((broken[-1] + piece).rstrip()) > longest:
                broken.append("")
            broken[-1] += piece
        return [line.rstrip() for line in broken]


def _relative(letter: str) -> float:
    if letter in "iljtfrI.,:;'|/! ()[]…":
        return 0.42
    return 1.0 if letter in "mwMW" or not letter.isascii() else 0.72 if letter.isupper() else 0.64
