"""The methods of `IdentityDeletionProcess`."""

from enmeshed_nb.connector._async.resource import AsyncResource
from enmeshed_nb.connector.filters import query_of
from enmeshed_nb.connector.identity_deletion_process import IdentityDeletion
from enmeshed_nb.connector.resource import endpoint


class AsyncIdentityDeletionProcess(AsyncResource):
    """`connector.identity_deletion_process`; API key scope `debug:identityDeletionProcess`."""

    @endpoint("POST", "/IdentityDeletionProcess")
    async def initiate(self, length_of_grace_period_in_days: float | None = None) -> IdentityDeletion:
        """Begin to delete the Identity: `POST /IdentityDeletionProcess`."""
        query = query_of(None, {"length_of_grace_period_in_days": length_of_grace_period_in_days})
        return await self._call(self.initiate, IdentityDeletion, query=query)

    @endpoint("GET", "/IdentityDeletionProcess")
    async def get(self) -> IdentityDeletion:
        """Return the deletion under way: `GET /IdentityDeletionProcess`.

        Raises:
            Refused: there is none.
        """
        return await self._call(self.get, IdentityDeletion)

    @endpoint("DELETE", "/IdentityDeletionProcess")
    async def cancel(self) -> IdentityDeletion:
        """Cancel the deletion under way: `DELETE /IdentityDeletionProcess`."""
        return await self._call(self.cancel, IdentityDeletion)
