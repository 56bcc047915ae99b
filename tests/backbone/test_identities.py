"""Who may become an Identity, who may log in, and how an Identity ends."""

import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.backbone.world import (
    Caller,
    Clock,
    Device,
    World,
    address_of,
    base64url,
    nested,
    not_found,
    ok,
    public_key_of,
    refused,
    signed,
    unauthorized,
)
from tests.conftest import until

NESTED = base64url(nested().encode())
INVALID, EXPIRED = "device.invalidSignature", "device.challengeHasExpired"


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def test_an_identity_gets_the_address_of_its_key(world: World, key: Ed25519PrivateKey) -> None:
    made = ok(world.anyone.register(key), 201)
    assert made["address"] == address_of(key)
    assert made["device"]["id"].startswith("DVC")
    assert made["createdAt"].endswith("Z")


def test_a_challenge_signed_with_another_key_is_refused(world: World, key: Ed25519PrivateKey) -> None:
    challenge = world.anyone.signed_challenge(Ed25519PrivateKey.generate())
    refused(world.anyone.register(key, signedChallenge=challenge), INVALID)


def test_a_challenge_changed_after_signing_is_refused(world: World, key: Ed25519PrivateKey) -> None:
    challenge = world.anyone.signed_challenge(key)
    refused(
        world.anyone.register(key, signedChallenge=challenge | {"challenge": challenge["challenge"] + " "}), INVALID
    )


@pytest.mark.parametrize("kind", ["Device", "Relationship", None])
def test_of_what_type_a_challenge_says_it_is_does_not_matter(
    world: World, key: Ed25519PrivateKey, kind: str | None
) -> None:
    ok(world.anyone.register(key, signedChallenge=world.anyone.signed_challenge(key, type=kind)), 201)


@pytest.mark.parametrize(
    "signature", ["", "rubbish", base64url({"alg": 3}), base64url({"sig": "AA", "alg": 3}), NESTED]
)
def test_an_unreadable_signature_is_refused(world: World, key: Ed25519PrivateKey, signature: str) -> None:
    challenge = world.anyone.signed_challenge(key) | {"signature": signature}
    refused(world.anyone.register(key, signedChallenge=challenge), INVALID)


@pytest.mark.parametrize("public_key", ["", "rubbish", base64url({"pub": "AA", "alg": 3}), base64url(b"[1]"), NESTED])
def test_an_unreadable_public_key_is_refused(world: World, key: Ed25519PrivateKey, public_key: str) -> None:
    refused(world.anyone.register(key, identityPublicKey=public_key), INVALID)


def test_a_key_of_another_algorithm_is_refused(world: World, key: Ed25519PrivateKey) -> None:
    refused(world.anyone.register(key, identityPublicKey=public_key_of(key, algorithm=2)), INVALID)


def test_an_unknown_challenge_is_refused(world: World, key: Ed25519PrivateKey) -> None:
    challenge = world.anyone.signed_challenge(key, id="CHL" + "x" * 17)
    refused(world.anyone.register(key, signedChallenge=challenge), EXPIRED)


def test_a_challenge_lives_ten_minutes(world: World, key: Ed25519PrivateKey) -> None:
    challenge = world.anyone.signed_challenge(key)
    world.clock.forward(minutes=10)
    refused(world.anyone.register(key, signedChallenge=challenge), EXPIRED)


def test_a_challenge_is_good_for_one_use(world: World, key: Ed25519PrivateKey) -> None:
    challenge = world.anyone.signed_challenge(key)
    ok(world.anyone.register(key, signedChallenge=challenge), 201)
    refused(world.anyone.register(key, signedChallenge=challenge), EXPIRED)


def test_an_address_is_given_once(world: World, key: Ed25519PrivateKey) -> None:
    ok(world.anyone.register(key), 201)
    refused(world.anyone.register(key), "device.addressAlreadyExists")


@pytest.mark.parametrize("wrong", [{"clientSecret": "guess"}, {"clientId": "other"}, {"clientSecret": "sécret"}])
def test_a_wrong_client_makes_no_identity(world: World, key: Ed25519PrivateKey, wrong: dict[str, str]) -> None:
    refused(world.anyone.register(key, **wrong), "error.platform.unauthorized", 401)


def test_a_challenge_can_be_read_until_it_expires(world: World) -> None:
    caller = world.identity()
    challenge = ok(caller.post("/Challenges", {}), 201)
    assert (challenge["createdBy"], challenge["createdByDevice"]) == (caller.address, caller.id)
    assert ok(caller.get(f"/Challenges/{challenge['id']}")) == challenge
    world.clock.forward(minutes=10)
    not_found(caller.get(f"/Challenges/{challenge['id']}"))


@pytest.mark.parametrize("wrong", [{"password": "guess"}, {"username": "nobody"}, {"password": ""}])
def test_wrong_user_or_password_is_an_invalid_grant(world: World, wrong: dict[str, str]) -> None:
    device = world.identity()
    answer = device.log_in(**{"username": device.username, "password": "pass"} | wrong)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize("wrong", [{"client_secret": "guess"}, {"client_id": "other"}])
def test_a_wrong_client_cannot_log_in(world: World, wrong: dict[str, str]) -> None:
    device = world.identity()
    assert device.log_in(device.username, "pass", **wrong).status_code == 401


def test_only_the_password_grant_is_known(world: World) -> None:
    device = world.identity()
    refused(
        device.log_in(device.username, "pass", grant_type="client_credentials"), "authentication.invalidOAuthRequest"
    )


def test_the_token_endpoint_answers_without_envelope_and_for_an_hour(world: World) -> None:
    device = world.identity()
    answer = device.log_in(device.username, "pass").json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    caller = Caller(world.http, answer["access_token"])
    world.clock.forward(seconds=3590)
    ok(caller.get("/Devices/Self"))
    world.clock.forward(seconds=10)
    unauthorized(caller.get("/Devices/Self"))


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer guess", "Basic {token}", "{token}"])
def test_without_a_valid_token_nothing_is_answered(world: World, header: str) -> None:
    header = header.format(token=world.identity().token)
    unauthorized(world.anyone.get("/Devices/Self", headers={"Authorization": header}))


def test_passwords_and_tokens_are_stored_as_hashes(world: World) -> None:
    device = world.identity()
    [[stored]] = world.rows("select password_hash from devices")
    assert stored.startswith("$argon2")
    [[token]] = world.rows("select hash from access_tokens")
    assert device.token is not None
    assert device.token not in token


def test_a_deletion_is_announced_and_can_be_cancelled(world: World) -> None:
    leaving, peer, relationship = world.friends()
    process = leaving.start_deletion()
    assert process["status"] == "Active"
    deletion = {"relationshipId": relationship, "deletionDate": process["gracePeriodEndsAt"]}
    assert peer.sync() == [("PeerToBeDeleted", deletion)]
    assert ok(leaving.get("/Identities/Self/DeletionProcesses")) == [process]
    path = f"/Identities/Self/DeletionProcesses/{process['id']}"
    assert ok(leaving.get(path)) == process
    assert ok(leaving.put(f"{path}/Cancel"))["status"] == "Cancelled"
    assert peer.sync() == [("PeerDeletionCancelled", {"relationshipId": relationship})]
    refused(leaving.put(f"{path}/Cancel"), "device.deletionProcessIsNotInRequiredStatus")


def test_the_grace_period_is_14_days_unless_told(world: World) -> None:
    leaving = world.identity()
    process = leaving.start_deletion()
    assert process["gracePeriodEndsAt"][:10] == "2026-01-16"


def test_there_is_one_active_deletion_process(world: World) -> None:
    leaving = world.identity()
    leaving.start_deletion()
    refused(leaving.post("/Identities/Self/DeletionProcesses", {}), "device.onlyOneActiveDeletionProcessAllowed")


@pytest.mark.parametrize("days", [-1, "x", 1e300])
def test_the_grace_period_must_make_sense(world: World, days: object) -> None:
    body = {"lengthOfGracePeriodInDays": days}
    refused(world.identity().post("/Identities/Self/DeletionProcesses", body), "invalidPropertyValue")


def test_a_deletion_process_is_nobody_elses(world: World) -> None:
    leaving, other = world.identity(), world.identity()
    process = leaving.start_deletion()["id"]
    not_found(other.get(f"/Identities/Self/DeletionProcesses/{process}"))
    not_found(other.put(f"/Identities/Self/DeletionProcesses/{process}/Cancel"))


def test_while_being_deleted_there_is_no_sync(world: World) -> None:
    leaving, peer, _ = world.friends()
    ok(peer.send(leaving), 201)
    process = leaving.start_deletion()["id"]
    refused(leaving.start_sync(), "syncRun.cannotStartSyncRunWhileIdentityIsToBeDeleted")
    ok(leaving.put(f"/Identities/Self/DeletionProcesses/{process}/Cancel"))
    assert [kind for kind, _ in leaving.sync()] == ["MessageReceived"]


def is_deleted(world: World, device: Device) -> Any:
    return ok(world.anyone.get("/Identities/IsDeleted", params={"username": device.username}))


@pytest.mark.parametrize("days", [0, 3])
def test_after_the_grace_period_nobody_logs_in_but_tokens_are_good(world: World, days: int) -> None:
    leaving = world.identity()
    assert is_deleted(world, leaving) == {"isDeleted": False, "deletionDate": None}
    process = leaving.start_deletion(days)
    world.clock.forward(days=days, minutes=-1)
    leaving.renew_token()
    world.clock.forward(minutes=1)

    assert is_deleted(world, leaving) == {"isDeleted": True, "deletionDate": process["gracePeriodEndsAt"]}
    assert leaving.log_in(leaving.username, "pass").json() == {"error": "invalid_grant"}
    assert ok(leaving.get("/Devices/Self"))["id"] == leaving.id
    cancel = f"/Identities/Self/DeletionProcesses/{process['id']}/Cancel"
    refused(leaving.put(cancel), "device.gracePeriodHasAlreadyExpired")


def test_an_identity_is_removed_by_the_job(world: World) -> None:
    leaving, peer, relationship = world.friends()
    template = leaving.template()
    ends = leaving.start_deletion(days=0)["gracePeriodEndsAt"]
    staying = world.identity()
    staying.start_deletion(days=1)
    world.clock.forward(minutes=5)
    assert world.remove_identities() == [leaving.address]
    assert world.remove_identities() == []

    removed = is_deleted(world, leaving)
    assert removed["isDeleted"] is True
    assert removed["deletionDate"] > ends
    unauthorized(leaving.get("/Devices/Self"))
    assert leaving.log_in(leaving.username, "pass").json() == {"error": "invalid_grant"}
    not_found(peer.get(f"/RelationshipTemplates/{template}"))
    not_found(peer.get("/Relationships/CanCreate", params={"peer": leaving.address}))
    read = ok(peer.get(f"/Relationships/{relationship}"))
    assert (read["status"], read["auditLog"][-1]["reason"]) == (
        "DeletionProposed",
        "DecompositionDueToIdentityDeletion",
    )
    changed = {"relationshipId": relationship}
    assert peer.sync()[1:] == [
        ("RelationshipStatusChanged", changed),
        ("PeerDeleted", changed | {"deletionDate": ends}),
    ]
    refused(peer.send(leaving), "message.relationshipToRecipientNotActive")
    assert peer.act(relationship, "Decompose").status_code == 204
    ok(staying.get("/Devices/Self"))


class FailingClock(Clock):
    """A clock that fails once, when told to."""

    fails = False

    def __call__(self) -> datetime:
        if self.fails:
            self.fails = False
            raise OSError("The clock stands still.")
        return super().__call__()


def test_the_job_runs_by_itself_even_after_a_failure_until_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threading.enumerate())
    world = World(tmp_path, clock=FailingClock(), removal_interval=0.05)
    leaving = world.identity()
    world.clock.fails = True
    until(lambda: "removal of Identities failed" in caplog.text)
    leaving.start_deletion(days=0)
    until(lambda: leaving.get("/Devices/Self").status_code == 401)
    world.close()
    assert set(threading.enumerate()) == before


def test_who_has_decomposed_hears_nothing_of_the_deletion(world: World) -> None:
    leaving, peer, relationship = world.friends()
    ok(peer.act(relationship, "Terminate"))
    ok(peer.act(relationship, "Decompose"), 204)
    leaving.start_deletion(days=0)
    world.remove_identities()
    assert peer.sync() == []
    assert world.rows("select status from relationships") == [("ReadyForDeletion",)]


def test_nobody_asks_about_an_unknown_user_name(world: World) -> None:
    not_found(world.anyone.get("/Identities/IsDeleted", params={"username": "nobody"}))


def test_a_body_without_fields_names_the_first_one(world: World) -> None:
    error = refused(world.anyone.post("/Identities", {}), "invalidPropertyValue")
    assert error["message"].startswith("identityPublicKey")


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}", nested()])
def test_a_challenge_is_no_json(world: World, key: Ed25519PrivateKey, text: str) -> None:
    refused(world.anyone.register(key, signedChallenge=signed(key, text)), INVALID)


@pytest.mark.parametrize("wrong", ["\ud800", ["x"], "x" * 10_000])
def test_a_challenge_has_an_id_that_is_none(world: World, key: Ed25519PrivateKey, wrong: object) -> None:
    refused(world.anyone.register(key, signedChallenge=world.anyone.signed_challenge(key, id=wrong)), EXPIRED)
