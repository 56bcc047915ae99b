"""Whatever is killed: nothing is left behind, nothing that was answered is lost, and what happened is said."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from enmeshed_nb.localnet import LocalNetwork, NetworkError
from tests.conftest import enmeshed_nb, is_gone, until, up

HOLDER = """
import sys, time
from enmeshed_nb.localnet import LocalNetwork
network = LocalNetwork.open(sys.argv[1])
print(network.state.pid, flush=True)
sys.stdin.read()
"""


def node_of(supervisor: int) -> int:
    """Return the Connector host's process id."""
    (child,) = psutil.Process(supervisor).children()
    return child.pid


def hold_lease(folder: Path) -> subprocess.Popen[str]:
    """Start a process that uses the network, as a notebook's kernel does."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_killing_the_supervisor_leaves_no_process(folder):
    supervisor = up(folder)["pid"]
    node = node_of(supervisor)
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: is_gone(supervisor) and is_gone(node), 10, "the Connector host ends with its supervisor")
    assert "does not run" in enmeshed_nb("doctor", "--data-dir", folder).stdout


def test_killing_the_connector_host_ends_the_network_and_its_last_log_lines_are_told(folder):
    supervisor = up(folder)["pid"]
    os.kill(node_of(supervisor), signal.SIGKILL)
    until(lambda: is_gone(supervisor), 10, "the supervisor ends with its Connector host")
    status = json.loads(enmeshed_nb("status", "--json", "--data-dir", folder).stdout)
    assert "SIGKILL" in status["failure"]
    assert "Its last log lines:\n    recipient info" in status["failure"]
    again = up(folder)
    assert again["pid"] != supervisor
    assert json.loads(enmeshed_nb("status", "--json", "--data-dir", folder).stdout)["running"] is True


def test_killing_the_kernel_that_uses_the_network_ends_it(folder):
    kernel = hold_lease(folder)
    try:
        supervisor = int(kernel.stdout.readline())
        node = node_of(supervisor)
        kernel.send_signal(signal.SIGKILL)
        until(lambda: is_gone(supervisor) and is_gone(node), 10, "the network ends with its last lease")
    finally:
        end(kernel)


def test_killing_a_kernel_while_the_network_starts_leaves_no_process(folder):
    kernel = hold_lease(folder)
    try:
        supervisor = until(lambda: next(iter(psutil.Process(kernel.pid).children()), None), 60, "a supervisor")
        until(supervisor.children, 60, "a Connector host")
        processes = [supervisor, *supervisor.children()]
        kernel.send_signal(signal.SIGKILL)
        kernel.wait()
        until(lambda: all(is_gone(process.pid) for process in processes), 20, "the network ends")
    finally:
        end(kernel)


def test_the_network_runs_on_while_one_of_two_users_is_left(folder):
    first, second = hold_lease(folder), hold_lease(folder)
    try:
        supervisor = int(first.stdout.readline())
        assert int(second.stdout.readline()) == supervisor
        end(first)
        with LocalNetwork.open(folder) as third:
            assert third.state.pid == supervisor
        end(second)
        until(lambda: is_gone(supervisor), 10, "the network ends with its last lease")
    finally:
        end(first)
        end(second)


def test_a_network_that_up_started_stays_when_its_users_leave_and_stops_on_down(folder):
    supervisor = up(folder)["pid"]
    with LocalNetwork.open(folder) as used:
        assert used.state.pid == supervisor
        assert used.state.kept
    with pytest.raises(psutil.TimeoutExpired):
        psutil.Process(supervisor).wait(7)  # longer than a network without a lease lives
    assert enmeshed_nb("down", "--data-dir", folder).returncode == 0
    assert is_gone(supervisor)


def test_up_keeps_a_network_that_a_notebook_started(folder):
    with LocalNetwork.open(folder) as used:
        assert up(folder)["pid"] == used.state.pid
    with pytest.raises(psutil.TimeoutExpired):
        psutil.Process(used.state.pid).wait(7)


def test_a_network_killed_before_says_that_it_goes_on(folder):
    os.kill(up(folder)["pid"], signal.SIGKILL)
    again = enmeshed_nb("up", "--json", "--data-dir", folder)
    assert "had been killed" in again.stderr


def test_a_connector_that_cannot_start_leaves_the_running_ones_alone(folder, tmp_path):
    state = up(folder)
    config = tmp_path / "config.json"
    weak = {"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": {"one": {"key": "weak"}}}}}}}
    config.write_text(json.dumps({"connectors": {"weak": weak}}))
    refused = enmeshed_nb("up", "--data-dir", folder, "--config", config)
    assert refused.returncode == 1
    assert "weak" in refused.stderr
    assert "weak" not in enmeshed_nb("up", "--json", "--data-dir", folder).stdout
    assert up(folder) == state


def test_without_the_npm_packages_the_cure_is_named(folder, monkeypatch):
    monkeypatch.setattr("enmeshed_nb.localnet.install.is_installed", lambda: False)
    from enmeshed_nb.localnet import install

    with pytest.raises(NetworkError, match="Run: enmeshed-nb install"):
        install.require_installed()


def test_jupyterlab_and_its_network_end_together(folder, start_process):
    lab, _ = start_process("lab", "--data-dir", folder, "--no-browser", "--allow-root", "--ServerApp.port=0")
    until((folder / "network.json").exists, 30, "the network")
    supervisor = up_state(folder)["pid"]
    until(lambda: "jupyterlab" in " ".join(psutil.Process(lab.pid).cmdline()), 10, "the command becomes JupyterLab")
    lab.send_signal(signal.SIGKILL)
    until(lambda: is_gone(supervisor), 10, "the network ends with JupyterLab")


def up_state(folder: Path) -> dict:
    return json.loads(enmeshed_nb("status", "--json", "--data-dir", folder).stdout)
