"""The Sender and the Recipient that a notebook works with: of the local network, or the user's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from enmeshed_nb import own_connectors
from enmeshed_nb.connector import Connector, ConnectorError
from enmeshed_nb.guide import Journal
from enmeshed_nb.localnet import LocalNetwork, NetworkError
from enmeshed_nb.localnet.network import backbone_is_healthy
from enmeshed_nb.localnet.settings import Folder

_LAST_LINES = 8
_OLDEST_KERNEL = (7, 4)


@dataclass(frozen=True)
class Part:
    """One part of a network at some moment.

    Attributes:
        name: "backbone", "sender" or "recipient".
        url: where it is.
        state: "healthy", "unhealthy" or "down".
        version: of the Connector; empty if unknown.
        address: of its Identity; empty if unknown.
        why: what is wrong; empty if nothing is.
        cure: what to do about it.
        last_lines: of its log, if something is wrong.
    """

    name: str
    url: str
    state: str
    version: str = ""
    address: str = ""
    why: str = ""
    cure: str = ""
    last_lines: tuple[str, ...] = ()


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

    def __str__(self) -> str:
        where = f"Local network in {self.data_dir}" if self.data_dir else "Your own Connectors: real data!"
        lines = [where]
        for part in self.parts:
            version = f"Connector {part.version}  " if part.version else ""
            lines.append(f"  {part.name:9}  {part.state:9}  {part.url}  {version}{part.address}".rstrip())
            if part.why:
                lines += [f"    {part.why} {part.cure}", *(f"      {line}" for line in part.last_lines)]
        lines += [f"  Note: {note}" for note in self.notes]
        return "\n".join(lines)


class Network:
    """Two Connectors and the journal of everything that is exchanged with them. Made by `connect`.

    Attributes:
        sender: the Connector that sends Requests.
        recipient: the Connector that receives and decides them.
        journal: records every exchange.
        local: the local network that runs both, None for own Connectors.
    """

    def __init__(self, sender: Connector, recipient: Connector, local: LocalNetwork | None = None) -> None:
        self.sender, self.recipient, self.local = sender, recipient, local
        self.journal = Journal(sender, recipient)
        self._added: list[Connector] = []
        self._addresses = {
            connector.name: (connector.require_version().version, connector.account.identity_info().address)
            for connector in (sender, recipient)
        }
        self.journal.take_new()  # these calls are no step of a guide

    def close(self) -> None:
        """Close both Connectors and give the local network back."""
        self.journal.close()
        for connector in (self.sender, self.recipient, *self._added):
            connector.close()
        if self.local:
            self.local.close()

    def add_connector(self, name: str, config: Mapping[str, Any] | None = None) -> Connector:
        """Return one more Connector of the local network; a `Journal` of your own can record it.

        It is started if it does not run, and started anew if it runs with another configuration. Its data stay.

        Args:
            name: its name: lower-case letters, digits, '-' and '_'.
            config: keys of a Connector's configuration, e.g. `{"modules": {"sse": {"enabled": True}}}`.

        Raises:
            NetworkError: these are your own Connectors, or it cannot be started.
        """
        if not self.local:
            raise NetworkError(
                "These are your own Connectors: more of them can only be had on the local network.",
                "Take the ENMESHED_NB_… variables away (environment or .env file), restart the kernel, run it again.",
            )
        wanted = {name: dict(config or {})}
        joined = LocalNetwork.open(self.local.state.data_dir, connectors=wanted, reconfigure=True)
        self.local.close()
        self.local = joined
        state = joined.state.connector(name)
        connector = Connector(state.url, state.api_key, name=name)
        self._added.append(connector)
        return connector

    def report(self) -> NetworkReport:
        """Return what runs where now; whatever is wrong is in the report, nothing is raised."""
        parts = [self._connector(connector) for connector in (self.sender, self.recipient)]
        self.journal.take_new()
        if not self.local:
            return NetworkReport("", tuple(parts), _notes())
        state = self.local.state
        if backbone_is_healthy(state):
            backbone = Part("backbone", state.backbone.url, "healthy")
        else:
            failure = Folder(Path(state.data_dir)).load_failure()
            why = failure.problem if failure else "The local network has stopped."
            lines = tuple(failure.last_lines[-_LAST_LINES:]) if failure else self._last_lines("network")
            cure = "Start it again: run connect() and the cells after it; its data are still there."
            backbone = Part("backbone", state.backbone.url, "down", why=why, cure=cure, last_lines=lines)
        return NetworkReport(state.data_dir, (backbone, *parts), _notes())

    def _connector(self, connector: Connector) -> Part:
        version, address = self._addresses[connector.name]
        try:
            health = connector.health()
        except ConnectorError as error:
            lines = self._last_lines(connector.name)
            return Part(
                connector.name, connector.url, "down", version, address, error.message, error.advice, last_lines=lines
            )
        if health.is_healthy:
            return Part(connector.name, connector.url, "healthy", version, address)
        ill = [name for name, word in health.services.model_dump().items() if word != "healthy"]
        return Part(
            connector.name,
            connector.url,
            "unhealthy",
            version,
            address,
            f"Not healthy: {', '.join(ill)}.",
            "Look at the Connector's log, and whether its Backbone runs.",
            self._last_lines(connector.name),
        )

    def _last_lines(self, name: str) -> tuple[str, ...]:
        if not self.local:
            return ()
        try:
            log = Folder(Path(self.local.state.data_dir)).log(name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ()
        return tuple(log.splitlines()[-_LAST_LINES:])

    def __str__(self) -> str:
        return str(self.report())

    def __repr__(self) -> str:
        return f"Network({self.sender!r}, {self.recipient!r})"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from enmeshed_nb.widgets import NetworkStatus  # noqa: PLC0415 - widgets build on this module

        return NetworkStatus(self)._repr_mimebundle_()


def _notes() -> tuple[str, ...]:
    """Return what is to be said of the kernel: with an old one, buttons act late or in another thread."""
    found = installed("ipykernel")
    if tuple(int(part) for part in found.split(".")[:2]) >= _OLDEST_KERNEL:
        return ()
    wanted = ".".join(map(str, _OLDEST_KERNEL))
    return (f"This kernel is ipykernel {found}; forms need {wanted} or newer. Start JupyterLab by `make lab`.",)


def connect(data_dir: Path | str | None = None) -> Network:
    """Connect to the Sender and the Recipient.

    These are the Connectors that the `ENMESHED_NB_*` variables name, else those of the local network, which is started
    if it does not run. It runs at least until the notebook's kernel ends.

    Args:
        data_dir: the local network's folder; the default is that of the command line.

    Raises:
        NetworkError: the local network cannot be started; it says why, and what to do.
        SettingsError: the variables are incomplete or malformed.
        ConnectorError: a Connector cannot be reached, refuses the API key, or is not of version 7.
    """
    if own := own_connectors.from_environment():
        return Network(
            Connector(own.sender.url, own.sender.api_key, name="sender"),
            Connector(own.recipient.url, own.recipient.api_key, name="recipient"),
        )
    local = LocalNetwork.open(data_dir, connectors={"sender": {}, "recipient": {}})
    sender, recipient = (
        Connector(state.url, state.api_key, name=state.name)
        for state in (local.state.connector("sender"), local.state.connector("recipient"))
    )
    return Network(sender, recipient, local)
