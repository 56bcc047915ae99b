"""Sync runs: one at a time, one device, no event lost, none for ever."""

from typing import Any

import pytest

from tests.backbone.world import Device, World, new_identity, not_found, ok, refused, unauthorized

RUNNING = "syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning"


@pytest.fixture
def device(world: World) -> Device:
    """A device whose Identity has one event to fetch."""
    asked = world.identity()
    world.identity().request_relationship(asked)
    return asked


def start(device: Device) -> str:
    return str(ok(device.start_sync(), 201)["syncRun"]["id"])


def failed(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"externalEventId": event["id"], "errorCode": "error.test"} for event in events]


def test_a_run_carries_the_events(device: Device) -> None:
    started = ok(device.start_sync(), 201)
    run = started["syncRun"]
    assert (started["status"], run["type"], run["eventCount"]) == ("Created", "ExternalEventSync", 1)
    assert (run["createdBy"], run["createdByDevice"]) == (device.address, device.id)
    [event] = device.events_of(run["id"])
    assert set(event) == {"id", "type", "index", "createdAt", "syncErrorCount", "payload"}
    assert (event["index"], event["syncErrorCount"]) == (0, 0)
    finalized = ok(device.finalize(run["id"], [{"externalEventId": event["id"]}]))
    assert finalized == {
        "newDatawalletModificationIndex": -1,
        "datawalletModifications": [],
        "newUnsyncedExternalEventsExist": False,
    }
    assert ok(device.start_sync()) == {"status": "NoNewEvents", "syncRun": None}


def test_one_run_at_a_time_whatever_the_device(device: Device) -> None:
    second = device.second_device()
    start(device)
    refused(device.start_sync(), RUNNING)
    refused(second.start_sync(), RUNNING)
    refused(second.post("/SyncRuns", {"type": "DatawalletVersionUpgrade"}), RUNNING)


@pytest.mark.parametrize(("more", "seconds"), [({}, 10), ({"duration": 60}, 60)])
def test_a_run_that_is_not_finalized_expires(world: World, device: Device, more: dict[str, int], seconds: int) -> None:
    run = ok(device.start_sync(**more), 201)["syncRun"]["id"]
    world.clock.forward(seconds=seconds - 1)
    refused(device.start_sync(), RUNNING)
    world.clock.forward(seconds=1)
    again = start(device)
    assert [event["syncErrorCount"] for event in device.events_of(again)] == [1]
    refused(device.finalize(run), "syncRun.syncRunAlreadyFinalized")


def test_a_run_of_the_future_hinders_nobody_when_the_clock_is_put_back(world: World, device: Device) -> None:
    run = ok(device.start_sync(), 201)["syncRun"]["id"]
    world.clock.forward(days=-1)
    assert [event["id"] for event in device.events_of(start(device))]
    refused(device.finalize(run), "syncRun.syncRunAlreadyFinalized")


@pytest.mark.parametrize("body", [{}, {"type": "Other"}, {"type": "ExternalEventSync", "duration": 0}])
def test_a_run_of_no_kind_is_refused(device: Device, body: dict[str, Any]) -> None:
    refused(device.post("/SyncRuns", body), "invalidPropertyValue")


def test_without_a_datawallet_there_is_no_sync(world: World) -> None:
    device = world.identity()
    with world.backbone._store.engine.begin() as connection:
        connection.exec_driver_sql("update identities set datawallet_version = null")
    not_found(device.start_sync())
    not_found(device.get("/Datawallet"))
    not_found(device.post("/Datawallet/Modifications", {"modifications": []}))


def test_a_failed_event_comes_back_until_its_third_error(device: Device) -> None:
    for errors in range(3):
        run = start(device)
        events = device.events_of(run)
        assert [event["syncErrorCount"] for event in events] == [errors]
        ok(device.finalize(run, failed(events)))
    assert ok(device.start_sync())["status"] == "NoNewEvents"


def test_an_event_missing_in_the_results_counts_as_failed(device: Device) -> None:
    ok(device.finalize(start(device), []))
    [event] = device.events_of(start(device))
    assert event["syncErrorCount"] == 1


def test_failed_events_are_no_reason_to_sync_again_at_once(world: World, device: Device) -> None:
    run = start(device)
    finalized = ok(device.finalize(run, failed(device.events_of(run))))
    assert finalized["newUnsyncedExternalEventsExist"] is False
    run = start(device)
    events = device.events_of(run)
    world.identity().request_relationship(device)
    assert ok(device.finalize(run, failed(events)))["newUnsyncedExternalEventsExist"] is True


def test_events_that_arrive_during_a_run_wait_for_the_next(world: World, device: Device) -> None:
    run = start(device)
    world.identity().request_relationship(device)
    assert [event["index"] for event in device.events_of(run)] == [0]
    ok(device.finalize(run, [{"externalEventId": event["id"]} for event in device.events_of(run)]))
    assert [event["index"] for event in device.events_of(start(device))] == [1]


def test_results_for_events_of_others_change_nothing(world: World, device: Device) -> None:
    other = world.identity()
    world.identity().request_relationship(other)
    other_run = start(other)
    [foreign] = other.events_of(other_run)
    ok(device.finalize(start(device), [{"externalEventId": foreign["id"]}]))
    ok(other.finalize(other_run))
    assert [event["id"] for event in other.events_of(start(other))] == [foreign["id"]]


def test_only_the_device_that_started_a_run_may_use_it(device: Device) -> None:
    second = device.second_device()
    run = start(device)
    refused(
        second.get(f"/SyncRuns/{run}/ExternalEvents"),
        "syncRun.cannotReadExternalEventsOfASyncRunStartedByAnotherDevice",
    )
    refused(second.finalize(run), "syncRun.cannotFinalizeSyncRunStartedByAnotherDevice")


def test_a_run_is_nobody_elses(world: World, device: Device) -> None:
    run, other = start(device), world.identity()
    not_found(other.get(f"/SyncRuns/{run}/ExternalEvents"))
    not_found(other.finalize(run))
    not_found(device.finalize("SYR" + "x" * 17))


def test_a_run_is_finalized_once(device: Device) -> None:
    run = start(device)
    ok(device.finalize(run))
    refused(device.finalize(run), "syncRun.syncRunAlreadyFinalized")


def test_a_run_is_finalized_as_what_it_is(device: Device) -> None:
    run = start(device)
    upgrade = {"newDatawalletVersion": 1, "datawalletModifications": []}
    refused(device.put(f"/SyncRuns/{run}/FinalizeDatawalletVersionUpgrade", upgrade), "syncRun.unexpectedSyncRunType")
    ok(device.finalize(run))
    run = ok(device.post("/SyncRuns", {"type": "DatawalletVersionUpgrade"}), 201)["syncRun"]["id"]
    refused(device.finalize(run), "syncRun.unexpectedSyncRunType")


def test_events_are_paged_by_index(world: World) -> None:
    device = world.identity()
    for _ in range(3):
        new_identity(world.http).request_relationship(device)
    run = start(device)
    pages = [
        device.get(f"/SyncRuns/{run}/ExternalEvents", params={"pageSize": 2, "pageNumber": number}).json()
        for number in (1, 2)
    ]
    assert [[event["index"] for event in page["result"]] for page in pages] == [[0, 1], [2]]
    assert pages[1]["pagination"] == {"pageNumber": 2, "pageSize": 2, "totalPages": 2, "totalRecords": 3}


def test_a_removed_identity_cannot_sync(world: World, device: Device) -> None:
    device.start_deletion(days=0)
    assert world.remove_identities() == [device.address]
    unauthorized(device.start_sync())
