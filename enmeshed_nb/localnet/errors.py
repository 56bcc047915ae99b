"""The errors of the local network."""

from enmeshed_nb.errors import UserError


class NetworkError(UserError):
    """Something kept the local network from working."""


class PortTakenError(NetworkError):
    """A port is used by another program, or may not be used."""


class HangingError(NetworkError):
    """A network runs, but does not answer any more."""
