"""Attributes as a Connector stores them: own ones, those of peers, and what was shared with whom."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from enmeshed_nb.content.attributes import Attribute
from enmeshed_nb.content.model import Model, Timestamp
from enmeshed_nb.content.values import AttributeValue

FILTERS = frozenset(
    {
        *(
            "@type",
            "createdAt",
            "succeeds",
            "succeededBy",
            "wasViewedAt",
            "isDefault",
            "content.owner",
            "content.@type",
        ),
        *("content.tags", "content.value.@type", "content.key", "content.isTechnical", "content.confidentiality"),
        *("peer", "sourceReference", "initialAttributePeer"),
        *("deletionInfo", "deletionInfo.deletionStatus", "deletionInfo.deletionDate"),
    }
)
"""The keys by which Attributes can be filtered (the API ignores others)."""


class DeletionInfo(Model):
    """What became of an Attribute's deletion, here or at the peer; `deletion_date` may lie in the future."""

    deletion_status: (
        Literal[
            "DeletionRequestSent",
            "DeletionRequestRejected",
            "ToBeDeleted",
            "ToBeDeletedByRecipient",
            "DeletedByRecipient",
            "DeletedByEmitter",
        ]
        | str
    )
    deletion_date: Timestamp


class LocalAttribute(Model):
    """An Attribute with its story at this Connector.

    Attributes:
        type_name: whose it is (own, a peer's, or someone else's) and of which kind; in JSON `@type`.
        succeeds: the id of the version before; None for the first.
        succeeded_by: the id of the version after; None for the newest.
        was_viewed_at: when an app showed it; None: not yet.
        is_default: True for the one of its value type to be offered first; else None.
        peer: the address of whom it is shared with, or whose it is; None for an own IdentityAttribute.
        source_reference: the id of the Request or Notification that brought it.
        deletion_info: None as long as it is not to be deleted.
        initial_attribute_peer: of a ThirdPartyRelationshipAttribute, the address of whom its owner has it with.
        number_of_forwards: with how many peers it was shared; None: with none.
    """

    type_name: (
        Literal[
            "OwnIdentityAttribute",
            "PeerIdentityAttribute",
            "OwnRelationshipAttribute",
            "PeerRelationshipAttribute",
            "ThirdPartyRelationshipAttribute",
        ]
        | str
    ) = Field(alias="@type")
    id: StrictStr
    created_at: Timestamp
    content: Attribute
    succeeds: StrictStr | None = None
    succeeded_by: StrictStr | None = None
    was_viewed_at: Timestamp | None = None
    is_default: StrictBool | None = None
    peer: StrictStr | None = None
    source_reference: StrictStr | None = None
    deletion_info: DeletionInfo | None = None
    initial_attribute_peer: StrictStr | None = None
    number_of_forwards: StrictInt | None = None


class ForwardingDetails(Model):
    """With whom an Attribute was shared, and how; `source_reference` is the id of the Request or Notification."""

    peer: StrictStr
    source_reference: StrictStr
    shared_at: Timestamp
    deletion_info: DeletionInfo | None = None


class Succession(Model):
    """An Attribute and its newer version; `notification_id` if a peer was told."""

    predecessor: LocalAttribute
    successor: LocalAttribute
    notification_id: StrictStr | None = None


class AttributeDeletion(Model):
    """The Notifications by which peers are told that an Attribute was deleted."""

    notification_ids: list[StrictStr]


class TagCollection(Model):
    """The Backbone's tags: languages of their names, and the tags per value type."""

    supported_languages: list[StrictStr]
    tags_for_attribute_value_types: dict[str, Any]


class QueryError(Model):
    """Where a query is wrong; `location` has the line, column and offset in its text."""

    message: StrictStr
    location: dict[str, Any] | None = None


class QueryValidation(Model):
    """Whether an IQLQuery can be read."""

    is_valid: StrictBool
    error: QueryError | None = None


def attribute_content(value: AttributeValue | Mapping[str, Any], tags: Sequence[str] | None) -> dict[str, Any]:
    """Return the `content` of a call that creates an Attribute."""
    return {"value": value} if tags is None else {"value": value, "tags": list(tags)}
