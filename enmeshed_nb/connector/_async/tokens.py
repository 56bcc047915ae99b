"""The methods of `Tokens`."""

import builtins
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack

from enmeshed_nb.connector._async.resource import AsyncResource
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


class AsyncTokens(AsyncResource):
    """`connector.tokens`; API key scope `core:tokens`."""

    @endpoint("POST", "/Tokens/Own")
    async def create_own(
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
        return await self._call(self.create_own, Token, body=body)

    @endpoint("POST", "/Tokens/Peer")
    async def load_peer(
        self, reference: str | Reference, *, ephemeral: bool | None = None, password: str | None = None
    ) -> Token:
        """Load the Token of someone else: `POST /Tokens/Peer`."""
        body = {"reference": reference_of(reference), "ephemeral": ephemeral, "password": password}
        return await self._call(self.load_peer, Token, body=body)

    @endpoint("GET", "/Tokens/Own")
    async def list_own(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[Token]:
        """Return the own Tokens that match: `GET /Tokens/Own`."""
        return await self._call(self.list_own, builtins.list[Token], query=query_of(filters, keywords))

    @endpoint("GET", "/Tokens/Peer")
    async def list_peer(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[Token]:
        """Return the loaded Tokens that match: `GET /Tokens/Peer`."""
        return await self._call(self.list_peer, builtins.list[Token], query=query_of(filters, keywords))

    @endpoint("GET", "/Tokens/{id}")
    async def get(self, token_id: str) -> Token:
        """Return a Token: `GET /Tokens/{id}`."""
        return await self._call(self.get, Token, token_id)

    @endpoint("GET", "/Tokens/{id}")
    async def get_png(self, token_id: str) -> Png:
        """Return a Token's reference as a QR code: `GET /Tokens/{id}` as image/png."""
        return await self._call(self.get_png, Png, token_id)

    @endpoint("DELETE", "/Tokens/{id}", since=Since("7.3.0"))
    async def delete(self, token_id: str) -> None:
        """Delete a Token: `DELETE /Tokens/{id}`."""
        return await self._call(self.delete, type(None), token_id)
