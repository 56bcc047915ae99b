"""A Backbone in one folder, a clock that tests move, and Identities with real keys."""

import asyncio
import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from httpx import ASGITransport, BaseTransport, Client, Request, Response
from sqlalchemy import text

from enmeshed_nb.localnet.backbone import Backbone

CLIENT = {"clientId": "test", "clientSecret": "secret"}
ADMIN_KEY = "key"
SEALED_KEY = "k" * 40
VALIDATION = "error.platform.validation."


class Clock:
    """A clock that only moves by a millisecond per look, or when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)

    def then(self, **by: float) -> str:
        return (self.now + timedelta(**by)).isoformat()


def base64url(data: bytes | dict[str, Any]) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def nested(depth: int = 100_000) -> str:
    """Return JSON that no recursive reader can read."""
    return "[" * depth + "]" * depth


def public_key_of(key: Ed25519PrivateKey, algorithm: int = 3) -> str:
    return base64url({"pub": base64url(key.public_key().public_bytes_raw()), "alg": algorithm})


def address_of(key: Ed25519PrivateKey, host: str = "localhost") -> str:
    digest = hashlib.sha256(hashlib.sha512(key.public_key().public_bytes_raw()).digest()).digest()
    head = f"did:e:{host}:dids:{digest[:10].hex()}"
    return head + hashlib.sha256(head.encode()).digest()[:1].hex()


def ok(response: Response, status: int = 200) -> Any:
    """Return the result of a success."""
    assert response.status_code == status, response.text
    return response.json()["result"] if response.content else None


def refused(response: Response, code: str, status: int = 400) -> dict[str, Any]:
    """Check that a request was refused with a code, in the whole envelope, and return the error."""
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()["error"]
    assert error["code"] == (code if code.startswith("error.") else VALIDATION + code)
    assert set(error) == {"id", "code", "message", "docs", "time", "data"}
    assert error["id"].startswith("ERR")
    assert len(error["id"]) == 20
    return error


def not_found(response: Response) -> dict[str, Any]:
    return refused(response, "error.platform.recordNotFound", 404)


def forbidden(response: Response) -> None:
    refused(response, "error.platform.forbidden", 403)


def unauthorized(response: Response) -> None:
    assert response.status_code == 401, response.text


def signed(key: Ed25519PrivateKey, challenge: str) -> dict[str, str]:
    return {"challenge": challenge, "signature": base64url({"sig": base64url(key.sign(challenge.encode())), "alg": 3})}


class Caller:
    """Anyone who calls the API, logged in or not."""

    def __init__(self, http: Client, token: str | None = None) -> None:
        self.http, self.token = http, token

    def call(self, method: str, path: str, body: Any = None, headers: Any = None, **more: Any) -> Response:
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            more["json"] = body
        return self.http.request(method, f"/api/v2{path}", headers=headers, **more)

    def get(self, path: str, **more: Any) -> Response:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Response:
        return self.call("POST", path, body, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> Response:
        return self.call("PUT", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> Response:
        return self.call("PATCH", path, body, **more)

    def delete(self, path: str, **more: Any) -> Response:
        return self.call("DELETE", path, **more)

    def signed_challenge(self, key: Ed25519PrivateKey, **changes: Any) -> dict[str, str]:
        """Get a challenge and sign it as the Runtime does, with some fields changed."""
        challenge = ok(self.post("/Challenges", {}), 201)
        known = {"expiresAt": challenge["expiresAt"], "id": challenge["id"], "type": "Identity"}
        return signed(key, json.dumps(known | changes))

    def register(self, key: Ed25519PrivateKey, **changes: Any) -> Response:
        """Become an Identity, with some fields changed."""
        body = {
            "identityPublicKey": public_key_of(key),
            "devicePassword": "pass",
            **CLIENT,
            "identityVersion": 1,
            "signedChallenge": changes.pop("signedChallenge", None) or self.signed_challenge(key),
        }
        return self.post("/Identities", body | changes)

    def log_in(self, username: str, password: str, **changes: str) -> Response:
        form = {"grant_type": "password", "client_id": "test", "client_secret": "secret"}
        form |= {"username": username, "password": password} | changes
        return self.http.post("/connect/token", data=form)


class Device(Caller):
    """A device that is logged in."""

    def __init__(
        self, http: Client, key: Ed25519PrivateKey, device: dict[str, Any], address: str, password: str
    ) -> None:
        super().__init__(http)
        self.key, self.address, self.password = key, address, password
        self.id, self.username = device["id"], device["username"]
        self.renew_token()

    def renew_token(self) -> None:
        self.token = self.log_in(self.username, self.password).json()["access_token"]

    def create_device(self, **changes: Any) -> Response:
        challenge = changes.pop("signedChallenge", None) or self.signed_challenge(self.key)
        return self.post("/Devices", {"devicePassword": "second", "signedChallenge": challenge} | changes)

    def second_device(self, **changes: Any) -> "Device":
        return Device(self.http, self.key, ok(self.create_device(**changes), 201), self.address, "second")

    def start_deletion(self, days: float | None = None) -> Any:
        """Begin the deletion of the Identity, with the default grace period if none is said; return the process."""
        body = {} if days is None else {"lengthOfGracePeriodInDays": days}
        return ok(self.post("/Identities/Self/DeletionProcesses", body), 201)

    # What follows is what several test modules do.

    def create_datawallet(self) -> None:
        run = ok(self.post("/SyncRuns", {"type": "DatawalletVersionUpgrade"}), 201)["syncRun"]["id"]
        body = {"newDatawalletVersion": 1, "datawalletModifications": []}
        ok(self.put(f"/SyncRuns/{run}/FinalizeDatawalletVersionUpgrade", body))

    def start_sync(self, **more: Any) -> Response:
        return self.post("/SyncRuns", {"type": "ExternalEventSync", **more})

    def events_of(self, run: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = ok(self.get(f"/SyncRuns/{run}/ExternalEvents"))
        return events

    def finalize(self, run: str, results: Any = (), modifications: Any = ()) -> Response:
        body = {"externalEventResults": list(results), "datawalletModifications": list(modifications)}
        return self.put(f"/SyncRuns/{run}/FinalizeExternalEventSync", body)

    def sync(self) -> list[tuple[str, dict[str, Any]]]:
        """Fetch and acknowledge all events; return their types and payloads."""
        answer = self.start_sync()
        if answer.status_code == 200:
            assert ok(answer) == {"status": "NoNewEvents", "syncRun": None}
            return []
        run = ok(answer, 201)["syncRun"]["id"]
        events = self.events_of(run)
        ok(self.finalize(run, [{"externalEventId": event["id"]} for event in events]))
        return [(event["type"], event["payload"]) for event in events]

    def create_template(self, **fields: Any) -> Response:
        return self.post("/RelationshipTemplates", {"content": "content", **fields})

    def template(self, **fields: Any) -> str:
        return str(ok(self.create_template(**fields), 201)["id"])

    def request_relationship(self, owner: "Device") -> str:
        """Create a Pending Relationship from this Identity to another."""
        template = owner.template()
        ok(self.get(f"/RelationshipTemplates/{template}"))
        body = {"relationshipTemplateId": template, "creationContent": "question"}
        return str(ok(self.post("/Relationships", body), 201)["id"])

    def act(self, relationship: str, action: str) -> Response:
        return self.put(f"/Relationships/{relationship}/{action}", {"creationResponseContent": "answer"})

    def send(self, *recipients: "Device", body: str = "cipher", **changes: Any) -> Response:
        to = [{"address": each.address, "encryptedKey": SEALED_KEY} for each in recipients]
        return self.post("/Messages", {"body": body, "attachments": [], "recipients": to} | changes)


class InProcess(BaseTransport):
    """Calls an ASGI application without a server."""

    def __init__(self, app: Any) -> None:
        self._transport, self._runner = ASGITransport(app), asyncio.Runner()

    def handle_request(self, request: Request) -> Response:
        request.read()
        return self._runner.run(self._answer(request))

    async def _answer(self, request: Request) -> Response:
        answer = await self._transport.handle_async_request(request)
        return Response(answer.status_code, headers=answer.headers, content=await answer.aread())

    def close(self) -> None:
        self._runner.close()


class World:
    """A Backbone and who lives on it."""

    def __init__(self, folder: Path, clock: Any = None, **settings: Any) -> None:
        self.folder, self.clock = folder, clock or Clock()
        self.backbone = Backbone(folder, clients={"test": "secret"}, clock=self.clock, **settings)
        self.http = Client(transport=InProcess(self.backbone.app), base_url="http://localhost")
        self.anyone = Caller(self.http)
        admin_app = self.backbone.admin_app(ADMIN_KEY)
        self.admin = Client(
            transport=InProcess(admin_app), base_url="http://localhost", headers={"x-api-key": ADMIN_KEY}
        )

    def identity(self) -> Device:
        return new_identity(self.http)

    def friends(self) -> tuple[Device, Device, str]:
        """Return two Identities with an Active Relationship (the first asked) and nothing left to sync."""
        one, other = self.identity(), self.identity()
        relationship = one.request_relationship(other)
        ok(other.act(relationship, "Accept"))
        one.sync()
        other.sync()
        return one, other, relationship

    def remove_identities(self) -> list[str]:
        """Let the job run that removes Identities; return their addresses."""
        removed: list[str] = ok(self.admin.post("/api/v1/IdentityRemovals"))["removed"]
        return removed

    def rows(self, statement: str) -> list[Any]:
        """Ask the SQLite file itself."""
        with self.backbone._store.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def close(self) -> None:
        self.http.close()
        self.admin.close()
        self.backbone.close()


def new_identity(http: Client) -> Device:
    """Register an Identity, log its device in and create its datawallet."""
    key = Ed25519PrivateKey.generate()
    made = ok(Caller(http).register(key), 201)
    device = Device(http, key, made["device"], made["address"], "pass")
    device.create_datawallet()
    return device
