"""Files: what is stored, who owns it, and how ownership is locked and claimed."""

from typing import Any

import pytest

from tests.backbone.world import Device, World, forbidden, not_found, ok, refused


@pytest.fixture
def owner(world: World) -> Device:
    return world.identity()


def upload(world: World, caller: Device, content: bytes = b"\x00cipher", **changes: str | None) -> Any:
    fields: dict[str, str | None] = {
        "cipherHash": "hash",
        "owner": caller.address,
        "ownerSignature": "signature",
        "expiresAt": world.clock.then(days=1),
        "encryptedProperties": "properties",
    }
    parts = {name: value for name, value in (fields | changes).items() if value is not None}
    return caller.post("/Files", data=parts, files={"content": ("content", content, "application/octet-stream")})


def stored(world: World, owner: Device) -> tuple[str, str]:
    """Upload a File; return its id and its ownership token."""
    file = ok(upload(world, owner), 201)
    return file["id"], file["ownershipToken"]


def validate(device: Device, file: str, token: str) -> Any:
    return ok(device.post(f"/Files/{file}/ValidateOwnershipToken", {"ownershipToken": token}))["isValid"]


def claim(device: Device, file: str, token: str) -> Any:
    return device.patch(f"/Files/{file}/ClaimOwnership", {"ownershipToken": token})


def metadata(device: Device, file: str) -> Any:
    return ok(device.get(f"/Files/{file}/metadata"))


def test_a_file_is_stored_as_it_is(world: World, owner: Device) -> None:
    guest = world.identity()
    made = ok(upload(world, owner), 201)
    assert (made["owner"], made["cipherSize"], made["cipherHash"]) == (owner.address, 7, "hash")
    assert guest.get(f"/Files/{made['id']}").content == b"\x00cipher"
    read = metadata(guest, made["id"])
    assert (read["encryptedProperties"], read["ownershipIsLocked"]) == ("properties", False)
    assert (read["ownerSignature"], read["createdBy"]) == ("signature", owner.address)
    assert "ownershipToken" not in read


def test_a_large_file(world: World, owner: Device) -> None:
    content = bytes(20 * 1024 * 1024)
    file = ok(upload(world, owner, content), 201)["id"]
    assert owner.get(f"/Files/{file}").content == content
    refused(upload(world, owner, content + b"x"), "invalidPropertyValue")


def test_a_file_belongs_to_who_uploads_it_whomever_it_names(world: World, owner: Device) -> None:
    other = world.identity()
    made = ok(upload(world, owner, owner=other.address), 201)
    assert (made["owner"], metadata(other, made["id"])["owner"]) == (owner.address, owner.address)
    forbidden(other.delete(f"/Files/{made['id']}"))
    assert ok(other.get("/Files")) == []
    ok(owner.delete(f"/Files/{made['id']}"), 204)


@pytest.mark.parametrize(
    "changes",
    [
        {"content": b""},
        {"expiresAt": "2026-01-02T03:04:04Z"},
        {"expiresAt": "soon"},
        {"expiresAt": None},
        {"owner": "somebody"},
        {"cipherHash": None},
        {"encryptedProperties": None},
    ],
)
def test_fields_out_of_bounds(world: World, owner: Device, changes: dict[str, Any]) -> None:
    refused(upload(world, owner, **changes), "invalidPropertyValue")


def test_content_must_be_a_file(owner: Device) -> None:
    refused(owner.post("/Files", data={"content": "text"}), "invalidPropertyValue")


def test_an_expired_file_is_gone(world: World, owner: Device) -> None:
    file = ok(upload(world, owner, expiresAt=world.clock.then(minutes=1)), 201)["id"]
    world.clock.forward(minutes=1)
    not_found(owner.get(f"/Files/{file}"))
    not_found(owner.get(f"/Files/{file}/metadata"))
    assert ok(owner.get("/Files")) == []


def test_files_are_listed_in_pages(world: World, owner: Device) -> None:
    made = [stored(world, owner)[0] for _ in range(3)]
    assert ok(world.identity().get("/Files")) == []
    first, second = (owner.get("/Files", params={"pageSize": 2, "pageNumber": number}).json() for number in (1, 2))
    assert [each["id"] for each in first["result"] + second["result"]] == made
    assert first["pagination"] == {"pageNumber": 1, "pageSize": 2, "totalPages": 2, "totalRecords": 3}


def test_only_the_owner_may_delete(world: World, owner: Device) -> None:
    file, _ = stored(world, owner)
    forbidden(world.identity().delete(f"/Files/{file}"))
    ok(owner.delete(f"/Files/{file}"), 204)
    not_found(owner.get(f"/Files/{file}"))


def test_a_wrong_try_by_the_owner_locks_nothing(world: World, owner: Device) -> None:
    file, token = stored(world, owner)
    assert validate(owner, file, "guess") is False
    assert metadata(owner, file)["ownershipIsLocked"] is False
    assert validate(owner, file, token) is True


def test_a_wrong_try_by_somebody_else_locks(world: World, owner: Device) -> None:
    guest = world.identity()
    file, token = stored(world, owner)
    assert validate(guest, file, token) is True
    assert validate(guest, file, "guess") is False
    assert metadata(owner, file)["ownershipIsLocked"] is True
    assert owner.sync() == [("FileOwnershipLocked", {"fileId": file})]
    assert validate(guest, file, token) is False
    forbidden(claim(guest, file, token))
    assert owner.sync() == []


def test_a_wrong_claim_locks(world: World, owner: Device) -> None:
    guest = world.identity()
    file, token = stored(world, owner)
    forbidden(claim(guest, file, "guess"))
    assert owner.sync() == [("FileOwnershipLocked", {"fileId": file})]
    forbidden(claim(guest, file, token))
    assert metadata(owner, file)["owner"] == owner.address


def test_a_new_token_unlocks(world: World, owner: Device) -> None:
    guest = world.identity()
    file, old = stored(world, owner)
    forbidden(claim(guest, file, "guess"))
    forbidden(guest.patch(f"/Files/{file}/RegenerateOwnershipToken"))
    new = ok(owner.patch(f"/Files/{file}/RegenerateOwnershipToken"))["newOwnershipToken"]
    assert metadata(owner, file)["ownershipIsLocked"] is False
    assert validate(owner, file, old) is False
    ok(claim(guest, file, new))


def test_a_claim_changes_the_owner_and_the_token(world: World, owner: Device) -> None:
    guest = world.identity()
    file, token = stored(world, owner)
    new = ok(claim(guest, file, token))["newOwnershipToken"]
    assert owner.sync() == [("FileOwnershipClaimed", {"fileId": file, "newOwnerAddress": guest.address})]
    assert metadata(guest, file)["owner"] == guest.address
    assert validate(guest, file, token) is False
    assert validate(guest, file, new) is True
    assert [each["id"] for each in ok(guest.get("/Files"))] == [file]
    forbidden(owner.delete(f"/Files/{file}"))


def test_the_owner_cannot_claim(world: World, owner: Device) -> None:
    file, token = stored(world, owner)
    refused(claim(owner, file, token), "file.cannotClaimOwnershipOfOwnFile")
