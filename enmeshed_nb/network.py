"""The Sender and the Recipient that a notebook works with: of the local network, or the user's own."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any
from weakref import WeakSet

from enmeshed_nb import diagnosis, health, own_connectors
from enmeshed_nb.connector import ConnectionFailed, Connector, ConnectorError, aside
from enmeshed_nb.guide import Journal
from enmeshed_nb.guide.exercises import Progress, Sides
from enmeshed_nb.health import NetworkReport, Part
from enmeshed_nb.ledger import ledger_in
from enmeshed_nb.localnet import LocalNetwork, NetworkClock, NetworkError, NetworkFaults, NetworkSnapshots, running
from enmeshed_nb.localnet.errors import HangingError
from enmeshed_nb.localnet.settings import ConnectorState, Folder, NetworkState, data_dir
from enmeshed_nb.own_connectors import OwnConnectors, SettingsError
from enmeshed_nb.progress import waiting_for

__all__ = ["Network", "NetworkReport", "Part", "connect"]

_OLDEST_KERNEL = (7, 4)
_TAKE_AWAY = (
    "Connect without a profile, or take the ENMESHED_NB_… variables away (environment or .env file); then restart the "
    "kernel, run it again."
)
_CONNECTED: WeakSet["Network"] = WeakSet()
"""Those of this process."""


class Network:
    """Two Connectors and the journal of everything that is exchanged with them. Made by `connect`.

    Attributes:
        sender: the Connector that sends Requests.
        recipient: the Connector that receives and decides them.
        connectors: all Connectors by name: these two, further ones of a profile, and what `add_connector` added.
        journal: records every exchange.
        local: the local network that runs both, None for own Connectors.
    """

    def __init__(self, sender: Connector, recipient: Connector, local: LocalNetwork | None = None) -> None:
        self.sender, self.recipient, self.local = sender, recipient, local
        self.journal = Journal(sender, recipient)
        self._replaced: list[Connector] = []
        self.connectors: dict[str, Connector] = {}
        self._identities: dict[str, tuple[str, str]] = {}
        for connector in (sender, recipient):
            self._add(connector)
        _CONNECTED.add(self)

    def _add(self, connector: Connector) -> None:
        with aside():
            version, address = connector.require_version().version, connector.account.identity_info().address
        if known := self.connectors.get(connector.name):
            self._replaced.append(known)
        self.connectors[connector.name] = connector
        self._identities[connector.name] = version, address

    def address(self, name: str) -> str:
        """Return the address of the Identity of one of the `connectors`."""
        return self._identities[name][1]

    def close(self) -> None:
        """Close all Connectors and give the local network back."""
        self.journal.close()
        for connector in (*self.connectors.values(), *self._replaced):
            connector.close()
        if self.local:
            self.local.close()

    @property
    def clock(self) -> NetworkClock:
        """The time of the local network, which can be moved forward: `network.clock.advance(days=31)`.

        Raises:
            NetworkError: these are your own Connectors.
        """
        return self.require_local("only the time of the local network can be moved").clock

    @property
    def snapshots(self) -> NetworkSnapshots:
        """States of the local network that were saved: `network.snapshots.save("before")`, `….restore("before")`.

        Raises:
            NetworkError: these are your own Connectors.
        """
        return self.require_local("only the state of the local network can be saved and restored").snapshots

    @property
    def faults(self) -> NetworkFaults:
        """What is to fail on purpose in the local network: `network.faults.inject(…)`.

        Raises:
            NetworkError: these are your own Connectors.
        """
        return self.require_local("only the local network fails on purpose").faults

    def require_local(self, why: str) -> LocalNetwork:
        """Return the local network, for what no other one can do: a lesson that needs one says so at its beginning.

        Args:
            why: what needs it, e.g. "this lesson configures Connectors".

        Raises:
            NetworkError: these are your own Connectors.
        """
        if self.local:
            return self.local
        raise NetworkError(f"These are your own Connectors: {why}.", _TAKE_AWAY)

    def now(self) -> datetime:
        """Return the time of the Connectors, in UTC: the local network's, else this machine's.

        Raises:
            NetworkError: the local network does not run.
        """
        return self.clock.now() if self.local else datetime.now(UTC)

    @property
    def progress(self) -> Progress:
        """How far the reader is with the exercises; `network.progress.reset()` forgets it."""
        folder = Folder(data_dir(self.local.state.data_dir if self.local else None))
        return Progress(folder.exercises, self.address(self.sender.name))

    def sides(self, since: datetime) -> Sides:
        """Return what the check of an exercise looks at: all Connectors, and since when what they recorded counts."""
        addresses = {name: self.address(name) for name in self.connectors}
        return Sides(self.connectors, addresses, since.replace(microsecond=since.microsecond // 1000 * 1000))

    def reopen(self) -> None:
        """Start the local network again if it has stopped: its Connectors go on where they were.

        Raises:
            NetworkError: these are your own Connectors, it cannot be started, or its Connectors listen elsewhere now.
        """
        if not self.local:
            raise NetworkError("These are your own Connectors: start them where they run.")
        before = self.local.state
        wanted: dict[str, dict[str, Any]] = {each.name: {} for each in before.connectors}
        with waiting_for("the local network"):
            joined = LocalNetwork.open(before.data_dir, connectors=wanted)
        self.local.close()
        self.local = joined
        if {each.name: each.url for each in before.connectors} != {
            each.name: each.url for each in joined.state.connectors if each.name in wanted
        }:
            raise NetworkError(
                "The local network runs again, and its Connectors listen elsewhere: other programs took their ports.",
                "Restart the kernel (in the app: load the page again).",
            )

    def add_connector(self, name: str, config: Mapping[str, Any] | None = None) -> Connector:
        """Return one more Connector of the local network; a `Journal` of your own can record it.

        It is started if it does not run, and started anew if it runs with another configuration. Its data stay.

        Args:
            name: its name: lower-case letters, digits, '-' and '_'.
            config: keys of a Connector's configuration, e.g. `{"modules": {"sse": {"enabled": True}}}`.

        Raises:
            NetworkError: these are your own Connectors, or it cannot be started.
        """
        local = self.require_local("more of them can only be had on the local network")
        wanted = {name: dict(config or {})}
        with waiting_for(f"the Connector '{name}'"):
            joined = LocalNetwork.open(local.state.data_dir, connectors=wanted, reconfigure=True)
        local.close()
        self.local = joined
        return self._join(joined.state.connector(name))

    @property
    def names(self) -> dict[str, str]:
        """What the Connectors of this network are called, by address; `PeerChooser` takes it."""
        own = {address: name for name, (_, address) in self._identities.items()}
        others = {each.address: each.name for each in self._running()}
        return {address: name.capitalize() for address, name in (others | own).items()}

    def connector_of(self, address: str) -> Connector:
        """Return the Connector of an Identity, to decide for whom a Request was sent to.

        Args:
            address: of the Sender, the Recipient, or any other Connector of the local network.

        Raises:
            NetworkError: it is none of these: it is up to somebody else to decide.
        """
        for name, connector in self.connectors.items():
            if self.address(name) == address:
                return connector
        for each in self._running():
            if each.address == address:
                return self._join(each)
        names = ", ".join(sorted(set(self.names.values()) - {self.sender.name.capitalize()}))
        raise NetworkError(
            f"It is up to {address} to go on: that is no Connector of this network, so nobody here can decide for it.",
            f"Decide there, or choose a peer whose Connector is here: {names}.",
        )

    def _running(self) -> Sequence[ConnectorState]:
        """Return all Connectors of the local network as it is now."""
        state = running(self.local.state.data_dir) if self.local else None
        return state.connectors if state else ()

    def _join(self, state: ConnectorState) -> Connector:
        connector = Connector(state.url, state.api_key, name=state.name)
        self._add(connector)
        return connector

    def report(self) -> NetworkReport:
        """Return what runs where now; whatever is wrong is in the report, nothing is raised."""
        state = self.local.state if self.local else None
        if not state:
            return self._own_report()
        data_dir = state.data_dir
        parts = []
        for name, connector in self.connectors.items():
            version, address = self._identities[name]
            with aside():
                parts.append(health.of_connector(connector, version=version, address=address, data_dir=data_dir))
        now = _now(state) or state
        return NetworkReport(state.data_dir, (health.of_backbone(now), *parts), (*now.unusual, *_notes()))

    def _own_report(self) -> NetworkReport:
        """Return how own Connectors are, in the words of `enmeshed-nb doctor`."""
        roles = {self.sender.name: "sender", self.recipient.name: "recipient"}
        found = diagnosis.of_connectors({roles.get(name, name): each for name, each in self.connectors.items()})
        parts = []
        for name, connector in self.connectors.items():
            wrong = found.problem_of(roles.get(name, name))
            part = Part(name, connector.url, "healthy", *self._identities[name])
            if wrong:
                state = "unhealthy" if wrong.what.endswith(": health") else "down"
                part = replace(part, state=state, problem=wrong.problem, cure=wrong.cure)
            parts.append(part)
        notes = [
            f"{check.what}: {check.problem} {check.cure}".rstrip()
            for check in (*found.together, *found.notes)
            if check.problem
        ]
        return NetworkReport("", tuple(parts), (*notes, *_notes()))

    def __str__(self) -> str:
        return str(self.report())

    def __repr__(self) -> str:
        return f"Network({self.sender!r}, {self.recipient!r})"


def stopped(error: ConnectionFailed) -> bool:
    """Tell whether an error comes from that a local network, which this process was connected to, does not run."""
    return any(
        each.url in error.problem and not _runs_still(network.local.state)
        for network in _CONNECTED
        if network.local
        for each in network.local.state.connectors
    )


def _runs_still(state: NetworkState) -> bool:
    try:
        return (now := running(state.data_dir)) is not None and now.pid == state.pid
    except HangingError:
        return True
    except NetworkError:  # one that starts in its place, and cannot
        return False


def _now(state: NetworkState) -> NetworkState | None:
    """Return what a network is now; None if it does not run, or does not say."""
    try:
        return running(state.data_dir)
    except NetworkError:
        return None


def _notes() -> tuple[str, ...]:
    """Return what is to be said of the kernel: with an old one, buttons act late or in another thread."""
    try:
        found = installed("ipykernel")
    except PackageNotFoundError:  # this is no kernel
        return ()
    if tuple(int(part) for part in found.split(".")[:2]) >= _OLDEST_KERNEL:
        return ()
    wanted = ".".join(map(str, _OLDEST_KERNEL))
    return (f"This kernel is ipykernel {found}; forms need {wanted} or newer. Start JupyterLab by `make lab`.",)


def _own(own: OwnConnectors) -> Network:
    """Connect to own Connectors; what is wrong with them is said in the words of `enmeshed-nb doctor`."""
    with ExitStack() as stack:
        connectors = {name: stack.enter_context(endpoint.connect(name)) for name, endpoint in own.all.items()}
        try:
            network = Network(connectors["sender"], connectors["recipient"])
            for name in own.others:
                network._add(connectors[name])
        except ConnectorError as error:
            wrong = connectors.get(error.call.connector) if error.call else None
            raise (diagnosis.explained(error, wrong) if wrong else error) from None
        if network.address("sender") == network.address("recipient"):
            raise SettingsError(*diagnosis.same_identity(network.address("sender")))
        stack.pop_all()  # they stay open
    for connector in connectors.values():
        ledger_in().watch(connector)
    return network


def connect(data_dir: Path | str | None = None, *, profile: str | None = None) -> Network:
    """Connect to the Sender and the Recipient.

    These are the Connectors of a profile, or those that the `ENMESHED_NB_*` variables name, else those of the local
    network, which is started if it does not run. It runs at least until the notebook's kernel ends.

    Args:
        data_dir: the local network's folder; the default is that of the command line.
        profile: the profile that names your own Connectors; without it, the one that `ENMESHED_NB_PROFILE` names.

    Raises:
        MissingExtraError: no own Connectors are named, and the extra `network`, for local ones, is not installed.
        NetworkError: the local network cannot be started; it says why, and what to do.
        SettingsError: there is no such profile, settings are incomplete or malformed, a secret cannot be had, or Sender
            and Recipient are the same Identity.
        ConnectorError: a Connector cannot be reached, refuses the API key, or is not of version 7.
    """
    if own := own_connectors.from_environment(profile):
        return _own(own)
    with waiting_for("the local network") as tell:
        local = LocalNetwork.open(data_dir, connectors={"sender": {}, "recipient": {}}, progress=tell)
    sender, recipient = (
        Connector(state.url, state.api_key, name=state.name)
        for state in (local.state.connector("sender"), local.state.connector("recipient"))
    )
    return Network(sender, recipient, local)
