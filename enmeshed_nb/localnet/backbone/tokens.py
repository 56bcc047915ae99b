"""Tokens: encrypted content behind a reference, also for those who have no Identity."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select

from enmeshed_nb.localnet.backbone.call import Call, Transaction, result
from enmeshed_nb.localnet.backbone.errors import forbidden, invalid, not_found, not_found_or_password, refused
from enmeshed_nb.localnet.backbone.formats import Address, Blob, Body, Moment, new_id, timestamp
from enmeshed_nb.localnet.backbone.models import Token, TokenAllocation

ANONYMOUS_LIFETIME = timedelta(minutes=5)

router = APIRouter(prefix="/api/v2/Tokens", tags=["Tokens"])


class NewToken(Body):
    """A token's encrypted content, and who may fetch it until when."""

    content: Blob | None = None
    expires_at: Moment
    for_identity: Address | None = None
    password: str | None = None


class NewContent(Body):
    """Content for a token that has none yet."""

    new_content: Blob


@router.post("", status_code=201)
async def create_token(body: NewToken, request: Request) -> dict[str, Any]:
    """Store a token. Backbone protocol: `POST /Tokens`."""
    if "authorization" in request.headers:
        with Call(request) as call:
            return result(_create(call, body, call.address, call.device.id))
    with Transaction(request) as transaction:
        if body.content is not None or body.expires_at > transaction.now + ANONYMOUS_LIFETIME:
            raise invalid("A token made without login has no content and expires within 5 minutes.")
        return result(_create(transaction, body, None, None))


def _create(transaction: Transaction, body: NewToken, address: str | None, device: str | None) -> dict[str, Any]:
    if body.expires_at <= transaction.now:
        raise invalid("expiresAt must be in the future.")
    token = Token(
        id=new_id("TOK"),
        created_by=address,
        created_by_device=device,
        created_at=transaction.now,
        **body.model_dump(),
    )
    transaction.session.add(token)
    return {"id": token.id, "createdAt": timestamp(token.created_at)}


@router.get("/{token_id}")
async def get_token(token_id: str, request: Request, password: str | None = None) -> dict[str, Any]:
    """Return a token, to its maker or to who has the password. Backbone protocol: `GET /Tokens/{id}`."""
    if "authorization" in request.headers:
        with Call(request) as call:
            token = _fetch(call, token_id, call.address, password)
            if token.created_by != call.address and not _is_allocated(call, token, call.address):
                call.session.add(TokenAllocation(token=token.id, address=call.address))
            return result(_written(token))
    with Transaction(request) as transaction:
        return result(_written(_fetch(transaction, token_id, None, password)))


def _fetch(transaction: Transaction, token_id: str, address: str | None, password: str | None) -> Token:
    token = transaction.session.get(Token, token_id)
    if not token or token.expires_at <= transaction.now:
        raise not_found_or_password("Token")
    is_known = address is not None and (token.created_by == address or _is_allocated(transaction, token, address))
    if not is_known and (token.for_identity not in (None, address) or token.password not in (None, password)):
        raise not_found_or_password("Token")
    return token


def _is_allocated(transaction: Transaction, token: Token, address: str) -> bool:
    return transaction.session.get(TokenAllocation, (token.id, address)) is not None


def _written(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "createdBy": token.created_by,
        "createdByDevice": token.created_by_device,
        "createdAt": timestamp(token.created_at),
        "expiresAt": timestamp(token.expires_at),
        "content": token.content,
        "forIdentity": token.for_identity,
    }


@router.get("")
async def list_tokens(request: Request) -> dict[str, Any]:
    """Return the caller's tokens. Backbone protocol: `GET /Tokens`."""
    with Call(request) as call:
        own = select(Token).where(Token.created_by == call.address, Token.expires_at > call.now)
        return call.page(own.order_by(Token.created_at, Token.id), _written)


@router.post("/{token_id}/UpdateContent")
async def update_content(
    token_id: str, body: NewContent, request: Request, password: str | None = None
) -> dict[str, Any]:
    """Give content to a token that was made without; it belongs to the caller then.

    Backbone protocol: `POST /Tokens/{id}/UpdateContent`.
    """
    with Call(request) as call:
        token = _fetch(call, token_id, call.address, password)
        if token.content is not None:
            raise refused("token.cannotUpdateContent", "The token has content already.")
        token.content, token.created_by, token.created_by_device = body.new_content, call.address, call.device.id
        return result({"id": token.id, "createdAt": timestamp(token.created_at)})


@router.delete("/{token_id}", status_code=204)
async def delete_token(token_id: str, request: Request) -> None:
    """Delete an own token. Backbone protocol: `DELETE /Tokens/{id}`."""
    with Call(request) as call:
        token = call.session.get(Token, token_id)
        if not token or not (token.created_by == call.address or _is_allocated(call, token, call.address)):
            raise not_found("Token")
        if token.created_by != call.address:
            raise forbidden()
        call.session.delete(token)
