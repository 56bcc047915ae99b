"""The Connector's events, as its webhooks and message brokers tell them, as models.

    match parse_event(body):
        case RequestStatusEvent(trigger="consumption.outgoingRequestStatusChanged", data=change):
            print(change.request.id, change.new_status)
        case MessageEvent(data=message):
            print(message.id)

`TRIGGERS` says which trigger is which kind of event; what it does not know is an `UnknownEvent`.
"""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import StrictStr, ValidationError

from enmeshed_nb.connector.attributes import LocalAttribute, Succession
from enmeshed_nb.connector.errors import InvalidInput
from enmeshed_nb.connector.identity_deletion_process import IdentityDeletion
from enmeshed_nb.connector.messages import Message
from enmeshed_nb.connector.relationship_templates import RelationshipTemplate
from enmeshed_nb.connector.relationships import Relationship
from enmeshed_nb.connector.requests import LocalRequest, RequestStatus
from enmeshed_nb.content.model import Model


class ConnectorEvent(Model):
    """One event of a Connector.

    Attributes:
        trigger: what happened, e.g. "consumption.incomingRequestReceived".
        data: what it is about.
    """

    trigger: StrictStr
    data: Any = None


class UnknownEvent(ConnectorEvent):
    """An event that is not known here, or whose data has another shape than known; `data` is its JSON."""


class MessageEvent(ConnectorEvent):
    """A Message was sent or received."""

    data: Message


class RequestEvent(ConnectorEvent):
    """A Request was created or received."""

    data: LocalRequest


class RequestStatusChange(Model):
    """A Request with its new status, and what it was before."""

    request: LocalRequest
    old_status: RequestStatus
    new_status: RequestStatus


class RequestStatusEvent(ConnectorEvent):
    """The status of a Request changed."""

    data: RequestStatusChange


class ProcessedMessage(Model):
    """A Message, and whether it brought a Request that waits for a decision (`result`)."""

    message: Message
    result: StrictStr


class MessageProcessedEvent(ConnectorEvent):
    """A Message that was received has been processed."""

    data: ProcessedMessage


class RelationshipEvent(ConnectorEvent):
    """A Relationship changed, or what is known of its peer."""

    data: Relationship


class DecomposedRelationship(Model):
    """The id of a Relationship that is gone."""

    relationship_id: StrictStr


class RelationshipDecomposedEvent(ConnectorEvent):
    """This Connector deleted a Relationship."""

    data: DecomposedRelationship


class TemplateEvent(ConnectorEvent):
    """A RelationshipTemplate was loaded, or its allocations are used up."""

    data: RelationshipTemplate


class ProcessedTemplate(Model):
    """A template, and what came of its Request (`result`); the ids are None where there is nothing to name."""

    template: RelationshipTemplate
    result: StrictStr
    request_id: StrictStr | None = None
    relationship_id: StrictStr | None = None


class TemplateProcessedEvent(ConnectorEvent):
    """A RelationshipTemplate that was loaded has been processed."""

    data: ProcessedTemplate


class AttributeEvent(ConnectorEvent):
    """An Attribute was created, shared or deleted."""

    data: LocalAttribute


class AttributeSucceededEvent(ConnectorEvent):
    """There is a newer version of an Attribute."""

    data: Succession


class IdentityDeletionEvent(ConnectorEvent):
    """The deletion of the Connector's own Identity began, or was cancelled."""

    data: IdentityDeletion


TRIGGERS: dict[str, type[ConnectorEvent]] = {
    "consumption.attributeCreated": AttributeEvent,
    "consumption.attributeDeleted": AttributeEvent,
    "consumption.attributeForwardingDetailsChanged": AttributeEvent,
    "consumption.attributeSucceeded": AttributeSucceededEvent,
    "consumption.incomingRequestReceived": RequestEvent,
    "consumption.incomingRequestStatusChanged": RequestStatusEvent,
    "consumption.mailReceived": MessageEvent,
    "consumption.messageProcessed": MessageProcessedEvent,
    "consumption.outgoingRequestCreated": RequestEvent,
    "consumption.outgoingRequestCreatedAndCompleted": RequestEvent,
    "consumption.outgoingRequestStatusChanged": RequestStatusEvent,
    "consumption.ownAttributeDeletedByOwner": AttributeEvent,
    "consumption.relationshipTemplateProcessed": TemplateProcessedEvent,
    "transport.identityDeletionProcessStatusChanged": IdentityDeletionEvent,
    "transport.messageReceived": MessageEvent,
    "transport.messageSent": MessageEvent,
    "transport.peerDeletionCancelled": RelationshipEvent,
    "transport.peerRelationshipTemplateLoaded": TemplateEvent,
    "transport.peerToBeDeleted": RelationshipEvent,
    "transport.relationshipChanged": RelationshipEvent,
    "transport.relationshipDecomposedBySelf": RelationshipDecomposedEvent,
    "transport.relationshipReactivationCompleted": RelationshipEvent,
    "transport.relationshipReactivationRequested": RelationshipEvent,
    "transport.relationshipTemplateAllocationsExhausted": TemplateEvent,
}
"""What kind of event each trigger is."""


def parse_event(body: Mapping[str, Any] | str | bytes) -> ConnectorEvent:
    """Return an event as a model.

    Args:
        body: what a webhook sends, as JSON or as its text: `{"trigger": "transport.messageReceived", "data": {…}}`.

    Returns:
        an event of the kind that `TRIGGERS` says; else an `UnknownEvent`, so that nothing a newer Connector tells is
        lost.

    Raises:
        InvalidInput: it is no event.
    """
    try:
        told = json.loads(body) if isinstance(body, str | bytes | bytearray) else body
    except ValueError:
        told = None
    if not isinstance(told, Mapping) or not isinstance(trigger := told.get("trigger"), str):
        raise InvalidInput(
            "This is not an event of a Connector.", 'Pass the body of a webhook: {"trigger": "…", "data": …}.'
        )
    known = {"trigger": trigger, "data": told.get("data")}
    try:
        return TRIGGERS.get(trigger, UnknownEvent).from_api(known)
    except ValidationError:
        return UnknownEvent.from_api(known)
