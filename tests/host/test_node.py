"""The Connector host's parts that need no network, tested by Node's own test runner."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from enmeshed_nb.localnet import node


def run_with_node(file: str, tests: int, environment: Mapping[str, str] | None = None) -> None:
    """Run a file of tests in Node; all of them, and that many, must pass."""
    command = [node.node_command(), "--test", "--test-reporter=spec", Path(__file__).with_name(file)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert finished.returncode == 0, finished.stdout
    assert f"pass {tests}" in finished.stdout


@pytest.mark.parametrize(("file", "tests"), [("internals.test.js", 26), ("store.test.js", 14), ("parts.test.js", 9)])
def test_with_node(file, tests):
    run_with_node(file, tests)
