# Made of enmeshed_nb/connector/_async/account.py by tools/synchronous.py: change that.
"""The methods of `Account`."""

from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.account import IdentityInfo, SyncInfo
from enmeshed_nb.connector.resource import endpoint
from enmeshed_nb.progress import waiting_for


class Account(Resource):
    """`connector.account`; API key scope `core:account`."""

    @endpoint("GET", "/Account/IdentityInfo")
    def identity_info(self) -> IdentityInfo:
        """Return the Connector's own address: `GET /Account/IdentityInfo`."""
        return self._call(self.identity_info, IdentityInfo)

    @endpoint("POST", "/Account/Sync")
    def sync(self) -> None:
        """Fetch what is new at the Backbone: `POST /Account/Sync`.

        Returns before everything that arrived is processed: wait for a status with `guide.wait_for_status`.

        Raises:
            ServerError: e.g. another synchronisation runs (passes within seconds).
        """
        with waiting_for(f"{self._http.name} to synchronise"):
            return self._call(self.sync, type(None))

    @endpoint("GET", "/Account/SyncInfo")
    def sync_info(self) -> SyncInfo:
        """Return when the last synchronisation ended: `GET /Account/SyncInfo`."""
        return self._call(self.sync_info, SyncInfo)
