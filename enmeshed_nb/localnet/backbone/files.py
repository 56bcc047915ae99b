"""Files and who owns them."""

import hmac
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import select

from enmeshed_nb.localnet.backbone.call import Call, result, written_time
from enmeshed_nb.localnet.backbone.errors import forbidden, invalid, not_found, refused
from enmeshed_nb.localnet.backbone.formats import Address, Body, Moment, new_id, timestamp
from enmeshed_nb.localnet.backbone.models import File
from enmeshed_nb.localnet.backbone.routes import ContentRoute

SIZE_LIMIT = 20 * 1024 * 1024

router = APIRouter(prefix="/api/v2/Files", tags=["Files"], route_class=ContentRoute)


class OwnershipToken(Body):
    """What proves that a File may be taken over."""

    ownership_token: str


class NewFile(Body):
    """An encrypted File and what belongs to it, as the parts of a form. Whom it names as owner changes nothing."""

    content: UploadFile
    cipher_hash: Annotated[str, Field(min_length=1)]
    owner: Address | None = None
    owner_signature: str = ""
    expires_at: Moment
    encrypted_properties: Annotated[str, Field(min_length=1)]


@router.post("", status_code=201)
async def upload(form: Annotated[NewFile, Form(media_type="multipart/form-data")], request: Request) -> dict[str, Any]:
    """Store an encrypted File, which the caller owns. Backbone protocol: `POST /Files` (multipart)."""
    content = await form.content.read()
    with Call(request) as call:
        if not 0 < len(content) <= SIZE_LIMIT:
            raise invalid("content must have between 1 byte and 20 MiB.")
        if form.expires_at <= call.now:
            raise invalid("expiresAt must be in the future.")
        file = File(
            id=new_id("FIL"),
            created_by=call.address,
            created_by_device=call.device_id,
            created_at=call.now,
            owner=call.address,
            owner_signature=form.owner_signature,
            cipher_hash=form.cipher_hash,
            cipher_size=len(content),
            expires_at=form.expires_at,
            encrypted_properties=form.encrypted_properties,
            ownership_token=_new_ownership_token(),
            ownership_is_locked=False,
            content=content,
        )
        call.session.add(file)
        return result({**_written(file), "ownershipToken": file.ownership_token})


def _new_ownership_token() -> str:
    return secrets.token_urlsafe(24)[:20]


def _written(file: File) -> dict[str, Any]:
    return {
        "id": file.id,
        "createdAt": timestamp(file.created_at),
        "createdBy": file.created_by,
        "createdByDevice": file.created_by_device,
        "modifiedAt": timestamp(file.created_at),
        "modifiedBy": file.created_by,
        "modifiedByDevice": file.created_by_device,
        "owner": file.owner,
        "ownerSignature": file.owner_signature,
        "cipherSize": file.cipher_size,
        "cipherHash": file.cipher_hash,
        "expiresAt": timestamp(file.expires_at),
        "lastOwnershipClaimAt": written_time(file.last_ownership_claim_at),
    }


def _written_with_properties(file: File) -> dict[str, Any]:
    properties = {
        "encryptedProperties": file.encrypted_properties,
        "ownershipIsLocked": file.ownership_is_locked,
    }
    return {**_written(file), **properties}


def _existing(call: Call, file_id: str) -> File:
    file = call.session.get(File, file_id)
    if not file or file.expires_at <= call.now:
        raise not_found("File")
    return file


@router.get("")
async def list_files(request: Request) -> dict[str, Any]:
    """Return the caller's Files. Backbone protocol: `GET /Files`."""
    with Call(request) as call:
        own = select(File).where(File.owner == call.address, File.expires_at > call.now)
        return call.page(own.order_by(File.created_at, File.id), _written_with_properties)


@router.get("/{file_id}")
async def download(file_id: str, request: Request) -> Response:
    """Return a File's encrypted content. Who knows the id may. Backbone protocol: `GET /Files/{id}`."""
    with Call(request) as call:
        return Response(_existing(call, file_id).content, media_type="application/octet-stream")


@router.get("/{file_id}/metadata")
async def get_metadata(file_id: str, request: Request) -> dict[str, Any]:
    """Return what is known about a File. Backbone protocol: `GET /Files/{id}/metadata`."""
    with Call(request) as call:
        return result(_written_with_properties(_existing(call, file_id)))


@router.delete("/{file_id}", status_code=204)
async def delete_file(file_id: str, request: Request) -> None:
    """Delete an own File. Backbone protocol: `DELETE /Files/{id}`."""
    with Call(request) as call:
        file = _existing(call, file_id)
        if file.owner != call.address:
            raise forbidden()
        call.session.delete(file)


def _is_token(call: Call, file: File, token: str) -> bool:
    """Tell whether a token is right; a wrong try by somebody else than the owner locks the File."""
    if file.ownership_is_locked:
        return False
    if hmac.compare_digest(file.ownership_token.encode(), token.encode()):
        return True
    if file.owner != call.address:
        file.ownership_is_locked = True
        call.raise_event(file.owner, "FileOwnershipLocked", {"fileId": file.id})
    return False


@router.post("/{file_id}/ValidateOwnershipToken")
async def validate_ownership_token(file_id: str, body: OwnershipToken, request: Request) -> dict[str, Any]:
    """Tell whether an ownership token is right. Backbone protocol: `POST /Files/{id}/ValidateOwnershipToken`."""
    with Call(request) as call:
        return result({"isValid": _is_token(call, _existing(call, file_id), body.ownership_token)})


@router.patch("/{file_id}/RegenerateOwnershipToken")
async def regenerate_ownership_token(file_id: str, request: Request) -> dict[str, Any]:
    """Unlock an own File with a new token. Backbone protocol: `PATCH /Files/{id}/RegenerateOwnershipToken`."""
    with Call(request) as call:
        file = _existing(call, file_id)
        if file.owner != call.address:
            raise forbidden()
        file.ownership_token, file.ownership_is_locked = _new_ownership_token(), False
        return result({"newOwnershipToken": file.ownership_token})


@router.patch("/{file_id}/ClaimOwnership")
async def claim_ownership(file_id: str, body: OwnershipToken, request: Request) -> dict[str, Any]:
    """Take a File over. Backbone protocol: `PATCH /Files/{id}/ClaimOwnership`."""
    with Call(request) as call:
        file = _existing(call, file_id)
        if file.owner == call.address:
            raise refused("file.cannotClaimOwnershipOfOwnFile", "The caller owns this File already.")
        if not _is_token(call, file, body.ownership_token):
            raise forbidden(keeps_changes=True)
        payload = {"fileId": file.id, "newOwnerAddress": call.address}
        call.raise_event(file.owner, "FileOwnershipClaimed", payload)
        file.owner, file.ownership_token = call.address, _new_ownership_token()
        file.last_ownership_claim_at = call.now
        return result({"newOwnershipToken": file.ownership_token})
