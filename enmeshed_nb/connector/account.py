"""The Connector's own Identity, and synchronisation."""

from pydantic import StrictStr

from enmeshed_nb.content.model import Model, Timestamp


class IdentityInfo(Model):
    """An Identity: its address (`did:e:…`) and its public key (JSON, encoded)."""

    address: StrictStr
    public_key: StrictStr


class SyncRun(Model):
    """A finished synchronisation."""

    completed_at: Timestamp


class SyncInfo(Model):
    """The last synchronisation, None before the first."""

    last_sync_run: SyncRun | None = None
