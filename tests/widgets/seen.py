"""Widgets as a person sees them: controls are found by the words on them, and what is said by reading it."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import ipywidgets


def walk(widget: Any) -> Iterator[Any]:
    """Yield a widget and all below it, but for what is hidden."""
    if getattr(widget.layout, "display", None) == "none":
        return
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def controls(widget: Any, words: str) -> list[Any]:
    """The controls with these words: as their label or tooltip; without any, buttons whose label has these words."""
    seen = [each for each in walk(widget) if getattr(each, "description", "") or getattr(each, "tooltip", "")]
    exact = [each for each in seen if words in (each.description, each.tooltip)]
    return exact or [each for each in seen if isinstance(each, ipywidgets.Button) and words in each.description]


def control(widget: Any, words: str) -> Any:
    """The only control with these words."""
    (found,) = controls(widget, words)
    return found


def press(widget: Any, words: str, nth: int = 0) -> None:
    """Press the button with these words."""
    [each for each in controls(widget, words) if isinstance(each, ipywidgets.Button)][nth].click()


def choose(widget: Any, words: str) -> None:
    """Choose the option with these words, wherever it is the only one."""
    (found,) = [(each, value) for each in walk(widget) for text, value in getattr(each, "options", ()) if words in text]
    found[0].value = found[1]


def options(control: Any) -> list[str]:
    """The words of what can be chosen."""
    return [text for text, _ in control.options]


def part(widget: Any, words: str) -> Any:
    """The smallest part, with its problems and controls, that shows these words."""
    return [each for each in walk(widget) if isinstance(each, ipywidgets.VBox) and words in read(each)][-1]


def pieces(widget: Any) -> list[str]:
    """All pieces of HTML in a widget."""
    return [each.value for each in walk(widget) if isinstance(each, ipywidgets.HTML)]


def read(widget: Any) -> str:
    """What can be read in a widget: texts, and the labels of buttons."""
    labels = [each.description for each in walk(widget) if isinstance(each, ipywidgets.Button)]
    return "\n".join([*map(text_of, pieces(widget)), *labels])


def alerts(widget: Any) -> list[str]:
    """What a widget says is wrong."""
    return said(widget, "alert")


def status(widget: Any) -> str:
    """How it stands, as a widget says."""
    return " ".join(said(widget, "status"))


def said(widget: Any, role: str) -> list[str]:
    """The texts of the elements with a role."""
    found = re.findall(rf'<(p|div)[^>]* role="{role}"[^>]*>(.*?)</\1>', "".join(pieces(widget)), flags=re.DOTALL)
    return [text_of(inner).strip() for _, inner in found]


def text_of(page: str) -> str:
    """The text of a piece of HTML."""
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)))


def html_of(shown: Any) -> str:
    """The HTML that a notebook keeps of something."""
    return shown._repr_mimebundle_()["text/html"]


_PICTURE = "data:image/svg+xml;charset=utf-8,"


def pictures(page: str) -> list[ElementTree.Element]:
    """The pictures in a piece of HTML, decoded; a picture has no other source than itself."""
    sources = re.findall(r'<img[^>]* src="([^"]*)"', page)
    assert len(sources) == page.count("<img")
    assert all(each.startswith(_PICTURE) for each in sources)
    drawings = [ElementTree.fromstring(unquote(each.removeprefix(_PICTURE))) for each in sources]
    for element in (each for drawing in drawings for each in drawing.iter()):
        element.tag = element.tag.rpartition("}")[2]
    return drawings
