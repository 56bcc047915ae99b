"""What to do about a network that does not answer: tell which process hangs, and end it."""

import contextlib
import os
import time
from pathlib import Path

import psutil

from enmeshed_nb.clock import until
from enmeshed_nb.localnet import node
from enmeshed_nb.localnet.control import SILENCE
from enmeshed_nb.localnet.errors import HangingError, NetworkError
from enmeshed_nb.localnet.settings import START_TIMEOUT, SUPERVISOR, Folder

KILL_TIMEOUT = 20.0
"""Seconds within which the operating system must have ended a process that was killed."""


def require_alive(place: Folder) -> None:
    """Raise a HangingError unless what said nothing has just begun: a start can be slow where much else is done."""
    (process, *_) = (*processes(place), None)
    if not process:
        if not place.is_free():
            raise HangingError(f"The network in {place.path} does not answer.", f"Its log: {place.log('network')}")
        return
    suspended = process.status() == psutil.STATUS_STOPPED
    if not suspended and 0 <= time.time() - process.create_time() < START_TIMEOUT:
        return
    force = f"`{place.command('down', '--force')}` ends it; its data stays."
    raise HangingError(
        f"The network in {place.path} does not answer: its process {process.pid} "
        f"{'is suspended' if suspended else f'says nothing for {SILENCE:.0f} s'}.",
        f"`kill -CONT {process.pid}` lets it go on; {force}" if suspended else force,
    )


def kill(place: Folder) -> bool:
    """Kill the processes that hold the folder; return whether there were any.

    Raises:
        NetworkError: the operating system does not end them.
    """
    found = processes(place)
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    if not until(place.is_free, KILL_TIMEOUT):
        pids = ", ".join(str(process.pid) for process in processes(place))
        raise NetworkError(f"The network's processes ({pids}) do not end although they were killed.")
    return bool(found)


def processes(place: Folder) -> list[psutil.Process]:
    """Return the supervisor and the Node process of a folder: those of them that have its lock open, and no others.

    No process id is remembered: it could be that of another program by now. Another version of this package, whose Node
    programs are elsewhere, may have started them.
    """
    found = []
    for process in processes_with(place.lock):
        with contextlib.suppress(psutil.Error):
            if any(word == SUPERVISOR or Path(word).name == node.MAIN for word in process.cmdline()):
                found.append(process)
    return found


def processes_with(path: Path) -> list[psutil.Process]:
    """Return the other processes that have a file open, the oldest first; those of other users cannot be seen."""
    place = os.path.realpath(path)
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and any(each.path == place for each in process.open_files()):
                found.append(process)
    return sorted(found, key=lambda process: process.pid)
