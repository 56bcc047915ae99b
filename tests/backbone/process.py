"""A Backbone in a process of its own, to be killed and started again."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


class Process:
    """A served Backbone; its socket outlives it, so that clients wait while it restarts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # asyncio switches Nagle's algorithm off only for sockets that name their protocol: 40 ms per request.
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen()
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.start()

    def start(self) -> None:
        descriptor = self.listener.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.backbone.serve", str(self.folder), str(descriptor)],
            pass_fds=[descriptor],
            cwd=ROOT,
        )

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(10)
