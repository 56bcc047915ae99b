"""The Connector host: what it is told, what it answers, and that one answer is not taken for another."""

import asyncio
import json
import socket
import sys
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from enmeshed_nb.localnet import NetworkError, host, node, relay
from enmeshed_nb.localnet.configuration import connector_config
from enmeshed_nb.localnet.host import ConnectorHost
from enmeshed_nb.localnet.settings import BackboneState, ConnectorSettings, Folder
from tests.conftest import closed_port, until

KEY = "a-KEY-of-my-own-with-2-digits-0123456789"


@pytest.fixture
def network_folder(folder: Path) -> Folder:
    made = Folder(folder)
    made.make()
    return made


def test_each_refusal_names_its_own_cure_and_what_runs_is_left_alone(network_folder):
    async def scenario(url: str) -> None:
        backbone = BackboneState(url=url, client_id="test", client_secret="test")

        def config(port: int = 0, **more: str) -> dict:
            own = {"infrastructure": {"httpServer": {"port": port}}, "transportLibrary": more}
            return connector_config("one", ConnectorSettings(api_key=KEY, config=own), backbone)

        async with ConnectorHost.running(network_folder, node.start()) as running:
            port, address = await running.start_connector("one", config())
            assert address.startswith("did:e:localhost:dids:")
            nowhere = f"http://localhost:{closed_port()}"
            weak = config()
            weak["infrastructure"]["httpServer"]["authentication"]["apiKey"]["keys"] = {"weak": {"key": "weak"}}
            for name, refused, problem, cure in (
                ("one", config(), "It runs already", "Its log: "),
                ("two", config(port), f"Port {port} is taken", "choose another port"),
                ("three", config(baseUrl=nowhere), "could not start", "(transportLibrary.baseUrl) runs"),
                ("four", weak, "'weak' is too weak", "Correct its configuration"),
            ):
                with pytest.raises(NetworkError) as error:
                    await running.start_connector(name, refused)
                assert problem in error.value.problem
                assert cure in error.value.cure
            assert answers(port)
            await running.stop_connector("one")
            assert not answers(port)
            assert (await running.start_connector("one", config()))[1] == address
        assert running.ended.result().problem.endswith("ended with exit code 0.")

    with relay.serve(network_folder, 0, {"test": "test"}) as backbone:
        asyncio.run(scenario(backbone.url))
    assert not (network_folder.connectors / "four").exists()  # it never lived


def answers(port: int) -> bool:
    with closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_a_node_that_is_killed_ends_what_waits_for_an_answer_and_what_is_asked_later(network_folder):
    async def scenario() -> None:
        silent = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        async with ConnectorHost.running(network_folder, node.start(silent)) as running:
            asked = asyncio.create_task(running.stop_connector("one"))
            await asyncio.wait({asked}, timeout=0.1)
            (child,) = [each for each in psutil.Process().children() if each.cmdline() == silent]
            child.kill()
            for waiting in (asked, running.stop_connector("one")):
                with pytest.raises(NetworkError, match="was killed by signal SIGKILL"):
                    await waiting

    asyncio.run(scenario())


# What a real host cannot be made to do: refuse a stop, and answer too late.
ODD_HOST = """
import json, sys

late = []
for line in sys.stdin:
    ((command, details),) = json.loads(line).items()
    with open(sys.argv[1], "a") as said:
        said.write(f"{command} {details['name']}\\n")
    match command, details["name"]:
        case "start", "late":
            late.append({"event": "started", "name": "late", "port": 1, "address": "x"})
            continue
        case "stop", "stubborn":
            answer = {"event": "failed", "name": "stubborn", "code": "unexpected", "message": "It does not want to."}
        case "stop", name:
            answer = {"event": "stopped", "name": name}
    for event in [*late, answer]:
        print(json.dumps(event), flush=True)
    late = []
"""


@pytest.fixture
def odd_host(tmp_path: Path) -> tuple[list[str], Path]:
    return [sys.executable, "-c", ODD_HOST, str(tmp_path / "said")], tmp_path / "said"


def test_a_refused_stop_is_not_taken_for_a_stop(network_folder, odd_host):
    async def scenario() -> None:
        async with ConnectorHost.running(network_folder, node.start(odd_host[0])) as running:
            with pytest.raises(NetworkError, match="'stubborn' could not stop: It does not want to"):
                await running.stop_connector("stubborn")
            await running.stop_connector("willing")

    asyncio.run(scenario())


def test_an_answer_that_comes_too_late_is_not_taken_for_another_and_nothing_runs_unknown(
    network_folder, odd_host, monkeypatch
):
    monkeypatch.setattr(host, "START_TIMEOUT", 0.1)
    command, said = odd_host

    async def scenario() -> None:
        async with ConnectorHost.running(network_folder, node.start(command)) as running:
            with pytest.raises(NetworkError, match="'late' did not start within"):
                await running.start_connector("late", {})
            with pytest.raises(NetworkError, match="could not stop"):
                await running.stop_connector("stubborn")
            await asyncio.to_thread(until, lambda: "stop late" in said.read_text(), 10, "what started late is stopped")

    asyncio.run(scenario())


def test_what_the_host_says_of_itself_goes_to_the_log(network_folder):
    events = [
        {"event": "log", "time": 0, "name": None, "level": "warn", "logger": "console", "message": "of the host"},
        {"event": "log", "time": 0, "name": "one", "level": "info", "logger": "Sync", "message": "of a Connector"},
    ]
    program = f"print({json.dumps(events[0])!r}); print({json.dumps(events[1])!r}); raise SystemExit(3)"

    async def scenario() -> None:
        async with ConnectorHost.running(network_folder, node.start([sys.executable, "-c", program])) as running:
            failure = await running.ended
            assert failure.problem == "The process that runs the Connectors ended with exit code 3."
            assert failure.last_lines == ["host warn console: of the host", "one info Sync: of a Connector"]

    asyncio.run(scenario())
