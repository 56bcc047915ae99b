"""Notes that a Connector keeps about Identities, for its own use."""

from typing import Any

from pydantic import StrictStr

from enmeshed_nb.connector.filters import Query
from enmeshed_nb.content.model import Model


class IdentityMetadatum(Model):
    """A note: the address it is about, a key to tell several apart, and any JSON."""

    reference: StrictStr
    key: StrictStr | None = None
    value: Any


def note_query(reference: str, key: str | None) -> Query:
    """Return the query string's pairs that name a note."""
    return [("reference", reference)] if key is None else [("reference", reference), ("key", key)]
