"""The ledger of what was created at own Connectors: written as they answer, so that `enmeshed-nb clean` finds it.

It is a file in the data folder, one JSON object in a line, and only ever appended to: what an interruption leaves can
be read, and programs side by side may write it at once.
"""

import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from enmeshed_nb.connector import AsyncConnector, Connector, Exchange
from enmeshed_nb.localnet.settings import Folder, data_dir

Kind = Literal[
    "Attribute", "File", "IdentityMetadata", "Message", "Relationship", "RelationshipTemplate", "Request", "Token"
]

_CREATED: tuple[tuple[str, str, Kind], ...] = (
    ("POST", r"/Attributes", "Attribute"),
    ("POST", r"/Attributes/[^/]+/Succeed", "Attribute"),
    ("POST", r"/Files/Own", "File"),
    ("POST", r"/Files/[^/]+/Token", "Token"),
    ("PUT", r"/IdentityMetadata", "IdentityMetadata"),
    ("POST", r"/Messages", "Message"),
    ("POST", r"/Relationships", "Relationship"),
    ("POST", r"/RelationshipTemplates/Own", "RelationshipTemplate"),
    ("POST", r"/RelationshipTemplates/Own/[^/]+/Token", "Token"),
    ("POST", r"/Requests/Outgoing", "Request"),
    ("POST", r"/Tokens/Own", "Token"),
    ("PUT", r"/Requests/Incoming/[^/]+/Accept", "Attribute"),
)
_DELETED: tuple[tuple[str, Kind], ...] = (
    (r"/Attributes/([^/]+)", "Attribute"),
    (r"/Files/([^/]+)", "File"),
    (r"/RelationshipTemplates/([^/]+)", "RelationshipTemplate"),
    (r"/Relationships/([^/]+)", "Relationship"),
    (r"/Tokens/([^/]+)", "Token"),
)
_GONE = 404


@dataclass(frozen=True)
class Entry:
    """Something that was created at a Connector.

    Attributes:
        kind: what it is.
        id: its id; of IdentityMetadata its reference.
        url: where the Connector is.
        key: of IdentityMetadata, if it has one.
        since: of an Attribute that was created by accepting a Request: when the Connector got that Request (what is
            older was there before, and was only used).
        value: of IdentityMetadata: what was written.
    """

    kind: Kind
    id: str
    url: str
    key: str | None = None
    since: str | None = None
    value: Any = None

    @property
    def place(self) -> tuple[str, ...]:
        """By what it is found again."""
        return self.url, self.kind, self.id, self.key or ""


class Ledger:
    """What was created at Connectors, and not deleted since.

    Args:
        path: its file; it is made when something is created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def watch(self, connector: Connector | AsyncConnector) -> None:
        """Record from now on what a Connector's answers say was created, or deleted.

        A ledger that cannot be written is a warning: the call was done.
        """

        def record(exchange: Exchange) -> None:
            try:
                self.record(exchange)
            except OSError as error:
                why = f"{self.path} cannot be written: {error.strerror}. `enmeshed-nb clean` will miss what is created."
                warnings.warn(why, stacklevel=2)

        connector.observe(record)

    def record(self, exchange: Exchange) -> None:
        """Record what an exchange created or deleted, if it did.

        Raises:
            OSError: the file cannot be written.
        """
        for entry in _created(exchange):
            self._append({"created": asdict(entry)})
        if deleted := _deleted(exchange):
            self.forget(deleted)

    def forget(self, entry: Entry) -> None:
        """Record that something is gone.

        Raises:
            OSError: the file cannot be written.
        """
        if entry.place in {each.place for each in self.entries()}:
            self._append({"gone": {"kind": entry.kind, "id": entry.id, "url": entry.url, "key": entry.key}})

    def entries(self) -> list[Entry]:
        """Return what was created and not deleted, the oldest first.

        Raises:
            OSError: the file cannot be read.
        """
        found: dict[tuple[str, ...], Entry] = {}
        for line in self._lines():
            with suppress(ValueError, TypeError, KeyError):  # a line that was cut off
                match json.loads(line):
                    case {"created": dict(said)} if said["kind"] in get_args(Kind):
                        entry = _entry(said)
                        found[entry.place] = entry
                    case {"gone": dict(said)}:
                        found.pop(_entry(said).place, None)
        return list(found.values())

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []

    def _append(self, said: Mapping[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = f"\n{json.dumps(said)}\n"  # begins anew also after a line that was cut off
        file = os.open(self.path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)


def ledger_in(folder: Path | str | None = None) -> Ledger:
    """Return the ledger of a data folder; without one, of the command line's."""
    return Ledger(Folder(data_dir(folder)).ledger)


def _entry(said: Mapping[str, Any]) -> Entry:
    return Entry(**{each.name: said[each.name] for each in fields(Entry) if each.name in said})


def _created(exchange: Exchange) -> Iterator[Entry]:
    if not exchange.succeeded or exchange.method == "GET":
        return
    path, answer = exchange.api_path, exchange.response
    result = answer.get("result") if isinstance(answer, Mapping) else None
    kind = next(
        (kind for method, route, kind in _CREATED if exchange.method == method and re.fullmatch(route, path)), None
    )
    if kind is None or not isinstance(result, Mapping):
        return
    url = exchange.url
    match kind:
        case "IdentityMetadata":
            yield Entry(kind, str(result.get("reference")), url, result.get("key"), value=result.get("value"))
        case "Token" if result.get("isEphemeral"):
            return  # the Connector does not keep it
        case "Attribute" if path.startswith("/Requests"):
            content = (result.get("response") or {}).get("content") or {}
            for found in _attribute_ids(content.get("items") or []):
                yield Entry(kind, found, url, since=str(result.get("createdAt")))
        case _:
            made = result.get("successor", result)
            if isinstance(made, Mapping) and isinstance(made.get("id"), str):
                yield Entry(kind, made["id"], url)


def _attribute_ids(items: Any) -> Iterator[str]:
    """Yield the ids of Attributes in a Response, in groups, too."""
    for item in items:
        yield from _attribute_ids(item.get("items") or [])
        if isinstance(found := item.get("attributeId"), str):
            yield found


def _deleted(exchange: Exchange) -> Entry | None:
    if exchange.method != "DELETE" or not (exchange.succeeded or exchange.status == _GONE):
        return None
    if exchange.api_path == "/IdentityMetadata":
        asked = dict(exchange.query)
        return Entry("IdentityMetadata", asked.get("reference", ""), exchange.url, asked.get("key"))
    for route, kind in _DELETED:
        if found := re.fullmatch(route, exchange.api_path):
            return Entry(kind, found[1], exchange.url)
    return None
