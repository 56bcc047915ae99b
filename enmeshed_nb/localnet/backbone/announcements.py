"""Announcements: made through the admin API, read by Identities in their language."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import or_, select

from enmeshed_nb.localnet.backbone.call import Call, Transaction, result, store_of, written_time
from enmeshed_nb.localnet.backbone.errors import invalid
from enmeshed_nb.localnet.backbone.formats import Address, Body, Moment, new_id, timestamp
from enmeshed_nb.localnet.backbone.models import Announcement
from enmeshed_nb.localnet.backbone.routes import AdminRoute, PrivateRoute

FALLBACK = "en"

router = APIRouter(prefix="/api/v2/Announcements", tags=["Announcements"], route_class=PrivateRoute)
admin_router = APIRouter(prefix="/api/v1", tags=["Administration"], route_class=AdminRoute)


class Text(Body):
    """An Announcement in one language."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    title: Annotated[str, Field(min_length=1)]
    body: Annotated[str, Field(min_length=1)]


class Action(Body):
    """A link, with its name by language."""

    display_name: dict[str, str]
    link: str


class NewAnnouncement(Body):
    """What is announced, to whom, until when."""

    severity: Literal["Low", "Medium", "High"]
    is_silent: bool = False
    expires_at: Moment | None = None
    recipients: list[Address] = []
    texts: list[Text]
    actions: list[Action] = []
    iql_query: str | None = None


@router.get("")
async def list_announcements(language: str, request: Request) -> dict[str, Any]:
    """Return what is announced to the caller. Backbone protocol: `GET /Announcements`."""
    with Call(request) as call:
        valid = or_(Announcement.expires_at.is_(None), Announcement.expires_at > call.now)
        found = call.session.scalars(select(Announcement).where(valid).order_by(Announcement.created_at)).all()
        own = [each for each in found if not each.recipients or call.address in each.recipients]
        return result([_written(announcement, language) for announcement in own])


def _written(announcement: Announcement, language: str) -> dict[str, Any]:
    texts: dict[str, Any] = announcement.texts
    text = texts.get(language) or texts[FALLBACK]
    actions = [
        {"displayName": action["names"].get(language, action["names"][FALLBACK]), "link": action["link"]}
        for action in announcement.actions["list"]
    ]
    return {
        "id": announcement.id,
        "createdAt": timestamp(announcement.created_at),
        "expiresAt": written_time(announcement.expires_at),
        "severity": announcement.severity,
        "title": text["title"],
        "body": text["body"],
        "iqlQuery": announcement.iql_query,
        "actions": actions,
    }


@admin_router.post("/Announcements", status_code=201)
async def create_announcement(body: NewAnnouncement, request: Request) -> dict[str, Any]:
    """Announce something. Admin API: `POST /Announcements`."""
    texts = {text.language: {"title": text.title, "body": text.body} for text in body.texts}
    if FALLBACK not in texts:
        raise invalid("texts must hold one in English (en).")
    if any(FALLBACK not in action.display_name for action in body.actions):
        raise invalid("Every action needs a display name in English (en).")
    with Transaction(store_of(request)) as transaction:
        if body.expires_at and body.expires_at <= transaction.now:
            raise invalid("expiresAt must be in the future.")
        announcement = Announcement(
            id=new_id("ANC"),
            created_at=transaction.now,
            expires_at=body.expires_at,
            severity=body.severity,
            is_silent=body.is_silent,
            iql_query=body.iql_query,
            recipients=list(body.recipients),
            texts=texts,
            actions={"list": [{"names": action.display_name, "link": action.link} for action in body.actions]},
        )
        transaction.session.add(announcement)
        return result({**_written(announcement, FALLBACK), "isSilent": announcement.is_silent})
