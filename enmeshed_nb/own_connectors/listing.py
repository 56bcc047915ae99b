"""What profiles there are, for the command line."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from enmeshed_nb.own_connectors import editing, profiles
from enmeshed_nb.own_connectors.connectors import OwnConnectors
from enmeshed_nb.own_connectors.errors import SettingsError
from enmeshed_nb.own_connectors.variables import PROFILE, environment


@dataclass(frozen=True)
class Listed:
    """A profile as a list shows it.

    Attributes:
        name: its name.
        active: whether the environment selects it.
        own: its Connectors, None if it cannot be meant.
        problem: why it cannot be meant.
    """

    name: str
    active: bool
    own: OwnConnectors | None
    problem: str = ""

    def public(self) -> dict[str, Any]:
        """Return it as JSON."""
        connectors = [
            {"name": name, "url": each.url, "authentication": each.settings.authentication}
            for name, each in (self.own.all if self.own else {}).items()
        ]
        said = {"name": self.name, "active": self.active, "connectors": connectors}
        return said | ({"problem": self.problem} if self.problem else {})

    def __str__(self) -> str:
        title = f"{self.name} (active)" if self.active else self.name
        if self.own is None:
            return f"{title}\n  " + self.problem.replace("\n", "\n  ")
        rows = [(name, each.url, each.settings.authentication) for name, each in self.own.all.items()]
        widths = [max(len(row[column]) for row in rows) for column in range(2)]
        lines = (f"  {name:{widths[0]}}  {url:{widths[1]}}  {how}" for name, url, how in rows)
        return "\n".join((title, *lines))


def file() -> Path:
    """Return the file with the profiles."""
    return profiles.file_of_profiles(environment())


def active() -> str:
    """Return the profile that the environment selects; empty if it selects none."""
    return environment().get(PROFILE, "").strip()


def profile(name: str) -> OwnConnectors:
    """Return the Connectors of a profile.

    Raises:
        SettingsError: there is no such profile, or it cannot be meant.
    """
    return profiles.read(name, file(), environment())


def all_profiles() -> list[Listed]:
    """Return all profiles, in the order of the file; those that cannot be meant, too.

    Raises:
        SettingsError: the file cannot be read.
    """
    return [_listed(name) for name in profiles.names(file())]


def _listed(name: str) -> Listed:
    try:
        return Listed(name, name == active(), profile(name))
    except SettingsError as error:
        return Listed(name, name == active(), None, str(error))


def as_toml(name: str, tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a profile as it stands in the file, without comments."""
    document = tomlkit.document()
    document[name] = editing.table_of(tables)
    return tomlkit.dumps(document).strip()
