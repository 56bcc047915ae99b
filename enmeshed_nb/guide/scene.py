"""The scene: calls as they run, what each side knows of Requests, what lies sealed at the Backbone, whose turn it is.

It is plain data, made from the answers of the Connectors in a journal, for the stage to draw and for tests to hold
against what the Connectors recorded.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from enmeshed_nb.connector import Begun, Connector, ConnectorError, Exchange, LocalRequest, Wait, aside
from enmeshed_nb.content.model import iso
from enmeshed_nb.guide.detail import Detail, detail_of
from enmeshed_nb.guide.journal import Journal, objects
from enmeshed_nb.guide.journey import without_ids
from enmeshed_nb.guide.steps import asked, outcome
from enmeshed_nb.guide.text import TextView, printable, quoted
from enmeshed_nb.guide.waiting import SOMETHING

MOST = 50
"""Of how many Requests the newest are kept; those that have not ended stay before those that have."""
MOST_CALLS = 60
"""How many calls are kept: the newest, and those that run."""
_ARRIVED, _MOST_WAITING = 10, 500
_REQUEST = re.compile(r"(?:the Request of Message|Request) (\w+)")
_UNDER_WAY = ("Draft", "Open", "DecisionRequired", "ManualDecisionRequired", "Decided")
_SYNC = "/Account/Sync"

Carried = Literal["Request", "Response", "other content"]


@dataclass(frozen=True)
class Turn:
    """Who does what next.

    Attributes:
        side: the name of a Connector; "" if it is a peer whose Connector is not in the journal.
        does: what that is, after a name: "decides".
    """

    side: str
    does: str

    def __str__(self) -> str:
        return f"The {self.side.capitalize() or 'peer'} {self.does} next"


@dataclass(frozen=True)
class Envelope:
    """A Message that waits at the Backbone, sealed.

    Attributes:
        message_id: the Message.
        sender: the name of the Connector that sent it.
        recipient: the name of the Connector that has not fetched it yet; "" if that is not in the journal.
        carries: what is in it; only the two sides can know that.
        request_id: the Request that it carries, or whose Response; None for other content.
    """

    message_id: str
    sender: str
    recipient: str
    carries: Carried
    request_id: str | None = None


@dataclass(frozen=True)
class Calling:
    """A call, also while it runs. What a wait repeats is one.

    Attributes:
        number: of the request that was sent first for it: `Exchange.number`.
        side: the name of the Connector that is called.
        call: what is called, for people, without ids: `GET /Requests/Outgoing/REQ…`.
        since: when it began.
        is_running: whether it has no answer yet, or what waits will repeat it.
        waits_for: what it is, or was, repeated for; "" if it is not.
        outcome: how the last answer was: "✔ 201"; "" without one so far.
        went_well: whether the last answer was a success and a check found nothing wrong; None without one so far.
        milliseconds: how long the last answer took; None without one so far.
        times: how many answers there were.
    """

    number: int
    side: str
    call: str
    since: datetime
    is_running: bool
    waits_for: str = ""
    outcome: str = ""
    went_well: bool | None = None
    milliseconds: int | None = None
    times: int = 0

    def __str__(self) -> str:
        now = f" → {self.outcome}" if self.outcome else ""
        waits = f", {'waits' if self.is_running else 'waited'} for {self.waits_for}" if self.waits_for else ""
        return f"{self.side}: {self.call}{now}{f', {self.times} times' if self.times > 1 else ''}{waits}"


@dataclass
class _Call:
    """What is known of a call: the request that was sent last for it, and the answer that came last."""

    first: Begun | Exchange
    sent: Begun | Exchange
    answer: Exchange | None = None
    times: int = 0

    @property
    def wait(self) -> Wait | None:
        return self.first.wait


@dataclass(frozen=True)
class Seen:
    """A Request as each side shows it.

    Attributes:
        request_id: the Request.
        title: what people call it.
        statuses: its status by the Connector's name, who asks before who is asked.
        result: what the Response says as a whole, "Accepted" or "Rejected", as far as any side shows it.
        turn: who does what next; None if nobody does: it is over.
    """

    request_id: str
    title: str
    statuses: Mapping[str, str]
    result: str | None
    turn: Turn | None

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done."""
        return self.turn is None

    def __str__(self) -> str:
        now = ", ".join(f"{status} at the {side}" for side, status in self.statuses.items())
        end = f"{self.turn}." if self.turn else f"It is over: {self.result.lower() if self.result else 'expired'}."
        return f"{quoted(self.title)} ({self.request_id}): {now}. {end}"


@dataclass
class _Sides:
    """What the two sides have shown of a Request: the newest answer that each of them gave, and when."""

    request_id: str
    title: str
    outgoing: tuple[str, Mapping[str, Any]] | None = None
    incoming: tuple[str, Mapping[str, Any]] | None = None
    times: dict[str, datetime] = field(default_factory=dict)
    number: int = 0

    def see(self, side: str, request: Mapping[str, Any], time: datetime) -> bool:
        """Take in what a side shows; tell whether that is news."""
        if time < self.times.get(side, time):
            return False
        self.times[side] = time
        before = self.outgoing if request["isOwn"] else self.incoming
        if request["isOwn"]:
            self.outgoing = side, request
        else:
            self.incoming = side, request
        return before is None or before[1]["status"] != request["status"]

    @property
    def shown(self) -> list[tuple[str, Mapping[str, Any]]]:
        return [each for each in (self.outgoing, self.incoming) if each]


class Scene(TextView):
    """Calls as they run, what each side knows of Requests, what lies sealed at the Backbone, and whose turn it is.

        scene = Scene(journal)
        …
        scene.update()
        print(scene)

    A Message waits at the Backbone until its recipient shows that it has come, or has synchronised since. The Message
    with a Response is sent by the Runtime of who decided: it is told when that Connector shows the Request `Completed`.

    Args:
        journal: what is recorded.
        recall: whether the Connectors are asked, aside, what is under way already.
    """

    def __init__(self, journal: Journal, *, recall: bool = True) -> None:
        self._journal = journal
        self.sides = journal.names
        self._read = 0
        self._last_aside: Exchange | None = None
        self._number = 0
        self._requests: dict[str, _Sides] = {}
        self._envelopes: dict[tuple[str, str], tuple[Envelope, datetime]] = {}
        self._calls: dict[object, _Call] = {}
        self._running: set[int] = set()
        self._known_addresses: dict[str, str] | None = None
        self._received: dict[tuple[str, str], None] = {}
        self._synced: dict[str, datetime] = {}
        self._shown: dict[str, Any] = {}
        if recall:
            self._recall(journal.connectors)
        self.update()

    def _recall(self, connectors: Sequence[Connector]) -> None:
        """Ask what is under way: the answers are in the journal then."""
        sent: list[str] = []
        for connector in connectors:
            with aside(), suppress(ConnectorError):
                sent += (each.id for each in connector.requests.outgoing.list(status=_UNDER_WAY))
        for connector in connectors:
            with aside(), suppress(ConnectorError):
                connector.requests.incoming.list(status=_UNDER_WAY)
                if sent:
                    connector.requests.incoming.list(id=sent)

    @property
    def addresses(self) -> Mapping[str, str]:
        """The names of the Connectors by their addresses; they are asked aside, once, when it matters."""
        if self._known_addresses is None:
            self._known_addresses = {}
            for connector in self._journal.connectors:
                with aside(), suppress(ConnectorError):
                    self._known_addresses[connector.account.identity_info().address] = connector.name
        return self._known_addresses

    def update(self) -> bool:
        """Take in what was called and exchanged since; tell whether anything is another than before."""
        before = self._shown
        under_way = self._journal.under_way  # before the exchanges: what ends in between is among them
        self._running = {each.number for each in under_way}
        exchanges, asides = self._journal.exchanges, self._journal.asides
        new = [*exchanges[self._read :], *_after(self._last_aside, asides)]
        self._read, self._last_aside = len(exchanges), asides[-1] if asides else None
        for begun in under_way:
            self._take_begun(begun)
        for exchange in sorted(new, key=lambda each: each.ended):
            self._take(exchange)
        self._forget()
        self._shown = self.to_json()
        return self._shown != before

    @property
    def is_moving(self) -> bool:
        """Whether the Runtimes move a Request on, or have, and no answer has shown it yet; `look` asks."""
        return any(self._is_moving(each) for each in list(self._requests.values()))

    def look(self) -> None:
        """Ask the Connectors, aside, for what is under way: `update` takes in what they say."""
        ids = [each.request_id for each in list(self._requests.values()) if not _is_over(each)]
        for connector in self._journal.connectors if ids else ():
            with aside(), suppress(ConnectorError):
                connector.requests.outgoing.list(id=ids)
                connector.requests.incoming.list(id=ids)

    @property
    def requests(self) -> tuple[Seen, ...]:
        """The Requests, in the order in which they moved last."""
        moved = sorted(self._requests.values(), key=lambda each: each.number)
        return tuple(self._seen(each) for each in moved)

    @property
    def envelopes(self) -> tuple[Envelope, ...]:
        """What waits at the Backbone, in the order in which it came there."""
        return tuple(envelope for envelope, sent in self._envelopes.values() if not self._is_fetched(envelope, sent))

    @property
    def arrived(self) -> tuple[Envelope, ...]:
        """What waited at the Backbone and was fetched: the newest ones."""
        fetched = [envelope for envelope, sent in self._envelopes.values() if self._is_fetched(envelope, sent)]
        return tuple(fetched[-_ARRIVED:])

    @property
    def calls(self) -> tuple[Calling, ...]:
        """The calls, the one that began last first."""
        newest_first = sorted(self._calls.values(), key=lambda each: each.first.number, reverse=True)
        return tuple(map(self._calling, newest_first))

    @property
    def turn(self) -> Turn | None:
        """Whose turn it is, in the Request that moved last; None if that is over, or if there is none."""
        return _turn_in(self.requests)

    def to_json(self) -> dict[str, Any]:
        """Return the scene as plain data, as in the attributes.

        That is `{"sides", "requests", "envelopes", "arrived", "calls", "turn"}`. An envelope has its `content` in
        words, too, and times are texts. What is told of one thing when it is asked for is not in it: `detail`.
        """
        requests = self.requests
        turn = _turn_in(requests)
        return {
            "sides": list(self.sides),
            "requests": [{**asdict(each), "statuses": dict(each.statuses)} for each in requests],
            "envelopes": [{**asdict(each), "content": self.content_of(each)} for each in self.envelopes],
            "arrived": [{**asdict(each), "content": self.content_of(each)} for each in self.arrived],
            "calls": [{**asdict(each), "since": iso(each.since)} for each in self.calls],
            "turn": str(turn) if turn else None,
        }

    def detail(self, thing: str) -> Detail:
        """Return what is to be known of one thing: what was sent beside what came back, and the Connectors' records.

        The Connectors are asked for their records now, aside.

        Args:
            thing: `call:NUMBER`, `request:ID`, `message:ID`, `side:NAME`, or `backbone`.

        Raises:
            LookupError: there is no such thing.
        """
        kind, _, name = thing.partition(":")
        if kind == "call":  # of what is repeated, the answer that came last
            calls = (each for each in self._calls.values() if str(each.first.number) == name)
            name = next((str((each.answer or each.sent).number) for each in calls), name)
        request = self._requests.get(name) if kind == "request" else None
        sides = {side: each["isOwn"] for side, each in request.shown} if request else {}
        return detail_of(self._journal, kind, name, sides, request.title if request else "")

    def __str__(self) -> str:
        lines = [str(each) for each in self.requests]
        lines += (
            f"At the Backbone, sealed: a Message for the {each.recipient or 'peer'}, with {self.content_of(each)}."
            for each in self.envelopes
        )
        return "\n".join(printable(line) for line in lines) or "No Request is under way."

    def content_of(self, envelope: Envelope) -> str:
        """Return what is in an envelope, in words: `the Request “Is it you?”`."""
        if envelope.request_id not in self._requests:
            return "other content" if envelope.request_id is None else f"a {envelope.carries}"
        title = quoted(self._requests[envelope.request_id].title)
        return f"the Request {title}" if envelope.carries == "Request" else f"the Response to {title}"

    def _calling(self, call: _Call) -> Calling:
        answer, sent = call.answer, call.sent
        return Calling(
            number=call.first.number,
            side=sent.connector,
            call=without_ids(sent.call),
            since=call.first.time if isinstance(call.first, Exchange) else call.first.since,
            is_running=self._is_running(call),
            waits_for=self._named(call.wait.what) if call.wait else "",
            outcome=outcome(answer) if answer else "",
            went_well=answer.went_well if answer else None,
            milliseconds=round(answer.duration * 1000) if answer else None,
            times=call.times,
        )

    def _is_running(self, call: _Call) -> bool:
        is_repeated = call.wait is not None and not call.wait.is_over
        return is_repeated or call.sent.number in self._running

    def _named(self, what: str) -> str:
        """Return what is waited for, with the title of a Request in place of its id."""
        if what == SOMETHING:
            return "what it asks for"

        def title(match: re.Match[str]) -> str:
            name = match.group(1)
            carried = next((e.request_id for e, _ in self._envelopes.values() if e.message_id == name), name)
            return quoted(self._requests[carried].title) if carried in self._requests else match.group()

        return _REQUEST.sub(title, what)

    # What is taken in

    def _take_begun(self, begun: Begun) -> None:
        call = self._calls.setdefault(_place_of(begun), _Call(begun, begun))
        call.sent = begun

    def _take_call(self, exchange: Exchange) -> None:
        call = self._calls.setdefault(_place_of(exchange), _Call(exchange, exchange))
        if call.sent.number <= exchange.number:
            call.sent = exchange
        call.answer = exchange
        call.times += 1
        self._running.discard(exchange.number)

    def _take(self, exchange: Exchange) -> None:
        side = exchange.connector
        if not exchange.is_aside:
            self._take_call(exchange)
        if exchange.method == "POST" and exchange.api_path == _SYNC and exchange.succeeded:
            self._synced[side] = max(exchange.time, self._synced.get(side, exchange.time))
        for each in objects(exchange.response, "Message"):
            if not each["isOwn"]:
                self._receive(side, each["id"])
            elif exchange.method == "POST":
                self._take_sent(side, each, exchange.ended)
        for each in objects(exchange.response, "Request"):
            self._take_request(side, each, exchange.ended)

    def _take_sent(self, side: str, message: Mapping[str, Any], time: datetime) -> None:
        carries, request_id = _carried(message["content"])
        for each in message["recipients"]:
            name = self.addresses.get(each["address"], "")
            self._seal(Envelope(message["id"], side, name, carries, request_id), time)

    def _take_request(self, side: str, request: Mapping[str, Any], time: datetime) -> None:
        if request["id"] not in self._requests:
            title = asked(LocalRequest.model_validate(request))
            self._requests[request["id"]] = _Sides(request["id"], title)
        sides = self._requests[request["id"]]
        if sides.see(side, request, time):
            self._number += 1
            sides.number = self._number
        peer = self.addresses.get(request["peer"], "")
        question, answer = _message_of(request), _message_of(request.get("response"))
        self._receive(side, answer if request["isOwn"] else question)
        if question and request["isOwn"] and request["status"] == "Open":
            self._seal(Envelope(question, side, peer, "Request", request["id"]), time)
        if answer and not request["isOwn"] and request["status"] == "Completed":
            self._seal(Envelope(answer, side, peer, "Response", request["id"]), time)

    def _receive(self, side: str, message_id: str) -> None:
        self._received[side, message_id] = None

    def _seal(self, envelope: Envelope, time: datetime) -> None:
        self._envelopes.setdefault((envelope.message_id, envelope.recipient), (envelope, time))

    def _is_fetched(self, envelope: Envelope, sent: datetime) -> bool:
        if (envelope.recipient, envelope.message_id) in self._received:
            return True
        synced = self._synced.get(envelope.recipient)
        return synced is not None and synced > sent

    def _forget(self) -> None:
        """Keep of what is over only the newest."""
        for known in list(self._received)[: -10 * MOST]:
            del self._received[known]
        for place, (envelope, sent) in list(self._envelopes.items()):
            if len(self._envelopes) > (MOST if self._is_fetched(envelope, sent) else _MOST_WAITING):
                del self._envelopes[place]
        oldest_first = sorted(self._requests.items(), key=lambda each: (not _is_over(each[1]), each[1].number))
        for request_id, _ in oldest_first[: max(0, len(oldest_first) - MOST)]:
            del self._requests[request_id]
        for call in self._calls_to_forget():
            del self._calls[call]

    def _calls_to_forget(self) -> list[object]:
        ended = [place for place, call in self._calls.items() if not self._is_running(call)]
        return ended[: max(0, len(self._calls) - MOST_CALLS)]

    # What is shown

    def _seen(self, sides: _Sides) -> Seen:
        answers = (request["response"]["content"]["result"] for _, request in sides.shown if request.get("response"))
        return Seen(
            request_id=sides.request_id,
            title=sides.title,
            statuses={side: request["status"] for side, request in sides.shown},
            result=next(answers, None),
            turn=self._turn(sides),
        )

    def _turn(self, sides: _Sides) -> Turn | None:
        if _is_over(sides):
            return None
        sender, recipient = self._names(sides)
        if sides.incoming:
            status = sides.incoming[1]["status"]
            if status == "Completed":
                return Turn(sender, "fetches the Response") if sender else None
            return Turn(recipient, _RECIPIENT_DOES.get(status, "decides"))
        assert sides.outgoing
        was_sent = any(each.request_id == sides.request_id for each, _ in self._envelopes.values())
        if sides.outgoing[1]["status"] == "Draft" and not was_sent:
            return Turn(sender, "sends the Request")
        return Turn(recipient, "fetches the Request" if recipient else "answers")

    def _is_moving(self, sides: _Sides) -> bool:
        if _is_over(sides):
            return False
        if sides.incoming and sides.incoming[1]["status"] in ("Open", "DecisionRequired", "Decided"):
            return True
        carried = [each for each in self._envelopes.values() if each[0].request_id == sides.request_id]
        if sides.outgoing and sides.outgoing[1]["status"] == "Draft":
            return bool(carried)
        carries = "Response" if sides.incoming else "Request"
        return any(
            each.carries == carries and each.recipient and self._is_fetched(each, sent) for each, sent in carried
        )

    def _names(self, sides: _Sides) -> tuple[str, str]:
        """Return who asks and who is asked; "" for whom the journal does not know."""
        peers = [self.addresses.get(request["peer"], "") for _, request in sides.shown]
        sender = sides.outgoing[0] if sides.outgoing else peers[-1]
        return sender, sides.incoming[0] if sides.incoming else peers[0]


_RECIPIENT_DOES = {
    "Open": "checks the Request",
    "DecisionRequired": "checks the Request",
    "ManualDecisionRequired": "decides",
    "Decided": "sends the Response",
}


def _turn_in(requests: Sequence[Seen]) -> Turn | None:
    return requests[-1].turn if requests else None


def _is_over(sides: _Sides) -> bool:
    statuses = [request["status"] for _, request in sides.shown]
    if "Expired" in statuses:
        return True
    return sides.outgoing is not None and sides.outgoing[1]["status"] == "Completed"


def _after(last: Exchange | None, exchanges: Sequence[Exchange]) -> Sequence[Exchange]:
    """Return those that come after the one that was read last; all, if that is gone by now."""
    index = next((i for i in reversed(range(len(exchanges))) if exchanges[i] is last), -1)
    return exchanges[index + 1 :]


def _place_of(sent: Begun | Exchange) -> object:
    """Return by what a call is known: what waits repeats it, and it stays one."""
    return (sent.connector, sent.wait, sent.call) if sent.wait else sent.number


def _message_of(sent: Mapping[str, Any] | None) -> str:
    """Return the id of the Message that carried a Request or a Response; "" if none did."""
    match sent:
        case {"source": {"type": "Message", "reference": str(message_id)}}:
            return message_id
    return ""


def _carried(content: Any) -> tuple[Carried, str | None]:
    match content:
        case {"@type": "Request", "id": str(request_id)}:
            return "Request", request_id
        case {"@type": "ResponseWrapper", "requestId": str(request_id)}:
            return "Response", request_id
    return "other content", None
