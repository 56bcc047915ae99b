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
    """What a RelationshipAttribute that answers a query must look like."""

    title: Label
    value_type: _RelationshipValueType
    description: Text1000 | None = None
    value_hints: ValueHints | None = None
    confidentiality: Confidentiality


class RelationshipAttributeQuery(AttributeQuery):
    """Asks the peer to create a RelationshipAttribute; `owner` is "" (the peer) or the asking Identity's address."""

    key: Label
    owner: StrictStr
    attribute_creation_hints: RelationshipAttributeCreationHints


class ThirdPartyRelationshipAttributeQuery(AttributeQuery):
    """Asks for a RelationshipAttribute that the peer has with someone else (addresses in `third_party`)."""

    key: Label
    owner: Annotated[Literal["recipient", "thirdParty", ""] | str, rule(choice("recipient", "thirdParty", ""))]
    third_party: Annotated[list[StrictStr], rule(not_empty)]


class IQLQueryCreationHints(Model):
    """What an IdentityAttribute that answers an IQLQuery must look like."""

    value_type: _IdentityValueType
    tags: Tags | None = None


class IQLQuery(AttributeQuery):
    """Asks in the Identity Query Language, e.g. `IQLQuery(query_string="GivenName && language=de")`."""

    query_string: Annotated[StrictStr, rule(Length(1, 4096))]
    attribute_creation_hints: IQLQueryCreationHints | None = None
