# Made of enmeshed_nb/connector/_async/backbone_notifications.py by tools/synchronous.py: change that.
"""The methods of `BackboneNotifications`."""

from collections.abc import Sequence
from typing import Any, cast

from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.backbone_notifications import SentNotifications
from enmeshed_nb.connector.resource import endpoint, recipients_of


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
