"""Requests: what one Identity asks of another, item by item."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import StrictStr

from enmeshed_nb.content.attributes import Attribute, IdentityAttribute, RelationshipAttribute
from enmeshed_nb.content.form_fields import FormFieldSettings
from enmeshed_nb.content.messages import MessageContent
from enmeshed_nb.content.model import Timestamp, Typed, one_of, rule
from enmeshed_nb.content.queries import (
    AttributeQuery,
    IdentityAttributeQuery,
    IQLQuery,
    RelationshipAttributeQuery,
)
from enmeshed_nb.content.rules import Flag, Link, Metadata, Text30, Text200, Text500, Text10000, not_empty


class RequestItem(Typed, family=True):
    """One thing that is asked. With `must_be_accepted`, the whole Request can only be accepted together with it.

    `metadata` is the sender's own; it does not come back in the Response.
    """

    must_be_accepted: Flag
    description: Text500 | None = None
    metadata: Metadata | None = None


class AuthenticationRequestItem(RequestItem):
    """Asks the peer to confirm who it is."""

    title: Text200


class ConsentRequestItem(RequestItem):
    """Asks for a one-time consent."""

    consent: Text10000
    link: Link | None = None
    link_display_text: Text30 | None = None
    requires_interaction: Flag | None = None

    def complaints(self) -> Iterable[tuple[str, str]]:
        """Refuse a text for a link that is not there."""
        if self.link_display_text is not None and self.link is None:
            yield "linkDisplayText", "needs a link"


class CreateAttributeRequestItem(RequestItem):
    """Offers an Attribute to be created at the peer (`owner=""`: owned by the peer)."""

    attribute: Attribute


class DeleteAttributeRequestItem(RequestItem):
    """Asks the peer to delete an Attribute that was shared with it."""

    attribute_id: StrictStr


class FormFieldRequestItem(RequestItem):
    """Asks for an answer that is no Attribute: a text, a number, a date, a selection."""

    title: Text200
    settings: FormFieldSettings


class ProposeAttributeRequestItem(RequestItem):
    """Proposes an Attribute about the peer that the peer may correct; `attribute` must fit `query`."""

    attribute: Attribute
    query: AttributeQuery

    def complaints(self) -> Iterable[tuple[str, str]]:
        """Refuse a proposal that does not fit the query, or one that is not about the peer."""
        if self.attribute.owner != "":
            yield "attribute.owner", 'must be "", which stands for the peer'
        queries = {
            IdentityAttribute: (IdentityAttributeQuery, IQLQuery),
            RelationshipAttribute: (RelationshipAttributeQuery,),
        }.get(type(self.attribute), ())
        if not isinstance(self.query, queries):
            yield "query", f"a {self.query.type_name} does not fit a {self.attribute.type_name}"
        elif isinstance(self.attribute, IdentityAttribute | RelationshipAttribute):
            asked, proposed = _value_type(self.query), self.attribute.value.type_name
            if asked not in (None, proposed):
                yield "attribute.value", f"is a {proposed}; the query asks for a {asked}"


def _value_type(query: AttributeQuery) -> str | None:
    match query:
        case IdentityAttributeQuery(value_type=asked):
            return asked
        case IQLQuery(attribute_creation_hints=hints) | RelationshipAttributeQuery(attribute_creation_hints=hints):
            return hints.value_type if hints else None
        case _:
            return None


class ReadAttributeRequestItem(RequestItem):
    """Asks for an Attribute of the peer."""

    query: AttributeQuery


class ShareAttributeRequestItem(RequestItem):
    """Offers a copy of an Attribute: `attribute` is exactly the content of the stored Attribute `attribute_id`.

    A RelationshipAttribute of another Relationship also needs the address of that Relationship's peer:
    `initial_attribute_peer`, or `third_party_address` for a Connector up to 7.0.2.
    """

    attribute: Attribute
    attribute_id: StrictStr
    initial_attribute_peer: StrictStr | None = None
    third_party_address: StrictStr | None = None


class TransferFileOwnershipRequestItem(RequestItem):
    """Offers to hand a File over: `file_reference` is the File's `reference.truncated`, `ownership_token` its token."""

    file_reference: StrictStr
    ownership_token: StrictStr


class RequestItemGroup(Typed):
    """RequestItems shown together. A group has no say of its own in the decision and holds no other group."""

    title: Text200 | None = None
    description: Text500 | None = None
    metadata: Metadata | None = None
    items: Annotated[list[RequestItem], rule(not_empty)]


class Request(MessageContent):
    """What is asked of a peer. The Connector gives it its `id`; after `expires_at` it cannot be answered any more."""

    id: StrictStr | None = None
    title: Text200 | None = None
    description: Text500 | None = None
    expires_at: Timestamp | None = None
    metadata: Metadata | None = None
    items: Annotated[
        list[Annotated[RequestItem | RequestItemGroup, one_of(RequestItem, RequestItemGroup)]], rule(not_empty)
    ]


def walk(request: Request) -> Iterable[tuple[tuple[int, ...], RequestItem]]:
    """Yield each RequestItem of *request*, in order, with its path: `(index,)`, or `(index, index in the group)`."""
    for index, node in enumerate(request.items):
        if isinstance(node, RequestItemGroup):
            yield from (((index, inner), item) for inner, item in enumerate(node.items))
        else:
            yield (index,), node
