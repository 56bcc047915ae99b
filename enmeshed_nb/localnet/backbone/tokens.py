"""Tokens: encrypted content behind a reference, also for those who have no Identity."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select

from enmeshed_nb.localnet.backbone.call import Call, Transaction, caller_of, result
from enmeshed_nb.localnet.backbone.errors import forbidden, invalid, not_found, not_found_or_password, refused
from enmeshed_nb.localnet.backbone.formats import Address, Blob, Body, Moment, new_id, timestamp
from enmeshed_nb.localnet.backbone.models import Token, TokenAllocation
from enmeshed_nb.localnet.backbone.routes import ContentRoute, OpenContentRoute

ANONYMOUS_LIFETIME = timedelta(minutes=5)

open_router = APIRouter(prefix="/api/v2/Tokens", tags=["Tokens"], route_class=OpenContentRoute)
router = APIRouter(prefix="/api/v2/Tokens", tags=["Tokens"], route_class=ContentRoute)


class NewToken(Body):
    """A token's encrypted content, and who may fetch it until when."""

    content: Blob | None = None
    expires_at: Moment
    for_identity: Address | None = None
    password: str | None = None


class NewContent(Body):
    """Content for a token that has none yet, and the token's password."""

    new_content: Blob
    password: str | None = None


@open_router.post("", status_code=201)
async def create_token(body: NewToken, request: Request) -> dict[str, Any]:
    """Store a token. Backbone protocol: `POST /Tokens`."""
    with caller_of(request) as caller:
        if not caller.device_id and (body.content is not None or body.expires_at > caller.now + ANONYMOUS_LIFETIME):
            raise invalid("A token made without login has no content and expires within 5 minutes.")
        if body.expires_at <= caller.now:
            raise invalid("expiresAt must be in the future.")
        token = Token(
            id=new_id("TOK"),
            created_by=caller.address,
            created_by_device=caller.device_id,
            created_at=caller.now,
            **body.model_dump(),
        )
        caller.session.add(token)
        return result({"id": token.id, "createdAt": timestamp(token.created_at)})


@open_router.get("/{token_id}")
async def get_token(token_id: str, request: Request, password: str | None = None) -> dict[str, Any]:
    """Return a token, to its maker or to who has the password. Backbone protocol: `GET /Tokens/{id}`."""
    with caller_of(request) as caller:
        token = _fetch(caller, token_id, password)
        if caller.address and not _is_known(caller, token):
            caller.session.add(TokenAllocation(token=token.id, address=caller.address))
        return result(_written(token))


def _fetch(caller: Transaction, token_id: str, password: str | None) -> Token:
    token = caller.session.get(Token, token_id)
    if not token or token.expires_at <= caller.now:
        raise not_found_or_password("Token")
    is_open = token.for_identity in (None, caller.address) and token.password in (None, password)
    if not is_open and not _is_known(caller, token):
        raise not_found_or_password("Token")
    return token


def _is_known(caller: Transaction, token: Token) -> bool:
    """Tell whether the caller has made the token or fetched it before."""
    if caller.address is None:
        return False
    allocation = (token.id, caller.address)
    return token.created_by == caller.address or caller.session.get(TokenAllocation, allocation) is not None


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
async def update_content(token_id: str, body: NewContent, request: Request) -> dict[str, Any]:
    """Give content to a token that was made without; it belongs to the caller then.

    Backbone protocol: `POST /Tokens/{id}/UpdateContent`.
    """
    with Call(request) as call:
        token = _fetch(call, token_id, body.password)
        if token.content is not None:
            raise refused("token.cannotUpdateContent", "The token has content already.")
        token.content, token.created_by, token.created_by_device = body.new_content, call.address, call.device_id
        return result(_written(token))


@router.delete("/{token_id}", status_code=204)
async def delete_token(token_id: str, request: Request) -> None:
    """Delete an own token. Backbone protocol: `DELETE /Tokens/{id}`."""
    with Call(request) as call:
        token = call.session.get(Token, token_id)
        if not token or not _is_known(call, token):
            raise not_found("Token")
        if token.created_by != call.address:
            raise forbidden()
        call.session.delete(token)
