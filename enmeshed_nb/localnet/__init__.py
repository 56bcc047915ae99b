"""The local network: a Backbone in Python and Connectors on the real enmeshed Runtime, on this machine only."""

from typing import TYPE_CHECKING

from enmeshed_nb.lazy import lazily

if TYPE_CHECKING:
    from enmeshed_nb.localnet.errors import NetworkError
    from enmeshed_nb.localnet.injecting import Injected, NetworkFaults
    from enmeshed_nb.localnet.local_network import LocalNetwork, NetworkClock, reset, running, stop
    from enmeshed_nb.localnet.snapshots import NetworkSnapshots, Snapshot

__all__ = [
    "Injected",
    "LocalNetwork",
    "NetworkClock",
    "NetworkError",
    "NetworkFaults",
    "NetworkSnapshots",
    "Snapshot",
    "reset",
    "running",
    "stop",
]

if not TYPE_CHECKING:  # for who checks types, nothing is found that does not stand above
    __getattr__, __dir__ = lazily(__name__, __all__, ("errors", "faults", "injecting", "snapshots", "local_network"))
