"""Push notifications that the Backbone sends to the devices of peers."""

from collections.abc import Sequence

from enmeshed_nb.connector.resource import Resource, endpoint, recipients_of


class BackboneNotifications(Resource):
    """`connector.backbone_notifications`; API key scope `core:backboneNotifications`."""

    @endpoint("POST", "/BackboneNotifications")
    def send(self, recipients: str | Sequence[str], code: str) -> None:
        """Have the Backbone notify peers: `POST /BackboneNotifications`. *code* is one that the Backbone knows."""
        return self._call(self.send, type(None), body={"recipients": recipients_of(recipients), "code": code})
