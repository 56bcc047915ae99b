"""Ask the parts of a running network whether they work, without the client and all that it imports."""

from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from enmeshed_nb.localnet.settings import NetworkState

TIMEOUT = 35.0
"""Seconds; a Connector asks its Backbone before it answers, and waits 24 seconds for it."""


def health(state: NetworkState) -> dict[str, bool]:
    """Ask the Backbone and all Connectors for their `/health`, all at once; return by name whether each works."""
    urls = {"backbone": state.backbone.url} | {connector.name: connector.url for connector in state.connectors}
    with ThreadPoolExecutor() as pool:
        return dict(zip(urls, pool.map(_is_healthy, urls.values()), strict=True))


def _is_healthy(url: str) -> bool:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
