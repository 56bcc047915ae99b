"""Announcements of the Backbone's operator."""

from pydantic import Field, StrictStr

from enmeshed_nb.content.model import Model, Timestamp


class AnnouncementAction(Model):
    """A link of an announcement."""

    display_name: StrictStr
    link: StrictStr


class Announcement(Model):
    """What the operator has to say.

    Attributes:
        expires_at: after this it is no longer shown; None: never.
        severity: "Low", "Medium" or "High".
        title: in the language that was asked for, or in English.
        body: likewise.
    """

    id: StrictStr
    created_at: Timestamp
    expires_at: Timestamp | None = None
    severity: StrictStr
    title: StrictStr
    body: StrictStr
    actions: list[AnnouncementAction] = Field(default_factory=list)
