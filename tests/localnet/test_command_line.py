"""`up`, `status`, `down`, `reset`, `logs`, `doctor` as other programs and people use them."""

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from enmeshed_nb.localnet import relay, stop
from enmeshed_nb.localnet.settings import Folder, Settings
from tests.conftest import enmeshed_nb, enmeshed_nb_process, is_gone, until, up
from tests.localnet.conftest import addresses


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What `up --json` printed of a network that runs, for tests that leave it as they found it."""
    folder = tmp_path_factory.mktemp("running") / "network"
    yield up(folder)
    stop(folder)


@pytest.fixture
def running(state: dict[str, Any]) -> Path:
    """The folder of that network."""
    return Path(state["dataDir"])


def health(url: str) -> int:
    return httpx.get(f"{url}/health").status_code


def test_up_prints_the_documented_object_and_the_network_is_healthy(folder):
    started = enmeshed_nb_process("up", "--json", "--data-dir", folder)
    assert (started.returncode, started.stderr) == (0, "")
    state = json.loads(started.stdout)
    assert set(state) == {"dataDir", "pid", "backbone", "connectors"}
    assert set(state["backbone"]) == {"url", "clientId", "clientSecret"}
    assert state["dataDir"] == str(folder)
    assert [each["name"] for each in state["connectors"]] == ["sender", "recipient"]
    for each in state["connectors"]:
        assert set(each) == {"name", "url", "apiKey", "address"}
        assert each["url"].startswith("http://127.0.0.1:")
        assert each["address"].startswith("did:e:localhost:dids:")
        assert health(each["url"]) == 200
    assert health(state["backbone"]["url"]) == 200


def test_a_second_up_joins_the_network(running, state):
    assert up(running) == state


def test_up_adds_a_connector_to_a_running_network_and_keeps_it(folder):
    before = up(folder, "--connectors", "sender,recipient")
    after = up(folder, "--connectors", "sender,third")
    assert after["pid"] == before["pid"]
    assert after["connectors"][:2] == before["connectors"]
    assert after["connectors"][2]["name"] == "third"
    assert health(after["connectors"][2]["url"]) == 200
    enmeshed_nb("down", "--data-dir", folder)
    again = up(folder)
    assert [each["address"] for each in again["connectors"]] == [each["address"] for each in after["connectors"]]


def test_connectors_can_be_a_number(folder):
    assert [each["name"] for each in up(folder, "--connectors", "3")["connectors"]] == [
        "sender",
        "recipient",
        "connector-3",
    ]


def test_two_networks_in_two_folders_run_at_once_and_stop_alone(running, state, folder):
    second = up(folder)
    urls = [each["url"] for network in (state, second) for each in [network["backbone"], *network["connectors"]]]
    assert len(set(urls)) == 6
    assert enmeshed_nb("down", "--data-dir", folder).returncode == 0
    assert is_gone(second["pid"])
    assert enmeshed_nb("status", "--data-dir", running).returncode == 0


def test_status_and_down_and_up_again_keep_identities_ports_and_keys(folder):
    state = up(folder)
    status = json.loads(enmeshed_nb_process("status", "--json", "--data-dir", folder).stdout)
    assert {key: status[key] for key in state} == state
    assert status["running"] is True
    assert status["health"] == {"backbone": True, "sender": True, "recipient": True}
    assert enmeshed_nb_process("down", "--data-dir", folder).returncode == 0
    assert is_gone(state["pid"])
    stopped = enmeshed_nb_process("status", "--json", "--data-dir", folder)
    assert stopped.returncode == 1
    assert json.loads(stopped.stdout) == {"running": False, "dataDir": str(folder), "failure": None}
    assert enmeshed_nb_process("down", "--data-dir", folder).returncode == 0
    again = up(folder)
    assert {key: again[key] for key in ("backbone", "connectors")} == {
        key: state[key] for key in ("backbone", "connectors")
    }


def test_reset_deletes_the_data_after_a_question(folder):
    old = up(folder)
    refused = enmeshed_nb_process("reset", "--data-dir", folder)
    assert refused.returncode == 1
    assert enmeshed_nb("status", "--data-dir", folder).returncode == 0
    assert enmeshed_nb("reset", "--yes", "--data-dir", folder).returncode == 0
    assert not folder.exists()
    assert up(folder)["connectors"][0]["address"] != old["connectors"][0]["address"]


def test_reset_does_not_delete_a_folder_that_holds_something_else(copy):
    folder = copy.path
    (folder / "thesis.txt").write_text("years of work")
    refused = enmeshed_nb("reset", "--yes", "--data-dir", folder)
    assert refused.returncode == 1
    assert "thesis.txt" in refused.stderr
    assert (folder / "thesis.txt").exists()


def test_logs_are_printed_by_name_and_an_unknown_name_is_answered_with_those_that_exist(running):
    assert "/health" not in enmeshed_nb("logs", "network", "--data-dir", running).stdout
    assert "The network is up." in enmeshed_nb("logs", "network", "--data-dir", running).stdout
    together = enmeshed_nb("logs", "--data-dir", running).stdout
    assert "sender " in together
    assert "recipient " in together
    unknown = enmeshed_nb("logs", "nobody", "--data-dir", running)
    assert unknown.returncode == 1
    assert "sender" in unknown.stderr


def test_a_config_file_gives_ports_and_keys(folder, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = "a-KEY-of-my-own-with-2-digits-0123456789"
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "connectors": {
                    "mine": {
                        "infrastructure": {
                            "httpServer": {"port": port, "authentication": {"apiKey": {"keys": {"one": {"key": key}}}}}
                        }
                    }
                }
            }
        )
    )
    (mine,) = up(folder, "--config", config)["connectors"]
    assert (mine["name"], mine["url"], mine["apiKey"]) == ("mine", f"http://127.0.0.1:{port}", key)
    answer = httpx.get(f"{mine['url']}/api/core/v1/Account/IdentityInfo", headers={"X-API-KEY": key})
    assert answer.json()["result"]["address"] == mine["address"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read as JSON"),
        ('{"connectors": {}}', "must be an object of Connectors"),
        ('{"connectors": {"A b": {}}}', "'A b' cannot be a Connector's name"),
        ('{"connectors": {"a": {}}, "backbones": {}}', "unknown: backbones. Did you mean 'backbone'?"),
        ('{"conectors": {"a": {}}}', "unknown: conectors. Did you mean 'connectors'?"),
        ('{"connectors": {"a": 1}}', "not an object: a"),
        ('{"connectors": {"a": {}}, "backbone": {"port": "x"}}', "backbone.port"),
    ],
)
def test_a_bad_config_file_is_refused_and_nothing_starts(folder, tmp_path, content, said):
    config = tmp_path / "config.json"
    config.write_text(content)
    refused = enmeshed_nb("up", "--data-dir", folder, "--config", config)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert not folder.exists()


def test_a_config_file_that_is_missing_is_named(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = enmeshed_nb("up", "--data-dir", folder, "--config", "network.json")
    assert refused.returncode == 1
    assert "--config network.json: the file cannot be read: No such file or directory." in refused.stderr
    assert str(tmp_path / "network.json") in refused.stderr


@pytest.mark.parametrize("value", ["", "0", "51", "Sender", "a,,b", "a,a", "backbone", "../up", "-1", "x" * 33])
def test_an_unknown_connectors_value_is_refused_and_nothing_starts(folder, value):
    refused = enmeshed_nb("up", "--data-dir", folder, f"--connectors={value}")
    assert refused.returncode == 1
    assert refused.stderr.startswith("Error:")
    assert "Traceback" not in refused.stderr
    assert not folder.exists()


@pytest.mark.parametrize(("option", "code"), [("--connectors=Sender", 1), ("--durability=forever", 2)])
def test_a_refusal_ends_the_process_with_its_code_and_stands_on_stderr(folder, option, code):
    refused = enmeshed_nb_process("up", "--json", "--data-dir", folder, option)
    assert (refused.returncode, refused.stdout) == (code, "")
    assert "Error: " in refused.stderr
    assert not folder.exists()


def test_a_taken_port_is_named_and_nothing_is_left_running(folder, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for content in (
            {"backbone": {"port": port}, "connectors": {"a": {}}},
            {"connectors": {"b": {"infrastructure": {"httpServer": {"port": port}}}}},
        ):
            config = tmp_path / "config.json"
            config.write_text(json.dumps(content))
            other = tmp_path / next(iter(content["connectors"]))
            refused = enmeshed_nb("up", "--data-dir", other, "--config", config)
            assert refused.returncode == 1
            assert str(port) in refused.stderr
            assert json.loads(enmeshed_nb("status", "--json", "--data-dir", other).stdout)["running"] is False


def test_ports_of_the_last_time_that_are_taken_now_are_replaced_and_said_so(copy):
    folder, known = copy.path, addresses(copy)
    port = Settings.load(copy.settings).connectors["sender"].port
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        again = enmeshed_nb("up", "--json", "--data-dir", folder)
    assert f"Port {port}" in again.stderr
    assert json.loads(again.stdout)["connectors"][0]["address"] == known["sender"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    refused = enmeshed_nb("up", "--data-dir", tmp_path / "file" / "network")
    assert refused.returncode == 1
    assert "cannot be" in refused.stderr
    assert "--data-dir" in refused.stderr


def test_broken_settings_are_recovered_and_said_so(copy):
    folder, known = copy.path, addresses(copy)
    (folder / "settings.json").write_text("{broken")
    again = enmeshed_nb("up", "--json", "--data-dir", folder)
    assert again.returncode == 0
    assert "settings.json was broken" in again.stderr
    assert {each["name"]: each["address"] for each in json.loads(again.stdout)["connectors"]} == known
    assert (folder / "settings.broken").read_text() == "{broken"


def test_a_broken_state_file_of_a_running_network_is_written_anew(running, state):
    (running / "network.json").write_text("{broken")
    assert up(running) == state


def test_a_broken_state_file_without_a_network_does_not_hinder(folder):
    folder.mkdir()
    (folder / "network.json").write_text("{broken")
    assert up(folder)["connectors"]


def test_doctor_says_what_is_there(running, folder):
    healthy = enmeshed_nb("doctor", "--data-dir", folder)
    assert healthy.returncode == 0, healthy.stdout
    assert "@nmshd/runtime 7.0.0" in healthy.stdout
    assert "Local sender" in enmeshed_nb("doctor", "--data-dir", running).stdout


def test_doctor_names_an_own_connector_that_cannot_be_reached_and_what_to_do(folder):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    variables = {
        f"ENMESHED_NB_{role}_{what}": value
        for role in ("SENDER", "RECIPIENT")
        for what, value in (("URL", url), ("API_KEY", "k"))
    }
    ill = enmeshed_nb("doctor", "--data-dir", folder, **variables)
    assert ill.returncode == 1
    assert url in ill.stdout


def test_the_backbone_alone_serves_in_the_foreground_with_its_admin_api(folder, start_process):
    process, lines = start_process(
        "backbone", "--port", "0", "--data-dir", folder, "--admin-port", "0", ENMESHED_NB_ADMIN_API_KEY="secret"
    )
    admin_line = until(lambda: next((line for line in lines if line.startswith("Admin API: ")), None))
    line = until(lambda: next((line for line in lines if line.startswith("Backbone: ")), None))
    url, admin = line.split()[1], admin_line.split()[2]
    assert until(lambda: _answers(f"{url}/health")) == 200
    assert httpx.get(f"{admin}/api/v1/xsrf", headers={"x-api-key": "secret"}).status_code == 200
    second = enmeshed_nb("up", "--data-dir", folder)
    assert second.returncode == 1
    process.terminate()
    assert process.wait(10) == 0


def test_the_admin_apis_key_is_read_from_a_file_and_seen_by_nobody(folder, tmp_path, start_process):
    key = tmp_path / "key"
    key.write_text("secret\n")
    options = ("backbone", "--port", "0", "--data-dir", folder, "--admin-port", "0")
    process, lines = start_process(*options, "--admin-api-key-file", key)
    admin = until(lambda: next((line for line in lines if line.startswith("Admin API: ")), "")).split()[2]
    assert until(lambda: _answers(f"{admin}/api/v1/xsrf")) == 401
    assert httpx.get(f"{admin}/api/v1/xsrf", headers={"x-api-key": "secret"}).status_code == 200
    assert "secret" not in " ".join(psutil.Process(process.pid).cmdline())
    refused = enmeshed_nb(*options)
    assert refused.returncode == 2
    assert "$ENMESHED_NB_ADMIN_API_KEY" in refused.stderr


def _answers(url: str) -> int | None:
    try:
        return httpx.get(url).status_code
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("option", ["--port", "--admin-port"])
@pytest.mark.parametrize("port", ["99999", "-1", "web"])
def test_what_cannot_be_a_port_is_refused(folder, option, port):
    refused = enmeshed_nb("backbone", "--data-dir", folder, option, port)
    assert refused.returncode == 2
    assert f"Invalid value for '{option}'" in refused.stderr


def test_without_the_backbones_store_the_network_does_not_start(copy):
    folder = copy.path
    shutil.rmtree(folder / "backbone")
    for _ in range(2):
        refused = enmeshed_nb("up", "--data-dir", folder)
        assert refused.returncode == 1
        assert f"{folder / 'backbone' / 'backbone.db'} is gone" in refused.stderr
        assert f"enmeshed-nb reset --data-dir {folder}" in refused.stderr


def test_up_fails_when_what_runs_is_not_healthy(folder, tmp_path):
    elsewhere = Folder(tmp_path / "elsewhere")
    elsewhere.make()
    config = tmp_path / "config.json"
    with relay.serve(elsewhere, 0, {"test": "test"}) as backbone:
        own = {"baseUrl": backbone.url, "platformClientId": "test", "platformClientSecret": "test"}
        config.write_text(json.dumps({"connectors": {"lonely": {"transportLibrary": own}}}))
        up(folder, "--config", config)
    ill = enmeshed_nb("up", "--data-dir", folder)
    assert ill.returncode == 1
    assert "The network is up, but not healthy.\nlonely: " in ill.stderr
    assert f"enmeshed-nb logs --data-dir {folder}" in ill.stderr


@pytest.mark.parametrize("store", ["backbone/backbone.db", "connectors/sender/account.db"])
def test_a_damaged_store_is_named_with_its_cure(copy, store):
    folder = copy.path
    (folder / store).write_bytes(b"no database" * 1000)
    refused = enmeshed_nb("up", "--data-dir", folder)
    assert refused.returncode == 1
    assert str(folder / store) in refused.stderr
    assert f"begin anew: enmeshed-nb reset --data-dir {folder}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_what_is_to_be_typed_names_the_folder_unless_it_is_the_default(running, folder):
    assert f"enmeshed-nb up --data-dir {folder}\n" in enmeshed_nb("status", "--data-dir", folder).stdout
    assert "enmeshed-nb up\n" in enmeshed_nb("status", ENMESHED_NB_DATA_DIR=str(folder)).stdout
    joined = enmeshed_nb("up", "--data-dir", running)
    for command in ("status --json", "logs", "down"):
        assert f"enmeshed-nb {command} --data-dir {running}\n" in joined.stdout


def test_logs_of_a_network_that_never_ran_are_missed(folder):
    refused = enmeshed_nb("logs", "--data-dir", folder)
    assert refused.returncode == 1
    assert f"no network has run there.\nStart one: enmeshed-nb up --data-dir {folder}" in refused.stderr


def test_what_the_commands_do_is_said_in_whole_sentences():
    summaries = enmeshed_nb("--help", COLUMNS="80").stdout.partition("Commands:\n")[2].splitlines()
    assert len(summaries) >= 9
    assert [line for line in summaries if not line.endswith(".") or line.endswith("..")] == []


def test_admin_port_and_key_go_together(folder: Path):
    assert enmeshed_nb("backbone", "--data-dir", folder, "--admin-port", "1").returncode == 2
