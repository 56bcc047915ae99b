"""The Connector host's parts that need no network, tested by Node's own test runner."""

import subprocess
from pathlib import Path

from enmeshed_nb.localnet import install


def test_the_store_and_the_scopes():
    command = [install.node_command(), "--test", "--test-reporter=spec", Path(__file__).with_name("store.test.js")]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stdout
    assert "pass 7" in finished.stdout
