# Made of enmeshed_nb/connector/_async/tokens.py by tools/synchronous.py: change that.
"""The methods of `Tokens`."""

import builtins
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack

from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.filters import FilterValue, query_of
from enmeshed_nb.connector.resource import (
    Access,
    Png,
    Reference,
    endpoint,
    options_json,
    reference_of,
)
from enmeshed_nb.connector.tokens import Token
from enmeshed_nb.content.since import Since


class Tokens(Resource):
    """`connector.tokens`; API key scope `core:tokens`."""

    @endpoint("POST", "/Tokens/Own")
    def create_own(
        self,
        content: Any,
        expires_at: datetime | str,
        *,
        ephemeral: bool | None = None,
        **access: Unpack[Access],
    ) -> Token:
        """Create a Token for any JSON: `POST /Tokens/Own`.

        Args:
            content: any JSON, or a model such as a TokenContentVerifiablePresentation.
            expires_at: a time in the future.
            ephemeral: whether the Connector does not store it.
            access: `for_identity` and `password_protection`, see `Access`.
        """
        own = {"content": content, "expiresAt": expires_at, "ephemeral": ephemeral}
        body = own | options_json(Access, access)
        return self._call(self.create_own, Token, body=body)

    @endpoint("POST", "/Tokens/Peer")
    def load_peer(
        self, reference: str | Reference, *, ephemeral: bool | None = None, password: str | None = None
    ) -> Token:
        """Load the Token of someone else: `POST /Tokens/Peer`."""
        body = {"reference": reference_of(reference), "ephemeral": ephemeral, "password": password}
        return self._call(self.load_peer, Token, body=body)

    @endpoint("GET", "/Tokens/Own")
    def list_own(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[Token]:
        """Return the own Tokens that match: `GET /Tokens/Own`."""
        return self._call(self.list_own, builtins.list[Token], query=query_of(filters, keywords))

    @endpoint("GET", "/Tokens/Peer")
    def list_peer(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[Token]:
        """Return the loaded Tokens that match: `GET /Tokens/Peer`."""
        return self._call(self.list_peer, builtins.list[Token], query=query_of(filters, keywords))

    @endpoint("GET", "/Tokens/{id}")
    def get(self, token_id: str) -> Token:
        """Return a Token: `GET /Tokens/{id}`."""
        return self._call(self.get, Token, token_id)

    @endpoint("GET", "/Tokens/{id}")
    def get_png(self, token_id: str) -> Png:
        """Return a Token's reference as a QR code: `GET /Tokens/{id}` as image/png."""
        return self._call(self.get_png, Png, token_id)

    @endpoint("DELETE", "/Tokens/{id}", since=Since("7.3.0"))
    def delete(self, token_id: str) -> None:
        """Delete a Token: `DELETE /Tokens/{id}`."""
        return self._call(self.delete, type(None), token_id)
