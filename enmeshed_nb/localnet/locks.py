"""Lock files: held by one process at a time, and given back by the operating system when it dies."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from enmeshed_nb.clock import REAL_TIME, Clock, until


@contextmanager
def held(path: Path, timeout: float, clock: Clock = REAL_TIME) -> Iterator[bool]:
    """Hold a lock file while the `with` lasts.

    Args:
        path: the file; it is created if it is missing.
        timeout: how long to wait for who holds it, in seconds.
        clock: the time.

    Yields:
        whether it is held; False if another process had it all the time.
    """
    lock = FileLock(path)

    def acquired() -> bool:
        with suppress(Timeout):
            lock.acquire(timeout=0)
        return lock.is_locked

    try:
        yield until(acquired, timeout, clock)
    finally:
        lock.release()
