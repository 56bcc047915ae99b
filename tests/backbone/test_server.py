"""The Backbone behind a real server: kill -9, many callers at once, streams."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx import Client

from enmeshed_nb.localnet.backbone import Backbone
from tests.backbone.process import Process
from tests.backbone.world import Device, InProcess, new_identity, ok, unauthorized


@pytest.fixture
def http(served: Process) -> Iterator[Client]:
    with Client(base_url=served.url, timeout=30) as client:
        yield client


def friends(http: Client) -> tuple[Device, Device, str]:
    one, other = new_identity(http), new_identity(http)
    relationship = one.request_relationship(other)
    ok(other.act(relationship, "Accept"))
    return one, other, relationship


def test_what_was_answered_survives_kill_9(served: Process, http: Client) -> None:
    sender, recipient, relationship = friends(http)
    messages = [ok(sender.send(recipient), 201)["id"] for _ in range(5)]
    assert served.end(signal.SIGKILL) == -signal.SIGKILL
    served.start()
    with Client(base_url=served.url, timeout=30) as again:
        sender.http = recipient.http = again
        assert ok(recipient.get(f"/Relationships/{relationship}"))["status"] == "Active"
        events = recipient.sync()
        assert [payload["id"] for kind, payload in events if kind == "MessageReceived"] == messages
        assert all(ok(recipient.get(f"/Messages/{message}"))["body"] == "cipher" for message in messages)
        assert sender.log_in(sender.username, "pass").status_code == 200


def test_of_ten_devices_that_start_a_run_at_once_one_does(http: Client) -> None:
    first = new_identity(http)
    devices = [first, *(first.second_device() for _ in range(9))]
    new_identity(http).request_relationship(first)
    barrier = threading.Barrier(len(devices))

    def start(device: Device) -> Any:
        with Client(base_url=http.base_url, timeout=30) as own:
            device.http = own
            barrier.wait()
            return device.start_sync()

    with ThreadPoolExecutor(len(devices)) as pool:
        answers = list(pool.map(start, devices))
    assert sorted(answer.status_code for answer in answers) == [201, *[400] * 9]
    codes = {answer.json()["error"]["code"].rpartition(".")[2] for answer in answers if answer.status_code == 400}
    assert codes == {"cannotStartSyncRunWhenAnotherSyncRunIsRunning"}


def test_parallel_callers_leave_the_series_whole(http: Client) -> None:
    senders = [new_identity(http) for _ in range(6)]
    recipient = new_identity(http)
    for sender in senders:
        ok(recipient.act(sender.request_relationship(recipient), "Accept"))

    def send(sender: Device) -> None:
        with Client(base_url=http.base_url, timeout=30) as own:
            sender.http = own
            for _ in range(10):
                ok(sender.send(recipient), 201)

    with ThreadPoolExecutor(len(senders)) as pool:
        list(pool.map(send, senders))
    run = ok(recipient.start_sync(), 201)["syncRun"]["id"]
    events = ok(recipient.get(f"/SyncRuns/{run}/ExternalEvents", params={"pageSize": 200}))
    assert [event["index"] for event in events] == list(range(len(senders) * 11))


def test_two_apps_in_two_threads_share_the_file(tmp_path: Path) -> None:
    backbone = Backbone(tmp_path, clients={"test": "secret"})

    def work(_: int) -> str:
        with Client(transport=InProcess(backbone.app), base_url="http://localhost") as client:
            return new_identity(client).address

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(work, range(12)))) == 12
    backbone.close()


@contextmanager
def streaming(device: Device) -> Iterator[Iterator[str]]:
    with (
        Client(base_url=device.http.base_url, timeout=30) as own,
        own.stream("GET", "/api/v1/sse", headers={"Authorization": f"Bearer {device.token}"}) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield (line for line in answer.iter_lines() if line.startswith("event:"))


def test_a_stream_tells_of_new_events(http: Client) -> None:
    one, other, _ = friends(http)
    with streaming(other) as events:
        for _ in range(2):
            ok(one.send(other), 201)
            assert next(events) == "event: ExternalEventCreated"
        ok(other.act(ok(one.get("/Relationships"))[0]["id"], "Terminate"))
        ok(one.send(other), 201)  # blocked: no news
        ok(one.act(ok(one.get("/Relationships"))[0]["id"], "Reactivate"))
        assert next(events) == "event: ExternalEventCreated"


def test_a_stream_needs_a_login(http: Client) -> None:
    unauthorized(http.get("/api/v1/sse"))


def test_an_open_stream_neither_locks_the_file_nor_blocks_the_end(served: Process, http: Client) -> None:
    one, other, _ = friends(http)
    with streaming(other), streaming(one):
        ok(one.send(other), 201)
        assert served.end(signal.SIGTERM) in (0, -signal.SIGTERM)
