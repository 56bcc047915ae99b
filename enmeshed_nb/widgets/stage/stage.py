"""The stage: Sender, Backbone and Recipient, and what goes on between them while cells run.

What it shows is a `Scene`, plain data. `stage.js` draws it; where no front end runs, `drawing.py` does.
"""

import threading
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

import anywidget
import traitlets
from htpy import Node
from ipywidgets import Layout
from sidecar import Sidecar

from enmeshed_nb.closing import Closing
from enmeshed_nb.guide.explanations import explain
from enmeshed_nb.guide.journal import Journal
from enmeshed_nb.guide.peers import shortened
from enmeshed_nb.guide.scene import Scene
from enmeshed_nb.progress import is_app, somebody_looks_on
from enmeshed_nb.widgets.panel import running_cell
from enmeshed_nb.widgets.stage.drawing import drawn
from enmeshed_nb.widgets.view import STATES, View, text

_FOLDER = files("enmeshed_nb.widgets.stage")
_PAUSE = 0.05
"""Seconds from one state to the next: what happens in between is shown at once."""
_LOOKS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)
"""After how many seconds without news it is asked what has become of what a Runtime moves on."""

_of_cells: dict[str, "Stage"] = {}


class _Drawing(anywidget.AnyWidget):
    """The drawing.

    Attributes:
        state: what is shown: `Scene.to_json()`, with `addresses` by the Connectors' names, and what is the `problem`.
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
        self._scene_lock = threading.Lock()  # a Connector that hangs holds up what is shown, and no cell
        self._widget: _Drawing | None = None
        self._panel: Any = None
        self._following: _Following | None = None

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

    def close(self) -> None:
        """Take the stage away; the journal goes on."""
        self._unfollow()
        with self._lock:
            shown = self._panel, self._widget
            self._panel = self._widget = self._scene = None
        for each in shown:
            if each is not None:
                each.close()

    def html(self) -> Node:
        """Return the picture of what the journal tells until now, and the same as a list."""
        return drawn(Scene(self.journal, recall=False))

    def __str__(self) -> str:
        return str(Scene(self.journal, recall=False))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        if not (is_app() or somebody_looks_on()):
            return super()._repr_mimebundle_(include, exclude)
        cell, _ = running_cell()
        before = _of_cells.pop(cell, None)
        if before is not None and before is not self:
            before.close()
        if cell:
            _of_cells[cell] = self
        live = _view_of(self.widget)
        if not is_app() and self._panel is None:
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
            with self._scene_lock:
                return {"detail": self._known_scene().detail(thing).to_json()}
        except Exception as error:  # the front end shows it; nothing else would
            return {"problem": explain(error)}

    # What the journal tells

    def _follow(self) -> None:
        with self._lock:
            if self._following is None:
                self._following = _Following(self.journal, self._show_news, self._look)

    def _unfollow(self) -> None:
        with self._lock:
            following, self._following = self._following, None
        if following:
            following.stop()

    def _known_scene(self) -> Scene:
        if self._scene is None:
            self._scene = Scene(self.journal)
        return self._scene

    def _show_news(self) -> bool:
        """Show what is new; tell whether anything may move on without a call."""
        widget = self._widget
        if widget is None:
            return False
        try:
            with self._scene_lock:
                scene = self._known_scene()
                scene.update()
                widget.state = shown_state(scene)
                return scene.is_moving
        except Exception as error:  # nobody sees what a thread raises
            widget.state = {**widget.state, "problem": explain(error)}
            return False

    def _look(self) -> None:
        with self._scene_lock:
            self._known_scene().look()


class _Following:
    """Follows a journal in a thread of its own.

    Args:
        journal: what is followed.
        show_news: is called soon after something is new, not too often; tells whether anything may move by itself.
        look: is called while something may move by itself, and there are no news.
        looks: after how many seconds without news, each time; then no more.
    """

    def __init__(
        self,
        journal: Journal,
        show_news: Callable[[], bool],
        look: Callable[[], None],
        looks: Sequence[float] = _LOOKS,
    ) -> None:
        self._journal, self._show_news, self._look, self._looks = journal, show_news, look, looks
        self._news, self._ended = threading.Event(), threading.Event()
        self._news.set()
        self._stop = journal.observe(self._news.set)
        self._thread = threading.Thread(target=self._run, name="stage", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; what is under way there ends by itself."""
        self._stop()
        self._ended.set()
        self._news.set()

    def _run(self) -> None:
        known, looks, is_moving = -1, 0, False
        while not self._ended.is_set():
            if self._news.wait(self._looks[looks] if is_moving and looks < len(self._looks) else None):
                self._news.clear()
                if len(self._journal) != known:
                    known, looks = len(self._journal), 0
                is_moving = self._show_news()
                self._ended.wait(_PAUSE)
            else:
                looks += 1
                self._look()  # what is answered is news


def shown_state(scene: Scene) -> dict[str, Any]:
    """Return what `stage.js` draws of a scene, as plain data."""
    addresses = {name: shortened(address) for address, name in scene.addresses.items()}
    state: dict[str, Any] = _printable({**scene.to_json(), "addresses": addresses, "problem": ""})
    return state


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
