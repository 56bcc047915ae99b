"""Start, join, inspect and stop a local network: what the command line and the notebooks use."""

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import psutil

from enmeshed_nb.clock import until
from enmeshed_nb.closing import Closing
from enmeshed_nb.localnet.configuration import check_configuration
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.serving import LOOPBACK
from enmeshed_nb.localnet.settings import (
    DEFAULT_CONNECTORS,
    Folder,
    NetworkState,
    Wanted,
    check_name,
    data_dir,
)

START_TIMEOUT = 120.0
"""Seconds that a start may take, or the stop of a network that a start waits for."""
STOP_TIMEOUT = 20.0

Progress = Callable[[str], None]


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
        progress: Progress = lambda _: None,
    ) -> Self:
        """Join the network of a folder; start it if it does not run.

        Args:
            folder: the data folder; see `enmeshed_nb.localnet.settings.data_dir` for the default.
            connectors: names of Connectors that must run, each with configuration keys of its own (mostly none).
                Without it those of the last start run, in a new folder `sender` and `recipient`.
            backbone_port: a fixed port for the Backbone, 0 for any.
            backbone_hosts: names by which the Backbone may be called beside `localhost` and the loopback addresses
                (`backbone.allowedHosts` in a `--config` file); None for those of the last time.
            keep: let the network run on when nobody uses it any more, until `stop`.
            reconfigure: start a running Connector anew if *connectors* has another configuration for it (a note in
                the state says so otherwise).
            progress: is told what happens meanwhile.

        Raises:
            NetworkError: the network cannot be started or joined; it says why, and what to do.
        """
        place = Folder(data_dir(folder))
        asked = {name: dict(config) for name, config in (connectors or {}).items()}
        for name, config in asked.items():
            check_name(name)
            check_configuration(name, config)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if joined := _ask(place, "keep" if keep else "lease", asked, reconfigure=reconfigure):
                return cls(*joined)
            place.make()
            if not asked and not place.settings.exists():
                asked = {name: {} for name in DEFAULT_CONNECTORS}
            hosts = None if backbone_hosts is None else list(backbone_hosts)
            wanted = Wanted(connectors=asked, backbone_port=backbone_port, backbone_hosts=hosts, keep=keep)
            _start(place, wanted, progress)
        raise NetworkError(
            f"The network in {place.path} is neither up nor free after {START_TIMEOUT:.0f} s.",
            f"Look at {place.log('network')}; `{place.command('down')}` stops it.",
        )

    def outlive_exec(self) -> None:
        """Keep the lease when this process replaces itself by another program; it ends with that one."""
        self._lease.set_inheritable(True)

    def close(self) -> None:
        """Give the lease back."""
        self._lease.close()


def running(folder: Path | str | None = None) -> NetworkState | None:
    """Return what runs in a folder now, None if nothing does."""
    place = Folder(data_dir(folder))
    if not (joined := _ask(place, "lease", {})):
        return None
    state, lease = joined
    lease.close()
    return state


def stop(folder: Path | str | None = None) -> bool:
    """Stop the network of a folder and wait until it is gone; its data stays.

    Returns:
        True if one ran, False if there was nothing to stop.

    Raises:
        NetworkError: it did not stop.
    """
    place = Folder(data_dir(folder))
    if not (joined := _ask(place, "stop", {})):
        return False
    state, lease = joined
    with lease:
        if not until(lambda: _has_ended(state.pid), STOP_TIMEOUT):
            raise NetworkError(
                f"The network (process {state.pid}) did not stop within {STOP_TIMEOUT:.0f} s.",
                f"Look at {place.log('network')}; `kill -9 {state.pid}` ends it and its Connectors.",
            )
    return True


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
    known = {
        place.settings,
        place.state,
        place.failure,
        place.lock,
        place.logs,
        place.backbone,
        place.connectors,
    }
    known |= {place.settings.with_suffix(".broken"), place.backbone_lock}
    if foreign := sorted(path.name for path in place.path.iterdir() if path not in known):
        raise NetworkError(
            f"{place.path} was not deleted: it also holds {', '.join(foreign[:5])}.",
            "Move these away, or delete the folder by hand.",
        )
    try:
        shutil.rmtree(place.path)
    except OSError as error:
        raise NetworkError(f"{error.filename} cannot be deleted: {error.strerror}.") from error
    return True


def _ask(
    place: Folder, what: str, connectors: Mapping[str, Any], *, reconfigure: bool = False
) -> tuple[NetworkState, socket.socket] | None:
    """Say something to the supervisor of a folder; return its state and the open connection, None if none runs."""
    if place.is_free() or not (state := place.load_state()):
        return None
    try:
        lease = socket.create_connection((LOOPBACK, state.control.port), timeout=START_TIMEOUT)
    except OSError:
        return None
    try:
        asked = {"token": state.control.token, "do": what, "connectors": connectors, "reconfigure": reconfigure}
        lease.sendall(json.dumps(asked).encode() + b"\n")
        with lease.makefile("rb") as answers:
            answer = json.loads(answers.readline() or b"{}")
        if "failed" in answer:
            raise NetworkError(answer["failed"], answer["cure"])
        return NetworkState.model_validate(answer["state"]), lease
    except (OSError, ValueError, KeyError):
        lease.close()
        return None  # a process that has this port now, or a supervisor on its way out
    except BaseException:
        lease.close()
        raise


def _has_ended(pid: int) -> bool:
    """Tell whether a process has ended; one that its parent has not taken note of (a zombie) has."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _start(place: Folder, wanted: Wanted, progress: Progress) -> None:
    """Start a supervisor and wait until it is ready or another one turns out to have the folder."""
    with place.log("network").open("ab") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-P", "-m", "enmeshed_nb.localnet.supervisor", str(place.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # neither Ctrl-C nor a kernel's interrupt reaches it
            text=True,
        )
    threading.Thread(target=supervisor.wait, name="reap the supervisor", daemon=True).start()
    assert supervisor.stdin is not None
    assert supervisor.stdout is not None
    with supervisor.stdin, supervisor.stdout:
        supervisor.stdin.write(wanted.model_dump_json(by_alias=True) + "\n")
        supervisor.stdin.close()
        for line in supervisor.stdout:
            match json.loads(line):
                case {"doing": str(text)}:
                    progress(text)
                case {"ready": True}:
                    return
                case {"busy": True}:
                    supervisor.wait()
                    # Another one starts or stops in this folder: until it can be joined or is gone.
                    until(lambda: place.load_state() or place.is_free(), START_TIMEOUT)
                    return
                case {"failed": str(problem), "cure": str(cure)}:
                    supervisor.wait()
                    raise NetworkError(problem, cure)
    code = supervisor.wait()
    raise NetworkError(
        f"The local network ended while it started (exit code {code}).", f"Its log: {place.log('network')}"
    )
