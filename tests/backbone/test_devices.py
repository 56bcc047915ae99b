"""What a device may do with itself and with its siblings."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.backbone.world import Caller, World, not_found, ok, refused, unauthorized


def test_a_second_device_is_of_the_same_identity(world: World) -> None:
    first = world.identity()
    second = first.second_device()
    assert {each["id"] for each in ok(first.get("/Devices"))} == {first.id, second.id}
    read = ok(second.get("/Devices/Self"))
    assert (read["id"], read["createdByDevice"], read["isBackupDevice"]) == (second.id, first.id, False)
    assert first.id not in {each["id"] for each in ok(world.identity().get("/Devices"))}


def test_a_device_needs_a_challenge_signed_by_its_identity(world: World) -> None:
    device = world.identity()
    challenge = device.signed_challenge(Ed25519PrivateKey.generate())
    refused(device.create_device(signedChallenge=challenge), "device.invalidSignature")


def test_there_is_one_backup_device(world: World) -> None:
    device = world.identity()
    assert ok(device.create_device(isBackupDevice=True), 201)["isBackupDevice"] is True
    refused(device.create_device(isBackupDevice=True), "device.onlyOneBackupDeviceCanExist")
    ok(device.create_device(), 201)


def test_a_backup_device_is_none_any_more_once_it_has_logged_in(world: World) -> None:
    device = world.identity()
    backup = device.second_device(isBackupDevice=True)
    assert ok(backup.get("/Devices/Self"))["isBackupDevice"] is False
    assert ok(device.create_device(isBackupDevice=True), 201)["isBackupDevice"] is True
    refused(device.create_device(isBackupDevice=True), "device.onlyOneBackupDeviceCanExist")


def test_a_device_that_logged_in_cannot_be_deleted(world: World) -> None:
    device = world.identity()
    second = device.second_device()
    refused(device.delete(f"/Devices/{second.id}"), "device.deviceCannotBeDeleted")
    fresh = ok(device.create_device(), 201)
    not_found(world.identity().delete(f"/Devices/{fresh['id']}"))
    ok(device.delete(f"/Devices/{fresh['id']}"), 204)
    not_found(device.delete(f"/Devices/{fresh['id']}"))


def test_the_language_must_be_a_known_code(world: World) -> None:
    device = world.identity()
    for wrong in ("xx", "deu", "DE", ""):
        refused(device.put("/Devices/Self", {"communicationLanguage": wrong}), "invalidDeviceCommunicationLanguage")
    ok(device.put("/Devices/Self", {"communicationLanguage": "de"}), 204)
    assert ok(device.get("/Devices/Self"))["communicationLanguage"] == "de"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("guess", "new", "device.changePasswordFailed"),
        ("pass", "pass", "newAndOldMatch"),
        ("pass", "", "invalidPropertyValue"),
    ],
)
def test_a_password_change_is_refused(world: World, old: str, new: str, code: str) -> None:
    device = world.identity()
    refused(device.put("/Devices/Self/Password", {"oldPassword": old, "newPassword": new}), code)
    assert device.log_in(device.username, "pass").status_code == 200


def test_after_a_password_change_only_the_new_one_counts(world: World) -> None:
    device = world.identity()
    ok(device.put("/Devices/Self/Password", {"oldPassword": "pass", "newPassword": "new"}), 204)
    assert device.log_in(device.username, "pass").status_code == 400
    assert device.log_in(device.username, "new").status_code == 200


def test_a_password_change_ends_the_tokens_of_the_device_and_of_no_other(world: World) -> None:
    device = world.identity()
    sibling, other = device.second_device(), world.identity()
    tokens = [device.token]
    device.renew_token()
    tokens.append(device.token)
    ok(device.put("/Devices/Self/Password", {"oldPassword": "pass", "newPassword": "new"}), 204)
    for token in tokens:
        unauthorized(Caller(world.http, token).get("/Devices/Self"))
    for who in (sibling, other):
        ok(who.get("/Devices/Self"))
    device.password = "new"
    device.renew_token()
    assert ok(device.get("/Devices/Self"))["id"] == device.id


def test_push_registration(world: World) -> None:
    device = world.identity()
    path = "/Devices/Self/PushNotifications"
    refused(device.put(path, {"platform": "pigeon"}), "invalidPnsPlatform")
    identifier = ok(device.put(path, {"platform": "sse"}))["devicePushIdentifier"]
    assert identifier.startswith("DPI")
    assert ok(device.put(path, {"platform": "sse"}))["devicePushIdentifier"] == identifier
    ok(device.delete(path), 204)
    assert ok(device.put(path, {"platform": "sse"}))["devicePushIdentifier"] != identifier
