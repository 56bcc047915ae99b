"""The local network: a Backbone in Python and Connectors on the real enmeshed Runtime, on this machine only."""

from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.local_network import LocalNetwork, reset, running, stop

__all__ = ["LocalNetwork", "NetworkError", "reset", "running", "stop"]
