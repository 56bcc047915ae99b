"""The datawallet: one series without gaps, only for devices that are up to date."""

from typing import Any

import pytest

from tests.backbone.world import Device, World, ok, refused

PATH = "/Datawallet/Modifications"


def modification(name: str = "a", **fields: Any) -> dict[str, Any]:
    fixed = {"objectIdentifier": name, "collection": "c", "type": "Create", "datawalletVersion": 1}
    return fixed | {"encryptedPayload": "cipher"} | fields


def push(device: Device, local_index: int | None, *names: str, **more: Any) -> Any:
    return device.post(
        PATH, {"localIndex": local_index, "modifications": [modification(name) for name in names]}, **more
    )


@pytest.fixture
def device(world: World) -> Device:
    return world.identity()


def test_the_series_starts_at_zero_and_has_no_gaps(world: World, device: Device) -> None:
    assert ok(device.get("/Datawallet")) == {"version": 1}
    assert ok(push(device, None, "a", "b"), 201)["newIndex"] == 1
    second = device.second_device()
    pushed = ok(push(second, 1, "c"), 201)
    assert [each["index"] for each in pushed["modifications"]] == [2]
    world.identity().request_relationship(device)
    run = ok(device.start_sync(), 201)["syncRun"]["id"]
    finalized = ok(device.finalize(run, modifications=[modification("d")]))
    assert finalized["newDatawalletModificationIndex"] == 3
    assert [each["index"] for each in finalized["datawalletModifications"]] == [3]
    read = ok(device.get(PATH, params={"localIndex": 0}))
    assert [(each["index"], each["objectIdentifier"]) for each in read] == [(1, "b"), (2, "c"), (3, "d")]
    assert read[1]["createdByDevice"] == second.id
    assert (read[0]["payloadCategory"], read[0]["encryptedPayload"]) == (None, "cipher")
    assert len(ok(device.get(PATH))) == 4


def test_of_each_part_of_an_object_only_the_newest_change_is_read(device: Device) -> None:
    changes = [modification(), modification(type="Update"), modification(type="Update", payloadCategory="x")]
    changes.append(modification(type="Update"))
    ok(device.post(PATH, {"modifications": changes}), 201)
    assert [each["index"] for each in ok(device.get(PATH))] == [0, 2, 3]


@pytest.mark.parametrize("local_index", [None, -1, 0, 2])
def test_who_is_not_up_to_date_cannot_push(device: Device, local_index: int | None) -> None:
    ok(push(device, None, "a", "b"), 201)
    refused(push(device, local_index, "c"), "datawallet.datawalletNotUpToDate")
    ok(push(device, 1, "c"), 201)


def test_during_a_sync_run_nobody_can_push(world: World, device: Device) -> None:
    world.identity().request_relationship(device)
    ok(device.start_sync(), 201)
    refused(push(device, None, "a"), "datawallet.cannotPushDatawalletModificationsDuringActiveSyncRun")
    world.clock.forward(seconds=10)
    ok(push(device, None, "a"), 201)


@pytest.mark.parametrize("supported", ["0", "x"])
def test_a_device_must_support_the_datawallets_version(device: Device, supported: str) -> None:
    headers = {"x-supported-datawallet-version": supported}
    code = "datawallet.insufficientSupportedDatawalletVersion"
    refused(push(device, None, "a", headers=headers), code)
    refused(device.get(PATH, headers=headers), code)
    ok(push(device, None, "a", headers={"x-supported-datawallet-version": "1"}), 201)


def test_finalizing_needs_a_supported_version(world: World, device: Device) -> None:
    world.identity().request_relationship(device)
    run = ok(device.start_sync(), 201)["syncRun"]["id"]
    headers = {"x-supported-datawallet-version": "0"}
    body: dict[str, Any] = {"externalEventResults": [], "datawalletModifications": []}
    answer = device.put(f"/SyncRuns/{run}/FinalizeExternalEventSync", body, headers=headers)
    refused(answer, "datawallet.insufficientSupportedDatawalletVersion")


def test_the_version_only_rises(device: Device) -> None:
    def upgrade(version: int) -> Any:
        run = ok(device.post("/SyncRuns", {"type": "DatawalletVersionUpgrade"}), 201)["syncRun"]["id"]
        body = {"newDatawalletVersion": version, "datawalletModifications": [modification()]}
        return device.put(f"/SyncRuns/{run}/FinalizeDatawalletVersionUpgrade", body)

    assert ok(upgrade(2))["newDatawalletModificationIndex"] == 0
    assert ok(device.get("/Datawallet")) == {"version": 2}
    refused(upgrade(1), "invalidPropertyValue")
    assert ok(device.get("/Datawallet")) == {"version": 2}


def test_a_datawallet_is_nobody_elses(world: World, device: Device) -> None:
    ok(push(device, None, "a"), 201)
    assert ok(world.identity().get(PATH)) == []
