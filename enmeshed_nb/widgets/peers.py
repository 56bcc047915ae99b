"""Choose a peer among the Relationships of a Connector."""

from collections.abc import Callable, Mapping

import htpy
import ipywidgets
import traitlets
from htpy import Node

from enmeshed_nb.connector import Connector
from enmeshed_nb.guide.peers import Peer, peers_of
from enmeshed_nb.widgets.panel import Panel, button, note, running_cell
from enmeshed_nb.widgets.view import folded, page, state, text

_SHOWN = 8


class PeerChooser(Panel):
    """The peers of a Connector; who can receive a Message can be chosen, of the others it says why not.

    Args:
        connector: whose peers.
        names: names by address, used instead of the DisplayNames that peers shared.
        address: the peer to choose at first; without it, the first that can receive a Message.

    Attributes:
        value: the address of the chosen peer, None if there is none to choose. It can be observed; `select` changes it.
        peers: all peers, as the Connector told of them last.
    """

    value = traitlets.Unicode(None, allow_none=True, read_only=True)

    def __init__(
        self, connector: Connector, *, names: Mapping[str, str] | None = None, address: str | None = None
    ) -> None:
        self._connector, self._names = connector, dict(names or {})
        self.peers: list[Peer] = []
        self._followers: list[tuple[str, str, Callable[[object], None]]] = []
        self._search = ipywidgets.Text(
            placeholder="part of a name or an address",
            description="Search",
            tooltip="Search among the peers",
            layout=ipywidgets.Layout(width="calc(100% - 6px)", max_width="560px"),
        )
        self._list = ipywidgets.Select(
            description="Peer", rows=2, layout=ipywidgets.Layout(width="calc(100% - 6px)", max_width="560px")
        )
        self._others = ipywidgets.HTML()
        super().__init__()
        self._search.observe(lambda _: self.attempt(self._filter), "value")
        self._list.observe(lambda _: self.changed(), "value")
        head = ipywidgets.HBox(
            [
                note(htpy.h4[f"Peers of the {text(connector.name.capitalize())}"]),
                button("Refresh", self.refresh, tooltip="Ask the Connector for its Relationships again"),
            ],
            layout=ipywidgets.Layout(justify_content="space-between", max_width="660px"),
        )
        self.children = [head, self._search, self._list, self._others, self.problem]
        self.refresh()
        if address is not None:
            self.select(address)

    def follow(self, action: Callable[[], object]) -> None:
        """Call *action* whenever another peer is chosen, until the cell that says so is run again.

        What a cell makes stays in the kernel when the cell is run again, though nobody sees it any more.
        """
        cell, run = running_cell()
        for each in [each for each in self._followers if cell and each[0] == cell and each[1] != run]:
            self.unobserve(each[2], "value")
            self._followers.remove(each)

        def follower(_: object) -> None:
            action()

        self._followers.append((cell, run, follower))
        self.observe(follower, "value")

    @property
    def peer(self) -> Peer | None:
        """The chosen peer."""
        return next((peer for peer in self.peers if peer.address == self.value and peer.can_receive), None)

    def select(self, address: str) -> None:
        """Choose the peer with this address.

        Raises:
            ValueError: there is none, or it cannot receive a Message; says why.
        """
        found = [peer for peer in self.peers if peer.address == address]
        if not found:
            raise ValueError(f"The {self._connector.name} has no Relationship with {address}.")
        if not any(peer.can_receive for peer in found):
            raise ValueError(f"{found[0]} cannot receive a Message.")
        with self.one_change():
            self._search.value = ""
            self._list.value = address

    def after_change(self) -> None:
        """Take over who is chosen in the list."""
        self.set_trait("value", self._list.value)

    def refresh(self) -> None:
        """Ask the Connector again; the choice stays if it still can."""
        self.attempt(self._refresh)

    def _refresh(self) -> None:
        self.peers = peers_of(self._connector, self._names)
        self._filter()

    def _filter(self) -> None:
        wanted = self._search.value.casefold()
        can = [peer for peer in self.peers if peer.can_receive]
        options = [(_option(peer), peer.address) for peer in can if wanted in f"{peer.name} {peer.address}".casefold()]
        addresses = [address for _, address in options]
        with self.one_change():
            self._list.options = options
            self._list.value = self.value if self.value in addresses else next(iter(addresses), None)
        self._list.rows = max(2, min(_SHOWN, len(options)))
        self._search.layout.display = "" if len(can) > _SHOWN else "none"
        self._others.value = page(self._remarks(len(can), len(options)))

    def _remarks(self, can: int, shown: int) -> Node:
        others = [peer for peer in self.peers if not peer.can_receive]
        remarks: list[Node] = []
        if not can:
            remarks.append(
                htpy.p[
                    htpy.b["There is no peer to send to. "],
                    "Establish a Relationship first: notebook 01, or establish_relationship(sender, recipient).",
                ]
            )
        elif shown < can:
            remarks.append(htpy.p(".enb-muted")[f"{shown} of {can} peers match."])
        if others:
            remarks.append(
                folded(
                    f"{len(others)} cannot receive a Message",
                    htpy.ul[(htpy.li[text(str(peer))] for peer in others[:100])],
                )
            )
        return remarks or None

    def static(self) -> Node:
        """Return who is chosen."""
        chosen = self.peer
        return htpy.div(".enb-card")[
            htpy.h4[f"Peers of the {text(self._connector.name.capitalize())}"],
            htpy.p[
                ["Chosen: ", htpy.b[text(_option(chosen))], " ", state(chosen.status)]
                if chosen
                else "Nobody is chosen."
            ],
            None if chosen else self._remarks(sum(peer.can_receive for peer in self.peers), len(self._list.options)),
        ]

    def __str__(self) -> str:
        return f"Chosen peer of the {self._connector.name}: {self.peer or 'nobody'}"


def _option(peer: Peer) -> str:
    return text(f"{peer.name}, {peer.short_address}" if peer.name else peer.address)
