"""A network becomes again what it was: whole or not at all, here and elsewhere, whatever is killed meanwhile."""

import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from enmeshed_nb import AuthenticationRequestItem, Request, ask, connect, establish_relationship
from enmeshed_nb.connector import ConnectorError
from enmeshed_nb.localnet import LocalNetwork, NetworkError, NetworkSnapshots, running, snapshots, stop
from enmeshed_nb.localnet.settings import Folder, Settings
from enmeshed_nb.network import Network
from tests.conftest import connectors_of, enmeshed_nb, is_gone, until, up
from tests.faults.disk import CAN_MOUNT, small_disk
from tests.localnet.conftest import addresses

REQUEST = Request(items=[AuthenticationRequestItem(title="Who are you?", must_be_accepted=True)])
FILES = ("settings.json", "backbone/backbone.db", "connectors/sender/account.db", "connectors/recipient/account.db")


def ids(connector):
    return {each.id for each in connector.requests.outgoing.list()}


def works(state):
    """Tell whether the Connectors of a network have a Relationship and can use it."""
    sender, recipient = connectors_of(state.public()).values()
    with sender, recipient:
        establish_relationship(sender, recipient)
        return ask(sender, recipient, REQUEST).status == "Completed"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A stopped network with two Requests and the snapshot 'one', of when there was one."""
    path = tmp_path_factory.mktemp("saved") / "network"
    with closing(connect(path)) as network:
        establish_relationship(network.sender, network.recipient)
        ask(network.sender, network.recipient, REQUEST)
        network.snapshots.save("one")
        ask(network.sender, network.recipient, REQUEST)
    stop(path)
    return path


@pytest.fixture
def two(saved, folder):
    shutil.copytree(saved, folder)
    return NetworkSnapshots(folder)


def requests_stored(folder):
    """Return how many Requests the Sender has, read from its file."""
    with closing(sqlite3.connect(Folder(folder).store("sender"))) as file:
        return file.execute("SELECT count(*) FROM documents WHERE collection = 'Requests'").fetchone()[0]


def test_a_running_network_is_what_it_was_and_its_clients_go_on(two, folder):
    with closing(connect(folder)) as network:
        state = network.local.state
        before = ids(network.sender)
        two.restore("one")
        now = ids(network.sender)
        assert (len(now), len(before)) == (1, 2)
        assert now < before
        assert (network.sender.messages.list() == []) is False
        assert running(folder) == state
        assert ask(network.sender, network.recipient, REQUEST).status == "Completed"
        network.snapshots.save("other")
        assert len(ids(network.sender)) == 2
        for name, number in (("one", 1), ("other", 2), ("other", 2)):  # again, and in another order
            two.restore(name)
            assert len(ids(network.sender)) == number
        assert [each.name for each in two.list()] == ["one", "other"]
        assert stat.S_IMODE((folder / "snapshots" / "other.zip").stat().st_mode) == 0o600
    stop(folder)
    up(folder)  # it stays so
    assert requests_stored(folder) == 2


def test_leases_survive_and_the_network_goes_with_the_last(two, folder):
    with LocalNetwork.open(folder) as network:
        pid = network.state.pid
        two.restore("one")
        assert running(folder).pid == pid
        assert running(folder).kept is False
    until(lambda: is_gone(pid), 20)


def test_what_is_answered_while_it_is_saved_is_in_it_or_not_on_both_sides(two, folder):
    with closing(connect(folder)) as network:
        answered, over = [], threading.Event()

        def asking():
            while not over.is_set():
                answered.append(ask(network.sender, network.recipient, REQUEST).id)

        with ThreadPoolExecutor(2) as pool:
            threads = [pool.submit(asking) for _ in range(2)]
            known = []
            for number in range(8):
                until(lambda number=number: len(answered) > number)
                known.append({*answered})
                two.save(f"busy-{number}")
            over.set()
            for each in threads:
                each.result()
        for number in (0, 4, 7):
            two.restore(f"busy-{number}")
            assert known[number] <= ids(network.sender)
            assert ask(network.sender, network.recipient, REQUEST).status == "Completed"
            sent = {each.id for each in network.recipient.requests.incoming.list()}
            assert {each.id for each in network.sender.requests.outgoing.list(status="Completed")} <= sent


def test_connectors_come_and_go_with_it(two, folder):
    with closing(connect(folder)) as network:
        third = network.add_connector("third", {"debug": True})
        two.save("three")
        was = running(folder).connector("third")
        two.restore("one")
        assert [each.name for each in running(folder).connectors] == ["sender", "recipient"]
        with pytest.raises(ConnectorError):
            third.account.identity_info()
        assert not (folder / "connectors" / "third").exists()
        two.restore("three")
        assert running(folder).connector("third") == was
        assert third.identity_deletion_process.initiate()  # its configuration is back, too


def test_time_goes_forward_only(two, folder):
    with closing(connect(folder)) as network:
        network.clock.advance(days=3)
        two.save("later")
        two.restore("one")
        assert network.clock.ahead == timedelta(days=3)
        stop(folder)
    enmeshed_nb("reset", "--yes", "--data-dir", folder)
    fresh = NetworkSnapshots(folder)
    assert fresh.list() == []


def test_a_network_that_does_not_run_is_saved_and_restored_too(two, folder):
    two.save("two")
    assert requests_stored(folder) == 2
    two.restore("one")
    assert requests_stored(folder) == 1
    two.restore("two")
    assert requests_stored(folder) == 2
    assert running(folder) is None
    assert {stat.S_IMODE((folder / path).stat().st_mode) for path in FILES} == {0o600}
    with LocalNetwork.open(folder) as network:
        assert works(network.state)
        assert network.state.notes == []


@pytest.mark.parametrize("keys", [True, False])
def test_elsewhere_it_has_the_same_identities_and_its_keys_if_they_were_exported(two, folder, tmp_path, keys):
    file = two.export("one", tmp_path / "a snapshot.zip", keys=keys)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    old = Settings.load(folder / "settings.json").connectors
    assert all((each.api_key.encode() in b"".join(contents(file))) is keys for each in old.values())
    elsewhere = NetworkSnapshots(tmp_path / "elsewhere")
    try:
        taken = elsewhere.import_(file)
        assert (taken.name, taken.has_keys) == ("one", keys)
        elsewhere.restore("one")
        assert addresses(Folder(tmp_path / "elsewhere")) == addresses(Folder(folder))
        new = Settings.load(tmp_path / "elsewhere" / "settings.json").connectors
        assert [(new[name].api_key == old[name].api_key) for name in old] == [keys, keys]
        with LocalNetwork.open(tmp_path / "elsewhere") as network, LocalNetwork.open(folder):
            assert works(network.state)
    finally:
        stop(tmp_path / "elsewhere")


def contents(file):
    with zipfile.ZipFile(file) as archive:
        return [archive.read(name) for name in archive.namelist()]


def test_what_is_secret_in_configurations_is_left_out_with_the_keys(folder, tmp_path):
    secret = "Se-Cr-Et-0123456789-Se-Cr-Et-0123456789-xX"
    target = {"url": f"http://me:{secret}@localhost:9/a/{{{{trigger}}}}?b={secret}", "headers": {"x-secret": secret}}
    webhooks = {"enabled": True, "targets": {"mine": target}, "webhooks": [{"triggers": ["**"], "target": "mine"}]}
    key = {"authentication": {"apiKey": {"keys": {"mine": {"key": secret}}}}}
    config = {"infrastructure": {"httpServer": key}, "modules": {"webhooks": webhooks}, "debug": True}
    with LocalNetwork.open(folder, connectors={"sender": config}) as network:
        assert network.state.connector("sender").api_key == secret
        network.snapshots.save("it")
        with_keys, without = (network.snapshots.export("it", tmp_path / str(keys), keys=keys) for keys in (True, False))
        assert [secret.encode() in b"".join(contents(each)) for each in (with_keys, without)] == [True, False]
        network.snapshots.import_(without, "other")
        network.snapshots.restore("other")
        sender = running(folder).connector("sender")
        assert sender.api_key not in ("", secret)
        left = Settings.load(folder / "settings.json").connectors["sender"].config
        assert left["modules"]["webhooks"]["targets"]["mine"] == {"url": "http://localhost:9/a/{{trigger}}"}
        assert left["debug"] is True


def change(path: Path, **files: bytes | None) -> None:
    """Write a snapshot's file anew with other files in it."""
    with zipfile.ZipFile(path) as archive:
        there = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (there | files).items():
            if content is not None:
                archive.writestr(name, content)


def manifest(path, **update):
    with zipfile.ZipFile(path) as archive:
        return json.dumps(json.loads(archive.read("snapshot.json")) | update).encode()


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


DAMAGE = {
    "empty": (lambda path: path.write_bytes(b""), "no snapshot that can be used"),
    "text": (lambda path: path.write_text("Hello"), "no snapshot that can be used"),
    "cut": (cut, "no snapshot that can be used"),
    "a bit": (flip, "no snapshot that can be used"),
    "other store": (lambda path: change(path, **{FILES[2]: b"SQLite"}), "is not what was saved"),
    "store gone": (lambda path: change(path, **{FILES[2]: None}), "holds other files"),
    "outside": (lambda path: change(path, **{"../../evil": b"evil"}), "holds other files"),
    "no manifest": (lambda path: change(path, **{"snapshot.json": None}), "no snapshot that can be used"),
    "odd manifest": (lambda path: change(path, **{"snapshot.json": b"{"}), "cannot be read"),
    "odd name": (
        lambda path: change(path, **{"snapshot.json": manifest(path, connectors={"../x": {"apiKey": "x"}})}),
        "cannot be read",
    ),
    "newer": (lambda path: change(path, **{"snapshot.json": manifest(path, version=2)}), "of another version"),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_what_is_damaged_or_of_another_version_changes_nothing(two, folder, tmp_path, how):
    do, problem = DAMAGE[how]
    there = {path: (folder / path).read_bytes() for path in FILES}
    file = two.export("one", tmp_path / "exported.zip")
    do(file)
    do(folder / "snapshots" / "one.zip")
    for attempt in (
        lambda: two.import_(file, "new"),
        lambda: two.restore("one"),
        lambda: two.export("one", tmp_path / "again"),
    ):
        with pytest.raises(NetworkError, match=problem):
            attempt()
    assert {path: (folder / path).read_bytes() for path in FILES} == there
    assert sorted(path.name for path in (folder / "snapshots").iterdir()) == ["one.zip"]
    assert not [*tmp_path.rglob("*evil*"), *tmp_path.glob("again*"), *folder.glob("restoring*")]


def test_no_bit_that_is_wrong_gets_through(two, tmp_path):
    file = two.export("one", tmp_path / "exported.zip")
    sound, chance = file.read_bytes(), random.Random(19)
    stores, refused = contents(file)[1:], 0
    for number in range(200):
        content = bytearray(sound)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        file.write_bytes(content)
        try:  # what says when a file in it was changed, say, does not matter
            two.import_(file, f"taken-{number}")
            two.export(f"taken-{number}", tmp_path / f"{number}")
            assert contents(tmp_path / f"{number}")[1:] == stores
        except NetworkError:
            refused += 1
    assert refused > 150


def test_stores_that_do_not_belong_together_are_refused_and_the_network_runs_on(two, folder):
    path = folder / "snapshots" / "one.zip"
    with zipfile.ZipFile(path) as archive:
        about = json.loads(archive.read("snapshot.json"))
        one, other = archive.read(FILES[2]), archive.read(FILES[3])
    sums = about["checksums"]
    about["checksums"] = sums | {FILES[2]: sums[FILES[3]], FILES[3]: sums[FILES[2]]}
    change(path, **{"snapshot.json": json.dumps(about).encode(), FILES[2]: other, FILES[3]: one})
    with LocalNetwork.open(folder) as network:
        with pytest.raises(NetworkError, match="is another one: its Identity is"):
            two.restore("one")
        assert works(network.state)
        assert running(folder) == network.state
    assert not [*folder.glob("restoring*")]


@pytest.mark.parametrize("name", ["", "A", "../x", "a/b", "-x", "x" * 65, "x.zip"])
def test_a_name_that_cannot_be_is_refused(two, name, tmp_path):
    for attempt in (two.save, two.restore, two.remove, lambda name: two.export(name, tmp_path / "x")):
        with pytest.raises(NetworkError, match="cannot be a snapshot's name"):
            attempt(name)


def test_what_is_there_stays_and_what_is_not_is_named(two, folder, tmp_path):
    for attempt in (lambda: two.save("one"), lambda: two.import_(two.export("one", tmp_path / "file"))):
        with pytest.raises(NetworkError, match="There is a snapshot 'one' already"):
            attempt()
    with pytest.raises(NetworkError, match="is there already"):
        two.export("one", tmp_path / "file")
    with pytest.raises(NetworkError, match=r"There is no snapshot 'two'(.|\n)*There are: one"):
        two.restore("two")
    with pytest.raises(NetworkError, match="There is no file"):
        two.import_(tmp_path / "nothing")
    with pytest.raises(NetworkError, match="There is no network in"):
        NetworkSnapshots(tmp_path / "nowhere").save("x")
    two.remove("one")
    assert two.list() == []
    with pytest.raises(NetworkError, match="There are: none"):
        two.remove("one")


@pytest.mark.parametrize("point", ["unpacked", "decided", "backbone", "connectors", "settings"])
def test_a_restore_that_is_cut_off_has_done_nothing_or_is_ended_by_the_next_start(two, folder, point):
    place = Folder(folder)
    settings = place.load_settings()[0]
    snapshots.unpack(place, "one", settings)
    if point != "unpacked":
        snapshots.decide(place)
    for name in ("backbone", "connectors", "settings.json"):
        if point in ("backbone", "connectors", "settings"):
            shutil.rmtree(folder / name, ignore_errors=True)
            (folder / "restoring" / name).replace(folder / name)
        if name.startswith(point):
            break
    if point == "backbone":
        shutil.rmtree(folder / "connectors")  # and the next one was on its way
    with LocalNetwork.open(folder) as network:
        assert works(network.state)
    assert requests_stored(folder) == (3 if point == "unpacked" else 2)
    assert not [*folder.glob("restoring*")]


RESTORE = "import sys; from enmeshed_nb.localnet import NetworkSnapshots as S; S(sys.argv[1]).restore('one')"


@pytest.mark.parametrize("milliseconds", [20, 60, 120, 250, 400])
def test_a_kill_in_the_middle_of_a_restore_leaves_the_one_or_the_other(two, folder, milliseconds):
    """Network and caller are killed, when the network has begun with it."""
    with LocalNetwork.open(folder) as network:
        caller = subprocess.Popen([sys.executable, "-c", RESTORE, folder])
        until(lambda: [*folder.glob("restoring*")] or caller.poll() is not None)
        killer = threading.Timer(milliseconds / 1000, os.killpg, (network.state.pid, signal.SIGKILL))
        killer.start()
        killer.join()
        caller.kill()
        caller.wait()
        until(lambda: is_gone(network.state.pid))
    with LocalNetwork.open(folder) as network:
        sender, recipient = connectors_of(network.state.public()).values()
        with sender, recipient:
            number = len(ids(sender))
            assert number in (1, 2)
            assert len(recipient.requests.incoming.list()) == number
            assert ask(sender, recipient, REQUEST).status == "Completed"
    assert not [*folder.glob("restoring*")]


def test_who_restores_goes_on_where_the_network_was_killed(two, folder):
    with LocalNetwork.open(folder) as network:
        killer = threading.Timer(0.05, os.killpg, (network.state.pid, signal.SIGKILL))
        killer.start()
        two.restore("one")
        killer.join()
        until(lambda: is_gone(network.state.pid))
    with LocalNetwork.open(folder):
        assert requests_stored(folder) == 1


@pytest.mark.parametrize("milliseconds", [1, 5, 10, 20])
def test_a_kill_in_the_middle_of_saving_leaves_a_whole_snapshot_or_none(two, folder, milliseconds):
    with LocalNetwork.open(folder) as network:
        killer = threading.Timer(milliseconds / 1000, os.killpg, (network.state.pid, signal.SIGKILL))
        killer.start()
        with suppress(NetworkError):
            two.save("new")
        killer.join()
        until(lambda: is_gone(network.state.pid))
    with LocalNetwork.open(folder) as network:
        if "new" in [each.name for each in two.list()]:
            two.restore("new")
        assert works(network.state)
        assert {path.name for path in (folder / "snapshots").iterdir()} <= {"one.zip", "new.zip"}


@pytest.mark.skipif(not CAN_MOUNT, reason="only root can mount a small file system")
def test_a_full_disk_leaves_nothing_half(saved, tmp_path):
    with small_disk(tmp_path / "disk", 24) as disk:
        folder = disk / "network"
        shutil.copytree(saved, folder)
        two = NetworkSnapshots(folder)
        file = two.export("one", tmp_path / "file")
        with LocalNetwork.open(folder) as network:
            (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free - 16 * 1024))
            for attempt in (
                lambda: two.save("new"),
                lambda: two.restore("one"),
                lambda: two.import_(file, "new"),
                lambda: two.export("one", disk / "exported"),
            ):
                with pytest.raises(NetworkError, match="Make some room on the disk"):
                    attempt()
            assert [path.name for path in (folder / "snapshots").iterdir()] == ["one.zip"]
            assert not [*disk.glob("*exported*"), *folder.glob("restoring*")]
            (disk / "ballast").unlink()
            assert works(network.state)
            two.restore("one")
        stop(folder)


def test_own_connectors_have_none(sender, recipient):
    with pytest.raises(NetworkError, match="only the state of the local network can be saved"):
        _ = Network(sender, recipient).snapshots


def test_by_command(two, folder, tmp_path):
    def command(*words, of=folder):
        done = enmeshed_nb("snapshots", *words, "--data-dir", of)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert command("list").startswith("one: sender, recipient; saved ")
    assert command("save", "two").startswith("two: sender, recipient")
    (one, _) = json.loads(command("list", "--json"))
    assert one["connectors"][0] == {"name": "sender", "address": addresses(Folder(folder))["sender"]}
    assert (one["name"], one["hasKeys"], one["clockAhead"]) == ("one", True, 0)
    command("export", "one", tmp_path / "file", "--without-keys")
    assert command("list", of=tmp_path / "new") == "There are no snapshots here.\n"
    assert ", without API keys" in command("import", tmp_path / "file", "--name", "three", of=tmp_path / "new")
    assert "is what it was: three: sender" in command("restore", "three", of=tmp_path / "new")
    command("remove", "one")
    refused = enmeshed_nb("snapshots", "restore", "one", "--data-dir", folder)
    assert (refused.returncode, "There is no snapshot 'one'" in refused.stderr) == (1, True)
    assert "nb_" not in command("list", "--json")
