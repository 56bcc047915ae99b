"""What stored data survive: a kill, which costs nothing, or a power failure, for which the disk is waited for."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from enmeshed_nb.connector import Connector
from enmeshed_nb.content import ArbitraryRelationshipTemplateContent
from enmeshed_nb.localnet import LocalNetwork, stop
from enmeshed_nb.localnet.backbone import Backbone
from enmeshed_nb.localnet.settings import Folder, Settings
from tests.conftest import enmeshed_nb, until, up

STRACE = shutil.which("strace")
STORES = ["backbone.db-wal", "account.db-wal"]


@pytest.mark.parametrize(("survives_power_failure", "synchronous"), [(False, 1), (True, 2)])
def test_the_backbones_store_waits_for_the_disk_only_where_that_is_wanted(
    tmp_path, survives_power_failure, synchronous
):
    with (
        Backbone(tmp_path, clients={}, survives_power_failure=survives_power_failure) as backbone,
        backbone.app.state.store.engine.connect() as connection,
    ):
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == synchronous
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def durability_of(folder: Path) -> str:
    """Ask the network for each durability: it notes which one it runs with."""
    said = [enmeshed_nb("up", "--durability", each, "--data-dir", folder).stderr for each in ("process", "power")]
    (found,) = re.findall(r"runs with --durability (\w+)\.", "".join(said))
    return found


def test_the_durability_is_remembered_and_another_one_is_not_applied_silently(folder):
    up(folder)
    assert durability_of(folder) == "process"
    joined = enmeshed_nb("up", "--durability", "power", "--data-dir", folder)
    assert "Note: The network runs with --durability process. To change it: `enmeshed-nb down" in joined.stderr
    stop(folder)
    up(folder, "--durability", "power")
    assert durability_of(folder) == "power"
    stop(folder)
    up(folder)
    assert durability_of(folder) == "power"
    assert Settings.load(Folder(folder).settings).durability == "power"
    stop(folder)
    up(folder, "--durability", "process")
    assert durability_of(folder) == "process"


def test_an_unknown_durability_is_refused(folder):
    assert enmeshed_nb("up", "--durability", "forever", "--data-dir", folder).returncode == 2
    assert not folder.exists()


@contextmanager
def traced(pid: int, file: Path) -> Iterator[None]:
    """Trace which files a process waits for the disk with."""
    assert STRACE
    command = [STRACE, "-f", "-y", "-e", "trace=fsync,fdatasync,sync_file_range", "-p", str(pid), "-o", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr
        if "attached" not in (said := tracer.stderr.readline()):
            pytest.skip(f"strace cannot trace here: {said}")
        try:
            yield
        finally:
            tracer.terminate()


@pytest.mark.skipif(not STRACE, reason="strace is not installed")
@pytest.mark.parametrize("durability", ["process", "power"])
@pytest.mark.parametrize("store", STORES)
def test_what_is_answered_was_waited_for(folder, tmp_path, store, durability):
    with LocalNetwork.open(folder, connectors={"sender": {}}, durability=durability) as network:
        supervisor = psutil.Process(network.state.pid)
        (state,) = network.state.connectors
        traced_process = supervisor if store == "backbone.db-wal" else supervisor.children()[0]
        calls = tmp_path / "calls"
        with closing(Connector(state.url, state.api_key)) as sender, traced(traced_process.pid, calls):
            for _ in range(3):
                content = ArbitraryRelationshipTemplateContent(value={})
                sender.relationship_templates.create_own(content, "2999-01-01T00:00:00.000Z")
            waits = until(calls.exists, 5) and re.findall(rf"f(?:data)?sync\(\d+<[^>]*{store}>\)", calls.read_text())
    assert (len(waits) >= 3) is (durability == "power")
