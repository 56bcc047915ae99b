# Made of enmeshed_nb/guide/_async/waiting.py by tools/synchronous.py: change that.
"""Waiting: a status arrives after the call that causes it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from enmeshed_nb.clock import REAL_TIME, Clock
from enmeshed_nb.connector import SYNC_ALREADY_RUNNING, Connector, ConnectorError, LocalRequest, NotFound, waiting
from enmeshed_nb.guide.waiting import SOMETHING, WaitError, WaitTimeout, rank, statuses_of
from enmeshed_nb.progress import waiting_for

T = TypeVar("T")


class RequestStore(Protocol):
    """`connector.requests.outgoing` or `connector.requests.incoming`."""

    def get(self, request_id: str) -> LocalRequest:
        """Return a Request."""


def sync(connector: Connector) -> bool:
    """Synchronise *connector*: `POST /Account/Sync`. Return whether it did: False if another synchronisation runs."""
    try:
        connector.account.sync()
    except ConnectorError as error:
        if error.code != SYNC_ALREADY_RUNNING:
            raise
        return False
    return True


def wait_for(
    look: Callable[[], T],
    *,
    until: Callable[[T], object] = bool,
    describe: Callable[[T], object] = repr,
    what: str = SOMETHING,
    sync_with: Connector | None = None,
    timeout: float = 30,
    clock: Clock = REAL_TIME,
) -> T:
    """Look again and again until something is there.

    Looks after 1 ms, then with pauses that grow to 500 ms. A synchronisation is costly and returns before everything is
    processed, so *sync_with* is synchronised at once, then after 1, 2, 4, … s, with looks in between.

    Args:
        look: what to do each time, e.g. `lambda: sender.requests.outgoing.get(id)`.
        until: whether its result is what was waited for.
        describe: how to name a result in the error.
        what: what is waited for, for the error.
        sync_with: a Connector that must fetch something for it.
        timeout: when to give up, in seconds.
        clock: the time.

    Returns:
        the first result for which *until* holds.

    Raises:
        WaitTimeout: it did not come in time; says what was seen last.
        ConnectorError: from *look* or a synchronisation, but not that another synchronisation runs.
    """
    with waiting_for(what), waiting(what):
        begun = clock.now()
        pause, sync_pause, next_sync, sync_blocked = 0.001, 1.0, begun, False
        while True:
            if sync_with and clock.now() >= next_sync:
                sync_blocked = not sync(sync_with)
                next_sync = clock.now() + sync_pause
                sync_pause *= 2
            seen = look()
            if until(seen):
                return seen
            rest = begun + timeout - clock.now()
            if rest <= 0:
                hint = " Another synchronisation was running all the time." if sync_blocked else ""
                raise WaitTimeout(f"Waited {timeout:g} s for {what}. Last seen: {describe(seen)}.{hint}", seen)
            clock.sleep(min(pause, rest))
            pause = min(pause * 1.5, 0.5)


def wait_for_status(
    requests: RequestStore,
    request_id: str,
    *statuses: str,
    sync: Connector | None = None,
    timeout: float = 30,
    clock: Clock = REAL_TIME,
) -> LocalRequest:
    """Wait until a Request has one of *statuses* (guide: "Send the Request" and the steps after it).

    Args:
        requests: `connector.requests.outgoing` or `.incoming`.
        request_id: the Request; it may still be about to arrive.
        statuses: e.g. "Open".
        sync: the Connector that must synchronise for it, e.g. the Sender for "Completed".
        timeout: when to give up, in seconds.
        clock: the time.

    Raises:
        WaitError: the Request is past these statuses already, or has expired.
        WaitTimeout: it did not get there in time; says what was seen last.
    """
    wanted = " or ".join(statuses)
    latest = max(rank(status) for status in statuses)

    def look() -> LocalRequest | None:
        try:
            request = requests.get(request_id)
        except NotFound:
            return None
        if request.status not in statuses and rank(request.status) > latest:
            raise WaitError(f"Request {request_id} is {request.status}; it will not become {wanted} any more.", request)
        return request

    found = wait_for(
        look,
        until=lambda request: request is not None and request.status in statuses,
        describe=lambda request: request.status if request else "no such Request",
        what=f"Request {request_id} to become {wanted}",
        sync_with=sync,
        timeout=timeout,
        clock=clock,
    )
    assert found is not None
    return found


def wait_for_request(
    recipient: Connector,
    message_id: str,
    *,
    timeout: float = 30,
    clock: Clock = REAL_TIME,
) -> LocalRequest:
    """Fetch the Request that a Message carries, ready to be decided (guide: "Fetch the Request").

    `POST /Account/Sync`, then `GET /Requests/Incoming?source.reference=…` until the Request is ManualDecisionRequired.
    A Request that was decided already (by whomever) is returned, too.

    Args:
        recipient: the Connector that gets the Message.
        message_id: the id of the Message; it is the same on both sides. The id of a RelationshipTemplate does as well,
            and that of the Request itself, which is the same on both sides, too, if a Message brings it.
        timeout: when to give up, in seconds.
        clock: the time.

    Raises:
        WaitTimeout: the Request did not arrive in time; says what was seen last.
    """
    ready = ("ManualDecisionRequired", "Decided", "Completed", "Expired")
    is_request = message_id.startswith("REQ")
    found = wait_for(
        lambda: recipient.requests.incoming.list({"id" if is_request else "source.reference": message_id}),
        until=lambda requests: any(request.status in ready for request in requests),
        describe=statuses_of,
        what=f"{recipient.name} to get {'Request' if is_request else 'the Request of Message'} {message_id}",
        sync_with=recipient,
        timeout=timeout,
        clock=clock,
    )
    return next(request for request in found if request.status in ready)
