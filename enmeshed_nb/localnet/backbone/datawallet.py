"""The datawallet: an ordered series of encrypted modifications that the devices of an Identity share."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import func, select

from enmeshed_nb.localnet.backbone.call import Call, result
from enmeshed_nb.localnet.backbone.errors import not_found, refused
from enmeshed_nb.localnet.backbone.formats import Body, Count, new_id, timestamp
from enmeshed_nb.localnet.backbone.models import DatawalletModification
from enmeshed_nb.localnet.backbone.routes import ContentRoute
from enmeshed_nb.localnet.backbone.runs import open_run

LocalIndex = Annotated[int, Field(ge=-1, lt=2**31)]

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
    if supported is not None and not _is_at_least(supported, call.identity.datawallet_version or 0):
        raise refused("datawallet.insufficientSupportedDatawalletVersion", "The datawallet is of a newer version.")


def _is_at_least(version: str, least: int) -> bool:
    try:
        return int(version) >= least
    except ValueError:
        return False


def append(call: Call, modifications: Sequence[Modification]) -> list[DatawalletModification]:
    """Add modifications to the end of the series, without gaps, and return them."""
    added = []
    for modification in modifications:
        added.append(
            DatawalletModification(
                id=new_id("DWM"),
                identity=call.address,
                index=call.identity.next_modification_index,
                created_at=call.now,
                created_by_device=call.device.id,
                **modification.model_dump(),
            )
        )
        call.identity.next_modification_index += 1
    call.session.add_all(added)
    return added


def _positions(added: Sequence[DatawalletModification]) -> list[dict[str, Any]]:
    return [{"id": each.id, "index": each.index, "createdAt": timestamp(each.created_at)} for each in added]


def written_positions(call: Call, added: Sequence[DatawalletModification]) -> dict[str, Any]:
    """Return where modifications stand now, as the two Finalize calls answer it."""
    return {
        "newDatawalletModificationIndex": call.identity.next_modification_index - 1,
        "datawalletModifications": _positions(added),
    }


@router.get("")
async def get_datawallet(request: Request) -> dict[str, Any]:
    """Return the datawallet's version. Backbone protocol: `GET /Datawallet`."""
    with Call(request) as call:
        if call.identity.datawallet_version is None:
            raise not_found("Datawallet")
        return result({"version": call.identity.datawallet_version})


@router.get("/Modifications")
async def list_modifications(request: Request, localIndex: LocalIndex | None = None) -> dict[str, Any]:  # noqa: N803
    """Return what changed after an index: of each object's part only the newest change.

    Backbone protocol: `GET /Datawallet/Modifications`.
    """
    with Call(request) as call:
        check_supported_version(call)
        table = DatawalletModification
        after = -1 if localIndex is None else localIndex
        newer = (table.identity == call.address, table.index > after)
        newest = (
            select(func.max(table.index))
            .where(*newer)
            .group_by(table.object_identifier, table.type, table.payload_category)
        )
        return call.page(select(table).where(*newer, table.index.in_(newest)).order_by(table.index), _written)


def _written(modification: DatawalletModification) -> dict[str, Any]:
    return {
        "id": modification.id,
        "index": modification.index,
        "objectIdentifier": modification.object_identifier,
        "payloadCategory": modification.payload_category,
        "collection": modification.collection,
        "type": modification.type,
        "encryptedPayload": modification.encrypted_payload,
        "datawalletVersion": modification.datawallet_version,
        "createdAt": timestamp(modification.created_at),
        "createdByDevice": modification.created_by_device,
    }


@router.post("/Modifications", status_code=201)
async def push(body: PushedModifications, request: Request) -> dict[str, Any]:
    """Add modifications. Backbone protocol: `POST /Datawallet/Modifications`."""
    with Call(request) as call:
        if call.identity.datawallet_version is None:
            raise not_found("Datawallet")
        check_supported_version(call)
        if open_run(call):
            raise refused("datawallet.cannotPushDatawalletModificationsDuringActiveSyncRun", "A sync run is under way.")
        newest = call.identity.next_modification_index - 1
        if newest >= 0 and body.local_index != newest:
            raise refused("datawallet.datawalletNotUpToDate", f"The newest index is {newest}.")
        added = append(call, body.modifications)
        return result({"newIndex": call.identity.next_modification_index - 1, "modifications": _positions(added)})
