"""How a network is: asked once, and told alike by the command line and by what a notebook shows."""

import json
import shutil

from enmeshed_nb import connect, health
from enmeshed_nb.localnet import LocalNetwork, relay, stop
from enmeshed_nb.localnet.settings import Folder
from tests.conftest import closed_port, enmeshed_nb


def test_a_connector_whose_backbone_is_gone_is_unhealthy_everywhere(folder, tmp_path):
    elsewhere = Folder(tmp_path / "elsewhere")
    elsewhere.make()
    with relay.serve(elsewhere, 0, {"test": "test"}) as backbone:
        own = {"baseUrl": backbone.url, "platformClientId": "test", "platformClientSecret": "test"}
        opened = LocalNetwork.open(folder, connectors={"sender": {}, "lonely": {"transportLibrary": own}})
        assert health.of_network(opened.state).health == {"backbone": True, "sender": True, "lonely": True}
    with opened:
        report = health.of_network(opened.state)
        assert [part.state for part in report.parts] == ["healthy", "healthy", "unhealthy"]
        lonely = report.parts[2]
        assert "cannot reach its Backbone" in lonely.problem
        assert lonely.problem == lonely.why
        assert "log" in lonely.cure
        assert lonely.last_lines
        assert lonely.address == opened.state.connector("lonely").address
        shown = enmeshed_nb("status", "--json", "--data-dir", folder)
        assert shown.returncode == 1
        assert json.loads(shown.stdout)["health"] == {"backbone": True, "sender": True, "lonely": False}
        assert "not healthy" in enmeshed_nb("status", "--data-dir", folder).stdout
        doctor = enmeshed_nb("doctor", "--data-dir", folder)
        assert doctor.returncode == 1
        (line,) = [line for line in doctor.stdout.splitlines() if "Local lonely" in line]
        assert "not healthy" in line


def test_a_network_on_this_machine_is_asked_directly_whatever_proxy_is_set(folder):
    proxy = f"http://127.0.0.1:{closed_port()}"
    with LocalNetwork.open(folder):
        shown = enmeshed_nb("status", "--json", "--data-dir", folder, http_proxy=proxy, no_proxy="", NO_PROXY="")
    assert json.loads(shown.stdout)["health"] == {"backbone": True, "sender": True, "recipient": True}


def test_what_is_gone_is_down_with_what_to_do(folder):
    connected = connect(folder)
    stop(folder)
    whole = health.of_network(connected.local.state)
    parts = connected.report().parts
    assert [part.state for part in parts] == ["down"] * 3
    assert [(part.problem, part.cure) for part in parts] == [(part.problem, part.cure) for part in whole.parts]
    assert parts[0].problem == "The local network has stopped."
    assert "run connect()" in str(connected)
    assert all(part.version == "7.0.0" for part in parts[1:])
    shutil.rmtree(folder)
    assert connected.report().parts[0].problem == f"The local network has stopped: its folder {folder} was removed."
    connected.close()
