"""Tokens: for whoever has the reference, the password, the right address, in time."""

from typing import Any

import pytest

from tests.backbone.world import Caller, Device, World, forbidden, not_found, ok, refused


@pytest.fixture
def owner(world: World) -> Device:
    return world.identity()


def create(world: World, caller: Caller, **fields: Any) -> Any:
    return caller.post("/Tokens", {"content": "cipher", "expiresAt": world.clock.then(days=1)} | fields)


def token(world: World, caller: Caller, **fields: Any) -> str:
    return str(ok(create(world, caller, **fields), 201)["id"])


def fetch(caller: Caller, token: str, **params: str) -> Any:
    return caller.get(f"/Tokens/{token}", params=params)


def test_anyone_can_fetch_a_token(world: World, owner: Device) -> None:
    made = token(world, owner)
    for caller in (world.anyone, world.identity(), owner):
        read = ok(fetch(caller, made))
        assert (read["content"], read["createdBy"], read["createdByDevice"], read["forIdentity"]) == (
            "cipher",
            owner.address,
            owner.id,
            None,
        )


def test_a_token_expires(world: World, owner: Device) -> None:
    made = token(world, owner, expiresAt=world.clock.then(minutes=1))
    world.clock.forward(minutes=1)
    not_found(fetch(world.anyone, made))
    assert ok(owner.get("/Tokens")) == []


@pytest.mark.parametrize("password", [{}, {"password": "guess"}])
def test_a_token_with_a_password(world: World, owner: Device, password: dict[str, str]) -> None:
    made, guest = token(world, owner, password="salted"), world.identity()
    for caller in (world.anyone, guest):
        assert "If a password is required" in not_found(fetch(caller, made, **password))["message"]
        ok(fetch(caller, made, password="salted"))
    ok(fetch(guest, made))
    ok(fetch(owner, made))


def test_a_token_for_somebody_is_nobody_elses(world: World, owner: Device) -> None:
    guest = world.identity()
    made = token(world, owner, forIdentity=guest.address)
    not_found(fetch(world.anyone, made))
    not_found(fetch(world.identity(), made))
    assert ok(fetch(guest, made))["forIdentity"] == guest.address


@pytest.mark.parametrize(
    "fields", [{"expiresAt": "2026-01-02T03:04:04Z"}, {"expiresAt": None}, {"forIdentity": "x"}, {"content": ""}]
)
def test_fields_out_of_bounds(world: World, owner: Device, fields: dict[str, Any]) -> None:
    refused(create(world, owner, **fields), "invalidPropertyValue")


def test_without_login_only_empty_short_lived_tokens(world: World, owner: Device) -> None:
    soon = world.clock.then(minutes=4)
    refused(create(world, world.anyone, expiresAt=soon), "invalidPropertyValue")
    refused(create(world, world.anyone, content=None), "invalidPropertyValue")
    made = token(world, world.anyone, content=None, expiresAt=soon, password="salted")
    path = f"/Tokens/{made}/UpdateContent"
    for wrong in ({}, {"password": "guess"}):
        not_found(owner.post(path, {"id": made, "newContent": "new", **wrong}, params={"password": "salted"}))
    refused(owner.post(path, {"newContent": "", "password": "salted"}), "invalidPropertyValue")
    updated = ok(owner.post(path, {"id": made, "newContent": "new", "password": "salted"}))
    read = ok(fetch(world.anyone, made, password="salted"))
    assert updated == read
    assert (read["content"], read["createdBy"], read["createdByDevice"]) == ("new", owner.address, owner.id)
    assert {"id", "createdAt", "expiresAt"} <= read.keys()


def test_content_is_set_once(world: World, owner: Device) -> None:
    made = token(world, owner)
    refused(owner.post(f"/Tokens/{made}/UpdateContent", {"newContent": "new"}), "token.cannotUpdateContent")


def test_only_the_owner_may_delete_and_list(world: World, owner: Device) -> None:
    made, guest = token(world, owner), world.identity()
    not_found(guest.delete(f"/Tokens/{made}"))
    ok(fetch(guest, made))
    forbidden(guest.delete(f"/Tokens/{made}"))
    assert ok(guest.get("/Tokens")) == []
    assert [each["id"] for each in ok(owner.get("/Tokens"))] == [made]
    ok(owner.delete(f"/Tokens/{made}"), 204)
    not_found(fetch(owner, made))
