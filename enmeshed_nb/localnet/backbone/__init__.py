"""A Backbone: the relay between Connectors. It sees who talks to whom and when, and of the rest only ciphers.

Everything is kept in one SQLite file. It checks what the real one checks: signatures, passwords, who is a party, what
may follow on what, limits and expiry.
"""

from enmeshed_nb.localnet.backbone.app import Backbone

__all__ = ["Backbone"]
