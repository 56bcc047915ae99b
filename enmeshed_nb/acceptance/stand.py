"""The further Connectors that plans need, as a local network has them.

On own Connectors the same are found in the profile, by these names:

- `attacker`: another Identity, which has no Relationship with Sender or Recipient;
- `newcomer`: another Identity still, whose Relationships are made and ended;
- `sync`, `sse`: a Connector on which that module is on;
- `webhooks`: one that sends its events to the listener of the run;
- `debug`: one in debug mode, with an Identity that nobody needs;
- `decider`: one whose module decides incoming Requests by rules, with these in `automationConfig` (`DECISIONS`);
- `limited-…`: the Sender once more, with an API key that has only the scope that the name says: `limited-core-files`;
- `expired`, `disabled`: the Sender once more, with an API key whose time is over, or that is switched off.

A Recipient on which the module `sync` or `sse` is on does as well; its `Monitoring/Support` says so.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from enmeshed_nb.localnet.settings import new_api_key

DECISIONS: list[dict[str, Any]] = [
    {
        "requestConfig": {"content.item.@type": "CreateAttributeRequestItem"},
        "responseConfig": {"accept": True},
    },
    {
        "requestConfig": {"content.item.@type": "ReadAttributeRequestItem"},
        "responseConfig": {"accept": False, "code": "acceptance.refused", "message": "A rule refuses it."},
    },
]
"""How the Connector `decider` decides by itself."""

_SSE = {"sse": {"enabled": True}}

CONNECTORS: dict[str, dict[str, Any]] = {
    "attacker": {},
    "newcomer": {},
    "sync": {"modules": {"sync": {"enabled": True, "interval": 1}}},
    "sse": {"modules": _SSE},
    "webhooks": {"modules": _SSE},
    "debug": {"debug": True},
    "decider": {"modules": _SSE | {"decider": {"enabled": True, "automationConfig": DECISIONS}}},
}
"""Configurations by name; `webhooks` gets its targets when it is started."""

RELATED = ("sync", "sse", "webhooks", "decider")
"""Those that have a Relationship with the Sender."""

MODULES = ("sync", "sse")
"""Modules that the Recipient itself may have instead."""

SCOPES = (
    "core:account",
    "core:announcements",
    "core:attributes",
    "core:backboneNotifications",
    "core:challenges",
    "core:files",
    "core:identityMetadata",
    "core:messages",
    "core:relationshipTemplates",
    "core:relationships",
    "core:requests",
    "core:requests:incoming",
    "core:requests:outgoing",
    "core:tokens",
    "monitoring:requests",
    "monitoring:support",
    "monitoring:version",
)
"""What an API key can be good for."""

KEYS: dict[str, dict[str, Any]] = {
    **{f"limited-{scope.replace(':', '-')}": {"scopes": [scope]} for scope in SCOPES},
    "expired": {"expiresAt": "2020-01-01T00:00:00Z"},
    "disabled": {"enabled": False},
}
"""Further API keys of the Sender, by the name of the Connector that uses the key."""


def is_needed(name: str, needs: Collection[str]) -> bool:
    """Tell whether a Connector is among those that are needed: `limited-core-files` is, if `limited` is."""
    return any(name == need or name.startswith(f"{need}-") for need in needs)


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

    def configurations(self, listener: str | None) -> dict[str, dict[str, Any]]:
        """Return the configurations of all Connectors.

        Args:
            listener: where the events of `webhooks` are sent.
        """
        found: dict[str, dict[str, Any]] = {name: dict(each) for name, each in self.connectors.items()}
        if listener:
            everything = {"url": f"{listener}/all/{{{{trigger}}}}", "headers": {"X-Acceptance": "a header of its own"}}
            some = {"url": f"{listener}/transport"}
            hooks = [{"triggers": ["**"], "target": everything}, {"triggers": ["transport.*"], "target": some}]
            found["webhooks"] = {"modules": _SSE | {"webhooks": {"enabled": True, "webhooks": hooks}}}
        if self.keys:
            keys: dict[str, Any] = {"all": {"key": new_api_key()}}  # the first is the one that the network tells
            keys |= {name: {"key": key, **KEYS[name]} for name, key in self.keys.items()}
            found["sender"] = {"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": keys}}}}}
        return found


def local_stand(needs: Collection[str]) -> Stand:
    """Return what a local network is started with.

    Args:
        needs: names of Connectors that are needed beside Sender and Recipient; others than above are ignored.
    """
    connectors = {name: config for name, config in CONNECTORS.items() if is_needed(name, needs)}
    keys = {name: new_api_key() for name in KEYS if is_needed(name, needs)}
    return Stand({"sender": {}, "recipient": {}, **connectors}, keys)
