"""What a Connector lets nobody do: send more than it reads, or call it from the pages of others."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from enmeshed_nb.localnet import LocalNetwork
from tests.backbone.test_limits import send
from tests.conftest import enmeshed_nb, until
from tests.host.test_http import API, error_of
from tests.host.test_node import run_with_node

MB = 1_000_000
BUFFERS = 32 * MB
"""What the operating system may hold of what was sent and never read."""
FUTURE = "2099-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def state(network):
    return network.state.connector("sender")


@pytest.fixture(scope="module")
def http(state):
    with httpx.Client(base_url=state.url, headers={"X-API-KEY": state.api_key}, timeout=60) as client:
        yield client


def memory_of_node(network: LocalNetwork) -> int:
    (host,) = (each for each in psutil.Process(network.state.pid).children() if "main.js" in each.cmdline()[-1])
    return int(host.memory_info().rss)


def test_half_open_connections_end():
    run_with_node("serving.test.js", 8)


def chunked(chunk: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(chunk), chunk)


def post(path: str, content_type: str, *headers: str) -> bytes:
    lines = [f"POST {API}{path} HTTP/1.1", "host: localhost", f"content-type: {content_type}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


FORM_START = (
    f'--x\r\ncontent-disposition: form-data; name="expiresAt"\r\n\r\n{FUTURE}\r\n'
    '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
).encode()


FLOODS = {
    "json": ("/Messages", "application/json", (500, "error.connector.unexpected")),  # as a real one
    "form": ("/Messages", "application/x-www-form-urlencoded", (500, "error.connector.unexpected")),
    "file": ("/Files/Own", "multipart/form-data; boundary=x", (413, "error.connector.http.bodyTooLarge")),
    "text": ("/Messages", "text/plain", (400, "error.runtime.validation.invalidPropertyValue")),
    "nowhere": ("/Nowhere", "text/plain", (404, "error.connector.http.routeDoesNotExist")),
}


def flood(url: str, kind: str, how: str, *headers: str) -> tuple[int, str]:
    """Send 200 MB, if they are taken; return the answer's status and code."""
    path, content_type, _ = FLOODS[kind]
    is_announced = how == "announced"
    length = "content-length: 200000000" if is_announced else "transfer-encoding: chunked"
    start = FORM_START if kind == "file" else b"["
    body = (b"[]," * (MB // 3)) if kind == "json" else b"x" * MB
    head = post(path, content_type, *headers, length) + (start if is_announced else chunked(start))
    piece = body if is_announced else chunked(body)
    sent, answer = send(int(url.rpartition(":")[2]), head, (piece for _ in range(200)))
    assert b"connection: close" in answer.lower()
    assert sent < BUFFERS
    return int(answer.split()[1]), json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"]


@pytest.mark.parametrize("how", ["announced", "chunked"])
@pytest.mark.parametrize("kind", FLOODS)
def test_200_mb_are_neither_taken_nor_kept(network, state, how, kind):
    before = memory_of_node(network)
    assert flood(state.url, kind, how, f"x-api-key: {state.api_key}") == FLOODS[kind][2]
    assert memory_of_node(network) < before + 100 * MB  # JavaScript clears up when it likes


def test_200_mb_of_nobody_are_neither_taken_nor_kept(network, state):
    """All at once: who has no key is told so seconds later."""
    before = memory_of_node(network)
    ways = [(kind, how) for kind in FLOODS for how in ("announced", "chunked")]
    with ThreadPoolExecutor(len(ways)) as pool:
        told = list(pool.map(lambda way: flood(state.url, *way), ways))
    assert told == [(401, "error.connector.unauthorized")] * len(ways)
    assert memory_of_node(network) < before + 100 * MB


def test_a_file_may_be_as_large_as_the_runtime_takes_it(http):
    form = {"expiresAt": FUTURE}
    largest = bytes(10 * 1024 * 1024)
    made = http.post(f"{API}/Files/Own", data=form, files={"file": ("a", largest)})
    assert (made.status_code, made.json()["result"]["filesize"]) == (201, len(largest))
    larger = http.post(f"{API}/Files/Own", data=form, files={"file": ("a", largest + b"x")})
    error_of(larger, 400, "error.runtime.validation.invalidPropertyValue")
    much_larger = http.post(f"{API}/Files/Own", data=form, files={"file": ("a", largest + largest)})
    error_of(much_larger, 413, "error.connector.http.bodyTooLarge")


def test_json_up_to_2_mb_is_read_and_the_connection_goes_on(http):
    for size in (2_090_000, 10):
        answer = http.post(f"{API}/Requests/Outgoing/Validate", json={"content": "x" * size})
        error_of(answer, 400, "error.runtime.requestDeserialization")
        assert answer.headers.get("connection") != "close"


def test_much_is_read_of_those_only_who_have_a_key(state, http):
    long, short = ("[" + "[]," * count for count in (50_000, 10))  # no JSON, which is told before the key if it is read
    is_json = {"content-type": "application/json"}
    for known, text, status in (({}, short, 400), ({}, long, 401), (dict(http.headers), long, 400)):
        answer = httpx.post(f"{state.url}{API}/Messages", content=text, headers=known | is_json, timeout=30)
        assert answer.status_code == status


def test_a_form_field_makes_no_list_of_billions(http):
    form = {"expiresAt": FUTURE, "tags[4294967290]": "x"}
    answer = http.post(f"{API}/Files/Own", data=form, files={"file": ("a", b"x")})
    error_of(answer, 400, "error.runtime.validation.invalidPayload")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:80", "127.8.9.10", "[::1]", "[::1]:8090"])
def test_it_answers_to_the_names_of_this_machine(http, host):
    assert http.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "localhost.evil.example", "192.168.0.1", "[::2]", "0.0.0.0", "a b", "[::1"],
)
def test_it_does_not_answer_to_others(http, host):
    for path in ("/health", f"{API}/Account/IdentityInfo", "/Monitoring/Version"):
        error = error_of(http.get(path, headers={"host": host}), 403, "error.connector.http.hostNotAllowed")
        assert f"'{host}'" in error["message"]
        assert "allowedHosts" in error["message"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "http://localhost:80"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_pages_of_others_change_nothing(http, method, origin):
    headers = {"host": "localhost:81", "origin": origin}
    answer = http.request(method, f"{API}/Messages", headers=headers)
    error = error_of(answer, 403, "error.connector.http.originNotAllowed")
    assert f"'{origin}'" in error["message"]


@pytest.mark.parametrize("origin", ["http://localhost:81", "https://localhost:81"])
def test_its_own_pages_may(http, origin):
    headers = {"host": "localhost:81", "origin": origin}
    assert http.post(f"{API}/Account/Sync", headers=headers).status_code == 204
    assert http.get(f"{API}/Messages", headers=headers | {"origin": "https://evil.example"}).status_code == 200


TARGET = "user:pass-w0rd@127.0.0.1:{port}/hook?token=t0k3n#fr4gment"
SECRETS = ("pass-w0rd", "t0k3n", "fr4gment", "h34der")


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNetwork]:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    target = {"url": f"http://{TARGET.format(port=port)}", "headers": {"x-key": "h34der"}}
    webhooks = {"enabled": True, "targets": {"a": target}, "webhooks": [{"triggers": ["**"], "target": "a"}]}
    servers = {
        "named": {"allowedHosts": ["Connector.example", "fd00::1"], "cors": {"origin": "https://page.example"}},
        "open": {"cors": {"origin": True}},
        "wide": {"cors": {"origin": "*"}},
    }
    config = {name: {"infrastructure": {"httpServer": server}} for name, server in servers.items()}
    config["named"]["modules"] = {"webhooks": webhooks}
    folder = tmp_path_factory.mktemp("limits") / "network"
    with LocalNetwork.open(folder, connectors=config, backbone_hosts=["backbone.example"]) as network:
        yield network


def test_names_can_be_allowed(configured):
    url = configured.state.connector("named").url
    for host in ("connector.example", "CONNECTOR.example:8090", "[fd00::1]:80", "localhost"):
        assert httpx.get(f"{url}/health", headers={"host": host}).status_code == 200
    assert httpx.get(f"{url}/health", headers={"host": "evil.example"}).status_code == 403
    backbone = configured.state.backbone.url
    assert httpx.get(f"{backbone}/health", headers={"host": "backbone.example"}).status_code == 200
    assert httpx.get(f"{backbone}/health", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize(
    ("name", "origin", "status"),
    [
        ("named", "https://page.example", 204),
        ("named", "https://evil.example", 403),
        ("open", "https://page.example", 204),
        ("wide", "https://page.example", 204),
        ("wide", "null", 204),
    ],
)
def test_cors_says_whose_pages_may(configured, name, origin, status):
    state = configured.state.connector(name)
    headers = {"x-api-key": state.api_key, "origin": origin}
    assert httpx.post(f"{state.url}{API}/Account/Sync", headers=headers, timeout=30).status_code == status


def test_secrets_of_webhooks_stand_nowhere(configured):
    state = configured.state.connector("named")
    headers = {"x-api-key": state.api_key}
    name = {"@type": "GivenName", "value": "A"}
    made = httpx.post(f"{state.url}{API}/Attributes", json={"content": {"value": name}}, headers=headers, timeout=30)
    assert made.status_code == 201
    data_dir = configured.state.data_dir

    def log() -> str:
        with open(f"{data_dir}/logs/named.log", encoding="utf-8") as lines:  # noqa: PTH123
            return lines.read()

    until(lambda: "attributeCreated could not be sent to http://***@127.0.0.1" in log(), what="the webhook failed")
    shown = [log(), httpx.get(f"{state.url}/Monitoring/Support", headers=headers, timeout=30).text]
    shown += [enmeshed_nb("logs", "--data-dir", data_dir).stdout]
    assert "http://***@127.0.0.1" in shown[1]
    assert [secret for secret in SECRETS for text in shown if secret in text] == []
