"""The one error of the local network."""

from enmeshed_nb.errors import UserError


class NetworkError(UserError):
    """Something kept the local network from working."""
