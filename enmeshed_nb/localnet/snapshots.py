"""States of a network that were saved: everything that it stores at one moment, in one file, to be had back.

`snapshots/NAME.zip` in the network's folder holds, at the places that they have there, the Backbone's store and those
of all Connectors, and `snapshot.json`: what the Connectors are configured with, and a checksum of each store.

**Saving** stops nothing. For a moment nobody can commit, and in that moment a reading transaction begins on each store;
what these see is copied. So a snapshot is what `kill -9` of the whole network would have left at that moment: all that
was answered is in it, and what was under way is found out or taken up after it was restored, as after a kill.

**Restoring** unpacks and checks everything beside the network first (`restoring.new`). When its processes have let go
of their files, `restoring.new` becomes `restoring`: from then on it is decided, and if something is killed before it is
done, the next start does the rest (`finish`).

A Connector that is there when a snapshot is restored keeps the port and the API key that it has, so that its clients go
on; one that is not there comes back with those that it had. Time goes forward only: the network is as far ahead of the
real time as it was then, or as it is now, whichever is more.

Whoever has the file of a snapshot has the Identities in it: their private keys are in the Connectors' stores, without
which nothing could be restored. What can be left out of an exported file are the API keys.
"""

import hashlib
import os
import re
import secrets
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NoReturn, Self
from urllib.parse import quote

from pydantic import Field, ValidationError

from enmeshed_nb._version import __version__
from enmeshed_nb.localnet.configuration import check_configuration
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.joining import look
from enmeshed_nb.localnet.settings import (
    Connectors,
    ConnectorSettings,
    File,
    Folder,
    Settings,
    data_dir,
    new_api_key,
    synchronize,
    unusable,
)
from enmeshed_nb.localnet.stores import Stores

FORMAT = 1
"""The version of the form of a snapshot's file; other ones are refused."""
LOCK_TIMEOUT = 10.0
"""Seconds to wait for whoever commits to a store."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MANIFEST = "snapshot.json"
_LARGEST_MANIFEST = 16 * 1024 * 1024
_CHUNK = 1024 * 1024
_LEFT_OUT = "left-out"


class Snapshot(File):
    """What a snapshot's file says of itself."""

    version: Annotated[int, Field(ge=FORMAT, le=FORMAT)] = FORMAT
    """Of the form of the file."""
    made_by: str = __version__
    """The version of enmeshed-nb that made it."""
    name: str
    created_at: datetime
    """In UTC, by the real time."""
    clock_ahead: float
    """Seconds by which the network's time was ahead of the real one."""
    backbone_tables: list[str] = Field(repr=False)
    connectors: Connectors
    """By name; their API keys are empty where they were left out."""
    checksums: dict[str, str] = Field(repr=False)
    """Of the stores, as SHA-256 in hex, by their paths in the folder."""

    def __str__(self) -> str:
        ahead = f", {timedelta(seconds=self.clock_ahead)} ahead of the real time" if self.clock_ahead else ""
        keys = "" if self.has_keys else ", without API keys"
        names = ", ".join(self.connectors) or "no Connectors"
        return f"{self.name}: {names}; saved {self.created_at:%Y-%m-%d %H:%M:%S} UTC{ahead}{keys}"

    @property
    def has_keys(self) -> bool:
        """Whether the Connectors' API keys are in it."""
        return all(connector.api_key for connector in self.connectors.values())

    def public(self) -> dict[str, Any]:
        """Return what other programs get to see, as JSON-ready values."""
        about = self.model_dump(by_alias=True, mode="json", include={"name", "made_by", "created_at", "clock_ahead"})
        connectors = [{"name": name, "address": each.address} for name, each in self.connectors.items()]
        return {**about, "hasKeys": self.has_keys, "connectors": connectors}

    def without_keys(self) -> Self:
        """Return the same without API keys, and without what else is secret in the Connectors' configurations."""
        connectors = {
            name: connector.model_copy(update={"api_key": "", "config": _without_secrets(connector.config)})
            for name, connector in self.connectors.items()
        }
        return self.model_copy(update={"connectors": connectors})


class NetworkSnapshots:
    """The snapshots of a network. Whether it runs makes no difference, but that it runs on.

    Args:
        folder: the network's folder.
    """

    def __init__(self, folder: Path | str) -> None:
        self._folder = Folder(data_dir(folder))

    def save(self, name: str) -> Snapshot:
        """Save the state that the network has now; nothing is stopped for that.

        Everything that was answered is in it. What is under way is in it as far as it is stored, as after a kill.

        Args:
            name: of the snapshot: lower-case letters, digits, '-' and '_'.

        Raises:
            NetworkError: there is one of that name, there is no network, or it cannot be written.
        """
        _check_name(name)
        if not look(self._folder, save=name):
            with self._alone():
                save(self._folder, name, self._stored_settings())
        return self[name]

    def restore(self, name: str) -> Snapshot:
        """Let the network become what it was; what it is now is lost, unless that is saved, too.

        The Connectors of a network that runs are started again, at the same URLs and with the same API keys; Connectors
        that were not there then are gone. Its time goes forward only: it is as far ahead as then, or as now, whichever
        is more. If something is killed meanwhile, nothing has changed, or the next start does the rest.

        Args:
            name: of the snapshot.

        Raises:
            NetworkError: there is none of that name, or it is damaged or of another version (nothing has changed then);
                or the network could not be started again.
        """
        snapshot = self[name]
        if not look(self._folder, restore=name):
            self._folder.make()
            with self._alone():
                finish(self._folder)
                settings = self._stored_settings() if self._folder.settings.exists() else Settings.new()
                unpack(self._folder, name, settings)
                decide(self._folder)
                finish(self._folder)
        return snapshot

    def list(self) -> list[Snapshot]:
        """Return the snapshots that can be restored, oldest first; damaged ones are left out."""
        found = []
        for path in sorted(self._folder.snapshots.glob("*.zip")):
            with suppress(NetworkError):
                found.append(_read(path)[0])
        return sorted(found, key=lambda each: each.created_at)

    def __getitem__(self, name: str) -> Snapshot:
        """Return what a snapshot says of itself.

        Raises:
            NetworkError: there is none of that name, or it is damaged or of another version.
        """
        return _read(_existing(self._folder, name))[0]

    def remove(self, name: str) -> None:
        """Delete a snapshot.

        Raises:
            NetworkError: there is none of that name, or it cannot be deleted.
        """
        path = _existing(self._folder, name)
        try:
            path.unlink()
        except OSError as error:
            raise unusable(path, "deleted", error) from error

    def export(self, name: str, file: Path | str, *, keys: bool = True) -> Path:
        """Write a snapshot to a file that `import_` takes elsewhere; its owner alone can read that.

        The private keys of its Identities are in it in any case: give it only to whom you would give the Connectors.

        Args:
            name: of the snapshot.
            file: where to; it must not exist.
            keys: False leaves out the Connectors' API keys, `infrastructure.httpServer.authentication` of their
                configurations, and there also what is secret otherwise: `platformClientSecret`, the headers of
                webhooks, and what stands in URLs as user, query and fragment. API keys are made anew when it is
                restored.

        Returns:
            the file, absolute.

        Raises:
            NetworkError: there is no snapshot of that name, it is damaged, or the file exists or cannot be written.
        """
        path, to = _existing(self._folder, name), Path(file).expanduser().absolute()
        if to.exists():
            raise NetworkError(f"{to} is there already.", "Choose another file, or delete it.")
        snapshot = _checked(path)
        _copy(path, to, snapshot if keys else snapshot.without_keys())
        return to

    def import_(self, file: Path | str, name: str = "") -> Snapshot:
        """Take a snapshot from a file, to be restored here; that alone changes nothing in a network.

        Args:
            file: what `export` has written.
            name: of the snapshot; that which it had without it.

        Raises:
            NetworkError: there is one of that name, or the file is damaged, of another version, or none of a snapshot.
        """
        path = Path(file).expanduser().absolute()
        if not path.is_file():
            raise NetworkError(f"There is no file {path}.", "Give one that `snapshots export` has written.")
        snapshot = _checked(path)
        name = name or snapshot.name
        _check_name(name)
        self._folder.make()
        to = _free(self._folder, name)
        _copy(path, to, snapshot.model_copy(update={"name": name}))
        return self[name]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """See to it that nothing runs in the folder while the `with` lasts."""
        if not self._folder.path.exists():
            raise _no_network(self._folder)
        with self._folder.exclusively(self._folder.lock), self._folder.exclusively(self._folder.backbone_lock):
            yield

    def _stored_settings(self) -> Settings:
        if not self._folder.settings.exists():
            raise _no_network(self._folder)
        return self._folder.load_settings()[0]


def save(folder: Folder, name: str, settings: Settings) -> None:
    """Save the state of a network; whoever calls sees to it that no Connector is started or removed meanwhile.

    Args:
        folder: the network's folder.
        name: of the snapshot.
        settings: what the network has now.

    Raises:
        NetworkError: there is one of that name, or it cannot be written; no trace of it is left then.
    """
    to = _free(folder, name)
    names = [name for name in settings.connectors if folder.store(name).exists()]
    stores = [folder.backbone_store, *map(folder.store, names)]
    with _said(to, "written"), tempfile.TemporaryDirectory(dir=folder.snapshots, prefix=".") as place:
        copies = {_inside(folder, path): Path(place) / str(number) for number, path in enumerate(stores)}
        _copy_at_one_moment(dict(zip(stores, copies.values(), strict=True)))
        snapshot = Snapshot(
            name=name,
            created_at=datetime.now(UTC),
            clock_ahead=settings.clock_ahead,
            backbone_tables=settings.backbone_tables,
            connectors={name: settings.connectors[name] for name in names},
            checksums={inside: _checksum(path) for inside, path in copies.items()},
        )

        def add(archive: zipfile.ZipFile) -> None:
            for inside, path in copies.items():
                archive.write(path, inside)

        _write(to, snapshot, add)


def unpack(folder: Folder, name: str, settings: Settings) -> Settings:
    """Unpack a snapshot beside the network, and look whether it can run; `decide` and `finish` make the network of it.

    Args:
        folder: the network's folder.
        name: of the snapshot.
        settings: what the network has now.

    Returns:
        the settings that the network will have.

    Raises:
        NetworkError: there is none of that name, it is damaged or of another version, or it cannot be unpacked.
    """
    path = _existing(folder, name)
    staging = Folder(_staging(folder))
    discard(folder)
    try:
        with _said(staging.path, "written"):
            staging.path.mkdir(mode=0o700)
            snapshot = _checked(path, staging.path)
            for each, connector in snapshot.connectors.items():
                check_configuration(each, connector.config)
            restored = settings.model_copy(
                update={
                    "backbone_tables": snapshot.backbone_tables,
                    "clock_ahead": max(settings.clock_ahead, snapshot.clock_ahead),
                    "connectors": {
                        each: _restored(connector, settings.connectors.get(each))
                        for each, connector in snapshot.connectors.items()
                    },
                }
            )
            Stores(staging).check(restored, restored.connectors)
            restored.save(staging.settings)
    except BaseException:
        discard(folder)
        raise
    return restored


def discard(folder: Folder) -> None:
    """Forget what was unpacked and not decided."""
    shutil.rmtree(_staging(folder), ignore_errors=True)


def tidy(folder: Folder) -> None:
    """Delete what was left by something that was killed: what was being written or unpacked, and is not whole."""
    discard(folder)
    for left in [*folder.snapshots.glob(".*")]:
        with suppress(OSError):
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def decide(folder: Folder) -> None:
    """Let what was unpacked be what the network is; nobody may have its files open."""
    staging = _staging(folder)
    with _said(staging, "written"):
        for path in (*staging.rglob("*"), staging):
            synchronize(path)
        staging.replace(folder.restoring)
        synchronize(folder.path)


def finish(folder: Folder) -> None:
    """Do the rest of what was decided and perhaps cut off; nobody may have the network's files open.

    Raises:
        NetworkError: a file cannot be moved; it is tried again the next time.
    """
    if not folder.restoring.exists():
        return
    restored = Folder(folder.restoring)
    with _said(folder.path, "written"):
        for new, old in ((restored.backbone, folder.backbone), (restored.connectors, folder.connectors)):
            if new.exists():
                shutil.rmtree(old, ignore_errors=True)
                new.replace(old)
        if restored.settings.exists():
            restored.settings.replace(folder.settings)
        synchronize(folder.path)
        shutil.rmtree(folder.restoring)


def _staging(folder: Folder) -> Path:
    return folder.restoring.with_name(f"{folder.restoring.name}.new")


def _restored(saved: ConnectorSettings, now: ConnectorSettings | None) -> ConnectorSettings:
    """Return a Connector's settings as they were, with the port and the key that it has now, if it is there."""
    if now:
        return saved.model_copy(update={"api_key": now.api_key, "port": now.port})
    return saved.model_copy(update={} if saved.api_key else {"api_key": new_api_key()})


def _copy_at_one_moment(copies: Mapping[Path, Path]) -> None:
    """Copy SQLite files, all as they are at the same moment.

    Args:
        copies: where to, by the files.
    """

    def opened(path: Path) -> sqlite3.Connection:
        place = f"file:{quote(str(path))}?mode=rw"
        return stack.enter_context(
            closing(sqlite3.connect(place, timeout=LOCK_TIMEOUT, isolation_level=None, uri=True))
        )

    with ExitStack() as stack:
        writers, readers = [opened(path) for path in copies], [opened(path) for path in copies]
        try:
            for writer in writers:
                writer.execute("BEGIN IMMEDIATE")
            for reader in readers:  # nobody can commit now: all of them begin with what is there at this moment
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            for writer in writers:
                writer.close()
        for reader, path in zip(readers, copies.values(), strict=True):
            with closing(sqlite3.connect(path)) as copy:
                copy.execute("PRAGMA synchronous = OFF")  # a copy that is cut off is thrown away
                reader.backup(copy)


def _write(to: Path, snapshot: Snapshot, add: Callable[[zipfile.ZipFile], None]) -> None:
    """Write the file of a snapshot, whole or not at all.

    Args:
        to: the file.
        snapshot: what it says of itself.
        add: adds its stores.
    """
    new = to.with_name(f".{to.name}.{secrets.token_hex(4)}.new")
    try:
        with (
            _created(new) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        ):
            archive.writestr(_MANIFEST, snapshot.model_dump_json(by_alias=True, indent=2))
            add(archive)
        synchronize(new)
        new.replace(to)
        synchronize(to.parent)
    finally:
        new.unlink(missing_ok=True)


def _created(path: Path) -> BinaryIO:
    """Open a new file that its owner alone can use."""
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b")


def _copy(path: Path, to: Path, snapshot: Snapshot) -> None:
    """Copy the file of a snapshot, and let it say something else of itself."""

    def add(archive: zipfile.ZipFile) -> None:
        with zipfile.ZipFile(path) as source:
            for inside in snapshot.checksums:
                with source.open(inside) as store, archive.open(inside, "w", force_zip64=True) as copy:
                    shutil.copyfileobj(store, copy, _CHUNK)

    with _said(to, "written"):
        _write(to, snapshot, add)


def _read(path: Path) -> tuple[Snapshot, list[zipfile.ZipInfo]]:
    """Return what a snapshot's file says of itself, and its stores.

    Raises:
        NetworkError: it is damaged, of another version, or something else than a snapshot.
    """
    with _sound(path), zipfile.ZipFile(path) as archive:
        about = archive.getinfo(_MANIFEST)
        if about.file_size > _LARGEST_MANIFEST:
            _refuse(path, f"its {_MANIFEST} is too large")
        try:
            snapshot = Snapshot.model_validate_json(archive.read(about))
        except ValidationError as error:
            first = error.errors()[0]
            if first["loc"] == ("version",):
                raise NetworkError(
                    f"{path} is a snapshot of another version: its form is {first['input']!r:.20}, not {FORMAT}.",
                    "Use the enmeshed-nb that made it.",
                ) from None
            _refuse(path, f"its {_MANIFEST} cannot be read")
        stores = {f"connectors/{name}/account.db" for name in snapshot.connectors} | {"backbone/backbone.db"}
        if stores != {*snapshot.checksums} or sorted(archive.namelist()) != sorted({*stores, _MANIFEST}):
            _refuse(path, "it holds other files than a snapshot does")
        own = path.stem if path.parent.name == "snapshots" and _NAME.fullmatch(path.stem) else snapshot.name
        return snapshot.model_copy(update={"name": own}), [archive.getinfo(each) for each in sorted(stores)]


def _checked(path: Path, to: Path | None = None) -> Snapshot:
    """Return what a snapshot's file says of itself, if it is sound; unpack its stores to a folder, if there is one.

    Raises:
        NetworkError: it is damaged, of another version, or something else than a snapshot.
    """
    snapshot, stores = _read(path)
    with _sound(path), zipfile.ZipFile(path) as archive:
        for store in stores:
            digest = hashlib.sha256()
            with ExitStack() as stack:
                source, target = stack.enter_context(archive.open(store)), None
                if to:
                    (to / store.filename).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    target = stack.enter_context(_created(to / store.filename))
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    if target:
                        target.write(chunk)
            if digest.hexdigest() != snapshot.checksums[store.filename]:
                _refuse(path, f"{store.filename} in it is not what was saved")
    return snapshot


@contextmanager
def _sound(path: Path) -> Iterator[None]:
    """Say in words what is wrong with a file that cannot be read as a snapshot."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        LookupError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as error:
        _refuse(path, f"it is none, or not whole ({str(error).strip(chr(39)) or type(error).__name__})")
    except OSError as error:
        if error.filename is not None and Path(error.filename) == path:
            raise unusable(path, "read", error) from error
        raise


def _refuse(path: Path, why: str) -> NoReturn:
    raise NetworkError(
        f"{path} is no snapshot that can be used: {why}.", "Take a sound copy of it, or save the state anew."
    )


@contextmanager
def _said(path: Path, what: str) -> Iterator[None]:
    """Say in words why something cannot be written."""
    try:
        yield
    except sqlite3.Error as error:
        cure = "Make some room on the disk, then try again." if "full" in str(error) else ""
        raise NetworkError(f"{path} cannot be {what}: {error}.", cure) from error
    except OSError as error:
        raise unusable(path, what, error) from error


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise NetworkError(
            f"'{name}' cannot be a snapshot's name.",
            "A name has lower-case letters, digits, '-' and '_', begins with a letter or digit and is at most 64 long.",
        )


def _file(folder: Folder, name: str) -> Path:
    _check_name(name)
    return folder.snapshots / f"{name}.zip"


def _existing(folder: Folder, name: str) -> Path:
    path = _file(folder, name)
    if path.is_file():
        return path
    known = ", ".join(sorted(each.stem for each in folder.snapshots.glob("*.zip"))) or "none"
    raise NetworkError(f"There is no snapshot '{name}' in {folder.path}.", f"There are: {known}.")


def _free(folder: Folder, name: str) -> Path:
    path = _file(folder, name)
    if path.exists():
        remove = folder.command("snapshots", "remove", name)
        raise NetworkError(f"There is a snapshot '{name}' already.", f"Choose another name, or: {remove}")
    with _said(folder.snapshots, "written"):
        folder.snapshots.mkdir(exist_ok=True, mode=0o700)
    return path


def _no_network(folder: Folder) -> NetworkError:
    return NetworkError(f"There is no network in {folder.path}.", f"Start one: {folder.command('up')}")


def _inside(folder: Folder, path: Path) -> str:
    return path.relative_to(folder.path).as_posix()


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _without_secrets(value: Any, key: str = "") -> Any:
    """Return a Connector's configuration without what is secret in it; it is valid still."""
    if key == "platformClientSecret":
        return _LEFT_OUT
    if isinstance(value, str):
        return re.sub(r"[?#].*$", "", re.sub(r"^([a-z][a-z0-9+.-]*://)[^/?#]*@", r"\1", value))
    if isinstance(value, list):
        return [_without_secrets(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_secrets(each, name) for name, each in value.items() if name not in ("authentication", "headers")
    }
