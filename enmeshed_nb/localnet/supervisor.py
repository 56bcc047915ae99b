"""The process that is the local network: it runs the Backbone and owns the Connector host.

`enmeshed_nb.localnet.program` is how it is started. Everything else is said on the control port
(`enmeshed_nb.localnet.control`), from the first moment on.

It lives while it is needed. Whoever uses the network holds a *lease*: a connection to the control port, which
the operating system closes even when its owner is killed. When the last lease is gone and nobody asked to keep
the network, it stops. The Connector host has the supervisor's pipe as its stdin and ends at its end, so
nothing is left behind whichever process is killed; it holds the folder's lock, too, until it has ended.
"""

import asyncio
import contextlib
import gc
import logging
import os
import shutil
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enmeshed_nb.localnet import answering, control, install, locks, logs, snapshots
from enmeshed_nb.localnet.configuration import check_configuration, connector_config, usable_api_key
from enmeshed_nb.localnet.control import Asked, GoneError
from enmeshed_nb.localnet.errors import NetworkError, PortTakenError
from enmeshed_nb.localnet.failing import FaultList
from enmeshed_nb.localnet.faults import ConnectorKilled, Fault
from enmeshed_nb.localnet.host import ConnectorHost
from enmeshed_nb.localnet.ports import LOOPBACK
from enmeshed_nb.localnet.settings import (
    BackboneState,
    ConnectorSettings,
    ConnectorState,
    Failure,
    Folder,
    NetworkState,
    Order,
    Settings,
    Wanted,
    check_name,
)
from enmeshed_nb.localnet.stores import Stores, changed

LEASE_GRACE = 5.0
"""Seconds that a network without a lease waits for one: a notebook that ends and one that begins."""
RETRY = 1.0
"""Seconds until something is tried again that must be done."""
LAST_ANSWERS = 3.0
"""Seconds in which those who still wait for an answer must have it when the network ends."""
FURTHEST_AHEAD = timedelta(days=100 * 365)
"""How far a network's time can be ahead of the real one."""

if TYPE_CHECKING:
    from enmeshed_nb.localnet.relay import Relay

log = logging.getLogger("network")


class Supervisor:
    """One local network: it starts, answers who asks on its control port, and ends when it is not needed.

    Args:
        folder: the network's folder.
        order: what is wanted, and what was inherited.
        node: the process that runs the Connectors.
        stop: is set to stop it.
    """

    _settings: Settings
    _backbone: BackboneState
    _relay: "Relay"
    _host: ConnectorHost

    def __init__(self, folder: Folder, order: Order, node: subprocess.Popen[bytes], stop: asyncio.Event) -> None:
        self._folder, self._wanted, self._lock, self._control = folder, order.wanted, order.lock, order.control
        self._stores, self._node = Stores(folder), node
        self._notes: list[str] = []
        self._connectors: list[ConnectorState] = []
        self._with_backbone = contextlib.ExitStack()
        self._is_restoring = False
        self._faults = FaultList()
        self._leases_of: Counter[str] = Counter()
        self._clearing: set[asyncio.Task[None]] = set()
        self._doing = "Starting the local network"
        self._kept = order.wanted.keep
        self._leases = 0
        self._lease_change = asyncio.Event()
        self._starting = asyncio.Lock()
        self._is_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stop, self._is_over = stop, asyncio.Event()
        self._answering: set[asyncio.Task[Any]] = set()
        self._was_asked = asyncio.Event()

    async def run(self, listener: socket.socket) -> Failure | None:
        """Run the network until it is no longer needed, or asked to stop; return why if it ended otherwise.

        Args:
            listener: the socket of the control port.

        Raises:
            NetworkError: the network could not be started, or was stopped meanwhile.
        """
        server = await asyncio.start_server(self._serve, sock=listener, limit=control.LONGEST_LINE)
        try:
            async with AsyncExitStack() as stack:
                await self._unless_stopped(self._start(stack))
                gc.freeze()
                gc.enable()
                self._is_up.set_result(None)
                log.info("The network is up.")
                failure = await self._until_unneeded()
                self._doing = "Stopping the network"
                self._stop.set()
                return failure
        except NetworkError as error:
            if self._is_up.done():
                raise
            self._is_up.set_exception(error)
            self._is_up.exception()  # perhaps nobody waits for it
            with contextlib.suppress(TimeoutError):  # who started this process asks, unless it was killed
                await asyncio.wait_for(self._was_asked.wait(), LAST_ANSWERS)
            raise
        finally:
            self._is_over.set()
            if self._answering:
                await asyncio.wait(self._answering, timeout=LAST_ANSWERS)
            server.close()
            self._clear()

    def _clear(self) -> None:
        """Remove what says that the network runs, unless the folder is that of another one by now."""
        if locks.is_file_of(self._lock, self._folder.lock):
            self._folder.state.unlink(missing_ok=True)
            self._folder.control.unlink(missing_ok=True)

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that is given up when the network is to stop.

        Raises:
            NetworkError: it was given up, or failed.
        """
        working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done():
            self._doing = "Stopping the network"
            working.cancel()
            await asyncio.wait({working})
            raise NetworkError(
                "The network was stopped while it started.", f"Start it again: {self._folder.command('up')}"
            )
        working.result()

    async def _start(self, stack: AsyncExitStack) -> None:
        """Start everything; it ends with the stack.

        Raises:
            NetworkError: something cannot be started; what is stored is as it was.
        """
        install.require_installed()
        # after the Connectors; it waits for calls
        stack.push_async_callback(asyncio.to_thread, self._with_backbone.close)
        self._host = await stack.enter_async_context(ConnectorHost.running(self._folder, self._node))
        self._host.on_met = self._faults.met
        await asyncio.to_thread(snapshots.tidy, self._folder)
        await asyncio.to_thread(snapshots.finish, self._folder)
        known, self._notes = self._folder.load_settings()
        self._settings = known.adopting(self._wanted)
        for name, connector in known.connectors.items():
            check_configuration(name, connector.config)
        await asyncio.to_thread(self._stores.check, self._settings, list(known.connectors), recovered=bool(self._notes))
        self._folder.failure.unlink(missing_ok=True)
        if self._folder.state.exists():
            self._notes.append("The network had been killed; it goes on with the data that it had.")
            self._folder.state.unlink()  # nobody shall take it for what runs now
        self._settings.save(self._folder.settings)
        self._doing = "Starting the Backbone"
        await asyncio.to_thread(_import_backbone)  # while Node imports the Runtime
        self._serve_backbone()
        if self._settings.clock_ahead:
            await self._host.move_clock(self._settings.clock_ahead)
        await self._start_connectors(self._settings)

    def _serve_backbone(self) -> None:
        from enmeshed_nb.localnet import relay  # noqa: PLC0415 - see _import_backbone

        settings = self._settings

        def serve(port: int) -> "Relay":
            clients = {settings.client_id: settings.client_secret}
            return self._with_backbone.enter_context(
                relay.serve(
                    self._folder,
                    port,
                    clients,
                    allowed_hosts=settings.backbone_hosts,
                    durability=settings.durability,
                    ahead=timedelta(seconds=settings.clock_ahead),
                    faults=self._faults,
                )
            )

        try:
            self._relay = serve(settings.backbone_port)
        except PortTakenError:
            if settings.fixed_backbone_port:
                raise
            self._note_taken_port("the Backbone", settings.backbone_port)
            self._relay = serve(0)
        self._backbone = BackboneState(
            url=self._relay.url, client_id=settings.client_id, client_secret=settings.client_secret
        )
        self._settings = settings.model_copy(
            update={"backbone_port": self._relay.server.port, "backbone_tables": self._stores.backbone_tables()}
        )

    def _note_taken_port(self, what: str, port: int) -> None:
        self._notes.append(f"Port {port}, which {what} had before, is taken: it has a new one.")

    async def _start_connectors(self, settings: Settings) -> None:
        """Start those Connectors of the settings that do not run yet, and remember each that does now.

        Raises:
            NetworkError: a Connector could not be started.
        """
        async with self._starting:
            await self._start_missing(settings)

    async def _start_missing(self, settings: Settings) -> None:
        running = {*self._names}
        for name, connector in settings.connectors.items():
            if name in running:
                continue
            await self._start_one(name, connector)
        self._files = self._stores.files(connector.name for connector in self._connectors)
        self._state().save(self._folder.state)

    async def _start_one(self, name: str, connector: ConnectorSettings) -> None:
        self._doing = f"Starting the Connector '{name}'"
        config = connector_config(name, connector, self._backbone)
        port, address = await self._start_connector(name, connector, config)
        state = ConnectorState(
            name=name, url=f"http://{LOOPBACK}:{port}", api_key=usable_api_key(config), address=address
        )
        if name in self._names:
            self._connectors = [state if each.name == name else each for each in self._connectors]
        else:
            self._connectors.append(state)
        used = connector.model_copy(update={"port": port, "address": address})
        connectors = {**self._settings.connectors, name: used}
        self._settings = self._settings.model_copy(update={"connectors": connectors})
        self._settings.save(self._folder.settings)

    @property
    def _names(self) -> list[str]:
        return [connector.name for connector in self._connectors]

    async def _start_connector(self, name: str, settings: ConnectorSettings, config: dict[str, Any]) -> tuple[int, str]:
        """Start a Connector on the port that it had before; on another one if that is taken and nobody asked for it."""
        try:
            return await self._host.start_connector(name, config, self._settings.durability)
        except PortTakenError:
            if settings.config.get("infrastructure", {}).get("httpServer", {}).get("port"):
                raise
            self._note_taken_port(f"the Connector '{name}'", settings.port)
            config["infrastructure"]["httpServer"]["port"] = 0
            return await self._host.start_connector(name, config, self._settings.durability)

    def _configured_otherwise(self, wanted: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Return which of the running Connectors have another configuration than the one wanted, if one is wanted."""
        running = [connector.name for connector in self._connectors]
        return [name for name in running if wanted.get(name) and wanted[name] != self._settings.connectors[name].config]

    async def _stop_connectors(self, names: Iterable[str]) -> None:
        async with self._starting:
            names = [*names]
            self._faults.forget(names, kills_only=True)
            for name in names:
                log.info("The Connector '%s' is started anew with another configuration.", name)
                await self._host.stop_connector(name)
                self._connectors = [each for each in self._connectors if each.name != name]

    async def _advance(self, seconds: float) -> None:
        """Move the time of the Backbone and of all Connectors forward, and remember it.

        Raises:
            NetworkError: that is too far.
        """
        async with self._starting:
            ahead = self._settings.clock_ahead + seconds
            if ahead > FURTHEST_AHEAD.total_seconds():
                raise NetworkError(
                    f"A network's time can be at most {FURTHEST_AHEAD.days // 365} years ahead of the real one.",
                    f"Begin anew: {self._folder.command('reset')}",
                )
            self._settings = self._settings.model_copy(update={"clock_ahead": ahead})
            self._settings.save(self._folder.settings)
            await asyncio.to_thread(self._relay.backbone.advance, timedelta(seconds=seconds))
            await self._host.move_clock(ahead)
            self._state().save(self._folder.state)
            log.info("The time was moved: it is %s ahead.", timedelta(seconds=ahead))

    async def _save(self, name: str) -> None:
        """Save the state of the network as a snapshot.

        Raises:
            NetworkError: it cannot be saved.
        """
        async with self._starting:
            await asyncio.to_thread(snapshots.save, self._folder, name, self._settings)
            log.info("The snapshot '%s' was saved.", name)

    async def _restore(self, name: str) -> None:
        """Let the network become what it was when a snapshot was saved.

        Raises:
            NetworkError: the snapshot cannot be restored, and the network is as it was; or it is not up again.
        """
        async with self._starting:
            self._doing = f"Restoring the snapshot '{name}'"
            settings = await asyncio.to_thread(snapshots.unpack, self._folder, name, self._settings)
            self._is_restoring = True
            killed = self._faults.killed()
            self._connectors = [each for each in self._connectors if each.name not in killed]
            for each in self._faults.ids():
                self._faults.remove(each)
            await self._host.set_faults([])
            try:
                await self._become(settings)
            finally:
                snapshots.discard(self._folder)
                self._is_restoring = False
            log.info("The snapshot '%s' was restored.", name)

    async def _become(self, settings: Settings) -> None:
        """Stop everything, let what was unpacked be what is stored, and start everything again."""
        try:
            while self._connectors:
                await self._host.stop_connector(self._connectors[-1].name)
                self._connectors.pop()
            await asyncio.to_thread(self._with_backbone.close)
            await asyncio.to_thread(snapshots.decide, self._folder)
            self._settings = settings
            await self._finish_restoring()
        finally:
            if not self._stop.is_set():
                await asyncio.to_thread(self._with_backbone.close)
                self._serve_backbone()
                await self._host.move_clock(self._settings.clock_ahead)
                await self._start_missing(self._settings)

    async def _finish_restoring(self) -> None:
        try:
            await asyncio.to_thread(snapshots.finish, self._folder)
        except NetworkError as error:
            self._stop.set()  # what is stored now is of both
            raise NetworkError(
                f"The network stops in the middle of becoming what it was: {error.problem}",
                f"{error.cure} Its next start does the rest: {self._folder.command('up')}",
            ) from error

    async def _inject(self, faults: Sequence[Fault], who: str) -> None:
        """Let faults be active.

        Args:
            faults: the faults.
            who: the process that wants it; they end with its last lease, if it has one now.

        Raises:
            NetworkError: the network has no such Connector; nothing is injected then.
        """
        async with self._starting:
            known = [(fault, self._connector_of(fault)) for fault in faults]
            for each in faults:
                self._faults.remove(each.id)
            await self._host.set_faults(self._faults.at_connectors())  # one that is injected again begins anew
            for fault, connector in known:
                name, address = (connector.name, connector.address) if connector else ("", "")
                if isinstance(fault, ConnectorKilled):
                    await self._host.kill_connector(name)
                self._faults.add(fault, name, address, who if self._leases_of[who] else "")
                asyncio.get_running_loop().call_later(fault.lasts, self._clear_soon, self._faults.expired)
                log.info("A fault was injected: %s.", fault.told(name))
            await self._host.set_faults(self._faults.at_connectors())

    def _connector_of(self, fault: Fault) -> ConnectorState | None:
        if not fault.connector:
            return None
        for connector in self._connectors:
            if fault.connector in {connector.name, connector.url}:
                return connector
        raise NetworkError(
            f"A fault cannot be injected: there is no Connector '{fault.connector}'.",
            f"There are: {', '.join(self._names) or 'none'}.",
        )

    def _clear_soon(self, which: Callable[[], Iterable[str]]) -> None:
        """End some faults, and start what they have killed; what cannot be started is tried again."""

        async def clear() -> None:
            try:
                await self._clear_faults(which())
            except NetworkError as error:
                log.warning("%s", error)
                asyncio.get_running_loop().call_later(RETRY, self._clear_soon, which)

        if not self._stop.is_set():
            task = asyncio.ensure_future(clear())
            self._clearing.add(task)
            task.add_done_callback(self._clearing.discard)

    async def _clear_faults(self, ids: Iterable[str]) -> None:
        """End faults, and start the Connectors that they have killed.

        Raises:
            NetworkError: a Connector cannot be started; its fault stays.
        """
        if not (left := [*ids]):
            return
        async with self._starting:
            for each in self._faults.kills_last(left):  # without the others it can be started
                for name in self._faults.killed_by(each):
                    await self._start_one(name, self._settings.connectors[name])
                self._faults.remove(each)
            await self._host.set_faults(self._faults.at_connectors())
            self._files = self._stores.files(self._names)
            self._state().save(self._folder.state)

    async def _remove_connectors(self, names: Sequence[str]) -> None:
        """Stop Connectors and delete what they have stored; those that there are not are gone already.

        Raises:
            NetworkError: one could not be stopped; it is still there, and those after it.
        """
        async with self._starting:
            self._faults.forget(names)
            if names:
                await self._host.set_faults(self._faults.at_connectors())
            for name in names:
                if name in self._names:
                    log.info("The Connector '%s' is removed.", name)
                    await self._host.stop_connector(name)
                self._connectors = [each for each in self._connectors if each.name != name]
                left = {known: each for known, each in self._settings.connectors.items() if known != name}
                self._settings = self._settings.model_copy(update={"connectors": left})
                self._files = self._stores.files(each.name for each in self._connectors)
                self._settings.save(self._folder.settings)
                self._state().save(self._folder.state)
                await asyncio.to_thread(shutil.rmtree, self._folder.store(name).parent, ignore_errors=True)
                logs.remove(self._folder, name)

    def _state(self) -> NetworkState:
        return NetworkState(
            data_dir=str(self._folder.path),
            pid=os.getpid(),
            backbone=self._backbone,
            connectors=self._connectors,
            control=self._control,
            kept=self._kept,
            clock_ahead=self._settings.clock_ahead,
            faults=self._faults.list(),
            notes=list(self._notes),
        )

    async def _until_unneeded(self) -> Failure | None:
        """Wait until the network was asked to stop or nobody uses it any more; return why if it ends otherwise."""
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
                if self._is_restoring:
                    continue  # its files are replaced, and the Backbone is stopped for that
                if self._relay.server.has_ended:
                    return Failure(at=datetime.now(UTC), problem="The Backbone ended by itself.")
                if failure := self._missing_file():
                    return failure
                self._restore_files()
        finally:
            stop.cancel()
            unused.cancel()

    def _missing_file(self) -> Failure | None:
        """Return what is wrong if a file that the network works with was removed or replaced."""
        if not (path := changed(self._files)):
            return None
        whole = path if self._folder.path.exists() else self._folder.path
        return Failure(
            at=datetime.now(UTC),
            problem=f"{whole} was removed or replaced while the network ran, and with it what was stored there.",
            cure=f"Put a sound copy back, or begin anew: {self._folder.command('reset')}",
        )

    def _restore_files(self) -> None:
        """Write what says that the network runs anew, if somebody has removed or broken it."""
        for load, file, path in (
            (self._folder.load_state, self._state(), self._folder.state),
            (self._folder.load_control, self._control, self._folder.control),
        ):
            with contextlib.suppress(NetworkError):  # it is tried again
                if not load():
                    log.warning("%s was gone or broken and is written anew.", path.name)
                    file.save(path)

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

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection to the control port; a lease lasts as long as it is open."""
        try:
            if not (asked := await answering.heard(reader, self._control)):
                log.warning("A connection to the control port was dropped: it did not ask as the owner's programs do.")
                return
            with self._leased(asked):
                await self._answer(asked, writer)
                while asked.do in {"lease", "keep"} and await reader.read(control.LONGEST_LINE):
                    pass  # until the other side closes: that is the end of the lease
        except (OSError, asyncio.CancelledError):
            pass  # the network ends, or the other side did so suddenly
        finally:
            writer.close()

    @contextlib.contextmanager
    def _leased(self, asked: Asked) -> Iterator[None]:
        """Count a lease while the `with` lasts, if one is asked for."""
        self._kept = self._kept or asked.do == "keep"
        lease = asked.do in {"lease", "keep"}
        self._leases += lease
        if lease:
            self._leases_of[asked.who] += 1
        self._lease_change.set()
        try:
            yield
        finally:
            self._leases -= lease
            self._lease_change.set()
            if lease:
                self._leases_of[asked.who] -= 1
            if lease and not self._leases_of[asked.who]:
                del self._leases_of[asked.who]
                self._clear_soon(partial(self._faults.ids, asked.who))

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(answering.answer(writer, self._done(asked), lambda: self._doing))
        self._answering.add(task)
        self._was_asked.set()
        try:
            await task
        finally:
            self._answering.discard(task)

    async def _done(self, asked: Asked) -> Mapping[str, Any]:
        """Do what is asked; return the state.

        Raises:
            NetworkError: it cannot be done.
            GoneError: the network stops.
        """
        if asked.do == "stop":
            self._stop.set()
        if not self._stop.is_set():
            await asyncio.shield(self._is_up)
        if self._stop.is_set():
            await self._is_over.wait()
            raise GoneError
        for name, config in asked.connectors.items():
            check_name(name)
            check_configuration(name, config)
        for name in asked.remove:
            check_name(name)
        await self._remove_connectors(asked.remove)
        if asked.advance:
            await self._advance(asked.advance)
        if asked.save:
            await self._save(asked.save)
        if asked.restore:
            await self._restore(asked.restore)
        if asked.clear:
            await self._clear_faults(self._meant(asked))
        if asked.inject:
            await self._inject(asked.inject, asked.who)
        await self._adopt(asked)
        if self._faults.ids():  # what they have met by now has been told then
            await self._host.set_faults(self._faults.at_connectors())
        state = self._state()
        state.notes.extend(
            f"The Connector '{name}' runs with another configuration. "
            f"To change it: `{self._folder.command('down')}`, then `up` again."
            for name in self._configured_otherwise(asked.connectors)
        )
        if asked.durability not in {None, self._settings.durability}:
            state.notes.append(
                f"The network runs with --durability {self._settings.durability}. "
                f"To change it: `{self._folder.command('down')}`, then `up` again."
            )
        return state.model_dump(by_alias=True)

    def _meant(self, asked: Asked) -> list[str]:
        """Return the ids of the faults that somebody wants to end."""
        if "*" in asked.clear:
            return self._faults.ids()
        own = self._faults.ids(asked.who) if "own" in asked.clear else []
        return [each for each in self._faults.ids() if each in {*asked.clear, *own}]

    async def _adopt(self, asked: Asked) -> None:
        """Let the Connectors run that are asked for, and remember whether the network is to run on."""
        if asked.reconfigure:
            await self._stop_connectors(self._configured_otherwise(asked.connectors))
        running = {connector.name for connector in self._connectors}
        if missing := {name: config for name, config in asked.connectors.items() if name not in running}:
            settings = self._settings.adopting(Wanted(connectors=missing))
            known = [name for name in missing if name in self._settings.connectors]
            await asyncio.to_thread(self._stores.check, settings, known)
            await self._start_connectors(settings)
        elif asked.do == "keep":
            self._state().save(self._folder.state)


def _import_backbone() -> None:
    """Import the Backbone: SQLAlchemy and FastAPI take long, and until they are there others can be answered."""
    from enmeshed_nb.localnet import relay  # noqa: F401, PLC0415


async def _supervise(folder: Folder, order: Order, node: subprocess.Popen[bytes], listener: socket.socket) -> int:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
    try:
        failure = await Supervisor(folder, order, node, stop).run(listener)
    except NetworkError as error:
        log.error("The network could not start: %s", error)  # noqa: TRY400
        return 1
    if failure:
        log.error("%s", failure)
        if folder.path.exists():
            failure.save(folder.failure)
        return 1
    return 0


def run(path: Path, line: str, node: subprocess.Popen[bytes]) -> int:
    """Run a network; return the exit code.

    Args:
        path: its folder.
        line: the `Order`, as JSON.
        node: the process that runs its Connectors.
    """
    folder, order = Folder(path), Order.model_validate_json(line)
    os.set_inheritable(order.lock, False)
    listener = socket.socket(fileno=order.listener)
    listener.set_inheritable(False)
    logs.writer(folder, "network")
    logging.getLogger("uvicorn").handlers = logs.writer(folder, "backbone").handlers
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    try:
        return asyncio.run(_supervise(folder, order, node, listener))
    except Exception:
        log.exception("The supervisor failed.")
        return 1
