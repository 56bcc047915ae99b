"""Lock files: held by one process or by those that inherit it, and given back by the operating system when all died."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from enmeshed_nb.clock import REAL_TIME, Clock, until


@contextmanager
def held(path: Path, timeout: float, clock: Clock = REAL_TIME) -> Iterator[int | None]:
    """Hold a lock file while the `with` lasts.

    Args:
        path: the file; it is created if it is missing.
        timeout: how long to wait for who holds it, in seconds.
        clock: the time.

    Yields:
        its file descriptor; None if another process had it all the time. A process that inherits the descriptor holds
        the lock, too: it is free when the last of them has ended.
    """
    if not (taken := until(lambda: _taken(path), timeout, clock)):
        yield None
        return
    try:
        yield taken[0]
    finally:
        os.close(taken[0])


def _taken(path: Path) -> tuple[int, ...]:
    """Try to take the lock; return its file descriptor, or nothing."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if _is_locked(file, shared=False) and is_file_of(file, path):
        return (file,)
    os.close(file)
    return ()


def _is_locked(file: int, *, shared: bool) -> bool:
    import fcntl  # noqa: PLC0415 - not on Windows, where no local network runs

    with suppress(BlockingIOError):
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        return True
    return False


def is_file_of(file: int, path: Path) -> bool:
    """Tell whether an open file is the one at this path: it may have been removed or replaced meanwhile."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def is_free(path: Path) -> bool:
    """Tell whether nobody holds a lock file; looking does not keep others from looking at the same time."""
    try:
        file = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return True
    try:
        return _is_locked(file, shared=True)
    finally:
        os.close(file)
