"""The local network: a Backbone in Python and Connectors on the real enmeshed Runtime, on this machine only."""

from typing import TYPE_CHECKING

from enmeshed_nb.lazy import lazily

if TYPE_CHECKING:
    from enmeshed_nb.localnet.errors import NetworkError
    from enmeshed_nb.localnet.local_network import LocalNetwork, NetworkClock, reset, running, stop
    from enmeshed_nb.localnet.snapshots import NetworkSnapshots, Snapshot

__all__ = ["LocalNetwork", "NetworkClock", "NetworkError", "NetworkSnapshots", "Snapshot", "reset", "running", "stop"]

if not TYPE_CHECKING:  # for who checks types, nothing is found that does not stand above
    __getattr__, __dir__ = lazily(__name__, __all__, ("errors", "snapshots", "local_network"))
