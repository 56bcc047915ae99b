"""What receives the Connector's events; how they are waited for is in `_sync` and `_async`."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enmeshed_nb.connector import ConnectorEvent

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

    @property
    def model(self) -> "ConnectorEvent":
        """The same with its data as a model: see `enmeshed_nb.connector.parse_event`."""
        from enmeshed_nb.connector import parse_event  # noqa: PLC0415 - only who uses it waits for its import

        return parse_event({"trigger": self.trigger, "data": self.data})

    @property
    def correlation_id(self) -> str | None:
        """By which the call that caused it is found in the Connector's log."""
        return self.headers.get("x-correlation-id")


class Listening:
    """An HTTP server on this machine that keeps the events that it is told; see `EventListener`.

    Attributes:
        url: where it listens.
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
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="events", daemon=True)
        self._thread.start()

    @property
    def events(self) -> tuple[Event, ...]:
        """What was received until now, in this order."""
        return tuple(self._events)

    def of(self, trigger: str) -> tuple[Event, ...]:
        """Return the events with this trigger that were received until now."""
        return tuple(event for event in self.events if event.trigger == trigger)

    def fitting(self, trigger: str, data: dict[str, Any]) -> list[Event]:
        """Return the events with this trigger whose data has all that is in *data*."""
        return [event for event in self.of(trigger) if data.items() <= _items(event.data)]

    def seen(self) -> str:
        """Return which events came, in words."""
        return ", ".join(sorted({event.trigger for event in self.events})) or "no event at all"

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _items(data: Any) -> Any:
    return data.items() if isinstance(data, dict) else {}.items()
