"""Messages: one encrypted body for all recipients, and the key sealed for each."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, Field

from enmeshed_nb.localnet.backbone.call import Call, result
from enmeshed_nb.localnet.backbone.errors import not_found, refused
from enmeshed_nb.localnet.backbone.formats import Blob, Body, decoded_size, is_id, new_id, timestamp, timestamp_of
from enmeshed_nb.localnet.backbone.routes import ContentRoute

MOST_UNRECEIVED = 20
MOST_IDS = 1000
VISIBLE = """
    SELECT * FROM messages WHERE (
        created_by = ? OR EXISTS (SELECT 1 FROM message_recipients WHERE message = messages.id AND address = ?)
    )
"""
"""The Messages that an Identity has sent or got."""

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
        message_id = new_id("MSG")
        call.insert(
            "messages",
            id=message_id,
            created_by=call.address,
            created_by_device=call.device_id,
            created_at=call.stored_now,
            body=body.body,
            attachments=json.dumps([attachment.id for attachment in body.attachments]),
        )
        for recipient in body.recipients:
            relationship = _relationship_for(call, recipient.address)
            _check_unreceived(call, recipient.address)
            call.insert(
                "message_recipients",
                message=message_id,
                address=recipient.address,
                relationship=relationship["id"],
                sender=call.address,
                encrypted_key=recipient.encrypted_key,
            )
            call.raise_event(
                recipient.address,
                "MessageReceived",
                {"id": message_id},
                context=relationship["id"],
                is_blocked=relationship["status"] != "Active",
            )
        return result({"id": message_id, "createdAt": timestamp(call.now)})


def _relationship_for(call: Call, address: str) -> Any:
    newest = """
        SELECT id, status FROM relationships WHERE ("from" = ? AND "to" = ?) OR ("from" = ? AND "to" = ?)
        ORDER BY created_at DESC LIMIT 1
    """
    relationship = call.row(newest, call.address, address, address, call.address)
    if not relationship:
        raise refused("message.noRelationshipToRecipientExists", "There is no Relationship to a recipient.")
    if relationship["status"] not in ("Pending", "Active", "Terminated"):
        raise refused("message.relationshipToRecipientNotActive", "The Relationship to a recipient is not active.")
    return relationship


def _check_unreceived(call: Call, address: str) -> None:
    unreceived = """
        SELECT count(*) AS number FROM message_recipients WHERE address = ? AND sender = ? AND received_at IS NULL
    """
    if call.row(unreceived, address, call.address)["number"] >= MOST_UNRECEIVED:
        raise refused(
            "message.maxNumberOfUnreceivedMessagesReached",
            f"A recipient has not fetched the last {MOST_UNRECEIVED} Messages yet.",
        )


@router.get("")
async def list_messages(
    request: Request, ids: Annotated[list[str] | None, Query(max_length=MOST_IDS)] = None
) -> dict[str, Any]:
    """Return the caller's Messages, or those with certain ids. Backbone protocol: `GET /Messages`."""
    with Call(request) as call:
        chosen = f"AND id IN ({', '.join('?' * len(ids))})" if ids else ""
        return call.page_of(
            f"{VISIBLE} {chosen} ORDER BY created_at, id",
            *(call.address, call.address, *(ids or ())),
            write=lambda message: _fetch(call, message),
        )


@router.get("/{message_id}")
async def get_message(message_id: str, request: Request) -> dict[str, Any]:
    """Return a Message of the caller. Backbone protocol: `GET /Messages/{id}`."""
    with Call(request) as call:
        message = call.row(f"{VISIBLE} AND id = ?", call.address, call.address, message_id)
        if not message:
            raise not_found("Message")
        return result(_fetch(call, message))


def _fetch(call: Call, message: Any) -> dict[str, Any]:
    """Return a Message as JSON: for its sender with all recipients; for a recipient, who has it now, with that one."""
    of_message = "SELECT * FROM message_recipients WHERE message = ?"
    if message["created_by"] == call.address:
        recipients = call.rows(f"{of_message} ORDER BY number", message["id"])
    else:
        receive = """
            UPDATE message_recipients SET received_at = ?, received_by_device = ?
            WHERE message = ? AND address = ? AND received_at IS NULL
        """
        call.execute(receive, call.stored_now, call.device_id, message["id"], call.address)
        recipients = call.rows(f"{of_message} AND address = ? ORDER BY number", message["id"], call.address)
    return {
        "id": message["id"],
        "createdAt": timestamp_of(message["created_at"]),
        "createdBy": message["created_by"],
        "createdByDevice": message["created_by_device"],
        "body": message["body"],
        "attachments": [{"id": attachment} for attachment in json.loads(message["attachments"])],
        "recipients": [
            {
                "address": recipient["address"],
                "encryptedKey": recipient["encrypted_key"],
                "receivedAt": recipient["received_at"] and timestamp_of(recipient["received_at"]),
                "receivedByDevice": recipient["received_by_device"],
            }
            for recipient in recipients
        ],
    }
