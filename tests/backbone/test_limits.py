"""How much is read of a body: nothing if it says that it is too large, else no more than it may have."""

import asyncio
import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from enmeshed_nb.localnet import patience
from enmeshed_nb.localnet.backbone import Backbone
from enmeshed_nb.localnet.backbone.limits import ANYONES_BODY, LARGEST_BODY
from enmeshed_nb.localnet.ports import bind
from enmeshed_nb.localnet.serving import Server
from tests.backbone.process import Process
from tests.backbone.world import World, ok
from tests.conftest import until

MB = 1_000_000
CHUNK = 16 * 1024
JSON = (b"content-type", b"application/json")
ROUTES = [
    ("/connect/token", ANYONES_BODY, None, 400),
    ("/api/v2/Identities", ANYONES_BODY, None, 400),
    ("/api/v2/Tokens", ANYONES_BODY, None, 401),
    ("/api/v2/Tokens", LARGEST_BODY, "logged in", 400),
    ("/api/v2/Devices", ANYONES_BODY, None, 401),
    ("/api/v2/Devices", ANYONES_BODY, "logged in", 400),
    ("/api/v2/Messages", ANYONES_BODY, None, 401),
    ("/api/v2/Messages", LARGEST_BODY, "logged in", 400),
    ("/api/v2/Files", ANYONES_BODY, None, 401),
]


class Upload:
    """A call of the application that sends a body without an end, and counts what is read of it."""

    def __init__(self, world: World, path: str, *headers: tuple[bytes, bytes]) -> None:
        self.read = 0
        self.answer: dict[str, Any] = {}
        self.body = b""
        sent = [(b"host", b"localhost"), *headers]
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": sent}
        asyncio.run(world.backbone.app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        self.read += CHUNK
        return {"type": "http.request", "body": b"x" * CHUNK, "more_body": True}

    async def _send(self, message: Any) -> None:
        self.answer |= message
        self.body += message.get("body", b"")

    @property
    def ends_the_connection(self) -> bool:
        return (b"connection", b"close") in self.answer["headers"]


@pytest.mark.parametrize(("path", "largest", "login", "status"), ROUTES)
def test_what_turns_out_to_be_too_large_is_read_up_to_the_limit_of_the_route(
    world: World, path: str, largest: int, login: str | None, status: int
) -> None:
    content_type = (b"content-type", b"multipart/form-data; boundary=x") if path.endswith("Files") else JSON
    if path == "/connect/token":
        content_type = (b"content-type", b"application/x-www-form-urlencoded")
    headers = [content_type, (b"transfer-encoding", b"chunked")]
    if login:
        headers.append((b"authorization", f"Bearer {world.identity().token}".encode()))
    upload = Upload(world, path, *headers)
    assert (upload.answer["status"], upload.ends_the_connection) == (status, True), upload.body
    assert set(json.loads(upload.body)["error"]) == {"id", "code", "message", "docs", "time", "data"}
    assert upload.read <= largest + CHUNK
    assert upload.read > largest or path.endswith("Files")  # "xxx" is no form, which is told earlier


@pytest.mark.parametrize(("path", "largest", "login", "status"), ROUTES)
def test_nothing_is_read_of_what_says_that_it_is_too_large(
    world: World, path: str, largest: int, login: str | None, status: int
) -> None:
    headers = [JSON, (b"content-length", str(largest + 1).encode())]
    if login:
        headers.append((b"authorization", f"Bearer {world.identity().token}".encode()))
    upload = Upload(world, path, *headers)
    assert (upload.answer["status"], upload.read) == (status, 0)
    assert upload.ends_the_connection


def test_whoever_is_known_may_send_more_than_anyone(world: World) -> None:
    device = world.identity()
    content = "x" * 10 * 1024 * 1024
    ok(device.post("/Tokens", {"content": content, "expiresAt": world.clock.then(days=1)}), 201)


def test_the_admin_api_reads_nothing_without_its_key(world: World) -> None:
    answer = world.admin.post("/api/v1/Announcements", content=b"x" * 2 * ANYONES_BODY, headers={"x-api-key": "guess"})
    assert answer.status_code == 401


def send(port: int, head: bytes, chunks: Iterator[bytes]) -> tuple[int, bytes]:
    """Send a request by a socket as long as it is taken; return how many bytes were, and all that is answered."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(head)
        try:
            for chunk in chunks:
                connection.sendall(chunk)
                sent += len(chunk)
        except ConnectionError:
            pass
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except ConnectionError:
            pass
    return sent, answer


@pytest.mark.parametrize("path", ["/api/v2/Identities", "/api/v2/Messages", "/api/v2/Nothing", "/api/v2/Version"])
@pytest.mark.parametrize("is_announced", [True, False])
def test_300_mb_of_anyone_are_neither_taken_nor_kept(served: Process, path: str, is_announced: bool) -> None:
    httpx.get(f"{served.url}/health")
    before = psutil.Process(served.process.pid).memory_info().rss
    body = b"[" + b"[]," * (MB // 3)  # what a small text becomes when it is read: 26 times as much
    length = b"content-length: 300000000" if is_announced else b"transfer-encoding: chunked"
    head = b"POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n%s\r\n\r\n" % (
        path.encode(),
        length,
    )
    chunk = body if is_announced else b"%x\r\n%s\r\n" % (len(body), body)
    sent, answer = send(served.listener.getsockname()[1], head, (chunk for _ in range(300)))
    assert answer.startswith(b"HTTP/1.1 4"), answer
    assert b"connection: close" in answer
    assert sent < 32 * MB  # buffers of the operating system
    assert psutil.Process(served.process.pid).memory_info().rss < before + 32 * MB
    assert httpx.get(f"{served.url}/health").status_code == 200


def test_a_short_body_that_nobody_reads_does_not_end_the_connection(served: Process) -> None:
    with httpx.Client(base_url=served.url, timeout=60) as http:
        for _ in range(2):
            answer = http.put("/api/v2/Relationships/REL/Reject", json={"a": "x" * 1000})
            assert (answer.status_code, answer.headers.get("connection")) == (401, None)


HALVES = {
    "nothing": b"",
    "half a head": b"POST /api/v2/Identities HTTP/1.1\r\nhost: localh",
    "half a body": b"POST /api/v2/Identities HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{",
    "half a chunk": b"POST /api/v2/Identities HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
    "a second head": b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
}


def is_ended(connection: socket.socket, drip: bytes) -> bool:
    """Send some bytes more; tell whether the other side has ended the connection."""
    connection.settimeout(0.1)
    try:
        connection.sendall(drip)
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize("half", HALVES)
def test_a_connection_whose_request_does_not_arrive_is_ended(
    half: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 0 < patience.HEAD_TIMEOUT <= patience.BODY_TIMEOUT < 600
    monkeypatch.setattr(patience, "HEAD_TIMEOUT", 0.3)
    monkeypatch.setattr(patience, "BODY_TIMEOUT", 0.6)
    with Backbone(tmp_path, clients={}) as backbone, Server(backbone.app, bind(0, "a test")) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(HALVES[half])
            if half == "a second head":
                assert connection.recv(65536).startswith(b"HTTP/1.1 200")
                connection.sendall(HALVES["half a head"])
            drip = b"x" if "body" in half else b""  # wins no time
            until(lambda: is_ended(connection, drip), what="the connection is ended")
        assert httpx.get(f"http://127.0.0.1:{server.port}/health").status_code == 200


def test_a_connection_between_two_requests_may_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Backbone(tmp_path, clients={}) as backbone, Server(backbone.app, bind(0, "a test")) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", "/health")
        first = connection.sock
        assert connection.getresponse().read()
        monkeypatch.setattr(patience, "HEAD_TIMEOUT", 0.1)
        assert not is_ended(first, b"")
        assert not is_ended(first, b"")
        first.settimeout(30)
        connection.request("GET", "/health")
        assert connection.sock is first
        assert connection.getresponse().read()
        connection.close()


def test_a_file_of_the_largest_size_arrives(world: World) -> None:
    device = world.identity()
    fields = {"cipherHash": "h", "expiresAt": world.clock.then(days=1), "encryptedProperties": "p"}
    content = {"content": ("content", bytes(20 * 1024 * 1024), "application/octet-stream")}
    ok(device.post("/Files", data=fields, files=content), 201)


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A Backbone behind the server of a network."""
    with Backbone(tmp_path, clients={}) as backbone, Server(backbone.app, bind(0, "a test")) as server:
        yield server.port


def test_each_call_is_logged_in_a_line(port: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "uvicorn.access")
    with httpx.Client(base_url=f"http://localhost:{port}") as http:
        http.get("/health?a=b c")
        http.delete("/api/v2/Version")
    expected = [("GET /health?a=b%20c HTTP/1.1", 200), ("DELETE /api/v2/Version HTTP/1.1", 405)]

    def logged() -> list[Any]:
        return [(record.getMessage().split('"')[1], record.args[-1]) for record in caplog.records if record.args]

    until(lambda: logged() == expected, what="both calls are logged")


def test_headers_without_an_end_are_refused(port: int) -> None:
    head = b"GET /health HTTP/1.1\r\nhost: localhost\r\n"
    sent, answer = send(port, head, (b"x-more: %s\r\n" % (b"x" * 1000) for _ in range(10_000)))
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert sent < 8 * MB  # buffers of the operating system


def test_what_follows_a_body_is_no_header(port: int) -> None:
    head = b"PUT /api/v2/Nothing HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    _, answer = send(port, head + b"0\r\norigin: https://evil.example\r\n\r\n", iter(()))
    assert answer.startswith(b"HTTP/1.1 404"), answer


def test_requests_that_arrive_at_once_are_answered_in_their_order(port: int) -> None:
    one = b"GET /%s HTTP/1.1\r\nhost: localhost\r\n%s\r\n"
    _, answer = send(port, one % (b"health", b"") + one % (b"nothing", b"connection: close\r\n"), iter(()))
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404"]
