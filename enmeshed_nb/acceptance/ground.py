"""The Connectors that a run is made on: one's own, or those of a local network of the run alone."""

import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field

from enmeshed_nb import diagnosis, own_connectors
from enmeshed_nb.acceptance.stand import RELATED, Stand, local_stand
from enmeshed_nb.connector import Connector, ConnectorError
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide import EventListener, RelationshipError, active_relationship, establish_relationship
from enmeshed_nb.ledger import ledger_in
from enmeshed_nb.localnet import LocalNetwork, stop
from enmeshed_nb.localnet.settings import DATA_DIR_VARIABLE
from enmeshed_nb.own_connectors.variables import PREFIX
from enmeshed_nb.progress import waiting_for

LOCAL = "local network"
Reach = Callable[[dict[str, str]], AbstractContextManager[dict[str, str]]]
"""Gets URLs by name, and has those by which they are reached while a `with` lasts."""


class GroundError(UserError):
    """The Connectors cannot be used for a run as they are; nothing has been changed at them."""


@dataclass(frozen=True)
class Ground:
    """The Connectors that a run is made on.

    Attributes:
        name: the profile's, or "local network".
        sender: sends Requests.
        recipient: decides them.
        versions: of all Connectors, by name.
        addresses: of the Identities of all Connectors, by name.
        others: more Connectors by name, for what needs them; see `enmeshed_nb.acceptance.stand`.
        is_local: whether a network of this run alone is used, on which everything may be done.
        listener: gets the events of the Connector "webhooks"; None if there is none.
        patience: for how many seconds checks wait for something to come.
    """

    name: str
    sender: Connector
    recipient: Connector
    versions: Mapping[str, str]
    addresses: Mapping[str, str]
    others: Mapping[str, Connector] = field(default_factory=dict)
    is_local: bool = False
    listener: EventListener | None = None
    patience: float = 30.0

    @property
    def connectors(self) -> dict[str, Connector]:
        """All of them by name."""
        return {self.sender.name: self.sender, self.recipient.name: self.recipient, **self.others}

    @classmethod
    def of(
        cls,
        name: str,
        sender: Connector,
        recipient: Connector,
        others: Mapping[str, Connector] | None = None,
        *,
        is_local: bool = False,
        listener: EventListener | None = None,
    ) -> "Ground":
        """Ask Connectors who and what they are. Nothing is changed.

        Raises:
            ConnectorError: one cannot be reached, refuses its key, or is no Connector 7.
            GroundError: Sender and Recipient are the same Identity.
        """
        others = dict(others or {})
        all_of_them = {sender.name: sender, recipient.name: recipient, **others}
        versions: dict[str, str] = {}
        addresses: dict[str, str] = {}
        for each_name, each in all_of_them.items():
            if each is not sender and each.url == sender.url:  # another key, which may not be good for asking
                versions[each_name], addresses[each_name] = versions[sender.name], addresses[sender.name]
                continue
            try:
                versions[each_name] = each.require_version().version
                addresses[each_name] = each.account.identity_info().address
            except ConnectorError as error:
                raise diagnosis.explained(error, each) from None
        if addresses[sender.name] == addresses[recipient.name]:
            raise GroundError(*diagnosis.same_identity(addresses[sender.name]))
        return cls(name, sender, recipient, versions, addresses, others, is_local, listener)


def own_name(profile: str | None) -> str:
    """Return how the Connectors that a run would be made on are called: a profile's name, or what names them.

    Raises:
        SettingsError: own Connectors are not named completely, or there is no such profile.
    """
    return _name(own_connectors.from_environment(profile))


def _name(own: own_connectors.OwnConnectors | None) -> str:
    return own.profile or "own Connectors" if own else LOCAL


@contextmanager
def open_ground(
    profile: str | None = None,
    *,
    needs: Collection[str] = (),
    confirm: Callable[[str], bool] = lambda _: False,
    reach: Reach = nullcontext,
) -> Iterator[Ground]:
    """Have the Connectors for a run while a `with` lasts.

    Those that a profile or the environment names; else a local network made for this run, in a temporary folder.

    Args:
        profile: the profile; without it, what the environment names.
        needs: names of further Connectors that the checks need (`Check.needs`); those of a local network are started.
        confirm: is asked before something is changed at own Connectors for the run to be possible: that they get a
            Relationship.
        reach: how the servers of a local network are reached; for who stands between, to see what is noticed.

    Raises:
        ConnectorError: one cannot be reached, refuses its key, or is no Connector 7.
        GroundError: they cannot be used as they are.
        NetworkError: the local network cannot be started.
        SettingsError: own Connectors are not named completely.
    """
    with ExitStack() as stack:
        stack.callback(_put_back, _variables())
        if own := own_connectors.from_environment(profile):
            sender, recipient = own.sender.connect("sender"), own.recipient.connect("recipient")
            others = {name: endpoint.connect(name) for name, endpoint in own.others.items()}
            for each in (sender, recipient, *others.values()):
                ledger_in().watch(each)
                stack.callback(each.close)
            own_connectors.hand_on(own)
            ground = Ground.of(_name(own), sender, recipient, others)
        else:
            ground = stack.enter_context(_local(local_stand(needs), reach))
        for each in (ground.recipient, *(ground.others[name] for name in RELATED if name in ground.others)):
            _relate(ground, each, confirm)
        yield ground


@contextmanager
def _local(stand: Stand, reach: Reach) -> Iterator[Ground]:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="enmeshed-nb-accept-"))
        stack.callback(stop, folder)
        listener = stack.enter_context(EventListener()) if stand.listens else None
        events = stack.enter_context(reach({"events": listener.url}))["events"] if listener else None
        with waiting_for("a local network for this run") as tell:
            opened = LocalNetwork.open(folder, connectors=stand.configurations(events), progress=tell)
        network = stack.enter_context(opened)
        states = {each.name: each for each in network.state.connectors}
        urls = stack.enter_context(reach({name: each.url for name, each in states.items()}))
        clients = {name: Connector(urls[name], each.api_key, name=name) for name, each in states.items()}
        for name, key in stand.keys.items():
            clients[name] = Connector(urls["sender"], key, name=name)
        for each in clients.values():
            stack.callback(each.close)
        os.environ[DATA_DIR_VARIABLE] = folder  # kernels of notebooks join this network
        others = {name: each for name, each in clients.items() if name not in ("sender", "recipient")}
        yield Ground.of(LOCAL, clients["sender"], clients["recipient"], others, is_local=True, listener=listener)


def _variables() -> dict[str, str]:
    """Return the variables of this process's environment that are ours: they tell kernels of notebooks where to go."""
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}


def _put_back(before: Mapping[str, str]) -> None:
    for name in _variables().keys() - before:
        del os.environ[name]
    os.environ.update(before)


def _relate(ground: Ground, other: Connector, confirm: Callable[[str], bool]) -> None:
    """See to it that the Sender and another Connector have an Active Relationship."""
    try:
        active_relationship(ground.sender, ground.addresses[other.name])
        active_relationship(other, ground.addresses[ground.sender.name])
    except RelationshipError as error:
        what = f"{ground.sender.name} and {other.name} have no Active Relationship."
        if not (ground.is_local or confirm(f"{what} Establish one?")):
            raise GroundError(
                f"{what} {error.problem}",
                "Establish one: run again with --yes, or enmeshed_nb.establish_relationship(sender, recipient).",
            ) from None
        establish_relationship(ground.sender, other)
