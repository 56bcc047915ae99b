"""Sync runs: how a device fetches what happened to its Identity, and hands in its datawallet modifications."""

import json
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from enmeshed_nb.localnet.backbone.call import Call, result
from enmeshed_nb.localnet.backbone.datawallet import (
    Modification,
    append,
    check_supported_version,
    written_positions,
)
from enmeshed_nb.localnet.backbone.deletion import is_to_be_deleted
from enmeshed_nb.localnet.backbone.errors import invalid, not_found, refused
from enmeshed_nb.localnet.backbone.formats import Body, Count, new_id, stored, timestamp, timestamp_of
from enmeshed_nb.localnet.backbone.routes import ContentRoute
from enmeshed_nb.localnet.backbone.runs import has_open_run, release

DEFAULT_SECONDS = 10
MOST_ERRORS = 3
EVENT_SYNC, VERSION_UPGRADE = "ExternalEventSync", "DatawalletVersionUpgrade"
DELIVERABLE = f"owner = ? AND NOT is_done AND NOT is_blocked AND error_count < {MOST_ERRORS}"
"""The events that a run of an Identity can fetch."""

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


@router.post("", status_code=201)
async def start(body: NewSyncRun, request: Request) -> Response:
    """Start a run; the events that can be delivered belong to it. Backbone protocol: `POST /SyncRuns`."""
    with Call(request) as call:
        if has_open_run(call):
            raise refused(
                "syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning",
                "Another sync run of this Identity is under way.",
            )
        if is_to_be_deleted(call, call.address):
            raise refused("syncRun.cannotStartSyncRunWhileIdentityIsToBeDeleted", "The Identity is being deleted.")
        run_id, events = new_id("SYR"), 0
        if body.type == EVENT_SYNC:
            if call.datawallet_version is None:
                raise not_found("Datawallet")
            events = call.execute(f"UPDATE external_events SET sync_run = ? WHERE {DELIVERABLE}", run_id, call.address)
            if not events:
                return JSONResponse(result({"status": "NoNewEvents", "syncRun": None}))
        run = _insert(call, run_id, body, events)
        return JSONResponse(result({"status": "Created", "syncRun": run}), status_code=201)


def _insert(call: Call, run_id: str, body: NewSyncRun, events: int) -> dict[str, Any]:
    """Store a new run and return it as JSON."""
    count = "UPDATE identities SET next_run_index = next_run_index + 1 WHERE address = ? RETURNING next_run_index"
    index = call.row(count, call.address)["next_run_index"] - 1
    expires_at = call.now + timedelta(seconds=body.duration or DEFAULT_SECONDS)
    call.insert(
        "sync_runs",
        id=run_id,
        identity=call.address,
        device=call.device_id,
        type=body.type,
        index=index,
        created_at=call.stored_now,
        expires_at=stored(expires_at),
        event_count=events,
    )
    return {
        "id": run_id,
        "type": body.type,
        "index": index,
        "createdAt": timestamp(call.now),
        "createdBy": call.address,
        "createdByDevice": call.device_id,
        "expiresAt": timestamp(expires_at),
        "eventCount": events,
    }


@router.get("/{run_id}/ExternalEvents")
async def list_events(run_id: str, request: Request) -> dict[str, Any]:
    """Return the events of a run, by index. Backbone protocol: `GET /SyncRuns/{id}/ExternalEvents`."""
    with Call(request) as call:
        _own_run(call, run_id, "syncRun.cannotReadExternalEventsOfASyncRunStartedByAnotherDevice")
        events = 'SELECT * FROM external_events WHERE sync_run = ? ORDER BY "index"'
        return call.page_of(events, run_id, write=_written_event)


def _written_event(event: Any) -> dict[str, Any]:
    return {
        "id": event["id"],
        "type": event["type"],
        "index": event["index"],
        "createdAt": timestamp_of(event["created_at"]),
        "syncErrorCount": event["error_count"],
        "payload": json.loads(event["payload"]),
    }


@router.put("/{run_id}/FinalizeExternalEventSync")
async def finalize_event_sync(run_id: str, body: FinalizedEventSync, request: Request) -> dict[str, Any]:
    """End a run that fetched events. Backbone protocol: `PUT /SyncRuns/{id}/FinalizeExternalEventSync`."""
    with Call(request) as call:
        _check_unfinished(call, run_id, EVENT_SYNC)
        check_supported_version(call)
        added = append(call, body.datawallet_modifications)
        release(call, run_id, {each.external_event_id: each.error_code for each in body.external_event_results})
        more = call.row(f"SELECT 1 FROM external_events WHERE {DELIVERABLE} AND error_count = 0", call.address)
        return result({**written_positions(call, added), "newUnsyncedExternalEventsExist": more is not None})


@router.put("/{run_id}/FinalizeDatawalletVersionUpgrade")
async def finalize_upgrade(run_id: str, body: FinalizedUpgrade, request: Request) -> dict[str, Any]:
    """End a run that raised the datawallet's version; the first one creates the datawallet.

    Backbone protocol: `PUT /SyncRuns/{id}/FinalizeDatawalletVersionUpgrade`.
    """
    with Call(request) as call:
        _check_unfinished(call, run_id, VERSION_UPGRADE)
        if body.new_datawallet_version < (call.datawallet_version or 0):
            raise invalid("The new datawallet version is older than the current one.")
        upgrade = "UPDATE identities SET datawallet_version = ? WHERE address = ?"
        call.execute(upgrade, body.new_datawallet_version, call.address)
        added = append(call, body.datawallet_modifications)
        release(call, run_id, {})
        return result(written_positions(call, added))


def _own_run(call: Call, run_id: str, code: str) -> Any:
    run = call.row("SELECT * FROM sync_runs WHERE id = ? AND identity = ?", run_id, call.address)
    if not run:
        raise not_found("SyncRun")
    if run["device"] != call.device_id:
        raise refused(code, "Another device of the Identity started this sync run.")
    return run


def _check_unfinished(call: Call, run_id: str, kind: str) -> None:
    run = _own_run(call, run_id, "syncRun.cannotFinalizeSyncRunStartedByAnotherDevice")
    if run["finalized_at"]:
        raise refused("syncRun.syncRunAlreadyFinalized", "This sync run was finalized already.")
    if run["type"] != kind:
        raise refused("syncRun.unexpectedSyncRunType", f"This sync run is of the type {run['type']}.")
