"""Delete at own Connectors what was created there with this package: what stands in the ledger, and nothing else."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from enmeshed_nb.connector import ENDPOINTS, ApiError, Connector, ConnectorError, LocalAttribute, NotFound
from enmeshed_nb.connector.versions import Version
from enmeshed_nb.ledger import Entry, Kind, Ledger

_ORDER: tuple[Kind, ...] = ("Token", "RelationshipTemplate", "Attribute", "File", "IdentityMetadata")
"""What refers to something is deleted before it."""
_STAYS: Mapping[Kind, str] = {
    "Message": "the API deletes no Messages",
    "Request": "the API deletes no Requests",
    "Relationship": "with it would go all that both sides exchanged; end_relationship(one, other) does that",
}
_NO_METADATA = "error.runtime.identityMetadata.notFound"


@dataclass(frozen=True)
class Found:
    """Something in the ledger that is still at its Connector.

    Attributes:
        entry: what the ledger says of it.
        title: how a person knows it.
    """

    entry: Entry
    title: str

    def __str__(self) -> str:
        return f"{self.entry.kind} {self.entry.id}{f' ({self.title})' if self.title else ''}"


@dataclass
class Plan:
    """What is to be done at one Connector.

    Attributes:
        connector: the Connector.
        deletes: what can be deleted, in that order.
        stays: what cannot be deleted, or must not, by the reason; with how many of each kind there are.
    """

    connector: Connector
    deletes: list[Found] = field(default_factory=list)
    stays: dict[str, Counter[Kind]] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        """Yield what is to be said of it."""
        if self.deletes or self.stays:
            yield f"{self.connector.name.capitalize()} ({self.connector.url})"
        yield from (f"  delete {found}" for found in self.deletes)
        for why, kinds in self.stays.items():
            what = ", ".join(f"{number} {kind}{'s' if number > 1 else ''}" for kind, number in kinds.items())
            yield f"  stays: {what}: {why}"


def plan(connector: Connector, ledger: Ledger) -> Plan:
    """Look at what a Connector still has of what stands in the ledger; nothing is deleted.

    Raises:
        ConnectorError: it cannot be asked.
        OSError: the ledger cannot be read.
    """
    entries = [entry for entry in ledger.entries() if entry.url == connector.url]
    made = Plan(connector)
    if not entries:
        return made
    version = connector.require_version()
    known = {entry.id for entry in entries if entry.kind == "Attribute"}
    for entry in sorted(entries, key=_rank):
        if why := _STAYS.get(entry.kind) or _too_old(entry.kind, version):
            made.stays.setdefault(why, Counter())[entry.kind] += 1
            continue
        try:
            title, kept = _LOOKS[entry.kind](connector, entry, known)
        except ApiError as error:
            if _is_gone(error):
                continue
            raise
        if kept:
            made.stays.setdefault(kept, Counter())[entry.kind] += 1
        else:
            made.deletes.append(Found(entry, title))
    return made


def delete(found: Found, connector: Connector, ledger: Ledger) -> None:
    """Delete something, and take it out of the ledger.

    Raises:
        ConnectorError: it cannot be deleted.
        OSError: the ledger cannot be written.
    """
    entry = found.entry
    deletes: Mapping[str, Callable[[], object]] = {
        "Attribute": lambda: connector.attributes.delete(entry.id),
        "File": lambda: connector.files.delete(entry.id),
        "IdentityMetadata": lambda: connector.identity_metadata.delete(entry.id, entry.key),
        "RelationshipTemplate": lambda: connector.relationship_templates.delete(entry.id),
        "Token": lambda: connector.tokens.delete(entry.id),
    }
    try:
        deletes[entry.kind]()
    except ApiError as error:
        if not _is_gone(error):  # somebody else was faster; or a newer version took it with it
            raise
    ledger.forget(entry)


def _is_gone(error: ApiError) -> bool:
    return isinstance(error, NotFound) or error.code == _NO_METADATA


def _rank(entry: Entry) -> int:
    return _ORDER.index(entry.kind) if entry.kind in _ORDER else len(_ORDER)


def _too_old(kind: Kind, version: Version) -> str:
    since = ENDPOINTS[_DELETING[kind]].since
    if not since.is_after(version.version):
        return ""
    return f"a Connector {version.version} cannot delete them ({since} can); they expire by themselves"


_DELETING: Mapping[Kind, str] = {
    "Attribute": "Attributes.delete",
    "File": "Files.delete",
    "IdentityMetadata": "IdentityMetadata.delete",
    "RelationshipTemplate": "RelationshipTemplates.delete",
    "Token": "Tokens.delete",
}


def _attribute(connector: Connector, entry: Entry, known: set[str]) -> tuple[str, str]:
    found = connector.attributes.get(entry.id)
    title = getattr(getattr(found.content, "value", None), "type_name", "")
    if entry.since and found.created_at < datetime.fromisoformat(entry.since):
        return title, "they were there before; a Request was accepted with them"
    versions: Sequence[LocalAttribute] = connector.attributes.versions(entry.id)
    if any(each.id not in known for each in versions):
        return title, "they are versions of Attributes that were there before, which would go with them"
    return title, ""


def _metadata(connector: Connector, entry: Entry, _: set[str]) -> tuple[str, str]:
    written = connector.identity_metadata.get(entry.id, entry.key).value
    return entry.key or "", "" if written == entry.value else "somebody has written something else there since"


def _file(connector: Connector, entry: Entry, _: set[str]) -> tuple[str, str]:
    found = connector.files.get(entry.id)
    return found.title or found.filename, ""


def _template(connector: Connector, entry: Entry, _: set[str]) -> tuple[str, str]:
    connector.relationship_templates.get(entry.id)
    return "", ""


def _token(connector: Connector, entry: Entry, _: set[str]) -> tuple[str, str]:
    connector.tokens.get(entry.id)
    return "", ""


_LOOKS: Mapping[str, Callable[[Connector, Entry, set[str]], tuple[str, str]]] = {
    "Attribute": _attribute,
    "File": _file,
    "IdentityMetadata": _metadata,
    "RelationshipTemplate": _template,
    "Token": _token,
}


def delete_all(plans: Sequence[Plan], ledger: Ledger) -> Iterator[tuple[Found, ConnectorError | None]]:
    """Delete what is planned; yield each with None, or with why it could not be deleted. The rest goes on.

    Raises:
        OSError: the ledger cannot be written.
    """
    for each in plans:
        for found in each.deletes:
            try:
                delete(found, each.connector, ledger)
            except ConnectorError as error:
                yield found, error
            else:
                yield found, None
