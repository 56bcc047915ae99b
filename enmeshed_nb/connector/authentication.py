"""How one authenticates to a Connector: by an API key, a bearer token, or OAuth 2 client credentials.

No library had all of it: httpx-auth asks for tokens in the event loop's way, and neither it nor Authlib reads the
issuer's configuration or asks anew after a 401. httpx lets an authentication send requests of its own, by the same
connections, so little is left to do.
"""

import re
import time
from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
from urllib.parse import quote_plus, urlsplit

import httpx

from enmeshed_nb.connector.error_codes import Meaning
from enmeshed_nb.connector.errors import InvalidInput

LEEWAY = 30.0
"""Seconds before the end of a token in which it is no longer used (of a short one, a fifth of its time)."""
ISSUER = "enmeshed_nb.issuer"
"""What a request to an issuer is marked with: its URL."""
DISCOVERY = "/.well-known/openid-configuration"
REDACTED = "***"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def header_name(name: str) -> str:
    """Return the name of a header.

    Raises:
        InvalidInput: it cannot be one.
    """
    if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
        raise InvalidInput(f"{name!r} is no header's name.", "Use letters, digits and '-', as in X-API-KEY.")
    return name


@dataclass(frozen=True)
class ApiKey:
    """An API key of the Connector's configuration.

    Args:
        key: the key (never shown).
        header: the header that carries it, if the Connector is configured for another one.

    Raises:
        InvalidInput: it cannot be one.
    """

    key: str = field(repr=False)
    header: str = "X-API-KEY"
    refused: ClassVar[Meaning | None] = None

    def __post_init__(self) -> None:
        if (isinstance(self.key, str) and len(self.key.splitlines()) > 1) or self.key != self.key.rstrip("\r\n"):
            raise InvalidInput("The API key has a line break.", "Take it away: a key is on one line.")
        if not self.key or not self.key.isascii() or not self.key.isprintable():
            raise InvalidInput("The API key is empty or has characters no API key has.", "Check the API key.")
        header_name(self.header)

    @property
    def value(self) -> str:
        """What the header says."""
        return self.key


@dataclass(frozen=True)
class BearerToken:
    """A token for a Connector with `jwtBearer`, got elsewhere; it is used until it ends.

    Args:
        token: the token, without the word Bearer (never shown).

    Raises:
        InvalidInput: it cannot be one.
    """

    token: str = field(repr=False)
    header: ClassVar[str] = "Authorization"
    refused: ClassVar[Meaning | None] = Meaning(
        "The bearer token is not accepted.",
        "See that it has not ended, and that its issuer and audience are those of the Connector's jwtBearer.",
    )

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise InvalidInput(
                "The bearer token is empty or has characters no token has.",
                "Give it as the issuer gave it: one line, without the word Bearer.",
            )

    @property
    def value(self) -> str:
        """What the header says."""
        return f"Bearer {self.token}"


@dataclass(frozen=True)
class ClientCredentials:
    """OAuth 2 client credentials, for a Connector with `jwtBearer`.

    A token is asked for when it is needed, used by all calls, and asked for anew before it ends and once after a 401.
    The issuer is asked by the same way (TLS, proxy) as the Connector.

    Args:
        client_id: the client at the issuer.
        client_secret: its secret (never shown).
        issuer: the issuer's URL, whose OpenID configuration names the token URL.
        token_url: the token URL, instead of the issuer.
        scope: what is asked for, separated by spaces, e.g. "core:messages core:requests".
        audience: whom the token is for, if the issuer wants to know.
        authentication: how the client says its secret: "basic" in a header, "post" in the form.

    Raises:
        InvalidInput: something is missing, or cannot be meant.
    """

    client_id: str
    client_secret: str = field(repr=False)
    issuer: str | None = field(default=None, kw_only=True)
    token_url: str | None = field(default=None, kw_only=True)
    scope: str | None = field(default=None, kw_only=True)
    audience: str | None = field(default=None, kw_only=True)
    authentication: Literal["basic", "post"] = field(default="basic", kw_only=True)
    header: ClassVar[str] = "Authorization"

    def __post_init__(self) -> None:
        if not self.client_id or not self.client_secret:
            raise InvalidInput("Client id or client secret is empty.", "Give both, as the issuer has them.")
        if any(character in self.client_secret for character in "\r\n"):
            raise InvalidInput("The client secret has a line break.", "Take it away: a secret is on one line.")
        if bool(self.issuer) == bool(self.token_url):
            raise InvalidInput("Issuer or token URL is needed, and not both.", "Name the issuer, if it has discovery.")
        parts = urlsplit(self.asked)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.password:
            raise InvalidInput(f"{_bare(self.asked)!r} is not the URL of an issuer.", "Use https://login.example.com.")
        if self.authentication not in ("basic", "post"):
            raise InvalidInput(f"authentication={self.authentication!r} is unknown.", "Use 'basic' or 'post'.")

    @property
    def asked(self) -> str:
        """The URL of the issuer, or that of its tokens."""
        return self.issuer or self.token_url or ""

    @property
    def refused(self) -> Meaning:
        """What is wrong if the Connector refuses a token, and what to do."""
        return Meaning(
            f"A new token of {self.asked} is not accepted.",
            "See that issuer and audience are those of the Connector's jwtBearer, and that the Connector reaches it.",
        )


Authentication = ApiKey | BearerToken | ClientCredentials
"""What authenticates to a Connector."""


def _bare(url: str) -> str:
    return url.rpartition("@")[2]


class NoToken(Exception):  # noqa: N818
    """Why an issuer gives no token; becomes a `TokenRefused`."""

    def __init__(self, problem: str, cure: str) -> None:
        super().__init__(problem)
        self.problem, self.cure = problem, cure


class Authenticator(httpx.Auth):
    """Adds to a request what authenticates it, and knows what must never be shown."""

    @property
    def secrets(self) -> Collection[str]:
        """What must never be shown."""
        raise NotImplementedError

    def redact(self, value: Any) -> Any:
        """Return *value* (JSON) without secrets and without passwords."""
        match value:
            case str():
                for secret in self.secrets:
                    value = value.replace(secret, REDACTED)
                return value
            case Mapping():
                return {
                    name: REDACTED if name == "password" and each is not None else self.redact(each)
                    for name, each in value.items()
                }
            case list() | tuple():
                return [self.redact(each) for each in value]
            case _:
                return value


class InHeader(Authenticator):
    """An API key or a token that is known."""

    def __init__(self, known: ApiKey | BearerToken) -> None:
        self._known = known

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers[self._known.header] = self._known.value
        yield request

    @property
    def secrets(self) -> Collection[str]:
        """The key or the token."""
        return (self._known.key if isinstance(self._known, ApiKey) else self._known.token,)


class IssuedCore(Authenticator):
    """Tokens of an issuer, but for what waits for its answers.

    Args:
        credentials: what the issuer knows us by.
    """

    def __init__(self, credentials: ClientCredentials) -> None:
        self._credentials = credentials
        self._token_url = credentials.token_url
        self._token = ""
        self._ends: float | None = None

    @property
    def secrets(self) -> Collection[str]:
        """The client's secret, and the token of now."""
        return (self._credentials.client_secret, *filter(None, [self._token]))

    def is_due(self, refused: str) -> bool:
        """Tell whether a new token is needed: there is none, it is about to end, or it was refused."""
        return self._token in ("", refused) or (self._ends is not None and time.monotonic() >= self._ends)

    def ask(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Ask the issuer for a token: yields what is to be sent, takes the answers.

        Args:
            request: that the token is for; the same time is waited for the issuer.

        Raises:
            NoToken: the issuer gives none; says why.
        """
        marks = {**request.extensions, ISSUER: _bare(self._credentials.asked)}
        if not self._token_url:
            url = (self._credentials.issuer or "").rstrip("/") + DISCOVERY
            self._token_url = self._discovered((yield httpx.Request("GET", url, extensions=marks)))
        since = time.monotonic()
        answer = yield self._form(marks)
        self._remember(answer, since)

    @staticmethod
    def go_on(asking: Generator[httpx.Request, httpx.Response, None], answer: httpx.Response) -> httpx.Request | None:
        """Give what is asked for the answer; return what is to be sent next, None if there is nothing more."""
        try:
            return asking.send(answer)
        except StopIteration:
            return None

    def _discovered(self, answer: httpx.Response) -> str:
        issuer = self._credentials.issuer or ""
        said = _json(answer)
        if not answer.is_success or not isinstance(url := said.get("token_endpoint"), str):
            raise NoToken(
                f"{answer.request.url} answered {answer.status_code}, and names no token URL.",
                "See that the issuer's URL is right; one without discovery is named by its token URL.",
            )
        if str(said.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
            raise NoToken(
                f"{issuer} says that it is another issuer: {said.get('issuer')!r}.", "Name it as it calls itself."
            )
        if urlsplit(url).scheme not in ("http", "https") or (
            issuer.startswith("https:") and not url.startswith("https:")
        ):
            raise NoToken(f"{issuer} names a token URL without https: {url!r}.", "Nothing was sent there.")
        return url

    def _form(self, marks: dict[str, Any]) -> httpx.Request:
        known, headers = self._credentials, {"Accept": "application/json"}
        form = {"grant_type": "client_credentials", "scope": known.scope, "audience": known.audience}
        if known.authentication == "post":
            form |= {"client_id": known.client_id, "client_secret": known.client_secret}
        request = httpx.Request(
            "POST",
            self._token_url or "",
            data={name: value for name, value in form.items() if value},
            headers=headers,
            extensions=marks,
        )
        if known.authentication == "basic":  # RFC 6749, 2.3.1: both as in a form
            login = httpx.BasicAuth(quote_plus(known.client_id), quote_plus(known.client_secret))
            request = next(login.auth_flow(request))
        return request

    def _remember(self, answer: httpx.Response, since: float) -> None:
        said, issuer = _json(answer), _bare(self._credentials.asked)
        if isinstance(error := said.get("error"), str):
            described = said.get("error_description")
            why = self.redact(f"{error}: {described}" if described else error)
            cure = {
                "invalid_client": "Check client id and client secret, and whether the issuer wants 'basic' or 'post'.",
                "unauthorized_client": "Allow the client the grant client_credentials at the issuer.",
                "invalid_scope": "Ask for a scope that the issuer gives this client.",
            }.get(error, "See what the issuer has configured for this client.")
            raise NoToken(f"{issuer} gives the client '{self._credentials.client_id}' no token: {why}.", cure)
        token = said.get("access_token")
        if not answer.is_success or not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise NoToken(
                f"{issuer} answered {answer.status_code} to a request for a token, without one.",
                "See that the token URL is right, and in the issuer's log.",
            )
        if str(said.get("token_type", "bearer")).lower() != "bearer":
            raise NoToken(f"{issuer} gives a token that is no bearer token.", "Have it give bearer tokens.")
        lasts = said.get("expires_in")
        self._token, self._ends = token, None
        if isinstance(lasts, int | float) and not isinstance(lasts, bool):
            self._ends = since + lasts - min(LEEWAY, lasts / 5)


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
