"""Own Connectors named by environment variables, or by a `.env` file here or in a folder above."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values, find_dotenv

from enmeshed_nb.own_connectors import endpoint as endpoints
from enmeshed_nb.own_connectors.endpoint import Endpoint, Settings
from enmeshed_nb.own_connectors.errors import SettingsError, meant
from enmeshed_nb.own_connectors.secret import Place

PREFIX = "ENMESHED_NB_"
PROFILE = f"{PREFIX}PROFILE"
"""The variable that selects a profile."""
PROFILES = f"{PREFIX}PROFILES"
"""The variable that names another file of profiles."""
SIDES = ("sender", "recipient")
NAMES: dict[str, endpoints.Path] = {
    "URL": ("url",),
    "API_KEY": ("api_key",),
    "API_KEY_HEADER": ("header",),
    "BEARER_TOKEN": ("bearer",),
    "OAUTH_ISSUER": ("oauth", "issuer"),
    "OAUTH_TOKEN_URL": ("oauth", "token_url"),
    "OAUTH_CLIENT_ID": ("oauth", "client_id"),
    "OAUTH_CLIENT_SECRET": ("oauth", "client_secret"),
    "OAUTH_SCOPE": ("oauth", "scope"),
    "OAUTH_AUDIENCE": ("oauth", "audience"),
    "OAUTH_AUTHENTICATION": ("oauth", "authentication"),
    "CA_FILE": ("ca_file",),
    "CLIENT_CERTIFICATE": ("client_certificate",),
    "CLIENT_KEY": ("client_key",),
    "CLIENT_KEY_PASSWORD": ("client_key_password",),
    "PROXY": ("proxy",),
}
"""The variables of a side, and the settings that they are."""
SECRET = {"API_KEY", "BEARER_TOKEN", "OAUTH_CLIENT_SECRET", "CLIENT_KEY_PASSWORD", "PROXY"}
"""Those that are read when they are needed."""
_FILES = {"CA_FILE", "CLIENT_CERTIFICATE", "CLIENT_KEY"}
_VARIABLES = {f"{PREFIX}{side.upper()}_{name}": (side, name) for side in SIDES for name in NAMES}


def environment() -> dict[str, str]:
    """Return the environment, with what a `.env` file says beside it."""
    file = {name: value for name, value in dotenv_values(find_dotenv(usecwd=True)).items() if value is not None}
    return {**file, **os.environ}


def read(values: Mapping[str, str]) -> dict[str, Endpoint]:
    """Return the endpoints that variables name, by side; none if none of the variables is set.

    Raises:
        SettingsError: some that are needed are set and others are not, one is misspelt, or one cannot be meant.
    """
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    for name in given:
        _check_spelling(name)
    said: dict[str, dict[str, object]] = {side: {} for side in SIDES}
    for variable, (side, name) in _VARIABLES.items():
        if variable in given:
            *outer, inner = NAMES[name]
            table = said[side].setdefault(outer[0], {}) if outer else said[side]
            assert isinstance(table, dict)
            table[inner] = {"env": variable} if name in SECRET else given[variable]
    if not any(said.values()):
        return {}
    settings = {side: _settings(side, said[side], given) for side in SIDES}
    if lacking := [_variable(side, path) for side in SIDES for path in settings[side].missing]:
        raise SettingsError(
            f"Your own Connectors are not completely named: {', '.join(lacking)} is missing.",
            "Name both Connectors completely (environment or .env file), or none to use the local network.",
        )
    return {side: Endpoint(settings[side], _place(side, given)) for side in SIDES}


def handed_on(values: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that name own Connectors, as another process in another folder needs them."""
    found = {name: value.strip() for name, value in values.items() if name in _VARIABLES}
    files = {name for name, (_, what) in _VARIABLES.items() if what in _FILES and found.get(name)}
    return found | {name: str(Path(found[name]).expanduser().absolute()) for name in files}


def _place(side: str, given: Mapping[str, str]) -> Place:
    return Place(f"Your own {side.capitalize()}", Path.cwd(), given)


def _settings(side: str, said: Mapping[str, object], given: Mapping[str, str]) -> Settings:
    return endpoints.read(said, _place(side, given), lambda path: _variable(side, path))


def _variable(side: str, path: endpoints.Path) -> str:
    """Return the variable that is a setting, or the first of a group of them."""
    fits = (name for name, setting in NAMES.items() if setting == path[: len(setting)] or path == setting[: len(path)])
    return f"{PREFIX}{side.upper()}_{next(fits)}"


def _check_spelling(name: str) -> None:
    """Refuse a variable that is of a side and not known, or nearly one that is known."""
    if not name.startswith(PREFIX) or name in _VARIABLES:
        return
    of_a_side = name.startswith(tuple(f"{PREFIX}{side.upper()}_" for side in SIDES))
    if of_a_side or get_close_matches(name, _VARIABLES, n=1, cutoff=0.9):
        raise SettingsError(f"There is no variable {name}.", meant(name, _VARIABLES))
