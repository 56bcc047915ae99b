"""Start, join, inspect and stop a local network: what the command line and the notebooks use."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from enmeshed_nb import extras
from enmeshed_nb.closing import Closing
from enmeshed_nb.localnet import locks
from enmeshed_nb.localnet.control import Progress
from enmeshed_nb.localnet.errors import HangingError, NetworkError
from enmeshed_nb.localnet.injecting import NetworkFaults
from enmeshed_nb.localnet.joining import ask_network, look, look_at_running
from enmeshed_nb.localnet.ports import bind
from enmeshed_nb.localnet.settings import (
    DEFAULT_CONNECTORS,
    START_TIMEOUT,
    SUPERVISOR,
    Control,
    Durability,
    Folder,
    NetworkState,
    Order,
    Wanted,
    check_name,
    data_dir,
    unusable,
)
from enmeshed_nb.localnet.snapshots import NetworkSnapshots

END_TIMEOUT = 20.0
"""Seconds within which a supervisor must have ended that gives up."""


class LocalNetwork(Closing):
    """A running local network and a lease on it: it runs at least as long as this object is open.

    Attributes:
        state: what runs where.

    Use `LocalNetwork.open()`; `close()` (or the end of a `with`, or of the process) gives the lease back.
    """

    def __init__(self, state: NetworkState, lease: socket.socket) -> None:
        self.state = state
        self._lease = lease

    @classmethod
    def open(
        cls,
        folder: Path | str | None = None,
        *,
        connectors: Mapping[str, Mapping[str, Any]] | None = None,
        backbone_port: int = 0,
        backbone_hosts: Sequence[str] | None = None,
        keep: bool = False,
        reconfigure: bool = False,
        durability: Durability | None = None,
        progress: Progress = lambda _: None,
    ) -> Self:
        """Join the network of a folder; start it if it does not run.

        Args:
            folder: the data folder; see `enmeshed_nb.localnet.settings.data_dir` for the default.
            connectors: names of Connectors that must run, each with configuration keys of its own (mostly none).
                None are those of the last start, in a new folder `sender` and `recipient`.
            backbone_port: a fixed port for the Backbone, 0 for any.
            backbone_hosts: names by which the Backbone may be called beside `localhost` and the loopback addresses
                (`backbone.allowedHosts` in a `--config` file); None for those of the last time.
            keep: let the network run on when nobody uses it any more, until `stop`.
            reconfigure: start a running Connector anew if *connectors* has another configuration for it (a note in
                the state says so otherwise).
            durability: what stored data survive for sure: "process", a kill of the network's processes (what a new
                network has), or "power", a power failure, too; None for what it was the last time.
            progress: is told what happens meanwhile.

        Raises:
            HangingError: it runs, but does not answer.
            MissingExtraError: it does not run, and the extra `network` is not installed.
            NetworkError: the network cannot be started or joined; it says why, and what to do.
        """
        place = Folder(data_dir(folder))
        asked = {name: dict(config) for name, config in (connectors or {}).items()}
        for name, config in asked.items():
            check_name(name)
            if config:
                from enmeshed_nb.localnet.configuration import check_configuration  # noqa: PLC0415 - mostly none is given

                check_configuration(name, config)
        supervisor = None
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if joined := ask_network(
                place,
                "keep" if keep else "lease",
                progress,
                connectors=asked,
                reconfigure=reconfigure,
                durability=durability,
            ):
                return cls(*joined)
            if supervisor:
                raise NetworkError(
                    f"The local network ended while it started (exit code {supervisor.wait(END_TIMEOUT)}).",
                    f"Its log: {place.log('network')}",
                )
            if _installed(progress):
                deadline = time.monotonic() + START_TIMEOUT
            place.make()
            if connectors is None and not place.settings.exists() and not place.connector_names():
                asked = {name: {} for name in DEFAULT_CONNECTORS}
            hosts = None if backbone_hosts is None else list(backbone_hosts)
            wanted = Wanted(
                connectors=asked,
                backbone_port=backbone_port,
                backbone_hosts=hosts,
                durability=durability,
                keep=keep,
            )
            supervisor = _start(place, wanted)
        raise NetworkError(
            f"The network in {place.path} is neither up nor free after {START_TIMEOUT:.0f} s.",
            f"Look at {place.log('network')}; `{place.command('down')}` stops it.",
        )

    def remove(self, *names: str) -> None:
        """Stop Connectors and delete all that they have stored; the Backbone keeps what they have sent.

        Args:
            names: of the Connectors; those that there are not are gone already.

        Raises:
            NetworkError: one could not be stopped, or has a name that no Connector can have.
        """
        self.state = look(Folder(Path(self.state.data_dir)), remove=list(names)) or self.state

    @property
    def clock(self) -> "NetworkClock":
        """The time of the network, which can be moved forward."""
        return NetworkClock(self.state.data_dir)

    @property
    def snapshots(self) -> NetworkSnapshots:
        """States of the network that were saved, and can be had back."""
        return NetworkSnapshots(self.state.data_dir)

    @property
    def faults(self) -> NetworkFaults:
        """What is to fail on purpose: `network.faults.inject(…)`, see `enmeshed_nb.localnet.faults`."""
        return NetworkFaults(self.state.data_dir)

    def outlive_exec(self) -> None:
        """Keep the lease when this process replaces itself by another program; it ends with that one."""
        self._lease.set_inheritable(True)

    def close(self) -> None:
        """Give the lease back."""
        self._lease.close()


class NetworkClock:
    """The time of a local network: of its Backbone and all its Connectors. It can be moved, forward only.

    Requests, templates, tokens and deletion periods expire by it. Timeouts, logins and connections do not.

    Args:
        folder: the network's folder.
    """

    def __init__(self, folder: Path | str) -> None:
        self._folder = Folder(data_dir(folder))

    def advance(self, **duration: float) -> datetime:
        """Move the time forward; it stays so, also after a restart.

        Args:
            duration: how far, by the keywords of `timedelta`: `days=31`.

        Returns:
            the network's time now, in UTC.

        Raises:
            ValueError: that is not forward.
            NetworkError: the network does not run, or cannot go so far.
        """
        by = timedelta(**duration)
        if by <= timedelta():
            raise ValueError(f"A network's time goes forward only, not by {by}. To begin anew, reset the network.")
        look_at_running(self._folder, advance=by.total_seconds())
        return self.now()

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the real time.

        Raises:
            NetworkError: the network does not run.
        """
        return timedelta(seconds=look_at_running(self._folder).clock_ahead)

    def now(self) -> datetime:
        """Return the network's time, in UTC.

        Raises:
            NetworkError: the network does not run.
        """
        return datetime.now(UTC) + self.ahead


def running(folder: Path | str | None = None) -> NetworkState | None:
    """Return what runs in a folder now, None if nothing does; if it is about to start or to stop, wait for that.

    Raises:
        HangingError: it runs, but does not answer.
        NetworkError: it could not start.
    """
    return look(Folder(data_dir(folder)))


def stop(folder: Path | str | None = None, *, force: bool = False) -> bool:
    """Stop the network of a folder, also while it starts, and wait until it is gone; its data stays.

    Args:
        folder: the data folder.
        force: kill its processes if it does not answer.

    Returns:
        True if one ran, False if there was nothing to stop.

    Raises:
        HangingError: it does not answer.
        NetworkError: it did not stop.
    """
    place = Folder(data_dir(folder))
    heard: list[str] = []
    try:
        ask_network(place, "stop", heard.append)
    except HangingError:
        if not force:
            raise
        extras.require("network", "`down --force`")
        from enmeshed_nb.localnet import hanging  # noqa: PLC0415 - psutil takes long, and mostly nothing hangs

        return hanging.kill(place)
    return bool(heard)


def reset(folder: Path | str | None = None) -> bool:
    """Stop the network of a folder and delete everything that it stored: identities, Relationships, Messages.

    Returns:
        True if there was something to delete.

    Raises:
        NetworkError: the folder holds something else than a network, or cannot be deleted.
    """
    place = Folder(data_dir(folder))
    stop(folder)
    if not place.path.exists():
        return False
    if foreign := place.foreign():
        raise NetworkError(
            f"{place.path} was not deleted: it also holds {', '.join(foreign[:5])}.",
            "Move these away, or delete the folder by hand.",
        )
    try:
        with place.exclusively(place.lock):  # no network shall start in what is being deleted
            shutil.rmtree(place.path)
    except OSError as error:
        raise NetworkError(f"{error.filename} cannot be deleted: {error.strerror}.") from error
    return True


def _installed(progress: Progress) -> bool:
    """Install what a network needs beside Python, unless that is done already; tell whether something was missing.

    Raises:
        MissingExtraError: the extra `network` is not installed.
        NetworkError: it cannot be installed.
    """
    extras.require("network", "The local network")
    from enmeshed_nb.localnet import install  # noqa: PLC0415 - it imports what is in that extra

    return install.install(lambda part: progress(f"Installing {install.WHAT}: {part:.0%}"))


def _start(place: Folder, wanted: Wanted) -> subprocess.Popen[str] | None:
    """Start a supervisor, which has the folder from this moment on; None if another one has it.

    Raises:
        NetworkError: the folder cannot be written.
    """
    try:
        return _handed_over(place, wanted)
    except OSError as error:
        raise unusable(Path(error.filename or place.path), "written", error) from error


def _handed_over(place: Folder, wanted: Wanted) -> subprocess.Popen[str] | None:
    with contextlib.ExitStack() as stack:
        if (lock := stack.enter_context(locks.held(place.lock, 0))) is None:
            return None
        place.control.unlink(missing_ok=True)  # of one that was killed
        listener = stack.enter_context(bind(0, "the network's control"))
        control = Control(port=listener.getsockname()[1], token=secrets.token_urlsafe(24))
        control.save(place.control)
        order = Order(wanted=wanted, control=control, lock=lock, listener=listener.fileno())
        log = os.open(place.log("network"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        stack.callback(os.close, log)
        supervisor = subprocess.Popen(
            [sys.executable, "-P", "-m", SUPERVISOR, str(place.path)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # neither Ctrl-C nor a kernel's interrupt reaches it
            pass_fds=(lock, listener.fileno()),
            text=True,
        )
    threading.Thread(target=supervisor.wait, name="reap the supervisor", daemon=True).start()
    assert supervisor.stdin is not None
    with contextlib.suppress(BrokenPipeError), supervisor.stdin:
        supervisor.stdin.write(order.model_dump_json(by_alias=True) + "\n")
    return supervisor
