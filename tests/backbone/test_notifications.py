"""Notifications by code."""

import pytest

from tests.backbone.world import World, ok, refused


def test_a_friend_can_be_notified(world: World) -> None:
    one, other, _ = world.friends()
    ok(one.post("/Notifications", {"recipients": [other.address], "code": "TestCode"}), 204)


def test_an_unknown_code(world: World) -> None:
    one, other, _ = world.friends()
    body = {"recipients": [other.address], "code": "Other"}
    refused(one.post("/Notifications", body), "notification.codeDoesNotExist")


def test_nobody_is_notified_by_a_stranger(world: World) -> None:
    one, other, _ = world.friends()
    body = {"recipients": [other.address, world.identity().address], "code": "TestCode"}
    refused(one.post("/Notifications", body), "notification.noRelationshipToOneOrMoreRecipientsExists")


@pytest.mark.parametrize("status", ["Pending", "Terminated"])
def test_the_relationship_must_be_active(world: World, status: str) -> None:
    if status == "Pending":
        one, other = world.identity(), world.identity()
        one.request_relationship(other)
    else:
        one, other, relationship = world.friends()
        ok(one.act(relationship, "Terminate"))
    body = {"recipients": [other.address], "code": "TestCode"}
    refused(one.post("/Notifications", body), "notification.relationshipToRecipientIsNotInCorrectStatus")


def test_somebody_must_be_notified(world: World) -> None:
    refused(world.identity().post("/Notifications", {"recipients": [], "code": "TestCode"}), "invalidPropertyValue")
