"""`enmeshed-nb play`: the playground as an app, from its start to Ctrl-C."""

import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import psutil
import pytest

from enmeshed_nb import extras
from enmeshed_nb.localnet import running
from enmeshed_nb.localnet.settings import Folder
from tests.conftest import ENMESHED_NB, ROOT, closed_port, end, enmeshed_nb, is_gone, until, up
from tests.notebooks.conftest import ALONE

Play = Callable[..., tuple[subprocess.Popen[bytes], Path]]


@pytest.fixture
def play(folder: Path, tmp_path: Path) -> Iterator[Play]:
    """Start `enmeshed-nb play`, and return it with the file of what it prints."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, cwd: Path = ROOT, **variables: str) -> tuple[subprocess.Popen[bytes], Path]:
        log = tmp_path / f"play-{len(started)}.log"
        command = [*ENMESHED_NB, "play", "--no-browser", "--data-dir", str(folder), *arguments]
        with log.open("w") as written, heeding_ctrl_c():
            process = subprocess.Popen(
                command, stdout=written, stderr=subprocess.STDOUT, cwd=cwd, env=ALONE | variables
            )
        started.append(process)
        return process, log

    yield start
    for process in started:
        end(process)


@contextmanager
def heeding_ctrl_c() -> Iterator[None]:
    """Let processes that are started in the block heed Ctrl-C, also where those in the background do not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def address_in(log: Path) -> str:
    """Return the address that is printed, once it is."""
    return until(lambda: re.search(r"http://127\S+\?token=\S+", log.read_text()), 90, "Voilà runs").group()


def shown(address: str) -> str:
    """Return the page at an address, as a browser gets it that was never there."""
    with build_opener(HTTPCookieProcessor(CookieJar())).open(address, timeout=120) as answer:
        return answer.read().decode()


def test_it_shows_the_playground_to_its_user_alone_and_ctrl_c_ends_all_of_it(play, folder):
    port = closed_port()
    process, log = play("--port", str(port), "--theme", "dark")
    address = address_in(log)
    assert address.startswith(f"http://127.0.0.1:{port}/?token=")
    assert f"Local network in {folder}." in log.read_text()
    state = running(folder)
    assert {each.name for each in state.connectors} == {"sender", "recipient"}
    asked = shown(address.partition("?")[0])
    assert "Every step of the guide" not in asked
    assert "token" in asked  # that is what the page asks for
    page = shown(address)
    assert "Every step of the guide" in page
    assert 'data-jp-theme-light="false"' in page
    assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!enmeshed\.eu)[^"]*\.(?:js|css)', page)
    children = psutil.Process(process.pid).children(recursive=True)
    assert any("ipykernel" in " ".join(each.cmdline()) for each in children)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    until(lambda: all(is_gone(each.pid) for each in children))
    assert running(folder) is None
    assert "Traceback" not in log.read_text()


def test_a_network_that_runs_already_is_joined_and_stays(play, folder):
    before = up(folder)
    process, log = play()
    address_in(log)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert running(folder).pid == before["pid"]


@pytest.mark.parametrize("named_in", ["the environment", "a .env file"])
def test_it_plays_with_own_connectors_when_they_are_named(play, folder, tmp_path, network, named_in):
    own = {
        f"ENMESHED_NB_{each.name.upper()}_{what}": value
        for each in (network.state.connector("sender"), network.state.connector("recipient"))
        for what, value in (("URL", each.url), ("API_KEY", each.api_key))
    }
    if named_in == "a .env file":
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in own.items()))
        _, log = play(cwd=tmp_path)
    else:
        _, log = play(**own)
    page = shown(address_in(log))
    assert "No local network is started" in " ".join(log.read_text().split())
    assert "Your own Connectors: what you do here is real." in page
    assert network.state.connector("sender").url in page
    assert not Folder(folder).settings.exists()  # no network; what was created stands in the ledger


def test_a_port_that_is_taken_is_named_before_anything_starts(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = enmeshed_nb("play", "--port", str(port), "--no-browser", "--data-dir", folder)
    assert refused.returncode == 1
    assert f"Port {port} for the playground cannot be used" in refused.stderr
    assert "choose another port" in refused.stderr
    assert not folder.exists()


def test_without_voila_it_says_what_to_install(folder, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "voila" else name)
    refused = enmeshed_nb("play", "--no-browser", "--data-dir", folder)
    assert refused.returncode == 1
    assert "needs packages that are not installed: voila." in refused.stderr
    assert 'pip install "enmeshed-nb[lab]"' in refused.stderr
    assert not folder.exists()
