"""The methods of `Relationships`."""

import builtins
from collections.abc import Mapping
from typing import Any

from enmeshed_nb.connector._async.resource import AsyncResource
from enmeshed_nb.connector.attributes import LocalAttribute
from enmeshed_nb.connector.filters import FilterValue, query_of
from enmeshed_nb.connector.relationships import Relationship
from enmeshed_nb.connector.resource import endpoint
from enmeshed_nb.connector.validation import ValidationResult
from enmeshed_nb.content.relationships import CreationContent


class AsyncRelationships(AsyncResource):
    """`connector.relationships`; API key scope `core:relationships`."""

    @endpoint("PUT", "/Relationships/CanCreate")
    async def can_create(
        self, template_id: str, creation_content: CreationContent | Mapping[str, Any] | None = None
    ) -> ValidationResult:
        """Check whether a Relationship can be created from a loaded template: `PUT /Relationships/CanCreate`.

        Raises:
            NotFound: the template was not loaded here.
        """
        body = {"templateId": template_id, "creationContent": creation_content}
        return await self._call(self.can_create, ValidationResult, body=body)

    @endpoint("POST", "/Relationships")
    async def create(self, template_id: str, creation_content: CreationContent | Mapping[str, Any]) -> Relationship:
        """Create a Pending Relationship from a loaded template, for the templator to accept: `POST /Relationships`.

        Raises:
            Refused: e.g. there is a Relationship already, or the template has expired.
        """
        body = {"templateId": template_id, "creationContent": creation_content}
        return await self._call(self.create, Relationship, body=body)

    @endpoint("GET", "/Relationships")
    async def list(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[Relationship]:
        """Return the Relationships that match: `GET /Relationships`. Filters: `peer`, `status`, `template_id`."""
        return await self._call(self.list, builtins.list[Relationship], query=query_of(filters, keywords))

    @endpoint("GET", "/Relationships/{id}")
    async def get(self, relationship_id: str) -> Relationship:
        """Return a Relationship: `GET /Relationships/{id}`.

        Raises:
            NotFound: there is none with this id.
        """
        return await self._call(self.get, Relationship, relationship_id)

    @endpoint("GET", "/Relationships/{id}/Attributes")
    async def attributes(self, relationship_id: str) -> builtins.list[LocalAttribute]:
        """Return the Attributes of a Relationship: `GET /Relationships/{id}/Attributes`."""
        return await self._call(self.attributes, builtins.list[LocalAttribute], relationship_id)

    @endpoint("PUT", "/Relationships/{id}/Accept")
    async def accept(self, relationship_id: str) -> Relationship:
        """Accept a Pending Relationship that the peer created: `PUT /Relationships/{id}/Accept`. It becomes Active."""
        return await self._call(self.accept, Relationship, relationship_id)

    @endpoint("PUT", "/Relationships/{id}/Reject")
    async def reject(self, relationship_id: str) -> Relationship:
        """Reject a Pending Relationship that the peer created: `PUT /Relationships/{id}/Reject`."""
        return await self._call(self.reject, Relationship, relationship_id)

    @endpoint("PUT", "/Relationships/{id}/Revoke")
    async def revoke(self, relationship_id: str) -> Relationship:
        """Take back a Pending Relationship created here: `PUT /Relationships/{id}/Revoke`."""
        return await self._call(self.revoke, Relationship, relationship_id)

    @endpoint("PUT", "/Relationships/{id}/Terminate")
    async def terminate(self, relationship_id: str) -> Relationship:
        """End an Active Relationship: `PUT /Relationships/{id}/Terminate`. Messages cannot be exchanged any more."""
        return await self._call(self.terminate, Relationship, relationship_id)

    @endpoint("PUT", "/Relationships/{id}/Reactivate")
    async def reactivate(self, relationship_id: str) -> Relationship:
        """Ask the peer to take up a Terminated Relationship again: `PUT /Relationships/{id}/Reactivate`."""
        return await self._call(self.reactivate, Relationship, relationship_id)

    @endpoint("PUT", "/Relationships/{id}/Reactivate/Accept")
    async def accept_reactivation(self, relationship_id: str) -> Relationship:
        """Agree to the peer's wish: `PUT /Relationships/{id}/Reactivate/Accept`. It becomes Active again."""
        return await self._call(self.accept_reactivation, Relationship, relationship_id)

    @endpoint("PUT", "/Relationships/{id}/Reactivate/Reject")
    async def reject_reactivation(self, relationship_id: str) -> Relationship:
        """Refuse the peer's wish: `PUT /Relationships/{id}/Reactivate/Reject`."""
        return await self._call(self.reject_reactivation, Relationship, relationship_id)

    @endpoint("PUT", "/Relationships/{id}/Reactivate/Revoke")
    async def revoke_reactivation(self, relationship_id: str) -> Relationship:
        """Take back the own wish: `PUT /Relationships/{id}/Reactivate/Revoke`."""
        return await self._call(self.revoke_reactivation, Relationship, relationship_id)

    @endpoint("DELETE", "/Relationships/{id}")
    async def decompose(self, relationship_id: str) -> None:
        """Delete a Terminated Relationship with everything that belongs to it: `DELETE /Relationships/{id}`."""
        return await self._call(self.decompose, type(None), relationship_id)
