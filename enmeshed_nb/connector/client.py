"""The client of one Connector."""

from collections.abc import Callable
from typing import Any

import httpx

from enmeshed_nb.closing import Closing
from enmeshed_nb.connector.account import Account
from enmeshed_nb.connector.announcements import Announcements
from enmeshed_nb.connector.attributes import Attributes
from enmeshed_nb.connector.backbone_notifications import BackboneNotifications
from enmeshed_nb.connector.challenges import Challenges
from enmeshed_nb.connector.exchange import BeginObserver, Observer
from enmeshed_nb.connector.files import Files
from enmeshed_nb.connector.http import Http
from enmeshed_nb.connector.identity_deletion_process import IdentityDeletionProcess
from enmeshed_nb.connector.identity_metadata import IdentityMetadata
from enmeshed_nb.connector.messages import Messages
from enmeshed_nb.connector.monitoring import Health, Monitoring
from enmeshed_nb.connector.relationship_templates import RelationshipTemplates
from enmeshed_nb.connector.relationships import Relationships
from enmeshed_nb.connector.requests import Requests
from enmeshed_nb.connector.tokens import Tokens
from enmeshed_nb.connector.versions import Version, require_version_7


class Connector(Closing):
    """The client of one enmeshed Connector 7; its namespaces and methods follow the API.

    May be used by several threads, and as a context manager. It can be neither pickled nor copied, because it holds an
    API key and an open connection; the key is never shown.

    Args:
        url: where the Connector is, e.g. `https://connector.example.com` or `http://127.0.0.1:8090`.
        api_key: the API key.
        name: how to call it in messages and in the journal, e.g. "sender"; else host and port.
        timeout: how long to wait for an answer, in seconds.
        retries: how often a GET is repeated after a failed connection or a 502, 503 or 504. Nothing else is repeated.
        api_key_header: the header for the API key, if the Connector is configured for another one.
        transport: an httpx transport, for tests.

    Raises:
        InvalidInput: the URL or the key cannot be one.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        name: str | None = None,
        timeout: float = 60,
        retries: int = 2,
        api_key_header: str = "X-API-KEY",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = Http(
            url,
            api_key,
            name=name,
            timeout=timeout,
            retries=retries,
            api_key_header=api_key_header,
            transport=transport,
        )
        self.account = Account(self._http)
        self.announcements = Announcements(self._http)
        self.attributes = Attributes(self._http)
        self.backbone_notifications = BackboneNotifications(self._http)
        self.challenges = Challenges(self._http)
        self.files = Files(self._http)
        self.identity_deletion_process = IdentityDeletionProcess(self._http)
        self.identity_metadata = IdentityMetadata(self._http)
        self.messages = Messages(self._http)
        self.monitoring = Monitoring(self._http)
        self.relationships = Relationships(self._http)
        self.relationship_templates = RelationshipTemplates(self._http)
        self.requests = Requests(self._http)
        self.tokens = Tokens(self._http)

    @property
    def name(self) -> str:
        """How the Connector is called in messages and in the journal."""
        return self._http.name

    @property
    def url(self) -> str:
        """Where the Connector is, without the API's prefix."""
        return self._http.url

    def health(self) -> Health:
        """Return whether the Connector works, also if it does not: `GET /health` (needs no API key)."""
        return self.monitoring.health()

    def require_version(self) -> Version:
        """Return the Connector's version: `GET /Monitoring/Version`.

        From then on it is known what this Connector is too old for; else that is asked for when it first matters.

        Raises:
            UnsupportedVersion: it is not 7.
        """
        version = self.monitoring.version()
        self._http.remember_version(version)
        require_version_7(version.version)
        return version

    def observe(self, observer: Observer, on_begin: BeginObserver | None = None) -> Callable[[], None]:
        """Call *observer* with every `Exchange` from now on; return a function that ends this.

        Args:
            observer: is told of each request that has ended, with an answer or without.
            on_begin: is told of each request when it is sent, and returns what is called when that has ended (after
                *observer* was told of it, and also if it was interrupted, which is no Exchange).
        """
        return self._http.observe(observer, on_begin)

    def close(self) -> None:
        """End the connection."""
        self._http.close()

    def __repr__(self) -> str:
        return f"Connector({self.url!r}, name={self.name!r})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("A Connector holds an API key and an open connection; make a new one instead of copying it.")
