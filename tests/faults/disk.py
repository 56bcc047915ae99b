"""A disk that is full, and one that cannot be written: a small file system of its own, as only root can make it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from enmeshed_nb.connector import ApiError, ConnectorError
from enmeshed_nb.content import AuthenticationRequestItem, Request
from tests.faults.network import Network
from tests.faults.run import Run

CAN_MOUNT = os.name == "posix" and os.geteuid() == 0


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Give a folder on a file system of that size.

    Raises:
        OSError: it cannot be mounted here.
    """
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "enmeshed-nb-faults", folder]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise OSError("tmpfs cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def full(network: Network, run: Run, disk: Path) -> None:
    """Create Requests until the disk is full and beyond; free it; nothing that was refused may be there, all else must.

    Args:
        network: its Connectors' folder is on the disk.
        run: takes the findings.
        disk: where the file system is mounted.
    """
    sender, peer = network.connector("sender"), run.address("recipient")
    request = Request(items=[AuthenticationRequestItem(title="x" * 200, must_be_accepted=True)])
    ballast = disk / "ballast"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    ballast.write_bytes(bytes(free - 64 * 1024))
    answered: set[str] = set()
    refusals = 0
    while refusals < 20 and len(answered) < 2000:
        try:
            answered.add(sender.requests.outgoing.create(request, peer).id)
        except ApiError as error:
            refusals += 1
            if error.code in (None, "error.connector.unexpected", "error.runtime.unknown"):
                run.find("unclear", f"on a full disk a Request is answered with {error.status} {error.code}")
    there = {each.id for each in sender.requests.outgoing.list()}
    if answered - there:
        run.find("lost", f"{len(answered - there)} Requests that were answered with 201 are not there")
    if there - answered:
        run.find("half", f"{len(there - answered)} of {refusals} Requests that were refused are there")
    ballast.unlink()
    try:
        answered.add(sender.requests.outgoing.create(request, peer).id)
    except ConnectorError as error:
        run.find("stuck", f"the disk has room again, but: {error}")
    network.restart()
    there = {each.id for each in network.connector("sender").requests.outgoing.list()}
    if there != answered:
        run.find("lost", f"after a restart {len(answered - there)} Requests are gone, {len(there - answered)} are new")
