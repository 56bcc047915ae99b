"""Looks at what a network has stored before anything is started: whether all of it is there, and whose it is.

Without that, a new file would be begun where one is missing, with another Identity: all Relationships would be lost,
and nobody would be told.
"""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from os import stat_result
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.settings import ConnectorSettings, Folder, Settings

T = TypeVar("T")

_IDENTITY = """
    SELECT json_extract(document, '$.value.address') FROM documents
    WHERE collection = 'AccountInfo' AND json_extract(document, '$.name') = 'identity'
"""
_KNOWN = "SELECT address FROM identities UNION SELECT identity FROM devices"
"""Identities that the Backbone knows, also those that were deleted: their devices' user names stay."""


class Stores:
    """The SQLite files of a network.

    Args:
        folder: the network's folder.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def check(self, settings: Settings, names: Iterable[str], *, recovered: bool = False) -> None:
        """Check that what the settings say is stored, and nothing else in its place; nothing is changed.

        Args:
            settings: what the network had the last time.
            names: the Connectors to check.
            recovered: the settings are lost, so each Connector of which there is a folder must have its Identity.

        Raises:
            NetworkError: a file is missing, damaged, not complete or another one.
        """
        known: set[str] | None = None
        for name in names:
            connector = settings.connectors[name]
            address = self._check_connector(name, connector, recovered=recovered)
            if not address or connector.config.get("transportLibrary", {}).get("baseUrl"):
                continue
            if known is None:
                known = self._known_identities(name, settings)
            if address not in known:
                raise self._lost(
                    f"The Backbone's store {self._folder.backbone_store} does not know the Identity {address} "
                    f"of the Connector '{name}': it is that of another network."
                )

    def _check_connector(self, name: str, settings: ConnectorSettings, *, recovered: bool) -> str:
        """Return the address of a Connector's Identity, empty if it never had one."""
        path = self._folder.store(name)
        of_whom = f"of the Connector '{name}'"
        must_be = recovered or bool(settings.address)
        expected = f", and with it its Identity {settings.address}".rstrip()
        if not path.exists() or not path.stat().st_size:
            if must_be:
                raise self._lost(f"The store {path} {of_whom} is {'empty' if path.exists() else 'gone'}{expected}.")
            return ""
        address = self._read(path, f"The store {path} {of_whom}", _identity)
        if must_be and not address:
            raise self._lost(f"The store {path} {of_whom} is not complete: it has no Identity.")
        if settings.address and address != settings.address:
            raise self._lost(
                f"The store {path} {of_whom} is another one: its Identity is {address}, and was {settings.address}."
            )
        return address

    def _known_identities(self, name: str, settings: Settings) -> set[str]:
        """Return the addresses of all Identities that the Backbone has or had."""
        path = self._folder.backbone_store
        if not path.exists() or not path.stat().st_size:
            raise self._lost(
                f"The Backbone's store {path} is {'empty' if path.exists() else 'gone'}, "
                f"and with it the Identity of the Connector '{name}'."
            )
        tables = self.backbone_tables()
        if missing := sorted({*settings.backbone_tables, "identities", "devices"} - set(tables)):
            raise self._lost(f"The Backbone's store {path} is not complete: it lacks {', '.join(missing)}.")
        return self._read(path, f"The Backbone's store {path}", lambda file: {row[0] for row in file.execute(_KNOWN)})

    def backbone_tables(self) -> list[str]:
        """Return the names of the tables in the Backbone's store.

        Raises:
            NetworkError: it is damaged.
        """
        path = self._folder.backbone_store
        query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        return self._read(path, f"The Backbone's store {path}", lambda file: [row[0] for row in file.execute(query)])

    def _read(self, path: Path, what: str, read: Callable[[sqlite3.Connection], T]) -> T:
        has_log = path.with_name(f"{path.name}-wal").exists()
        how = "mode=ro" if has_log else "immutable=1"  # which leaves no files behind
        try:
            with closing(sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True)) as file:
                ((sound, *_), *_) = file.execute("PRAGMA quick_check(1)")
                if sound != "ok":
                    raise self._lost(f"{what} is damaged: {sound}.")
                return read(file)
        except sqlite3.Error as error:
            raise self._lost(f"{what} cannot be used: {error}.") from error

    def _lost(self, problem: str) -> NetworkError:
        cure = f"Put a sound copy of the file back, or begin anew: {self._folder.command('reset')}"
        return NetworkError(problem, cure)

    def files(self, names: Iterable[str]) -> dict[Path, stat_result]:
        """Return what is there now of the files that a running network works with."""
        paths = (self._folder.lock, self._folder.backbone_store, *map(self._folder.store, names))
        return {path: found for path in paths if (found := _stat(path))}


def changed(files: dict[Path, stat_result]) -> Path | None:
    """Return a file that was removed or replaced since `Stores.files`; None if there is none."""
    for path, before in files.items():
        now = _stat(path)
        if not now or (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
            return path
    return None


def _stat(path: Path) -> stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _identity(file: sqlite3.Connection) -> str:
    rows = [str(address) for (address,) in file.execute(_IDENTITY)]
    return rows[0] if rows else ""
