"""A careful client of two Connectors, and the model of what must be true for it.

The client does what the guide says: a call that was not answered is looked for first, then repeated. Whatever is not as
it must be is a *finding*: its kind and what was seen.

    lost        answered with 2xx, and not there
    stuck       begun, and not ended within a bounded number of syncs
    half        a part of a unit of work is there, another one is not
    duplicate   there more often than once
    refused     a call that was not answered is refused for ever when it is repeated
    orphan      the Backbone keeps something that its owner does not know of (harmless, but never cleared away)
    unconfirmed the Backbone holds an event as not fetched whose Message is there (harmless, too)
    slow        an answer took longer than 30 s
    unclear     an error's code says nothing of what is wrong
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from enmeshed_nb.connector import ApiError, ConnectionFailed, Connector, NotFound, UnexpectedAnswer
from tests.faults.network import Network

T = TypeVar("T")
HARMLESS = ("orphan", "unconfirmed")
"""The kinds of findings that nobody notices at a Connector."""
SLOW = 30
"""Seconds within which each call is answered, whatever the Backbone does."""
MOST_SYNCS = 4
"""Within how many synchronisations everything that was begun must have ended."""
PATIENCE = 2.0
"""Seconds to wait after each of them, and how often to look at least: a busy machine needs longer."""
LOOKS = 60
BUSY = "error.platform.validation.syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning"
UNREACHABLE = "error.transport.request.unknown"


@dataclass(frozen=True)
class Finding:
    """Something that is not as it must be."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class GivenUpError(Exception):
    """The flow cannot go on after a finding."""


@dataclass
class Run:
    """One run of flows on a network.

    Attributes:
        network: where.
        seed: makes its values.
        findings: what is not as it must be.
        notes: what happened, to be read beside a finding.
        decided: the ids of Requests that were accepted or rejected.
        checks: what must be true in the end; each returns findings.
    """

    network: Network
    seed: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    checks: list[Callable[[], Iterable[Finding]]] = field(default_factory=list)
    decided: set[str] = field(default_factory=set)
    _addresses: dict[str, str] = field(default_factory=dict)
    _marks: int = 0
    _unreachable: int = 0

    def connector(self, name: str) -> Connector:
        """Return the client of a Connector; use it only for what changes nothing."""
        return self.network.connector(name)

    def address(self, name: str) -> str:
        """Return the address of a Connector's Identity."""
        if name not in self._addresses:
            self._addresses[name] = self.read(name, lambda c: c.account.identity_info()).address
        return self._addresses[name]

    def mark(self) -> str:
        """Return a text that is nowhere yet."""
        self._marks += 1
        return f"mark-{self.seed}-{self._marks}"

    def find(self, kind: str, text: str) -> None:
        """Remember a finding."""
        self.findings.append(Finding(kind, text))

    def read(self, name: str, action: Callable[[Connector], T]) -> T:
        """Do what changes nothing, as often as the host dies meanwhile."""
        while True:
            try:
                return action(self.connector(name))
            except ConnectionFailed:
                self._revive()

    def call(
        self,
        what: str,
        name: str,
        action: Callable[[Connector], T],
        look: Callable[[Connector], T | None] = lambda _: None,
    ) -> T:
        """Do a call that changes something; if it is not answered, look whether it was done, else repeat it.

        Args:
            what: what it is, for findings.
            name: the Connector.
            action: the call.
            look: returns what the call would have, if it was done, else None.

        Raises:
            GivenUpError: the repeated call is refused.
        """
        while True:
            try:
                return self._timed(what, lambda: action(self.connector(name)))
            except ConnectionFailed:
                self.notes.append(f"{what}: not answered")
                self._revive()
            except ApiError as error:
                if not self._may_be_repeated(what, error):
                    raise GivenUpError from error
            except UnexpectedAnswer as error:
                self.find("unclear", f"{what}: {error.message}")
                if self.network.proxy:
                    self.network.proxy.recover()
            if (done := self.read(name, look)) is not None:
                self.notes.append(f"{what}: was done")
                return done

    def _timed(self, what: str, action: Callable[[], T]) -> T:
        begun = time.monotonic()
        try:
            return action()
        finally:
            seconds = time.monotonic() - begun
            if self.network.proxy and seconds > SLOW:
                self.find("slow", f"{what} took {seconds:.0f} s")

    def _may_be_repeated(self, what: str, error: ApiError) -> bool:
        """After an error: end what caused it, if it was caused on purpose."""
        self.notes.append(f"{what}: {error.status} {error.code}")
        if error.code == BUSY:
            self.network.expire_sync_runs()
            return True
        if self.network.proxy and self.network.proxy.is_failing:
            if error.code in (None, "error.connector.unexpected", "error.runtime.unknown"):
                self.find("unclear", f"{what} is answered with {error.status} {error.code} when the Backbone fails")
            self.network.proxy.recover()
            return True
        if error.code == UNREACHABLE and self._unreachable < 3:  # a connection that an outage had ended
            self._unreachable += 1
            return True
        self.find("refused", f"{what} is refused with {error.status} {error.code}: {error.api_message}")
        return False

    def sync(self, name: str) -> None:
        """Synchronise."""
        self.call(f"sync of the {name}", name, lambda c: c.account.sync() or True)

    def until(
        self,
        what: str,
        name: str,
        condition: Callable[[Connector], T | None],
        *,
        sync: Sequence[str] = (),
        then_sync: Sequence[str] = (),
    ) -> T:
        """Wait for a condition at a Connector through a bounded number of syncs, and return its value.

        Args:
            what: the condition, for findings.
            name: the Connector.
            condition: returns a value when it is true, else None.
            sync: who must synchronise for it.
            then_sync: who synchronises only if it does not come true without.

        Raises:
            GivenUpError: it does not come true.
        """
        for attempt in range(MOST_SYNCS if sync or then_sync else 2):
            self._unreachable = 0
            if attempt and self.network.proxy:
                self.network.proxy.recover()
            for each in sync or (then_sync if attempt else ()):
                self.sync(each)
            deadline, looks = time.monotonic() + PATIENCE, 0
            while time.monotonic() < deadline or looks < LOOKS:
                looks += 1
                if (value := self.read(name, condition)) is not None:
                    return value
                time.sleep(0.01)
        self.find("stuck", f"{what}: not within {MOST_SYNCS if sync or then_sync else 0} syncs")
        raise GivenUpError

    def settle(self) -> None:
        """Synchronise both sides until nothing is left to be done, or the bound is reached."""
        self._unreachable = 0
        for _ in range(MOST_SYNCS):
            for name in self.network.names:
                self.sync(name)
            if not self.pending():
                return

    def pending(self) -> list[Finding]:
        """Return what is begun and not ended: Requests that were decided, and events at the Backbone."""
        begun = [
            Finding("stuck", f"a decided Request is {each.status} at the {name}")
            for name in self.network.names
            for each in self.read(name, lambda c: [*c.requests.incoming.list(), *c.requests.outgoing.list()])
            if each.id in self.decided and each.status != "Completed"
        ]
        messages = {each.id for name in self.network.names for each in self.read(name, lambda c: c.messages.list())}
        rows = self.network.backbone_rows(
            "SELECT type, json_extract(payload, '$.id'), error_count FROM external_events "
            "WHERE NOT is_done AND NOT is_blocked"
        )
        return begun + [
            Finding("unconfirmed" if about in messages else "stuck", f"a {kind} was not fetched ({errors} errors)")
            for kind, about, errors in rows
        ]

    def check(self) -> list[Finding]:
        """Hold both Connectors and the Backbone against the model; return all findings."""
        self.findings += self.pending()
        for check in self.checks:
            try:
                for finding in check():
                    self.findings.append(finding)
            except NotFound as error:
                self.find("lost", str(error))
        self._check_messages()
        self._check_relationships()
        return self.findings

    def same_after_restart(self) -> None:
        """Start once more: everything is as it was, nothing is done again."""
        before = self._everything()
        self.network.restart()
        after = self._everything()
        for what, value in before.items():
            if after[what] != value:
                self.find("lost", f"{what} differ after a restart: {_difference(value, after[what])}")

    def _everything(self) -> dict[str, Any]:
        readers: dict[str, Callable[[Connector], Any]] = {
            "outgoing Requests": lambda c: c.requests.outgoing.list(),
            "incoming Requests": lambda c: c.requests.incoming.list(),
            "Attributes": lambda c: c.attributes.list(),
            "Messages": lambda c: c.messages.list(),
            "Relationships": lambda c: c.relationships.list(),
            "Files": lambda c: c.files.list(),
        }
        return {
            f"{what} of the {name}": {each.id: each for each in self.read(name, reader)}
            for what, reader in readers.items()
            for name in self.network.names
        }

    def _check_messages(self) -> None:
        addresses = {self.address(name): name for name in self.network.names}
        known = {name: {m.id: m for m in self.read(name, lambda c: c.messages.list())} for name in self.network.names}
        decomposed = not any(self.read(name, lambda c: c.relationships.list()) for name in self.network.names)
        for message, sender, recipient in self.network.backbone_rows(
            "SELECT m.id, m.created_by, r.address FROM messages m JOIN message_recipients r ON r.message = m.id"
        ):
            if decomposed:
                break
            if message not in known[addresses[sender]]:
                self.find("orphan", f"the Backbone has a Message that the {addresses[sender]} does not know of")
            if message not in known[addresses[recipient]]:
                self.find("lost", f"the {addresses[recipient]} never got a Message")
        for name in self.network.names:
            received = [message for message in known[name].values() if not message.is_own]
            counts: Counter[tuple[str, str]] = Counter()
            for content in (message.content for message in received):
                reference = {"Request": "id", "ResponseWrapper": "request_id", "Notification": "id"}.get(
                    content.type_name
                )
                if reference:
                    counts[content.type_name, str(getattr(content, reference))] += 1
            for (kind, reference), count in counts.items():
                if count > 1:
                    self.find("duplicate", f"the {name} got the {kind} of one {reference[:3]}… {count} times")

    def _check_relationships(self) -> None:
        statuses = dict(self.network.backbone_rows("SELECT id, status FROM relationships"))
        for name in self.network.names:
            for relationship in self.read(name, lambda c: c.relationships.list()):
                if statuses.get(relationship.id) != relationship.status:
                    there = statuses.get(relationship.id)
                    self.find(
                        "half", f"the Relationship is {relationship.status} at the {name}, {there} at the Backbone"
                    )

    def _revive(self) -> None:
        self.network.restart()
        self.network.expire_sync_runs()


def _difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    gone, new = before.keys() - after.keys(), after.keys() - before.keys()
    changed = [each for each in before.keys() & after.keys() if before[each] != after[each]]
    return f"{len(gone)} gone, {len(new)} new, {len(changed)} changed"
