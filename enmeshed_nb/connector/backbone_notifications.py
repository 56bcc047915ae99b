"""Push notifications that the Backbone sends to the devices of peers."""

from pydantic import StrictStr

from enmeshed_nb.content.model import Model


class SentNotifications(Model):
    """The ids of the notifications that the Backbone sends."""

    notification_ids: list[StrictStr]
