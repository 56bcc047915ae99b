"""What a network has stored is looked at before anything is started: nothing is answered with other Identities."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from enmeshed_nb.localnet import LocalNetwork, NetworkError
from enmeshed_nb.localnet.settings import Folder, Settings
from enmeshed_nb.localnet.stores import Stores
from tests.conftest import enmeshed_nb, is_gone, until, up
from tests.localnet.conftest import addresses

BACKBONE, SENDER, RECIPIENT = "backbone/backbone.db", "connectors/sender/account.db", "connectors/recipient/account.db"


def content(folder: Folder) -> dict[Path, bytes]:
    """Return everything that is stored, but for the logs."""
    return {path: path.read_bytes() for path in folder.path.rglob("*") if path.is_file() and path.suffix != ".log"}


def sql(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as file:
            for statement in statements:
                file.execute(statement)
            file.commit()

    return change


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def swap(path: Path) -> None:
    other = path.parents[2] / RECIPIENT
    path.rename(path.with_suffix(".x"))
    other.rename(path)
    path.with_suffix(".x").rename(other)


@pytest.mark.parametrize(
    ("store", "change", "said"),
    [
        (SENDER, Path.unlink, "of the Connector 'sender' is gone, and with it its Identity did:e:"),
        (SENDER, lambda path: shutil.rmtree(path.parent), "of the Connector 'sender' is gone"),
        (SENDER, lambda path: shutil.rmtree(path.parents[1]), "of the Connector 'sender' is gone"),
        (RECIPIENT, empty, "of the Connector 'recipient' is empty"),
        (SENDER, sql("DROP TABLE documents"), "no such table: documents"),
        (SENDER, sql("DELETE FROM documents"), "is not complete: it has no Identity"),
        (SENDER, swap, "is another one: its Identity is did:e:"),
        (SENDER, truncate, "cannot be used"),
        (BACKBONE, Path.unlink, "is gone, and with it the Identity of the Connector 'sender'"),
        (BACKBONE, empty, "is empty"),
        (BACKBONE, sql("DROP TABLE messages", "DROP TABLE files"), "is not complete: it lacks files, messages"),
        (BACKBONE, sql("DROP TABLE identities"), "it lacks identities"),
        (BACKBONE, sql("DELETE FROM identities", "DELETE FROM devices"), "it is that of another network"),
        (BACKBONE, truncate, "cannot be used"),
    ],
)
def test_what_is_lost_is_said_with_its_cure_and_nothing_is_changed(copy, store, change, said):
    settings = Settings.load(copy.settings)
    change(copy.path / store)
    before = content(copy)
    with pytest.raises(NetworkError) as refused:
        Stores(copy).check(settings, settings.connectors)
    assert str(copy.path / store) in refused.value.problem or swap == change
    assert said in refused.value.problem
    assert refused.value.cure == f"Put a sound copy of the file back, or begin anew: {copy.command('reset')}"
    assert content(copy) == before


def test_what_is_whole_is_not_changed_by_looking(copy):
    before = content(copy)
    settings = Settings.load(copy.settings)
    Stores(copy).check(settings, settings.connectors, recovered=True)
    assert content(copy) == before


def test_a_deleted_identity_is_known(copy):
    sql("DELETE FROM identities")(copy.backbone_store)  # as the Backbone does it: the devices' names stay
    settings = Settings.load(copy.settings)
    Stores(copy).check(settings, settings.connectors)


@pytest.mark.parametrize("harm", [Path.unlink, empty])
def test_up_refuses_to_make_another_identity_and_goes_on_when_the_file_is_back(copy, harm):
    known, kept = addresses(copy), (copy.path / SENDER).read_bytes()
    harm(copy.path / SENDER)
    for _ in range(2):
        refused = enmeshed_nb("up", "--data-dir", copy.path)
        assert refused.returncode == 1
        assert f"The store {copy.path / SENDER} of the Connector 'sender'" in refused.stderr
        assert known["sender"] in refused.stderr
        assert f"begin anew: enmeshed-nb reset --data-dir {copy.path}" in refused.stderr
    (copy.path / SENDER).write_bytes(kept)
    up(copy.path)
    assert addresses(copy) == known


@pytest.mark.parametrize("written", ["{broken", "{}", "", '{"connectors": {"../../evil": {"apiKey": "x"}}}', None])
def test_settings_that_are_lost_are_recovered_in_the_usual_order_and_said_so(copy, written):
    known = addresses(copy)
    if written is None:
        copy.settings.unlink()
    else:
        copy.settings.write_text(written)
    settings, notes = copy.load_settings()
    assert list(settings.connectors) == ["sender", "recipient"]
    assert ("was missing" if written is None else "was broken (kept as settings.broken)") in notes[0]
    assert written is None or copy.settings.with_suffix(".broken").read_text() == written
    with LocalNetwork.open(copy.path) as network:
        assert {each.name: each.address for each in network.state.connectors} == known


def test_each_broken_settings_file_is_kept(copy):
    for text in ("{one", "{two"):
        copy.settings.write_text(text)
        copy.load_settings()
    kept = sorted(path.read_text() for path in copy.path.glob("settings.broken*"))
    assert kept == ["{one", "{two"]


def test_without_settings_each_connector_must_have_its_identity(copy):
    copy.settings.unlink()
    (copy.path / SENDER).unlink()
    refused = enmeshed_nb("up", "--data-dir", copy.path)
    assert refused.returncode == 1
    assert f"The store {copy.path / SENDER} of the Connector 'sender' is gone" in refused.stderr
    assert not (copy.path / SENDER).exists()


def test_settings_of_a_newer_version_are_left_alone(copy):
    settings = json.loads(copy.settings.read_text()) | {"version": 2, "what": "is new"}
    copy.settings.write_text(json.dumps(settings))
    with pytest.raises(NetworkError, match="was written by a newer enmeshed-nb"):
        copy.load_settings()
    assert json.loads(copy.settings.read_text()) == settings


def test_settings_from_before_there_were_versions_are_read_and_completed(copy):
    known = addresses(copy)
    old = json.loads(copy.settings.read_text())
    for key in ("version", "durability", "backboneTables"):
        del old[key]
    for connector in old["connectors"].values():
        del connector["address"]
    copy.settings.write_text(json.dumps(old))
    up(copy.path)
    assert addresses(copy) == known
    assert Settings.load(copy.settings).backbone_tables


@pytest.mark.parametrize("part", ["", "connectors", "backbone", SENDER])
def test_a_network_whose_files_are_removed_ends_and_says_so(folder, part):
    state = up(folder)
    (node,) = psutil.Process(state["pid"]).children()
    removed = folder / part
    shutil.rmtree(removed) if removed.is_dir() else removed.unlink()
    until(lambda: is_gone(state["pid"]) and is_gone(node.pid), 20, "the network ends")
    if part:
        failure = json.loads(enmeshed_nb("status", "--json", "--data-dir", folder).stdout)["failure"]
        assert "was removed or replaced while the network ran" in failure
        assert f"begin anew: enmeshed-nb reset --data-dir {folder}" in failure
        assert enmeshed_nb("up", "--data-dir", folder).returncode == 1
    else:
        assert not folder.exists()
        assert "No network runs" in enmeshed_nb("status", "--data-dir", folder).stdout


def test_what_is_begun_where_a_folder_was_removed_is_left_alone(folder):
    old = up(folder)
    supervisor = psutil.Process(old["pid"])
    supervisor.suspend()  # it learns of that when another network is there already
    shutil.rmtree(folder)
    new = up(folder)
    supervisor.resume()
    until(lambda: is_gone(old["pid"]), 20, "the old network ends")
    assert up(folder) == new
    assert "written anew" not in Folder(folder).log("network").read_text()  # as what somebody else removed would be


@pytest.fixture
def foreign(copy: Folder) -> Iterator[Folder]:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    yield copy
    for path in (copy.path, *copy.path.rglob("*")):
        os.chown(path, 0, 0)


@pytest.mark.parametrize("part", ["", "settings.json", SENDER])
def test_what_belongs_to_somebody_else_is_not_used(foreign, part):
    os.chown(foreign.path / part, 4321, 4321)
    before = content(foreign)
    with pytest.raises(NetworkError) as refused:
        LocalNetwork.open(foreign.path)
    assert f"{foreign.path / part} belongs to another user (4321), not to you (root)." in refused.value.problem
    assert f"sudo chown -R root {foreign.path}" in refused.value.cure
    assert content(foreign) == before
