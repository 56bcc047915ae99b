"""Notes that a Connector keeps about Identities, for its own use."""

from typing import Any

from pydantic import StrictStr

from enmeshed_nb.connector.filters import Query
from enmeshed_nb.connector.http import Body
from enmeshed_nb.connector.resource import Resource, endpoint
from enmeshed_nb.content.model import Model, to_json


class IdentityMetadatum(Model):
    """A note: the address it is about, a key to tell several apart, and any JSON."""

    reference: StrictStr
    key: StrictStr | None = None
    value: Any


class IdentityMetadata(Resource):
    """`connector.identity_metadata`; API key scope `core:identityMetadata`."""

    @endpoint("PUT", "/IdentityMetadata")
    def upsert(self, reference: str, value: Any, key: str | None = None) -> IdentityMetadatum:
        """Store a note: `PUT /IdentityMetadata`."""
        note = {"reference": reference, "value": to_json(value)} | ({} if key is None else {"key": key})
        return self._call(self.upsert, IdentityMetadatum, body=Body(json=note))

    @endpoint("GET", "/IdentityMetadata")
    def get(self, reference: str, key: str | None = None) -> IdentityMetadatum:
        """Return a note: `GET /IdentityMetadata`.

        Raises:
            Refused: there is none (code `error.runtime.identityMetadata.notFound`).
        """
        return self._call(self.get, IdentityMetadatum, query=_query(reference, key))

    @endpoint("DELETE", "/IdentityMetadata")
    def delete(self, reference: str, key: str | None = None) -> None:
        """Delete a note: `DELETE /IdentityMetadata`."""
        return self._call(self.delete, type(None), query=_query(reference, key))


def _query(reference: str, key: str | None) -> Query:
    return [("reference", reference)] if key is None else [("reference", reference), ("key", key)]
