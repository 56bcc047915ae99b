"""Announcements of the Backbone's operator."""

import builtins

from pydantic import Field, StrictStr

from enmeshed_nb.connector.resource import Resource, endpoint
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


class Announcements(Resource):
    """`connector.announcements`; API key scope `core:announcements`."""

    @endpoint("GET", "/Announcements")
    def list(self, language: str) -> builtins.list[Announcement]:
        """Return the announcements in a language (ISO 639-1, e.g. "en"): `GET /Announcements`."""
        return self._call(self.list, builtins.list[Announcement], query=[("language", language)])
