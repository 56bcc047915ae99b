"""Sync runs: how a device fetches what happened to its Identity, and hands in its datawallet modifications."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from sqlalchemy import ColumnElement, and_, func, select, update

from enmeshed_nb.localnet.backbone.call import Call, result
from enmeshed_nb.localnet.backbone.datawallet import (
    Modification,
    append,
    check_supported_version,
    written_positions,
)
from enmeshed_nb.localnet.backbone.deletion import is_to_be_deleted
from enmeshed_nb.localnet.backbone.errors import invalid, not_found, refused
from enmeshed_nb.localnet.backbone.formats import Body, Count, new_id, timestamp
from enmeshed_nb.localnet.backbone.models import ExternalEvent, SyncRun
from enmeshed_nb.localnet.backbone.routes import ContentRoute
from enmeshed_nb.localnet.backbone.runs import open_run, release

DEFAULT_SECONDS = 10
MOST_ERRORS = 3
EVENT_SYNC, VERSION_UPGRADE = "ExternalEventSync", "DatawalletVersionUpgrade"

router = APIRouter(prefix="/api/v2/SyncRuns", tags=["Synchronisation"], route_class=ContentRoute)


class NewSyncRun(Body):
    """What kind of run, and for how many seconds."""

    type: Literal["ExternalEventSync", "DatawalletVersionUpgrade"]
    duration: Annotated[Count, Field(gt=0)] | None = None


class EventResult(Body):
    """Whether a device could process an event."""

    external_event_id: str
    error_code: str | None = None


class FinalizedEventSync(Body):
    """The end of a run that fetched events."""

    external_event_results: list[EventResult] = []
    datawallet_modifications: list[Modification] = []


class FinalizedUpgrade(Body):
    """The end of a run that raised the datawallet's version."""

    new_datawallet_version: Count
    datawallet_modifications: list[Modification] = []


def _deliverable(call: Call) -> ColumnElement[bool]:
    return and_(
        ExternalEvent.owner == call.address,
        ~ExternalEvent.is_done,
        ~ExternalEvent.is_blocked,
        ExternalEvent.error_count < MOST_ERRORS,
    )


@router.post("", status_code=201)
async def start(body: NewSyncRun, request: Request) -> Response:
    """Start a run; the events that can be delivered belong to it. Backbone protocol: `POST /SyncRuns`."""
    with Call(request) as call:
        if open_run(call):
            raise refused(
                "syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning",
                "Another sync run of this Identity is under way.",
            )
        if is_to_be_deleted(call, call.address):
            raise refused("syncRun.cannotStartSyncRunWhileIdentityIsToBeDeleted", "The Identity is being deleted.")
        events = 0
        if body.type == EVENT_SYNC:
            if call.identity.datawallet_version is None:
                raise not_found("Datawallet")
            events = _count(call, _deliverable(call))
            if not events:
                return JSONResponse(result({"status": "NoNewEvents", "syncRun": None}))
        run = SyncRun(
            id=new_id("SYR"),
            identity=call.address,
            device=call.device.id,
            type=body.type,
            index=call.identity.next_run_index,
            created_at=call.now,
            expires_at=call.now + timedelta(seconds=body.duration or DEFAULT_SECONDS),
            event_count=events,
        )
        call.identity.next_run_index += 1
        call.session.add(run)
        if events:
            call.session.execute(update(ExternalEvent).where(_deliverable(call)).values(sync_run=run.id))
        return JSONResponse(result({"status": "Created", "syncRun": _written(run)}), status_code=201)


def _count(call: Call, condition: ColumnElement[bool]) -> int:
    return call.session.scalar(select(func.count()).select_from(ExternalEvent).where(condition)) or 0


def _written(run: SyncRun) -> dict[str, Any]:
    return {
        "id": run.id,
        "type": run.type,
        "index": run.index,
        "createdAt": timestamp(run.created_at),
        "createdBy": run.identity,
        "createdByDevice": run.device,
        "expiresAt": timestamp(run.expires_at),
        "eventCount": run.event_count,
    }


@router.get("/{run_id}/ExternalEvents")
async def list_events(run_id: str, request: Request) -> dict[str, Any]:
    """Return the events of a run, by index. Backbone protocol: `GET /SyncRuns/{id}/ExternalEvents`."""
    with Call(request) as call:
        run = _own_run(call, run_id, "syncRun.cannotReadExternalEventsOfASyncRunStartedByAnotherDevice")
        events = select(ExternalEvent).where(ExternalEvent.sync_run == run.id).order_by(ExternalEvent.index)
        return call.page(events, _written_event)


def _written_event(event: ExternalEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "index": event.index,
        "createdAt": timestamp(event.created_at),
        "syncErrorCount": event.error_count,
        "payload": event.payload,
    }


@router.put("/{run_id}/FinalizeExternalEventSync")
async def finalize_event_sync(run_id: str, body: FinalizedEventSync, request: Request) -> dict[str, Any]:
    """End a run that fetched events. Backbone protocol: `PUT /SyncRuns/{id}/FinalizeExternalEventSync`."""
    with Call(request) as call:
        run = _unfinished_run(call, run_id, EVENT_SYNC)
        check_supported_version(call)
        added = append(call, body.datawallet_modifications)
        release(call, run, {each.external_event_id: each.error_code for each in body.external_event_results})
        more = _count(call, and_(_deliverable(call), ExternalEvent.error_count == 0))
        return result({**written_positions(call, added), "newUnsyncedExternalEventsExist": more > 0})


@router.put("/{run_id}/FinalizeDatawalletVersionUpgrade")
async def finalize_upgrade(run_id: str, body: FinalizedUpgrade, request: Request) -> dict[str, Any]:
    """End a run that raised the datawallet's version; the first one creates the datawallet.

    Backbone protocol: `PUT /SyncRuns/{id}/FinalizeDatawalletVersionUpgrade`.
    """
    with Call(request) as call:
        run = _unfinished_run(call, run_id, VERSION_UPGRADE)
        if body.new_datawallet_version < (call.identity.datawallet_version or 0):
            raise invalid("The new datawallet version is older than the current one.")
        call.identity.datawallet_version = body.new_datawallet_version
        added = append(call, body.datawallet_modifications)
        release(call, run, {})
        return result(written_positions(call, added))


def _own_run(call: Call, run_id: str, code: str) -> SyncRun:
    run = call.session.get(SyncRun, run_id)
    if not run or run.identity != call.address:
        raise not_found("SyncRun")
    if run.device != call.device.id:
        raise refused(code, "Another device of the Identity started this sync run.")
    return run


def _unfinished_run(call: Call, run_id: str, kind: str) -> SyncRun:
    run = _own_run(call, run_id, "syncRun.cannotFinalizeSyncRunStartedByAnotherDevice")
    if run.finalized_at:
        raise refused("syncRun.syncRunAlreadyFinalized", "This sync run was finalized already.")
    if run.type != kind:
        raise refused("syncRun.unexpectedSyncRunType", f"This sync run is of the type {run.type}.")
    return run
