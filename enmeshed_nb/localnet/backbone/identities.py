"""Identities: challenges, creation, login."""

import asyncio
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from math import ceil
from typing import Annotated, Any

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from sqlalchemy import delete, select

from enmeshed_nb.localnet.backbone.call import (
    Call,
    Transaction,
    caller_of,
    hash_of_token,
    result,
    store_of,
    written_time,
)
from enmeshed_nb.localnet.backbone.deletion import gone_since
from enmeshed_nb.localnet.backbone.errors import BackboneError, not_found, refused, unauthorized
from enmeshed_nb.localnet.backbone.formats import Body, address_of, from_base64url, from_json, is_id, new_id, timestamp
from enmeshed_nb.localnet.backbone.models import AccessToken, Challenge, Device, Identity
from enmeshed_nb.localnet.backbone.routes import OpenRoute, PrivateRoute
from enmeshed_nb.localnet.backbone.tries import TooManyTriesError

CHALLENGE_LIFETIME = timedelta(minutes=10)
TOKEN_LIFETIME = timedelta(hours=1)
# What arrives as a device's password is long and random (the Runtime sends a hash of the real one): no dictionary helps
# against it, so cheap parameters are enough and a login costs a few milliseconds.
PASSWORDS = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
NOBODYS_PASSWORD_HASH = PASSWORDS.hash(secrets.token_hex())
"""What the password of an unknown user is compared with, so that the answer takes as long as for a known one."""
ED25519 = 3

open_router = APIRouter(prefix="/api/v2", tags=["Identities"], route_class=OpenRoute)
router = APIRouter(prefix="/api/v2", tags=["Identities"], route_class=PrivateRoute)
login_router = APIRouter(tags=["Login"], route_class=OpenRoute)


class SignedChallenge(Body):
    """A challenge's text and its signature."""

    challenge: str
    signature: str


class NewIdentity(Body):
    """Who wants to become an Identity."""

    identity_public_key: str
    device_password: Annotated[str, Field(min_length=1)]
    client_id: str
    client_secret: str
    identity_version: int
    signed_challenge: SignedChallenge
    device_communication_language: str | None = None


@open_router.post("/Challenges", status_code=201)
async def create_challenge(request: Request) -> dict[str, Any]:
    """Return a text that can be signed once within 10 minutes. Backbone protocol: `POST /Challenges`."""
    with caller_of(request) as caller:
        caller.session.execute(delete(Challenge).where(Challenge.expires_at <= caller.now))
        challenge = Challenge(
            id=new_id("CHL"),
            expires_at=caller.now + CHALLENGE_LIFETIME,
            created_by=caller.address,
            created_by_device=caller.device_id,
        )
        caller.session.add(challenge)
        return result(_written_challenge(challenge))


def _written_challenge(challenge: Challenge) -> dict[str, Any]:
    return {
        "id": challenge.id,
        "expiresAt": timestamp(challenge.expires_at),
        "createdBy": challenge.created_by,
        "createdByDevice": challenge.created_by_device,
    }


@router.get("/Challenges/{challenge_id}")
async def get_challenge(challenge_id: str, request: Request) -> dict[str, Any]:
    """Return a challenge that is still valid. Backbone protocol: `GET /Challenges/{id}`."""
    with Call(request) as call:
        challenge = call.session.get(Challenge, challenge_id)
        if not challenge or challenge.expires_at <= call.now:
            raise not_found("Challenge")
        return result(_written_challenge(challenge))


@open_router.post("/Identities", status_code=201)
async def create_identity(body: NewIdentity, request: Request) -> dict[str, Any]:
    """Create an Identity with its first device. Backbone protocol: `POST /Identities`."""
    with Transaction(store_of(request)) as transaction:
        check_client(transaction, body.client_id, body.client_secret)
        public_key = public_key_of(body.identity_public_key)
        check_challenge(transaction, body.signed_challenge, public_key)
        address = address_of(public_key, transaction.store.hostname)
        if transaction.session.get(Identity, address):
            raise refused("device.addressAlreadyExists", "There is an Identity with this address already.")
        identity = Identity(
            address=address,
            public_key=body.identity_public_key,
            client_id=body.client_id,
            created_at=transaction.now,
        )
        device = new_device(transaction, address, body.device_password, created_by=None)
        transaction.session.add_all([identity, device])
        return result({"address": address, "createdAt": timestamp(transaction.now), "device": written_device(device)})


def check_client(transaction: Transaction, client_id: str, client_secret: str) -> None:
    """Raise a BackboneError unless the client is known and this is its secret."""
    secret = transaction.store.clients.get(client_id)
    if secret is None or not hmac.compare_digest(secret.encode(), client_secret.encode()):
        raise unauthorized()


def public_key_of(text: str) -> bytes:
    """Return the 32 bytes of an Ed25519 public key.

    Args:
        text: the key as the Runtime writes it: JSON with `pub` and `alg`, in base64url.

    Raises:
        BackboneError: it is none.
    """
    try:
        key = from_json(from_base64url(text))
        public_key = from_base64url(key["pub"])
        Ed25519PublicKey.from_public_bytes(public_key)
    except (ValueError, KeyError, TypeError):
        raise refused("device.invalidSignature", "The public key cannot be read.") from None
    if key.get("alg") != ED25519:
        raise refused("device.invalidSignature", "The public key is not of the algorithm Ed25519.")
    return public_key


def check_challenge(transaction: Transaction, signed: SignedChallenge, public_key: bytes) -> None:
    """Use a challenge up; raise a BackboneError unless it is valid and was signed with the key.

    What `type` it says it is of does not matter: the Runtime signs one of the type `Identity` for a device, too.
    """
    try:
        signature = from_base64url(from_json(from_base64url(signed.signature))["sig"])
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed.challenge.encode())
        challenge_id = str(from_json(signed.challenge)["id"])
    except (ValueError, KeyError, TypeError, InvalidSignature):
        raise refused("device.invalidSignature", "The signature of the challenge is not valid.") from None
    challenge = transaction.session.get(Challenge, challenge_id) if is_id("CHL", challenge_id) else None
    if not challenge or challenge.expires_at <= transaction.now:
        raise refused("device.challengeHasExpired", "The challenge has expired or was used already.")
    transaction.session.delete(challenge)


def new_device(transaction: Transaction, address: str, password: str, created_by: str | None) -> Device:
    """Return a new device with a user name of its own and the password's hash."""
    return Device(
        id=new_id("DVC"),
        identity=address,
        username="USR" + new_id("")[:17],
        password_hash=PASSWORDS.hash(password),
        created_at=transaction.now,
        created_by=created_by,
        communication_language="en",
        is_backup_device=False,
    )


def written_device(device: Device) -> dict[str, Any]:
    """Return what the maker of a device gets to know."""
    return {"id": device.id, "username": device.username, "createdAt": timestamp(device.created_at)}


@login_router.post("/connect/token")
async def log_in(request: Request) -> Response:
    """Exchange user name and password for a bearer token. Backbone protocol: `POST /connect/token` (OAuth 2)."""
    form = await request.form()
    grant, client_id, client_secret, username, password = (
        str(form.get(name, "")) for name in ("grant_type", "client_id", "client_secret", "username", "password")
    )
    if grant != "password":
        raise refused("authentication.invalidOAuthRequest", "Only the grant type 'password' is supported.")
    store = store_of(request)
    who = (username, request.client.host if request.client else None)
    try:
        await _turn(store.tries.next_turn(who))
    except TooManyTriesError as error:
        return JSONResponse({"error": "slow_down"}, status_code=429, headers={"Retry-After": str(ceil(error.seconds))})
    with Transaction(store) as transaction:
        try:
            check_client(transaction, client_id, client_secret)
        except BackboneError:
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        device = _device(transaction, username)
    password_hash = device.password_hash if device else NOBODYS_PASSWORD_HASH
    if not await asyncio.to_thread(is_password, password_hash, password):
        return JSONResponse({"error": "invalid_grant"}, status_code=400)
    with Transaction(store) as transaction:
        device = _device(transaction, username)
        if not device or device.password_hash != password_hash:  # it was changed, or the Identity has ended, meanwhile
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        token = urlsafe_b64encode(secrets.token_bytes(48)).decode()
        expired = select(AccessToken).where(AccessToken.device == device.id, AccessToken.expires_at <= transaction.now)
        for old in transaction.session.scalars(expired).all():
            transaction.session.delete(old)
        expires_at = transaction.now + TOKEN_LIFETIME
        transaction.session.add(AccessToken(hash=hash_of_token(token), device=device.id, expires_at=expires_at))
        device.last_login_at = transaction.now
        device.is_backup_device = False  # it is in use now: the Identity may have another one
    store.tries.succeeded(who)
    return JSONResponse(
        {"access_token": token, "token_type": "Bearer", "expires_in": int(TOKEN_LIFETIME.total_seconds())}
    )


async def _turn(seconds: float) -> None:
    """Wait for the turn of a try."""
    await asyncio.sleep(seconds)  # noqa: TID251  (there is no event: it is time that makes guessing slow)


def _device(transaction: Transaction, username: str) -> Device | None:
    """Return the device of a user name, unless its Identity has ended."""
    device = transaction.session.scalar(select(Device).where(Device.username == username))
    return None if device is None or gone_since(transaction, device) else device


def is_password(password_hash: str, password: str) -> bool:
    """Tell whether this is the password of a hash."""
    try:
        return PASSWORDS.verify(password_hash, password)
    except VerifyMismatchError:
        return False


@open_router.get("/Identities/IsDeleted")
async def is_deleted(username: str, request: Request) -> dict[str, Any]:
    """Tell whether the Identity of a user name is gone. Backbone protocol: `GET /Identities/IsDeleted`."""
    with Transaction(store_of(request)) as transaction:
        device = transaction.session.scalar(select(Device).where(Device.username == username))
        if not device:
            raise not_found("Identity", "")
        moment = gone_since(transaction, device)
        return result({"isDeleted": moment is not None, "deletionDate": written_time(moment)})
