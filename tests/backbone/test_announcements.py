"""Announcements and their admin API."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx import Response

from tests.backbone.world import ADMIN_KEY, Device, World, ok, refused, unauthorized

TEXTS = [
    {"language": "en", "title": "Hello", "body": "World"},
    {"language": "de", "title": "Hallo", "body": "Welt"},
]
Announce = Callable[..., Response]


@pytest.fixture
def announce(world: World) -> Announce:
    def post(**changes: Any) -> Response:
        body = {"severity": "Low", "isSilent": False, "texts": TEXTS, "actions": []} | changes
        return world.admin.post("/api/v1/Announcements", json=body)

    return post


def read(device: Device, language: str = "en") -> Any:
    return ok(device.get("/Announcements", params={"language": language}))


def test_an_announcement_is_read_in_the_callers_language(world: World, announce: Announce) -> None:
    action = {"displayName": {"en": "More", "de": "Mehr"}, "link": "https://example.org"}
    made = ok(announce(actions=[action]), 201)
    device = world.identity()
    [german] = read(device, "de")
    assert german.pop("createdAt").endswith("Z")
    assert german == {
        "id": made["id"],
        "expiresAt": None,
        "severity": "Low",
        "title": "Hallo",
        "body": "Welt",
        "iqlQuery": None,
        "actions": [{"displayName": "Mehr", "link": "https://example.org"}],
    }
    [french] = read(device, "fr")
    assert (french["title"], french["actions"][0]["displayName"]) == ("Hello", "More")


def test_an_announcement_for_some_is_read_by_them_only(world: World, announce: Announce) -> None:
    named, other = world.identity(), world.identity()
    ok(announce(recipients=[named.address]), 201)
    assert len(read(named)) == 1
    assert read(other) == []


def test_an_announcement_expires(world: World, announce: Announce) -> None:
    device = world.identity()
    ok(announce(expiresAt=world.clock.then(minutes=1)), 201)
    assert len(read(device)) == 1
    world.clock.forward(minutes=1)
    assert read(device) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"texts": TEXTS[1:]},
        {"texts": []},
        {"severity": "Huge"},
        {"expiresAt": "2026-01-02T03:04:04Z"},
        {"recipients": ["somebody"]},
        {"actions": [{"displayName": {"de": "Mehr"}, "link": "x"}]},
    ],
)
def test_fields_out_of_bounds(announce: Announce, changes: dict[str, Any]) -> None:
    refused(announce(**changes), "invalidPropertyValue")


@pytest.mark.parametrize("key", ["", "guess", "key2"])
@pytest.mark.parametrize("body", [b"", b"{", b"{}"])
def test_the_admin_api_needs_its_key_before_it_looks_at_anything(world: World, key: str, body: bytes) -> None:
    headers = {"x-api-key": key, "content-type": "application/json"}
    for path in ("Announcements", "IdentityRemovals"):
        unauthorized(world.admin.post(f"/api/v1/{path}", headers=headers, content=body))
    unauthorized(world.admin.get("/api/v1/xsrf", headers=headers))


def test_the_xsrf_token_is_text_and_cookie(world: World) -> None:
    answer = world.admin.get("/api/v1/xsrf")
    assert answer.text in answer.cookies.values()


def test_the_consumer_api_has_no_administration(world: World) -> None:
    for path in ("Announcements", "IdentityRemovals"):
        answer = world.http.post(f"/api/v1/{path}", json={}, headers={"x-api-key": ADMIN_KEY})
        assert answer.status_code == 404
