"""Messages: only along Relationships, only for their parties, within limits."""

from typing import Any

import pytest

from tests.backbone.world import SEALED_KEY, Device, World, not_found, ok, refused


def send(sender: Device, *recipients: Device) -> str:
    return str(ok(sender.send(*recipients), 201)["id"])


def fetch(device: Device, message: str) -> Any:
    return ok(device.get(f"/Messages/{message}"))


def test_a_message_reaches_its_recipient(world: World) -> None:
    sender, recipient, _ = world.friends()
    file = "FIL" + "x" * 17
    message = ok(sender.send(recipient, attachments=[{"id": file}]), 201)["id"]
    assert recipient.sync() == [("MessageReceived", {"id": message})]
    assert fetch(sender, message)["recipients"][0]["receivedAt"] is None
    read = fetch(recipient, message)
    assert (read["createdBy"], read["createdByDevice"], read["body"]) == (sender.address, sender.id, "cipher")
    assert read["attachments"] == [{"id": file}]
    [entry] = fetch(sender, message)["recipients"]
    assert (entry["address"], entry["encryptedKey"]) == (recipient.address, SEALED_KEY)
    assert (entry["receivedByDevice"], entry["receivedAt"] is not None) == (recipient.id, True)
    assert fetch(recipient, message)["recipients"] == [entry]


def test_a_recipient_sees_no_other_recipient(world: World) -> None:
    sender, one, _ = world.friends()
    two = world.identity()
    ok(two.act(sender.request_relationship(two), "Accept"))
    message = send(sender, one, two)
    for each in (one, two):
        assert [entry["address"] for entry in fetch(each, message)["recipients"]] == [each.address]
    assert len(fetch(sender, message)["recipients"]) == 2


def test_a_stranger_sees_no_message(world: World) -> None:
    sender, recipient, _ = world.friends()
    message, stranger = send(sender, recipient), world.identity()
    not_found(stranger.get(f"/Messages/{message}"))
    assert ok(stranger.get("/Messages")) == []
    assert ok(stranger.get("/Messages", params={"ids": [message]})) == []


def test_messages_are_listed_by_ids_and_in_pages(world: World) -> None:
    sender, recipient, _ = world.friends()
    sent = [send(sender, recipient) for _ in range(3)]
    assert {each["id"] for each in ok(recipient.get("/Messages", params={"ids": sent[:2]}))} == set(sent[:2])
    page = recipient.get("/Messages", params={"pageSize": 2, "pageNumber": 2}).json()
    assert [each["id"] for each in page["result"]] == sent[2:]
    assert page["pagination"]["totalRecords"] == 3


def test_without_a_relationship_there_is_no_message(world: World) -> None:
    refused(world.identity().send(world.identity()), "message.noRelationshipToRecipientExists")


@pytest.mark.parametrize("action", ["Reject", "Revoke"])
def test_after_the_end_of_a_relationship_there_is_no_message(world: World, action: str) -> None:
    one, other = world.identity(), world.identity()
    relationship = one.request_relationship(other)
    ok((other if action == "Reject" else one).act(relationship, action))
    refused(one.send(other), "message.relationshipToRecipientNotActive")


def test_after_decomposition_there_is_no_message(world: World) -> None:
    one, other, relationship = world.friends()
    ok(one.act(relationship, "Terminate"))
    ok(other.act(relationship, "Decompose"), 204)
    refused(one.send(other), "message.relationshipToRecipientNotActive")


def test_if_one_recipient_is_wrong_nobody_gets_it(world: World) -> None:
    sender, recipient, _ = world.friends()
    refused(sender.send(recipient, world.identity()), "message.noRelationshipToRecipientExists")
    assert recipient.sync() == []
    assert ok(sender.get("/Messages")) == []


def test_a_message_waits_until_the_relationship_is_accepted(world: World) -> None:
    one, other = world.identity(), world.identity()
    relationship = one.request_relationship(other)
    other.sync()
    message = send(one, other)
    assert other.sync() == []
    ok(other.act(relationship, "Accept"))
    assert other.sync() == [("MessageReceived", {"id": message})]


@pytest.mark.parametrize("action", ["Reject", "Revoke"])
def test_a_message_of_a_relationship_that_never_was_is_not_announced(world: World, action: str) -> None:
    one, other = world.identity(), world.identity()
    relationship = one.request_relationship(other)
    send(one, other)
    ok((other if action == "Reject" else one).act(relationship, action))
    assert "MessageReceived" not in [kind for kind, _ in other.sync()]
    assert world.rows("select count(*) from external_events where type = 'MessageReceived'") == [(0,)]


@pytest.mark.parametrize(("answer", "announced"), [("Accept", True), ("Reject", False)])
def test_a_message_of_a_terminated_relationship_waits_for_reactivation(
    world: World, answer: str, announced: bool
) -> None:
    one, other, relationship = world.friends()
    ok(one.act(relationship, "Terminate"))
    message = send(one, other)
    assert [kind for kind, _ in other.sync()] == ["RelationshipStatusChanged"]
    ok(one.act(relationship, "Reactivate"))
    ok(other.act(relationship, f"Reactivate/{answer}"))
    assert (("MessageReceived", {"id": message}) in other.sync()) == announced


def test_twenty_unfetched_messages_are_the_most(world: World) -> None:
    sender, recipient, _ = world.friends()
    sent = [send(sender, recipient) for _ in range(20)]
    refused(sender.send(recipient), "message.maxNumberOfUnreceivedMessagesReached")
    send(recipient, sender)
    fetch(sender, sent[0])
    refused(sender.send(recipient), "message.maxNumberOfUnreceivedMessagesReached")
    fetch(recipient, sent[0])
    send(sender, recipient)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": ""}, "invalidPropertyValue"),
        ({"recipients": []}, "invalidPropertyValue"),
        ({"attachments": [{"id": "FIL" + "x" * 17}] * 21}, "invalidPropertyValue"),
        ({"attachments": [{"id": "FILx"}]}, "invalidId"),
        ({"attachments": [{"id": "TOK" + "x" * 17}]}, "invalidId"),
        ({"attachments": "none"}, "invalidPropertyValue"),
    ],
)
def test_fields_out_of_bounds(world: World, changes: dict[str, Any], code: str) -> None:
    sender, recipient, _ = world.friends()
    refused(sender.send(recipient, **changes), code)


def test_twenty_attachments_are_allowed(world: World) -> None:
    sender, recipient, _ = world.friends()
    ok(sender.send(recipient, attachments=[{"id": "FIL" + "x" * 17}] * 20), 201)


@pytest.mark.parametrize(("length", "allowed"), [(39, False), (40, True), (400, True), (402, False)])
def test_a_sealed_key_has_30_to_300_bytes(world: World, length: int, allowed: bool) -> None:
    sender, recipient, _ = world.friends()
    answer = sender.send(recipients=[{"address": recipient.address, "encryptedKey": "k" * length}])
    ok(answer, 201) if allowed else refused(answer, "invalidPropertyValue")


def test_a_body_of_10_mib_is_the_most(world: World) -> None:
    sender, recipient, _ = world.friends()
    ten_mib = "A" * 13_981_014  # as base64url
    message = ok(sender.send(recipient, body=ten_mib), 201)["id"]
    assert fetch(recipient, message)["body"] == ten_mib
    refused(sender.send(recipient, body=ten_mib + "A"), "invalidPropertyValue")


def test_bodies_and_keys_can_be_read_in_the_table(world: World) -> None:
    sender, recipient, _ = world.friends()
    send(sender, recipient)
    assert world.rows("select body from messages") == [("cipher",)]
    assert world.rows("select address, encrypted_key from message_recipients") == [(recipient.address, SEALED_KEY)]
