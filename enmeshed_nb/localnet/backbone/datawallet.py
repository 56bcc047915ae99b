"""The datawallet: an ordered series of encrypted modifications that the devices of an Identity share."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from enmeshed_nb.localnet.backbone.call import Call, result
from enmeshed_nb.localnet.backbone.errors import not_found, refused
from enmeshed_nb.localnet.backbone.formats import Body, Count, new_id, timestamp, timestamp_of
from enmeshed_nb.localnet.backbone.routes import ContentRoute
from enmeshed_nb.localnet.backbone.runs import has_open_run

LocalIndex = Annotated[int, Field(ge=-1, lt=2**31)]
NEWEST = """
    SELECT * FROM datawallet_modifications WHERE identity = ? AND "index" > ? AND "index" IN (
        SELECT max("index") FROM datawallet_modifications WHERE identity = ? AND "index" > ?
        GROUP BY object_identifier, type, payload_category
    ) ORDER BY "index"
"""
"""What changed in the datawallet of an Identity after an index: of each object's part only the newest change."""

router = APIRouter(prefix="/api/v2/Datawallet", tags=["Datawallet"], route_class=ContentRoute)


class Modification(Body):
    """A change, encrypted but for what it is about."""

    object_identifier: str
    payload_category: str | None = None
    collection: str
    type: str
    encrypted_payload: str | None = None
    datawallet_version: Count


class PushedModifications(Body):
    """Changes of a device that has seen all changes up to `local_index`."""

    local_index: LocalIndex | None = None
    modifications: list[Modification]


def check_supported_version(call: Call) -> None:
    """Raise a BackboneError if the device does not support the datawallet's version."""
    supported = call.header("x-supported-datawallet-version")
    if supported is not None and not _is_at_least(supported, call.datawallet_version or 0):
        raise refused("datawallet.insufficientSupportedDatawalletVersion", "The datawallet is of a newer version.")


def _is_at_least(version: str, least: int) -> bool:
    try:
        return int(version) >= least
    except ValueError:
        return False


def append(call: Call, modifications: Sequence[Modification]) -> list[dict[str, Any]]:
    """Add modifications to the end of the series, without gaps, and return where they stand."""
    positions = []
    for modification in modifications:
        position = {"id": new_id("DWM"), "index": call.next_modification_index}
        call.insert(
            "datawallet_modifications",
            **position,
            identity=call.address,
            created_at=call.stored_now,
            created_by_device=call.device_id,
            **modification.model_dump(),
        )
        call.next_modification_index += 1
        positions.append({**position, "createdAt": timestamp(call.now)})
    if positions:
        count = "UPDATE identities SET next_modification_index = ? WHERE address = ?"
        call.execute(count, call.next_modification_index, call.address)
    return positions


def written_positions(call: Call, positions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return where modifications stand now, as the two Finalize calls answer it."""
    return {
        "newDatawalletModificationIndex": call.next_modification_index - 1,
        "datawalletModifications": positions,
    }


@router.get("")
async def get_datawallet(request: Request) -> dict[str, Any]:
    """Return the datawallet's version. Backbone protocol: `GET /Datawallet`."""
    with Call(request) as call:
        if call.datawallet_version is None:
            raise not_found("Datawallet")
        return result({"version": call.datawallet_version})


@router.get("/Modifications")
async def list_modifications(request: Request, localIndex: LocalIndex | None = None) -> dict[str, Any]:  # noqa: N803
    """Return what changed after an index: of each object's part only the newest change.

    Backbone protocol: `GET /Datawallet/Modifications`.
    """
    with Call(request) as call:
        check_supported_version(call)
        after = -1 if localIndex is None else localIndex
        return call.page_of(NEWEST, call.address, after, call.address, after, write=_written)


def _written(modification: Any) -> dict[str, Any]:
    return {
        "id": modification["id"],
        "index": modification["index"],
        "objectIdentifier": modification["object_identifier"],
        "payloadCategory": modification["payload_category"],
        "collection": modification["collection"],
        "type": modification["type"],
        "encryptedPayload": modification["encrypted_payload"],
        "datawalletVersion": modification["datawallet_version"],
        "createdAt": timestamp_of(modification["created_at"]),
        "createdByDevice": modification["created_by_device"],
    }


@router.post("/Modifications", status_code=201)
async def push(body: PushedModifications, request: Request) -> dict[str, Any]:
    """Add modifications. Backbone protocol: `POST /Datawallet/Modifications`."""
    with Call(request) as call:
        if call.datawallet_version is None:
            raise not_found("Datawallet")
        check_supported_version(call)
        if has_open_run(call):
            raise refused("datawallet.cannotPushDatawalletModificationsDuringActiveSyncRun", "A sync run is under way.")
        newest = call.next_modification_index - 1
        if newest >= 0 and body.local_index != newest:
            raise refused("datawallet.datawalletNotUpToDate", f"The newest index is {newest}.")
        added = append(call, body.modifications)
        return result({"newIndex": call.next_modification_index - 1, "modifications": added})
