"""The way of Requests and Relationships as a sequence of what happened, as the Connectors recorded it.

A Connector records when a Request and its Response came to be, when a Message was sent, and in its audit log how a
Relationship moved on. These times are told, not those of the calls that showed it. Of the other statuses a Connector
tells no time; they stand right after what causes them. Two clocks may differ: so a record is told no earlier than what
caused it, and no later than the first answer that showed it, by the clock of the journal. A call is told when it was
made; one that only looks (GET), when its answer came, which shows what was so by then.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from enmeshed_nb.connector import Exchange
from enmeshed_nb.guide.journal import Journal, objects

_ID = re.compile(r"\b(REQ|MSG|REL|RLT|ATT|FIL|TOK|NOT)[A-Za-z0-9]{17}\b")
_UNINTERESTING = ("/health", "/Monitoring/", "/Account/IdentityInfo", "/Attributes")
_SYNC, _MESSAGES, _CREATE = "/Account/Sync", "/Messages", "/Requests/Outgoing"
_OWN_TEMPLATES, _PEER_TEMPLATES = "/RelationshipTemplates/Own", "/RelationshipTemplates/Peer"
_INCOMING = ("Open", "DecisionRequired", "ManualDecisionRequired", "Decided", "Completed")
_REFERENCES = ("id", "templateId", "requestId", "requestSourceReference", "reference")
_TICK = timedelta(microseconds=1)
_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Happening:
    """Something that happened at one side.

    Attributes:
        time: when.
        side: the Connector's name.
        kind: "call": the Connector's API was called; "message": a Message, or what else is left there for a peer, went
            to the Backbone; "sync": the Connector fetched something from the Backbone; "status": a Request or a
            Relationship got a new status.
        text: what, in a few words.
        succeeded: whether a call was answered with a success, and a check found nothing wrong.
        times: how often in a row (calls that wait are repeated).
        subject: the id of the Request or the Relationship whose status it is.
        has_brought: whether it is a synchronisation that brought something of what is told.
    """

    time: datetime
    side: str
    kind: Literal["call", "message", "sync", "status"]
    text: str
    succeeded: bool = True
    times: int = 1
    subject: str = ""
    has_brought: bool = False

    @property
    def request_id(self) -> str:
        """Deprecated: `subject`."""
        return self.subject


def happenings(journal: Journal, *ids: str) -> list[Happening]:
    """Return what happened, causes before what they cause.

    The Message with a Response is sent by the Runtime of who decided; its Connector is asked when, once.

    Args:
        journal: what was recorded.
        ids: of Requests or Relationships: only what concerns these; everything since the journal began without any.
    """
    return _Tale(journal, ids).happenings


def concerning(journal: Journal, *ids: str) -> tuple[Exchange, ...]:
    """Return the exchanges that concern Requests or Relationships; all of the journal without any.

    These are the calls that name one of them, or the Message or the RelationshipTemplate that carries it or its answer,
    in the path, the query, what was sent or what came back; the validations of what was then created; and the
    synchronisations that brought something of it.
    """
    return _Tale(journal, ids).exchanges


def without_ids(text: str) -> str:
    """Return a text in which only the kind is left of each id: `GET /Requests/Outgoing/REQ…`."""
    return _ID.sub(r"\1…", text)


class _Tale:
    """What is told of some Requests and Relationships, or of all.

    Attributes:
        happenings: what happened.
        exchanges: the calls in it.
    """

    def __init__(self, journal: Journal, ids: Sequence[str]) -> None:
        self._journal, self._wanted = journal, ids
        self._all = sorted(journal.exchanges, key=lambda each: each.time)
        self._requests: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._relationships: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._seen: dict[tuple[str, str, str], datetime] = {}
        self._told: list[Happening] = []
        self._brought: dict[int, datetime] = {}
        self._templates: dict[str, datetime | None] = {}
        for exchange in sorted(self._all, key=lambda each: each.ended):
            self._read(exchange)
        for subject, sides in self._subjects(self._requests):
            self._tell_request(subject, sides)
        for subject, sides in self._subjects(self._relationships):
            self._tell_relationship(subject, sides)
        self.exchanges = tuple(each for each in self._all if self._concerns(each))
        began = _to_the_millisecond(self._all[0].time) if self._all and not ids else None
        told = [each for each in self._told if began is None or each.time >= began]
        told += (each for exchange in self.exchanges for each in self._of_call(exchange))
        self.happenings = _merged(sorted(told, key=lambda each: each.time))

    def _read(self, exchange: Exchange) -> None:
        for each in objects(exchange.response, "Request"):
            self._requests.setdefault(each["id"], {})[exchange.connector] = each
            self._seen.setdefault((exchange.connector, each["id"], each["status"]), exchange.ended)
        for each in objects(exchange.response, "Relationship"):
            self._relationships.setdefault(each["id"], {})[exchange.connector] = each
            for index in range(len(each["auditLog"])):
                self._seen.setdefault((exchange.connector, each["id"], str(index)), exchange.ended)

    def _subjects(
        self, known: dict[str, dict[str, Mapping[str, Any]]]
    ) -> list[tuple[str, dict[str, Mapping[str, Any]]]]:
        """Return what is told: what is wanted, else what was made or changed since the journal began."""
        if self._wanted:
            return [(subject, known[subject]) for subject in self._wanted if subject in known]
        changed = {name for each in self._all if each.method != "GET" for name in _names(each)}
        changed |= {subject for _, subject, _ in self._seen if self._has_moved(subject)}
        return [(subject, sides) for subject, sides in known.items() if subject in changed]

    def _has_moved(self, subject: str) -> bool:
        sides = (*self._requests.get(subject, {}).values(), *self._relationships.get(subject, {}).values())
        records = [time for each in sides for time in _times_of(each)]
        moved = len([key for key in self._seen if key[1] == subject and not key[2].isdecimal()]) > len(sides)
        return moved or any(time >= _to_the_millisecond(self._all[0].time) for time in records)

    # What is told of a Request

    def _tell_request(self, subject: str, sides: Mapping[str, Mapping[str, Any]]) -> None:
        outgoing = next(((side, each) for side, each in sides.items() if each.get("isOwn")), None)
        incoming = next(((side, each) for side, each in sides.items() if not each.get("isOwn")), None)
        sent = self._tell_sending(subject, *outgoing) if outgoing else None
        answered = self._tell_deciding(subject, *incoming, sent) if incoming else None
        if outgoing and "response" in outgoing[1]:
            self._tell_response(subject, *outgoing, answered)
        for side, each in sides.items():
            if each["status"] == "Expired":
                last = max((told.time for told in self._told if told.subject == subject), default=None)
                expired = _time(each["content"].get("expiresAt"))
                self._status(subject, side, "Expired", _between(expired, last, self._first(side, subject, "Expired")))

    def _tell_sending(self, subject: str, side: str, request: Mapping[str, Any]) -> datetime | None:
        """Tell that a Request was created and sent, and return when it was sent."""
        create, send = self._created(subject, side), self._sent(subject, side)
        seen = self._first(side, subject)
        source = request.get("source") or {}
        if create or source.get("type") != "RelationshipTemplate":
            created = _between(
                _time(request["createdAt"]), create.time if create else None, create.ended if create else seen
            )
            self._status(subject, side, "Draft", created)
        sent = None
        if send:
            sent = _between(_time(send.response["result"]["createdAt"]), send.time, send.ended)
        elif source.get("type") == "Message":
            sent = self._journal.sent_at(side, source["reference"])
        if sent:
            self._tell(sent, side, "message", "Message with a Request")
        if request["status"] != "Draft" and source.get("type") == "Message":
            self._status(subject, side, "Open", (sent or seen) + _TICK)
        return sent

    def _tell_deciding(
        self, subject: str, side: str, request: Mapping[str, Any], sent: datetime | None
    ) -> datetime | None:
        """Tell that a Request arrived and was decided, and return when its Response was sent, if it was."""
        statuses = [each for each in _INCOMING if (side, subject, each) in self._seen]
        reached = _INCOMING.index(statuses[-1]) if statuses else -1
        created, seen, source = _time(request["createdAt"]), self._first(side, subject), request.get("source") or {}
        if source.get("type") == "RelationshipTemplate":
            time = _between(created, self._tell_template(source["reference"]), seen)
        else:
            time = self._arrival(side, created, sent, seen)
        for status in _INCOMING[:3][: reached + 1]:
            if status == "ManualDecisionRequired" not in statuses and request.get("wasAutomaticallyDecided"):
                continue
            self._status(subject, side, status, time)
            time += _TICK
        response = request.get("response")
        if not response or reached < _INCOMING.index("Decided"):
            return None
        decide = self._find(side, "PUT", *(f"/Requests/Incoming/{subject}/{verb}" for verb in ("Accept", "Reject")))
        seen = self._first(side, subject, "Decided", "Completed")
        decided = _between(_time(response["createdAt"]), max(decide.time, time) if decide else time, seen)
        self._status(subject, side, "Decided", decided)
        if reached < _INCOMING.index("Completed"):
            return None
        source = response.get("source") or {}
        completed = decided
        if source.get("type") == "Message":
            sent_at = self._journal.sent_at(side, source["reference"])
            completed = _between(sent_at or decided, decided, self._first(side, subject, "Completed"))
            self._tell(completed, side, "message", "Message with the Response")
        self._status(subject, side, "Completed", completed + _TICK)
        return completed

    def _tell_response(self, subject: str, side: str, request: Mapping[str, Any], answered: datetime | None) -> None:
        received = _time(request["response"]["createdAt"])
        seen = self._first(side, subject, "Completed")
        self._status(subject, side, "Completed", self._arrival(side, received, answered, seen))

    def _created(self, subject: str, side: str) -> Exchange | None:
        calls = self._calls(side, "POST", _CREATE)
        return next((each for each in calls if subject in _names_in(each.response.get("result"))), None)

    def _sent(self, subject: str, side: str) -> Exchange | None:
        calls = self._calls(side, "POST", _MESSAGES)
        return next((each for each in calls if _content(each.request).get("id") == subject), None)

    # What is told of a Relationship

    def _tell_relationship(self, subject: str, sides: Mapping[str, Mapping[str, Any]]) -> None:
        log = max((each["auditLog"] for each in sides.values()), key=len)
        time = self._tell_template(next(iter(sides.values()))["templateId"])
        for index, entry in enumerate(log):
            own = [side for side, each in sides.items() if entry["createdBy"] != each["peer"]]
            showing = [self._seen[key] for side in sides if (key := (side, subject, str(index))) in self._seen]
            change = next((each for side in own for each in self._changes(side, subject, index)), None)
            lower, upper = (change.time, change.ended) if change else (time, min(showing))
            time = _between(_time(entry["createdAt"]), lower, upper)
            for side, each in sides.items():
                if side in own and entry["reason"] == "Decomposition":
                    continue  # the Relationship is gone there
                if side in own:
                    self._status(subject, side, entry["newStatus"], time)
                elif index < len(each["auditLog"]):
                    learnt = self._arrival(side, time, time, self._seen[side, subject, str(index)], earliest=True)
                    self._status(subject, side, entry["newStatus"], learnt)

    def _tell_template(self, template_id: str) -> datetime | None:
        """Tell that a RelationshipTemplate was made, handed over by Tokens, and loaded; return when it was there."""
        if template_id in self._templates:
            return self._templates[template_id]
        time: datetime | None = None
        for side in self._journal.names:
            for path, what in ((_OWN_TEMPLATES, "RelationshipTemplate"), (self._tokens_path(template_id), "Token")):
                for each in self._calls(side, "POST", path):
                    result = each.response.get("result") if isinstance(each.response, Mapping) else None
                    if what == "Token" or template_id in _names_in(result):
                        created = _time(result.get("createdAt")) if isinstance(result, Mapping) else None
                        time = _between(created or each.ended, each.time, each.ended)
                        self._tell(time, side, "message", what)
        loads = [each for side in self._journal.names for each in self._calls(side, "POST", _PEER_TEMPLATES)]
        loads = [each for each in loads if template_id in _names_in(each.response.get("result"))]
        self._brought |= {id(each): each.time for each in loads}
        self._templates[template_id] = loads[0].time if loads else time
        return self._templates[template_id]

    @staticmethod
    def _tokens_path(template_id: str) -> str:
        return f"{_OWN_TEMPLATES}/{template_id}/Token"

    def _changes(self, side: str, subject: str, index: int) -> Iterator[Exchange]:
        """Yield the calls of a side after which a Relationship's log has this entry as its last one."""
        for exchange in self._all:
            if exchange.connector == side and exchange.method != "GET":
                for each in objects(exchange.response, "Relationship"):
                    if each["id"] == subject and len(each["auditLog"]) == index + 1:
                        yield exchange

    # What both have in common

    def _status(self, subject: str, side: str, status: str, time: datetime) -> None:
        self._tell(time, side, "status", status, subject)

    def _tell(
        self, time: datetime, side: str, kind: Literal["message", "status"], text: str, subject: str = ""
    ) -> None:
        self._told.append(Happening(time, side, kind, text, subject=subject))

    def _first(self, side: str, subject: str, *statuses: str) -> datetime:
        """Return when a side first showed one of these statuses; any of them without any."""
        found = [
            time
            for (each, known, status), time in self._seen.items()
            if (each, known) == (side, subject) and (not statuses or status in statuses)
        ]
        return min(found, default=_EVER)

    def _arrival(
        self, side: str, recorded: datetime, sent: datetime | None, seen: datetime, *, earliest: bool = False
    ) -> datetime:
        """Return when something arrived, and tell which synchronisation brought it.

        Args:
            side: where.
            recorded: when, as it was recorded there.
            sent: when it was sent.
            seen: when it was first shown.
            earliest: whether the first synchronisation after it was sent brought it; else the last one before the
                record, which tells when it was there.
        """
        arrived = _between(recorded, sent, seen)
        if sent is None:
            return arrived
        syncs = [each for each in self._calls(side, "POST", _SYNC) if each.time <= seen and each.ended > sent]
        before = [each for each in syncs if each.time <= arrived]
        if not syncs:
            return arrived
        sync = before[-1] if before and not earliest else syncs[0]
        brought = max(sync.time, sent + _TICK, self._brought.get(id(sync), sync.time))
        self._brought[id(sync)] = brought
        return max(arrived, brought + _TICK)

    def _calls(self, side: str, method: str, *paths: str) -> list[Exchange]:
        return [
            each
            for each in self._all
            if each.succeeded and (each.connector, each.method) == (side, method) and each.api_path in paths
        ]

    def _find(self, side: str, method: str, *paths: str) -> Exchange | None:
        return next(iter(self._calls(side, method, *paths)), None)

    def _concerns(self, exchange: Exchange) -> bool:
        if not self._wanted or id(exchange) in self._brought:
            return True
        return not self._related.isdisjoint(_names(exchange)) or self._is_validation(exchange)

    @property
    def _related(self) -> set[str]:
        """The ids by which calls name what is wanted, and what carries it."""
        related = set(self._wanted)
        for subject in self._wanted:
            for side, request in self._requests.get(subject, {}).items():
                send = self._sent(subject, side)
                carriers = (request.get("source"), (request.get("response") or {}).get("source"))
                related |= {each["reference"] for each in carriers if each and each["type"] != "Relationship"}
                related |= {send.response["result"]["id"]} if send else set()
            for relationship in self._relationships.get(subject, {}).values():
                related.add(relationship["templateId"])
        return related

    def _is_validation(self, exchange: Exchange) -> bool:
        """Tell whether it validated what was then created as one of the wanted Requests."""
        if exchange.method != "POST" or exchange.api_path != f"{_CREATE}/Validate":
            return False
        side, peer = exchange.connector, exchange.request.get("peer")
        later = [each for each in self._calls(side, "POST", _CREATE) if each.time >= exchange.ended]
        same = [each for each in later if _bare(each.request) == _bare(exchange.request)]
        return (
            bool(same)
            and peer in (None, same[0].request.get("peer"))
            and not _names_in(same[0].response.get("result")).isdisjoint(self._wanted)
        )

    def _of_call(self, exchange: Exchange) -> Iterator[Happening]:
        path, side = exchange.api_path, exchange.connector
        time = exchange.ended if exchange.method == "GET" else exchange.time
        if path.startswith(_UNINTERESTING):
            return
        text = without_ids(f"{exchange.method} {path}")
        if exchange.succeeded and path in (_SYNC, _PEER_TEMPLATES):
            brought = self._brought.get(id(exchange))
            yield Happening(brought or time, side, "sync", text, has_brought=brought is not None)
            return
        found = exchange.is_success
        said = "" if found is None else f" isSuccess: {str(found).lower()}"
        yield Happening(time, side, "call", text + said, exchange.went_well)
        content = _content(exchange.request)
        if exchange.succeeded and (exchange.method, path) == ("POST", _MESSAGES) and content.get("@type") != "Request":
            sent = _between(_time(exchange.response["result"]["createdAt"]), time, exchange.ended)
            yield Happening(sent, side, "message", f"Message with a {content.get('@type', 'content')}")


def _between(time: datetime, earliest: datetime | None, latest: datetime) -> datetime:
    """Return a recorded time, or the bound that it breaks; what is caused comes after its cause."""
    time = min(time, latest)
    return time if earliest is None else max(time, earliest + _TICK)


def _time(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else _EVER


def _times_of(record: Mapping[str, Any]) -> list[datetime]:
    log = record.get("auditLog") or [record, record.get("response") or {}]
    return [_time(each["createdAt"]) for each in log if "createdAt" in each]


def _to_the_millisecond(time: datetime) -> datetime:
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _content(body: Any) -> Mapping[str, Any]:
    content = body.get("content") if isinstance(body, Mapping) else None
    return content if isinstance(content, Mapping) else {}


def _bare(body: Any) -> dict[str, Any]:
    return {name: each for name, each in _content(body).items() if name != "@type"}


def _names(exchange: Exchange) -> set[str]:
    """Return the ids that a call names."""
    result = exchange.response.get("result") if isinstance(exchange.response, Mapping) else None
    asked = {*exchange.api_path.split("/"), *(value for _, value in exchange.query)}
    return asked | _names_in(exchange.request) | _names_in(result)


def _names_in(value: Any) -> set[str]:
    """Return the ids of what a piece of JSON is about; a Message is not about its recipients' Relationships."""
    match value:
        case Mapping():
            own = {each for name in _REFERENCES if isinstance(each := value.get(name), str)}
            return own.union(*(_names_in(each) for name, each in value.items() if name != "recipients"))
        case list():
            return set().union(*map(_names_in, value))
        case _:
            return set()


def _merged(happened: list[Happening]) -> list[Happening]:
    """Take what a wait repeats as one, told when it was done last.

    A side waits as long as it only looks (GET) and synchronises, until a synchronisation brings something.
    """
    merged: dict[tuple[object, ...], Happening] = {}
    waits: dict[str, int] = {}
    for number, each in enumerate(happened):
        if each.has_brought or (each.kind == "call" and not each.text.startswith("GET ")):
            waits[each.side] = number
        repeats = each.kind in ("call", "sync") and waits.get(each.side) != number
        key = (each.side, each.kind, each.text, each.succeeded, waits.get(each.side)) if repeats else (number,)
        earlier = merged.pop(key, None)
        merged[key] = replace(each, times=earlier.times + 1) if earlier else each
    return list(merged.values())
