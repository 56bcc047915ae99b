"""The HTTP side of a local Connector: what a program that was written for a deployed one relies on."""

import re
import select
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from openapi_spec_validator import validate

from enmeshed_nb.localnet import LocalNetwork, NetworkError

API = "/api/core/v1"
MISSING_MESSAGE = f"{API}/Messages/MSG12345678901234567"


@pytest.fixture(scope="module")
def http(network):
    state = network.state.connector("sender")
    with httpx.Client(base_url=state.url, headers={"X-API-KEY": state.api_key}) as client:
        yield client


@pytest.fixture(scope="module")
def without_key(network):
    with httpx.Client(base_url=network.state.connector("sender").url) as client:
        yield client


def error_of(response, status, code):
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == code
    assert set(error) == {"id", "code", "message", "docs", "time"}
    assert re.fullmatch(r"ERR[A-HJ-NP-Z2-9]{17}", error["id"])
    assert error["docs"] == f"https://enmeshed.eu/integrate/error-codes#{code}"
    return error


def test_success_has_an_envelope_and_content_type(http):
    answer = http.get(f"{API}/Account/IdentityInfo")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert set(answer.json()) == {"result"}
    assert set(answer.json()["result"]) == {"address", "publicKey"}


def test_sync_answers_204_without_a_body(http):
    answer = http.post(f"{API}/Account/Sync")
    assert (answer.status_code, answer.content) == (204, b"")


def test_created_has_a_location(http):
    answer = http.post(f"{API}/Requests/Outgoing/Validate", json={"content": {"items": [item()]}})
    assert answer.status_code == 201
    assert answer.headers["location"] == "_"
    assert answer.json() == {"result": {"isSuccess": True, "items": [{"isSuccess": True, "items": []}]}}


def item(**changes):
    return {"@type": "AuthenticationRequestItem", "mustBeAccepted": True, "title": "x"} | changes


@pytest.mark.parametrize("path", ["/API/Core/v1/account/IDENTITYINFO", f"{API}/Account/IdentityInfo/"])
def test_paths_match_in_any_case_and_with_a_slash_at_the_end(http, path):
    assert http.get(path).status_code == 200


def test_head_works_where_get_does(http):
    answer = http.head(f"{API}/Messages")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("method", ["OPTIONS", "PATCH", "DELETE"])
def test_another_method_is_not_allowed(http, method):
    error_of(http.request(method, f"{API}/Messages"), 405, "error.connector.http.methodNotAllowed")


def test_an_unknown_route_is_told_with_a_key_only(http, without_key):
    error_of(http.get(f"{API}/Nothing"), 404, "error.connector.http.routeDoesNotExist")
    error_of(without_key.get(f"{API}/Nothing"), 401, "error.connector.unauthorized")


def test_a_wrong_key_is_unauthorized(without_key):
    answer = without_key.get(f"{API}/Messages", headers={"X-API-KEY": "wrong"})
    assert error_of(answer, 401, "error.connector.unauthorized")["message"] == "Unauthorized."


def test_broken_json_is_told_even_without_a_key(without_key):
    answer = without_key.post(f"{API}/Messages", content="{", headers={"content-type": "application/json"})
    error_of(answer, 400, "error.connector.validation.invalidJsonInPayload")


@pytest.mark.parametrize("accept", ["text/html", "text/xml"])
def test_an_answer_that_is_not_accepted(http, accept):
    answer = http.get(f"{API}/Messages", headers={"accept": accept})
    error_of(answer, 406, "error.connector.http.notAcceptable")
    assert http.get(f"{API}/RelationshipTemplates", headers={"accept": accept}).status_code == 200


def test_a_body_of_more_than_2_mb_is_refused(http):
    answer = http.post(f"{API}/Requests/Outgoing/Validate", json={"content": "x" * 2_100_000})
    error_of(answer, 500, "error.connector.unexpected")


def test_a_form_is_a_body_too(http, sender, recipient):
    peer = recipient.account.identity_info().address
    answer = http.put(f"{API}/IdentityMetadata", data={"reference": peer, "value": "v"})
    assert answer.status_code == 200
    assert answer.json()["result"]["value"] == "v"


def test_headers_of_every_answer(http):
    answer = http.get(f"{API}/Account/IdentityInfo")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", answer.headers["x-response-time"])
    assert answer.headers["x-response-duration-ms"].isdigit()
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "etag" in answer.headers
    assert "Accept" in answer.headers["vary"].split(", ")
    assert "x-powered-by" not in answer.headers
    assert "x-correlation-id" not in http.get("/health", headers={"x-correlation-id": "mine"}).headers


def test_long_answers_are_compressed(http, sender, recipient):
    peer = recipient.account.identity_info().address
    sender.identity_metadata.upsert(peer, key="long", value="x" * 2000)
    answer = http.get(
        f"{API}/IdentityMetadata", params={"reference": peer, "key": "long"}, headers={"accept-encoding": "gzip"}
    )
    assert answer.headers["content-encoding"] == "gzip"


def test_health_needs_no_key_and_has_no_envelope(without_key):
    answer = without_key.get("/health")
    assert answer.status_code == 200
    services = {"database": "healthy", "backboneConnection": "healthy", "backboneAuthentication": "healthy"}
    assert answer.json() == {"isHealthy": True, "services": services}


def test_monitoring(http, without_key):
    version = http.get("/Monitoring/Version").json()
    assert set(version) == {"version", "build", "date", "commit", "runtimeVersion", "modules"}
    assert version["version"].startswith("7.")
    counted = http.get("/Monitoring/Requests").json()
    assert counted["requestCount"] >= counted["requestCountByStatus"]["200"] > 0
    support = http.get("/Monitoring/Support")
    assert support.json()["version"] == version
    assert http.headers["X-API-KEY"] not in support.text
    assert '"***"' in support.text
    assert without_key.get("/Monitoring/Version").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/Messages/MSG1", None, 400, "error.runtime.validation.invalidPropertyValue"),
        ("GET", "/Messages/MSG12345678901234567", None, 404, "error.runtime.recordNotFound"),
        ("GET", "/Requests/Outgoing/REQ12345678901234567", None, 404, "error.runtime.recordNotFound"),
        ("POST", "/Requests/Outgoing", {}, 400, "error.runtime.requestDeserialization"),
        (
            "POST",
            "/Requests/Outgoing/Validate",
            {"content": {"items": []}},
            400,
            "error.runtime.requestDeserialization",
        ),
        ("POST", "/Messages", {"recipients": [], "content": {}}, 400, "error.runtime.validation.invalidPropertyValue"),
        ("GET", "/Relationships?color=red", None, 400, "error.runtime.validation.invalidPropertyValue"),
        (
            "GET",
            "/IdentityMetadata?reference=did:e:localhost:dids:" + "f" * 22,
            None,
            400,
            "error.runtime.identityMetadata.notFound",
        ),
        ("POST", "/RelationshipTemplates/Own", {"content": {}}, 400, "error.runtime.validation.invalidPropertyValue"),
        ("GET", "/IdentityDeletionProcess", None, 404, "error.connector.http.routeDoesNotExist"),
    ],
)
def test_errors_have_status_and_code(http, method, path, body, status, code):
    error_of(http.request(method, API + path, json=body), status, code)


@pytest.mark.parametrize("action", ["CanAccept", "Accept", "CanReject", "Reject"])
def test_nobody_decides_in_the_name_of_the_automation(http, action):
    body = {"items": [{"accept": True}], "decidedByAutomation": True}
    answer = http.put(f"{API}/Requests/Incoming/REQ12345678901234567/{action}", json=body)
    error_of(answer, 400, "error.connector.incomingRequests.decidedByAutomation")


def test_what_the_backbone_does_not_find_is_a_404(http, network):
    body = {"content": {}, "expiresAt": "2099-01-01T00:00:00Z"}
    token = http.post(f"{API}/Tokens/Own", json=body).json()["result"]
    assert http.delete(f"{API}/Tokens/{token['id']}").status_code == 204
    state = network.state.connector("recipient")
    load = {"reference": token["reference"]["truncated"]}
    answer = httpx.post(f"{state.url}{API}/Tokens/Peer", json=load, headers={"X-API-KEY": state.api_key})
    error_of(answer, 404, "error.runtime.recordNotFound")


def test_a_file_is_found_by_its_id_and_by_its_reference(http):
    form = {"expiresAt": "2099-01-01T00:00:00Z", "title": "A file"}
    made = http.post(f"{API}/Files/Own", data=form, files={"file": ("ä.txt", b"content", "text/plain")})
    file = made.json()["result"]
    assert (made.status_code, file["filename"], file["mimetype"]) == (201, "ä.txt", "text/plain")
    for known in (file["id"], file["reference"]["truncated"]):
        assert http.get(f"{API}/Files/{known}").json()["result"]["id"] == file["id"]
    error_of(http.get(f"{API}/Files/nothing"), 400, "error.runtime.validation.invalidPropertyValue")
    picture = http.get(f"{API}/Files/{file['id']}", headers={"accept": "image/png"})
    assert (picture.headers["content-type"], picture.content[:4]) == ("image/png", b"\x89PNG")
    download = http.get(f"{API}/Files/{file['id']}/Download")
    assert download.content == b"content"
    assert download.headers["content-disposition"] == "attachment;filename=%C3%A4.txt"


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("status={status}", True),
        ("status=Open&status={status}", True),
        ("status=!{status}", False),
        ("status=!Nothing", True),
        ("response", "completed"),
        ("response.createdAt=!", "not completed"),
        ("id={id}", True),
        ("id=^{prefix}", True),
        ("id=${suffix}", True),
        ("id=~{middle}", True),
        ("createdAt=>2020-01-01", True),
        ("createdAt=<2020-01-01", False),
        ("status={status}&id=REQ12345678901234567", False),
        ("color=red", True),
    ],
)
def test_filters(http, sender, recipient, query, finds):
    peer = recipient.account.identity_info().address
    created = sender.requests.outgoing.create({"items": [item()]}, peer)
    values = {"status": "Draft", "id": created.id, "prefix": created.id[:9], "suffix": created.id[-9:]}
    if query == "response":
        query = "response.createdAt="
    answer = http.get(f"{API}/Requests/Outgoing?{query.format(middle=created.id[5:15], **values)}")
    assert answer.status_code == 200
    found = created.id in [each["id"] for each in answer.json()["result"]]
    assert found == {"completed": False, "not completed": True}.get(finds, finds)


KEY = "a-KEY-of-my-own-with-2-digits-0123456789"


@pytest.fixture(scope="module")
def debugging(tmp_path_factory):
    """The URL of a Connector in debug mode with several keys."""
    keys = {
        "all": {"key": KEY},
        "some": {"key": KEY + "-1", "scopes": ["core:requests:**", "core:account"]},
        "star": {"key": KEY + "-2", "scopes": ["core:*"]},
        "none": {"key": KEY + "-5", "scopes": []},
        "off": {"key": KEY + "-3", "enabled": False},
        "old": {"key": KEY + "-4", "expiresAt": "2020-01-01T00:00:00Z"},
    }
    server = {"httpServer": {"authentication": {"apiKey": {"keys": keys}}}}
    config = {"special": {"infrastructure": server, "debug": True}}
    with LocalNetwork.open(tmp_path_factory.mktemp("debug") / "network", connectors=config) as network:
        assert network.state.connector("special").api_key == KEY
        yield network.state.connector("special").url


@pytest.mark.parametrize(
    ("suffix", "path", "status"),
    [
        ("", "/Monitoring/Version", 200),
        ("-1", f"{API}/Account/SyncInfo", 200),
        ("-1", f"{API}/Requests/Outgoing", 200),
        ("-1", f"{API}/Messages", 403),
        ("-1", "/Monitoring/Version", 403),
        ("-2", f"{API}/Messages", 200),
        ("-2", "/Monitoring/Version", 403),
        ("-3", f"{API}/Messages", 401),
        ("-4", f"{API}/Messages", 401),
        ("-5", f"{API}/Messages", 403),
        ("-5", "/Monitoring/Version", 403),
        ("-5", f"{API}/Nothing", 404),
    ],
)
def test_what_a_key_is_good_for(debugging, suffix, path, status):
    answer = httpx.get(debugging + path, headers={"X-API-KEY": KEY + suffix})
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "error.connector.forbidden"


def test_debug_tells_more_and_can_delete_an_identity(debugging):
    path, headers = f"{debugging}{API}/IdentityDeletionProcess", {"X-API-KEY": KEY}
    refused = httpx.get(path, headers=headers)
    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["code"] == "error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess"
    assert error["stacktrace"]
    started = httpx.post(path, headers=headers, params={"lengthOfGracePeriodInDays": 7})
    assert (started.status_code, started.json()["result"]["status"]) == (200, "Active")
    assert httpx.get(path, headers=headers).json()["result"]["id"] == started.json()["result"]["id"]
    cancelled = httpx.delete(path, headers=headers)
    assert (cancelled.status_code, cancelled.json()["result"]["status"]) == (200, "Cancelled")


def test_the_documentation_of_the_api(debugging):
    document = httpx.get(f"{debugging}/docs/json").json()
    validate(document)
    operations = [(method, path) for path, methods in document["paths"].items() for method in methods]
    assert len(operations) == 85
    post = document["paths"][f"{API}/Messages"]["post"]
    assert post["requestBody"]["content"]["application/json"]["schema"]["required"] == ["content", "recipients"]
    filters = {each["name"] for each in document["paths"][f"{API}/Requests/Incoming"]["get"]["parameters"]}
    assert {"source.reference", "status"} <= filters
    as_yaml = httpx.get(f"{debugging}/docs/yaml")
    assert as_yaml.headers["content-type"].startswith("text/vnd.yaml")
    assert yaml.safe_load(as_yaml.text) == document


@pytest.mark.parametrize("path", ["/docs", "/docs/swagger/", "/docs/rapidoc", "/docs/rapidoc/"])
def test_pages_show_the_documentation_by_what_is_there(debugging, path):
    page = httpx.get(debugging + path, follow_redirects=True)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    loaded = re.findall(r'(?:src|href|spec-url)="([^"]+)"', page.text)
    assert loaded
    for each in loaded:
        asset = httpx.get(page.url.join(each))
        assert asset.status_code == 200, each
        if each.endswith(".js"):
            assert "javascript" in asset.headers["content-type"]
            assert "'unsafe-inline'" in page.headers["content-security-policy"]


def test_rapidoc_is_rapidoc(debugging):
    assert '<rapi-doc spec-url="/docs/json"' in httpx.get(f"{debugging}/docs/rapidoc").text
    assert "rapi-doc" in httpx.get(f"{debugging}/rapidoc/rapidoc-min.js").text


def test_the_icon_of_the_documentation(debugging):
    icon = httpx.get(f"{debugging}/favicon.ico")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/png")


def test_the_old_path_of_the_documentation_is_no_way_around_the_key(debugging):
    assert httpx.get(f"{debugging}/api-docs").status_code == 401


def test_without_debug_there_is_no_documentation(http):
    for path in ("/docs/json", "/docs/rapidoc", "/rapidoc/rapidoc-min.js", "/favicon.ico"):
        assert http.get(path).status_code == 404


def test_an_attribute_is_not_made_the_default_of_its_kind(debugging):
    """The switch for that is one of the Runtime's internals (internals.js, openIdentity)."""
    body = {"content": {"value": {"@type": "Nationality", "value": "DE"}}}
    answer = httpx.post(f"{debugging}{API}/Attributes", json=body, headers={"X-API-KEY": KEY})
    assert answer.status_code == 201, answer.text
    assert "isDefault" not in answer.json()["result"]


def bodies_without_a_schema(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in ("post", "put") and "requestBody" not in operation:
                yield path.removeprefix(API)


def test_the_documentation_knows_each_body(debugging):
    document = httpx.get(f"{debugging}/docs/json").json()
    without = sorted(bodies_without_a_schema(document))
    actions = ("Accept", "Reject", "Revoke", "Terminate", "Reactivate")
    relationship = [path for path in without if path.startswith("/Relationships/{id}/")]
    assert {path.split("/")[-1] for path in relationship} == set(actions)
    assert sorted(set(without) - set(relationship)) == ["/Account/Sync", "/IdentityDeletionProcess"]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"weak": {"key": "short"}}, "too weak"),
        ({"one": {"key": KEY}, "two": {"key": KEY}}, "the same as another one"),
        ({"off": {"key": KEY, "enabled": False}}, "no valid API key"),
    ],
)
def test_a_connector_with_bad_keys_does_not_start(network, keys, said):
    special = {"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": keys}}}}}
    with pytest.raises(NetworkError, match=said):
        LocalNetwork.open(network.state.data_dir, connectors={"special": special})


def test_no_server_ends_an_idle_connection(network):
    """A call that is sent at that moment would fail; libraries' usual limit is five seconds."""
    connections = []
    for url in (network.state.backbone.url, network.state.connector("sender").url):
        connection = HTTPConnection(urlsplit(url).hostname, urlsplit(url).port, timeout=5)
        connection.request("GET", "/health")
        connection.getresponse().read()
        connections.append(connection)
    ended, _, _ = select.select([each.sock for each in connections], [], [], 6.5)
    assert not ended
    for connection in connections:
        connection.close()
