"""The real local network that the tests run on, and the command line as other programs call it."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from click.testing import CliRunner
from hypothesis import settings

from enmeshed_nb import clock
from enmeshed_nb.cli import main
from enmeshed_nb.connector import Connector
from enmeshed_nb.localnet import LocalNetwork, stop

settings.register_profile("enmeshed-nb", deadline=None)  # a test never asserts a time
settings.load_profile("enmeshed-nb")

T = TypeVar("T")
ROOT = Path(__file__).parents[1]


LONGEST = ("notebooks/test_all", "notebooks", "browser", "views", "binder", "test_wheel", "testing", "site", "localnet")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what takes longest first: side by side, no process is left alone with it in the end."""

    def rank(item: pytest.Item) -> int:
        name = item.nodeid.removeprefix("tests/")
        return next((index for index, start in enumerate(LONGEST) if name.startswith(start)), len(LONGEST))

    items.sort(key=rank)


def until(condition: Callable[[], T], timeout: float = 30, what: str = "") -> T:
    """Wait until a condition is true and return its value; fail after `timeout` seconds."""
    value = clock.until(condition, timeout)
    assert value, f"not within {timeout} s: {what or condition}"
    return value


def is_gone(pid: int) -> bool:
    """Tell whether a process has ended (a zombie counts as ended)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def end(process: subprocess.Popen[Any]) -> None:
    """End a process: it may do so by itself, else it is killed after 15 seconds."""
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:nbval")
"""Pytest as a project of somebody else has it: without the plugins of ours that take long to import."""
ENMESHED_NB = (sys.executable, "-P", "-m", "enmeshed_nb.cli")
"""The command `enmeshed-nb`: as its script does, it imports nothing from the current folder."""


def enmeshed_nb_process(
    *arguments: str | Path, timeout: float = 150, cwd: Path = ROOT, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run `enmeshed-nb ARGUMENTS…` as another program would, for what a process of its own matters to."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ENMESHED_NB_")}
    return subprocess.run(
        [*ENMESHED_NB, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        env=environment | {"COLUMNS": "200"} | variables,
    )


def enmeshed_nb(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `enmeshed-nb ARGUMENTS…` in this process, which has imported all of it; what it starts is real."""
    words = [*map(str, arguments)]
    own = {name: None for name in os.environ if name.startswith("ENMESHED_NB_")}
    done = CliRunner(catch_exceptions=False).invoke(main, words, env=own | {"COLUMNS": "200"} | variables)
    return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


def up(folder: Path, *arguments: str | Path) -> dict[str, Any]:
    """Start a network in a folder and return what `up --json` prints."""
    started = enmeshed_nb("up", "--json", "--data-dir", folder, *arguments)
    assert started.returncode == 0, started.stderr
    return json.loads(started.stdout)


def connectors_of(state: dict[str, Any]) -> dict[str, Connector]:
    """Return a client for each Connector of a network."""
    return {each["name"]: Connector(each["url"], each["apiKey"], name=each["name"]) for each in state["connectors"]}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A new data folder; the network in it, if any, is stopped in the end."""
    path = tmp_path / "network"
    yield path
    if path.exists():
        stop(path)


@pytest.fixture
def start_process() -> Iterator[Callable[..., tuple[subprocess.Popen[str], list[str]]]]:
    """Start `enmeshed-nb ARGUMENTS…` and collect its lines; it is killed in the end."""
    started: list[tuple[subprocess.Popen[str], threading.Thread]] = []

    def start(*arguments: str | Path, cwd: Path = ROOT, **variables: str) -> tuple[subprocess.Popen[str], list[str]]:
        lines: list[str] = []
        process = subprocess.Popen(
            [*ENMESHED_NB, *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | variables,
        )
        reader = threading.Thread(target=lambda: lines.extend(process.stdout or []))
        reader.start()
        started.append((process, reader))
        return process, lines

    yield start
    for process, reader in started:
        process.kill()
        process.wait()
        reader.join()
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNetwork]:
    """One network for all tests that leave it as usable as they found it.

    `ENMESHED_NB_TEST_NETWORK` names the folder of one that the session joins instead of starting its own.
    """
    with LocalNetwork.open(os.environ.get("ENMESHED_NB_TEST_NETWORK") or tmp_path_factory.mktemp("session")) as opened:
        yield opened


@pytest.fixture(scope="session")
def _parties(network: LocalNetwork) -> Iterator[tuple[Connector, Connector]]:
    sender, recipient = (
        Connector(state.url, state.api_key, name=state.name)
        for state in (network.state.connector("sender"), network.state.connector("recipient"))
    )
    from enmeshed_nb.guide import establish_relationship

    with sender, recipient:
        establish_relationship(sender, recipient)
        yield sender, recipient


@pytest.fixture
def sender(_parties: tuple[Connector, Connector]) -> Connector:
    """The Sender, with an Active Relationship to the Recipient."""
    return _parties[0]


@pytest.fixture
def recipient(_parties: tuple[Connector, Connector]) -> Connector:
    """The Recipient, with an Active Relationship to the Sender."""
    return _parties[1]
