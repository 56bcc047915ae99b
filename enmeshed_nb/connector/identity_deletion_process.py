"""Deletion of the Connector's own Identity; only at Connectors in debug mode."""

from typing import Literal

from pydantic import StrictStr

from enmeshed_nb.connector.filters import query_of
from enmeshed_nb.connector.resource import Resource, endpoint
from enmeshed_nb.content.model import Model, Timestamp


class IdentityDeletion(Model):
    """A deletion under way, or one that was cancelled.

    Attributes:
        grace_period_ends_at: until then it can be cancelled; after it the Identity is gone.
        cancelled_at: None as long as it is under way.
    """

    id: StrictStr
    status: Literal["Active", "Cancelled"] | str
    created_at: Timestamp | None = None
    created_by_device: StrictStr | None = None
    grace_period_ends_at: Timestamp | None = None
    cancelled_at: Timestamp | None = None
    cancelled_by_device: StrictStr | None = None


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
