"""Deletion of the Connector's own Identity; only at Connectors in debug mode."""

from typing import Literal

from pydantic import StrictStr

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
