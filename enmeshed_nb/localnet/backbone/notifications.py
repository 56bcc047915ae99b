"""Pushes: notifications by code, and the stream of server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field
from sse_starlette import EventSourceResponse

from enmeshed_nb.localnet.backbone.call import Call, Store, store_of
from enmeshed_nb.localnet.backbone.errors import refused
from enmeshed_nb.localnet.backbone.formats import Body
from enmeshed_nb.localnet.backbone.relationships import between
from enmeshed_nb.localnet.backbone.routes import PrivateRoute

CODES = frozenset({"TestCode"})
EVENT = "ExternalEventCreated"
PING_SECONDS = 15

router = APIRouter(tags=["Notifications"], route_class=PrivateRoute)


class NewNotification(Body):
    """What code to push to whom."""

    recipients: Annotated[list[str], Field(min_length=1)]
    code: str


@router.post("/api/v2/Notifications", status_code=204)
async def notify(body: NewNotification, request: Request) -> None:
    """Push a notification to peers; this Backbone only checks it. Backbone protocol: `POST /Notifications`."""
    with Call(request) as call:
        if body.code not in CODES:
            raise refused("notification.codeDoesNotExist", f"There is no notification with the code {body.code[:50]}.")
        for recipient in body.recipients:
            known = between(call, call.address, recipient)
            if not known:
                raise refused(
                    "notification.noRelationshipToOneOrMoreRecipientsExists", "There is no Relationship to a recipient."
                )
            if known[0].status != "Active":
                raise refused(
                    "notification.relationshipToRecipientIsNotInCorrectStatus",
                    "The Relationship to a recipient is not active.",
                )


@router.get("/api/v1/sse")
async def stream(request: Request) -> EventSourceResponse:
    """Stream an event whenever there is something new to fetch. Backbone protocol: `GET /api/v1/sse`."""
    with Call(request) as call:
        address = call.address
    return EventSourceResponse(_events(store_of(request), address), ping=PING_SECONDS)


async def _events(store: Store, address: str) -> AsyncIterator[dict[str, str]]:
    with store.listening(address) as news:
        while not store.streams_are_over:
            await news.wait()
            news.clear()
            if not store.streams_are_over:
                yield {"event": EVENT, "data": "{}"}
