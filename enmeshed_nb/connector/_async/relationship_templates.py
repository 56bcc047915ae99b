"""The methods of `RelationshipTemplates`."""

import builtins
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack

from enmeshed_nb.connector._async.resource import AsyncResource
from enmeshed_nb.connector.filters import FilterValue, query_of
from enmeshed_nb.connector.relationship_templates import RelationshipTemplate
from enmeshed_nb.connector.resource import (
    Access,
    Png,
    Reference,
    TokenOptions,
    endpoint,
    options_json,
    reference_of,
)
from enmeshed_nb.connector.tokens import Token
from enmeshed_nb.content.relationships import TemplateContent
from enmeshed_nb.content.since import Since


class AsyncRelationshipTemplates(AsyncResource):
    """`connector.relationship_templates`; API key scope `core:relationshipTemplates`."""

    @endpoint("POST", "/RelationshipTemplates/Own")
    async def create_own(
        self,
        content: TemplateContent | Mapping[str, Any],
        expires_at: datetime | str,
        *,
        max_number_of_allocations: int | None = None,
        **access: Unpack[Access],
    ) -> RelationshipTemplate:
        """Create a template: `POST /RelationshipTemplates/Own`.

        Args:
            content: a RelationshipTemplateContent, or an ArbitraryRelationshipTemplateContent between Connectors.
            expires_at: a time in the future.
            max_number_of_allocations: how many Identities may load it; None: any number.
            access: `for_identity` and `password_protection`, see `Access`.

        Raises:
            Refused: e.g. `expires_at` is in the past, or a Request in the content is invalid.
        """
        body = {
            "content": content,
            "expiresAt": expires_at,
            "maxNumberOfAllocations": max_number_of_allocations,
            **options_json(Access, access),
        }
        return await self._call(self.create_own, RelationshipTemplate, body=body)

    @endpoint("POST", "/RelationshipTemplates/Peer")
    async def load_peer(self, reference: str | Reference, password: str | None = None) -> RelationshipTemplate:
        """Load the template of someone else by its reference: `POST /RelationshipTemplates/Peer`.

        If it holds a RelationshipTemplateContent, an incoming Request arises from it.
        """
        body = {"reference": reference_of(reference), "password": password}
        return await self._call(self.load_peer, RelationshipTemplate, body=body)

    @endpoint("POST", "/RelationshipTemplates/Own/{id}/Token")
    async def create_token(self, template_id: str, **options: Unpack[TokenOptions]) -> Token:
        """Create a Token that opens an own template: `POST /RelationshipTemplates/Own/{id}/Token`.

        Options: see `TokenOptions`.
        """
        return await self._call(self.create_token, Token, template_id, body=options_json(TokenOptions, options))

    @endpoint("POST", "/RelationshipTemplates/Own/{id}/Token")
    async def create_token_png(self, template_id: str, **options: Unpack[TokenOptions]) -> Png:
        """Like `create_token`, as a QR code of an ephemeral Token: the same route as image/png."""
        return await self._call(self.create_token_png, Png, template_id, body=options_json(TokenOptions, options))

    @endpoint("GET", "/RelationshipTemplates")
    async def list(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[RelationshipTemplate]:
        """Return the templates that match: `GET /RelationshipTemplates`."""
        return await self._call(self.list, builtins.list[RelationshipTemplate], query=query_of(filters, keywords))

    @endpoint("GET", "/RelationshipTemplates/Own")
    async def list_own(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[RelationshipTemplate]:
        """Return the own templates that match: `GET /RelationshipTemplates/Own`."""
        return await self._call(self.list_own, builtins.list[RelationshipTemplate], query=query_of(filters, keywords))

    @endpoint("GET", "/RelationshipTemplates/Peer")
    async def list_peer(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[RelationshipTemplate]:
        """Return the loaded templates that match: `GET /RelationshipTemplates/Peer`."""
        return await self._call(self.list_peer, builtins.list[RelationshipTemplate], query=query_of(filters, keywords))

    @endpoint("GET", "/RelationshipTemplates/{id}")
    async def get(self, template_id: str) -> RelationshipTemplate:
        """Return a template: `GET /RelationshipTemplates/{id}`."""
        return await self._call(self.get, RelationshipTemplate, template_id)

    @endpoint("GET", "/RelationshipTemplates/{id}")
    async def get_png(self, template_id: str) -> Png:
        """Return a template's reference as a QR code: `GET /RelationshipTemplates/{id}` as image/png."""
        return await self._call(self.get_png, Png, template_id)

    @endpoint("DELETE", "/RelationshipTemplates/{id}", since=Since("7.3.0"))
    async def delete(self, template_id: str) -> None:
        """Delete a template: `DELETE /RelationshipTemplates/{id}`."""
        return await self._call(self.delete, type(None), template_id)
