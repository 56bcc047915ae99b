"""What all views share: HTML that follows JupyterLab's theme, with every text escaped by htpy, and a plain text form.

The HTML needs no kernel and no JavaScript, so a saved notebook, GitHub or nbviewer show the same.
"""

from functools import cache
from importlib.resources import files
from typing import Any

import htpy
from htpy import Node
from markupsafe import Markup

from enmeshed_nb.guide.text import json_text, printable_lines

STATES: dict[str, tuple[str, str]] = {
    "Draft": ("✎", "busy"),
    "Open": ("➤", "busy"),
    "DecisionRequired": ("?", "warn"),
    "ManualDecisionRequired": ("?", "warn"),
    "Decided": ("☑", "busy"),
    "Completed": ("✔", "good"),
    "Expired": ("⌛", "bad"),
    "Accepted": ("✔", "good"),
    "Rejected": ("✘", "bad"),
    "Error": ("⚠", "bad"),
    "Active": ("✔", "good"),
    "Pending": ("…", "warn"),
    "healthy": ("✔", "good"),
    "unhealthy": ("⚠", "bad"),
    "down": ("✘", "bad"),
}
"""The icon and the class of colour of a state; both stand beside the word, never for it."""


@cache
def stylesheet() -> Markup:
    """Return the style that all views share."""
    return Markup(files("enmeshed_nb.widgets").joinpath("style.css").read_text(encoding="utf-8"))  # noqa: S704


def page(*content: Node) -> str:
    """Return views as HTML: with their style, in the element to which it applies."""
    return str(htpy.div(".enb")[htpy.style[stylesheet()], *content])


def state(word: str) -> Node:
    """Return a state: icon, word, colour."""
    icon, kind = STATES.get(word, ("•", "busy"))
    return htpy.span(class_=f"enb-state {kind}")[f"{icon} {text(word)}"]


def text(value: object) -> str:
    """Return a text that may come from a peer, with control characters made visible; htpy escapes it."""
    return printable_lines(str(value))


def shown_json(value: Any) -> Node:
    """Return a model (or anything that JSON knows) as the API's JSON, indented."""
    return htpy.pre[text(json_text(value))]


def wrong(what: str) -> Node:
    """Return what is wrong, with its mark."""
    return [htpy.span(".enb-state.bad")["✘ "], text(what)]


def alert(what: str) -> Node:
    """Return what is wrong, as something that is read out when it appears."""
    return htpy.p(role="alert")[wrong(what)]


def copyable(words: str) -> Node:
    """Return a text with a button that copies it to the clipboard (in a page that may run scripts)."""
    copy = (
        "navigator.clipboard.writeText(this.nextElementSibling.textContent).then(() => (this.textContent = 'Copied'))"
    )
    return htpy.div[htpy.button(".enb-copy", type="button", onclick=copy)["Copy"], htpy.pre(tabindex="0")[text(words)]]


def folded(summary: Node, *content: Node) -> Node:
    """Return something that opens when its summary is clicked (or Enter is pressed on it)."""
    return htpy.details[htpy.summary[summary], *content]


def rows(head: tuple[str, ...], body: list[tuple[Node, ...]]) -> Node:
    """Return a table."""
    return htpy.div(".enb-scroll")[
        htpy.table[
            htpy.thead[htpy.tr[(htpy.th[cell] for cell in head)]],
            htpy.tbody[(htpy.tr[(htpy.td[cell] for cell in row)] for row in body)],
        ]
    ]


class View:
    """Something that a notebook shows as HTML, and a terminal as text."""

    def html(self) -> Node:
        """Return the view, without its style."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/plain": str(self), "text/html": page(self.html())}

    def __repr__(self) -> str:
        return str(self)
