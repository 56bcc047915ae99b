"""The end of an Identity: a process with a grace period, then the removal of what it had."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from enmeshed_nb.localnet.backbone.errors import refused
from enmeshed_nb.localnet.backbone.formats import new_id, timestamp
from enmeshed_nb.localnet.backbone.models import (
    AccessToken,
    AuditLogEntry,
    DeletionProcess,
    Device,
    ExternalEvent,
    File,
    Identity,
    Relationship,
    Template,
    Token,
)

if TYPE_CHECKING:
    from enmeshed_nb.localnet.backbone.call import Call, Transaction

ACTIVE, CANCELLED, DONE = "Active", "Cancelled", "Deleting"
LIVE = ("Pending", "Active", "Terminated", "DeletionProposed")
DEFAULT_GRACE_DAYS = 14


def start(call: "Call", days: float) -> DeletionProcess:
    """Begin the deletion of the caller's Identity and let its peers know.

    Raises:
        BackboneError: one is under way already.
    """
    if is_to_be_deleted(call, call.address):
        raise refused("device.onlyOneActiveDeletionProcessAllowed", "The Identity is being deleted already.")
    process = DeletionProcess(
        id=new_id("IDP"),
        identity=call.address,
        status=ACTIVE,
        created_at=call.now,
        created_by_device=call.device.id,
        grace_period_ends_at=call.now + timedelta(days=days),
    )
    call.session.add(process)
    _tell_peers(call, call.address, "PeerToBeDeleted", deletionDate=timestamp(process.grace_period_ends_at))
    return process


def cancel(call: "Call", process: DeletionProcess) -> None:
    """End a deletion process and let the peers know."""
    process.status, process.cancelled_at, process.cancelled_by_device = CANCELLED, call.now, call.device.id
    _tell_peers(call, call.address, "PeerDeletionCancelled")


def is_to_be_deleted(transaction: "Transaction", address: str) -> bool:
    """Tell whether an Identity has an active deletion process."""
    active = select(DeletionProcess.id).where(DeletionProcess.identity == address, DeletionProcess.status == ACTIVE)
    return transaction.session.scalar(active) is not None


def _live_relationships(transaction: "Transaction", address: str) -> Sequence[Relationship]:
    live = select(Relationship).where(Relationship.is_known_to(address), Relationship.status.in_(LIVE))
    return transaction.session.scalars(live).all()


def _tell_peers(transaction: "Transaction", address: str, event: str, **payload: str) -> None:
    for relationship in _live_relationships(transaction, address):
        peer = relationship.peer_of(address)
        if not relationship.is_decomposed_by(peer):
            transaction.raise_event(
                peer, event, {"relationshipId": relationship.id, **payload}, context=relationship.id
            )


def remove_identities_that_are_due(transaction: "Transaction") -> None:
    """Remove the Identities whose grace period is over; done at the begin of every transaction."""
    due = select(DeletionProcess).where(
        DeletionProcess.status == ACTIVE, DeletionProcess.grace_period_ends_at <= transaction.now
    )
    for process in transaction.session.scalars(due).all():
        _remove(transaction, process)


def _remove(transaction: "Transaction", process: DeletionProcess) -> None:
    session, address, moment = transaction.session, process.identity, process.grace_period_ends_at
    process.status = DONE
    _tell_peers(transaction, address, "RelationshipStatusChanged")
    _tell_peers(transaction, address, "PeerDeleted", deletionDate=timestamp(moment))
    for relationship in _live_relationships(transaction, address):
        peer_was_first = relationship.is_decomposed_by(relationship.peer_of(address))
        status = "ReadyForDeletion" if peer_was_first else "DeletionProposed"
        relationship.audit_log.append(
            AuditLogEntry(
                created_at=transaction.now,
                created_by=address,
                reason="DecompositionDueToIdentityDeletion",
                old_status=relationship.status,
                new_status=status,
            )
        )
        relationship.status = status
        relationship.decompose_for(address)
    devices = select(Device.id).where(Device.identity == address)
    session.execute(delete(AccessToken).where(AccessToken.device.in_(devices)))
    session.execute(update(Device).where(Device.identity == address).values(identity_removed_at=moment))
    session.execute(delete(ExternalEvent).where(ExternalEvent.owner == address))
    for table, owner in ((Template, Template.created_by), (Token, Token.created_by), (File, File.owner)):
        session.execute(delete(table).where(owner == address))
    session.execute(delete(Identity).where(Identity.address == address))


def written_process(process: DeletionProcess) -> dict[str, Any]:
    """Return a deletion process as JSON."""
    written: dict[str, Any] = {
        "id": process.id,
        "status": process.status,
        "createdAt": timestamp(process.created_at),
        "createdByDevice": process.created_by_device,
        "gracePeriodEndsAt": timestamp(process.grace_period_ends_at),
    }
    if process.cancelled_at:
        written |= {"cancelledAt": timestamp(process.cancelled_at), "cancelledByDevice": process.cancelled_by_device}
    return written
