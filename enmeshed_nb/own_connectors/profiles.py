"""Profiles: sets of own Connectors, each by a name, in a TOML file.

    [staging.sender]
    url = "https://sender.example"
    api_key = {command = ["pass", "show", "staging/sender"]}

    [staging.recipient]
    url = "https://recipient.example"
    oauth = {issuer = "https://login.example", client_id = "tests", client_secret = {file = "~/keys/tests"}}

More tables of a profile are further Connectors. The file says where secrets are; it holds none.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from enmeshed_nb.own_connectors import endpoint as endpoints
from enmeshed_nb.own_connectors.connectors import OwnConnectors
from enmeshed_nb.own_connectors.endpoint import Endpoint
from enmeshed_nb.own_connectors.errors import SettingsError, meant
from enmeshed_nb.own_connectors.secret import Place
from enmeshed_nb.own_connectors.variables import PROFILES, SIDES

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


def is_name(name: str) -> bool:
    """Tell whether a profile or a Connector in it can have this name."""
    return _NAME.fullmatch(name) is not None


def file_of_profiles(variables: Mapping[str, str]) -> Path:
    """Return the file with the profiles: the one that `$ENMESHED_NB_PROFILES` names, else the platform's."""
    chosen = variables.get(PROFILES, "").strip() or user_config_path("enmeshed-nb") / "profiles.toml"
    return Path(chosen).expanduser().absolute()


def names(file: Path) -> list[str]:
    """Return the names of the profiles in a file.

    Raises:
        SettingsError: it cannot be read.
    """
    return list(_tables(file))


def read(name: str, file: Path, variables: Mapping[str, str]) -> OwnConnectors:
    """Return the Connectors of a profile.

    Args:
        name: the profile.
        file: the file with the profiles.
        variables: where `{env = …}` looks.

    Raises:
        SettingsError: there is no such profile, it is incomplete, or something in it cannot be meant.
    """
    tables = _tables(file)
    if name not in tables:
        raise SettingsError(
            f"There is no profile '{name}' in {file}.", meant(name, tables) or "Make it: enmeshed-nb profiles add"
        )
    return of(name, tables[name], file.parent, variables)


def of(name: str, profile: object, folder: Path, variables: Mapping[str, str]) -> OwnConnectors:
    """Return the Connectors that a profile's tables name.

    Args:
        name: the profile.
        profile: its tables, by the names of the Connectors.
        folder: what relative paths in it are relative to.
        variables: where `{env = …}` looks.

    Raises:
        SettingsError: it is incomplete, or something in it cannot be meant.
    """
    if not isinstance(profile, Mapping):
        raise SettingsError(f"'{name}' is no profile.", f"A profile has tables, as [{name}.sender].")
    if not is_name(name):
        raise SettingsError(f"'{name}' cannot be a profile's name.", "Use letters, digits, '-' and '_'.")
    read_one = partial(_endpoint, name, folder=folder, variables=variables)
    if lacking := [side for side in SIDES if side not in profile]:
        named = [each for each in profile if each not in SIDES]
        raise SettingsError(
            f"Profile '{name}': {' and '.join(f'[{name}.{side}]' for side in lacking)} is missing.",
            f"A profile has a sender and a recipient. {meant(lacking[0], named) if named else ''}".strip(),
        )
    found = {side: read_one(side, said) for side, said in profile.items()}
    others = {side: one for side, one in found.items() if side not in SIDES}
    return OwnConnectors(found["sender"], found["recipient"], others, name)


def _tables(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The profiles in {file} cannot be read: {error}.", "Mend the file.") from None


def _endpoint(profile: str, side: str, said: object, *, folder: Path, variables: Mapping[str, str]) -> Endpoint:
    place = Place(f"Profile '{profile}', {side}", folder, variables)
    if not isinstance(said, Mapping):
        raise SettingsError(f"{place.name}: that is no table.", f"Write [{profile}.{side}] above its settings.")
    if not is_name(side):
        raise SettingsError(f"{place.name}: that cannot be a Connector's name.", "Use letters, digits, '-' and '_'.")
    settings = endpoints.read(said, place)
    if lacking := settings.missing:
        raise SettingsError(f"{place.name}: {', '.join(map('.'.join, lacking))} is missing.", "Add it.")
    return Endpoint(settings, place)
