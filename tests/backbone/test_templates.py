"""Who may load a RelationshipTemplate, how often, and until when."""

from typing import Any

import pytest

from tests.backbone.world import Device, World, forbidden, not_found, ok, refused

SENTENCE = (
    "RelationshipTemplate not found. Make sure the ID exists and the record is not expired. "
    "If a password is required to fetch the record, make sure you passed the correct one."
)


@pytest.fixture
def owner(world: World) -> Device:
    return world.identity()


@pytest.fixture
def guest(world: World) -> Device:
    return world.identity()


def load(device: Device, template: str, **params: str) -> Any:
    return device.get(f"/RelationshipTemplates/{template}", params=params)


def test_a_template_is_read_with_nulls(owner: Device, guest: Device) -> None:
    template = owner.template()
    read = ok(load(guest, template))
    assert read.pop("createdAt").endswith("Z")
    assert read == {
        "id": template,
        "createdBy": owner.address,
        "createdByDevice": owner.id,
        "maxNumberOfAllocations": None,
        "expiresAt": None,
        "content": "content",
        "forIdentity": None,
    }


def test_allocations_run_out(world: World, owner: Device, guest: Device) -> None:
    template = owner.template(maxNumberOfAllocations=1)
    ok(load(owner, template))
    assert owner.sync() == []
    ok(load(guest, template))
    assert owner.sync() == [("RelationshipTemplateAllocationsExhausted", {"relationshipTemplateId": template})]
    refused(load(world.identity(), template), "relationshipTemplate.maxNumberOfAllocationsExhausted")
    ok(load(guest, template))
    ok(load(owner, template))
    assert owner.sync() == []


@pytest.mark.parametrize("password", [{}, {"password": "guess"}])
def test_a_wrong_password_is_answered_like_nothing_there(
    owner: Device, guest: Device, password: dict[str, str]
) -> None:
    template = owner.template(password="salted", maxNumberOfAllocations=1)
    assert not_found(load(guest, template, **password))["message"] == SENTENCE
    assert owner.sync() == []  # nothing was allocated
    ok(load(guest, template, password="salted"))
    ok(load(guest, template))
    ok(load(owner, template))


def test_a_template_for_somebody_is_nobody_elses(world: World, owner: Device, guest: Device) -> None:
    template = owner.template(forIdentity=guest.address)
    not_found(load(world.identity(), template))
    ok(load(guest, template))
    ok(load(owner, template))


def test_an_expired_template_is_gone(world: World, owner: Device, guest: Device) -> None:
    template = owner.template(expiresAt=world.clock.then(minutes=1))
    ok(load(guest, template))
    world.clock.forward(minutes=1)
    not_found(load(guest, template))


@pytest.mark.parametrize(
    "fields",
    [
        {"maxNumberOfAllocations": 0},
        {"maxNumberOfAllocations": 2**40},
        {"expiresAt": "2026-01-02T03:04:04.000Z"},
        {"expiresAt": "0001-01-01T00:00:00+14:00"},
        {"expiresAt": "soon"},
        {"forIdentity": "somebody"},
        {"content": ""},
    ],
)
def test_fields_out_of_bounds(owner: Device, fields: dict[str, Any]) -> None:
    refused(owner.create_template(**fields), "invalidPropertyValue")


def test_content_of_10_mib_is_the_most(owner: Device) -> None:
    ten_mib = "A" * 13_981_014  # as base64url
    ok(owner.create_template(content=ten_mib), 201)
    refused(owner.create_template(content=ten_mib + "A"), "invalidPropertyValue")


def test_only_the_owner_may_delete_and_list(owner: Device, guest: Device) -> None:
    template = owner.template()
    not_found(guest.delete(f"/RelationshipTemplates/{template}"))
    ok(load(guest, template))
    forbidden(guest.delete(f"/RelationshipTemplates/{template}"))
    assert ok(guest.get("/RelationshipTemplates")) == []
    assert [each["id"] for each in ok(owner.get("/RelationshipTemplates"))] == [template]
    ok(owner.delete(f"/RelationshipTemplates/{template}"), 204)
    not_found(load(guest, template))
