"""Tokens of an OAuth 2 issuer, asked for when they are needed."""

import asyncio
from collections.abc import AsyncGenerator

import httpx

from enmeshed_nb.connector.authentication import ClientCredentials, IssuedCore


class AsyncIssued(IssuedCore):
    """Has one token for all calls: who needs one while it is asked for waits for it.

    Args:
        credentials: what the issuer knows us by.
    """

    def __init__(self, credentials: ClientCredentials) -> None:
        super().__init__(credentials)
        self._lock = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Add a token; if it is refused, and not just new, once more with a new one."""
        refused = ""
        for _ in range(2):
            async with self._lock:
                if is_new := self.is_due(refused):
                    asking = self.ask(request)
                    asked: httpx.Request | None = next(asking)
                    while asked:
                        answer = yield asked
                        await answer.aread()
                        asked = self.go_on(asking, answer)
                token = self._token
            request.headers["Authorization"] = f"Bearer {token}"
            answer = yield request
            if answer.status_code != 401 or is_new:
                return
            refused = token
