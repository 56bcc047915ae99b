"""What a Message can carry: a Mail, a Request, the Response to one, a Notification, or an ArbitraryMessageContent."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import StrictStr

from enmeshed_nb.content.attributes import Attribute
from enmeshed_nb.content.model import Typed, rule
from enmeshed_nb.content.rules import Text300, Text50000, choice, not_empty


class MessageContent(Typed, family=True):
    """The content of a Message."""


class Mail(MessageContent):
    """A text for people. `to` and `cc` together are exactly the recipients of the Message."""

    to: Annotated[list[StrictStr], rule(not_empty)]
    cc: list[StrictStr] | None = None
    subject: Text300
    body: Text50000
    body_format: Annotated[Literal["PlainText", "Markdown"] | str, rule(choice("PlainText", "Markdown"))] | None = None

    def complaints(self) -> Iterable[tuple[str, str]]:
        """Refuse an address that is named twice."""
        everyone = [*self.to, *(self.cc or ())]
        if len(set(everyone)) < len(everyone):
            yield "cc" if self.cc else "to", "names an address twice"


class ArbitraryMessageContent(MessageContent):
    """Any JSON, between Connectors."""

    value: Any


class NotificationItem(Typed, family=True):
    """Something that happened to an Attribute."""


class PeerAttributeSucceededNotificationItem(NotificationItem):
    """The sender has a newer version of an Attribute."""

    predecessor_id: StrictStr
    successor_id: StrictStr
    successor_content: Attribute


class OwnAttributeDeletedByOwnerNotificationItem(NotificationItem):
    """The sender deleted an Attribute of its own."""

    attribute_id: StrictStr


class PeerRelationshipAttributeDeletedByPeerNotificationItem(NotificationItem):
    """The sender deleted a RelationshipAttribute of the receiver."""

    attribute_id: StrictStr


class ForwardedAttributeDeletedByPeerNotificationItem(NotificationItem):
    """The sender deleted an Attribute that was forwarded to it."""

    attribute_id: StrictStr


class Notification(MessageContent):
    """Tells a peer what happened to Attributes; sent by the Runtime."""

    id: StrictStr
    items: Annotated[list[NotificationItem], rule(not_empty)]
