"""The end of a Connector object: for threads, and for tasks. `asyncio` is only imported by who uses it."""
# ruff: noqa: PLC0415

import threading
from contextlib import suppress
from typing import Any


class End(threading.Event):
    """That a Connector object was closed; `wait` is a pause that ends with it."""

    def is_here(self) -> bool:
        """Whether it may be used here: by any thread."""
        return True


class AsyncEnd:
    """The same for the tasks of one event loop: of that in which it is used first."""

    def __init__(self) -> None:
        self._is_set = False
        self._loop: Any = None
        self._pauses: set[Any] = set()

    def is_here(self) -> bool:
        """Whether it may be used here: in this event loop."""
        import asyncio

        self._loop = self._loop or asyncio.get_running_loop()
        return self._loop is asyncio.get_running_loop()

    def is_set(self) -> bool:
        """Whether it was closed."""
        return self._is_set

    def set(self) -> None:
        """Say that it was closed."""
        self._is_set = True
        for pause in self._pauses:
            pause.set()

    async def wait(self, seconds: float) -> None:
        """Pause for *seconds*, or until it is closed."""
        import asyncio

        if self._is_set:
            return
        pause = asyncio.Event()
        self._pauses.add(pause)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(pause.wait(), seconds)
        finally:
            self._pauses.discard(pause)
