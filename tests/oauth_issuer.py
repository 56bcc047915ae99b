"""A small OAuth 2 issuer: client credentials, signed tokens, its keys published, OpenID configuration."""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote_plus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from enmeshed_nb.localnet.ports import bind
from enmeshed_nb.localnet.serving import Server

CLIENT, SECRET = "tests", "a secret, with: odd+characters%"
AUDIENCE = "https://connector.example"


class Issuer:
    """What the issuer knows, and what was asked of it; a test may change all of it.

    Attributes:
        url: where it is.
        given: how many tokens it gave.
        lasts: seconds that a token lasts.
        said_to_last: seconds that the answer says; None: it does not say.
        changes: what is different in answers to requests for a token.
        discovery: what is different in its OpenID configuration.
        is_published: whether the key that signs is among the keys that it publishes.
        asked: the forms of the requests for tokens, each with the way in which the client said its secret.
    """

    def __init__(self) -> None:
        self.url = ""
        self.given = 0
        self.lasts = 60
        self.said_to_last: int | None = 60
        self.changes: dict[str, Any] = {}
        self.discovery: dict[str, Any] = {}
        self.is_published = True
        self.asked: list[dict[str, str]] = []
        self.rotate()

    def rotate(self) -> None:
        """Sign by a new key, and forget the one before."""
        self._key = ECKey.generate_key("P-256", auto_kid=True)

    def token(self, scope: str, audience: str = AUDIENCE) -> str:
        """Return a token."""
        now = int(time.time())
        claims = {"iss": self.url, "sub": CLIENT, "aud": audience, "scope": scope, "iat": now, "exp": now + self.lasts}
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key)

    def configuration(self) -> dict[str, Any]:
        named = {"issuer": self.url, "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys"}
        return named | self.discovery

    def keys(self) -> dict[str, Any]:
        published = [self._key] if self.is_published else [ECKey.generate_key("P-256", auto_kid=True)]
        return KeySet(published).as_dict(private=False)

    def answer(self, form: dict[str, str], login: str) -> tuple[int, dict[str, Any]]:
        """Answer a request for a token."""
        if login.startswith("Basic "):
            client, _, secret = base64.b64decode(login.removeprefix("Basic ")).decode().partition(":")
            who, way = (unquote_plus(client), unquote_plus(secret)), "basic"
        else:
            who, way = (form.get("client_id", ""), form.get("client_secret", "")), "post"
        self.asked.append({**form, "way": way})
        if who != (CLIENT, SECRET):
            return 401, {"error": "invalid_client", "error_description": f"no client with the secret {who[1]}"}
        if form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        self.given += 1
        token = self.token(form.get("scope", ""), form.get("audience", AUDIENCE))
        lasts = {} if self.said_to_last is None else {"expires_in": self.said_to_last}
        return 200, {"access_token": token, "token_type": "Bearer", **lasts} | self.changes


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Serve an issuer."""
    issuer, app = Issuer(), FastAPI()

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Any:
        return issuer.configuration()

    @app.get("/keys")
    def keys() -> Any:
        return issuer.keys()

    @app.post("/token")
    async def token(request: Request) -> Any:
        form = {name: str(value) for name, value in (await request.form()).items()}
        status, said = issuer.answer(form, request.headers.get("authorization", ""))
        return JSONResponse(said, status)

    with Server(app, bind(0, "the issuer")) as server:
        issuer.url = f"http://127.0.0.1:{server.port}"
        yield issuer
