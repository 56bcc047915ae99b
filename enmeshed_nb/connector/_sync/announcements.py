# Made of enmeshed_nb/connector/_async/announcements.py by tools/synchronous.py: change that.
"""The methods of `Announcements`."""

import builtins

from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.announcements import Announcement
from enmeshed_nb.connector.resource import endpoint


class Announcements(Resource):
    """`connector.announcements`; API key scope `core:announcements`."""

    @endpoint("GET", "/Announcements")
    def list(self, language: str) -> builtins.list[Announcement]:
        """Return the announcements in a language (ISO 639-1, e.g. "en"): `GET /Announcements`."""
        return self._call(self.list, builtins.list[Announcement], query=[("language", language)])
