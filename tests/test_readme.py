"""All code of the README is run: on a new network, as somebody who copies it does."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from itertools import takewhile
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement

from enmeshed_nb import cli
from enmeshed_nb.localnet import stop
from enmeshed_nb.own_connectors import from_environment
from tests.conftest import ROOT, enmeshed_nb, up

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
MAKE, INSTALL, LAB, COMMANDS, VARIABLES = [code for language, code in BLOCKS if language == "sh"]
ALONE = {name: value for name, value in os.environ.items() if not name.startswith("ENMESHED_NB_")}


def test_every_block_is_tested_here():
    kinds = ["sh", "sh", "sh", "sh", "json", "sh", "toml", "python", "python", "python"]
    assert [language for language, _ in BLOCKS] == kinds


PROGRAM, ASYNC, TESTS = [code for language, code in BLOCKS if language == "python"]


def test_python_runs_on_a_new_network(folder):
    for program, said in ((PROGRAM, "Accepted\n"), (PROGRAM, "Accepted\n"), (ASYNC, "Accepted Accepted Accepted\n")):
        done = subprocess.run(
            [sys.executable, "-P", "-c", program],
            env=ALONE | {"ENMESHED_NB_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, said), done.stderr


def test_the_tests_are_some_and_pass(tmp_path):
    (tmp_path / "test_of_the_readme.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'temporary'}"]
    done = subprocess.run(command, cwd=tmp_path, env=ALONE, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("code", [code for language, code in BLOCKS if language == "json"])
def test_the_configuration_is_one(folder, tmp_path, code):
    config = json.loads(code)
    config["connectors"]["recipient"]["infrastructure"]["httpServer"]["port"] = 0  # any: 8081 may be taken here
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert len(up(folder, "--config", tmp_path / "config.json")["connectors"]) == 2
    stop(folder)


def test_each_target_of_make_exists():
    for line in [*MAKE.splitlines(), *LAB.splitlines()]:
        command = shlex.split(line, comments=True)
        planned = subprocess.run([*command, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert planned.returncode == 0, planned.stderr
        assert "tools/bootstrap.py" in planned.stdout or command[1] == "help"
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"^make (\w+) +\S", listed, re.MULTILINE) == targets


def test_each_command_and_option_exists():
    lines = COMMANDS.splitlines()
    assert len(lines) >= 9
    for line in lines:
        name = [*takewhile(re.compile("[a-z]+").fullmatch, line.split()[1:])]
        said = CliRunner().invoke(cli.main, [*name, "--help"]).output
        assert said.startswith("Usage: "), name
        for option in re.findall(r"(?<!\S)(--?[a-z][a-z-]*)", line):
            assert re.search(rf"(?<!\S){option}\b", said), f"{name} {option}"


def test_the_commands_work_as_they_are_written(folder):
    for line in COMMANDS.splitlines():
        command = shlex.split(line, comments=True)[1:]
        if command[0] in ("up", "status", "down", "doctor"):
            done = enmeshed_nb(*command, ENMESHED_NB_DATA_DIR=str(folder))
            assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"


def test_what_can_be_installed_is_declared():
    asked = [Requirement(shlex.split(line, comments=True)[-1]) for line in INSTALL.splitlines()]
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {each.name for each in asked} == {declared["name"]}
    named = {*re.findall(r"\[(\w+)\]", INSTALL)}
    assert named == {*declared["optional-dependencies"]} > set().union(*(each.extras for each in asked))


def test_the_variables_name_own_connectors(monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    for line in VARIABLES.splitlines():
        monkeypatch.setenv(*line.split("="))
    own = from_environment()
    assert own
    assert own.sender.url == "https://sender.example"
    assert own.recipient.settings.api_key.read("key", own.recipient.place) == "…"


def test_the_profile_names_own_connectors(monkeypatch, tmp_path: Path):
    (profile,) = [code for language, code in BLOCKS if language == "toml"]
    (tmp_path / "profiles.toml").write_text(profile)
    monkeypatch.setenv("ENMESHED_NB_PROFILES", str(tmp_path / "profiles.toml"))
    own = from_environment("staging")
    assert own
    assert [each.url for each in own.all.values()] == ["https://sender.example", "https://recipient.example"]


def test_each_file_that_is_linked_is_there():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    files = [link for link in links if "://" not in link]
    assert len(files) > 10
    assert [link for link in files if not (ROOT / link).exists()] == []


def test_make_run_says_what_it_shows_and_what_comes_next():
    planned = subprocess.run(["make", "run", "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    steps = ["tools/bootstrap.py runtime", "cat tools/guide.txt", "enmeshed-nb run", "Next: make lab"]
    assert sorted(steps, key=planned.find) == steps
    assert all(step in planned for step in steps)
    picture = (ROOT / "tools" / "guide.txt").read_text(encoding="utf-8")
    assert max(map(len, picture.splitlines())) <= 120
    for word in ("Requests via Messages", "Sender", "Backbone", "Recipient", "accepted", "rejected"):
        assert word in picture
