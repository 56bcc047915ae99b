"""Responses: what became of each item of a Request, in the Request's order. The Runtime makes them from a decision."""

from typing import Annotated, Any, Literal

from pydantic import StrictStr

from enmeshed_nb.content.attributes import Attribute
from enmeshed_nb.content.messages import MessageContent
from enmeshed_nb.content.model import Timestamp, Typed, one_of
from enmeshed_nb.content.since import Since


class ResponseItem(Typed, family=True):
    """The answer to one RequestItem; `result` is "Accepted", "Rejected" or "Error"."""

    result: Literal["Accepted", "Rejected", "Error"] | str


class AcceptResponseItem(ResponseItem):
    """The item was accepted."""

    result: Literal["Accepted"] | str = "Accepted"


class AttributeAlreadySharedAcceptResponseItem(AcceptResponseItem):
    """Accepted with an Attribute that the receiver has already."""

    attribute_id: StrictStr


class AttributeSuccessionAcceptResponseItem(AcceptResponseItem):
    """Accepted with a newer version of an Attribute that the receiver has."""

    predecessor_id: StrictStr
    successor_id: StrictStr
    successor_content: Attribute


class CreateAttributeAcceptResponseItem(AcceptResponseItem):
    """The Attribute was created."""

    attribute_id: StrictStr


class DeleteAttributeAcceptResponseItem(AcceptResponseItem):
    """The Attribute will be deleted at that time."""

    deletion_date: Timestamp


class FormFieldAcceptResponseItem(AcceptResponseItem):
    """The field's answer: a text, a number, a bool or a list of texts."""

    response: Any


class ProposeAttributeAcceptResponseItem(AcceptResponseItem):
    """The Attribute that was proposed, as the peer has it."""

    attribute_id: StrictStr
    attribute: Attribute


class ReadAttributeAcceptResponseItem(AcceptResponseItem):
    """The Attribute that was asked for.

    Attributes:
        attribute_id: the id under which the Attribute is stored at the peer, and now here, too.
        attribute: its content.
        initial_attribute_peer: of an Attribute that the peer has with someone else, the address of that one.
        third_party_address: the same from a Connector up to 7.0.2.
    """

    attribute_id: StrictStr
    attribute: Attribute
    initial_attribute_peer: Annotated[StrictStr | None, Since("7.0.3", before="thirdPartyAddress")] = None
    third_party_address: StrictStr | None = None


class TransferFileOwnershipAcceptResponseItem(AcceptResponseItem):
    """The File has a new owner; the Attribute refers to it."""

    attribute_id: StrictStr
    attribute: Attribute


class RejectResponseItem(ResponseItem):
    """The item was rejected, perhaps for a reason: `code` for programs, `message` for people, chosen by the peer."""

    result: Literal["Rejected"] | str = "Rejected"
    code: StrictStr | None = None
    message: StrictStr | None = None


class ErrorResponseItem(ResponseItem):
    """The item could not be processed; `code` is the API's error code."""

    result: Literal["Error"] | str = "Error"
    code: StrictStr
    message: StrictStr


class ResponseItemGroup(Typed):
    """The answers to a RequestItemGroup."""

    items: list[ResponseItem]


class Response(Typed):
    """The answer to a Request. "Accepted" as a whole says nothing of the optional items: see each item's result."""

    result: Literal["Accepted", "Rejected"] | str
    request_id: StrictStr
    items: list[Annotated[ResponseItem | ResponseItemGroup, one_of(ResponseItem, ResponseItemGroup)]]


class ResponseWrapper(MessageContent):
    """The Message content by which a Response travels; sent by the Runtime.

    Attributes:
        request_id: the Request that is answered.
        request_source_reference: the id of the Message or RelationshipTemplate that brought the Request.
        request_source_type: which of the two.
    """

    request_id: StrictStr
    request_source_reference: StrictStr
    request_source_type: Literal["Message", "RelationshipTemplate"] | str
    response: Response
