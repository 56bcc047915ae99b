"""Files: stored encrypted at the Backbone, for peers to load."""

from pydantic import StrictBool, StrictInt, StrictStr

from enmeshed_nb.connector.resource import (
    Reference,
)
from enmeshed_nb.content.model import Model, Timestamp


class File(Model):
    """What is known of a File.

    Attributes:
        is_own: whether this Connector uploaded it.
        filesize: in bytes.
        created_by: the address of whom uploaded it.
        created_by_device: the id of the device that did.
        expires_at: when the Backbone deletes it.
        owner: the address of whom it belongs to now.
        ownership_token: with it the File can be handed over; None if it is not this Connector's.
        ownership_is_locked: True once a wrong token was tried, until a new one is made; else None.
    """

    id: StrictStr
    is_own: StrictBool
    filename: StrictStr
    tags: list[StrictStr] | None = None
    filesize: StrictInt
    created_at: Timestamp
    created_by: StrictStr
    created_by_device: StrictStr
    expires_at: Timestamp
    mimetype: StrictStr
    title: StrictStr | None = None
    description: StrictStr | None = None
    reference: Reference
    owner: StrictStr
    ownership_token: StrictStr | None = None
    ownership_is_locked: StrictBool | None = None
