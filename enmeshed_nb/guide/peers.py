"""The peers of a Connector: who it has Relationships with, and who of them can receive a Message."""

from collections.abc import Mapping
from dataclasses import dataclass

from enmeshed_nb.connector import MISSING, Connector, Relationship
from enmeshed_nb.guide.text import printable

_WHY_NOT = {
    "Pending": "the Relationship is not accepted yet",
    "Terminated": "the Relationship is terminated",
    "DeletionProposed": "the peer has deleted the Relationship",
    "Rejected": "the Relationship was rejected",
    "Revoked": "the Relationship was revoked",
}
_IN_DELETION = {
    "ToBeDeleted": "the peer is about to delete its Identity",
    "Deleted": "the peer has deleted its Identity",
}


@dataclass(frozen=True)
class Peer:
    """One peer.

    Attributes:
        address: its address.
        name: what it is called: by the caller, else the DisplayName that it shared; empty if neither is known.
        status: the Relationship's status.
        relationship_id: the Relationship.
        why_not: why it cannot receive a Message; empty if it can.
    """

    address: str
    name: str
    status: str
    relationship_id: str
    why_not: str

    @property
    def can_receive(self) -> bool:
        """Whether a Message can be sent to it."""
        return not self.why_not

    @property
    def short_address(self) -> str:
        """The address with its middle left out."""
        return shortened(self.address)

    def __str__(self) -> str:
        name = f"{printable(self.name)}, " if self.name else ""
        return f"{name}{self.short_address} ({self.status}{f': {self.why_not}' if self.why_not else ''})"


def shortened(address: str) -> str:
    """Return an address with its middle left out: `did:e:localhost:dids:1a2b…9f`."""
    head, _, last = address.rpartition(":")
    return f"{head}:{last[:4]}…{last[-4:]}" if len(last) > 10 else address


def peers_of(connector: Connector, names: Mapping[str, str] | None = None) -> list[Peer]:
    """Return the peers, those that can receive a Message first, then by name.

    `GET /Relationships` and `GET /Attributes`: two calls, however many peers there are.

    Args:
        connector: whose peers.
        names: names by address, used instead of the DisplayNames that the peers shared.

    Raises:
        ConnectorError: the Connector cannot be asked.
    """
    relationships = connector.relationships.list()
    called = _display_names(connector) | dict(names or {})
    found = [_peer(relationship, called.get(relationship.peer, "")) for relationship in relationships]
    return sorted(found, key=lambda peer: (not peer.can_receive, not peer.name, peer.name.casefold(), peer.address))


def _display_names(connector: Connector) -> dict[str, str]:
    shared = connector.attributes.list(
        {"@type": "PeerIdentityAttribute", "content.value.@type": "DisplayName"}, succeeded_by=MISSING
    )
    return {
        str(attribute.peer): str(getattr(getattr(attribute.content, "value", None), "value", ""))
        for attribute in shared
        if attribute.peer
    }


def _peer(relationship: Relationship, name: str) -> Peer:
    deletion = relationship.peer_deletion_info
    why_not = _WHY_NOT.get(relationship.status, "" if relationship.status == "Active" else "its status is unknown here")
    if deletion and not why_not:
        why_not = _IN_DELETION.get(deletion.deletion_status, "the peer is being deleted")
    return Peer(relationship.peer, name, relationship.status, relationship.id, why_not)
