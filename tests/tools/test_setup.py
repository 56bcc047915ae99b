"""Set-up that cannot succeed: one message that says why and what to do, and nothing half done."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from enmeshed_nb.localnet import NetworkError, install, node
from tools import bootstrap
from tools.javascript import check

ROOT = Path(__file__).parents[2]
UNREACHABLE = "http://127.0.0.1:9"


def test_an_old_python_is_told_what_is_needed():
    with pytest.raises(SystemExit, match=r"Python 3\.10\.4, and enmeshed-nb needs 3\.11 or newer.*\n.*PYTHON=python3"):
        bootstrap.check_python((3, 10, 4))


def test_bootstrap_is_readable_by_old_pythons():
    source = (ROOT / "tools" / "bootstrap.py").read_text(encoding="utf-8")
    compile(source, "bootstrap.py", "exec", dont_inherit=True)
    import ast

    ast.parse(source, feature_version=(3, 7))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what set-up needs, without what it makes."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "tools", "requirements", "enmeshed_nb"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def test_without_pypi_the_set_up_says_so_and_can_be_repeated(clone):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment |= {"PIP_INDEX_URL": UNREACHABLE, "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    for _ in range(2):
        failed = subprocess.run(
            [sys.executable, "tools/bootstrap.py", "runtime"],
            cwd=clone,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert failed.returncode == 1
        assert "Set-up failed: pip could not install" in failed.stderr
        assert "Is PyPI reachable" in failed.stderr
        assert not list(clone.glob(".venv/*.stamp"))


def test_without_npm_the_installation_says_so_and_is_not_taken_for_complete(clone, monkeypatch):
    host = clone / "enmeshed_nb" / "localnet" / "connector_host"
    for name in ("SOURCE", "PACKAGES", "HOST"):
        monkeypatch.setattr(node, name, host)
    monkeypatch.setenv("npm_config_registry", UNREACHABLE)
    monkeypatch.setenv("npm_config_cache", str(clone / "npm-cache"))
    with pytest.raises(NetworkError, match=r"(?s)npm could not install.*registry can be reached"):
        install.install()
    assert not install.is_installed()


def test_what_checks_the_javascript_is_installed_once_for_each_lock_file(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(check, "npm", lambda *words, **_: calls.append(words) or len(calls) - 1)
    monkeypatch.setattr(check, "LOCK", tmp_path / "package-lock.json")
    monkeypatch.setattr(check, "DONE", tmp_path / "done")
    check.LOCK.write_text("one")
    assert (check.install(), check.install(), len(calls)) == (0, 0, 1)
    check.LOCK.write_text("two")
    assert (check.install(), check.is_installed(), len(calls)) == (1, False, 2)  # npm failed: not done


def test_lock_files_pin_everything_and_name_no_registry():
    for path in (ROOT / "requirements").glob("*.lock"):
        lines = path.read_text().splitlines()
        assert not [line for line in lines if "http:" in line or "https:" in line or "index-url" in line]
        assert all("==" in line for line in lines if line and not line.startswith((" ", "#")))
    for folder in (node.HOST, ROOT / "tools" / "javascript"):
        assert '"resolved"' not in (folder / "package-lock.json").read_text()
