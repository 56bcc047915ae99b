"""What holds for all routes: envelopes, pages, limits, the documentation."""

from pathlib import Path

import pytest

from enmeshed_nb.localnet.backbone import Backbone
from tests.backbone.world import CLIENT, World, ok, refused

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


def test_a_huge_body_is_refused_before_it_is_read(world: World) -> None:
    headers = {"content-length": str(1024**3)}
    refused(world.anyone.call("POST", "/Identities", headers=headers, content=b""), "invalidPropertyValue")


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
