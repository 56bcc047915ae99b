"""Push notifications that the Backbone sends to the devices of peers."""

from collections.abc import Sequence
from typing import Any, cast

from pydantic import StrictStr

from enmeshed_nb.connector.resource import Resource, endpoint, recipients_of
from enmeshed_nb.content.model import Model


class SentNotifications(Model):
    """The ids of the notifications that the Backbone sends."""

    notification_ids: list[StrictStr]


class BackboneNotifications(Resource):
    """`connector.backbone_notifications`; API key scope `core:backboneNotifications`."""

    @endpoint("POST", "/BackboneNotifications")
    def send(self, recipients: str | Sequence[str], code: str) -> SentNotifications | None:
        """Have the Backbone notify peers: `POST /BackboneNotifications`.

        Args:
            recipients: one address or several.
            code: one that the Backbone knows.

        Returns:
            the notifications' ids; None from a Connector before 7.4, which does not tell them.

        Raises:
            ServerError: e.g. the Backbone does not know *code*.
        """
        body = {"recipients": recipients_of(recipients), "code": code}
        answer: Any = SentNotifications | None
        return cast(SentNotifications | None, self._call(self.send, answer, body=body))
