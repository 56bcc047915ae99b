"""Relationships and their transitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import APIRouter, Request
from sqlalchemy import and_, delete, or_, select, update

from enmeshed_nb.localnet.backbone.call import Call, Transaction, result
from enmeshed_nb.localnet.backbone.deletion import LIVE, is_to_be_deleted
from enmeshed_nb.localnet.backbone.errors import BackboneError, not_found, refused
from enmeshed_nb.localnet.backbone.formats import Blob, Body, new_id, timestamp
from enmeshed_nb.localnet.backbone.models import (
    AuditLogEntry,
    ExternalEvent,
    Identity,
    Relationship,
    Template,
)
from enmeshed_nb.localnet.backbone.routes import ContentRoute
from enmeshed_nb.localnet.backbone.templates import is_allocated

router = APIRouter(prefix="/api/v2/Relationships", tags=["Relationships"], route_class=ContentRoute)

REQUESTED = "ReactivationRequested"
Party = Literal["from", "to", "either", "requester", "requested"]


@dataclass(frozen=True)
class Transition:
    """One row of the table of transitions.

    Attributes:
        action: what a party does.
        before: statuses from which it is allowed.
        by: who may do it; `requester` and `requested` are the parties of an open request for reactivation.
        after: the status that it leads to.
        reason: what the audit log says.
        event_type: the type of the event by which the peer gets to know it, if it does.
        wrong_party: the code for another party.
        messages: what happens to Messages that wait for the Relationship: nothing, or "released", or "dropped".
    """

    action: str
    before: tuple[str, ...]
    by: Party
    after: str
    reason: str
    event_type: str | None = "RelationshipStatusChanged"
    wrong_party: str = ""
    messages: str = ""


_COMPLETED = "RelationshipReactivationCompleted"
_TO_ELSE = "cannotAcceptOrRejectRelationshipAddressedToSomeoneElse"
_FROM_ELSE = "cannotRevokeRelationshipNotCreatedByYourself"
_OVER = ("Rejected", "Revoked", "Terminated")

# fmt: off
CREATION = Transition("Create", (), "from", "Pending", "Creation")
TRANSITIONS = (
    Transition("Accept", ("Pending",), "to", "Active", "AcceptanceOfCreation", wrong_party=_TO_ELSE,
               messages="released"),
    Transition("Reject", ("Pending",), "to", "Rejected", "RejectionOfCreation", wrong_party=_TO_ELSE,
               messages="dropped"),
    Transition("Revoke", ("Pending",), "from", "Revoked", "RevocationOfCreation", wrong_party=_FROM_ELSE,
               messages="dropped"),
    Transition("Terminate", ("Active",), "either", "Terminated", "Termination"),
    Transition("Reactivate", ("Terminated",), "either", "Terminated", REQUESTED, "RelationshipReactivationRequested"),
    Transition("Reactivate/Accept", ("Terminated",), "requested", "Active", "AcceptanceOfReactivation", _COMPLETED,
               wrong_party="noAcceptableRelationshipReactivationRequestExists", messages="released"),
    Transition("Reactivate/Reject", ("Terminated",), "requested", "Terminated", "RejectionOfReactivation", _COMPLETED,
               wrong_party="noRejectableReactivationRequestExists"),
    Transition("Reactivate/Revoke", ("Terminated",), "requester", "Terminated", "RevocationOfReactivation", _COMPLETED,
               wrong_party="noRevocableReactivationRequestExists"),
    Transition("Decompose", _OVER, "either", "DeletionProposed", "Decomposition"),
    Transition("Decompose", ("DeletionProposed",), "either", "ReadyForDeletion", "Decomposition", None),
)
# fmt: on


class NewRelationship(Body):
    """The template that was loaded, and the encrypted request to its creator."""

    relationship_template_id: str
    creation_content: Blob | None = None


class Acceptance(Body):
    """The encrypted answer to the request."""

    creation_response_content: Blob | None = None


def _refused(code: str, message: str) -> BackboneError:
    return refused(f"relationship.{code}", message)


def between(transaction: Transaction, one: str, other: str) -> Sequence[Relationship]:
    """Return all Relationships that two Identities ever had, the newest first."""
    parties = or_(
        and_(Relationship.from_ == one, Relationship.to == other),
        and_(Relationship.from_ == other, Relationship.to == one),
    )
    query = select(Relationship).where(parties).order_by(Relationship.created_at.desc())
    return transaction.session.scalars(query).all()


def _hindrance(call: Call, peer: str) -> str | None:
    if any(relationship.status in LIVE for relationship in between(call, call.address, peer)):
        return "relationshipToTargetAlreadyExists"
    return "peerIsToBeDeleted" if is_to_be_deleted(call, peer) else None


@router.get("/CanCreate")
async def can_create(peer: str, request: Request) -> dict[str, Any]:
    """Tell whether a Relationship with a peer is possible. Backbone protocol: `GET /Relationships/CanCreate`."""
    with Call(request) as call:
        if not call.session.get(Identity, peer):
            raise not_found("Identity", "")
        hindrance = _hindrance(call, peer)
        code = hindrance and f"error.platform.validation.relationship.{hindrance}"
        return result({"canCreate": hindrance is None, "code": code})


@router.post("", status_code=201)
async def create(body: NewRelationship, request: Request) -> dict[str, Any]:
    """Create a Pending Relationship to a template's creator. Backbone protocol: `POST /Relationships`."""
    with Call(request) as call:
        template = call.session.get(Template, body.relationship_template_id)
        if not template:
            raise not_found("RelationshipTemplate")
        if template.created_by == call.address:
            raise _refused("cannotCreateRelationshipWithYourself", "This is the caller's own template.")
        if not is_allocated(call, template):
            raise _refused("relationshipTemplateNotAllocated", "The caller has not loaded this template.")
        if hindrance := _hindrance(call, template.created_by):
            raise _refused(hindrance, "No Relationship with the template's creator can be created now.")
        relationship = Relationship(
            id=new_id("REL"),
            template=template.id,
            from_=call.address,
            to=template.created_by,
            created_at=call.now,
            creation_content=body.creation_content,
        )
        _apply(call, relationship, CREATION)
        call.session.add(relationship)
        return result(_written(relationship))


def _written(relationship: Relationship) -> dict[str, Any]:
    return {
        "id": relationship.id,
        "relationshipTemplateId": relationship.template,
        "from": relationship.from_,
        "to": relationship.to,
        "createdAt": timestamp(relationship.created_at),
        "status": relationship.status,
        "auditLog": [
            {
                "createdAt": timestamp(entry.created_at),
                "createdBy": entry.created_by,
                "createdByDevice": entry.created_by_device,
                "reason": entry.reason,
                "oldStatus": entry.old_status,
                "newStatus": entry.new_status,
            }
            for entry in relationship.audit_log
        ],
    }


def _own(call: Call, relationship_id: str) -> Relationship:
    relationship = call.session.get(Relationship, relationship_id)
    if not relationship or call.address not in (relationship.from_, relationship.to):
        raise not_found("Relationship")
    if relationship.is_decomposed_by(call.address):
        raise _refused("relationshipAlreadyDecomposed", "The caller has decomposed this Relationship.")
    return relationship


def _written_with_content(relationship: Relationship) -> dict[str, Any]:
    contents = {
        "creationContent": relationship.creation_content,
        "creationResponseContent": relationship.creation_response_content,
    }
    return {**_written(relationship), **contents}


@router.get("")
async def list_relationships(request: Request) -> dict[str, Any]:
    """Return the caller's Relationships. Backbone protocol: `GET /Relationships`."""
    with Call(request) as call:
        own = select(Relationship).where(Relationship.is_known_to(call.address))
        return call.page(own.order_by(Relationship.created_at, Relationship.id), _written_with_content)


@router.get("/{relationship_id}")
async def get(relationship_id: str, request: Request) -> dict[str, Any]:
    """Return a Relationship of the caller. Backbone protocol: `GET /Relationships/{id}`."""
    with Call(request) as call:
        return result(_written_with_content(_own(call, relationship_id)))


@router.put("/{relationship_id}/Accept")
async def accept(relationship_id: str, body: Acceptance, request: Request) -> dict[str, Any]:
    """Accept a Pending Relationship. Backbone protocol: `PUT /Relationships/{id}/Accept`."""
    with Call(request) as call:
        relationship = _change(call, relationship_id, "Accept")
        relationship.creation_response_content = body.creation_response_content
        return result(_written(relationship))


@router.put("/{relationship_id}/Decompose", status_code=204)
async def decompose(relationship_id: str, request: Request) -> None:
    """Forget a Relationship that is over; when both parties did, it is gone.

    Backbone protocol: `PUT /Relationships/{id}/Decompose`.
    """
    with Call(request) as call:
        relationship = _change(call, relationship_id, "Decompose")
        relationship.decompose_for(call.address)
        call.session.execute(
            delete(ExternalEvent).where(
                ExternalEvent.owner == call.address, ExternalEvent.context == relationship.id, ~ExternalEvent.is_done
            )
        )


@router.put("/{relationship_id}/{action:path}")
async def change(relationship_id: str, action: str, request: Request) -> dict[str, Any]:
    """Change a Relationship's status by the table of transitions.

    Backbone protocol: `PUT /Relationships/{id}/Reject`, `Revoke`, `Terminate`, `Reactivate`, `Reactivate/Accept`,
    `Reactivate/Reject`, `Reactivate/Revoke`.
    """
    with Call(request) as call:
        return result(_written(_change(call, relationship_id, action)))


def _change(call: Call, relationship_id: str, action: str) -> Relationship:
    rows = [row for row in TRANSITIONS if row.action == action]
    if not rows:
        raise BackboneError(404, "error.platform.routeNotFound", "Not Found")
    relationship = _own(call, relationship_id)
    transition = next((row for row in rows if relationship.status in row.before), None)
    if not transition:
        raise _refused("relationshipIsNotInCorrectStatus", f"The Relationship is {relationship.status}.")
    last = relationship.audit_log[-1]
    is_requested = last.reason == REQUESTED
    allowed = {
        "from": call.address == relationship.from_,
        "to": call.address == relationship.to,
        "either": True,
        "requester": is_requested and call.address == last.created_by,
        "requested": is_requested and call.address != last.created_by,
    }
    if not allowed[transition.by]:
        raise _refused(transition.wrong_party, "Only the other party may do this, or there is nothing to do it to.")
    if transition.reason == REQUESTED and is_requested:
        raise _refused(
            "cannotRequestReactivationWhenThereIsAnOpenReactivationRequest", "There is an open request already."
        )
    _apply(call, relationship, transition)
    return relationship


def _apply(call: Call, relationship: Relationship, transition: Transition) -> None:
    entry = AuditLogEntry(
        created_at=call.now,
        created_by=call.address,
        created_by_device=call.device_id,
        reason=transition.reason,
        old_status=relationship.status,
        new_status=transition.after,
    )
    relationship.audit_log.append(entry)
    relationship.status = transition.after
    if transition.event_type:
        payload = {"relationshipId": relationship.id}
        call.raise_event(relationship.peer_of(call.address), transition.event_type, payload, context=relationship.id)
    _settle_blocked_messages(call, relationship, transition.messages)


def _settle_blocked_messages(call: Call, relationship: Relationship, what: str) -> None:
    blocked = and_(ExternalEvent.context == relationship.id, ExternalEvent.is_blocked)
    if what == "released":
        call.session.execute(update(ExternalEvent).where(blocked).values(is_blocked=False))
        call.notify(relationship.from_)
        call.notify(relationship.to)
    elif what == "dropped":
        call.session.execute(delete(ExternalEvent).where(blocked))
