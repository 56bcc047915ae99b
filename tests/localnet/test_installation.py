"""The installation of the Runtime: once, whoever else installs at the same time, and without litter."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from enmeshed_nb.localnet import NetworkError, install
from tests.conftest import ROOT, closed_port


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the Connector host, without its packages; `install` works there."""
    clone = tmp_path / "clone"
    host = clone / install.HOST.relative_to(ROOT)
    shutil.copytree(install.HOST, host, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(ROOT / ".gitignore", clone)
    git(clone, "init", "--quiet")
    git(clone, "add", "--all")
    git(clone, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "--message", "All")
    monkeypatch.setattr(install, "HOST", host)
    monkeypatch.setattr(install, "_DONE", host / "node_modules" / ".installed-lock.json")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return clone


def git(clone: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=clone, capture_output=True, text=True, check=True)
    return done.stdout


def test_two_at_once_install_once_and_leave_the_tree_clean(clone):
    with ThreadPoolExecutor() as pool:
        installed = list(pool.map(lambda _: install.install(), range(2)))
    assert sorted(installed) == [False, True]
    assert install.is_installed()
    assert git(clone, "status", "--porcelain") == ""


def test_an_installation_that_fails_leaves_the_tree_clean(clone, monkeypatch, tmp_path):
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(NetworkError, match="npm could not install"):
        install.install()
    assert git(clone, "status", "--porcelain") == ""


def test_a_folder_that_cannot_be_written_is_named(clone, monkeypatch):
    monkeypatch.setattr(install.os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(NetworkError, match="connector_host is not writable") as error:
        install.install()
    assert "virtual environment" in error.value.cure
