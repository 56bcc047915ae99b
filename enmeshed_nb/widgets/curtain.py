"""Behind the curtain: what the Backbone has of a Message, beside what the two Connectors show of it."""

from contextlib import suppress
from typing import Any

import htpy
from htpy import Node

from enmeshed_nb.connector import MessageWithAttachments, NotFound
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
        sent: the Message as the Sender shows it; None for own Connectors.
        received: the Message as the Recipient shows it; None if it has not synchronised yet, or for own Connectors.
    """

    def __init__(self, network: Network, message_id: str) -> None:
        self.stored = stored_message(network.local.state.data_dir, message_id) if network.local else None
        self.sent: MessageWithAttachments | None = None
        self.received: MessageWithAttachments | None = None
        self.message_id = message_id
        if self.stored:
            self.sent = network.sender.messages.get(message_id)
            with suppress(NotFound):
                self.received = network.recipient.messages.get(message_id)

    def __str__(self) -> str:
        if not self.stored:
            return _ELSEWHERE
        received = "has it" if self.received else "has not synchronised yet"
        return (
            f"Message {self.message_id}\n"
            f"  the Sender shows: {text(_content(self.sent))[:80]}…\n"
            f"  the Backbone has: {len(self.stored.body)} characters of cipher text, "
            f"{len(self.stored.sealed_keys)} sealed key(s)\n"
            f"  the Recipient {received}"
        )

    def html(self) -> Node:
        """Return the three views of the Message, side by side."""
        if not self.stored:
            return htpy.div(".enb-card")[htpy.p[_ELSEWHERE]]
        keys = [
            htpy.div[htpy.small(".enb-muted")[f"key sealed for {shortened(address)}"], _cipher(key, 140)]
            for address, key in self.stored.sealed_keys.items()
        ]
        return htpy.div(".enb-card")[
            htpy.h4["One Message, seen from three places"],
            htpy.p[htpy.small(".enb-muted")[self.message_id]],
            htpy.div(".enb-columns")[
                _column("sender", "shows", _readable(self.sent)),
                _column(
                    "backbone",
                    "has",
                    htpy.p[f"From {shortened(self.stored.created_by)}, and this:"],
                    _cipher(self.stored.body, _SHOWN),
                    keys,
                ),
                _column(
                    "recipient",
                    "shows",
                    _readable(self.received) if self.received else htpy.p["Nothing yet: it has not synchronised."],
                ),
            ],
            htpy.p(".enb-muted")[
                "The Backbone knows who writes to whom, and when. What is written is sealed on the Sender's side, and "
                "only the Recipient has the key that opens it."
            ],
        ]


def _column(who: str, does: str, *content: Node) -> Node:
    return htpy.div(".enb-cell")[htpy.p[side(who), f" {does}"], *content]


def _content(message: MessageWithAttachments | None) -> Any:
    return to_json(message.content) if message else None


def _readable(message: MessageWithAttachments | None) -> Node:
    return shown_json(_content(message))


def _cipher(value: str, longest: int) -> Node:
    left_out = len(value) - longest
    return htpy.pre[value[:longest], f"… and {left_out} more characters" if left_out > 0 else ""]
