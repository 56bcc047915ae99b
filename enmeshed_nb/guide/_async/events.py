"""Receive the Connector's events: the target of its module *webhooks*."""

from typing import Any

from enmeshed_nb.clock import ASYNC_TIME, AsyncClock
from enmeshed_nb.closing import AsyncClosing
from enmeshed_nb.guide._async.waiting import wait_for
from enmeshed_nb.guide.events import Event, Listening


class AsyncEventListener(Listening, AsyncClosing):
    """An HTTP server on this machine that Connectors can send their events to.

        async with AsyncEventListener() as listener:
            webhooks = {"enabled": True, "webhooks": [{"triggers": ["**"], "target": {"url": listener.url}}]}
            …
            event = await listener.wait_for("consumption.incomingRequestReceived")

    It listens on the loopback interface, until it is closed.

    Args:
        port: the port; 0 for any.

    Attributes:
        url: where it listens.

    Raises:
        OSError: the port is taken.
    """

    async def wait_for(
        self, trigger: str, *, timeout: float = 30, clock: AsyncClock = ASYNC_TIME, **data: Any
    ) -> Event:
        """Wait for an event, unless it has come already.

        Args:
            trigger: which event.
            timeout: how long to wait, in seconds.
            clock: the time.
            data: what its data must have, e.g. `id="REQ…"`.

        Raises:
            WaitTimeout: it did not come; says which events came.
        """

        async def look() -> list[Event]:
            return self.fitting(trigger, data)

        found = await wait_for(
            look, describe=lambda _: self.seen(), what=f"the event {trigger}", timeout=timeout, clock=clock
        )
        return found[0]

    async def close(self) -> None:
        """Listen no more; closing twice does nothing more."""
        self.stop()
