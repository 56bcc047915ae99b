"""Requests: what one Identity asks of another, item by item."""

from collections.abc import Iterable, Sequence
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
    value_type_of,
)
from enmeshed_nb.content.rules import Flag, Link, Metadata, Text30, Text200, Text500, Text10000, not_empty
from enmeshed_nb.content.since import Since

ItemPath = tuple[int, ...]
"""Where an item stands: `()` the whole, `(1,)` the second item, `(1, 0)` the first item of the group at that place."""


class RequestItem(Typed, family=True):
    """One thing that is asked.

    Attributes:
        must_be_accepted: whether the whole Request can only be accepted together with this item.
        description: more about it, for people.
        metadata: the sender's own JSON; it does not come back in the Response.
    """

    must_be_accepted: Flag
    description: Text500 | None = None
    metadata: Metadata | None = None


class AuthenticationRequestItem(RequestItem):
    """Asks the peer to confirm who it is."""

    title: Text200


class ConsentRequestItem(RequestItem):
    """Asks for a one-time consent.

    Attributes:
        consent: the text that the peer consents to.
        link: where to read more.
        link_display_text: what to show in place of the link.
        requires_interaction: whether the peer must open the link before it accepts; an app sees to that.
    """

    consent: Text10000
    link: Link | None = None
    link_display_text: Text30 | None = None
    requires_interaction: Flag | None = None

    def problems(self) -> Iterable[tuple[str, str]]:
        """Refuse a text for a link that is not there."""
        if self.link_display_text is not None and self.link is None:
            yield "linkDisplayText", "needs a link"


class CreateAttributeRequestItem(RequestItem):
    """Offers an Attribute to be created at the peer (`owner=""`: owned by the peer)."""

    attribute: Attribute


class DeleteAttributeRequestItem(RequestItem):
    """Asks the peer to delete an Attribute that was shared with it; `attribute_id` is the sender's own id of it."""

    attribute_id: StrictStr


class FormFieldRequestItem(RequestItem):
    """Asks for an answer that is no Attribute: a text, a number, a date, a selection; `settings` say which."""

    title: Text200
    settings: FormFieldSettings


class ProposeAttributeRequestItem(RequestItem):
    """Proposes an Attribute about the peer that the peer may correct; `attribute` must fit `query`."""

    attribute: Attribute
    query: AttributeQuery

    def problems(self) -> Iterable[tuple[str, str]]:
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
            asked, proposed = value_type_of(self.query), self.attribute.value.type_name
            if asked not in ("", proposed):
                yield "attribute.value", f"is a {proposed}; the query asks for a {asked}"


class ReadAttributeRequestItem(RequestItem):
    """Asks for an Attribute of the peer."""

    query: AttributeQuery


class ShareAttributeRequestItem(RequestItem):
    """Offers a copy of an Attribute.

    Attributes:
        attribute: exactly the content of the stored Attribute.
        attribute_id: the id of the stored Attribute.
        initial_attribute_peer: for a RelationshipAttribute of another Relationship, the address of that one's peer.
        third_party_address: the same for a Connector up to 7.0.2; later ones ignore it.
    """

    attribute: Attribute
    attribute_id: StrictStr
    initial_attribute_peer: Annotated[StrictStr | None, Since("7.0.3", before="thirdPartyAddress")] = None
    third_party_address: StrictStr | None = None


class ShareAuthorizationRequestRequestItem(RequestItem, since=Since("7.4.0")):
    """Asks the peer to present a VerifiableCredential to a verifier (OpenID4VC).

    Attributes:
        authorization_request_url: where the verifier's authorization request is; Validate fetches it.
    """

    authorization_request_url: StrictStr


class ShareCredentialOfferRequestItem(RequestItem, since=Since("7.4.0")):
    """Offers a VerifiableCredential that the peer can fetch from its issuer (OpenID4VC).

    The Sender's event `consumption.shareCredentialOfferRequestItemProcessedByRecipient` says what became of it.

    Attributes:
        credential_offer_url: where the issuer's offer is; CanAccept fetches it.
    """

    credential_offer_url: StrictStr


class TransferFileOwnershipRequestItem(RequestItem):
    """Offers to hand a File over.

    Attributes:
        file_reference: the File's `reference.truncated`.
        ownership_token: the File's `ownership_token`.
    """

    file_reference: StrictStr
    ownership_token: StrictStr


class RequestItemGroup(Typed):
    """RequestItems shown together. A group has no say of its own in the decision and holds no other group."""

    title: Text200 | None = None
    description: Text500 | None = None
    metadata: Metadata | None = None
    items: Annotated[list[RequestItem], rule(not_empty)]


class Request(MessageContent):
    """What is asked of a peer.

    Attributes:
        id: given by the Connector when the Request is created; the same at both sides.
        expires_at: after this it cannot be answered any more; None: never.
        metadata: the sender's own JSON; it does not come back in the Response.
    """

    id: StrictStr | None = None
    title: Text200 | None = None
    description: Text500 | None = None
    expires_at: Timestamp | None = None
    metadata: Metadata | None = None
    items: Annotated[
        list[Annotated[RequestItem | RequestItemGroup, one_of(RequestItem, RequestItemGroup)]], rule(not_empty)
    ]


def walk(request: Request) -> Iterable[tuple[ItemPath, RequestItem]]:
    """Yield each RequestItem of *request*, in order, with its path: `(index,)`, or `(index, index in the group)`."""
    for index, node in enumerate(request.items):
        if isinstance(node, RequestItemGroup):
            yield from (((index, inner), item) for inner, item in enumerate(node.items))
        else:
            yield (index,), node


def item_path(location: Sequence[str | int]) -> ItemPath:
    """Return the item to which a place in a Request's JSON belongs: `("items", 1, "items", 0, "title")` → `(1, 0)`."""
    path: list[int] = []
    for name, index in zip(location[::2], location[1::2], strict=False):
        if name != "items" or not isinstance(index, int):
            break
        path.append(index)
    return tuple(path)


def path_text(path: ItemPath) -> str:
    """Return a path as the JSON path of the item: `(1, 0)` → `items[1].items[0]`."""
    return ".".join(f"items[{index}]" for index in path)


def location_text(location: Sequence[str | int]) -> str:
    """Return a place in JSON as text: `("items", 1, "title")` → `items[1].title`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
