"""A local network whose parts can be killed at any event: the Connector host as it is, driven by its own protocol.

Only Node dies and is started again. That costs what a Connector's start costs, because a spare host that has imported
everything waits already.
"""

import contextlib
import getpass
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from enmeshed_nb.closing import Closing
from enmeshed_nb.connector import Connector
from enmeshed_nb.localnet import node
from tests.faults.backbone import CLIENT, BackboneProcess
from tests.faults.proxy import Proxy

API_KEY = "Only-For-Tests-Of-Faults-0123456789"
NAMES = ("sender", "recipient")
FAULTPOINTS = Path(__file__).with_name("faultpoints.mjs")
COMPILE_CACHE = str(Path(tempfile.gettempdir()) / f"enmeshed-nb-node-{getpass.getuser()}")
START_TIMEOUT = 120


class HostDiedError(Exception):
    """The Connector host ended before it said what was waited for."""


class Host:
    """One Node process; it has imported everything and waits for Connectors to start.

    Attributes:
        faults: the folder in which the fault points look for `kill_at` and write `events`.
        lines: the last lines that it wrote.
    """

    def __init__(self) -> None:
        self.faults = Path(tempfile.mkdtemp(prefix="enmeshed-nb-host-"))
        command = [node.node_command(), "--disable-warning=ExperimentalWarning", "--import", FAULTPOINTS]
        self._process = subprocess.Popen(
            [*command, node.HOST / "main.js"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"ENMESHED_NB_FAULTS": str(self.faults), "NODE_COMPILE_CACHE": COMPILE_CACHE},
        )
        self._events: Queue[dict[str, Any] | None] = Queue()
        self.lines: deque[str] = deque(maxlen=2000)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended."""
        return self._process.poll() is not None

    def start(self, name: str, folder: Path, config: dict[str, Any]) -> dict[str, Any]:
        """Start a Connector and return the host's `started` event.

        Raises:
            HostDiedError: it was killed meanwhile.
            AssertionError: the Connector cannot start.
        """
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps({"start": {"name": name, "folder": str(folder), "config": config}}))
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise HostDiedError from None
        event = self._events.get(timeout=START_TIMEOUT)
        if event is None:
            raise HostDiedError
        assert event["event"] == "started", f"{name} does not start: {event['message']}"
        return event

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        shutil.rmtree(self.faults, ignore_errors=True)

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            event = json.loads(line) if line.startswith('{"event"') else {"event": "log", "message": line}
            if event["event"] == "log":
                self.lines.append(f"{event.get('name')} {event.get('level')} {event['message'].rstrip()}"[:300])
            else:
                self._events.put(event)
        self._events.put(None)


class Hosts(Closing):
    """Hosts that wait to be used, so that who needs one has it at once."""

    def __init__(self) -> None:
        self._waiting: Queue[Host] = Queue()

    def take(self) -> Host:
        """Return a host that nobody uses; another one is started to be the next."""
        try:
            host = self._waiting.get_nowait()
        except Empty:
            host = Host()
        self._waiting.put(Host())
        return host

    def close(self) -> None:
        """End those that nobody took."""
        with contextlib.suppress(Empty):
            while True:
                self._waiting.get_nowait().kill()


class Network(Closing):
    """Two Connectors and a Backbone over one folder.

    Args:
        folder: holds everything; what is in it already is gone on with.
        hosts: where new hosts come from.
        names: the Connectors.
        proxied: whether there is a proxy before the Backbone.

    Attributes:
        backbone: the Backbone's process.
        proxy: the proxy before it.
        deaths: how often the host died.
        runs: how many flows ran here.
        next_kill: says for each new host before which of its events it is killed (None: it is not).
    """

    def __init__(self, folder: Path, hosts: Hosts, *, names: tuple[str, ...] = NAMES, proxied: bool = False) -> None:
        self.folder, self.names, self._hosts = folder, names, hosts
        self.backbone = BackboneProcess(folder / "backbone")
        self.proxy = Proxy(self.backbone.port) if proxied else None
        self.deaths = 0
        self.runs = 0
        self.next_kill: Callable[[], int | str | None] | None = None
        self._armed: Host | None = None
        self._events = ""
        self._connectors: dict[str, Connector] = {}
        self._host = hosts.take()
        self._start()

    def connector(self, name: str) -> Connector:
        """Return the client of a Connector of the host that runs now."""
        return self._connectors[name]

    @property
    def is_dead(self) -> bool:
        """Whether the host has ended."""
        return self._host.is_dead

    @property
    def log(self) -> list[str]:
        """The last lines that the host wrote."""
        return list(self._host.lines)

    def arm(self, kill_at: int | str) -> None:
        """Count events from now on; kill the host before the one with this number (0: none), or the first named so."""
        number, label = (kill_at, "") if isinstance(kill_at, int) else (0, kill_at)
        (self._host.faults / "events").write_text("")  # the host appends to it
        self._armed = self._host
        (self._host.faults / "kill_at").write_text(f"{number} {time.monotonic_ns()}\n{label}")

    def disarm(self) -> None:
        """Count no events any more."""
        (self._host.faults / "kill_at").unlink(missing_ok=True)

    @property
    def events(self) -> list[str]:
        """What was counted since `arm`, up to the end of the host for which that was said."""
        if self._armed and self._armed.faults.exists():
            self._events = (self._armed.faults / "events").read_text()
        return [line.partition(" ")[2] for line in self._events.splitlines()]

    def restart(self) -> None:
        """Kill the host if it is not dead yet, and start it again as often as it takes."""
        while True:
            self.deaths += 1
            self._end_host()
            self._host = self._hosts.take()
            if self.next_kill and (kill_at := self.next_kill()):
                self.arm(kill_at)
            try:
                return self._start()
            except HostDiedError:
                continue

    def backbone_rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query of the Backbone's file."""
        with contextlib.closing(sqlite3.connect(self.backbone.file, timeout=10)) as file:
            return file.execute(query).fetchall()

    def expire_sync_runs(self) -> None:
        """Let the time of sync runs that are under way run out: they belong to a host that was killed."""
        with contextlib.closing(sqlite3.connect(self.backbone.file, timeout=10)) as file, file:
            file.execute("UPDATE sync_runs SET expires_at = '2000-01-01 00:00:00.000000' WHERE finalized_at IS NULL")

    def snapshot(self, folder: Path) -> None:
        """Copy everything; nothing may be under way."""
        shutil.copytree(self.folder, folder)

    def close(self) -> None:
        """End everything at once."""
        self._end_host()
        if self.proxy:
            self.proxy.close()
        self.backbone.close()

    def _end_host(self) -> None:
        self._events = "\n".join(f"0 {event}" for event in self.events)
        self._host.kill()
        for connector in self._connectors.values():
            connector.close()
        self._connectors = {}

    def _start(self) -> None:
        client, secret = CLIENT
        for name in self.names:
            transport = {
                "baseUrl": f"http://localhost:{(self.proxy or self.backbone).port}",
                "platformClientId": client,
                "platformClientSecret": secret,
            }
            http = {"authentication": {"apiKey": {"keys": {"test": {"key": API_KEY}}}}}
            config = {"transportLibrary": transport, "infrastructure": {"httpServer": http}}
            event = self._host.start(name, self.folder / "connectors" / name, config)
            url = f"http://127.0.0.1:{event['port']}"
            self._connectors[name] = Connector(url, API_KEY, name=name, retries=0, timeout=60)
