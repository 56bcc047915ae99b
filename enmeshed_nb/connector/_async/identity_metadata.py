"""The methods of `IdentityMetadata`."""

from typing import Any

from enmeshed_nb.connector._async.resource import AsyncResource
from enmeshed_nb.connector.http import Body
from enmeshed_nb.connector.identity_metadata import IdentityMetadatum, note_query
from enmeshed_nb.connector.resource import endpoint
from enmeshed_nb.content.model import to_json


class AsyncIdentityMetadata(AsyncResource):
    """`connector.identity_metadata`; API key scope `core:identityMetadata`."""

    @endpoint("PUT", "/IdentityMetadata")
    async def upsert(self, reference: str, value: Any, key: str | None = None) -> IdentityMetadatum:
        """Store a note: `PUT /IdentityMetadata`."""
        note = {"reference": reference, "value": to_json(value)} | ({} if key is None else {"key": key})
        return await self._call(self.upsert, IdentityMetadatum, body=Body(json=note))

    @endpoint("GET", "/IdentityMetadata")
    async def get(self, reference: str, key: str | None = None) -> IdentityMetadatum:
        """Return a note: `GET /IdentityMetadata`.

        Raises:
            Refused: there is none (code `error.runtime.identityMetadata.notFound`).
        """
        return await self._call(self.get, IdentityMetadatum, query=note_query(reference, key))

    @endpoint("DELETE", "/IdentityMetadata")
    async def delete(self, reference: str, key: str | None = None) -> None:
        """Delete a note: `DELETE /IdentityMetadata`."""
        return await self._call(self.delete, type(None), query=note_query(reference, key))
