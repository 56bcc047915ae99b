"""The process that is the local network: it runs the Backbone and owns the Connector host.

Started by `enmeshed_nb.localnet.network` as `python -m enmeshed_nb.localnet.supervisor DATA_DIR`, in a session
of its own. What is wanted comes as one JSON line on stdin; what happens goes out as JSON lines on stdout:
`{"doing": text}`, then `{"ready": true}`, `{"busy": true}` (another supervisor has this folder) or
`{"failed": problem, "cure": text}`.

It lives while it is needed. Whoever uses the network holds a *lease*: a connection to the control port, which
the operating system closes even when its owner is killed. When the last lease is gone and nobody asked to keep
the network, it stops. The Connector host has the supervisor's pipe as its stdin and ends at its end, so
nothing is left behind whichever process is killed.
"""

import asyncio
import contextlib
import hmac
import json
import logging
import os
import secrets
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from enmeshed_nb.localnet import install
from enmeshed_nb.localnet.backbone import Backbone
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.serving import LOOPBACK, Server, bind, port_is_free
from enmeshed_nb.localnet.settings import (
    BackboneState,
    ConnectorState,
    Control,
    Failure,
    Folder,
    FolderInUseError,
    NetworkState,
    Settings,
    Wanted,
    connector_config,
    usable_api_key,
)

LEASE_GRACE = 5.0
"""Seconds that a network without a lease waits for one: a notebook that ends and one that begins."""
CONNECTOR_START_TIMEOUT = 60.0
"""Seconds that a Connector may take to start."""
CONNECTOR_STOP_TIMEOUT = 20.0
"""Seconds that a Connector may take to stop."""

log = logging.getLogger("network")


class ConnectorHost:
    """The Node process with all Connectors, spoken to by JSON lines."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._last_lines: deque[str] = deque(maxlen=12)
        self._readers: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Start Node."""
        command = [
            str(install.node_command()),
            "--disable-warning=ExperimentalWarning",
            str(install.HOST / "main.js"),
        ]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=pipe, limit=16 * 1024 * 1024
        )
        self._readers = [asyncio.create_task(self._read_events()), asyncio.create_task(self._read_stderr())]

    async def start_connector(self, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
        """Start one Connector and return its `started` event.

        Raises:
            NetworkError: it could not be started.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        folder = self._folder.connectors / name
        folder.mkdir(exist_ok=True)
        answer = self._answers[name] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(
            json.dumps({"start": {"name": name, "folder": str(folder), "config": config}}).encode() + b"\n"
        )
        try:
            event: dict[str, Any] = await asyncio.wait_for(answer, CONNECTOR_START_TIMEOUT)
        except TimeoutError:
            raise self._failed(
                f"The Connector '{name}' did not start within {CONNECTOR_START_TIMEOUT:.0f} s."
            ) from None
        finally:
            del self._answers[name]
        if event["event"] == "failed":
            with contextlib.suppress(OSError):
                folder.rmdir()  # only if it is empty: the Connector never lived
            raise self._failed(f"The Connector '{name}' could not start: {event['message']}")
        return event

    async def stop_connector(self, name: str) -> None:
        """Stop one Connector; its data stays."""
        assert self._process is not None
        assert self._process.stdin is not None
        answer = self._answers[name] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(json.dumps({"stop": {"name": name}}).encode() + b"\n")
        try:
            await asyncio.wait_for(answer, CONNECTOR_STOP_TIMEOUT)
        except TimeoutError:
            raise self._failed(f"The Connector '{name}' did not stop within {CONNECTOR_STOP_TIMEOUT:.0f} s.") from None
        finally:
            del self._answers[name]

    async def ended(self) -> Failure:
        """Wait until Node ends and return how it ended."""
        assert self._process is not None
        code = await self._process.wait()
        await asyncio.wait(self._readers, timeout=1)
        how = f"was killed by signal {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        failure = Failure(
            at=datetime.now(UTC),
            problem=f"The process that runs the Connectors {how}.",
            last_lines=list(self._last_lines),
        )
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(NetworkError(str(failure)))
        return failure

    async def stop(self) -> None:
        """End Node: at the end of its stdin it stops by itself, after 10 s it is killed."""
        if self._process is None or self._process.returncode is not None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _failed(self, problem: str) -> NetworkError:
        return NetworkError(problem, f"Its log: {self._folder.logs}")

    async def _read_events(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            event: dict[str, Any] = json.loads(line)
            name = event.get("name")
            if event["event"] == "log":
                level = logging.getLevelNamesMapping().get(event["level"].upper(), logging.INFO)
                text = f"{event['logger']}: {event['message']}"
                connector_log(self._folder, name or "network").log(level, text)
                self._last_lines.append(f"{name or 'host'} {event['level']} {text}"[:500])
            elif (answer := self._answers.get(str(name))) and not answer.done():
                answer.set_result(event)

    async def _read_stderr(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            text = line.decode(errors="replace").rstrip()
            log.error("node: %s", text)
            self._last_lines.append(text[:500])


class Supervisor:
    """One local network, from its start to its end."""

    def __init__(self, folder: Folder, wanted: Wanted) -> None:
        self._folder = folder
        self._settings, self._notes = folder.load_settings()
        self._settings = self._settings.adopting(wanted)
        self._kept = wanted.keep
        self._host = ConnectorHost(folder)
        self._starting = asyncio.Lock()
        self._leases = 0
        self._lease_change = asyncio.Event()
        self._stop = asyncio.Event()
        self._connectors: list[ConnectorState] = []
        self._backbone_state: BackboneState | None = None
        self._control: Control | None = None

    async def run(self) -> Failure | None:
        """Run the network until it is no longer needed; return why if it ended otherwise.

        Raises:
            NetworkError: the network could not be started.
        """
        folder, settings = self._folder, self._settings
        folder.failure.unlink(missing_ok=True)
        if folder.state.exists():
            self._notes.append("The network had been killed; it goes on with the data that it had.")
        say(doing="Starting the Backbone")
        listener = bind(
            self._usable_port("the Backbone", settings.backbone_port, fixed=settings.fixed_backbone_port),
            "the Backbone",
        )
        backbone = Backbone(folder.backbone, clients={settings.client_id: settings.client_secret})
        control = await asyncio.start_server(self._serve_control, LOOPBACK, 0)
        self._control = Control(port=control.sockets[0].getsockname()[1], token=secrets.token_urlsafe(24))
        try:
            with Server(backbone.app, listener, before_stop=backbone.end_streams) as server:
                self._backbone_state = BackboneState(
                    url=f"http://localhost:{server.port}",
                    client_id=settings.client_id,
                    client_secret=settings.client_secret,
                )
                self._settings = settings.model_copy(update={"backbone_port": server.port})
                say(doing="Starting the enmeshed Runtime")
                await self._host.run()
                try:
                    ended = asyncio.create_task(self._host.ended())
                    await self._start_connectors(self._settings)
                    say(ready=True)
                    log.info("The network is up.")
                    return await self._until_unneeded(ended, server)
                finally:
                    await self._host.stop()
        finally:
            control.close()
            backbone.close()
            folder.state.unlink(missing_ok=True)

    def stop(self) -> None:
        """Ask the network to stop."""
        self._stop.set()

    def _usable_port(self, what: str, port: int, *, fixed: bool) -> int:
        if fixed or port_is_free(port):
            return port
        self._notes.append(f"Port {port}, which {what} had before, is taken: it has a new one.")
        return 0

    async def _start_connectors(self, wanted: Settings) -> None:
        """Start those Connectors of the settings that do not run yet, and remember each that does now."""
        assert self._backbone_state is not None
        async with self._starting:
            running = {connector.name for connector in self._connectors}
            for name, settings in wanted.connectors.items():
                if name in running:
                    continue
                say(doing=f"Starting the Connector '{name}'")
                config = connector_config(name, settings, self._backbone_state)
                server_config = config["infrastructure"]["httpServer"]
                fixed = bool(settings.config.get("infrastructure", {}).get("httpServer", {}).get("port"))
                server_config["port"] = self._usable_port(f"the Connector '{name}'", server_config["port"], fixed=fixed)
                event = await self._host.start_connector(name, config)
                self._connectors.append(
                    ConnectorState(
                        name=name,
                        url=f"http://{LOOPBACK}:{event['port']}",
                        api_key=usable_api_key(config),
                        address=event["address"],
                    )
                )
                used = {**self._settings.connectors, name: settings.model_copy(update={"port": event["port"]})}
                self._settings = self._settings.model_copy(update={"connectors": used})
            self._settings.save(self._folder.settings)
            self._state().save(self._folder.state)

    def _configured_otherwise(self, wanted: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Return which of the running Connectors have another configuration than the one wanted, if one is wanted."""
        running = [connector.name for connector in self._connectors]
        return [name for name in running if wanted.get(name) and wanted[name] != self._settings.connectors[name].config]

    async def _stop_connectors(self, names: Iterable[str]) -> None:
        async with self._starting:
            for name in names:
                log.info("The Connector '%s' is started anew with another configuration.", name)
                await self._host.stop_connector(name)
                self._connectors = [each for each in self._connectors if each.name != name]

    def _state(self) -> NetworkState:
        assert self._backbone_state is not None
        assert self._control is not None
        return NetworkState(
            data_dir=str(self._folder.path),
            pid=os.getpid(),
            backbone=self._backbone_state,
            connectors=self._connectors,
            control=self._control,
            kept=self._kept,
            notes=list(self._notes),
        )

    async def _until_unneeded(self, ended: asyncio.Task[Failure], server: Server) -> Failure | None:
        stop = asyncio.create_task(self._stop.wait())
        unused = asyncio.create_task(self._unused())
        try:
            while True:
                await asyncio.wait({ended, stop, unused}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
                if stop.done() or unused.done():
                    log.info("The network stops: %s.", "asked to" if stop.done() else "nobody uses it any more")
                    return None
                if ended.done():
                    return ended.result()
                if not self._folder.load_state():
                    log.warning("network.json was gone or broken and is written anew.")
                    self._state().save(self._folder.state)
                if server.has_ended:
                    return Failure(at=datetime.now(UTC), problem="The Backbone ended by itself.")
        finally:
            stop.cancel()
            unused.cancel()

    async def _unused(self) -> None:
        while True:
            while self._kept or self._leases:
                self._lease_change.clear()
                await self._lease_change.wait()
            with contextlib.suppress(TimeoutError):
                self._lease_change.clear()
                await asyncio.wait_for(self._lease_change.wait(), LEASE_GRACE)
            if not self._kept and not self._leases:
                return

    async def _serve_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection: it asks, is answered, and stays open as a lease.

        It asks with a line `{"token", "do": "lease" | "keep" | "stop", "connectors", "reconfigure"}`; with
        `reconfigure`, a Connector that runs with another configuration is started anew with the one that is asked for.
        """
        self._leases += 1
        self._lease_change.set()
        try:
            asked = json.loads(await asyncio.wait_for(reader.readline(), 5))
            assert self._control is not None
            if not hmac.compare_digest(str(asked["token"]), self._control.token):
                return
            writer.write(json.dumps(await self._answer(asked)).encode() + b"\n")
            await writer.drain()
            if asked["do"] == "stop":
                self.stop()
            with contextlib.suppress(asyncio.CancelledError):  # the network ends before the lease does
                await reader.read()  # until the other side closes: that is the end of the lease
        except (OSError, ValueError, KeyError, TimeoutError) as error:
            log.warning("A connection to the control port was dropped: %r", error)
        finally:
            self._leases -= 1
            self._lease_change.set()
            writer.close()

    async def _answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        try:
            if asked.get("reconfigure"):
                await self._stop_connectors(self._configured_otherwise(asked["connectors"]))
            running = {connector.name for connector in self._connectors}
            if missing := {name: config for name, config in asked["connectors"].items() if name not in running}:
                await self._start_connectors(self._settings.adopting(Wanted(connectors=missing)))
        except NetworkError as error:
            return {"failed": error.problem, "cure": error.cure}
        if asked["do"] == "keep" and not self._kept:
            self._kept = True
            self._state().save(self._folder.state)
        state = self._state()
        state.notes.extend(
            f"The Connector '{name}' runs with another configuration. `enmeshed-nb down`, then `up` again to change it."
            for name in self._configured_otherwise(asked["connectors"])
        )
        return {"state": state.model_dump(by_alias=True)}


def say(**message: Any) -> None:
    """Tell whoever started this process; it may have gone already, the network then ends for want of a lease."""
    with contextlib.suppress(OSError, ValueError):
        print(json.dumps(message), flush=True)


def connector_log(folder: Folder, name: str) -> logging.Logger:
    """Return the logger that writes `logs/NAME.log`."""
    logger = logging.getLogger(name if name in ("network", "backbone") else f"connector.{name}")
    if not logger.handlers:
        handler = RotatingFileHandler(folder.log(name), maxBytes=5_000_000, backupCount=2, encoding="utf-8")
        formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
        formatter.converter = _utc
        handler.setFormatter(formatter)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return logger


def _utc(seconds: float | None) -> time.struct_time:
    return datetime.fromtimestamp(seconds or 0, UTC).timetuple()


async def _supervise(folder: Folder, wanted: Wanted) -> int:
    supervisor = Supervisor(folder, wanted)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, supervisor.stop)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    try:
        with folder.exclusively(folder.backbone_lock):
            failure = await supervisor.run()
    except NetworkError as error:
        log.error("The network could not start: %s", error)  # noqa: TRY400
        say(failed=error.problem, cure=error.cure)
        return 1
    if failure:
        log.error("%s", failure)
        failure.save(folder.failure)
        return 1
    return 0


def main() -> int:
    """Run the network of the folder that is the first argument."""
    folder = Folder(Path(sys.argv[1]))
    try:
        wanted = Wanted.model_validate_json(sys.stdin.readline())
        install.require_installed()
        folder.make()
        with folder.exclusively(folder.lock):
            connector_log(folder, "network")
            connector_log(folder, "backbone")
            logging.getLogger("uvicorn").handlers = logging.getLogger("backbone").handlers
            logging.getLogger("uvicorn").setLevel(logging.INFO)
            return asyncio.run(_supervise(folder, wanted))
    except FolderInUseError:
        say(busy=True)
        return 3
    except NetworkError as error:
        say(failed=error.problem, cure=error.cure)
        return 1
    except Exception as error:
        log.exception("The supervisor failed.")
        say(
            failed=f"The local network failed unexpectedly: {error!r}.",
            cure=f"Its log: {folder.log('network')}",
        )
        return 1


if __name__ == "__main__":
    sys.exit(main())
