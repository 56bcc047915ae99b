"""The end of an Identity: a process with a grace period, then the removal of what it had."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import delete, select, update

from enmeshed_nb.localnet.backbone.call import Call, Store, Transaction, result, store_of
from enmeshed_nb.localnet.backbone.errors import not_found, refused
from enmeshed_nb.localnet.backbone.formats import Body, new_id, timestamp
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
from enmeshed_nb.localnet.backbone.routes import AdminRoute, PrivateRoute

ACTIVE, CANCELLED, DONE = "Active", "Cancelled", "Deleting"
LIVE = ("Pending", "Active", "Terminated", "DeletionProposed")
DEFAULT_GRACE_DAYS = 14

router = APIRouter(prefix="/api/v2/Identities/Self/DeletionProcesses", tags=["Identities"], route_class=PrivateRoute)
admin_router = APIRouter(prefix="/api/v1", tags=["Administration"], route_class=AdminRoute)


class NewDeletionProcess(Body):
    """How long an Identity may still change its mind."""

    length_of_grace_period_in_days: Annotated[float, Field(ge=0, le=36500)] = DEFAULT_GRACE_DAYS


@router.post("", status_code=201)
async def start_deletion(body: NewDeletionProcess, request: Request) -> dict[str, Any]:
    """Begin the deletion of the caller's Identity and let its peers know.

    Backbone protocol: `POST /Identities/Self/DeletionProcesses`.
    """
    with Call(request) as call:
        if is_to_be_deleted(call, call.address):
            raise refused("device.onlyOneActiveDeletionProcessAllowed", "The Identity is being deleted already.")
        process = DeletionProcess(
            id=new_id("IDP"),
            identity=call.address,
            status=ACTIVE,
            created_at=call.now,
            created_by_device=call.device_id,
            grace_period_ends_at=call.now + timedelta(days=body.length_of_grace_period_in_days),
        )
        call.session.add(process)
        _tell_peers(call, call.address, "PeerToBeDeleted", deletionDate=timestamp(process.grace_period_ends_at))
        return result(_written(process))


@router.get("")
async def list_deletions(request: Request) -> dict[str, Any]:
    """Return the caller's deletion processes. Backbone protocol: `GET /Identities/Self/DeletionProcesses`."""
    with Call(request) as call:
        own = select(DeletionProcess).where(DeletionProcess.identity == call.address)
        return result([_written(process) for process in call.session.scalars(own)])


@router.get("/{process_id}")
async def get_deletion(process_id: str, request: Request) -> dict[str, Any]:
    """Return one of them. Backbone protocol: `GET /Identities/Self/DeletionProcesses/{id}`."""
    with Call(request) as call:
        return result(_written(_own_process(call, process_id)))


@router.put("/{process_id}/Cancel")
async def cancel_deletion(process_id: str, request: Request) -> dict[str, Any]:
    """End the deletion and let the peers know.

    Backbone protocol: `PUT /Identities/Self/DeletionProcesses/{id}/Cancel`.
    """
    with Call(request) as call:
        process = _own_process(call, process_id)
        if process.status != ACTIVE:
            raise refused("device.deletionProcessIsNotInRequiredStatus", "The deletion process is not active.")
        if process.grace_period_ends_at <= call.now:
            raise refused("device.gracePeriodHasAlreadyExpired", "The grace period is over.")
        process.status, process.cancelled_at, process.cancelled_by_device = CANCELLED, call.now, call.device_id
        _tell_peers(call, call.address, "PeerDeletionCancelled")
        return result(_written(process))


def _own_process(call: Call, process_id: str) -> DeletionProcess:
    process = call.session.get(DeletionProcess, process_id)
    if not process or process.identity != call.address:
        raise not_found("DeletionProcess")
    return process


def _written(process: DeletionProcess) -> dict[str, Any]:
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


def is_to_be_deleted(transaction: Transaction, address: str) -> bool:
    """Tell whether an Identity has an active deletion process."""
    active = "SELECT 1 FROM deletion_processes WHERE identity = ? AND status = ?"
    return transaction.row(active, address, ACTIVE) is not None


def gone_since(transaction: Transaction, device: Device) -> datetime | None:
    """Return since when a device has no Identity any more: its removal, or before that the end of its grace period."""
    over = select(DeletionProcess.grace_period_ends_at).where(
        DeletionProcess.identity == device.identity,
        DeletionProcess.status == ACTIVE,
        DeletionProcess.grace_period_ends_at <= transaction.now,
    )
    return device.identity_removed_at or transaction.session.scalar(over)


def _live_relationships(transaction: Transaction, address: str) -> Sequence[Relationship]:
    live = select(Relationship).where(Relationship.is_known_to(address), Relationship.status.in_(LIVE))
    return transaction.session.scalars(live).all()


def _tell_peers(transaction: Transaction, address: str, event_type: str, **payload: str) -> None:
    for relationship in _live_relationships(transaction, address):
        peer = relationship.peer_of(address)
        if not relationship.is_decomposed_by(peer):
            transaction.raise_event(
                peer, event_type, {"relationshipId": relationship.id, **payload}, context=relationship.id
            )


@admin_router.post("/IdentityRemovals")
async def remove_at_once(request: Request) -> dict[str, Any]:
    """Remove the Identities whose grace period is over now, not when the job runs next.

    Admin API: `POST /IdentityRemovals`, which is our own; the real Backbone has a program for it.
    """
    return result({"removed": remove_identities(store_of(request))})


def remove_identities(store: Store) -> list[str]:
    """Remove the Identities whose grace period is over, all or none; return their addresses."""
    with Transaction(store) as transaction:
        due = select(DeletionProcess).where(
            DeletionProcess.status == ACTIVE, DeletionProcess.grace_period_ends_at <= transaction.now
        )
        processes = transaction.session.scalars(due).all()
        for process in processes:
            _remove(transaction, process)
        return [process.identity for process in processes]


def _remove(transaction: Transaction, process: DeletionProcess) -> None:
    session, address = transaction.session, process.identity
    process.status = DONE
    _tell_peers(transaction, address, "RelationshipStatusChanged")
    _tell_peers(transaction, address, "PeerDeleted", deletionDate=timestamp(process.grace_period_ends_at))
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
    session.execute(update(Device).where(Device.identity == address).values(identity_removed_at=transaction.now))
    session.execute(delete(ExternalEvent).where(ExternalEvent.owner == address))
    for table, owner in ((Template, Template.created_by), (Token, Token.created_by), (File, File.owner)):
        session.execute(delete(table).where(owner == address))
    session.execute(delete(Identity).where(Identity.address == address))
