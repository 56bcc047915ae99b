"""What a network's folder remembers between two starts, and what is running now.

    settings.json   ports, keys, addresses and configurations; survives every stop
    control.json    where the supervisor listens, from the moment on in which it is started; removed by a clean stop
    network.json    addresses and ports of what runs; removed by a clean stop
    failure.json    why the network stopped by itself, until the next start
    network.lock    held by the supervisor and its Node process as long as one of them lives
    backbone.lock   held by whoever runs the Backbone: the supervisor, or `enmeshed-nb backbone`
    snapshots       a file for each state that was saved
    restoring       a snapshot that the network is about to become, whatever is killed (`restoring.new`: perhaps)
    exercises/      how far a reader of the notebooks is with the exercises
    own-connectors.jsonl   what was created at Connectors of the user's own, for `enmeshed-nb clean`

Only the owner of the folder can read what is in it.
"""

import errno
import json
import os
import re
import secrets
import shlex
import stat
import string
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from difflib import get_close_matches
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from platformdirs import user_data_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from enmeshed_nb.localnet import locks
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.faults import ActiveFault
from enmeshed_nb.printable import printable

DEFAULT_CONNECTORS = ("sender", "recipient")
DATA_DIR_VARIABLE = "ENMESHED_NB_DATA_DIR"
SUPERVISOR = "enmeshed_nb.localnet.program"
"""The module whose program is a network."""
START_TIMEOUT = 120.0
"""Seconds within which a network that does not run yet, or is about to end, must be found up or free."""
LOCK_TIMEOUT = 1.0
"""Seconds to wait for a lock: who only looks whether it is taken holds it for a moment."""
_HOST_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
FORMAT = 1
"""The version of the form of settings.json that is written; older ones are read, newer ones refused."""
Durability = Literal["process", "power"]
"""What stored data survive for sure: a kill of the processes, or a power failure, too."""
Port = Annotated[int, Field(ge=0, le=65535)]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_RESERVED_NAMES = {"backbone", "network"}


def data_dir(given: Path | str | None = None) -> Path:
    """Return the network's folder: the one given, else `$ENMESHED_NB_DATA_DIR`, else the platform's."""
    chosen = given or os.environ.get(DATA_DIR_VARIABLE) or user_data_path("enmeshed-nb")
    return Path(chosen).expanduser().absolute()


def meant(word: str, known: Collection[str]) -> str:
    """Return the question which of the known words an unknown one is a typo of; nothing if it is like none of them."""
    return "".join(f" Did you mean '{close}'?" for close in get_close_matches(word, known, n=1))


def is_name(name: str) -> bool:
    """Tell whether a Connector can have this name."""
    return bool(_NAME.fullmatch(name)) and name not in _RESERVED_NAMES


def check_name(name: str) -> None:
    """Raise a NetworkError unless a Connector can have this name."""
    if not is_name(name):
        raise NetworkError(
            f"'{name}' cannot be a Connector's name.",
            "A name has lower-case letters, digits, '-' and '_', begins with a letter or digit and is at most 32 long; "
            "'backbone' and 'network' are taken. Example: --connectors sender,recipient (or a number: --connectors 3)",
        )


def is_host_name(value: object) -> bool:
    """Tell whether something is a host's name or address: without a port, an IPv6 address without brackets."""
    if not isinstance(value, str):
        return False
    try:
        return _HOST_NAME.fullmatch(value) is not None or bool(IPv6Address(value))
    except ValueError:
        return False


class FolderInUseError(NetworkError):
    """Another process runs a network in the folder."""


class File(BaseModel):
    """What stands in a JSON file."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, defer_build=True
    )

    def save(self, path: Path) -> None:
        """Write the file at once and whole, readable by its owner only.

        Raises:
            NetworkError: it cannot be written; what was there before is still there.
        """
        new = path.with_name(path.name + ".new")
        try:
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
                file.write(self.model_dump_json(by_alias=True, indent=2))
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise unusable(path, "written", error) from error

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Return the file's content, None if there is no file.

        Raises:
            ValueError: the file is broken.
            NetworkError: the file cannot be read.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise unusable(path, "read", error) from error


class ConnectorSettings(File):
    """What a Connector of the network is started with."""

    api_key: str = Field(repr=False)
    """The key that was made for it; used unless its own configuration has keys."""
    port: Port = 0
    """The port that it had the last time; 0 if it never ran."""
    address: str = ""
    """The address of its Identity; empty if it never ran."""
    config: dict[str, Any] = Field(default_factory=dict, repr=False)
    """Its own configuration: keys of a real Connector's configuration file, in camelCase."""


def _with_names(connectors: dict[str, ConnectorSettings]) -> dict[str, ConnectorSettings]:
    if odd := [name for name in connectors if not is_name(name)]:
        raise ValueError(f"cannot be a Connector's name: {odd[0]!r}")
    return connectors


Connectors = Annotated[dict[str, ConnectorSettings], AfterValidator(_with_names)]
"""Connectors by their names."""


class Settings(File):
    """What every start of the network uses again."""

    version: Annotated[int, Field(ge=1, le=FORMAT)] = FORMAT
    """Of the form of this file."""
    client_id: str
    client_secret: str = Field(repr=False)
    backbone_port: Port = 0
    """The port that the Backbone had the last time, or shall have; 0 if it never ran."""
    fixed_backbone_port: bool = False
    """Whether somebody asked for that port: if it is taken, the network does not start with another one."""
    backbone_hosts: list[str] = Field(default_factory=list)
    """Names by which the Backbone may be called beside `localhost` and the loopback addresses."""
    backbone_tables: list[str] = Field(default_factory=list)
    """What tables the Backbone's store had the last time."""
    durability: Durability = "process"
    clock_ahead: float = 0
    """Seconds by which the network's time is ahead of the real one."""
    connectors: Connectors
    """By name, in the order in which they are started."""

    @classmethod
    def new(cls) -> Self:
        """Return the settings of a network that has no Connectors yet."""
        return cls(client_id="local", client_secret=secrets.token_urlsafe(24), connectors={})

    def adopting(self, wanted: "Wanted") -> "Settings":
        """Return these settings with the Connectors and ports that a start asks for."""
        connectors = dict(self.connectors)
        for name, config in wanted.connectors.items():
            known = connectors.get(name) or ConnectorSettings(api_key=new_api_key())
            connectors[name] = known.model_copy(update={"config": config} if config else {})
        update: dict[str, Any] = {"connectors": connectors}
        if wanted.backbone_port:
            update |= {"backbone_port": wanted.backbone_port, "fixed_backbone_port": True}
        if wanted.backbone_hosts is not None:
            update["backbone_hosts"] = wanted.backbone_hosts
        if wanted.durability:
            update["durability"] = wanted.durability
        return self.model_copy(update=update)


class Wanted(File):
    """What somebody who starts or joins a network asks of it."""

    connectors: dict[str, dict[str, Any]] = Field(repr=False)
    """The configuration of each Connector that must run, by name; an empty one leaves it as it is."""
    backbone_port: Port = 0
    """A fixed port for the Backbone; 0 for the one it had, or any."""
    backbone_hosts: list[str] | None = None
    """Names by which the Backbone may be called, too; None for those of the last time."""
    durability: Durability | None = None
    """What stored data survive; None for what it was."""
    keep: bool = False
    """Whether the network runs on when nobody uses it any more."""

    @classmethod
    def from_config(cls, path: Path) -> Self:
        """Read a `--config` file.

        Raises:
            NetworkError: the file cannot be read, or holds something else than the documented keys.
        """
        try:
            content = json.loads(path.read_bytes())
        except OSError as error:
            raise NetworkError(
                f"--config {path}: the file cannot be read: {error.strerror}.", f"Looked for it at {path.absolute()}."
            ) from error
        except ValueError as error:
            raise NetworkError(f"--config {path}: cannot be read as JSON: {error}") from error
        expected = '{"backbone": {"port": 8090}, "connectors": {"sender": {…}, "recipient": {…}}}'
        if not isinstance(content, dict):
            content = {}
        if unknown := [key for key in content if key not in ("connectors", "backbone")]:
            hint = "".join(meant(key, ("connectors", "backbone")) for key in unknown)
            raise NetworkError(f"--config {path}: unknown: {', '.join(unknown)}.{hint}", f"Example: {expected}")
        connectors, backbone = content.get("connectors"), content.get("backbone", {})
        if not isinstance(connectors, dict) or not connectors or not isinstance(backbone, dict):
            raise NetworkError(
                f"--config {path}: 'connectors' must be an object of Connectors.", f"Example: {expected}"
            )
        if unknown := [f"backbone.{key}" for key in backbone if key not in ("port", "allowedHosts")]:
            raise NetworkError(f"--config {path}: unknown: {', '.join(unknown)}.", f"Example: {expected}")
        if odd := [name for name, config in connectors.items() if not isinstance(config, dict)]:
            raise NetworkError(f"--config {path}: not an object: {', '.join(odd)}.", f"Example: {expected}")
        for name in connectors:
            check_name(name)
        port = backbone.get("port", 0)
        if not isinstance(port, int) or not 0 <= port <= 65535:
            raise NetworkError(f"--config {path}: backbone.port must be a number from 0 to 65535, not {port!r}.")
        hosts = backbone.get("allowedHosts")
        if hosts is not None and not (isinstance(hosts, list) and all(is_host_name(host) for host in hosts)):
            raise NetworkError(
                f"--config {path}: backbone.allowedHosts must be a list of host names without ports, not {hosts!r}."
            )
        return cls(connectors=connectors, backbone_port=port, backbone_hosts=hosts)


class BackboneState(File):
    """The running Backbone, as Connectors and other programs need to know it."""

    url: str
    """With the host name `localhost`, which stands in the addresses of the Identities."""
    client_id: str
    client_secret: str = Field(repr=False)


class ConnectorState(File):
    """One running Connector."""

    name: str
    url: str
    """Without a path: the API is below `/api/core/v1`."""
    api_key: str = Field(repr=False)
    """The first enabled key of its configuration; empty if it has none."""
    address: str
    """The address of its Identity (`did:e:…`)."""


class Control(File):
    """Where the supervisor listens for leases, and the word that it wants to hear first."""

    port: Port
    token: str = Field(repr=False)


class Order(File):
    """What a supervisor is started with."""

    wanted: Wanted
    control: Control
    lock: int
    """The file descriptor of the folder's lock, which it inherits."""
    listener: int
    """The file descriptor of the socket that listens on the control port, which it inherits."""


class NetworkState(File):
    """What runs now: the object that `enmeshed-nb up --json` prints, and the supervisor's control port."""

    data_dir: str
    """The network's folder, absolute."""
    pid: int
    """The process id of the supervisor."""
    backbone: BackboneState
    connectors: list[ConnectorState]
    """In the order in which they were started."""
    control: Control
    kept: bool = False
    """Whether the network runs on when nobody uses it any more."""
    clock_ahead: float = 0
    """Seconds by which its time is ahead of the real one."""
    faults: list[ActiveFault] = Field(default_factory=list)
    """What fails on purpose."""
    notes: list[str] = Field(default_factory=list)
    """What whoever starts or joins the network should know, one sentence each; mostly nothing."""

    def connector(self, name: str) -> ConnectorState:
        """Return the Connector of that name.

        Raises:
            NetworkError: the network has none of that name.
        """
        for connector in self.connectors:
            if connector.name == name:
                return connector
        names = ", ".join(connector.name for connector in self.connectors)
        raise NetworkError(f"The local network has no Connector '{name}', only: {names}.")

    @property
    def unusual(self) -> tuple[str, ...]:
        """The sentences that say that the network's time was moved, and what fails on purpose; mostly nothing."""
        moved = f"The network's time is {timedelta(seconds=self.clock_ahead)} ahead of the real one."
        return (*([moved] if self.clock_ahead else ()), *(f"A fault is active: {each}." for each in self.faults))

    def public(self) -> dict[str, Any]:
        """Return what other programs get to see, as JSON-ready values."""
        return self.model_dump(by_alias=True, mode="json", include={"data_dir", "pid", "backbone", "connectors"})


class Failure(File):
    """Why a network stopped by itself."""

    at: datetime
    """In UTC."""
    problem: str
    last_lines: list[str] = Field(default_factory=list)
    """What its processes wrote to their logs last, oldest first."""
    cure: str = ""
    """What to do about it; empty if starting again is all."""

    def __str__(self) -> str:
        lines = "".join(f"\n    {printable(line)}" for line in self.last_lines)
        return " ".join(filter(None, (self.problem, self.cure))) + (f" Its last log lines:{lines}" if lines else "")


class Folder:
    """The files of one network."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = path / "settings.json"
        self.control = path / "control.json"
        self.state = path / "network.json"
        self.failure = path / "failure.json"
        self.lock = path / "network.lock"
        self.backbone_lock = path / "backbone.lock"
        self.logs = path / "logs"
        self.backbone = path / "backbone"
        self.backbone_store = self.backbone / "backbone.db"
        self.connectors = path / "connectors"
        self.snapshots = path / "snapshots"
        self.restoring = path / "restoring"
        self.exercises = path / "exercises"
        """What a reader of the notebooks has done; the network does not read it."""
        self.ledger = path / "own-connectors.jsonl"
        """What was created at own Connectors: no part of the network, so a reset does not delete it."""

    def command(self, *words: str) -> str:
        """Return what to type for a command about this network; with `--data-dir` only where that is needed."""
        place = () if self.path == data_dir() else ("--data-dir", str(self.path))
        return shlex.join(("enmeshed-nb", *words, *place))

    def store(self, name: str) -> Path:
        """Return the file with everything that a Connector stores, its Identity first of all."""
        return self.connectors / name / "account.db"

    def connector_names(self) -> list[str]:
        """Return the names of the Connectors that have stored something here."""
        return [path.name for path in self.connectors.glob("*") if is_name(path.name)]

    def foreign(self) -> list[str]:
        """Return the names of what is in the folder and not of a network."""
        files = (self.settings, self.control, self.state, self.failure)
        folders = (self.logs, self.backbone, self.connectors, self.snapshots, self.exercises)
        known = {each.name for path in (*files, self.restoring) for each in (path, path.with_name(f"{path.name}.new"))}
        known |= {path.name for path in (*folders, self.lock, self.backbone_lock)}
        broken = self.settings.with_suffix(".broken").name
        return sorted(
            path.name for path in self.path.iterdir() if path.name not in known and not path.name.startswith(broken)
        )

    def make(self) -> None:
        """Create the folder, for its owner only; take from others what they may do with one that is there.

        Raises:
            NetworkError: it cannot be created or written, or belongs to somebody else.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._shut()
            for folder in (self.logs, self.backbone, self.connectors):
                folder.mkdir(exist_ok=True, mode=0o700)
                if not os.access(folder, os.W_OK):
                    reason = errno.EROFS if os.statvfs(folder).f_flag & os.ST_RDONLY else errno.EACCES
                    raise OSError(reason, os.strerror(reason))
        except OSError as error:
            raise NetworkError(
                f"The network's folder {self.path} cannot be written: {error.strerror}.",
                f"Choose another one with --data-dir DIR or ${DATA_DIR_VARIABLE}.",
            ) from error

    def _shut(self) -> None:
        """Let nobody but the owner into the folder."""
        self._require_ours(self.path.resolve())
        foreign = self.foreign()
        mode = stat.S_IMODE(self.path.stat().st_mode)
        if not foreign:
            _restrict(self.path)
        elif mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise NetworkError(
                f"{self.path} is no safe place for a network: others can write to it (mode {mode:o}), "
                f"and it also holds {', '.join(foreign[:3])}.",
                f"Choose a folder of its own: --data-dir {shlex.quote(str(self.path / 'network'))}",
            )
        for path in self.path.iterdir():
            if path.name not in foreign:
                self._require_ours(path)
                for each in (path.resolve(), *path.resolve().rglob("*")):
                    self._require_ours(each)
                    _restrict(each)

    def _require_ours(self, path: Path) -> None:
        with suppress(FileNotFoundError):  # it was removed just now
            owner, user = path.lstat().st_uid, os.geteuid()
            if owner != user:
                raise NetworkError(
                    f"{path} belongs to another user ({_user_name(owner)}), not to you ({_user_name(user)}).",
                    f"Choose another folder with --data-dir DIR, or make this one yours: "
                    f"sudo chown -R {_user_name(user)} {shlex.quote(str(self.path))}",
                )

    @contextmanager
    def exclusively(self, lock: Path) -> Iterator[int]:
        """Hold one of the folder's locks.

        Yields:
            its file descriptor, for processes that shall hold it, too.

        Raises:
            FolderInUseError: another process holds it.
        """
        with locks.held(lock, LOCK_TIMEOUT) as file:
            if file is None:
                raise FolderInUseError(
                    f"A network or a Backbone runs in {self.path} already.",
                    f"Use it, stop it (`{self.command('down')}`, Ctrl-C), or choose another folder by --data-dir DIR.",
                )
            yield file

    def is_free(self) -> bool:
        """Tell whether no network has the folder: its processes hold the lock as long as they live.

        Raises:
            NetworkError: the lock cannot be tried.
        """
        try:
            return locks.is_free(self.lock)
        except OSError as error:
            raise NetworkError(f"The network's folder {self.path} cannot be used: {error.strerror}.") from error

    def load_settings(self) -> tuple[Settings, list[str]]:
        """Return the settings, and notes about what had to be recovered.

        Raises:
            NetworkError: they were written by a newer version of this program, or cannot be read.
        """
        try:
            if settings := Settings.load(self.settings):
                return settings, []
            problem = "settings.json was missing"
        except ValidationError as error:
            if error.errors()[0]["loc"] == ("version",) and error.errors()[0]["type"] == "less_than_equal":
                raise NetworkError(
                    f"{self.settings} was written by a newer enmeshed-nb.",
                    "Use that version, or choose another folder by --data-dir DIR.",
                ) from None
            kept = self._set_aside()
            problem = f"settings.json was broken (kept as {kept.name})"
        names = sorted(self.connector_names(), key=lambda name: (_place(name), name))
        settings = Settings.new().adopting(Wanted(connectors={name: {} for name in names}))
        note = (
            f"{problem}: the Connectors' data is untouched, "
            "but their API keys and ports are new, and configurations given with --config are gone."
        )
        return settings, [note] if names or "broken" in problem else []

    def _set_aside(self) -> Path:
        """Rename settings that are broken; older ones stay, too."""
        kept = self.settings.with_suffix(".broken")
        number = 1
        while kept.exists():
            number += 1
            kept = self.settings.with_suffix(f".broken-{number}")
        try:
            return self.settings.replace(kept)
        except OSError as error:
            raise unusable(self.settings, "renamed", error) from error

    def load_control(self) -> Control | None:
        """Return where the supervisor listens, None if nothing runs or the file is broken."""
        try:
            return Control.load(self.control)
        except ValidationError:
            return None

    def load_state(self) -> NetworkState | None:
        """Return what runs (or ran when it was killed), None if nothing does or the file is broken."""
        try:
            return NetworkState.load(self.state)
        except ValidationError:
            return None

    def load_failure(self) -> Failure | None:
        """Return why the network stopped by itself the last time, None if it did not."""
        try:
            return Failure.load(self.failure)
        except ValidationError:
            return None

    def log(self, name: str) -> Path:
        """Return the log file of `network`, `backbone` or a Connector."""
        return self.logs / f"{name}.log"


def synchronize(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _place(name: str) -> int:
    """Return where a Connector stands among others whose order is not known: the usual ones first, as they are used."""
    return DEFAULT_CONNECTORS.index(name) if name in DEFAULT_CONNECTORS else len(DEFAULT_CONNECTORS)


def _restrict(path: Path) -> None:
    """Let nobody but the owner use a file or folder."""
    with suppress(FileNotFoundError):  # it was removed just now
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & (stat.S_IRWXG | stat.S_IRWXO):
            path.chmod(stat.S_IMODE(mode) & stat.S_IRWXU)


def _user_name(user: int) -> str:
    import pwd  # noqa: PLC0415 - not on Windows, where no local network runs

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def unusable(path: Path, what: str, error: OSError) -> NetworkError:
    """Return the error that says in words why a file cannot be used.

    Args:
        path: the file.
        what: what cannot be done with it: "read", "written".
        error: why.
    """
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    cure = "Make some room on the disk, then try again." if full else "Its owner must be able to read and write it."
    return NetworkError(f"{path} cannot be {what}: {error.strerror}.", cure)


def new_api_key() -> str:
    """Return an API key that a Connector takes for a strong one."""
    # A Connector wants at least 30 characters, 2 digits, 2 upper, 2 lower and 1 special one.
    alphabets = (
        string.ascii_letters + string.digits,
        string.digits,
        string.ascii_uppercase,
        string.ascii_lowercase,
    )
    lengths = (36, 2, 2, 2)
    characters = [
        secrets.choice(alphabet) for alphabet, length in zip(alphabets, lengths, strict=True) for _ in range(length)
    ]
    secrets.SystemRandom().shuffle(characters)
    return "nb_" + "".join(characters)
