"""What can fail on purpose in a local network: a class of data for each kind of fault. `NetworkFaults` injects them.

A fault acts on real calls, where they happen: `at="connector"` on the HTTP API of Connectors as their clients see it,
`at="backbone"` on the Backbone as the Connectors see it. It ends by itself: after `lasts` seconds, after `times` calls,
and with the process that injected it.

The health of a Connector (`GET /health`, `/Monitoring/…`) is left alone unless a route names it, so that whoever looks
after the network does not use up a fault.
"""

import re
import secrets
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator
from pydantic.alias_generators import to_camel

LONGEST = 3600.0
"""Seconds that a fault can last."""
Seconds = Annotated[float, Field(gt=0, le=LONGEST, allow_inf_nan=False)]
Place = Literal["connector", "backbone"]


class _Data(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, defer_build=True
    )


class Fault(_Data):
    """What all faults have.

    Attributes:
        at: whether it acts on the Connectors' side, or at the Backbone.
        connector: the Connector that it is of: its name, its URL, or its client. Empty: all of them.
        lasts: after how many seconds it ends by itself.
        id: makes it known; the same fault injected again begins anew.
    """

    kind: str
    at: Place = "connector"
    connector: str = ""
    lasts: Seconds = 60
    id: str = Field(default_factory=lambda: secrets.token_hex(4), pattern=r"^[0-9a-z]{1,32}$", repr=False)

    @field_validator("connector", mode="before")
    @classmethod
    def _url_of_a_client(cls, given: Any) -> Any:
        return getattr(given, "url", given)

    @property
    def what(self) -> str:
        """What it does, in words."""
        raise NotImplementedError

    def told(self, connector: str) -> str:
        """Return in words what it does, to the Connector of this name (empty: all)."""
        return f"{connector or 'all Connectors'}: {self.what}"


class CallFault(Fault):
    """What faults have that meet calls.

    Attributes:
        at: whether calls of Connectors' APIs fail, or calls of the Backbone. Of these, a fault of one Connector meets
            those that it makes logged in.
        route: which ones, e.g. `POST /Messages`, without `/api/core/v1` or `/api/v2`; `*` is one segment of a path,
            `**` any number. Empty: all but health and logins.
        times: how many; None for all while it lasts.
        probability: of each one to be met.
        seed: of the chance; the same one meets the same calls, in their order.
    """

    route: Annotated[str, StringConstraints(pattern=r"^(([A-Z]+ )?/[!-~]*)?$", max_length=500)] = ""
    times: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(gt=0, le=1)] = 1
    seed: int = 0

    @property
    def pattern(self) -> str:
        """What `METHOD /path` of a call matches that it can meet: a regular expression of Python and JavaScript."""
        if not self.route:
            return r"^\S+ /api/"
        method, _, path = self.route.rpartition(" ")
        escaped = re.sub(r"[^A-Za-z0-9/*_-]", lambda found: f"\\{found[0]}", path.rstrip("/"))
        wild = {"**": ".*", "*": "[^/]+"}
        inner = re.sub(r"\*\*|\*", lambda found: wild[found[0]], escaped)
        return rf"^{method or '[A-Z]+'} (?:/api/(?:core/)?v\d+)?{inner}/?$"

    def told(self, connector: str) -> str:
        """Return in words what it does, to the Connector of this name (empty: all)."""
        which = f"{self.route} " if self.route else ""
        if self.at == "connector":
            return f"{which}at {connector or 'all Connectors'} {self.what}"
        return f"{which}at the Backbone{f' of {connector}' if connector else ''} {self.what}"


class Latency(CallFault):
    """Calls take longer: *delay* seconds, and by chance up to *jitter* more."""

    kind: Literal["latency"] = "latency"
    delay: Seconds
    jitter: Annotated[float, Field(ge=0, le=LONGEST, allow_inf_nan=False)] = 0

    @property
    def what(self) -> str:
        """What it does, in words."""
        return f"takes {self.delay:g} s longer" + (f", and up to {self.jitter:g} s more" if self.jitter else "")


class Status(CallFault):
    """Calls are not done, and answered with a *status* of an error of the server."""

    kind: Literal["status"] = "status"
    status: Annotated[int, Field(ge=500, le=599)] = 503

    @property
    def what(self) -> str:
        """What it does, in words."""
        return f"is answered with {self.status}"


class Cut(CallFault):
    """The connection ends: before a call is done, or after it was done, and its answer is lost."""

    kind: Literal["cut"] = "cut"
    when: Literal["before", "after"] = "before"

    @property
    def what(self) -> str:
        """What it does, in words."""
        return "is cut before it is done" if self.when == "before" else "is done, and its answer is lost"


class DroppedEvents(Fault):
    """Events do not arrive: the Connectors' webhooks, or what the Backbone streams to them (`modules.sse`).

    Attributes:
        at: "connector": webhooks; "backbone": the stream. Nobody sends them again.
        times: how many; None for all while it lasts.
    """

    kind: Literal["dropped-events"] = "dropped-events"
    times: Annotated[int, Field(ge=1)] | None = None

    @property
    def what(self) -> str:
        """What it does, in words."""
        return "webhooks are dropped" if self.at == "connector" else "events of the Backbone's stream are dropped"


class BackboneAway(Fault):
    """The Backbone is away: each connection ends at once. With a Connector, what that one calls logged in."""

    kind: Literal["backbone-away"] = "backbone-away"
    at: Literal["backbone"] = "backbone"

    @property
    def what(self) -> str:
        """What it does, in words."""
        return "the Backbone is away"


class ConnectorKilled(Fault):
    """A Connector is killed, in the middle of whatever it does, and comes back when the fault ends."""

    kind: Literal["connector-killed"] = "connector-killed"
    at: Literal["connector"] = "connector"
    connector: str = Field(min_length=1)

    @property
    def what(self) -> str:
        """What it does, in words."""
        return "was killed, and comes back when the fault ends"


class DiskFull(Fault):
    """A Connector can store nothing more, as on a full disk."""

    kind: Literal["disk-full"] = "disk-full"
    at: Literal["connector"] = "connector"

    @property
    def what(self) -> str:
        """What it does, in words."""
        return "the disk is full"


KINDS: dict[str, type[Fault]] = {
    "latency": Latency,
    "status": Status,
    "cut": Cut,
    "dropped-events": DroppedEvents,
    "backbone-away": BackboneAway,
    "connector-killed": ConnectorKilled,
    "disk-full": DiskFull,
}
AnyFault = Annotated[
    Latency | Status | Cut | DroppedEvents | BackboneAway | ConnectorKilled | DiskFull, Field(discriminator="kind")
]


class ActiveFault(_Data):
    """A fault that is active.

    Attributes:
        fault: what was injected.
        connector: the name of the Connector that it is of; empty: all.
        left: how many calls or events it meets still; None: all.
        ends_in: seconds after which it ends by itself.
    """

    fault: AnyFault
    connector: str = ""
    left: int | None = None
    ends_in: float

    def __str__(self) -> str:
        times = {None: "", 1: "once more, "}.get(self.left, f"{self.left} more times, ")
        return f"{self.fault.told(self.connector)} ({times}{self.ends_in:.0f} s left)"

    def public(self) -> dict[str, Any]:
        """Return what other programs get to see, as JSON-ready values."""
        now = self.model_dump(by_alias=True, mode="json", exclude={"fault"})
        return {**self.fault.model_dump(by_alias=True, mode="json"), **now, "says": str(self)}


class Failing(_Data):
    """What the Connector host is told of a fault: see `faults.js`."""

    id: str
    kind: str
    connector: str
    lasts: float
    left: int | None = None
    pattern: str = ""
    probability: float = 1
    seed: int = 0
    delay: float = 0
    jitter: float = 0
    status: int = 0
    when: str = ""

    @classmethod
    def of(cls, active: ActiveFault) -> Self:
        """Return it for an active fault."""
        fault = active.fault
        known = {name: value for name, value in fault.model_dump().items() if name in cls.model_fields}
        pattern = fault.pattern if isinstance(fault, CallFault) else ""
        return cls(
            **known | {"connector": active.connector, "lasts": active.ends_in, "left": active.left, "pattern": pattern}
        )
