# Made of enmeshed_nb/connector/_async/relationship_templates.py by tools/synchronous.py: change that.
"""The methods of `RelationshipTemplates`."""

import builtins
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack

from enmeshed_nb.connector._sync.resource import Resource
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


class RelationshipTemplates(Resource):
    """`connector.relationship_templates`; API key scope `core:relationshipTemplates`."""

    @endpoint("POST", "/RelationshipTemplates/Own")
    def create_own(
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
        return self._call(self.create_own, RelationshipTemplate, body=body)

    @endpoint("POST", "/RelationshipTemplates/Peer")
    def load_peer(self, reference: str | Reference, password: str | None = None) -> RelationshipTemplate:
        """Load the template of someone else by its reference: `POST /RelationshipTemplates/Peer`.

        If it holds a RelationshipTemplateContent, an incoming Request arises from it.
        """
        body = {"reference": reference_of(reference), "password": password}
        return self._call(self.load_peer, RelationshipTemplate, body=body)

    @endpoint("POST", "/RelationshipTemplates/Own/{id}/Token")
    def create_token(self, template_id: str, **options: Unpack[TokenOptions]) -> Token:
        """Create a Token that opens an own template: `POST /RelationshipTemplates/Own/{id}/Token`.

        Options: see `TokenOptions`.
        """
        return self._call(self.create_token, Token, template_id, body=options_json(TokenOptions, options))

    @endpoint("POST", "/RelationshipTemplates/Own/{id}/Token")
    def create_token_png(self, template_id: str, **options: Unpack[TokenOptions]) -> Png:
        """Like `create_token`, as a QR code of an ephemeral Token: the same route as image/png."""
        return self._call(self.create_token_png, Png, template_id, body=options_json(TokenOptions, options))

    @endpoint("GET", "/RelationshipTemplates")
    def list(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[RelationshipTemplate]:
        """Return the templates that match: `GET /RelationshipTemplates`."""
        return self._call(self.list, builtins.list[RelationshipTemplate], query=query_of(filters, keywords))

    @endpoint("GET", "/RelationshipTemplates/Own")
    def list_own(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[RelationshipTemplate]:
        """Return the own templates that match: `GET /RelationshipTemplates/Own`."""
        return self._call(self.list_own, builtins.list[RelationshipTemplate], query=query_of(filters, keywords))

    @endpoint("GET", "/RelationshipTemplates/Peer")
    def list_peer(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[RelationshipTemplate]:
        """Return the loaded templates that match: `GET /RelationshipTemplates/Peer`."""
        return self._call(self.list_peer, builtins.list[RelationshipTemplate], query=query_of(filters, keywords))

    @endpoint("GET", "/RelationshipTemplates/{id}")
    def get(self, template_id: str) -> RelationshipTemplate:
        """Return a template: `GET /RelationshipTemplates/{id}`."""
        return self._call(self.get, RelationshipTemplate, template_id)

    @endpoint("GET", "/RelationshipTemplates/{id}")
    def get_png(self, template_id: str) -> Png:
        """Return a template's reference as a QR code: `GET /RelationshipTemplates/{id}` as image/png."""
        return self._call(self.get_png, Png, template_id)

    @endpoint("DELETE", "/RelationshipTemplates/{id}", since=Since("7.3.0"))
    def delete(self, template_id: str) -> None:
        """Delete a template: `DELETE /RelationshipTemplates/{id}`."""
        return self._call(self.delete, type(None), template_id)
