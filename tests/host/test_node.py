"""The Connector host's parts that need no network, tested by Node's own test runner."""

import subprocess
from pathlib import Path

import pytest

from enmeshed_nb.localnet import install


@pytest.mark.parametrize(("file", "tests"), [("store.test.js", 6), ("parts.test.js", 5)])
def test_with_node(file, tests):
    command = [install.node_command(), "--test", "--test-reporter=spec", Path(__file__).with_name(file)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stdout
    assert f"pass {tests}" in finished.stdout
