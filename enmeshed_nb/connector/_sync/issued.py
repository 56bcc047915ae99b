# Made of enmeshed_nb/connector/_async/issued.py by tools/synchronous.py: change that.
"""Tokens of an OAuth 2 issuer, asked for when they are needed."""

import threading
from collections.abc import Generator

import httpx

from enmeshed_nb.connector.authentication import ClientCredentials, IssuedCore


class Issued(IssuedCore):
    """Has one token for all calls: who needs one while it is asked for waits for it.

    Args:
        credentials: what the issuer knows us by.
    """

    def __init__(self, credentials: ClientCredentials) -> None:
        super().__init__(credentials)
        self._lock = threading.Lock()

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Add a token; if it is refused, and not just new, once more with a new one."""
        refused = ""
        for _ in range(2):
            with self._lock:
                if is_new := self.is_due(refused):
                    asking = self.ask(request)
                    asked: httpx.Request | None = next(asking)
                    while asked:
                        answer = yield asked
                        answer.read()
                        asked = self.go_on(asking, answer)
                token = self._token
            request.headers["Authorization"] = f"Bearer {token}"
            answer = yield request
            if answer.status_code != 401 or is_new:
                return
            refused = token
