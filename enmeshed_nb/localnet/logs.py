"""The log files of a network: one of `network`, one of `backbone`, one of each Connector."""

import logging
import os
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from enmeshed_nb.clock import REAL_TIME, Clock
from enmeshed_nb.closing import Closing
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.settings import Folder
from enmeshed_nb.printable import printable

LOOK_AGAIN = 0.3
"""Seconds between two looks at files that are followed."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")

Line = tuple[str, str]
"""The name of a log, and a line of it."""


def writer(folder: Folder, name: str) -> logging.Logger:
    """Return the logger that writes the log file of `network`, `backbone` or a Connector."""
    logger = _logger(name)
    if not logger.handlers:
        handler = _LogFile(folder.log(name), maxBytes=5_000_000, backupCount=2, encoding="utf-8")
        formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)-7s %(message)s", "%Y-%m-%dT%H:%M:%S")
        formatter.converter = _utc
        handler.setFormatter(formatter)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
    return logger


def write(logger: logging.Logger, level: int, text: str, *, moment: float) -> None:
    """Write what happened some time ago.

    Args:
        logger: where to.
        level: of `logging`.
        text: what happened.
        moment: when, in seconds since 1970.
    """
    record = logging.makeLogRecord({"msg": text, "levelno": level, "levelname": logging.getLevelName(level)})
    record.created, record.msecs = moment, moment % 1 * 1000
    logger.handle(record)


class _LogFile(RotatingFileHandler):
    """A log file that another one replaces when it is full: that is told by its size, as it is, after each line."""

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - a method of the library
        return self.stream is not None and self.stream.tell() >= self.maxBytes


def remove(folder: Folder, name: str) -> None:
    """Delete the log files of a Connector that there is no more."""
    logger = _logger(name)
    for handler in [*logger.handlers]:
        logger.removeHandler(handler)
        handler.close()
    for path in folder.logs.glob(f"{name}.log*"):
        path.unlink(missing_ok=True)


def _logger(name: str) -> logging.Logger:
    return logging.getLogger(name if name in ("network", "backbone") else f"connector.{name}")


def _utc(seconds: float | None) -> time.struct_time:
    return datetime.fromtimestamp(seconds or 0, UTC).timetuple()


def last_lines(folder: Folder, name: str, number: int) -> tuple[str, ...]:
    """Return the end of a log; nothing if there is none."""
    try:
        lines = folder.log(name).read_bytes().removesuffix(b"\n").split(b"\n")
    except OSError:
        return ()
    return tuple(_told(line) for line in lines[-number:])


def _told(line: bytes) -> str:
    return printable(line.decode(errors="replace"))


class Reader(Closing):
    """Reads the logs of a network, and reads on from where it was.

    Args:
        folder: the network's folder.
        name: one log only; all of them without it, also those that come later.

    Attributes:
        names: the logs that there were at first.

    Raises:
        NetworkError: there is no log of that name; it says which there are.
    """

    def __init__(self, folder: Folder, name: str | None = None) -> None:
        self._folder, self._name = folder, name
        self._tails: dict[str, _Tail] = {}
        self.names = [path.stem for path in self._files()]
        if name is not None and name not in self.names:
            there = ", ".join(self.names) or "none at all"
            raise NetworkError(f"There is no log '{name}' in {folder.logs}, only: {there}.")

    def close(self) -> None:
        """Close the files."""
        for tail in self._tails.values():
            tail.close()

    def _files(self) -> list[Path]:
        return sorted(self._folder.logs.glob("*.log"))

    def new_lines(self) -> list[Line]:
        """Return the lines that were added since the last call, in the order in which they were written."""
        for path in self._files():
            if self._name in (None, path.stem) and path.stem not in self._tails:
                self._tails[path.stem] = _Tail(path)
        found = [(moment, name, line) for name, tail in self._tails.items() for moment, line in tail.new_lines()]
        return [(name, line) for _, name, line in sorted(found, key=lambda each: each[0])]

    def follow(self, clock: Clock = REAL_TIME) -> Iterator[Line]:
        """Yield the lines that are there, then each that is added, without an end."""
        while True:
            yield from self.new_lines()
            clock.sleep(LOOK_AGAIN)


class _Tail(Closing):
    """One log file, read to its end, also when it is replaced by a new one meanwhile (rotation)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb")
        self._begun = b""  # a line whose end is not written yet
        self._moment = ""

    def close(self) -> None:
        self._file.close()

    def new_lines(self) -> list[tuple[str, str]]:
        """Return what was added, each line with when it was written; without a time, it has that of the one before."""
        lines = []
        for line in self._added():
            if moment := _MOMENT.match(line):
                self._moment = moment[0]
            lines.append((self._moment, line))
        return lines

    def _added(self) -> list[str]:
        try:
            newest = self._path.open("rb")
        except FileNotFoundError:  # the moment between the old file and the new one
            return self._rest()
        if os.path.sameopenfile(newest.fileno(), self._file.fileno()):
            newest.close()
            return self._rest()
        lines = self._rest()
        self._file.close()
        self._file = newest
        return lines + self._rest()

    def _rest(self) -> list[str]:
        *whole, self._begun = (self._begun + self._file.read()).split(b"\n")
        return [_told(line) for line in whole]
