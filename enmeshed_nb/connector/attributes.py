"""Attributes as a Connector stores them: own ones, those of peers, and what was shared with whom."""

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from enmeshed_nb.connector.filters import FilterValue, query_of
from enmeshed_nb.connector.resource import Resource, endpoint
from enmeshed_nb.connector.validation import ValidationResult
from enmeshed_nb.content.attributes import Attribute
from enmeshed_nb.content.model import Model, Timestamp
from enmeshed_nb.content.queries import (
    IdentityAttributeQuery,
    IQLQuery,
    RelationshipAttributeQuery,
    ThirdPartyRelationshipAttributeQuery,
)
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


class Attributes(Resource):
    """`connector.attributes`; API key scope `core:attributes`."""

    @endpoint("PUT", "/Attributes/CanCreate")
    def can_create(
        self, value: AttributeValue | Mapping[str, Any], tags: Sequence[str] | None = None
    ) -> ValidationResult:
        """Check whether an own IdentityAttribute can be created: `PUT /Attributes/CanCreate`."""
        return self._call(self.can_create, ValidationResult, body={"content": _content(value, tags)})

    @endpoint("POST", "/Attributes")
    def create(self, value: AttributeValue | Mapping[str, Any], tags: Sequence[str] | None = None) -> LocalAttribute:
        """Create an own IdentityAttribute: `POST /Attributes`.

        Raises:
            Refused: e.g. one with the same value exists.
        """
        return self._call(self.create, LocalAttribute, body={"content": _content(value, tags)})

    @endpoint("POST", "/Attributes/{predecessorId}/Succeed")
    def succeed(
        self,
        predecessor_id: str,
        value: AttributeValue | Mapping[str, Any],
        tags: Sequence[str] | None = None,
    ) -> Succession:
        """Create a newer version of an own Attribute: `POST /Attributes/{predecessorId}/Succeed`.

        The peer of a RelationshipAttribute is told; for an IdentityAttribute use `notify_peer`.
        """
        body = {"successorContent": _content(value, tags)}
        return self._call(self.succeed, Succession, predecessor_id, body=body)

    @endpoint("POST", "/Attributes/{id}/NotifyPeer")
    def notify_peer(self, attribute_id: str, peer: str) -> Succession:
        """Tell a peer of the newer version of an own IdentityAttribute: `POST /Attributes/{id}/NotifyPeer`."""
        return self._call(self.notify_peer, Succession, attribute_id, body={"peer": peer})

    @endpoint("GET", "/Attributes")
    def list(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[LocalAttribute]:
        """Return the Attributes that match: `GET /Attributes`. Filters: see `FILTERS`.

        Raises:
            InvalidInput: there is no such filter.
        """
        return self._call(self.list, builtins.list[LocalAttribute], query=query_of(filters, keywords, FILTERS))

    @endpoint("GET", "/Attributes/Own/Identity")
    def list_own_identity(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[LocalAttribute]:
        """Return the own IdentityAttributes that match: `GET /Attributes/Own/Identity`.

        Also takes `only_latest_versions=True|False`.
        """
        return self._call(self.list_own_identity, builtins.list[LocalAttribute], query=query_of(filters, keywords))

    @endpoint("GET", "/Attributes/Own/Shared/{peer}")
    def list_own_shared(
        self, peer: str, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[LocalAttribute]:
        """Return the own Attributes shared with a peer: `GET /Attributes/Own/Shared/{peer}`.

        Also takes `only_latest_versions` and `hide_technical`.
        """
        query = query_of(filters, keywords)
        return self._call(self.list_own_shared, builtins.list[LocalAttribute], peer, query=query)

    @endpoint("GET", "/Attributes/Peer/{peer}")
    def list_peer(
        self, peer: str, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[LocalAttribute]:
        """Return the Attributes that a peer shared: `GET /Attributes/Peer/{peer}`.

        Also takes `only_latest_versions` and `hide_technical`.
        """
        return self._call(self.list_peer, builtins.list[LocalAttribute], peer, query=query_of(filters, keywords))

    @endpoint("GET", "/Attributes/{id}/ForwardingDetails")
    def forwarding_details(
        self, attribute_id: str, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[ForwardingDetails]:
        """Return with whom an Attribute was shared: `GET /Attributes/{id}/ForwardingDetails`."""
        query = query_of(filters, keywords)
        return self._call(self.forwarding_details, builtins.list[ForwardingDetails], attribute_id, query=query)

    @endpoint("GET", "/Attributes/{id}/Versions")
    def versions(self, attribute_id: str) -> builtins.list[LocalAttribute]:
        """Return all versions of an Attribute: `GET /Attributes/{id}/Versions`."""
        return self._call(self.versions, builtins.list[LocalAttribute], attribute_id)

    @endpoint("GET", "/Attributes/{id}/Versions/Shared")
    def versions_shared(
        self, attribute_id: str, peer: str, *, only_latest_versions: bool | None = None
    ) -> builtins.list[LocalAttribute]:
        """Return the versions of an Attribute that a peer has: `GET /Attributes/{id}/Versions/Shared`."""
        query = query_of(None, {"peer": peer, "only_latest_versions": only_latest_versions})
        return self._call(self.versions_shared, builtins.list[LocalAttribute], attribute_id, query=query)

    @endpoint("GET", "/Attributes/TagCollection")
    def tag_collection(self) -> TagCollection:
        """Return the tags that the Backbone defines: `GET /Attributes/TagCollection`."""
        return self._call(self.tag_collection, TagCollection)

    @endpoint("POST", "/Attributes/ExecuteIdentityAttributeQuery")
    def execute_identity_attribute_query(
        self, query: IdentityAttributeQuery | Mapping[str, Any]
    ) -> builtins.list[LocalAttribute]:
        """Return the own Attributes that answer a query: `POST /Attributes/ExecuteIdentityAttributeQuery`."""
        answer = builtins.list[LocalAttribute]
        return self._call(self.execute_identity_attribute_query, answer, body={"query": query})

    @endpoint("POST", "/Attributes/ExecuteRelationshipAttributeQuery")
    def execute_relationship_attribute_query(
        self, query: RelationshipAttributeQuery | Mapping[str, Any]
    ) -> LocalAttribute:
        """Return the Attribute that answers a query: `POST /Attributes/ExecuteRelationshipAttributeQuery`."""
        return self._call(self.execute_relationship_attribute_query, LocalAttribute, body={"query": query})

    @endpoint("POST", "/Attributes/ExecuteThirdPartyRelationshipAttributeQuery")
    def execute_third_party_relationship_attribute_query(
        self, query: ThirdPartyRelationshipAttributeQuery | Mapping[str, Any]
    ) -> builtins.list[LocalAttribute]:
        """Return the matching Attributes: `POST /Attributes/ExecuteThirdPartyRelationshipAttributeQuery`."""
        answer = builtins.list[LocalAttribute]
        return self._call(self.execute_third_party_relationship_attribute_query, answer, body={"query": query})

    @endpoint("POST", "/Attributes/ExecuteIQLQuery")
    def execute_iql_query(self, query: IQLQuery | Mapping[str, Any]) -> builtins.list[LocalAttribute]:
        """Return the own Attributes that answer a query: `POST /Attributes/ExecuteIQLQuery`."""
        return self._call(self.execute_iql_query, builtins.list[LocalAttribute], body={"query": query})

    @endpoint("POST", "/Attributes/ValidateIQLQuery")
    def validate_iql_query(self, query: IQLQuery | Mapping[str, Any]) -> QueryValidation:
        """Return whether a query can be read, and where it is wrong: `POST /Attributes/ValidateIQLQuery`."""
        return self._call(self.validate_iql_query, QueryValidation, body={"query": query})

    @endpoint("GET", "/Attributes/{id}")
    def get(self, attribute_id: str) -> LocalAttribute:
        """Return an Attribute: `GET /Attributes/{id}`."""
        return self._call(self.get, LocalAttribute, attribute_id)

    @endpoint("DELETE", "/Attributes/{id}")
    def delete(self, attribute_id: str) -> AttributeDeletion:
        """Delete an Attribute and tell the peers that have it: `DELETE /Attributes/{id}`."""
        return self._call(self.delete, AttributeDeletion, attribute_id)


def _content(value: AttributeValue | Mapping[str, Any], tags: Sequence[str] | None) -> dict[str, Any]:
    return {"value": value} if tags is None else {"value": value, "tags": list(tags)}
