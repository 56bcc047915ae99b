"""Queries: which Attribute a ReadAttributeRequestItem or a ProposeAttributeRequestItem asks for."""

from typing import Annotated, Literal

from pydantic import StrictStr

from enmeshed_nb.content.model import Model, Typed, rule
from enmeshed_nb.content.rules import Among, Confidentiality, Label, Length, Tags, Text1000, choice, not_empty
from enmeshed_nb.content.values import IDENTITY_VALUE_TYPES, RELATIONSHIP_VALUE_TYPES, ValueHints

_IdentityValueType = Annotated[StrictStr, rule(Among(IDENTITY_VALUE_TYPES, "the name of an identity value type"))]
_RelationshipValueType = Annotated[
    StrictStr, rule(Among(RELATIONSHIP_VALUE_TYPES, "the name of a relationship value type"))
]


class AttributeQuery(Typed, family=True):
    """A query of any kind."""


class IdentityAttributeQuery(AttributeQuery):
    """Asks for an IdentityAttribute of the peer, e.g. `IdentityAttributeQuery(value_type="EMailAddress")`."""

    value_type: _IdentityValueType
    tags: Tags | None = None


class RelationshipAttributeCreationHints(Model):
    """What a RelationshipAttribute that answers a query must look like.

    Attributes:
        title: of the value.
        value_type: the name of its value type.
        description: of the value.
        value_hints: which values make sense, for the peer's app.
        confidentiality: who may know it: "public", "protected" or "private".
    """

    title: Label
    value_type: _RelationshipValueType
    description: Text1000 | None = None
    value_hints: ValueHints | None = None
    confidentiality: Confidentiality


class RelationshipAttributeQuery(AttributeQuery):
    """Asks the peer to create a RelationshipAttribute.

    Attributes:
        key: tells it apart from others in the Relationship.
        owner: empty ("") for the peer, or the asking Identity's address.
    """

    key: Label
    owner: StrictStr
    attribute_creation_hints: RelationshipAttributeCreationHints


class ThirdPartyRelationshipAttributeQuery(AttributeQuery):
    """Asks for a RelationshipAttribute that the peer has with someone else.

    Attributes:
        key: the Attribute's key.
        owner: "recipient": the peer owns it; "thirdParty": the other one does; "": either.
        third_party: the addresses of whom the peer may have it with.
    """

    key: Label
    owner: Annotated[Literal["recipient", "thirdParty", ""] | str, rule(choice("recipient", "thirdParty", ""))]
    third_party: Annotated[list[StrictStr], rule(not_empty)]


class IQLQueryCreationHints(Model):
    """What an IdentityAttribute that answers an IQLQuery must look like."""

    value_type: _IdentityValueType
    tags: Tags | None = None


class IQLQuery(AttributeQuery):
    """Asks in the Identity Query Language, e.g. `IQLQuery(query_string="GivenName && language=de")`.

    Attributes:
        query_string: the query.
        attribute_creation_hints: what a new Attribute must look like if no existing one answers; None: any.
    """

    query_string: Annotated[StrictStr, rule(Length(1, 4096))]
    attribute_creation_hints: IQLQueryCreationHints | None = None


def value_type_of(query: AttributeQuery) -> str:
    """Return the name of the value type that a query asks for; empty if it leaves that open."""
    match query:
        case IdentityAttributeQuery(value_type=name):
            return name
        case IQLQuery(attribute_creation_hints=hints) | RelationshipAttributeQuery(attribute_creation_hints=hints):
            return hints.value_type if hints else ""
        case _:
            return ""
