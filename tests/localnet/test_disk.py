"""A disk that is full, and one that can only be read: both are said in words, and do no damage."""

import json
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from enmeshed_nb.connector import Connector, ConnectorError
from enmeshed_nb.localnet import NetworkError, stop
from enmeshed_nb.localnet.settings import Control, Folder
from tests.conftest import connectors_of, enmeshed_nb, up
from tests.faults.disk import CAN_MOUNT, small_disk
from tests.localnet.conftest import addresses

pytestmark = pytest.mark.skipif(not CAN_MOUNT, reason="only root can mount a small file system")
MAKE_ROOM = "No space left on device.\nMake some room on the disk, then try again."


@pytest.fixture
def disk(tmp_path):
    try:
        with small_disk(tmp_path / "disk", 24) as mounted:
            yield mounted
            stop(mounted / "network", force=True)
    except OSError as error:
        pytest.skip(str(error))


def fill(disk: Path) -> Callable[[], None]:
    """Leave no room on the disk; return what frees it again."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast.unlink


def test_a_start_on_a_full_disk_is_refused_in_words_and_harms_nothing(disk):
    network = disk / "network"
    free = fill(disk)
    refused = enmeshed_nb("up", "--data-dir", network)
    assert (refused.returncode, MAKE_ROOM in refused.stderr) == (1, True)
    free()
    up(network)
    stop(network)
    known = addresses(Folder(network))
    free = fill(disk)
    refused = enmeshed_nb("up", "--data-dir", network)
    assert (refused.returncode, MAKE_ROOM in refused.stderr) == (1, True)
    assert addresses(Folder(network)) == known
    free()
    assert {each["name"]: each["address"] for each in up(network)["connectors"]} == known


def test_a_disk_that_fills_while_the_network_runs_harms_nothing(disk):
    network = disk / "network"
    state = up(network)
    free = fill(disk)
    sender = connectors_of(state)["sender"]
    with pytest.raises(ConnectorError, match="database or disk is full"):
        _store_much(sender)
    status = json.loads(enmeshed_nb("status", "--json", "--data-dir", network).stdout)
    assert status["running"] is True
    free()
    assert sender.challenges.create("Identity")
    assert "Traceback" not in Folder(network).log("backbone").read_text()
    sender.close()
    assert stop(network)
    assert up(network)["connectors"] == state["connectors"]


def _store_much(sender: Connector) -> None:
    for _ in range(2000):  # the Backbone's store grows with each
        sender.challenges.create("Identity")


def test_a_file_that_cannot_be_written_stays_as_it_was(disk):
    path = disk / "control.json"
    Control(port=1, token="before").save(path)
    free = fill(disk)
    with pytest.raises(NetworkError) as refused:
        Control(port=2, token="x" * 100_000).save(path)
    assert str(refused.value) == f"{path} cannot be written: {MAKE_ROOM}"
    assert Control.load(path).token == "before"
    assert sorted(each.name for each in disk.iterdir()) == ["ballast", "control.json"]
    free()


def test_a_folder_that_can_only_be_read_is_said_to_and_can_be_asked(disk):
    network = disk / "network"
    up(network)
    stop(network)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        refused = enmeshed_nb("up", "--data-dir", network)
        assert refused.returncode == 1
        assert f"The network's folder {network} cannot be written: Read-only file system." in refused.stderr
        assert "No network runs" in enmeshed_nb("status", "--data-dir", network).stdout
        assert enmeshed_nb("down", "--data-dir", network).returncode == 0
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    up(network)
