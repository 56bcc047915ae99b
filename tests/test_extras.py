"""What is installed only if it is asked for: its list is that of `pyproject.toml`, and who misses it is told so."""

import tomllib
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from enmeshed_nb import extras
from enmeshed_nb.errors import UserError
from tests.conftest import ROOT, enmeshed_nb

DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
NOT_ON_WINDOWS = {"uvloop"}


@pytest.mark.parametrize(
    ("extra", "packages"), [("network", extras.NETWORK), ("lab", extras.LAB[len(extras.NETWORK) :])]
)
def test_the_packages_that_are_looked_for_are_those_that_are_declared(extra, packages):
    declared = {Requirement(each).name for each in DECLARED[extra]} - {"enmeshed-nb"} - NOT_ON_WINDOWS
    distributions = packages_distributions()
    looked_for = [set(map(canonicalize_name, distributions[package])) & declared for package in packages]
    assert all(len(each) == 1 for each in looked_for), looked_for
    assert set().union(*looked_for) == declared


def test_each_larger_one_contains_the_smaller():
    assert DECLARED["lab"][0] == "enmeshed-nb[network]"
    assert DECLARED["all"] == ["enmeshed-nb[lab]"]


def test_what_is_installed_is_not_missed():
    for extra in ("network", "lab"):
        extras.require(extra, "This")


def test_what_is_missing_is_named_with_what_brings_it(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name in ("fastapi", "htpy") else name)
    with pytest.raises(extras.MissingExtraError) as missing:
        extras.require("network", "The Moon")
    assert str(missing.value) == (
        'The Moon needs packages that are not installed: fastapi.\nRun: pip install "enmeshed-nb[network]"'
    )
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"argon2, cryptography, fastapi and \d+ more\.\n"):
        extras.require("lab", "The Moon")
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name in ("fastapi", "htpy") else name)
    with pytest.raises(ImportError, match=r"(?s)not installed: fastapi, htpy\..*enmeshed-nb\[lab\]"):
        extras.require("lab", "The Moon")
    assert isinstance(missing.value, UserError)


NEED_A_NETWORK = [
    "up",
    "down",
    "status",
    "clock",
    "snapshots list",
    "faults list",
    "logs",
    "reset",
    "backbone",
    "install",
]


@pytest.mark.parametrize("command", [*NEED_A_NETWORK, "doctor"])
def test_a_command_says_what_it_needs_before_it_does_anything(monkeypatch, folder, command):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "uvicorn" else name)
    words = command.split()
    refused = enmeshed_nb(*words, ENMESHED_NB_DATA_DIR=str(folder))
    assert refused.returncode == 1
    assert f"{command}` needs packages that are not installed: uvicorn." in refused.stderr
    assert 'pip install "enmeshed-nb[network]"' in refused.stderr
    assert not folder.exists()
    assert enmeshed_nb(*words, "--help").returncode == 0
