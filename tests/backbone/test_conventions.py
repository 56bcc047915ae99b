"""What holds for all routes: envelopes, pages, limits, the documentation."""

from pathlib import Path

import pytest

from enmeshed_nb.localnet.backbone import Backbone
from tests.backbone.world import CLIENT, World, nested, ok, refused

INPUT = "error.platform.inputCannotBeParsed"


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[1,", b"nonsense"])
def test_malformed_json_is_a_400(world: World, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = world.anyone.call("POST", "/Identities", headers=headers, content=body)
    refused(answer, INPUT if body else "invalidPropertyValue")


@pytest.mark.parametrize("body", [[], "text", 1, None, {"type": []}, {"type": "ExternalEventSync", "duration": 1e99}])
def test_json_of_the_wrong_shape_is_a_400(world: World, body: object) -> None:
    refused(world.identity().post("/SyncRuns", body), "invalidPropertyValue")


@pytest.mark.parametrize("index", ["x", "1" * 30])
def test_a_query_of_the_wrong_shape_is_a_400(world: World, index: str) -> None:
    refused(world.identity().get("/Datawallet/Modifications", params={"localIndex": index}), "invalidPropertyValue")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_malformed_form_is_a_400(world: World, content_type: str) -> None:
    headers = {"content-type": content_type}
    refused(world.identity().post("/Files", headers=headers, content=b"rubbish"), INPUT)


def test_a_huge_body_is_too_large(world: World) -> None:
    answer = world.anyone.call("POST", "/Identities", headers={"content-length": str(1024**3)}, content=b"")
    assert refused(answer, "invalidPropertyValue")["message"] == "The body is too large."


@pytest.mark.parametrize("path", ["/Files", "/Messages", "/Tokens", "/Relationships", "/RelationshipTemplates"])
def test_a_page_has_1_to_200_entries(world: World, path: str) -> None:
    device = world.identity()
    for size in ("0", "-1", "201", "x", "9" * 30):
        refused(device.get(path, params={"pageSize": size}), "pagination.invalidPageSize")
    ok(device.get(path, params={"pageSize": "200"}))


@pytest.mark.parametrize("number", ["0", "x", "9" * 30])
def test_a_page_number_starts_at_1(world: World, number: str) -> None:
    refused(world.identity().get("/Files", params={"pageNumber": number}), "pagination.invalidPageSize")


def test_a_page_has_50_entries_unless_told(world: World) -> None:
    device = world.identity()
    for _ in range(51):
        device.template()
    page = device.get("/RelationshipTemplates").json()
    assert len(page["result"]) == 50
    assert page["pagination"] == {"pageNumber": 1, "pageSize": 50, "totalPages": 2, "totalRecords": 51}
    assert len(ok(device.get("/RelationshipTemplates", params={"pageNumber": 2}))) == 1


def test_an_unknown_route_has_the_envelope(world: World) -> None:
    refused(world.anyone.get("/Nothing"), "error.platform.routeNotFound", 404)
    refused(world.anyone.delete("/Version"), "error.platform.methodNotAllowed", 405)


def test_version_and_health(world: World) -> None:
    assert ok(world.anyone.get("/Version")) == {"majorVersion": "7"}
    assert world.http.get("/health").status_code == 200


def test_tags_are_sent_once(world: World) -> None:
    device = world.identity()
    answer = device.get("/Tags")
    assert ok(answer) == {"supportedLanguages": ["en"], "tagsForAttributeValueTypes": {}}
    again = device.get("/Tags", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    ok(device.get("/Tags", headers={"if-none-match": '"other"'}))


def test_the_documentation_works_offline(world: World) -> None:
    page = world.http.get("/docs").text
    assert "https://" not in page
    assert "/static-offline-docs/swagger-ui.css" in page
    paths = world.http.get("/openapi.json").json()["paths"]
    assert {"/connect/token", "/api/v2/Files", "/api/v1/sse", "/health"} <= set(paths)
    assert not any("422" in method["responses"] for path in paths.values() for method in path.values())


def test_the_host_name_is_part_of_addresses(tmp_path: Path) -> None:
    world = World(tmp_path, hostname="backbone.example")
    assert world.identity().address.startswith("did:e:backbone.example:dids:")
    world.close()


def test_what_was_stored_is_there_in_the_next_backbone(world: World) -> None:
    device = world.identity()
    world.backbone.close()
    world.backbone = Backbone(world.folder, clients={CLIENT["clientId"]: CLIENT["clientSecret"]}, clock=world.clock)
    ok(device.get("/Devices/Self"))


OPEN = {
    *(
        ("GET", path)
        for path in ("/health", "/api/v2/Version", "/api/v2/Identities/IsDeleted", "/api/v2/Tokens/{token_id}")
    ),
    *(("POST", path) for path in ("/connect/token", "/api/v2/Identities", "/api/v2/Challenges", "/api/v2/Tokens")),
}
BODIES: list[tuple[str, bytes]] = [
    *(("application/json", body) for body in (b"", b"{", b"\xff", b"{}", b"[]", b'{"type": 1}', nested().encode())),
    *(("text/plain", body) for body in (b"", b"text")),
    *(("multipart/form-data; boundary=x", body) for body in (b"", b"rubbish", b"--x--")),
]


def test_who_is_not_logged_in_is_told_that_first_on_every_route_but_the_open_ones(world: World) -> None:
    paths = world.http.get("/openapi.json").json()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert routes > OPEN
    wrong = [{}, {"authorization": "Bearer guess"}, {"authorization": "Basic dGVzdA=="}]
    for method, path in sorted(routes - OPEN):
        for content_type, body in BODIES:
            for headers in wrong:
                answer = world.http.request(
                    method, path, headers={"content-type": content_type, **headers}, content=body
                )
                assert answer.status_code == 401, (method, path, content_type, body[:20], headers, answer.text)
        answer = world.http.request(method, path, headers={"content-length": str(1024**3)})
        assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize("depth", [900, 100_000])
def test_a_body_may_be_nested_as_deeply_as_it_likes(world: World, depth: int) -> None:
    device, headers = world.identity(), {"content-type": "application/json"}
    for method, path in (("POST", "/Devices"), ("POST", "/Identities"), ("PUT", "/Devices/Self")):
        answer = device.call(method, path, headers=headers, content=nested(depth))
        refused(answer, INPUT if depth > 1000 else "invalidPropertyValue")


@pytest.mark.parametrize("version", ["x", "²", "-1", "9" * 5000, "0"])
def test_a_version_of_the_datawallet_that_is_none_is_too_old(world: World, version: str) -> None:
    headers = {"x-supported-datawallet-version": version.encode("latin-1")}
    answer = world.identity().get("/Datawallet/Modifications", headers=headers)
    refused(answer, "datawallet.insufficientSupportedDatawalletVersion")


@pytest.mark.parametrize("path", ["/RelationshipTemplates", "/Notifications"])
def test_half_a_character_is_a_400(world: World, path: str) -> None:
    body = b'{"password": "\\ud800", "recipients": ["\\ud800"], "code": "TestCode"}'
    answer = world.identity().post(path, headers={"content-type": "application/json"}, content=body)
    refused(answer, "invalidPropertyValue")
    assert world.rows("select * from relationship_templates") == []


def test_half_a_character_may_be_what_is_wrong(world: World) -> None:
    action = b'{"severity": "Low", "texts": [], "actions": [{"link": "x", "displayName": {"\\ud800": 1}}]}'
    headers = {"content-type": "application/json"}
    refused(world.admin.post("/api/v1/Announcements", headers=headers, content=action), "invalidPropertyValue")


def test_one_asks_for_a_thousand_messages_at_most(world: World) -> None:
    device = world.identity()
    assert ok(device.get("/Messages", params={"ids": ["x"] * 1000})) == []
    refused(device.get("/Messages", params={"ids": ["x"] * 1001}), "invalidPropertyValue")
