"""The further Connectors that plans need, as a local network has them.

On own Connectors the same are found in the profile, by these names:

- `attacker`: another Identity, which has no Relationship with Sender or Recipient;
- `sync`, `sse`: a Connector on which that module is on;
- `webhooks`: one that sends its events to the listener of the run;
- `decider`: one whose module decides incoming Requests by rules;
- `limited-…`: the Sender once more, with an API key that has only the scopes that the name says.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from enmeshed_nb.guide import EventListener
from enmeshed_nb.localnet.settings import new_api_key

CONNECTORS: dict[str, dict[str, Any]] = {
    "attacker": {},
    "sync": {"modules": {"sync": {"enabled": True, "interval": 1}}},
    "sse": {"modules": {"sse": {"enabled": True}}},
    "webhooks": {"modules": {"webhooks": {"enabled": True}}},
    "decider": {"modules": {"decider": {"enabled": True}}},
}
"""Configurations by name; `webhooks` gets its target when it is started."""

LIMITED: dict[str, list[str]] = {}
"""Scopes of further API keys of the Sender, by the name of the Connector that uses the key."""


@dataclass(frozen=True)
class Stand:
    """What a local network is started with.

    Attributes:
        connectors: configurations by name.
        keys: further API keys of the Sender, by the name of the Connector that uses it.
    """

    connectors: Mapping[str, Mapping[str, Any]]
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def listens(self) -> bool:
        """Whether something is to listen to events."""
        return "webhooks" in self.connectors

    def configurations(self, listener: EventListener | None) -> dict[str, dict[str, Any]]:
        """Return the configurations of all Connectors.

        Args:
            listener: gets the events of `webhooks`.
        """
        found: dict[str, dict[str, Any]] = {name: dict(each) for name, each in self.connectors.items()}
        if listener:
            target = {"url": f"{listener.url}/{{{{trigger}}}}", "headers": {"x-acceptance": "yes"}}
            webhooks = {"enabled": True, "webhooks": [{"triggers": ["**"], "target": target}]}
            found["webhooks"] = {"modules": {"webhooks": webhooks}}
        if self.keys:
            keys: dict[str, Any] = {"all": {"key": new_api_key()}}  # the first is the one that the network tells
            keys |= {name: {"key": key, "scopes": LIMITED[name]} for name, key in self.keys.items()}
            found["sender"] = {"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": keys}}}}}
        return found


def local_stand(needs: Collection[str]) -> Stand:
    """Return what a local network is started with.

    Args:
        needs: names of Connectors that are needed beside Sender and Recipient; others than above are ignored.
    """
    connectors = {name: config for name, config in CONNECTORS.items() if name in needs}
    keys = {name: new_api_key() for name in LIMITED if name in needs}
    return Stand({"sender": {}, "recipient": {}, **connectors}, keys)
