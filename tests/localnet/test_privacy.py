"""Nobody but the owner reads what a network stores, and nothing that is shown holds a key."""

import json
import os
import stat
from pathlib import Path

import psutil
import pytest

from enmeshed_nb.localnet import LocalNetwork, NetworkError, stop
from enmeshed_nb.localnet.configuration import ConnectorConfiguration, connector_config
from enmeshed_nb.localnet.control import Asked
from enmeshed_nb.localnet.settings import Control, Folder, Order, Settings, Wanted
from tests.conftest import enmeshed_nb, until, up


def open_to_others(folder: Path) -> list[str]:
    """Return what somebody else could use in a folder, or of it."""
    paths = (folder, *folder.rglob("*"))
    return [f"{path} {path.stat().st_mode:o}" for path in paths if path.stat().st_mode & 0o077]


@pytest.fixture
def careless() -> int:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless")
def test_everything_is_the_owners_whatever_the_folder_and_the_umask_were(folder):
    (folder / "logs").mkdir(parents=True)
    folder.chmod(0o777)
    log = folder / "logs" / "network.log"
    log.write_bytes(b"x" * 5_000_000)  # it is rotated by the next line
    assert len(open_to_others(folder)) == 3
    up(folder)
    assert {path.name for path in folder.rglob("*")} >= {
        *("account.db", "account.db-wal", "account.db-shm", "backbone.db", "backbone.db-wal", "network.log.1"),
        *("settings.json", "network.json", "control.json", "network.lock", "backbone.lock", "sender.log"),
    }
    assert open_to_others(folder) == []
    stop(folder)
    assert open_to_others(folder) == []


@pytest.mark.usefixtures("careless")
def test_a_network_that_was_open_to_others_is_shut_by_the_next_start(copy):
    folder = copy.path
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    up(folder)
    assert open_to_others(folder) == []


@pytest.mark.usefixtures("careless")
def test_what_the_backbone_alone_stores_is_the_owners(folder, start_process):
    _, lines = start_process("backbone", "--port", "0", "--data-dir", folder)
    until(lambda: [line for line in lines if line.startswith("Backbone: ")], 60, "it runs")
    assert open_to_others(folder) == []


def test_a_folder_that_others_can_write_and_that_holds_more_is_refused(folder):
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    folder.chmod(0o777)
    refused = enmeshed_nb("up", "--data-dir", folder)
    assert refused.returncode == 1
    assert "others can write to it (mode 777), and it also holds thesis.txt" in refused.stderr
    assert f"--data-dir {folder / 'network'}" in refused.stderr
    assert stat.S_IMODE(folder.stat().st_mode) == 0o777
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


@pytest.mark.usefixtures("careless")
def test_what_is_not_the_networks_keeps_its_mode(folder):
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "thesis.txt").write_text("years of work")
    made = Folder(folder)
    made.make()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "thesis.txt").stat().st_mode) == 0o666
    assert open_to_others(made.connectors) == []


def test_no_key_is_shown(folder):
    key = "a-KEY-of-my-own-with-2-digits-0123456789"
    own = {"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": {"one": {"key": key}}}}}}}
    with LocalNetwork.open(folder, connectors={"sender": {}, "mine": own}) as network:
        state = network.state
        settings = Settings.load(Folder(folder).settings)
    wanted = Wanted(connectors={"mine": own})
    control = Control(port=1, token="a-token")
    config = connector_config("mine", settings.connectors["mine"], state.backbone)
    shown = [
        *(state, state.backbone, state.control, *state.connectors, settings, *settings.connectors.values(), wanted),
        *(control, Order(wanted=wanted, control=control, lock=3, listener=4)),
        Asked(token="a-token", do="look", connectors={"mine": own}),
        ConnectorConfiguration.model_validate(config),
    ]
    secrets = {key, "a-token", state.control.token, settings.client_secret, state.backbone.client_secret}
    secrets |= {connector.api_key for connector in settings.connectors.values()}
    secrets |= {connector.api_key for connector in state.connectors}
    for each in shown:
        for secret in secrets:
            assert secret not in repr(each) + str(each), type(each)
    told = json.dumps(state.public())
    assert all(connector.api_key in told for connector in state.connectors)
    assert state.backbone.client_secret in told
    assert isinstance(state.connectors[0].api_key, str)


def test_an_error_about_a_configuration_shows_no_key(folder):
    own = {"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": {"one": {"kye": "secret-key"}}}}}}}
    with pytest.raises(NetworkError) as refused:
        LocalNetwork.open(folder, connectors={"mine": own})
    assert "secret-key" not in str(refused.value)


def test_no_key_stands_on_a_command_line(network):
    state = network.state.public()
    supervisor = psutil.Process(state["pid"])
    commands = " ".join(word for each in (supervisor, *supervisor.children()) for word in each.cmdline())
    assert state["dataDir"] in commands
    secrets = [state["backbone"]["clientSecret"], *(each["apiKey"] for each in state["connectors"])]
    assert not [secret for secret in secrets if secret in commands]
