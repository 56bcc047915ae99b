"""Waiting shows life: what is waited for, and since when, wherever somebody looks on.

In a notebook whose front end can answer (it sends `allow_stdin`; papermill, nbclient, nbval and nbconvert do not) it is
an output that is updated, in a terminal a line on stderr (by rich, if it is installed). Both end as one quiet line.
Elsewhere nothing is shown, so nothing of it is stored in what is executed without anybody there.
"""

import html
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from importlib.util import find_spec
from typing import Any, Protocol
from uuid import uuid4

from enmeshed_nb.clock import REAL_TIME

PATIENCE = 0.5
"""Seconds without a word: what is over by then was no waiting."""
_TICK = 0.2
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

_tell: ContextVar[Callable[[str], None] | None] = ContextVar("_tell", default=None)


class Surface(Protocol):
    """Where somebody sees a line that changes."""

    def show(self, line: str) -> None:
        """Show a line in place of the one before."""

    def end(self, line: str) -> None:
        """Show the last line, quietly."""


@contextmanager
def waiting_for(what: str) -> Iterator[Callable[[str], None]]:
    """Show what is waited for while the `with` lasts; what is waited for inside of it is part of it.

    Args:
        what: what is waited for, in words.

    Yields:
        a function that is told what goes on meanwhile, in words.
    """
    if _tell.get() or not (surface := _surface()):
        yield lambda _: None
        return
    line = _Line(what, surface)
    token = _tell.set(line.tell)
    ticking = threading.Thread(target=copy_context().run, args=(line.tick,), name="show waiting", daemon=True)
    ticking.start()
    try:
        yield line.tell
    finally:
        line.ended.set()
        _tell.reset(token)
        ticking.join()


class _Line:
    """The line of one waiting."""

    def __init__(self, what: str, surface: Surface) -> None:
        self.ended = threading.Event()
        self._what, self._doing = what, f"Waiting for {what}"
        self._surface, self._begun = surface, REAL_TIME.now()

    def tell(self, doing: str) -> None:
        self._doing = doing

    def tick(self) -> None:
        if self.ended.wait(PATIENCE):
            return
        frame = 0
        while True:
            self._surface.show(f"{_FRAMES[frame]} {self._doing} · {self._seconds():.0f} s")
            if self.ended.wait(_TICK):
                break
            frame = (frame + 1) % len(_FRAMES)
        self._surface.end(f"Waited {self._seconds():.1f} s for {self._what}")

    def _seconds(self) -> float:
        return REAL_TIME.now() - self._begun


class _Notebook:
    """An output of the cell that runs."""

    def __init__(self) -> None:
        self._id = uuid4().hex
        self._is_shown = False

    def show(self, line: str) -> None:
        from IPython.display import display  # noqa: PLC0415 - only a kernel has it at hand

        escaped = html.escape(line)
        data = {"text/plain": line, "text/html": f'<span style="opacity:.65;font-size:.9em">{escaped}</span>'}
        display(data, raw=True, display_id=self._id, update=self._is_shown)  # type: ignore[no-untyped-call]
        self._is_shown = True

    end = show


class _Terminal:
    """A line of the terminal that stderr is."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - only who waits long needs it
        from rich.text import Text  # noqa: PLC0415

        self._console, self._text = Console(stderr=True, highlight=False), Text
        self._status: Any = None

    def show(self, line: str) -> None:
        text = self._text(line[2:])  # rich turns a spinner of its own
        if self._status:
            self._status.update(text)
        else:
            self._status = self._console.status(text)
            self._status.start()

    def end(self, line: str) -> None:
        self._status.stop()
        self._console.print(self._text(line, style="dim"), soft_wrap=True)


class Percent:
    """Prints how far something is: in a terminal on one line, elsewhere a line for every quarter."""

    def __init__(self) -> None:
        self._told = 0

    def tell(self, part: float) -> None:
        """Say which part is done, from 0 to 1."""
        percent = int(part * 100)
        step, form = (1, "\r  {} % ") if sys.stdout.isatty() else (25, "  {} %\n")
        if percent - self._told >= step:
            self._told = percent
            print(form.format(percent), end="", flush=True)

    def end(self) -> None:
        """End the line."""
        if self._told and sys.stdout.isatty():
            print()


def is_app() -> bool:
    """Whether Voilà shows the notebook: somebody looks on, though no input can be asked for."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila")


def somebody_looks_on() -> bool:
    """Tell whether the cell that runs was run by somebody at a front end, and not unattended."""
    kernel = getattr(_shell(), "kernel", None)
    return bool(kernel and kernel.get_parent("shell").get("content", {}).get("allow_stdin"))


def _surface() -> Surface | None:
    """Return where somebody looks on; None if nobody does."""
    if threading.current_thread() is not threading.main_thread():
        return None
    if getattr(_shell(), "kernel", None):
        return _Notebook() if somebody_looks_on() else None
    return _Terminal() if sys.stderr.isatty() and find_spec("rich") else None


def _shell() -> object:
    """Return IPython's shell if this is one; IPython is not imported for it."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None
