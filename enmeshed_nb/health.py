"""What runs where, and how it is: asked and judged here, told by the command line, `connect()` and the widgets."""

import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path

from enmeshed_nb.connector import Connector, ConnectorError
from enmeshed_nb.diagnosis import of_services
from enmeshed_nb.localnet import logs
from enmeshed_nb.localnet.settings import ConnectorState, Folder, NetworkState
from enmeshed_nb.printable import printable_lines

_LAST_LINES = 8
_TIMEOUT = 5  # seconds
_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Part:
    """One part of a network at some moment.

    Attributes:
        name: "backbone", or the Connector's name.
        url: where it is.
        state: "healthy", "unhealthy" or "down".
        version: of the Connector; empty if unknown.
        address: of its Identity; empty if unknown.
        problem: what is wrong; empty if nothing is.
        cure: what to do about it.
        last_lines: of its log, if something is wrong.
        waiting: what it still has to do, because something failed; a Connector of a local network knows that.
    """

    name: str
    url: str
    state: str
    version: str = ""
    address: str = ""
    problem: str = ""
    cure: str = ""
    last_lines: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether it works."""
        return self.state == "healthy"

    @property
    def why(self) -> str:
        """The same as `problem` (deprecated)."""
        return self.problem


@dataclass(frozen=True)
class NetworkReport:
    """What runs where at some moment.

    Attributes:
        data_dir: the local network's folder; empty for own Connectors.
        parts: its parts.
        notes: what else one should know; mostly nothing.
    """

    data_dir: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    @property
    def health(self) -> dict[str, bool]:
        """Whether each part works, by name."""
        return {part.name: part.is_healthy for part in self.parts}

    def __str__(self) -> str:
        where = f"Local network in {self.data_dir}" if self.data_dir else "Your own Connectors: real data!"
        lines = [where]
        for part in self.parts:
            version = f"Connector {part.version}  " if part.version else ""
            lines.append(f"  {part.name:9}  {part.state:9}  {part.url}  {version}{part.address}".rstrip())
            if part.problem:
                lines += [f"    {part.problem} {part.cure}", *(f"      {line}" for line in part.last_lines)]
            lines += [f"    Still to be done: {line}" for line in part.waiting]
        lines += [f"  Note: {note}" for note in self.notes]
        return printable_lines("\n".join(lines))


def of_network(state: NetworkState) -> NetworkReport:
    """Ask the Backbone and all Connectors of a local network, all at once; nothing is raised."""

    def ask(asked: ConnectorState) -> Part:
        with Connector(asked.url, asked.api_key, name=asked.name) as connector:
            return of_connector(connector, address=asked.address, data_dir=state.data_dir)

    with ThreadPoolExecutor() as pool:
        backbone, connectors = pool.submit(of_backbone, state), pool.map(ask, state.connectors)
        return NetworkReport(state.data_dir, (backbone.result(), *connectors), state.unusual)


def of_backbone(state: NetworkState) -> Part:
    """Ask the Backbone of a local network for its `/health`; nothing is raised."""
    try:
        with _DIRECTLY.open(f"{state.backbone.url}/health", timeout=_TIMEOUT):
            return Part("backbone", state.backbone.url, "healthy")
    except (OSError, HTTPException):
        folder = Folder(Path(state.data_dir))
        failure = folder.load_failure()
        problem = "The local network has stopped."
        cure = "Start it again: run connect() and the cells after it; its data are still there."
        if any(each.fault.at == "backbone" for each in state.faults):
            problem, cure = "It does not answer: a fault is active.", f"End it: {folder.command('faults', 'clear')}"
        elif failure:
            problem, cure = failure.problem, failure.cure or cure
        elif not folder.path.exists():
            problem = f"The local network has stopped: its folder {folder.path} was removed."
            cure = "Start anew: run connect() and all cells after it; the Connectors have other Identities then."
        return Part(
            "backbone",
            state.backbone.url,
            "down",
            problem=problem,
            cure=cure,
            last_lines=(
                tuple(failure.last_lines[-_LAST_LINES:]) if failure else logs.last_lines(folder, "network", _LAST_LINES)
            ),
        )


def of_connector(connector: Connector, *, version: str = "", address: str = "", data_dir: str = "") -> Part:
    """Ask a Connector how it is: `GET /health`; nothing is raised.

    Args:
        connector: the Connector.
        version: its version, if that is known.
        address: the address of its Identity, if that is known.
        data_dir: the folder of its local network, where its log is; empty for one that runs elsewhere.
    """

    def part(state: str, problem: str = "", cure: str = "") -> Part:
        lines = logs.last_lines(Folder(Path(data_dir)), connector.name, _LAST_LINES) if problem and data_dir else ()
        return Part(connector.name, connector.url, state, version, address, problem, cure, lines)

    try:
        health = connector.health()
    except ConnectorError as error:
        return part("down", error.problem, error.cure)
    if health.is_healthy:
        return replace(part("healthy"), waiting=_waiting(connector) if data_dir else ())
    _, problem, cure = of_services(health.services)
    return part("unhealthy", problem, cure)


def _waiting(connector: Connector) -> tuple[str, ...]:
    """Ask a Connector of a local network what stands still: `GET /Monitoring/Support`."""
    try:
        recovery = connector.monitoring.support().recovery
    except ConnectorError:
        return ()  # a key without that scope
    if not recovery:
        return ()
    again = "is tried again" if recovery.enabled else "is tried again at the next start only (modules.recovery)"
    return tuple(
        f"{each.what} Tried {each.attempts} times since {each.since:%H:%M:%S}, {again}. {each.problem or ''}".rstrip()
        for each in recovery.waiting
    )
