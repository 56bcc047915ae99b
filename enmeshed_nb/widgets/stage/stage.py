"""The stage: Sender, Backbone and Recipient, and what goes on between them while cells run.

What it shows is a `Scene`, plain data. `stage.js` draws it; where no front end runs, `drawing.py` does.
"""

import os
import threading
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import anywidget
import traitlets
from htpy import Node
from ipywidgets import Layout
from sidecar import Sidecar

from enmeshed_nb.closing import Closing
from enmeshed_nb.connector import aside
from enmeshed_nb.guide.explanations import explain
from enmeshed_nb.guide.journal import Journal
from enmeshed_nb.guide.peers import shortened
from enmeshed_nb.guide.scene import Scene
from enmeshed_nb.progress import somebody_looks_on
from enmeshed_nb.widgets.panel import running_cell
from enmeshed_nb.widgets.stage.drawing import drawn
from enmeshed_nb.widgets.view import STATES, View, text

_FOLDER = files("enmeshed_nb.widgets.stage")
_PAUSE = 0.05
"""Seconds from one state to the next: what happens in between is shown at once."""

_of_cells: dict[str, "Stage"] = {}


class _Drawing(anywidget.AnyWidget):
    """The drawing.

    Attributes:
        state: what is shown: `Scene.to_json()`, with `addresses` by the Connectors' names.
        marks: the icon and the class of colour of each status.
        beside: the id of the panel beside the notebook in which it is shown, too; "" if there is none.
    """

    _esm = _FOLDER.joinpath("stage.js").read_text(encoding="utf-8")
    _css = _FOLDER.joinpath("stage.css").read_text(encoding="utf-8")
    state = traitlets.Dict().tag(sync=True)
    marks = traitlets.Dict(STATES).tag(sync=True)
    beside = traitlets.Unicode().tag(sync=True)


class Stage(View, Closing):
    """Sender, Backbone and Recipient while cells run: calls, sealed Messages, Requests, and whose turn it is.

        Stage(journal)

    In JupyterLab it stands beside the notebook, elsewhere below the cell. A click on anything shows what was sent
    beside what came back, and what the Connectors have recorded. Where nobody looks on (papermill, nbval), and in what
    is stored, it is a picture and a list of how it was then, and nothing runs.

    Args:
        journal: what is recorded of the Connectors; each of them has a lane.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._lock = threading.RLock()
        self._scene: Scene | None = None
        self._widget: _Drawing | None = None
        self._panel: Any = None
        self._following: _Following | None = None

    @property
    def scene(self) -> Scene:
        """What is shown, as plain data."""
        with self._lock:
            if self._scene is None:
                self._scene = Scene(self.journal, recall=self._widget is not None)
            return self._scene

    @property
    def widget(self) -> Any:
        """The drawing, an ipywidget that may stand in a box; from when it is asked for, it follows the journal."""
        with self._lock:
            if self._widget is None:
                self._widget = _Drawing(layout=Layout(width="100%"))
                self._widget.on_msg(self._told)
                self._follow()
            return self._widget

    @property
    def is_followed(self) -> bool:
        """Whether the journal is followed: somebody may look at the stage."""
        return self._following is not None

    def update(self) -> None:
        """Show what is new."""
        with self._lock, aside():
            if self._widget is None or self._widget.comm is None:
                return
            self.scene.update()
            self._widget.state = self.state()

    def state(self) -> dict[str, Any]:
        """Return what the drawing draws: see `_Drawing.state`."""
        with self._lock, aside():
            addresses = {name: shortened(address) for address, name in self.scene.addresses.items()}
            shown: dict[str, Any] = _printable({**self.scene.to_json(), "addresses": addresses})
            return shown

    def close(self) -> None:
        """Take the stage away; the journal goes on."""
        self._unfollow()
        with self._lock:
            widget, panel = self._widget, self._panel
            self._widget = self._panel = self._scene = None
        for each in (widget, panel):
            if each is not None:
                each.close()

    def html(self) -> Node:
        """Return the picture of how it is now, and the same as a list."""
        with self._lock, aside():
            self.scene.update()
            return drawn(self.scene)

    def __str__(self) -> str:
        with self._lock, aside():
            self.scene.update()
            return str(self.scene)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        is_voila = os.environ.get("SERVER_SOFTWARE", "").startswith("voila")
        if not (is_voila or somebody_looks_on()):
            return super()._repr_mimebundle_(include, exclude)
        cell, _ = running_cell()
        before = _of_cells.pop(cell, None)
        if before is not None and before is not self:
            before.close()
        if cell:
            _of_cells[cell] = self
        live = _view_of(self.widget)
        if not is_voila and self._panel is None:
            self._stand_beside()
        return {**super()._repr_mimebundle_(include, exclude), **live}

    def _stand_beside(self) -> None:
        """Show it in a panel beside the notebook, where the front end has such panels."""
        with self._lock:
            if self._panel is not None:
                self._panel.close()
            shown = {"output_type": "display_data", "data": _view_of(self.widget), "metadata": {}}
            self._panel = Sidecar(title="Stage", anchor="split-right", outputs=(shown,))
            self.widget.beside = self._panel.model_id

    # What the front end tells

    def _told(self, _: object, message: dict[str, Any], __: object) -> None:
        match message:
            case {"kind": "shown"}:
                self._follow()
            case {"kind": "hidden"}:
                self._unfollow()
            case {"kind": "beside"}:
                self._follow()
                self._stand_beside()
            case {"kind": "detail", "thing": str(thing), "view": view}:
                self.widget.send({"kind": "detail", "thing": thing, "view": view, **_printable(self._detail(thing))})

    def _detail(self, thing: str) -> dict[str, Any]:
        try:
            with self._lock:
                return {"detail": self.scene.detail(thing).to_json()}
        except Exception as error:  # the front end shows it; nothing else would
            return {"problem": explain(error)}

    def _follow(self) -> None:
        with self._lock:
            if self._following is None:
                self._following = _Following(self.journal, self.update)
        self.update()

    def _unfollow(self) -> None:
        with self._lock:
            following, self._following = self._following, None
        if following:
            following.stop()


class _Following:
    """Follows a journal: calls a function soon after something is new, in a thread of its own, not too often."""

    def __init__(self, journal: Journal, update: Callable[[], None]) -> None:
        self._update = update
        self._news, self._ended = threading.Event(), threading.Event()
        self._stop = journal.observe(self._news.set)
        self._thread = threading.Thread(target=self._run, name="stage", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop()
        self._ended.set()
        self._news.set()

    def _run(self) -> None:
        while self._news.wait() and not self._ended.is_set():
            self._news.clear()
            self._update()
            self._ended.wait(_PAUSE)


def _view_of(widget: Any) -> dict[str, Any]:
    """Return what shows a widget, as a bundle of MIME types."""
    shown = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return {"application/vnd.jupyter.widget-view+json": shown}


def _printable(value: Any) -> Any:
    """Return plain data whose texts are printable, whatever a peer wrote."""
    match value:
        case str():
            return text(value)
        case dict():
            return {name: _printable(each) for name, each in value.items()}
        case list() | tuple():
            return [_printable(each) for each in value]
    return value
