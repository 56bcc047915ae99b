"""The world that every test of the Backbone gets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backbone.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty Backbone."""
    made = World(tmp_path / "backbone")
    yield made
    made.close()
