"""The Connectors that acceptance runs are tried on."""

import pytest

from enmeshed_nb.acceptance import Ground


@pytest.fixture
def ground(sender, recipient) -> Ground:
    """Two Connectors of the session's network, as the ground of a run."""
    both = (sender, recipient)
    return Ground(
        "session",
        sender,
        recipient,
        {each.name: each.require_version().version for each in both},
        {each.name: each.account.identity_info().address for each in both},
    )
