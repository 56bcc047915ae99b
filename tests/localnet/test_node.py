"""How Node is started."""

import stat
import sys
from pathlib import Path

import pytest

from enmeshed_nb.localnet import node

SAYS_ITS_CACHE = [sys.executable, "-c", "import os; print(os.environ.get('NODE_COMPILE_CACHE', 'none'))"]


def cache_of_a_node() -> str:
    with node.start(SAYS_ITS_CACHE) as process:
        return process.stdout.read().decode().strip()


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.delenv("NODE_COMPILE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "enmeshed-nb" / "node"


def test_what_v8_compiled_is_kept_where_only_its_owner_can_write(cache):
    assert cache_of_a_node() == str(cache)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o702])
def test_a_cache_into_which_others_can_write_is_not_used(cache, mode):
    cache.mkdir(parents=True)
    cache.chmod(mode)
    assert cache_of_a_node() == "none"


def test_without_a_place_for_a_cache_node_starts_all_the_same(cache):
    cache.parent.write_text("a file")
    assert cache_of_a_node() == "none"


def test_a_cache_that_somebody_chose_stays(cache, monkeypatch):
    monkeypatch.setenv("NODE_COMPILE_CACHE", "/elsewhere")
    assert cache_of_a_node() == "/elsewhere"
