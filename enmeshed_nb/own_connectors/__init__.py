"""The user's own Connectors, named by environment variables, a `.env` file, or a profile."""

import os

from enmeshed_nb.own_connectors import profiles, variables
from enmeshed_nb.own_connectors.connectors import OwnConnectors
from enmeshed_nb.own_connectors.endpoint import Endpoint
from enmeshed_nb.own_connectors.errors import SettingsError
from enmeshed_nb.own_connectors.secret import Secret
from enmeshed_nb.own_connectors.variables import PROFILE, PROFILES, environment

__all__ = ["Endpoint", "OwnConnectors", "Secret", "SettingsError", "from_environment", "hand_on"]


def from_environment(profile: str | None = None) -> OwnConnectors | None:
    """Return the own Connectors that are named, None if none are.

    Those of a profile, if one is selected; else those that the environment names, or else a `.env` file here or in a
    folder above.

    Args:
        profile: the profile; without it, the one that `ENMESHED_NB_PROFILE` names.

    Raises:
        SettingsError: there is no such profile, or the settings are incomplete or malformed.
    """
    found = environment()
    if selected := (profile or found.get(PROFILE, "")).strip():
        return profiles.read(selected, profiles.file_of_profiles(found), found)
    return OwnConnectors.read(found)


def hand_on(own: OwnConnectors) -> None:
    """Name own Connectors in this process's environment, for those that it starts: a `.env` file is not near them.

    Of a profile that is its name; what is handed on beside it was in the environment or in the `.env` file before.
    """
    found = environment()
    if not own.profile:
        os.environ.update(variables.handed_on(found))
        return
    os.environ |= {PROFILE: own.profile, PROFILES: str(profiles.file_of_profiles(found))}
    named = {secret.env for one in own.all.values() for secret in one.settings.secrets}
    os.environ.update({name: value for name, value in found.items() if name in named})
