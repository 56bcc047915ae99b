"""What all views share: HTML with every text escaped by htpy, and a plain text form.

The HTML needs no kernel, no JavaScript and no stylesheet. A notebook that is not trusted, or shown on GitHub, loses
`<style>`, `<svg>` and scripts, and on GitHub each `style="…"` as well. So `page` writes `inline.css` onto the elements,
pictures are images (`widgets.picture`), and what is left without any style is headings, bold words, tables and lists.
`style.css` is for what a stylesheet alone can do: dark themes, focus, the controls of widgets.
"""

import re
from functools import cache
from importlib.resources import files
from typing import Any

import htpy
from htpy import Node
from markupsafe import Markup
from pygments.lexers import get_lexer_by_name
from pygments.token import Token

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

_RULE = re.compile(r"([^{}]+){([^{}]+)}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_START_TAG = re.compile(r'<([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"]*")?)*)>')  # htpy escapes < > " in texts and values
_CLASS = re.compile(r' class="([^"]*)"')


def _css(name: str) -> str:
    return files("enmeshed_nb.widgets").joinpath(name).read_text(encoding="utf-8")


@cache
def stylesheet() -> Markup:
    """Return the style that all views share."""
    return Markup(" ".join(_COMMENT.sub("", _css("style.css")).split()))  # noqa: S704


@cache
def _inline_rules() -> tuple[tuple[frozenset[str], str], ...]:
    rules = _RULE.findall(_COMMENT.sub("", _css("inline.css")))
    return tuple((frozenset(re.findall(r"\.?[\w-]+", chosen)), _short(style)) for chosen, style in rules)


def _short(style: str) -> str:
    return re.sub(r"\s*([;:,])\s*", r"\1", " ".join(style.split())).removesuffix(";")


@cache
def _inline(tag: str, classes: str) -> str:
    names = {tag, *(f".{each}" for each in classes.split())}
    return ";".join(style for chosen, style in _inline_rules() if chosen <= names)


def _styled(match: re.Match[str]) -> str:
    tag, attributes = match.groups()
    classes = _CLASS.search(attributes)
    style = _inline(tag, classes.group(1) if classes else "")
    return f'<{tag}{attributes} style="{style}">' if style else match.group()


def page(*content: Node) -> str:
    """Return views as HTML: each element with its style, and the stylesheet for where one is let through."""
    shown = _START_TAG.sub(_styled, str(htpy.div(".enb")[content]))
    return f"{htpy.style[stylesheet()]}{shown}"


def state(word: str) -> Node:
    """Return a state: icon, word, colour."""
    icon, kind = STATES.get(word, ("•", "busy"))
    return mark(kind, f"{icon} {text(word)}")


def mark(kind: str, words: str) -> Node:
    """Return words that tell at a glance how something is.

    Args:
        kind: "good", "bad", "warn" or "busy".
        words: an icon and words.
    """
    return htpy.b(class_=f"enb-state {kind}")[words]


def accent(name: str) -> str:
    """Return the class of colour of a side: "sender", "backbone", or "recipient" for all who answer."""
    return name if name in ("sender", "backbone") else "recipient"


def side(name: str) -> Node:
    """Return the name of a side with its accent."""
    return [htpy.span(class_=f"enb-square {accent(name.casefold())}"), htpy.b[text(name.capitalize())]]


def text(value: object) -> str:
    """Return a text that may come from a peer, with control characters made visible; htpy escapes it."""
    return printable_lines(str(value))


def named(name: str, *quiet: str) -> Node:
    """Return the name of something, and quietly what else is to be known of it: its place, its kind."""
    return [htpy.b[text(name)], htpy.div(".enb-muted")[text(" · ".join(filter(None, quiet)))]]


def shown_json(value: Any) -> Node:
    """Return a model (or anything that JSON knows) as the API's JSON, indented."""
    return htpy.pre[text(json_text(value))]


def wrong(what: str) -> Node:
    """Return what is wrong, with its mark."""
    return [mark("bad", "✘"), " ", text(what)]


def alert(what: str) -> Node:
    """Return what is wrong, as something that is read out when it appears."""
    return htpy.p(role="alert")[wrong(what)]


def coloured(code: str, language: str) -> Node:
    """Return code with its keywords, texts and numbers coloured.

    Args:
        code: the code.
        language: its name as pygments knows it, e.g. "python".
    """
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    return [
        htpy.span(class_=f"enb-code {kind}")[words] if (kind := _code_kind(token)) else words
        for token, words in lexer.get_tokens(code)
    ]


def _code_kind(token: Any) -> str:
    kinds = (
        (Token.Keyword, "word"),
        (Token.Literal.String, "text"),
        (Token.Name.Tag, "word"),
        (Token.Literal, "number"),
    )
    return next((kind for each, kind in kinds if token in each), "")


def copyable(words: str, language: str = "") -> Node:
    """Return a text with a button that copies the whole of it (shown where a page may run scripts).

    Args:
        words: the text.
        language: if it is code, the language in which it is coloured.
    """
    copy = "navigator.clipboard.writeText(this.nextElementSibling.textContent).then(() => this.classList.add('done'))"
    return htpy.div[
        htpy.button(".enb-copy", type="button", onclick=copy),
        htpy.pre(tabindex="0")[coloured(text(words), language) if language else text(words)],
    ]


def folded(summary: Node, *content: Node, is_open: bool = False) -> Node:
    """Return something that opens when its summary is clicked (or Enter is pressed on it).

    Args:
        summary: what can be seen always.
        content: what can be seen when it is open.
        is_open: whether it is open at first.
    """
    return htpy.details(open=is_open)[htpy.summary[summary], *content]


def rows(head: tuple[str, ...], body: list[tuple[Node, ...]]) -> Node:
    """Return a table."""
    return htpy.div(".enb-scroll")[
        htpy.table[
            htpy.thead[htpy.tr(".enb-head")[(htpy.th[cell] for cell in head)]],
            htpy.tbody[(htpy.tr[(htpy.td[cell] for cell in row)] for row in body)],
        ]
    ]


class View:
    """Something that a notebook shows as HTML, and a terminal as text."""

    def html(self) -> Node:
        """Return the view, without its style."""
        raise NotImplementedError

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": page(self.html())}

    def __repr__(self) -> str:
        return text(self)
