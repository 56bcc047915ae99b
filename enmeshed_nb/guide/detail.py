"""What is to be known of one thing: what was sent beside what came back, and what the Connectors have recorded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from enmeshed_nb.connector import Connector, ConnectorError, Exchange, NotFound, aside
from enmeshed_nb.content.model import to_json
from enmeshed_nb.guide.changes import MarkedLine, lines_of, marked_lines
from enmeshed_nb.guide.journal import Journal, objects
from enmeshed_nb.guide.journey import without_ids
from enmeshed_nb.guide.steps import outcome
from enmeshed_nb.guide.text import time_of_day

_COMPARED = "+ is new, ≠ is another than what was sent"
_MOST_LINES, _LONGEST = 400, 1000


@dataclass(frozen=True)
class Piece:
    """A piece of JSON, line by line.

    Attributes:
        title: what it is: "came back".
        note: what else is to be said of it, such as what the marks mean, or why there is nothing.
        lines: each with the mark of how it differs from the piece before.
    """

    title: str
    note: str = ""
    lines: Sequence[MarkedLine] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data; of what is very long only the beginning."""
        lines = [[each.mark or "", _cut(each.text)] for each in self.lines[:_MOST_LINES]]
        if (left_out := len(self.lines) - _MOST_LINES) > 0:
            lines.append(["", f"… and {left_out} more lines"])
        return {"title": self.title, "note": self.note, "lines": lines}


@dataclass(frozen=True)
class Pair:
    """Two pieces that are read side by side.

    Attributes:
        title: what both are of: "POST /Requests/Outgoing at the sender".
        note: how it ended.
        pieces: what was sent, and what came back; or what either side has.
    """

    title: str
    note: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Detail:
    """What is to be known of one thing.

    Attributes:
        title: what it is.
        facts: names and values.
        pairs: what was sent beside what came back, and what the sides have recorded.
    """

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    pairs: tuple[Pair, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data: `{"title", "facts", "pairs": [{"title", "note", "pieces"}]}`."""
        pairs = [{**asdict(each), "pieces": [piece.to_json() for piece in each.pieces]} for each in self.pairs]
        return {"title": self.title, "facts": [list(each) for each in self.facts], "pairs": pairs}


def detail_of(journal: Journal, kind: str, name: str, sides: Mapping[str, bool], title: str) -> Detail:
    """Return what is to be known of a thing; its records are asked for now, aside.

    Args:
        journal: what was recorded.
        kind: "call", "request", "message", "side" or "backbone".
        name: the number of the call, the id, the name of the Connector, or "".
        sides: of a Request: the names of the Connectors that have it, and whether it is their own.
        title: what people call it.

    Raises:
        LookupError: there is no such thing.
    """
    match kind:
        case "call":
            return _of_call(journal, name)
        case "request" if sides:
            return _of_request(journal, name, sides, title)
        case "message":
            return _of_message(journal, name)
        case "side" if name in journal.names:
            return _of_side(next(each for each in journal.connectors if each.name == name))
        case "backbone":
            facts = ("It knows", "who writes to whom, and when"), ("It does not know", "what: that is sealed")
            return Detail("The Backbone carries Messages", facts)
    raise LookupError(f"There is no {kind} {name!r} here any more.")


def _of_call(journal: Journal, number: str) -> Detail:
    exchange = next((each for each in reversed(journal.exchanges) if str(each.number) == number), None)
    if exchange is None:
        if begun := next((each for each in journal.under_way if str(each.number) == number), None):
            return Detail(
                f"A call of the {begun.connector.capitalize()} that has no answer yet",
                (("called", begun.call), ("since", time_of_day(begun.since))),
            )
        raise LookupError(f"There is no call {number} here any more.")
    curl = Pair("The same as a command", "", (Piece("curl", "", [MarkedLine(None, exchange.as_curl())]),))
    title = f"A call of the {exchange.connector.capitalize()}"
    return Detail(title, (("at", time_of_day(exchange.time)),), (_exchanged(exchange), curl))


def _of_request(journal: Journal, request_id: str, sides: Mapping[str, bool], title: str) -> Detail:
    pairs = [_exchanged(each) for each in journal.exchanges if _makes(each, request_id)]

    def look(connector: Connector) -> Any:
        requests = connector.requests
        return (requests.outgoing if sides[connector.name] else requests.incoming).get(request_id)

    asked = sorted((each for each in journal.connectors if each.name in sides), key=lambda each: not sides[each.name])
    pairs.append(Pair("What the sides have recorded", "", tuple(_records(asked, look))))
    return Detail(title, (("Request", request_id),), tuple(pairs))


def _makes(exchange: Exchange, request_id: str) -> bool:
    """Tell whether a call created a Request, or decided it."""
    return exchange.method != "GET" and any(each["id"] == request_id for each in objects(exchange.response, "Request"))


def _of_message(journal: Journal, message_id: str) -> Detail:
    pairs = [
        _exchanged(each)
        for each in journal.exchanges
        if each.method == "POST" and any(message["id"] == message_id for message in objects(each.response, "Message"))
    ]
    records = _records(journal.connectors, lambda connector: connector.messages.get(message_id))
    pairs.append(Pair("What the sides have recorded", "", tuple(records)))
    return Detail("A Message, sealed for whom it is for", (("Message", message_id),), tuple(pairs))


def _of_side(connector: Connector) -> Detail:
    own = _record(connector, lambda each: each.account.identity_info())
    version = _record(connector, lambda each: each.monitoring.version())
    pieces = _piece("its Identity", own), _piece("its version", version)
    pair = Pair("What it says of itself", "", pieces)
    return Detail(f"The {connector.name.capitalize()}", (("its API", connector.url),), (pair,))


def _exchanged(exchange: Exchange) -> Pair:
    marked = marked_lines(exchange)
    back = Piece("came back", _COMPARED if marked.are_compared else "", marked.lines)
    if exchange.response is None:
        back = Piece("came back", exchange.error or "nothing but the status")
    sent = Piece("sent", "" if exchange.request is not None else "no body", lines_of(exchange.request))
    note = exchange.error or f"{outcome(exchange)} in {exchange.duration * 1000:.0f} ms"
    return Pair(f"{without_ids(exchange.call)} at the {exchange.connector.capitalize()}", note, (sent, back))


def _records(connectors: Sequence[Connector], look: Callable[[Connector], Any]) -> Iterator[Piece]:
    """Yield what each side has recorded; after the first one's, each with how it differs from that."""
    first: Any = None
    note = ""
    for connector in connectors:
        record = _record(connector, look)
        yield _piece(f"what the {connector.name.capitalize()} has", record, first, note)
        if first is None and record[0] is not None:
            first = record[0]
            note = f"+ is only here, ≠ is another than at the {connector.name.capitalize()}"


def _piece(title: str, record: tuple[Any, str], compared: Any = None, note: str = "") -> Piece:
    value, problem = record
    return Piece(title, problem or note, lines_of(value, compared))


def _record(connector: Connector, look: Callable[[Connector], Any]) -> tuple[Any, str]:
    """Return what a Connector has recorded, or None and why there is nothing."""
    try:
        with aside():
            return to_json(look(connector)), ""
    except NotFound:
        return None, "has no record of it so far"
    except ConnectorError as error:
        return None, error.problem


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… and {len(line) - _LONGEST} more characters"
