"""The way of Requests as a sequence of what happened: calls, Messages, synchronisations, statuses; from the journal."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from enmeshed_nb.connector import Exchange
from enmeshed_nb.guide.journal import Journal

_ID = re.compile(r"\b(REQ|MSG|REL|RLT|ATT|FIL|TOK|NOT)[A-Za-z0-9]{17}\b")
_UNINTERESTING = ("/health", "/Monitoring/", "/Account/IdentityInfo", "/Attributes")


@dataclass(frozen=True)
class Happening:
    """Something that happened at one side.

    Attributes:
        time: when.
        side: the Connector's name.
        kind: "call": the Connector's API was called; "message": a Message went to the Backbone; "sync": the Connector
            fetched what is new from the Backbone; "status": a Request showed a new status.
        text: what, in a few words.
        succeeded: whether a call was answered with a success.
        times: how often in a row (calls that wait are repeated).
        request_id: the Request whose status it is.
    """

    time: datetime
    side: str
    kind: Literal["call", "message", "sync", "status"]
    text: str
    succeeded: bool = True
    times: int = 1
    request_id: str = ""


def happenings(journal: Journal, *request_ids: str) -> list[Happening]:
    """Return what happened, in the order of time.

    Args:
        journal: what was recorded.
        request_ids: only the statuses of these Requests; all without any.
    """
    happened = [each for exchange in journal.exchanges for each in _of_call(exchange)]
    for observation in journal.history():
        if not request_ids or observation.request_id in request_ids:
            happened.append(
                Happening(
                    observation.time,
                    observation.connector,
                    "status",
                    observation.status,
                    request_id=observation.request_id,
                )
            )
    happened += _responses(journal, request_ids)
    return _merged(sorted(happened, key=lambda each: each.time))


def _of_call(exchange: Exchange) -> Iterator[Happening]:
    path = exchange.api_path
    if path.startswith(_UNINTERESTING):
        return
    text = f"{exchange.method} " + _ID.sub(r"\1…", path)
    if exchange.succeeded and path == "/Account/Sync":
        yield Happening(exchange.time, exchange.connector, "sync", text)
        return
    yield Happening(exchange.time, exchange.connector, "call", text, exchange.succeeded)
    if exchange.succeeded and (exchange.method, path) == ("POST", "/Messages"):
        ended = exchange.time + timedelta(seconds=exchange.duration)
        yield Happening(ended, exchange.connector, "message", f"Message with a {_content_type(exchange.response)}")


def _content_type(response: Any) -> str:
    match response:
        case {"result": {"content": {"@type": str(name)}}}:
            return name
        case _:
            return "content"


def _responses(journal: Journal, request_ids: tuple[str, ...]) -> Iterator[Happening]:
    """Yield the Messages that no call sent: with the Response, by the Runtime of who decided."""
    seen: set[str] = set()
    for exchange in journal.exchanges:
        for request in _requests(exchange.response):
            source = request.get("response", {}).get("source", {}).get("reference")
            if request.get("isOwn") is not False or not source or request["id"] in seen:
                continue
            seen.add(request["id"])
            if not request_ids or request["id"] in request_ids:
                yield Happening(exchange.time, exchange.connector, "message", "Message with the Response")


def _requests(response: Any) -> Iterator[Mapping[str, Any]]:
    result = response.get("result") if isinstance(response, Mapping) else None
    for each in result if isinstance(result, list) else [result]:
        if isinstance(each, Mapping) and "isOwn" in each and "status" in each:
            yield each


def _merged(happened: list[Happening]) -> list[Happening]:
    """Count what a wait repeats, with no Message and no new status of that side in between, as one."""
    merged: list[Happening] = []
    waiting: dict[tuple[str, ...], int] = {}
    for each in happened:
        key = (each.side, each.kind, each.text, str(each.succeeded))
        if each.kind in ("status", "message"):
            waiting = {known: index for known, index in waiting.items() if known[0] != each.side}
        elif key in waiting:
            merged[waiting[key]] = replace(merged[waiting[key]], times=merged[waiting[key]].times + 1)
            continue
        else:
            waiting[key] = len(merged)
        merged.append(each)
    return merged
