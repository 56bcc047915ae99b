"""Behind the curtain: what the Backbone has of a Message, beside what the two Connectors show of it."""

from contextlib import suppress
from typing import Any

import htpy
from htpy import Node

from enmeshed_nb.connector import Connector, MessageWithAttachments, NotFound, aside
from enmeshed_nb.content.model import to_json
from enmeshed_nb.guide.peers import shortened
from enmeshed_nb.localnet.inspection import stored_message
from enmeshed_nb.network import Network
from enmeshed_nb.widgets.view import View, shown_json, side, text

_SHOWN = 420
_ELSEWHERE = (
    "Only the local network lets you look behind the curtain: the Backbone of your own Connectors shows its store to "
    "nobody. It has the same there: cipher text, and a sealed key for each recipient."
)


class Curtain(View):
    """End-to-end encryption, seen: the same Message at the Sender, on the Backbone, at the Recipient.

    Args:
        network: whose Message.
        message_id: the Message; it has the same id everywhere.

    Attributes:
        message_id: the Message.
        stored: what the Backbone has of it; None for own Connectors.
        sent: the Message as the Sender shows it; None if it shows none, or for own Connectors.
        received: the Message as the Recipient shows it; None if it shows none, or for own Connectors.
    """

    def __init__(self, network: Network, message_id: str) -> None:
        self.stored = stored_message(network.local.state.data_dir, message_id) if network.local else None
        self.sent: MessageWithAttachments | None = None
        self.received: MessageWithAttachments | None = None
        self.message_id = message_id
        if self.stored:
            self.sent, self.received = _shown(network.sender, message_id), _shown(network.recipient, message_id)
        self._addresses = {name: network.address(name) for name in network.connectors}
        self._sender, self._recipient = network.sender.name, network.recipient.name

    def _lacks(self, name: str) -> str:
        """Say why a Connector does not show the Message."""
        assert self.stored
        if self._addresses[name] in (self.stored.created_by, *self.stored.sealed_keys):
            return "has not synchronised yet"
        return f"does not get it: it is sealed for {self._named(*self.stored.sealed_keys)}"

    def _named(self, *addresses: str) -> str:
        names = {address: f"the {name.capitalize()}" for name, address in self._addresses.items()}
        return " and ".join(names.get(address, shortened(address)) for address in addresses)

    def __str__(self) -> str:
        if not self.stored:
            return _ELSEWHERE
        sender = f"shows: {text(_content(self.sent))[:80]}…" if self.sent else self._lacks(self._sender)
        recipient = "has it" if self.received else self._lacks(self._recipient)
        keys = len(self.stored.sealed_keys)
        return (
            f"Message {self.message_id}\n"
            f"  the Sender {sender}\n"
            f"  the Backbone has: {len(self.stored.body)} characters of cipher text, "
            f"{keys} sealed {'key' if keys == 1 else 'keys'}\n"
            f"  the Recipient {recipient}"
        )

    def html(self) -> Node:
        """Return the three views of the Message, side by side."""
        if not self.stored:
            return htpy.div(".enb-card")[htpy.p[_ELSEWHERE]]
        keys = [
            htpy.div[htpy.small(".enb-muted")[f"key sealed for {self._named(address)}"], _cipher(key, 140)]
            for address, key in self.stored.sealed_keys.items()
        ]
        return htpy.div(".enb-card")[
            htpy.h4["One Message, seen from three places"],
            htpy.p[htpy.small(".enb-muted")[self.message_id]],
            htpy.div(".enb-columns")[
                self._column(self._sender, self.sent),
                _column(
                    "backbone",
                    "has",
                    htpy.p[f"From {self._named(self.stored.created_by)}, and this:"],
                    _cipher(self.stored.body, _SHOWN),
                    keys,
                ),
                self._column(self._recipient, self.received),
            ],
            htpy.p(".enb-muted")[
                "The Backbone knows who writes to whom, and when. What is written is sealed where it is written, and "
                "only those for whom it is sealed have the key that opens it."
            ],
        ]

    def _column(self, name: str, message: MessageWithAttachments | None) -> Node:
        if message:
            return _column(name, "shows", shown_json(_content(message)))
        return _column(name, "shows nothing", htpy.p[f"The {text(name.capitalize())} {self._lacks(name)}."])


def _column(who: str, does: str, *content: Node) -> Node:
    return htpy.div(".enb-cell")[htpy.p[side(who), f" {does}"], *content]


def _content(message: MessageWithAttachments | None) -> Any:
    return to_json(message.content) if message else None


def _shown(connector: Connector, message_id: str) -> MessageWithAttachments | None:
    with aside(), suppress(NotFound):
        return connector.messages.get(message_id)
    return None


def _cipher(value: str, longest: int) -> Node:
    left_out = len(value) - longest
    return htpy.pre[value[:longest], f"… and {left_out} more characters" if left_out > 0 else ""]
