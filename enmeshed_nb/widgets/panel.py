"""What all interactive widgets share: their form without a kernel, a lock, and errors that are shown in the widget."""

import threading
from collections.abc import Callable
from typing import Any

import htpy
import ipywidgets
from htpy import Node

from enmeshed_nb.guide import explain
from enmeshed_nb.widgets.view import page, text


class Panel(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """An interactive widget. Whatever can be clicked can be set from Python as well."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.trouble = ipywidgets.HTML()
        super().__init__()
        self.add_class("enb-panel")

    def static(self) -> Node:
        """Return what is shown where no kernel runs."""
        raise NotImplementedError

    def complain(self, what: str) -> None:
        """Show what went wrong; nothing takes it away."""
        self.trouble.value = page(htpy.p(role="alert")[htpy.span(".enb-state.bad")["✘ "], text(what)]) if what else ""

    def attempt(self, action: Callable[[], object]) -> None:
        """Do something, one thing at a time; an error is shown in the widget, for JupyterLab shows it nowhere."""
        with self._lock:
            self.complain("")
            try:
                action()
            except Exception as error:
                self.complain(explain(error))

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        return {**bundle, "text/plain": str(self), "text/html": page(self.static())}

    def __repr__(self) -> str:
        return str(self)


def button(words: str, on_click: Callable[[], None], *, tooltip: str = "", icon: str = "", style: str = "") -> Any:
    """Return a button: with *words*, or with an icon and a tooltip."""
    made = ipywidgets.Button(
        description=words,
        icon=icon,
        tooltip=tooltip or words,
        button_style=style,
        layout=ipywidgets.Layout(width="auto" if words else "34px", flex="0 0 auto", align_self="flex-start"),
    )
    made.on_click(lambda _: on_click())
    return made


def wide() -> dict[str, Any]:
    """Return the style and the layout of a labelled control, new for each: a layout is not shared."""
    return {
        "style": {"description_width": "150px"},
        "layout": ipywidgets.Layout(width="calc(100% - 6px)", max_width="680px"),
    }


def note(node: Node) -> Any:
    """Return a piece of HTML in a widget."""
    return ipywidgets.HTML(value=page(node) if node else "", layout=ipywidgets.Layout(margin="0"))
