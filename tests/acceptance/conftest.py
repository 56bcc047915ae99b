"""The Connectors that acceptance runs are tried on."""

import pytest

from enmeshed_nb.acceptance import Ground


@pytest.fixture
def ground(sender, recipient) -> Ground:
    """Two Connectors of the session's network, as the ground of a run."""
    return Ground.of("session", sender, recipient)
