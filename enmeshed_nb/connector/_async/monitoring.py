"""The methods of `Monitoring`."""

from enmeshed_nb.connector._async.resource import AsyncResource
from enmeshed_nb.connector.monitoring import Health, RequestCount, Support
from enmeshed_nb.connector.resource import endpoint
from enmeshed_nb.connector.versions import Version


class AsyncMonitoring(AsyncResource):
    """`connector.monitoring`; API key scopes `monitoring:version|requests|support`."""

    @endpoint("GET", "/health", base="")
    async def health(self) -> Health:
        """Return whether the Connector works, also if it does not: `GET /health` (needs no API key)."""
        return await self._call(self.health, Health)

    @endpoint("GET", "/Monitoring/Version", base="")
    async def version(self) -> Version:
        """Return the Connector's version: `GET /Monitoring/Version`."""
        return await self._call(self.version, Version)

    @endpoint("GET", "/Monitoring/Requests", base="")
    async def requests(self) -> RequestCount:
        """Return how many HTTP requests there were: `GET /Monitoring/Requests`."""
        return await self._call(self.requests, RequestCount)

    @endpoint("GET", "/Monitoring/Support", base="")
    async def support(self) -> Support:
        """Return what support asks for: `GET /Monitoring/Support`."""
        return await self._call(self.support, Support)
