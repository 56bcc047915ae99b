"""Ask a peer for its consent and wait for the answer.

    python examples/ask_for_consent.py URL API_KEY PEER "I agree to the terms."

URL and API_KEY are those of your Connector, PEER is the address of an Identity that it has an Active Relationship with.
The exit code is 0 for a yes, 1 for a no, 2 if there is no answer.
"""

import sys
from datetime import UTC, datetime, timedelta

from enmeshed_nb import Connector, ConnectorError, ConsentRequestItem, Request, send_request, wait_for_status
from enmeshed_nb.guide import WaitError

PATIENCE = timedelta(minutes=5)


def ask(connector: Connector, peer: str, consent: str) -> bool:
    """Return whether the peer consents: the Sender's part of the guide."""
    request = Request(
        items=[ConsentRequestItem(consent=consent, must_be_accepted=True)],
        expires_at=datetime.now(UTC) + PATIENCE,
    )
    asked = send_request(connector, request, peer)
    requests, patience = connector.requests.outgoing, PATIENCE.total_seconds()
    answered = wait_for_status(requests, asked.id, "Completed", sync=connector, timeout=patience)
    return answered.response is not None and answered.response.content.result == "Accepted"


def main(arguments: list[str]) -> int:
    """Ask as the arguments say, and print the answer."""
    if len(arguments) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    url, api_key, peer, consent = arguments
    try:
        with Connector(url, api_key) as connector:
            connector.require_version()
            agreed = ask(connector, peer, consent)
    except (ConnectorError, WaitError) as error:
        print(error, file=sys.stderr)
        return 2
    print("The peer agrees." if agreed else "The peer does not agree.")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
