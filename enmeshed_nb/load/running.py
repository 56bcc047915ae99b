"""Run a load as the command line asks for it: on the local network, or on own Connectors."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from enmeshed_nb import aio, own_connectors
from enmeshed_nb.connector import Connector
from enmeshed_nb.connector.error_codes import describe
from enmeshed_nb.guide import active_relationship, establish_relationship, sync
from enmeshed_nb.guide.relationships import RelationshipError
from enmeshed_nb.ledger import ledger_in
from enmeshed_nb.load.driving import MOST_UNDER_WAY, Load, Pace, Trip
from enmeshed_nb.load.errors import LoadError
from enmeshed_nb.load.figures import Json, Setting, report_of
from enmeshed_nb.load.workload import Mix, created, planned
from enmeshed_nb.localnet import LocalNetwork
from enmeshed_nb.progress import waiting_for

MOST = 10_000
"""Requests of one load."""
MOST_UNASKED = 200
"""Requests of one load on own Connectors that are sent without `--yes`."""
USUAL = 100
"""Requests of one load if neither their number nor a duration is given."""


@dataclass(frozen=True)
class Asked:
    """What load is asked for; see `Pace` for what is not said here.

    Attributes:
        seed: determines the Requests.
        mix: of kinds and decisions.
        requests: how many at most; None for as many as the duration allows, else `USUAL`.
        warm_up: how many are sent before, one after the other, and not counted.
    """

    seed: int = 1
    mix: Mix = field(default_factory=Mix)
    requests: int | None = None
    rate: float | None = None
    parallel: int = 1
    duration: float | None = None
    warm_up: int = 5
    patience: float = 60
    sync: bool = True

    def __post_init__(self) -> None:
        if self.most > MOST:
            raise LoadError(f"That would be {self.most} Requests; one load sends {MOST} at most.", "Ask for fewer.")
        if not 1 <= self.parallel <= MOST_UNDER_WAY:
            raise LoadError(
                f"{self.parallel} Requests cannot be under way at once.",
                f"Between 1 and {MOST_UNDER_WAY} can: a Backbone keeps 20 Messages that a Recipient has not fetched.",
            )

    @property
    def most(self) -> int:
        """How many Requests are sent at most, without those of the warm-up."""
        if self.rate and self.duration:
            due = int(self.rate * self.duration) + 1
            return min(due, self.requests or due)
        return self.requests or (MOST if self.duration else USUAL)

    @property
    def pace(self) -> Pace:
        """How fast they are sent."""
        return Pace(self.most, self.rate, self.parallel, self.duration, self.patience, self.sync)

    def workload(self) -> Json:
        """Return what determines the load, for the report and to compare."""
        pace = {"rate": self.rate} if self.rate else {"parallel": self.parallel}
        return {
            "seed": self.seed,
            "mix": str(self.mix),
            "requests": self.most,
            **pace,
            "duration": self.duration,
            "sync": self.sync,
        }


@dataclass(frozen=True)
class Pair:
    """The two Connectors of a load.

    Attributes:
        where: they are, in words.
        is_own: whether they are the user's own.
    """

    sender: Connector
    recipient: Connector
    where: str
    is_own: bool


@contextmanager
def connected(data_dir: Path | None = None, profile: str | None = None) -> Iterator[Pair]:
    """Give the user's own Connectors if a profile or the environment names them, else local ones, while it lasts.

    Args:
        data_dir: the local network's folder.
        profile: the profile; without it, what the environment names.

    Raises:
        SettingsError: own Connectors are not named completely.
        NetworkError: the local network cannot be started.
    """
    with ExitStack() as stack:
        if own := own_connectors.from_environment(profile):
            sender = stack.enter_context(own.sender.connect("sender"))
            recipient = stack.enter_context(own.recipient.connect("recipient"))
            for each in (sender, recipient):
                ledger_in().watch(each)  # by them a Relationship is made, if there is none
            yield Pair(sender, recipient, "own Connectors", is_own=True)
            return
        with waiting_for("the local network") as tell:
            wanted: dict[str, dict[str, object]] = {"sender": {}, "recipient": {}}
            network = stack.enter_context(LocalNetwork.open(data_dir, connectors=wanted, progress=tell))
        sender, recipient = (
            stack.enter_context(Connector(state.url, state.api_key, name=state.name))
            for state in map(network.state.connector, wanted)
        )
        yield Pair(sender, recipient, "the local network", is_own=False)


def stated(pair: Pair, asked: Asked) -> str:
    """Return in words what a load will leave, and where; nothing is created yet.

    Raises:
        ConnectorError: a Connector cannot be asked.
        RelationshipError: they are the same Identity, or their Relationship is not Active any more.
    """
    peer = pair.recipient.account.identity_info().address
    try:
        active_relationship(pair.sender, peer)
        related = True
    except RelationshipError:
        related = False
    what = created(asked.mix, asked.most + asked.warm_up, related=related)
    return f"This creates on {pair.where} ({pair.sender.url} and {pair.recipient.url}): {what}."


def require_yes(asked: Asked, *, given: bool) -> None:
    """See to it that many Requests are sent to own Connectors only on purpose.

    Raises:
        LoadError: there are more than `MOST_UNASKED`, and *given* is False.
    """
    if asked.most > MOST_UNASKED and not given:
        raise LoadError(
            f"That would be up to {asked.most} Requests on your own Connectors, more than {MOST_UNASKED}.",
            "Say so, by --yes, or ask for fewer: --requests N.",
        )


def run(pair: Pair, asked: Asked) -> Json:
    """Run a load and return its report.

    Ctrl-C ends it well: no more Requests are sent, those under way are waited for. A second one ends it at once; the
    report then says what was unfinished.

    Raises:
        ConnectorError: a Connector cannot be asked.
        RelationshipError: the Connectors cannot have a Relationship.
        LoadError: a Request of the warm-up was refused, or did not come back as it was decided.
    """
    versions = {each.name: str(each.require_version().version) for each in (pair.sender, pair.recipient)}
    establish_relationship(pair.sender, pair.recipient)
    for each in (pair.sender, pair.recipient) if asked.sync else ():
        sync(each)  # what waited before takes no room that the load needs
    setting = Setting(pair.where, datetime.now(UTC).isoformat(timespec="seconds"), versions, asked.workload())
    running = _Running(pair, asked)
    try:
        with waiting_for("the load"):
            asyncio.run(running.run())
    except KeyboardInterrupt:
        running.load.interrupted = True
    return report_of(setting, running.warm_up.trips, running.load)


class _Running:
    """The warm-up and the load itself, each a `Load`."""

    def __init__(self, pair: Pair, asked: Asked) -> None:
        self._pair = pair
        self._peer = pair.recipient.account.identity_info().address
        self._synced = asked.sync
        mark = secrets.token_hex(4)
        before = islice(planned(asked.seed, asked.mix, f"{mark}-warm", "Warm-up"), asked.warm_up)
        few = Pace(asked.warm_up, patience=asked.patience, sync=asked.sync)
        sides = aio.from_connector(pair.sender), aio.from_connector(pair.recipient)
        for side in sides if pair.is_own else ():
            ledger_in().watch(side)
        self._sides = sides
        self.warm_up = Load(sides, self._peer, before, few)
        self.load = Load(sides, self._peer, planned(asked.seed, asked.mix, mark), asked.pace)

    async def run(self) -> None:
        sender, recipient = self._sides
        async with sender, recipient:
            await self.warm_up.run()
            if bad := [trip for trip in self.warm_up.trips if trip.code]:
                raise _not_begun(bad[0], synced=self._synced)
            if not self.warm_up.interrupted:
                await self.load.run()
            else:
                self.load.interrupted = True


def _not_begun(trip: Trip, *, synced: bool) -> LoadError:
    """Return why a load was not begun: what the warm-up met, and its cure."""
    what, cure = f"{trip.code}.", "Ask again without what else is done with these Connectors meanwhile."
    if trip.outcome == "lost":
        cure = "Look at both Connectors: enmeshed-nb doctor. If they are only slow: --timeout SECONDS."
        if not synced:
            cure = "With --no-sync both Connectors need the module sync or sse, and a --timeout beyond its interval."
    elif trip.code.startswith("error."):
        meaning = describe(trip.code)
        what, cure = f"{trip.code}. {meaning.what}", meaning.cure
    return LoadError(f"A Request of the warm-up failed at “{trip.failed_at}”: {what}\nThe load was not begun.", cure)
