"""Profiles are added and removed; the rest of the file stays as somebody wrote it, comments and all."""

import os
import shlex
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from enmeshed_nb.own_connectors import profiles
from enmeshed_nb.own_connectors.errors import SettingsError, meant

_SECRETS = {"api_key", "bearer", "client_secret", "client_key_password"}


def add(name: str, tables: Mapping[str, Mapping[str, Any]], file: Path, *, replace: bool = False) -> None:
    """Add a profile to a file, which is made if there is none.

    Args:
        name: the profile.
        tables: its settings, by the names of the Connectors.
        file: the file with the profiles.
        replace: whether it may replace one of this name.

    Raises:
        SettingsError: the profile cannot be meant, or there is one; or the file cannot be read or written.
    """
    check_name(name, file, replace=replace)
    profiles.of(name, tables, file.parent, {})
    document = _read(file)
    document[name] = table_of(tables)
    _write(document, file)


def check_name(name: str, file: Path, *, replace: bool = False) -> None:
    """Raise a SettingsError unless a profile of this name can be added to a file."""
    if not profiles.is_name(name):
        raise SettingsError(f"'{name}' cannot be a profile's name.", "Use letters, digits, '-' and '_'.")
    if not replace and name in profiles.names(file):
        raise SettingsError(f"There is a profile '{name}' in {file}.", "Choose another name, or replace it: --replace")


def table_of(tables: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return a profile as TOML."""
    profile = tomlkit.table(is_super_table=True)
    for side, settings in tables.items():
        profile[side] = table = tomlkit.table()
        for setting, value in settings.items():
            table[setting] = _inline(value) if isinstance(value, Mapping) else value
    return profile


def secret(where: str) -> dict[str, Any]:
    """Return how a profile names a secret that `env:NAME`, `file:PATH` or `command:…` names.

    Raises:
        SettingsError: it names none; does not repeat it, for it may be the secret itself.
    """
    way, _, place = where.partition(":")
    if way not in ("env", "file", "command") or not place.strip():
        raise SettingsError(
            "That does not say where a secret is.", 'Use env:NAME, file:PATH or "command:pass show NAME".'
        )
    try:
        return {way: shlex.split(place) if way == "command" else place.strip()}
    except ValueError:
        raise SettingsError("The command has a quote that does not end.", "Write it as in a shell.") from None


def tables(settings: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what settings as `sender.oauth.client_id=tests` say, by the names of the Connectors.

    Raises:
        SettingsError: one says nothing.
    """
    found: dict[str, Any] = {}
    for setting in settings:
        path, _, value = setting.partition("=")
        names = path.strip().split(".")
        if len(names) < 2 or not all(map(profiles.is_name, names)) or not value.strip():
            raise SettingsError(f"--set {path}: that is no setting.", "Write for example: --set sender.url=https://…")
        *outer, inner = names
        table = found
        for name in outer:
            table = table.setdefault(name, {})
            if not isinstance(table, dict):
                raise SettingsError(f"--set {path}: {name} is no table.", "Look at: enmeshed-nb profiles add --help")
        table[inner] = _value(inner, value.strip())
    return found


def _value(name: str, value: str) -> Any:
    if name in _SECRETS and not value.startswith("{"):
        return secret(value)
    if not value.startswith(('"', "'", "{", "[")):
        return value
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"--set …{name}: that is no TOML: {error}.", "Text may stand without quotes.") from None


def remove(name: str, file: Path) -> None:
    """Remove a profile from a file.

    Raises:
        SettingsError: there is none of this name, or the file cannot be read or written.
    """
    document = _read(file)
    if name not in document:
        raise SettingsError(f"There is no profile '{name}' in {file}.", meant(name, list(document)))
    document.pop(name)
    _write(document, file)


def _inline(value: Mapping[str, Any]) -> Any:
    table = tomlkit.inline_table()
    for name, each in value.items():
        table[name] = _inline(each) if isinstance(each, Mapping) else each
    return table


def _read(file: Path) -> tomlkit.TOMLDocument:
    profiles.names(file)  # says what is wrong with it
    try:
        return tomlkit.parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise SettingsError(f"The profiles in {file} cannot be read: {error}.", "Mend the file.") from None


def _write(document: tomlkit.TOMLDocument, file: Path) -> None:
    """Write the file at once and whole, for its owner alone; what a link leads to is written, not the link."""
    place = file.resolve()
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as new:
                new.write(tomlkit.dumps(document).lstrip("\n"))
                new.flush()
                os.fsync(new.fileno())
            Path(name).replace(place)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise SettingsError(
            f"The profiles in {place} cannot be written: {error.strerror}.", "See that you may write there."
        ) from None
