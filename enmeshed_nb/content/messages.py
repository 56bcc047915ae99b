"""What a Message can carry: a Mail, a Request, the Response to one, a Notification, or an ArbitraryMessageContent."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import StrictStr

from enmeshed_nb.content.attributes import Attribute
from enmeshed_nb.content.model import Typed, rule
from enmeshed_nb.content.rules import Text300, Text50000, choice, not_empty
from enmeshed_nb.content.since import Since


class MessageContent(Typed, family=True):
    """The content of a Message."""


class Mail(MessageContent):
    """A text for people.

    Attributes:
        to: addresses; together with those in `cc` they are exactly the recipients of the Message.
        cc: more addresses.
        body_format: how to show `body`: "PlainText" or "Markdown"; None: "PlainText".
    """

    to: Annotated[list[StrictStr], rule(not_empty)]
    cc: list[StrictStr] | None = None
    subject: Text300
    body: Text50000
    body_format: Annotated[
        Annotated[Literal["PlainText", "Markdown"] | str, rule(choice("PlainText", "Markdown"))] | None, Since("7.2.0")
    ] = None

    def problems(self) -> Iterable[tuple[str, str]]:
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
    """The sender has a newer version of an Attribute: the ids of the old and the new one, and what the new one says."""

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
