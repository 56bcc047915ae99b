"""The methods of `Account`."""

from enmeshed_nb.connector._async.resource import AsyncResource
from enmeshed_nb.connector.account import IdentityInfo, SyncInfo
from enmeshed_nb.connector.resource import endpoint
from enmeshed_nb.progress import waiting_for


class AsyncAccount(AsyncResource):
    """`connector.account`; API key scope `core:account`."""

    @endpoint("GET", "/Account/IdentityInfo")
    async def identity_info(self) -> IdentityInfo:
        """Return the Connector's own address: `GET /Account/IdentityInfo`."""
        return await self._call(self.identity_info, IdentityInfo)

    @endpoint("POST", "/Account/Sync")
    async def sync(self) -> None:
        """Fetch what is new at the Backbone: `POST /Account/Sync`.

        Returns before everything that arrived is processed: wait for a status with `guide.wait_for_status`.

        Raises:
            ServerError: e.g. another synchronisation runs (passes within seconds).
        """
        with waiting_for(f"{self._http.name} to synchronise"):
            return await self._call(self.sync, type(None))

    @endpoint("GET", "/Account/SyncInfo")
    async def sync_info(self) -> SyncInfo:
        """Return when the last synchronisation ended: `GET /Account/SyncInfo`."""
        return await self._call(self.sync_info, SyncInfo)
