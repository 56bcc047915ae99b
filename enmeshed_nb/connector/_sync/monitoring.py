# Made of enmeshed_nb/connector/_async/monitoring.py by tools/synchronous.py: change that.
"""The methods of `Monitoring`."""

from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.monitoring import Health, RequestCount, Support
from enmeshed_nb.connector.resource import endpoint
from enmeshed_nb.connector.versions import Version


class Monitoring(Resource):
    """`connector.monitoring`; API key scopes `monitoring:version|requests|support`."""

    @endpoint("GET", "/health", base="")
    def health(self) -> Health:
        """Return whether the Connector works, also if it does not: `GET /health` (needs no API key)."""
        return self._call(self.health, Health)

    @endpoint("GET", "/Monitoring/Version", base="")
    def version(self) -> Version:
        """Return the Connector's version: `GET /Monitoring/Version`."""
        return self._call(self.version, Version)

    @endpoint("GET", "/Monitoring/Requests", base="")
    def requests(self) -> RequestCount:
        """Return how many HTTP requests there were: `GET /Monitoring/Requests`."""
        return self._call(self.requests, RequestCount)

    @endpoint("GET", "/Monitoring/Support", base="")
    def support(self) -> Support:
        """Return what support asks for: `GET /Monitoring/Support`."""
        return self._call(self.support, Support)
