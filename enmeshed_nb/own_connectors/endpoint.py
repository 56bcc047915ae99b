"""Where own Connectors are, how one authenticates to them, and how one gets there."""

import pathlib as files
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enmeshed_nb.connector import ApiKey, Authentication, BearerToken, ClientCredentials, Connector, InvalidInput, Tls
from enmeshed_nb.own_connectors.errors import SettingsError, meant
from enmeshed_nb.own_connectors.secret import WAYS, Place, Secret

API_KEY_HEADER = "X-API-KEY"
Path = tuple[str, ...]
"""A setting: `("oauth", "client_id")`."""


class OAuth(BaseModel):
    """OAuth 2 client credentials, for a Connector with `jwtBearer`; the issuer's URL, or that of its tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str = ""
    client_secret: Secret | None = None
    issuer: str | None = None
    token_url: str | None = None
    scope: str | None = None
    audience: str | None = None
    authentication: Literal["basic", "post"] = "basic"


class Settings(BaseModel):
    """What a profile's table says of one Connector; the variables say the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = ""
    api_key: Secret | None = None
    header: str = API_KEY_HEADER
    bearer: Secret | None = None
    oauth: OAuth | None = None
    ca_file: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    client_key_password: Secret | None = None
    proxy: Annotated[Secret | str, Field(union_mode="left_to_right")] | None = None

    @property
    def missing(self) -> list[Path]:
        """What must be said, too."""
        found: list[Path] = [] if self.url else [("url",)]
        if not (self.api_key or self.bearer or self.oauth):
            found.append(("api_key",))
        if self.oauth:
            found += [("oauth", each) for each in ("client_id", "client_secret") if not getattr(self.oauth, each)]
            if not (self.oauth.issuer or self.oauth.token_url):
                found.append(("oauth", "issuer"))
        if self.client_key and not self.client_certificate:
            found.append(("client_certificate",))
        return found

    def said(self) -> dict[str, Any]:
        """Return them as they were said."""
        return self.model_dump(exclude_defaults=True)

    @property
    def secrets(self) -> list[Secret]:
        """Where its secrets are."""
        own = (self.api_key, self.bearer, self.client_key_password, self.proxy, self.oauth and self.oauth.client_secret)
        return [each for each in own if isinstance(each, Secret)]

    @property
    def authentication(self) -> str:
        """How one authenticates, in words, with where the secret is."""
        if self.oauth:
            return f"OAuth 2 client {self.oauth.client_id} of {self.oauth.issuer or self.oauth.token_url}"
        if self.bearer:
            return f"bearer token from {self.bearer}"
        in_header = "" if self.header == API_KEY_HEADER else f" in {self.header}"
        return f"API key{in_header} from {self.api_key}"


@dataclass(frozen=True)
class Endpoint:
    """Where a Connector is, and what is needed to use it.

    Attributes:
        settings: what was said of it.
        place: where that was said.
    """

    settings: Settings
    place: Place

    @property
    def url(self) -> str:
        """Where it is."""
        return self.settings.url

    def connect(self, name: str) -> Connector:
        """Return a client of it; its secrets are read now.

        Args:
            name: how to call it in messages and in the journal, e.g. "sender".

        Raises:
            SettingsError: a secret cannot be had.
            InvalidInput: a setting cannot be meant.
        """
        try:
            return self._client(name)
        except InvalidInput as error:
            raise InvalidInput(f"{self.place.name}: {error.problem}", error.cure) from None

    def _client(self, name: str) -> Connector:
        said = self.settings
        password = said.client_key_password
        tls = Tls(
            self._path(said.ca_file),
            self._path(said.client_certificate),
            self._path(said.client_key),
            password.read("client_key_password", self.place) if password else None,
        )
        proxy = said.proxy.read("proxy", self.place) if isinstance(said.proxy, Secret) else said.proxy
        return Connector(
            self.url, auth=self._authentication(), name=name, tls=tls if tls != Tls() else None, proxy=proxy
        )

    def _path(self, given: str | None) -> files.Path | None:
        return self.place.path(given) if given else None

    def _authentication(self) -> Authentication:
        said = self.settings
        if said.api_key:
            return ApiKey(said.api_key.read("api_key", self.place), said.header)
        if said.bearer:
            return BearerToken(said.bearer.read("bearer", self.place))
        assert said.oauth
        assert said.oauth.client_secret
        return ClientCredentials(
            said.oauth.client_id,
            said.oauth.client_secret.read("client_secret", self.place),
            issuer=said.oauth.issuer,
            token_url=said.oauth.token_url,
            scope=said.oauth.scope,
            audience=said.oauth.audience,
            authentication=said.oauth.authentication,
        )


def read(said: Mapping[str, Any], place: Place, called: Callable[[Path], str] = ".".join) -> Settings:
    """Return the settings of a Connector; `missing` tells whether they are complete.

    Args:
        said: the settings, as a profile's table says them.
        place: where they stand.
        called: tells what a setting is called there.

    Raises:
        SettingsError: they cannot be meant; never says what a secret is.
    """
    try:
        settings = Settings.model_validate(said)
    except ValidationError as error:
        raise _wrong(error, place, called) from None
    for problem, cure in _contradictions(settings, called):
        raise SettingsError(f"{place.name}: {problem}", cure)
    return settings


def _contradictions(settings: Settings, called: Callable[[Path], str]) -> Iterator[tuple[str, str]]:
    url, parts = called(("url",)), urlsplit(settings.url)
    if settings.url and (parts.scheme not in ("http", "https") or not parts.hostname):
        yield f"{url} is no URL: {settings.url!r}.", "It must begin with http:// or https://."
    if parts.password:
        yield f"{url} holds a password.", "Take it out of the URL."
    ways = [called((way,)) for way in ("api_key", "bearer", "oauth") if getattr(settings, way)]
    if len(ways) > 1:
        yield f"{' and '.join(ways)} exclude each other.", "Name one way to authenticate."
    if settings.header != API_KEY_HEADER and ways and not settings.api_key:
        yield f"{called(('header',))} is of an API key, and {ways[0]} is none.", "Take it away."
    if settings.oauth and settings.oauth.issuer and settings.oauth.token_url:
        both = f"{called(('oauth', 'issuer'))} and {called(('oauth', 'token_url'))}"
        yield f"{both} exclude each other.", "The issuer tells its token URL itself: name one of them."
    if isinstance(settings.proxy, str) and urlsplit(settings.proxy).password:
        yield f"{called(('proxy',))} holds a password.", f"Say where the URL with the password is: {WAYS}."


def _wrong(error: ValidationError, place: Place, called: Callable[[Path], str]) -> SettingsError:
    """Return the error for the first thing that is wrong, without what was given: that may be a secret."""
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    path = tuple(str(part) for part in first["loc"] if part not in ("str", "Secret"))
    name = called(path)
    match first["type"]:
        case "extra_forbidden":
            models: dict[Path, type[BaseModel]] = {(): Settings, ("oauth",): OAuth}
            known = models.get(path[:-1], Secret).model_fields
            return SettingsError(f"{place.name}: there is no setting {name}.", meant(path[-1], known))
        case "literal" | "ways":
            return SettingsError(f"{place.name}: {name} {first['msg']}.", f"Say where it is: {WAYS}.")
        case _:
            return SettingsError(f"{place.name}: {name}: {first['msg']}.")
