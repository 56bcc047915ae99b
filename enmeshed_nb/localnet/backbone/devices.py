"""Devices of an Identity."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import delete, select

from enmeshed_nb.codes import LANGUAGES
from enmeshed_nb.localnet.backbone.call import Call, result
from enmeshed_nb.localnet.backbone.errors import not_found, refused
from enmeshed_nb.localnet.backbone.formats import Body, new_id, timestamp
from enmeshed_nb.localnet.backbone.identities import (
    PASSWORDS,
    SignedChallenge,
    check_challenge,
    is_password,
    new_device,
    public_key_of,
    written_device,
)
from enmeshed_nb.localnet.backbone.models import AccessToken, Device, Identity
from enmeshed_nb.localnet.backbone.routes import PrivateRoute

PLATFORMS = ("apns", "fcm", "sse", "dummy")

router = APIRouter(prefix="/api/v2/Devices", tags=["Devices"], route_class=PrivateRoute)


class NewDevice(Body):
    """A device that an Identity adds."""

    device_password: Annotated[str, Field(min_length=1)]
    signed_challenge: SignedChallenge
    is_backup_device: bool = False


class ChangedDevice(Body):
    """What a device may change of itself."""

    communication_language: str


class ChangedPassword(Body):
    """A new password and the old one."""

    old_password: str
    new_password: Annotated[str, Field(min_length=1)]


class PushRegistration(Body):
    """Where pushes would go; this Backbone sends none."""

    platform: str
    handle: str | None = None
    app_id: str | None = None
    environment: str | None = None


@router.post("", status_code=201)
async def create_device(body: NewDevice, request: Request) -> dict[str, Any]:
    """Add a device to the caller's Identity. Backbone protocol: `POST /Devices`."""
    with Call(request) as call:
        check_challenge(
            call, body.signed_challenge, public_key_of(call.session.get_one(Identity, call.address).public_key)
        )
        backup = select(Device).where(Device.identity == call.address, Device.is_backup_device)
        if body.is_backup_device and call.session.scalar(backup):
            raise refused("device.onlyOneBackupDeviceCanExist", "The Identity has a backup device already.")
        device = new_device(call, call.address, body.device_password, created_by=call.device_id)
        device.is_backup_device = body.is_backup_device
        call.session.add(device)
        return result(
            {**written_device(device), "createdByDevice": call.device_id, "isBackupDevice": device.is_backup_device}
        )


@router.get("")
async def list_devices(request: Request) -> dict[str, Any]:
    """Return the devices of the caller's Identity. Backbone protocol: `GET /Devices`."""
    with Call(request) as call:
        own = select(Device).where(Device.identity == call.address).order_by(Device.created_at)
        return call.page(own, _written)


@router.get("/Self")
async def get_self(request: Request) -> dict[str, Any]:
    """Return the calling device. Backbone protocol: `GET /Devices/Self`."""
    with Call(request) as call:
        return result(_written(call.device))


def _written(device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "username": device.username,
        "createdAt": timestamp(device.created_at),
        "createdByDevice": device.created_by or device.id,
        "lastLogin": {"time": timestamp(device.last_login_at)} if device.last_login_at else None,
        "communicationLanguage": device.communication_language,
        "isBackupDevice": device.is_backup_device,
    }


@router.put("/Self", status_code=204)
async def change_self(body: ChangedDevice, request: Request) -> None:
    """Change the calling device's language. Backbone protocol: `PUT /Devices/Self`."""
    with Call(request) as call:
        if body.communication_language not in LANGUAGES:
            raise refused("invalidDeviceCommunicationLanguage", "This is no two-letter code of a language.")
        call.device.communication_language = body.communication_language


@router.put("/Self/Password", status_code=204)
async def change_password(body: ChangedPassword, request: Request) -> None:
    """Change the calling device's password; it must log in anew. Backbone protocol: `PUT /Devices/Self/Password`."""
    with Call(request) as call:
        if body.old_password == body.new_password:
            raise refused("newAndOldMatch", "The new password is the old one.")
        if not is_password(call.device.password_hash, body.old_password):
            raise refused("device.changePasswordFailed", "The old password is wrong.")
        call.device.password_hash = PASSWORDS.hash(body.new_password)
        call.session.execute(delete(AccessToken).where(AccessToken.device == call.device_id))


@router.put("/Self/PushNotifications")
async def register_push(body: PushRegistration, request: Request) -> dict[str, Any]:
    """Remember where pushes would go. Backbone protocol: `PUT /Devices/Self/PushNotifications`."""
    with Call(request) as call:
        if body.platform.lower() not in PLATFORMS:
            raise refused("invalidPnsPlatform", f"The platform must be one of {', '.join(PLATFORMS)}.")
        call.device.push_identifier = call.device.push_identifier or new_id("DPI")
        return result({"devicePushIdentifier": call.device.push_identifier})


@router.delete("/Self/PushNotifications", status_code=204)
async def unregister_push(request: Request) -> None:
    """Forget where pushes would go. Backbone protocol: `DELETE /Devices/Self/PushNotifications`."""
    with Call(request) as call:
        call.device.push_identifier = None


@router.delete("/{device_id}", status_code=204)
async def delete_device(device_id: str, request: Request) -> None:
    """Delete a device that never logged in. Backbone protocol: `DELETE /Devices/{id}`."""
    with Call(request) as call:
        device = call.session.get(Device, device_id)
        if not device or device.identity != call.address:
            raise not_found("Device")
        if device.last_login_at:
            raise refused("device.deviceCannotBeDeleted", "The device has logged in already.")
        call.session.delete(device)
