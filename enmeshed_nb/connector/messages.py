"""Messages: how content travels between Identities that have an Active Relationship."""

from pydantic import StrictBool, StrictStr

from enmeshed_nb.connector.files import File
from enmeshed_nb.content.messages import MessageContent
from enmeshed_nb.content.model import Model, Timestamp


class Recipient(Model):
    """A recipient of a Message.

    Attributes:
        received_at: when it fetched the Message; None: not yet.
        received_by_device: the id of the device that did.
        relationship_id: the Relationship with it; None if there is none any more.
    """

    address: StrictStr
    received_at: Timestamp | None = None
    received_by_device: StrictStr | None = None
    relationship_id: StrictStr | None = None


class _AnyMessage(Model):
    id: StrictStr
    is_own: StrictBool
    content: MessageContent
    created_by: StrictStr
    created_by_device: StrictStr
    recipients: list[Recipient]
    created_at: Timestamp
    was_read_at: Timestamp | None = None


class Message(_AnyMessage):
    """A Message with the ids of its attachments.

    Attributes:
        id: the same at both sides.
        is_own: whether this Connector sent it.
        created_by: the address of whom sent it.
        created_by_device: the id of the device that did.
        created_at: when it was sent.
        was_read_at: when an app marked it as read; None: not yet.
        attachments: ids of Files.
    """

    attachments: list[StrictStr]


class MessageWithAttachments(_AnyMessage):
    """A Message with its attachments as Files; else like `Message`."""

    attachments: list[File]
