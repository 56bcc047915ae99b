"""The process that is the local network: it runs the Backbone and owns the Connector host.

Started by `enmeshed_nb.localnet.local_network` as `python -P -m enmeshed_nb.localnet.supervisor DATA_DIR`, in a
session of its own. What is wanted comes as one JSON line on stdin; what happens goes out as JSON lines on stdout:
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
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from enmeshed_nb.localnet import install, logs, relay
from enmeshed_nb.localnet.configuration import connector_config, usable_api_key
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.host import ConnectorHost
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
)

LEASE_GRACE = 5.0
"""Seconds that a network without a lease waits for one: a notebook that ends and one that begins."""

log = logging.getLogger("network")


class Supervisor:
    """One local network whose Backbone and Connector host run: it starts Connectors, and tells when it is not needed.

    Args:
        folder: the network's folder.
        settings: what its Connectors are started with.
        notes: what whoever joins the network should know.
        kept: whether it runs on when nobody uses it any more.
        backbone: the running Backbone.
        host: the running Connector host.
        control: where it listens for leases.
        stop: is set to stop it.
    """

    def __init__(
        self,
        folder: Folder,
        settings: Settings,
        notes: Iterable[str],
        *,
        kept: bool,
        backbone: BackboneState,
        host: ConnectorHost,
        control: Control,
        stop: asyncio.Event,
    ) -> None:
        self._folder, self._settings, self._notes, self._kept = folder, settings, list(notes), kept
        self._backbone, self._host, self._control, self._stop = backbone, host, control, stop
        self._starting = asyncio.Lock()
        self._leases = 0
        self._lease_change = asyncio.Event()
        self._connectors: list[ConnectorState] = []

    async def start_connectors(self, wanted: Settings | None = None) -> None:
        """Start those Connectors of the settings that do not run yet, and remember each that does now.

        Args:
            wanted: new settings; those that the network has without them.

        Raises:
            NetworkError: a Connector could not be started.
        """
        async with self._starting:
            running = {connector.name for connector in self._connectors}
            for name, settings in (wanted or self._settings).connectors.items():
                if name in running:
                    continue
                say(doing=f"Starting the Connector '{name}'")
                config = connector_config(name, settings, self._backbone)
                server_config = config["infrastructure"]["httpServer"]
                if not settings.config.get("infrastructure", {}).get("httpServer", {}).get("port"):  # none is fixed
                    server_config["port"] = usable_port(f"the Connector '{name}'", server_config["port"], self._notes)
                port, address = await self._host.start_connector(name, config)
                self._connectors.append(
                    ConnectorState(
                        name=name,
                        url=f"http://{LOOPBACK}:{port}",
                        api_key=usable_api_key(config),
                        address=address,
                    )
                )
                used = {**self._settings.connectors, name: settings.model_copy(update={"port": port})}
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
        return NetworkState(
            data_dir=str(self._folder.path),
            pid=os.getpid(),
            backbone=self._backbone,
            connectors=self._connectors,
            control=self._control,
            kept=self._kept,
            notes=list(self._notes),
        )

    async def until_unneeded(self, server: Server) -> Failure | None:
        """Wait until the network was asked to stop or nobody uses it any more; return why if it ended otherwise.

        Args:
            server: serves the Backbone.
        """
        ended = self._host.ended
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

    async def serve_control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection: it asks, is answered, and stays open as a lease.

        It asks with a line `{"token", "do": "lease" | "keep" | "stop", "connectors", "reconfigure"}`; with
        `reconfigure`, a Connector that runs with another configuration is started anew with the one that is asked for.
        """
        self._leases += 1
        self._lease_change.set()
        try:
            asked = json.loads(await asyncio.wait_for(reader.readline(), 5))
            if not hmac.compare_digest(str(asked["token"]), self._control.token):
                return
            writer.write(json.dumps(await self._answer(asked)).encode() + b"\n")
            await writer.drain()
            if asked["do"] == "stop":
                self._stop.set()
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
                await self.start_connectors(self._settings.adopting(Wanted(connectors=missing)))
        except NetworkError as error:
            return {"failed": error.problem, "cure": error.cure}
        if asked["do"] == "keep" and not self._kept:
            self._kept = True
            self._state().save(self._folder.state)
        state = self._state()
        state.notes.extend(
            f"The Connector '{name}' runs with another configuration. "
            f"To change it: `{self._folder.command('down')}`, then `up` again."
            for name in self._configured_otherwise(asked["connectors"])
        )
        return {"state": state.model_dump(by_alias=True)}


def say(**message: Any) -> None:
    """Tell whoever started this process; it may have gone already, the network then ends for want of a lease."""
    with contextlib.suppress(OSError, ValueError):
        print(json.dumps(message), flush=True)


def usable_port(what: str, port: int, notes: list[str]) -> int:
    """Return the port that something had before; 0 for any if it is taken, with a note that says so."""
    if port_is_free(port):
        return port
    notes.append(f"Port {port}, which {what} had before, is taken: it has a new one.")
    return 0


def check_backbone_store(folder: Folder, settings: Settings) -> None:
    """Check that the Backbone still has its store if Connectors have Identities there: a new one knows none of them.

    Raises:
        NetworkError: it is gone.
    """
    ours = [
        name
        for name, connector in settings.connectors.items()
        if not connector.config.get("transportLibrary", {}).get("baseUrl")
        and any(folder.connectors.glob(f"{name}/*.db"))
    ]
    if ours and not folder.backbone_store.exists():
        raise NetworkError(
            f"The Backbone's store {folder.backbone_store} is gone, and with it the Identities of {', '.join(ours)}.",
            f"Put the file back, or begin anew: {folder.command('reset')}",
        )


async def run(folder: Folder, wanted: Wanted, stop: asyncio.Event) -> Failure | None:
    """Run a network until it is no longer needed, or *stop* is set; return why if it ended otherwise.

    Raises:
        NetworkError: the network could not be started.
    """
    settings, notes = folder.load_settings()
    settings = settings.adopting(wanted)
    check_backbone_store(folder, settings)
    folder.failure.unlink(missing_ok=True)
    if folder.state.exists():
        notes.append("The network had been killed; it goes on with the data that it had.")
        folder.state.unlink()  # nobody shall take it for what runs now
    async with AsyncExitStack() as stack:
        stack.callback(folder.state.unlink, missing_ok=True)
        say(doing="Starting the Backbone")
        port = settings.backbone_port
        if not settings.fixed_backbone_port:
            port = usable_port("the Backbone", port, notes)
        clients = {settings.client_id: settings.client_secret}
        backbone = stack.enter_context(relay.serve(folder, port, clients, allowed_hosts=settings.backbone_hosts))
        say(doing="Starting the enmeshed Runtime")
        host = await stack.enter_async_context(ConnectorHost.running(folder))
        listener = stack.enter_context(bind(0, "the network's control"))
        supervisor = Supervisor(
            folder,
            settings.model_copy(update={"backbone_port": backbone.server.port}),
            notes,
            kept=wanted.keep,
            backbone=BackboneState(
                url=backbone.url, client_id=settings.client_id, client_secret=settings.client_secret
            ),
            host=host,
            control=Control(port=listener.getsockname()[1], token=secrets.token_urlsafe(24)),
            stop=stop,
        )
        control = await asyncio.start_server(supervisor.serve_control, sock=listener)
        stack.callback(control.close)
        await supervisor.start_connectors()
        say(ready=True)
        log.info("The network is up.")
        return await supervisor.until_unneeded(backbone.server)


async def _supervise(folder: Folder, wanted: Wanted) -> int:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
    try:
        failure = await run(folder, wanted, stop)
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
            logs.writer(folder, "network")
            logging.getLogger("uvicorn").handlers = logs.writer(folder, "backbone").handlers
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
