"""Starting, stopping and asking tell the truth at any moment, also about what hangs, and nobody is in another's way."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from enmeshed_nb.localnet import LocalNetwork, NetworkError, running, stop
from enmeshed_nb.localnet.errors import HangingError
from enmeshed_nb.localnet.settings import Folder
from tests.conftest import ENMESHED_NB, ROOT, closed_port, enmeshed_nb, is_gone, until, up
from tests.localnet.conftest import addresses

MOMENTS = {
    "when its place is taken": "control.json",
    "when it has settings": "settings.json",
    "when the Backbone has its store": "backbone/backbone.db",
    "when the Sender has its store": "connectors/sender/account.db",
    "when the Recipient has its store": "connectors/recipient/account.db",
}


def begin(folder: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    """Begin `up`, and do not wait for it."""
    command = [*ENMESHED_NB, "up", "--json", "--data-dir", str(folder), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def is_done(started: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = started.communicate(timeout=150)
    return started.returncode, out, err


@pytest.mark.parametrize("sign", MOMENTS.values(), ids=MOMENTS)
def test_down_stops_a_network_that_starts(folder, sign):
    starting = begin(folder)
    until((folder / sign).exists, 60, sign)
    processes = [psutil.Process(starting.pid), *psutil.Process(starting.pid).children(recursive=True)]
    stopped = enmeshed_nb("down", "--data-dir", folder)
    assert (stopped.returncode, stopped.stdout) == (0, "The network is stopped; its data stays.\n")
    code, out, err = is_done(starting)
    assert (code, out) == (1, "") or json.loads(out)  # it may have been up just then
    assert code == 0 or "The network was stopped while it started." in err or "ended while it started" in err
    assert all(is_gone(process.pid) for process in processes)
    assert Folder(folder).is_free()
    assert enmeshed_nb("down", "--data-dir", folder).stdout == "No network runs here.\n"
    assert len(up(folder)["connectors"]) == 2


@pytest.mark.parametrize("sign", ["control.json", "backbone/backbone.db"])
def test_a_network_whose_up_was_killed_meanwhile_can_be_stopped(folder, sign):
    starting = begin(folder)
    until((folder / sign).exists, 60, sign)
    starting.kill()
    starting.communicate()
    stopped = enmeshed_nb("down", "--data-dir", folder)
    said = {"The network is stopped; its data stays.\n"}
    if sign == "control.json":  # it is written just before what listens there is started
        said.add("No network runs here.\n")
    assert (stopped.returncode, stopped.stdout in said) == (0, True), stopped.stdout
    assert Folder(folder).is_free()


def test_status_waits_for_a_network_that_starts(folder):
    starting = begin(folder)
    until((folder / "control.json").exists, 60, "it starts")
    status = json.loads(enmeshed_nb("status", "--json", "--data-dir", folder).stdout)
    assert status["running"] is True
    assert is_done(starting)[0] == 0


@pytest.fixture
def suspended(folder: Path) -> Iterator[psutil.Process]:
    """A supervisor that hangs."""
    supervisor = psutil.Process(up(folder)["pid"])
    supervisor.suspend()
    yield supervisor
    stop(folder, force=True)


def test_a_network_that_hangs_is_said_to_and_ended_by_force(folder, suspended):
    (node,) = suspended.children()
    says = f"The network in {folder} does not answer: its process {suspended.pid} is suspended."
    cure = f"`kill -CONT {suspended.pid}` lets it go on; `enmeshed-nb down --force --data-dir {folder}` ends it"
    for command in ("up", "down", "status", "doctor"):
        said = enmeshed_nb(command, "--data-dir", folder)
        assert said.returncode == 1
        told = "".join((said.stdout + said.stderr).split())  # the doctor's table is as wide as the terminal
        assert "".join(says.split()) in told
        assert "".join(cure.split()) in told
    status = json.loads(enmeshed_nb("status", "--json", "--data-dir", folder).stdout)
    assert (status["running"], status["failure"].startswith(says)) == (False, True)
    ended = enmeshed_nb("down", "--force", "--data-dir", folder)
    assert (ended.returncode, ended.stdout) == (0, "The network is stopped; its data stays.\n")
    assert is_gone(suspended.pid)
    assert is_gone(node.pid)
    assert enmeshed_nb("down", "--force", "--data-dir", folder).stdout == "No network runs here.\n"
    assert len(up(folder)["connectors"]) == 2


def test_a_network_that_goes_on_answers_again(folder, suspended):
    with pytest.raises(HangingError):
        running(folder)
    suspended.resume()
    assert running(folder).pid == suspended.pid
    assert stop(folder, force=True)


def test_only_the_networks_own_processes_are_killed(folder, suspended):
    program = "import sys; file = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    lock = str(folder / "network.lock")
    with subprocess.Popen(  # it has the lock's file open, and the process id that is remembered
        [sys.executable, "-c", program, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as bystander:
        assert bystander.stdout.readline() == "open\n"
        state = json.loads((folder / "network.json").read_text()) | {"pid": bystander.pid}
        (folder / "network.json").write_text(json.dumps(state))
        assert stop(folder, force=True)
        assert bystander.poll() is None
        bystander.stdin.close()


def test_a_folder_is_not_free_before_its_connectors_have_ended(folder):
    """Two Node processes on one store would harm it."""
    supervisor = psutil.Process(up(folder)["pid"])
    (node,) = supervisor.children()
    node.suspend()
    supervisor.kill()
    until(lambda: is_gone(supervisor.pid), 10, "the supervisor is gone")
    assert not Folder(folder).is_free()
    with pytest.raises(HangingError, match=f"its process {node.pid} is suspended"):
        LocalNetwork.open(folder)
    assert stop(folder, force=True)
    assert Folder(folder).is_free()
    until(lambda: is_gone(node.pid), 10, "Node is gone")  # its files are closed before it is


def test_two_that_start_at_once_have_one_network(folder):
    for _ in range(3):
        starting = [begin(folder) for _ in range(2)]
        done = [is_done(each) for each in starting]
        assert [(code, err) for code, _, err in done] == [(0, "")] * 2
        assert json.loads(done[0][1]) == json.loads(done[1][1])
        assert stop(folder)


def test_networks_that_had_the_same_ports_start_at_once(copy, tmp_path):
    """A port is had by binding it: who only tried whether it is free would be refused later."""
    other = tmp_path / "other"
    shutil.copytree(copy.path, other)
    try:
        starting = [begin(each) for each in (copy.path, other)]
        done = [is_done(each) for each in starting]
        assert [code for code, _, _ in done] == [0, 0], [err for _, _, err in done]
        urls = [each["url"] for _, out, _ in done for each in json.loads(out)["connectors"]]
        assert len(set(urls)) == 4
        assert sum(err.count("is taken: it has a new one") for _, _, err in done) == 3
    finally:
        stop(other)


def test_a_port_that_somebody_asked_for_is_not_replaced(folder, tmp_path):
    port = closed_port()
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"backbone": {"port": port}, "connectors": {"one": {}}}))
    up(folder, "--config", config)
    stop(folder)
    with closing(socket.create_server(("127.0.0.1", port))):
        refused = enmeshed_nb("up", "--data-dir", folder)
    assert refused.returncode == 1
    assert f"Port {port} for the Backbone cannot be used: Address already in use." in refused.stderr
    assert up(folder)["backbone"]["url"].endswith(f":{port}")


def test_what_a_control_file_said_that_was_broken_or_removed_is_said_again(folder):
    state = up(folder)
    for harm in (lambda path: path.write_text("{broken"), Path.unlink):
        harm(folder / "control.json")
        assert up(folder) == state
        until(lambda: Folder(folder).load_control(), 10, "it is written anew")


def test_a_start_that_fails_is_told_to_all_who_wait_for_it(copy):
    copy.backbone_store.unlink()
    starting = [begin(copy.path) for _ in range(2)]
    for code, _, err in map(is_done, starting):
        assert (code, "backbone.db is gone" in err) == (1, True)


def test_a_supervisor_that_dies_without_a_word_is_missed(folder, monkeypatch):
    monkeypatch.setattr("enmeshed_nb.localnet.local_network.SUPERVISOR", "enmeshed_nb.there_is_no_such_module")
    with pytest.raises(NetworkError, match=r"ended while it started \(exit code 1\)") as missed:
        LocalNetwork.open(folder)
    assert str(folder / "logs" / "network.log") in missed.value.cure
    assert "No module named" in (folder / "logs" / "network.log").read_text()


def test_the_settings_say_what_runs(network):
    known = addresses(Folder(Path(network.state.data_dir)))
    assert known == {each.name: each.address for each in network.state.connectors}


def test_a_supervisor_ends_at_sigterm_while_it_starts(folder):
    starting = begin(folder)
    until((folder / "backbone/backbone.db").exists, 60, "it starts")
    (supervisor,) = psutil.Process(starting.pid).children()
    os.kill(supervisor.pid, signal.SIGTERM)
    code, _, err = is_done(starting)
    assert (code, "was stopped while it started" in err) == (1, True)
    until(Folder(folder).is_free, 10, "it has ended")
