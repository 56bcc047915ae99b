"""Every transition of a Relationship: what it does, and who may not do it when."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.backbone.world import VALIDATION, Device, World, not_found, ok, refused

# How a Relationship gets into a state: who does what. `from` has asked `to`.
STATES: dict[str, list[tuple[str, str]]] = {
    "Pending": [],
    "Active": [("to", "Accept")],
    "Rejected": [("to", "Reject")],
    "Revoked": [("from", "Revoke")],
    "Terminated": [("to", "Accept"), ("from", "Terminate")],
    "Requested": [("to", "Accept"), ("from", "Terminate"), ("from", "Reactivate")],
    "DeletionProposed": [("to", "Reject"), ("to", "Decompose")],
    "ReadyForDeletion": [("to", "Reject"), ("to", "Decompose"), ("from", "Decompose")],
}
ELSE = "cannotAcceptOrRejectRelationshipAddressedToSomeoneElse"
CHANGED, COMPLETED = "RelationshipStatusChanged", "RelationshipReactivationCompleted"
# What works: state, who, action, new status, reason in the audit log, event of the peer.
ALLOWED = [
    ("Pending", "to", "Accept", "Active", "AcceptanceOfCreation", CHANGED),
    ("Pending", "to", "Reject", "Rejected", "RejectionOfCreation", CHANGED),
    ("Pending", "from", "Revoke", "Revoked", "RevocationOfCreation", CHANGED),
    *(("Active", who, "Terminate", "Terminated", "Termination", CHANGED) for who in ("from", "to")),
    *(
        ("Terminated", who, "Reactivate", "Terminated", "ReactivationRequested", "RelationshipReactivationRequested")
        for who in ("from", "to")
    ),
    ("Requested", "to", "Reactivate/Accept", "Active", "AcceptanceOfReactivation", COMPLETED),
    ("Requested", "to", "Reactivate/Reject", "Terminated", "RejectionOfReactivation", COMPLETED),
    ("Requested", "from", "Reactivate/Revoke", "Terminated", "RevocationOfReactivation", COMPLETED),
    *(
        (state, who, "Decompose", "DeletionProposed", "Decomposition", CHANGED)
        for state in ("Rejected", "Revoked", "Terminated")
        for who in ("from", "to")
    ),
    ("DeletionProposed", "from", "Decompose", "ReadyForDeletion", "Decomposition", None),
]
# What is refused in the right status.
REFUSED = {
    ("Pending", "from", "Accept"): ELSE,
    ("Pending", "from", "Reject"): ELSE,
    ("Pending", "to", "Revoke"): "cannotRevokeRelationshipNotCreatedByYourself",
    ("Requested", "from", "Reactivate"): "cannotRequestReactivationWhenThereIsAnOpenReactivationRequest",
    ("Requested", "to", "Reactivate"): "cannotRequestReactivationWhenThereIsAnOpenReactivationRequest",
    ("Requested", "from", "Reactivate/Accept"): "noAcceptableRelationshipReactivationRequestExists",
    ("Requested", "from", "Reactivate/Reject"): "noRejectableReactivationRequestExists",
    ("Requested", "to", "Reactivate/Revoke"): "noRevocableReactivationRequestExists",
    **{
        ("Terminated", who, f"Reactivate/{action}"): code
        for who in ("from", "to")
        for action, code in (
            ("Accept", "noAcceptableRelationshipReactivationRequestExists"),
            ("Reject", "noRejectableReactivationRequestExists"),
            ("Revoke", "noRevocableReactivationRequestExists"),
        )
    },
}
ACTIONS = ["Accept", "Reject", "Revoke", "Terminate", "Reactivate", "Decompose"]
ACTIONS += [f"Reactivate/{action}" for action in ("Accept", "Reject", "Revoke")]
WORKS = {row[:3] for row in ALLOWED} | {("Requested", who, "Decompose") for who in ("from", "to")}
WRONG_STATUS = [
    (state, who, action)
    for state in STATES
    if state != "ReadyForDeletion"
    for who in ("from", "to")
    for action in ACTIONS
    if (state, who, action) not in WORKS | set(REFUSED) and (state, who) != ("DeletionProposed", "to")
]
Setup = Callable[[str], tuple[dict[str, Device], str]]


@pytest.fixture
def in_state(world: World) -> Setup:
    """Make a Relationship in a state; return its parties and its id."""

    def make(state: str) -> tuple[dict[str, Device], str]:
        parties = {"from": world.identity(), "to": world.identity()}
        relationship = parties["from"].request_relationship(parties["to"])
        for who, action in STATES[state]:
            assert parties[who].act(relationship, action).is_success
        for party in parties.values():
            party.sync()
        return parties, relationship

    return make


def status_of(world: World) -> str:
    [[status]] = world.rows("select status from relationships")
    return str(status)


@pytest.mark.parametrize(("state", "who", "action", "status", "reason", "event"), ALLOWED)
def test_a_transition(
    world: World, in_state: Setup, state: str, who: str, action: str, status: str, reason: str, event: str | None
) -> None:
    parties, relationship = in_state(state)
    me, peer = parties[who], parties["to" if who == "from" else "from"]
    before = status_of(world)
    changed = me.act(relationship, action)
    assert changed.is_success, changed.text
    assert status_of(world) == status
    if action != "Decompose":
        entry = changed.json()["result"]["auditLog"][-1]
        assert entry.pop("createdAt")
        assert entry == {
            "createdBy": me.address,
            "createdByDevice": me.id,
            "reason": reason,
            "oldStatus": before,
            "newStatus": status,
        }
        assert changed.json()["result"]["status"] == status
    assert peer.sync() == ([(event, {"relationshipId": relationship})] if event else [])
    assert me.sync() == []


@pytest.mark.parametrize(("state", "who", "action", "code"), [(*key, code) for key, code in REFUSED.items()])
def test_a_transition_by_the_wrong_party(
    world: World, in_state: Setup, state: str, who: str, action: str, code: str
) -> None:
    parties, relationship = in_state(state)
    before = status_of(world)
    refused(parties[who].act(relationship, action), f"relationship.{code}")
    assert status_of(world) == before
    assert [party.sync() for party in parties.values()] == [[], []]


@pytest.mark.parametrize("state", [state for state in STATES if state != "ReadyForDeletion"])
def test_a_transition_in_the_wrong_status(world: World, in_state: Setup, state: str) -> None:
    parties, relationship = in_state(state)
    before = status_of(world)
    for who, action in [row[1:] for row in WRONG_STATUS if row[0] == state]:
        code = "relationship.relationshipIsNotInCorrectStatus"
        assert refused(parties[who].act(relationship, action), code), (who, action)
    assert status_of(world) == before


@pytest.mark.parametrize("state", ["DeletionProposed", "ReadyForDeletion"])
def test_who_has_decomposed_can_do_nothing_more(in_state: Setup, state: str) -> None:
    parties, relationship = in_state(state)
    code = "relationship.relationshipAlreadyDecomposed"
    refused(parties["to"].get(f"/Relationships/{relationship}"), code)
    for action in ACTIONS:
        refused(parties["to"].act(relationship, action), code)
    assert ok(parties["to"].get("/Relationships")) == []


def test_a_stranger_sees_and_does_nothing(world: World, in_state: Setup) -> None:
    _, relationship = in_state("Pending")
    stranger = world.identity()
    for action in ACTIONS:
        not_found(stranger.act(relationship, action))
    not_found(stranger.get(f"/Relationships/{relationship}"))
    assert ok(stranger.get("/Relationships")) == []
    assert status_of(world) == "Pending"


def test_an_unknown_action(in_state: Setup) -> None:
    parties, relationship = in_state("Pending")
    refused(parties["to"].act(relationship, "Ignore"), "error.platform.routeNotFound", 404)
    refused(parties["to"].act(relationship, "Create"), "error.platform.routeNotFound", 404)


def test_the_contents_reach_the_other_side(world: World, in_state: Setup) -> None:
    parties, relationship = in_state("Pending")
    read = ok(parties["to"].get(f"/Relationships/{relationship}"))
    assert (read["creationContent"], read["creationResponseContent"]) == ("question", None)
    assert (read["from"], read["to"]) == (parties["from"].address, parties["to"].address)
    [entry] = read["auditLog"]
    assert (entry["reason"], entry["oldStatus"], entry["newStatus"]) == ("Creation", None, "Pending")
    ok(parties["to"].act(relationship, "Accept"))
    for party in parties.values():
        assert ok(party.get(f"/Relationships/{relationship}"))["creationResponseContent"] == "answer"
        assert [each["id"] for each in ok(party.get("/Relationships"))] == [relationship]


def test_the_template_owner_hears_of_a_new_relationship(world: World) -> None:
    one, other = world.identity(), world.identity()
    relationship = one.request_relationship(other)
    assert other.sync() == [(CHANGED, {"relationshipId": relationship})]
    assert one.sync() == []


def test_a_template_must_be_loaded_first(world: World) -> None:
    owner, guest = world.identity(), world.identity()
    body = {"relationshipTemplateId": owner.template(), "creationContent": "question"}
    refused(guest.post("/Relationships", body), "relationship.relationshipTemplateNotAllocated")
    refused(owner.post("/Relationships", body), "relationship.cannotCreateRelationshipWithYourself")
    not_found(guest.post("/Relationships", {"relationshipTemplateId": "RLT" + "x" * 17}))


@pytest.mark.parametrize("state", ["Pending", "Active", "Terminated", "DeletionProposed"])
@pytest.mark.parametrize("who", ["from", "to"])
def test_there_is_one_relationship_between_two(in_state: Setup, state: str, who: str) -> None:
    parties, _ = in_state(state)
    me, peer = parties[who], parties["to" if who == "from" else "from"]
    code = "relationship.relationshipToTargetAlreadyExists"
    assert can_create(me, peer) == {"canCreate": False, "code": VALIDATION + code}
    template = peer.template()
    ok(me.get(f"/RelationshipTemplates/{template}"))
    refused(me.post("/Relationships", {"relationshipTemplateId": template}), code)


@pytest.mark.parametrize("state", ["Rejected", "Revoked", "ReadyForDeletion"])
def test_after_the_end_there_can_be_another(in_state: Setup, state: str) -> None:
    parties, _ = in_state(state)
    assert can_create(parties["to"], parties["from"]) == {"canCreate": True, "code": None}
    parties["to"].request_relationship(parties["from"])


def test_no_relationship_with_who_is_about_to_be_deleted(world: World) -> None:
    me, peer = world.identity(), world.identity()
    template = peer.template()
    ok(me.get(f"/RelationshipTemplates/{template}"))
    ok(peer.post("/Identities/Self/DeletionProcesses", {}), 201)
    code = "relationship.peerIsToBeDeleted"
    assert can_create(me, peer) == {"canCreate": False, "code": VALIDATION + code}
    refused(me.post("/Relationships", {"relationshipTemplateId": template}), code)


def can_create(me: Device, peer: Device) -> Any:
    return ok(me.get("/Relationships/CanCreate", params={"peer": peer.address}))


def test_an_unknown_peer(world: World) -> None:
    error = not_found(world.identity().get("/Relationships/CanCreate", params={"peer": "did:e:x:dids:y"}))
    assert error["message"] == "Identity not found."


def test_decomposing_forgets_what_was_not_fetched(world: World) -> None:
    one, other, relationship = world.friends()
    third = world.identity()
    kept = third.request_relationship(one)
    ok(other.send(one), 201)
    ok(other.act(relationship, "Terminate"))
    ok(one.act(relationship, "Decompose"), 204)
    assert one.sync() == [(CHANGED, {"relationshipId": kept})]
