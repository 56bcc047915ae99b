"""The Sender and the Recipient that a notebook works with: of the local network, or the user's own."""

import html
from pathlib import Path

from enmeshed_nb import own_connectors
from enmeshed_nb.connector import Connector
from enmeshed_nb.guide import Journal
from enmeshed_nb.localnet import LocalNetwork


class Network:
    """Two Connectors and the journal of everything that is exchanged with them. Made by `connect`.

    Attributes:
        sender: the Connector that sends Requests.
        recipient: the Connector that receives and decides them.
        journal: records every exchange.
        local: the local network that runs both, None for own Connectors.
    """

    def __init__(self, sender: Connector, recipient: Connector, local: LocalNetwork | None = None) -> None:
        self.sender, self.recipient, self.local = sender, recipient, local
        self.journal = Journal(sender, recipient)
        self._addresses = {
            connector.name: (connector.require_version().version, connector.account.identity_info().address)
            for connector in (sender, recipient)
        }
        self.journal.take_new()  # these calls are no step of a guide

    def close(self) -> None:
        """Close both Connectors and give the local network back."""
        self.journal.close()
        self.sender.close()
        self.recipient.close()
        if self.local:
            self.local.close()

    def __str__(self) -> str:
        where = f"Local network in {self.local.state.data_dir}" if self.local else "Your own Connectors: real data!"
        lines = [where]
        for connector in (self.sender, self.recipient):
            version, address = self._addresses[connector.name]
            lines.append(f"  {connector.name:9}  {connector.url}  Connector {version}  {address}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        text = str(self)
        return {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}


def connect(data_dir: Path | str | None = None) -> Network:
    """Connect to the Sender and the Recipient.

    These are the Connectors that the `ENMESHED_NB_*` variables name, else those of the local network, which is started
    if it does not run. It runs at least until the notebook's kernel ends.

    Args:
        data_dir: the local network's folder; the default is that of the command line.

    Raises:
        NetworkError: the local network cannot be started; it says why, and what to do.
        SettingsError: the variables are incomplete or malformed.
        ConnectorError: a Connector cannot be reached, refuses the API key, or is not of version 7.
    """
    if own := own_connectors.from_environment():
        return Network(
            Connector(own.sender.url, own.sender.api_key, name="sender"),
            Connector(own.recipient.url, own.recipient.api_key, name="recipient"),
        )
    local = LocalNetwork.open(data_dir, connectors={"sender": {}, "recipient": {}})
    sender, recipient = (
        Connector(state.url, state.api_key, name=state.name)
        for state in (local.state.connector("sender"), local.state.connector("recipient"))
    )
    return Network(sender, recipient, local)
