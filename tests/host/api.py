"""A Connector by raw HTTP: what the client would stop, or would not let through as it is, can be sent."""

from typing import Any

import httpx

from tests.conftest import until

Json = Any
FUTURE = "2099-01-01T00:00:00.000Z"


def item(**changes: Json) -> Json:
    return {"@type": "AuthenticationRequestItem", "mustBeAccepted": True, "title": "Is it you?"} | changes


class Api:
    """One Connector, by raw HTTP."""

    def __init__(self, url: str, api_key: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/api/core/v1", headers={"X-API-KEY": api_key}, timeout=30)
        self.address = self.ok("GET", "/Account/IdentityInfo")["address"]

    def call(self, method: str, path: str, body: Json = None) -> httpx.Response:
        return self._http.request(method, path, json=body)

    def send_text(self, method: str, path: str, text: str, headers: dict[str, str] | None = None) -> httpx.Response:
        """Send a body as it is: JSON, unless the headers say otherwise."""
        return self._http.request(method, path, content=text, headers=headers or {"content-type": "application/json"})

    def ok(self, method: str, path: str, body: Json = None) -> Json:
        answer = self.call(method, path, body)
        assert answer.is_success, answer.text
        return answer.json()["result"] if answer.content else None

    def close(self) -> None:
        self._http.close()

    def upload(self) -> Json:
        """Store a file."""
        answer = self._http.post("/Files/Own", data={"expiresAt": FUTURE}, files={"file": ("a.txt", b"x")})
        return answer.json()["result"]

    def template(self, **more: Json) -> Json:
        content = {"@type": "ArbitraryRelationshipTemplateContent", "value": {}}
        return self.ok("POST", "/RelationshipTemplates/Own", {"expiresAt": FUTURE, "content": content} | more)

    def load(self, template: Json, **more: Json) -> Json:
        return self.ok("POST", "/RelationshipTemplates/Peer", {"reference": template["reference"]["truncated"]} | more)

    def propose(self, templator: "Api") -> Json:
        """Create a Relationship with the owner of a new template; it is Pending at both."""
        loaded = self.load(templator.template())
        creation = {"@type": "ArbitraryRelationshipCreationContent", "value": {}}
        made = self.ok("POST", "/Relationships", {"templateId": loaded["id"], "creationContent": creation})
        templator.ok("POST", "/Account/Sync")
        return made

    def befriend(self, templator: "Api") -> str:
        """Return the id of a new Active Relationship."""
        relationship = self.propose(templator)["id"]
        templator.ok("PUT", f"/Relationships/{relationship}/Accept")
        self.ok("POST", "/Account/Sync")
        return relationship

    def knows_the_end_of(self, peer: "Api") -> bool:
        self.ok("POST", "/Account/Sync")
        return bool(self.ok("GET", f"/Relationships?peer={peer.address}&status=DeletionProposed"))

    def create(self, peer: "Api", *items: Json, **more: Json) -> Json:
        content = {"items": list(items) or [item()], **more}
        return self.ok("POST", "/Requests/Outgoing", {"content": content, "peer": peer.address})

    def send(self, peer: "Api", request: Json) -> Json:
        return self.ok("POST", "/Messages", {"recipients": [peer.address], "content": request["content"]})

    def ask(self, peer: "Api", *items: Json, **more: Json) -> str:
        """Send a Request and return its id when the peer can decide it."""
        request = self.create(peer, *items, **more)
        self.send(peer, request)
        peer.ok("POST", "/Account/Sync")
        path = f"/Requests/Incoming?id={request['id']}&status=ManualDecisionRequired"
        until(lambda: peer.ok("GET", path), what="the Request can be decided")
        return request["id"]
