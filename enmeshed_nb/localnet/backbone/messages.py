"""Messages: one encrypted body for all recipients, and the key sealed for each."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, Field
from sqlalchemy import Select, func, or_, select

from enmeshed_nb.localnet.backbone.call import Call, result, written_time
from enmeshed_nb.localnet.backbone.errors import not_found, refused
from enmeshed_nb.localnet.backbone.formats import Blob, Body, decoded_size, is_id, new_id, timestamp
from enmeshed_nb.localnet.backbone.models import Message, MessageRecipient, Relationship
from enmeshed_nb.localnet.backbone.relationships import between
from enmeshed_nb.localnet.backbone.routes import ContentRoute

MOST_UNRECEIVED = 20
MOST_IDS = 1000

router = APIRouter(prefix="/api/v2/Messages", tags=["Messages"], route_class=ContentRoute)


def _sealed_key(text: str) -> str:
    if not 30 <= decoded_size(text) <= 300:
        raise ValueError("must have between 30 and 300 bytes")
    return text


class Attachment(Body):
    """The id of a File."""

    id: str


class NewRecipient(Body):
    """An address and the Message's key, sealed for it."""

    address: str
    encrypted_key: Annotated[str, AfterValidator(_sealed_key)]


class NewMessage(Body):
    """What is sent."""

    body: Blob
    attachments: Annotated[list[Attachment], Field(max_length=20)] = []
    recipients: Annotated[list[NewRecipient], Field(min_length=1)]


@router.post("", status_code=201)
async def send(body: NewMessage, request: Request) -> dict[str, Any]:
    """Send a Message. Backbone protocol: `POST /Messages`."""
    with Call(request) as call:
        for attachment in body.attachments:
            if not is_id("FIL", attachment.id):
                raise refused("invalidId", f"{attachment.id[:30]} is no id of a File.")
        message = Message(
            id=new_id("MSG"),
            created_by=call.address,
            created_by_device=call.device.id,
            created_at=call.now,
            body=body.body,
            attachments=[attachment.id for attachment in body.attachments],
        )
        call.session.add(message)
        for recipient in body.recipients:
            relationship = _relationship_for(call, recipient.address)
            _check_unreceived(call, recipient.address)
            message.recipients.append(
                MessageRecipient(
                    address=recipient.address,
                    relationship=relationship.id,
                    sender=call.address,
                    encrypted_key=recipient.encrypted_key,
                )
            )
            call.raise_event(
                recipient.address,
                "MessageReceived",
                {"id": message.id},
                context=relationship.id,
                is_blocked=relationship.status != "Active",
            )
        return result({"id": message.id, "createdAt": timestamp(message.created_at)})


def _relationship_for(call: Call, address: str) -> Relationship:
    known = between(call, call.address, address)
    if not known:
        raise refused("message.noRelationshipToRecipientExists", "There is no Relationship to a recipient.")
    if known[0].status not in ("Pending", "Active", "Terminated"):
        raise refused("message.relationshipToRecipientNotActive", "The Relationship to a recipient is not active.")
    return known[0]


def _check_unreceived(call: Call, address: str) -> None:
    unreceived = select(func.count()).where(
        MessageRecipient.address == address,
        MessageRecipient.sender == call.address,
        MessageRecipient.received_at.is_(None),
    )
    if (call.session.scalar(unreceived) or 0) >= MOST_UNRECEIVED:
        raise refused(
            "message.maxNumberOfUnreceivedMessagesReached",
            f"A recipient has not fetched the last {MOST_UNRECEIVED} Messages yet.",
        )


def _visible(call: Call) -> Select[Message]:
    is_recipient = Message.recipients.any(MessageRecipient.address == call.address)
    return select(Message).where(or_(Message.created_by == call.address, is_recipient))


@router.get("")
async def list_messages(
    request: Request, ids: Annotated[list[str] | None, Query(max_length=MOST_IDS)] = None
) -> dict[str, Any]:
    """Return the caller's Messages, or those with certain ids. Backbone protocol: `GET /Messages`."""
    with Call(request) as call:
        query = _visible(call).order_by(Message.created_at, Message.id)
        return call.page(query.where(Message.id.in_(ids)) if ids else query, lambda message: _fetch(call, message))


@router.get("/{message_id}")
async def get_message(message_id: str, request: Request) -> dict[str, Any]:
    """Return a Message of the caller. Backbone protocol: `GET /Messages/{id}`."""
    with Call(request) as call:
        message = call.session.scalar(_visible(call).where(Message.id == message_id))
        if not message:
            raise not_found("Message")
        return result(_fetch(call, message))


def _fetch(call: Call, message: Message) -> dict[str, Any]:
    recipients = message.recipients
    if message.created_by != call.address:
        recipients = [recipient for recipient in recipients if recipient.address == call.address]
        for recipient in recipients:
            if not recipient.received_at:
                recipient.received_at, recipient.received_by_device = call.now, call.device.id
    return {
        "id": message.id,
        "createdAt": timestamp(message.created_at),
        "createdBy": message.created_by,
        "createdByDevice": message.created_by_device,
        "body": message.body,
        "attachments": [{"id": attachment} for attachment in message.attachments],
        "recipients": [
            {
                "address": recipient.address,
                "encryptedKey": recipient.encrypted_key,
                "receivedAt": written_time(recipient.received_at),
                "receivedByDevice": recipient.received_by_device,
            }
            for recipient in recipients
        ],
    }
