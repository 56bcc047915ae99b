"""How a Connector is doing."""

from typing import Any, Literal

from pydantic import StrictBool, StrictInt

from enmeshed_nb.connector.account import IdentityInfo
from enmeshed_nb.connector.versions import Version
from enmeshed_nb.content.model import Model, Timestamp

State = Literal["healthy", "unhealthy"] | str


class HealthServices(Model):
    """The parts that a Connector needs."""

    database: State
    backbone_connection: State
    backbone_authentication: State


class Health(Model):
    """Whether a Connector works, and which part does not."""

    is_healthy: StrictBool
    services: HealthServices


class RequestCount(Model):
    """The HTTP requests since the start, also by status (`{"200": 7}`)."""

    since: Timestamp
    request_count: StrictInt
    request_count_by_status: dict[str, int]


class Waiting(Model):
    """What a Connector of a local network still has to do, because the Backbone failed or would not take it."""

    id: str
    """Of the Request whose Response is to be sent, or of what else it is."""
    what: str
    peer: str | None = None
    """The address of the peer whom it concerns."""
    since: Timestamp
    attempts: StrictInt
    """How often it was tried."""
    problem: str | None = None
    """Why it failed the last time."""


class Recovery(Model):
    """What stands still at a Connector of a local network, and whether it takes that up by itself."""

    enabled: StrictBool
    waiting: list[Waiting]


class Support(Model):
    """What support asks for; secrets are left out by the Connector."""

    version: Version | str
    health: Health
    configuration: dict[str, Any]
    identity_info: IdentityInfo
    recovery: Recovery | None = None
    """Of a Connector of a local network; others have none."""
