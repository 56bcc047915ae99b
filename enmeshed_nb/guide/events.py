"""Receive the Connector's events: the target of its module *webhooks*."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from enmeshed_nb.clock import REAL_TIME, Clock
from enmeshed_nb.closing import Closing
from enmeshed_nb.guide.waiting import wait_for

_LARGEST = 10_000_000  # bytes


@dataclass(frozen=True)
class Event:
    """One event of the Connector.

    Attributes:
        trigger: what happened, e.g. "consumption.incomingRequestReceived".
        data: the event's data, mostly the object that it is about.
        path: where the webhook called, `{{trigger}}` filled in.
        headers: what it sent along, names in lower case.
    """

    trigger: str
    data: Any
    path: str
    headers: dict[str, str]


class EventListener(Closing):
    """An HTTP server on this machine that Connectors can send their events to.

        with EventListener() as listener:
            webhooks = {"enabled": True, "webhooks": [{"triggers": ["**"], "target": {"url": listener.url}}]}
            …
            event = listener.wait_for("consumption.incomingRequestReceived")

    It listens on the loopback interface, until it is closed.

    Args:
        port: the port; 0 for any.

    Attributes:
        url: where it listens.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, port: int = 0) -> None:
        self._events: list[Event] = []
        events = self._events

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                try:
                    length = min(int(self.headers.get("content-length") or 0), _LARGEST)
                    told: Any = json.loads(self.rfile.read(length))
                    event = Event(told["trigger"], told.get("data"), self.path, _lower(self.headers))
                except (ValueError, TypeError, KeyError, AttributeError):
                    self.send_error(400, "This is not an event of a Connector.")
                    return
                events.append(event)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="events", daemon=True)
        self._thread.start()

    @property
    def events(self) -> tuple[Event, ...]:
        """What was received until now, in this order."""
        return tuple(self._events)

    def of(self, trigger: str) -> tuple[Event, ...]:
        """Return the events with this trigger that were received until now."""
        return tuple(event for event in self.events if event.trigger == trigger)

    def wait_for(self, trigger: str, *, timeout: float = 30, clock: Clock = REAL_TIME, **data: Any) -> Event:
        """Wait for an event, unless it has come already.

        Args:
            trigger: which event.
            timeout: how long to wait, in seconds.
            clock: the time.
            data: what its data must have, e.g. `id="REQ…"`.

        Raises:
            WaitTimeout: it did not come; says which events came.
        """

        def fitting() -> list[Event]:
            return [event for event in self.of(trigger) if data.items() <= _items(event.data)]

        return wait_for(
            fitting,
            describe=lambda _: ", ".join(sorted({event.trigger for event in self.events})) or "no event at all",
            what=f"the event {trigger}",
            timeout=timeout,
            clock=clock,
        )[0]

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _items(data: Any) -> Any:
    return data.items() if isinstance(data, dict) else {}.items()
