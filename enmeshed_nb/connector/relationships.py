"""Relationships: who may exchange Messages with whom."""

from typing import Literal

from pydantic import StrictStr

from enmeshed_nb.connector.account import IdentityInfo
from enmeshed_nb.content.model import Model, Timestamp
from enmeshed_nb.content.relationships import CreationContent

RelationshipStatus = Literal["Pending", "Active", "Rejected", "Revoked", "Terminated", "DeletionProposed"] | str


class AuditLogEntry(Model):
    """A change of a Relationship's status.

    Attributes:
        created_by: the address of whom changed it.
        created_by_device: the id of the device that did; None for the peer's.
        reason: which call changed it, e.g. "Creation", "AcceptanceOfCreation".
        old_status: None for the first entry.
    """

    created_at: Timestamp
    created_by: StrictStr
    created_by_device: StrictStr | None = None
    reason: StrictStr
    old_status: RelationshipStatus | None = None
    new_status: RelationshipStatus


class PeerDeletionInfo(Model):
    """That the peer's Identity is being deleted, or was; `deletion_date` may lie in the future."""

    deletion_status: Literal["ToBeDeleted", "Deleted"] | str
    deletion_date: Timestamp


class Relationship(Model):
    """A Relationship.

    Attributes:
        template_id: the RelationshipTemplate from which it was created.
        peer: the other Identity's address.
        peer_identity: the same with its public key.
        peer_deletion_info: None as long as the peer's Identity is not to be deleted.
        creation_content: what its initiator gave the templator.
        audit_log: how its status changed, the oldest first.
    """

    id: StrictStr
    template_id: StrictStr
    status: RelationshipStatus
    peer: StrictStr
    peer_identity: IdentityInfo
    peer_deletion_info: PeerDeletionInfo | None = None
    creation_content: CreationContent | None = None
    audit_log: list[AuditLogEntry]
