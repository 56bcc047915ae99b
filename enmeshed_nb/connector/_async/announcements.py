"""The methods of `Announcements`."""

import builtins

from enmeshed_nb.connector._async.resource import AsyncResource
from enmeshed_nb.connector.announcements import Announcement
from enmeshed_nb.connector.resource import endpoint


class AsyncAnnouncements(AsyncResource):
    """`connector.announcements`; API key scope `core:announcements`."""

    @endpoint("GET", "/Announcements")
    async def list(self, language: str) -> builtins.list[Announcement]:
        """Return the announcements in a language (ISO 639-1, e.g. "en"): `GET /Announcements`."""
        return await self._call(self.list, builtins.list[Announcement], query=[("language", language)])
