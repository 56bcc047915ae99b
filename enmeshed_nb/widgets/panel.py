"""What all interactive widgets share: a form without a kernel, a lock, and problems that are shown in the widget."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import ipywidgets
from htpy import Node
from IPython.core.getipython import get_ipython

from enmeshed_nb.connector import Connector, File, aside
from enmeshed_nb.guide import explain
from enmeshed_nb.widgets.view import alert, page, text

_KEPT = timedelta(days=30)
"""How long the Backbone keeps a File that is uploaded here."""


class Alert(ipywidgets.HTML):  # type: ignore[misc]  # ipywidgets has no types
    """The place where a widget shows what is wrong; empty as long as nothing is."""

    def __init__(self) -> None:
        super().__init__(layout=ipywidgets.Layout(margin="0"))
        self.show()

    def show(self, *problems: str) -> None:
        """Show these problems, and only these; without any, it takes no place."""
        self.layout.display = "" if problems else "none"
        self.value = page(map(alert, problems)) if problems else ""


class _MadeAside(type(ipywidgets.VBox)):  # type: ignore[misc]  # ipywidgets has no types
    """What a widget asks a Connector while it is made is no step of the guide."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        with aside():
            return super().__call__(*args, **options)


class Panel(ipywidgets.VBox, metaclass=_MadeAside):  # type: ignore[misc]  # ipywidgets has no types
    """An interactive widget. Whatever can be clicked can be set from Python as well.

    What it asks a Connector when it is made, and what follows from a change, it asks aside; only what is attempted as
    a step of the guide is one.

    Attributes:
        problem: where an error is shown.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._is_changing = False
        self._watchers: list[Callable[[], object]] = []
        self.problem = Alert()
        super().__init__()
        self.add_class("enb-panel")

    def static(self) -> Node:
        """Return what is shown where no kernel runs."""
        raise NotImplementedError

    @property
    def trouble(self) -> Alert:
        """Deprecated: `problem`."""
        return self.problem

    def after_change(self) -> None:
        """Do what follows from a change."""

    def on_change(self, action: Callable[[], object]) -> None:
        """Call *action* after each change, when what follows from it is done."""
        self._watchers.append(action)

    def changed(self) -> None:
        """Tell that something has changed, by a click or by Python."""
        if not self._is_changing:
            self.attempt(self._follow_up)

    def _follow_up(self) -> None:
        self.after_change()
        for each in self._watchers:
            each()

    @contextmanager
    def one_change(self) -> Iterator[None]:
        """Take all that changes in the block as one change: what follows from it follows once, in the end."""
        outer, self._is_changing = self._is_changing, True
        with aside():
            try:
                yield
            finally:
                self._is_changing = outer
            if not outer:
                self._follow_up()

    def attempt(self, action: Callable[[], object], *, is_step: bool = False) -> None:
        """Do something, one thing at a time; an error is shown in the widget, for JupyterLab shows it nowhere.

        Args:
            action: what to do.
            is_step: whether it is a step of the guide, such as to send a decision; else it is done aside.
        """
        with self._lock, nullcontext() if is_step else aside():
            self.problem.show()
            try:
                action()
            except Exception as error:
                self.problem.show(explain(error))

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options)
        return {**bundle, "text/plain": repr(self), "text/html": page(self.static())}

    def __repr__(self) -> str:
        return text(self)


def running_cell() -> tuple[str, str]:
    """Return the id of the notebook's cell that runs, and of this run of it; empty where there is no such thing."""
    kernel = getattr(get_ipython(), "kernel", None)
    asked = kernel.get_parent("shell") if kernel else {}
    return str(asked.get("metadata", {}).get("cellId", "")), str(asked.get("header", {}).get("msg_id", ""))


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


def file_upload(
    connector: Connector, attempt: Callable[[Callable[[], None]], None], then: Callable[[File], None]
) -> Any:
    """Return a control that uploads a file of the reader's.

    Args:
        connector: whose File it becomes.
        attempt: does it, and shows where it fails: `Panel.attempt`.
        then: is called with the File.
    """
    until = datetime.now(UTC) + _KEPT
    uploading = ipywidgets.FileUpload(
        description="Upload a File", tooltip=f"It is kept until {until:%Y-%m-%d}", layout={"width": "auto"}
    )

    def upload() -> None:
        for each in uploading.value:
            then(connector.files.upload_own(bytes(each["content"]), until, filename=each["name"]))

    uploading.observe(lambda _: attempt(upload), "value")
    return uploading


def wide() -> dict[str, Any]:
    """Return the style and the layout of a labelled control, new for each: a layout is not shared."""
    return {
        "style": {"description_width": "150px"},
        "layout": ipywidgets.Layout(width="calc(100% - 6px)", max_width="680px"),
    }


def line(words: str, **more: Any) -> Any:
    """Return a labelled control for a line of text; it changes when it is left or Enter is pressed."""
    return ipywidgets.Text(description=words, continuous_update=False, **more, **wide())


def note(node: Node) -> Any:
    """Return a piece of HTML in a widget."""
    return ipywidgets.HTML(value=page(node) if node else "", layout=ipywidgets.Layout(margin="0"))
