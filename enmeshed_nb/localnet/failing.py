"""The faults that are active in a network: the supervisor's list of them, by which the Backbone fails, too."""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from enmeshed_nb.localnet.faults import (
    ActiveFault,
    BackboneAway,
    CallFault,
    ConnectorKilled,
    DroppedEvents,
    Failing,
    Fault,
)


def chance(seed: int, number: int) -> float:
    """Return the number from 0 to 1 that a seed has for the nth call; `faults.js` has the same."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:4]) / 2**32


@dataclass
class _Active:
    fault: Fault
    connector: str
    address: str
    owner: str
    ends: float
    left: int | None
    seen: int = 0

    @property
    def is_kill(self) -> bool:
        return isinstance(self.fault, ConnectorKilled)

    def meets(self) -> bool:
        """Tell whether the next call that it can meet is met."""
        self.seen += 1
        return not isinstance(self.fault, CallFault) or chance(self.fault.seed, self.seen) < self.fault.probability


class FaultList:
    """The faults that are active; used by the supervisor and, in another thread, by the Backbone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: dict[str, _Active] = {}

    def add(self, fault: Fault, connector: str, address: str, owner: str) -> None:
        """Let a fault be active.

        Args:
            fault: the fault.
            connector: the name of its Connector, empty for all.
            address: of the Connector's Identity.
            owner: the process with whose last lease it ends; empty: it does not.
        """
        times = getattr(fault, "times", None)
        with self._lock:
            self._active[fault.id] = _Active(fault, connector, address, owner, time.monotonic() + fault.lasts, times)

    def remove(self, fault_id: str) -> None:
        """Let a fault be over."""
        with self._lock:
            self._active.pop(fault_id, None)

    def met(self, fault_id: str) -> None:
        """Note that a Connector's fault has met a call."""
        with self._lock:
            if active := self._active.get(fault_id):
                self._count(active)

    def ids(self, owner: str | None = None) -> list[str]:
        """Return the ids of those that are active, or of those among them that a process owns."""
        with self._lock:
            return [each for each, active in self._active.items() if owner is None or active.owner == owner]

    def expired(self) -> list[str]:
        """Return the ids of those whose time is over."""
        with self._lock:
            return [each for each, active in self._active.items() if active.ends <= time.monotonic()]

    def killed(self) -> set[str]:
        """Return the names of the Connectors that are killed."""
        with self._lock:
            return {each.connector for each in self._active.values() if each.is_kill}

    def killed_by(self, fault_id: str) -> set[str]:
        """Return the names of the Connectors that a fault has killed, and no other one that is active."""
        with self._lock:
            kills = {each: active.connector for each, active in self._active.items() if active.is_kill}
        own = {kills.pop(fault_id)} if fault_id in kills else set()
        return own - {*kills.values()}

    def kills_last(self, ids: Iterable[str]) -> Sequence[str]:
        """Return these ids, and behind the others those of faults that have killed a Connector."""
        with self._lock:
            kills = {each for each, active in self._active.items() if active.is_kill}
        return sorted(ids, key=lambda each: each in kills)

    def forget(self, connectors: Iterable[str], *, kills_only: bool = False) -> None:
        """Let the faults of some Connectors be over, or of these that they are killed: somebody else sees to them.

        Args:
            connectors: their names.
            kills_only: the others stay.
        """
        with self._lock:
            for each, active in tuple(self._active.items()):
                if active.connector in {*connectors} and (active.is_kill or not kills_only):
                    del self._active[each]

    def at_connectors(self) -> list[dict[str, Any]]:
        """Return what the Connector host is told of them."""
        return [
            Failing.of(each).model_dump(by_alias=True)
            for each in self.list()
            if each.fault.at == "connector" and not isinstance(each.fault, ConnectorKilled)
        ]

    def list(self) -> list[ActiveFault]:
        """Return what is active, oldest first."""
        now = time.monotonic()
        with self._lock:
            return [
                ActiveFault.model_validate(
                    {
                        "fault": each.fault,
                        "connector": each.connector,
                        "left": each.left,
                        "ends_in": max(0.0, each.ends - now),
                    }
                )
                for each in self._active.values()
            ]

    @property
    def is_at_backbone(self) -> bool:
        """Whether one of them acts at the Backbone."""
        if not self._active:
            return False
        with self._lock:
            return any(each.fault.at == "backbone" for each in self._active.values())

    def of_call(self, call: str, caller: Callable[[], str]) -> Sequence[tuple[Fault, int]]:
        """Return which faults a call of the Backbone meets, each with how many it can have met so far; they count it.

        Args:
            call: `METHOD /path`.
            caller: returns the address of the Identity that calls, empty if it is not logged in.
        """
        return self._meeting(lambda fault: _can_meet(fault, call), caller)

    def drops_event(self, caller: Callable[[], str]) -> bool:
        """Tell whether an event of the Backbone is dropped on its way to a caller; the fault counts it."""
        return bool(self._meeting(lambda fault: isinstance(fault, DroppedEvents), caller))

    def _meeting(self, can_meet: Callable[[Fault], bool], caller: Callable[[], str]) -> Sequence[tuple[Fault, int]]:
        with self._lock:
            possible = [
                each
                for each in self._active.values()
                if each.fault.at == "backbone" and each.ends > time.monotonic() and can_meet(each.fault)
            ]
        address = caller() if any(each.connector for each in possible) else ""
        met = []
        with self._lock:
            for each in possible:
                if each.left != 0 and (not each.connector or each.address == address) and each.meets():
                    self._count(each)
                    met.append((each.fault, each.seen))
        return met

    def _count(self, active: _Active) -> None:
        if active.left is not None:
            active.left -= 1
            if active.left <= 0:
                self._active.pop(active.fault.id, None)


def _can_meet(fault: Fault, call: str) -> bool:
    if isinstance(fault, BackboneAway):
        return True
    return isinstance(fault, CallFault) and re.search(fault.pattern, call) is not None
