"""Tests of one's own programs against real Connectors: a local network as a `with`, and as pytest fixtures.

With pytest nothing has to be imported; the fixtures are there once enmeshed-nb is installed:

    def test_my_program(sender, recipient):   # two Connectors with new Identities and an Active Relationship
        …

Any other runner:

    with local_network() as network:
        sender, recipient = network.related()

pytest loads this in each run, so nothing is imported before it is used.
"""

from typing import TYPE_CHECKING

from enmeshed_nb.lazy import lazily

if TYPE_CHECKING:
    from enmeshed_nb.testing.networks import NetworkForTests, Pair, local_network, own_connectors, told

__all__ = ["NetworkForTests", "Pair", "local_network", "own_connectors", "told"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazily(__name__, __all__, ("networks",))
