"""All Connectors of the user's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from enmeshed_nb.own_connectors import variables
from enmeshed_nb.own_connectors.endpoint import Endpoint


@dataclass(frozen=True)
class OwnConnectors:
    """The Connectors that play Sender and Recipient instead of those of the local network.

    Attributes:
        sender: the one that sends Requests.
        recipient: the one that decides them.
        others: more of them, by name.
        profile: the profile that names them; empty if variables do.
    """

    sender: Endpoint
    recipient: Endpoint
    others: Mapping[str, Endpoint]
    profile: str = ""

    @property
    def all(self) -> dict[str, Endpoint]:
        """All of them, by name."""
        return {"sender": self.sender, "recipient": self.recipient, **self.others}

    @classmethod
    def read(cls, values: Mapping[str, str | None]) -> Self | None:
        """Return the Connectors that variables name, None if none of them is set.

        Raises:
            SettingsError: some that are needed are set and others are not, one is misspelt, or one cannot be meant.
        """
        found = variables.read({name: value for name, value in values.items() if value is not None})
        return cls(found["sender"], found["recipient"], {}) if found else None
