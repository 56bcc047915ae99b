# Made of enmeshed_nb/connector/_async/attributes.py by tools/synchronous.py: change that.
"""The methods of `Attributes`."""

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.attributes import (
    FILTERS,
    AttributeDeletion,
    ForwardingDetails,
    LocalAttribute,
    QueryValidation,
    Succession,
    TagCollection,
    attribute_content,
)
from enmeshed_nb.connector.filters import FilterValue, query_of
from enmeshed_nb.connector.resource import endpoint
from enmeshed_nb.connector.validation import ValidationResult
from enmeshed_nb.content.queries import (
    IdentityAttributeQuery,
    IQLQuery,
    RelationshipAttributeQuery,
    ThirdPartyRelationshipAttributeQuery,
)
from enmeshed_nb.content.values import AttributeValue


class Attributes(Resource):
    """`connector.attributes`; API key scope `core:attributes`."""

    @endpoint("PUT", "/Attributes/CanCreate")
    def can_create(
        self, value: AttributeValue | Mapping[str, Any], tags: Sequence[str] | None = None
    ) -> ValidationResult:
        """Check whether an own IdentityAttribute can be created: `PUT /Attributes/CanCreate`."""
        return self._call(self.can_create, ValidationResult, body={"content": attribute_content(value, tags)})

    @endpoint("POST", "/Attributes")
    def create(self, value: AttributeValue | Mapping[str, Any], tags: Sequence[str] | None = None) -> LocalAttribute:
        """Create an own IdentityAttribute: `POST /Attributes`.

        Raises:
            Refused: e.g. one with the same value exists.
        """
        return self._call(self.create, LocalAttribute, body={"content": attribute_content(value, tags)})

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
        body = {"successorContent": attribute_content(value, tags)}
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
