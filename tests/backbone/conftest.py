"""What tests of the Backbone get: an empty world, or a process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backbone.process import Process
from tests.backbone.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An empty Backbone."""
    made = World(tmp_path / "backbone")
    yield made
    made.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Process]:
    """A Backbone that is served by a process of its own."""
    process = Process(tmp_path / "backbone")
    yield process
    process.process.kill()
    process.process.wait()
    process.listener.close()
