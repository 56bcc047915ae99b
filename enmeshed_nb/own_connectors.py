"""The user's own Connectors, named by environment variables or a `.env` file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from dotenv import dotenv_values, find_dotenv

from enmeshed_nb.connector import Connector
from enmeshed_nb.errors import UserError

PREFIX = "ENMESHED_NB_"


class SettingsError(UserError):
    """The variables that name own Connectors are incomplete or malformed."""


@dataclass(frozen=True)
class Endpoint:
    """Where a Connector is and the API key for it (never shown)."""

    url: str
    api_key: str = field(repr=False)

    def connect(self, name: str) -> Connector:
        """Return a client of it.

        Args:
            name: how to call it in messages and in the journal, e.g. "sender".

        Raises:
            InvalidInput: the URL or the key cannot be one.
        """
        return Connector(self.url, self.api_key, name=name)


@dataclass(frozen=True)
class OwnConnectors:
    """The Connectors that play Sender and Recipient instead of those of the local network.

    Attributes:
        sender: the one that sends Requests.
        recipient: the one that decides them.
        others: more of them, by name.
    """

    sender: Endpoint
    recipient: Endpoint
    others: Mapping[str, Endpoint] = field(default_factory=dict)

    @classmethod
    def read(cls, values: Mapping[str, str | None]) -> Self | None:
        """Return the Connectors that the variables name, None if none of the variables is set.

        Raises:
            SettingsError: some of the four variables are set and others are not, or a URL is none.
        """
        names = [f"{PREFIX}{role}_{what}" for role in ("SENDER", "RECIPIENT") for what in ("URL", "API_KEY")]
        found = {name: (values.get(name) or "").strip() for name in names}
        missing = [name for name, value in found.items() if not value]
        if len(missing) == len(names):
            return None
        if missing:
            raise SettingsError(
                f"Your own Connectors are not completely named: {', '.join(missing)} is missing.",
                "Set all four variables (environment or .env file), or none to use the local network.",
            )
        for name in names[::2]:
            if not found[name].startswith(("http://", "https://")):
                raise SettingsError(f"{name} is no URL: {found[name]!r}.", "It must begin with http:// or https://.")
        sender_url, sender_key, recipient_url, recipient_key = found.values()
        return cls(Endpoint(sender_url, sender_key), Endpoint(recipient_url, recipient_key))


def hand_on(own: OwnConnectors) -> None:
    """Name own Connectors in this process's environment, for those that it starts: a `.env` file is not near them."""
    for role, endpoint in (("SENDER", own.sender), ("RECIPIENT", own.recipient)):
        os.environ[f"{PREFIX}{role}_URL"] = endpoint.url
        os.environ[f"{PREFIX}{role}_API_KEY"] = endpoint.api_key


def from_environment() -> OwnConnectors | None:
    """Return the own Connectors that the environment names, or else a `.env` file here or in a folder above.

    Raises:
        SettingsError: see `OwnConnectors.read`.
    """
    return OwnConnectors.read({**dotenv_values(find_dotenv(usecwd=True)), **os.environ})
