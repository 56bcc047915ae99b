"""The Connectors that a run is made on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from enmeshed_nb.connector import Connector


@dataclass(frozen=True)
class Ground:
    """The Connectors that a run is made on.

    Attributes:
        name: the profile's, or "local network".
        sender: sends Requests.
        recipient: decides them.
        versions: of all Connectors, by name.
        addresses: of the Identities of all Connectors, by name.
        others: more Connectors by name, for what needs them.
        is_local: whether a network of this run alone is used, on which everything may be done.
    """

    name: str
    sender: Connector
    recipient: Connector
    versions: Mapping[str, str]
    addresses: Mapping[str, str]
    others: Mapping[str, Connector] = field(default_factory=dict)
    is_local: bool = False
