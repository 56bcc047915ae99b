"""What is wrong with a load that was asked for."""

from enmeshed_nb.errors import UserError


class LoadError(UserError):
    """A load cannot be made like that, or a report of one cannot be read or written."""
