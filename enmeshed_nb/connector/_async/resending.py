"""Safe resend: after a lost answer it is found out whether the Connector did what was asked."""

from collections.abc import Awaitable, Callable
from typing import Any

from enmeshed_nb.clock import REAL_TIME
from enmeshed_nb.connector.errors import ConnectorError
from enmeshed_nb.connector.resending import SETTLING, Asked, Search, Sent, is_absent, loss_of


class AsyncResending:
    """One call that is made until it is known whether it was done.

    Args:
        search: how that is found out.
        sent: the call.
        once: makes it, once.
        ask: asks what *search* wants to know.
        pause: does nothing for so many seconds.
        retries: how often it is sent again.
        timeout: how long to wait for a Connector that does not answer, in seconds.
    """

    def __init__(
        self,
        search: Search,
        sent: Sent,
        *,
        once: Callable[[], Awaitable[Any]],
        ask: Callable[[Asked], Awaitable[Any]],
        pause: Callable[[float], Awaitable[Any]],
        retries: int,
        timeout: float,
    ) -> None:
        self._search, self._sent = search, sent
        self._once, self._ask, self._pause = once, ask, pause
        self._retries, self._timeout = retries, timeout

    async def result(self) -> Any:
        """Return what the call's answer says, or would have said.

        Raises:
            ConnectorError: the call's own. If that says that the answer was lost, the call was not done as far as can
                be seen, or nobody can know.
        """
        before = await self._look()
        attempt = 0
        while True:
            try:
                return await self._once()
            except ConnectorError as error:
                failure, loss = error, loss_of(error)
            may_be_done = bool(loss or attempt) and loss != "unsent"  # also what is refused now: by an earlier try
            if self._search.ask and may_be_done:
                settling = 0.0 if "late" in self._search.sent_again or loss in (None, "settled") else SETTLING
                if found := await self._find(before, settling, failure):
                    return found[0]
            if loss not in self._search.sent_again or attempt == self._retries:
                raise failure
            await self._pause(0.1 * 3**attempt)
            attempt += 1

    async def _look(self) -> Any:
        """Return what the Connector has that the call could be seen by; None if there is no such object."""
        if not self._search.ask:
            return None
        try:
            return await self._ask(self._search.ask(self._sent))
        except ConnectorError as error:
            if is_absent(error):
                return None
            raise

    async def _find(self, before: Any, settling: float, failure: ConnectorError) -> list[Any]:
        """Look whether the call was done, for *settling* seconds; return its result in a list, or an empty one.

        Raises:
            ConnectorError: *failure*, if the Connector does not answer any more.
        """
        begun, pause = REAL_TIME.now(), 0.05
        while True:
            waited = REAL_TIME.now() - begun
            try:
                after = await self._look()
            except ConnectorError as error:
                if not loss_of(error) or waited >= self._timeout:
                    raise failure from error
            else:
                found = self._search.find(self._sent, before, after)
                if found or waited >= settling:
                    return found
            await self._pause(pause)
            pause = min(pause * 1.5, 1.0)
