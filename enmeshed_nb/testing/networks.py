"""A local network for tests: Connectors with new Identities as one needs them, and gone when one does not."""

import secrets
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from enmeshed_nb.closing import Closing
from enmeshed_nb.connector import Connector, ConnectorError, aside
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide import Journal, active_relationship, establish_relationship, happenings
from enmeshed_nb.guide.text import table, time_of_day
from enmeshed_nb.ledger import ledger_in
from enmeshed_nb.localnet import LocalNetwork, NetworkClock, NetworkError, NetworkFaults, NetworkSnapshots, logs, stop
from enmeshed_nb.localnet.settings import Folder, NetworkState
from enmeshed_nb.own_connectors import from_environment


class Pair(NamedTuple):
    """Two Connectors with an Active Relationship."""

    sender: Connector
    recipient: Connector


class NetworkForTests(Closing):
    """A local network that has Connectors for tests. Made by `local_network`, or had as a fixture.

    It runs as long as somebody uses it. If it was killed meanwhile, it is started again, with what it had stored, when
    something is asked of it the next time. May be used by several threads and, by its folder, by several processes.

    Args:
        data_dir: the network's folder.
        keep: let it run on when nobody uses it any more.

    Raises:
        NetworkError: it cannot be started; says why, and what to do.
    """

    def __init__(self, data_dir: Path | str, *, keep: bool = False) -> None:
        self.data_dir = Path(data_dir)
        self._keep = keep
        self._lock = threading.Lock()
        self._names: dict[Connector, str] = {}
        self._local = LocalNetwork.open(self.data_dir, connectors={}, keep=keep)

    @property
    def state(self) -> NetworkState:
        """What runs where, as it was when something was asked of the network the last time."""
        return self._local.state

    @property
    def clock(self) -> NetworkClock:
        """The time of the network, which can be moved forward: `network.clock.advance(days=31)`."""
        return NetworkClock(self.data_dir)

    @property
    def faults(self) -> NetworkFaults:
        """What is to fail on purpose: `network.faults.inject(…)`, see `enmeshed_nb.localnet.faults`.

        Give each fault its Connector where several processes share the network, as those of pytest-xdist do.
        """
        return NetworkFaults(self.data_dir)

    @property
    def snapshots(self) -> NetworkSnapshots:
        """States of the network that were saved: `network.snapshots.save("before")`, `….restore("before")`.

        A restored network has the Connectors that it had then, and no others, whoever uses them: save and restore where
        nobody else uses it, with `local_network()` rather than what processes of pytest-xdist share.
        """
        return NetworkSnapshots(self.data_dir)

    def connector(self, name: str = "connector", config: Mapping[str, Any] | None = None) -> Connector:
        """Start a Connector with a new Identity; `remove` deletes it.

        Args:
            name: how the client calls it in messages and journals: lower-case letters, digits, '-' and '_', at most 23
                of them; the network adds to it what makes it unique.
            config: keys of a Connector's configuration, e.g. `{"modules": {"sse": {"enabled": True}}}`.

        Raises:
            NetworkError: it cannot be started; says why, and what to do.
        """
        unique = f"{name}-{secrets.token_hex(4)}"
        state = self._join({unique: dict(config or {})}).connector(unique)
        connector = Connector(state.url, state.api_key, name=name)
        self._names[connector] = unique
        return connector

    def related(self) -> Pair:
        """Start two Connectors with new Identities and establish a Relationship between them.

        Raises:
            NetworkError: they cannot be started; says why, and what to do.
        """
        pair = Pair(self.connector("sender"), self.connector("recipient"))
        self.relate(pair.recipient, pair.sender)
        return pair

    def relate(self, one: Connector, other: Connector) -> None:
        """Establish a Relationship between two Connectors of this network, unless they have one.

        If a test beside this one moves the network's time meanwhile, the template that is on its way expires: then
        another one is made.

        Raises:
            ConnectorError: a call failed.
            NetworkError: the network does not run.
        """
        before = self.clock.ahead
        try:
            establish_relationship(one, other)
        except ConnectorError:
            if self.clock.ahead == before:
                raise
            self.relate(one, other)

    def are_related(self, pair: Pair) -> bool:
        """Tell whether two Connectors are healthy and have a Relationship that is Active for both."""
        try:
            with aside():
                for one, other in (pair, reversed(pair)):
                    active_relationship(one, other.account.identity_info().address)
                return all(each.health().is_healthy for each in pair)
        except UserError:
            return False

    def repair(self) -> None:
        """See to it that the network runs, with all Connectors that it had.

        Raises:
            NetworkError: it cannot be started; says why, and what to do.
        """
        self._join({})

    def remove(self, *connectors: Connector) -> None:
        """Stop Connectors that this has started, and delete what they have stored; the Backbone keeps what it has.

        Raises:
            NetworkError: one could not be stopped.
        """
        names = [self._names.pop(each) for each in connectors if each in self._names]
        for each in connectors:
            each.close()
        self._local.remove(*names)

    def last_log_lines(self, connector: Connector, number: int = 20) -> tuple[str, ...]:
        """Return the end of the log of a Connector that this has started."""
        return logs.last_lines(Folder(self.data_dir), self._names[connector], number)

    def close(self) -> None:
        """Remove what was started here, and give the network back: if nobody else uses it, it stops in 5 seconds."""
        with suppress(NetworkError):  # it was killed, or is damaged
            self.remove(*self._names)
        self._local.close()

    def stop(self) -> None:
        """Stop the network at once, whoever uses it."""
        stop(self.data_dir)

    def _join(self, connectors: Mapping[str, Mapping[str, Any]]) -> NetworkState:
        """Join the network as it is now; start it if it does not run."""
        with self._lock:
            joined = LocalNetwork.open(self.data_dir, connectors=connectors, keep=self._keep)
            self._local.close()
            self._local = joined
            return joined.state


@contextmanager
def local_network(data_dir: Path | str | None = None, *, keep: bool = False) -> Iterator[NetworkForTests]:
    """Have a local network while a `with` lasts.

    Args:
        data_dir: its folder, where it stays; a new one that is deleted in the end without it.
        keep: let it run on; only with a *data_dir*.

    Raises:
        ValueError: *keep* without *data_dir*.
        NetworkError: it cannot be started; says why, and what to do.
    """
    if data_dir is not None:
        with NetworkForTests(data_dir, keep=keep) as network:
            yield network
        return
    if keep:
        raise ValueError("A network that runs on needs a folder: local_network(data_dir, keep=True).")
    with tempfile.TemporaryDirectory(prefix="enmeshed-nb-") as folder:
        try:
            with NetworkForTests(folder) as network:
                yield network
        finally:
            stop(folder)  # at once, and not when nobody has used it for a while


def own_connectors(profile: str | None = None) -> Pair | None:
    """Return the Connectors that a profile or the `ENMESHED_NB_*` variables name, None if none are named.

    Args:
        profile: the profile; without it, the one that `ENMESHED_NB_PROFILE` names.

    Raises:
        SettingsError: there is no such profile, settings are incomplete or malformed, or a secret cannot be had.
    """
    if not (own := from_environment(profile)):
        return None
    pair = Pair(own.sender.connect("sender"), own.recipient.connect("recipient"))
    for connector in pair:
        ledger_in().watch(connector)
    return pair


def told(journal: Journal) -> str:
    """Return what happened at Connectors so far, as a table in plain text."""
    happened = [(time_of_day(each.time), each.side, each.text) for each in happenings(journal)]
    return table([("time", "Connector", "what"), *happened]) if happened else "Nothing was asked of them."
