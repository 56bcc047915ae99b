# Made of enmeshed_nb/connector/_async/identity_deletion_process.py by tools/synchronous.py: change that.
"""The methods of `IdentityDeletionProcess`."""

from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.filters import query_of
from enmeshed_nb.connector.identity_deletion_process import IdentityDeletion
from enmeshed_nb.connector.resource import endpoint


class IdentityDeletionProcess(Resource):
    """`connector.identity_deletion_process`; API key scope `debug:identityDeletionProcess`."""

    @endpoint("POST", "/IdentityDeletionProcess")
    def initiate(self, length_of_grace_period_in_days: float | None = None) -> IdentityDeletion:
        """Begin to delete the Identity: `POST /IdentityDeletionProcess`."""
        query = query_of(None, {"length_of_grace_period_in_days": length_of_grace_period_in_days})
        return self._call(self.initiate, IdentityDeletion, query=query)

    @endpoint("GET", "/IdentityDeletionProcess")
    def get(self) -> IdentityDeletion:
        """Return the deletion under way: `GET /IdentityDeletionProcess`.

        Raises:
            Refused: there is none.
        """
        return self._call(self.get, IdentityDeletion)

    @endpoint("DELETE", "/IdentityDeletionProcess")
    def cancel(self) -> IdentityDeletion:
        """Cancel the deletion under way: `DELETE /IdentityDeletionProcess`."""
        return self._call(self.cancel, IdentityDeletion)
