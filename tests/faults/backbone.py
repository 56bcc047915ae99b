"""A Backbone as a process of its own, forked from one that has imported everything: started and killed in no time."""

import multiprocessing
import os
import signal
import socket
import threading
from pathlib import Path

import uvicorn

from enmeshed_nb.closing import Closing
from enmeshed_nb.localnet.backbone import Backbone
from enmeshed_nb.localnet.ports import bind

CLIENT = ("test", "secret")
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent
    parent.join()
    os._exit(0)


def _serve(folder: Path, listener: socket.socket) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    backbone = Backbone(folder, clients=dict([CLIENT]))
    config = uvicorn.Config(backbone.app, log_level="error", timeout_keep_alive=3600)
    uvicorn.Server(config).run(sockets=[listener])


class BackboneProcess(Closing):
    """A Backbone over a folder, on a port that stays the same through kills and starts.

    Args:
        folder: where its SQLite file is.

    Attributes:
        port: where it listens.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listener = bind(0, "the Backbone")
        self.port: int = self._listener.getsockname()[1]
        self.start()

    @property
    def pid(self) -> int:
        """The process that runs now."""
        assert self._process.pid
        return self._process.pid

    @property
    def file(self) -> Path:
        """Its SQLite file."""
        return self._folder / "backbone.db"

    def start(self) -> None:
        """Serve; calls that came since the kill are answered now."""
        self._process = _processes.Process(target=_serve, args=(self._folder, self._listener), daemon=True)
        self._process.start()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self._listener.close()
