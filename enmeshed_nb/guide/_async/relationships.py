"""The prerequisite of the guide: an Active Relationship between two Connectors."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from enmeshed_nb.clock import ASYNC_TIME, AsyncClock
from enmeshed_nb.connector import ApiError, AsyncConnector, Relationship
from enmeshed_nb.content import ArbitraryRelationshipCreationContent, ArbitraryRelationshipTemplateContent
from enmeshed_nb.guide._async.waiting import sync, wait_for
from enmeshed_nb.guide.relationships import RelationshipError, not_usable
from enmeshed_nb.guide.waiting import WaitTimeout

_OVER = ("Rejected", "Revoked")
_MEANWHILE = 5.0
"""Seconds within which what somebody else creates at the same time must arrive."""
_CREATED_MEANWHILE = (
    "error.transport.relationships.relationshipNotYetDecomposedByPeer",
    "error.transport.relationships.relationshipCurrentlyExists",
    "error.platform.validation.relationship.relationshipToTargetAlreadyExists",
)
_ACCEPTED_MEANWHILE = (
    "error.transport.relationships.wrongRelationshipStatus",
    "error.platform.validation.relationship.relationshipIsNotInCorrectStatus",
)


async def active_relationship(connector: AsyncConnector, peer: str) -> Relationship:
    """Return the Active Relationship with *peer* (guide: "query their Relationships").

    Args:
        connector: whose Relationships.
        peer: the address of the other Identity.

    Raises:
        RelationshipError: there is none, or it is not Active.
    """
    relationship = await _current(connector, peer)
    if relationship is None:
        raise RelationshipError(
            f"{connector.name} has no Relationship with {peer}.", "Establish one first: establish_relationship(…)."
        )
    if relationship.status != "Active":
        raise not_usable(connector.name, relationship)
    return relationship


async def establish_relationship(
    templator: AsyncConnector, initiator: AsyncConnector, *, timeout: float = 30, clock: AsyncClock = ASYNC_TIME
) -> Relationship:
    """See to it that two Connectors have an Active Relationship; do nothing if they have.

    A Pending one is finished. Else: *templator* creates a RelationshipTemplate (`POST /RelationshipTemplates/Own`),
    *initiator* loads it (`POST /RelationshipTemplates/Peer`) and creates the Relationship (`POST /Relationships`),
    *templator* accepts it (`PUT /Relationships/{id}/Accept`), *initiator* synchronises. If others do the same at the
    same time (another notebook, say), all get the one that was created first.

    Returns:
        the Relationship as *initiator* sees it.

    Raises:
        RelationshipError: there is a Relationship that is Terminated or being deleted; or both are the same Identity.
        WaitTimeout: the other side did not learn of it in time.
    """
    templator_address = (await templator.account.identity_info()).address
    initiator_address = (await initiator.account.identity_info()).address
    if templator_address == initiator_address:
        raise RelationshipError(
            f"{templator.name} and {initiator.name} are the same Identity {templator_address}.", "Use two Connectors."
        )
    existing = await _current(initiator, templator_address)
    if existing and existing.status == "Active" and await _status(templator, existing.id) == "Active":
        return existing
    await sync(templator)
    await sync(initiator)
    existing = await _current(initiator, templator_address)
    if existing is None:
        existing = await _create(templator, initiator, timeout, clock)
    if existing.status not in ("Pending", "Active"):
        raise not_usable(initiator.name, existing)
    if existing.status == "Pending" or await _status(templator, existing.id) == "Pending":
        await _accept(templator, initiator, existing, timeout, clock)
    return await initiator.relationships.get(existing.id)


async def end_relationship(
    one: AsyncConnector, other: AsyncConnector, *, timeout: float = 30, clock: AsyncClock = ASYNC_TIME
) -> None:
    """See to it that two Connectors have no Relationship any more; do nothing if they have none.

    A Pending one is rejected or revoked. An Active one is terminated (`PUT /Relationships/{id}/Terminate`), and both
    sides decompose it (`DELETE /Relationships/{id}`): with it go the Requests, Messages and Attributes
    that they exchanged. After that they can establish a new one.

    Raises:
        ConnectorError: a call failed.
        WaitTimeout: the other side did not learn of it in time.
    """
    await sync(one)
    await sync(other)
    addresses = (await one.account.identity_info()).address, (await other.account.identity_info()).address
    sides = ((one, addresses[1]), (other, addresses[0]))
    current = [await _current(connector, peer) for connector, peer in sides]
    found = next((each for each in current if each), None)
    if found is None:
        return
    if current[0] and current[0].status == "Pending":
        created_by = current[0].audit_log[0].created_by
        await (one.relationships.reject if created_by == current[0].peer else one.relationships.revoke)(found.id)
        await _wait_until(other, found.id, ("Rejected", "Revoked"), timeout, clock)
        return
    if current[0] and current[0].status == "Active":
        await one.relationships.terminate(found.id)
        await _wait_until(other, found.id, ("Terminated",), timeout, clock)
    for connector, relationship in zip((one, other), current, strict=True):
        if relationship:
            if connector is other and current[0]:
                await _wait_until(other, found.id, ("DeletionProposed",), timeout, clock)
            await connector.relationships.decompose(found.id)


async def _wait_until(
    connector: AsyncConnector, relationship_id: str, statuses: Collection[str], timeout: float, clock: AsyncClock
) -> None:
    await wait_for(
        lambda: _status(connector, relationship_id),
        until=lambda status: status in statuses,
        describe=lambda status: status or "no such Relationship",
        what=f"Relationship {relationship_id} to become {' or '.join(statuses)} at {connector.name}",
        sync_with=connector,
        timeout=timeout,
        clock=clock,
    )


async def _time_of(connector: AsyncConnector) -> datetime:
    """Return what time it is at a Connector that has just synchronised; its clock may be ahead of ours."""
    run = (await connector.account.sync_info()).last_sync_run
    return max(datetime.now(UTC), run.completed_at) if run else datetime.now(UTC)


async def _create(
    templator: AsyncConnector, initiator: AsyncConnector, timeout: float, clock: AsyncClock
) -> Relationship:
    template = await templator.relationship_templates.create_own(
        ArbitraryRelationshipTemplateContent(value={}),
        expires_at=await _time_of(templator) + timedelta(hours=1),
        max_number_of_allocations=1,
    )
    loaded = await initiator.relationship_templates.load_peer(template.reference)
    try:
        return await initiator.relationships.create(loaded.id, ArbitraryRelationshipCreationContent(value={}))
    except ApiError as error:
        if error.code not in _CREATED_MEANWHILE:
            raise
        refusal = error
    try:
        found = await wait_for(
            lambda: _current(initiator, template.created_by),
            sync_with=initiator,
            timeout=min(timeout, _MEANWHILE),
            clock=clock,
        )
    except WaitTimeout:
        raise refusal from None
    assert found is not None
    return found


async def _accept(
    templator: AsyncConnector, initiator: AsyncConnector, pending: Relationship, timeout: float, clock: AsyncClock
) -> None:
    created_by = pending.audit_log[0].created_by
    acceptor, other = (initiator, templator) if created_by == pending.peer else (templator, initiator)
    await wait_for(
        lambda: _status(acceptor, pending.id),
        describe=lambda status: status or "no such Relationship",
        what=f"Relationship {pending.id} to reach {acceptor.name}",
        sync_with=acceptor,
        timeout=timeout,
        clock=clock,
    )
    if await _status(acceptor, pending.id) == "Pending":
        try:
            await acceptor.relationships.accept(pending.id)
        except ApiError as error:
            if error.code not in _ACCEPTED_MEANWHILE:
                raise
    await _wait_until(other, pending.id, ("Active",), timeout, clock)


async def _status(connector: AsyncConnector, relationship_id: str) -> str | None:
    return next((each.status for each in await connector.relationships.list() if each.id == relationship_id), None)


async def _current(connector: AsyncConnector, peer: str) -> Relationship | None:
    found = [each for each in await connector.relationships.list(peer=peer) if each.status not in _OVER]
    return found[-1] if found else None
