"""What a local Connector is configured with: the keys of a real Connector's configuration file.

Checked before anything is started, so that a mistyped key is told and not ignored. The values reach the Connector as
they were given. Keys about what a local Connector does not have (its database, its log files, pinned certificates) are
allowed, so that the file of a real one can be used, and have no effect.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    HttpUrl,
    StrictBool,
    Tag,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.settings import BackboneState, ConnectorSettings, is_host_name

Port = Annotated[int, Field(ge=0, le=65535, strict=True)]
_TAGS = {"by name", "in place"}


def _host_name(name: str) -> str:
    if not is_host_name(name):
        raise ValueError("is no host name without a port")
    return name


HostName = Annotated[str, AfterValidator(_host_name)]


class _Keys(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", defer_build=True)


class ApiKey(_Keys):
    """One API key; the Connector itself checks how strong it is.

    Without *scopes* it is good for everything, with an empty list of them for nothing.
    """

    key: str = Field(repr=False)
    enabled: StrictBool = True
    description: str | None = None
    expires_at: AwareDatetime | None = None
    scopes: list[str] | None = None


class ApiKeyAuthentication(_Keys):
    """API keys by their ids, and the header that carries one."""

    enabled: StrictBool = True
    header_name: str = "X-API-KEY"
    keys: dict[str, ApiKey] = Field(default_factory=dict)


class JwtBearer(_Keys):
    """Whose tokens are accepted; the issuer's URL is that before `/.well-known/openid-configuration`."""

    issuer_base_url: Annotated[str, Field(alias="issuerBaseURL", pattern=r"^https?://[^/].*[^/]$")]
    audience: Annotated[str, Field(min_length=1)]


def _no_login(oidc: dict[str, Any]) -> dict[str, Any]:
    if oidc:
        raise ValueError("a local Connector has no log-in by a browser; programs can have tokens: jwtBearer")
    return oidc


class Authentication(_Keys):
    """Who may call the API: who has an API key, or else a token of an issuer."""

    api_key: ApiKeyAuthentication = Field(default_factory=ApiKeyAuthentication)
    oidc: Annotated[dict[str, Any], AfterValidator(_no_login)] = Field(default_factory=dict)
    jwt_bearer: Annotated[JwtBearer | None, BeforeValidator(lambda given: given or None)] = None


class HttpServer(_Keys):
    """The HTTP server of the API.

    *allowed_hosts* (a key of local Connectors only) are the names by which it may be called beside `localhost` and the
    loopback addresses: what the `Host` header says, without the port.
    """

    enabled: Literal[True] = True
    port: Port = 0
    allowed_hosts: list[HostName] = Field(default_factory=list)
    cors: dict[str, Any] = Field(default_factory=dict)
    helmet_options: dict[str, Any] = Field(default_factory=dict)
    authentication: Authentication = Field(default_factory=Authentication)


class Infrastructure(_Keys):
    """The infrastructure of a Connector: its HTTP server."""

    http_server: HttpServer = Field(default_factory=HttpServer)


class TransportLibrary(_Keys):
    """The Backbone that the Connector works with; more keys go to the transport library as they are."""

    model_config = ConfigDict(extra="allow")

    base_url: HttpUrl | None = None
    platform_client_id: str | None = None
    platform_client_secret: str | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.base_url and not (self.platform_client_id and self.platform_client_secret):
            raise ValueError("a Backbone elsewhere (baseUrl) needs its platformClientId and platformClientSecret, too")
        return self


class Module(_Keys):
    """What each module can be configured with."""

    enabled: StrictBool = False
    display_name: str | None = None
    location: str | None = None


class Docs(_Keys):
    """The pages that document the API; with `debug` only."""

    enabled: StrictBool | None = None
    rapidoc: dict[str, Any] = Field(default_factory=dict)


class CoreHttpApiModule(Module):
    """The API itself."""

    enabled: Literal[True] = True
    docs: Docs = Field(default_factory=Docs)


class AutomationRule(_Keys):
    """Which RequestItems are decided automatically, and how."""

    request_config: dict[str, Any]
    response_config: dict[str, Any]


class DeciderModule(Module):
    """Decides incoming Requests whose every item has a rule; cannot be switched off."""

    enabled: Literal[True] = True
    automation_config: list[AutomationRule] = Field(default_factory=list)


class RuntimeModule(Module):
    """A module of the Runtime that cannot be switched off."""

    enabled: Literal[True] = True


class SyncModule(Module):
    """Synchronises every *interval* seconds."""

    interval: Annotated[float, Field(gt=0)] = 60


class SseModule(Module):
    """Synchronises at each event of the Backbone's stream."""

    base_url_override: HttpUrl | None = None


class WebhookTarget(_Keys):
    """Where a webhook is sent; `{{trigger}}` in the URL is replaced by the event's name."""

    url: Annotated[str, Field(pattern=r"^https?://", repr=False)]
    headers: dict[str, str] = Field(default_factory=dict, repr=False)


class Webhook(_Keys):
    """Which events are sent where: to a target by its name, or given here."""

    triggers: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]
    target: Annotated[
        Annotated[str, Tag("by name")] | Annotated[WebhookTarget, Tag("in place")],
        Discriminator(lambda value: "by name" if isinstance(value, str) else "in place"),
    ]


class WebhooksModule(Module):
    """Sends the Runtime's events by HTTP."""

    targets: dict[str, WebhookTarget] = Field(default_factory=dict)
    webhooks: list[Webhook] = Field(default_factory=list)
    skip_tls_check: StrictBool = False

    @model_validator(mode="after")
    def _known_targets(self) -> Self:
        for webhook in self.webhooks:
            if isinstance(webhook.target, str) and webhook.target not in self.targets:
                known = ", ".join(self.targets) or "none"
                raise ValueError(f"there is no target '{webhook.target}' (targets: {known})")
        return self


class RecoveryModule(Module):
    """Takes up by itself what stood still because the Backbone failed; a real Connector has no such module."""

    enabled: StrictBool = True


class Modules(_Keys):
    """The modules of a Connector; those that a local one lacks must not be enabled."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, dict[str, Any]]

    auto_accept_pending_relationships: Module = Field(default_factory=Module)
    auto_decompose_deletion_proposed_relationships: Module = Field(default_factory=Module)
    core_http_api: CoreHttpApiModule = Field(default_factory=CoreHttpApiModule)
    decider: DeciderModule = Field(default_factory=DeciderModule)
    message: RuntimeModule = Field(default_factory=RuntimeModule)
    notification: RuntimeModule = Field(default_factory=RuntimeModule)
    recovery: RecoveryModule = Field(default_factory=RecoveryModule)
    request: RuntimeModule = Field(default_factory=RuntimeModule)
    sse: SseModule = Field(default_factory=SseModule)
    sync: SyncModule = Field(default_factory=SyncModule)
    webhooks: WebhooksModule = Field(default_factory=WebhooksModule)

    @model_validator(mode="after")
    def _only_modules_of_a_local_connector(self) -> Self:
        for name, module in self.__pydantic_extra__.items():
            if module.get("enabled"):
                known = ", ".join(sorted(to_camel(field) for field in Modules.model_fields))
                raise ValueError(f"a local Connector has no module '{name}', only {known}; remove or disable it")
        return self


class ConnectorConfiguration(_Keys):
    """The whole configuration of one Connector."""

    debug: StrictBool = False
    transport_library: TransportLibrary = Field(default_factory=TransportLibrary)
    infrastructure: Infrastructure = Field(default_factory=Infrastructure)
    modules: Modules = Field(default_factory=Modules)
    json_schema: Annotated[Any, Field(alias="$schema")] = None
    database: Any = Field(default=None, repr=False)
    logging: Any = None
    pinned_tls_certificate_sha256_fingerprints: Annotated[
        Any, Field(alias="pinnedTLSCertificateSHA256Fingerprints")
    ] = None
    enforce_certificate_pinning: Any = None

    @model_validator(mode="after")
    def _docs_for_debugging_only(self) -> Self:
        if self.modules.core_http_api.docs.enabled and not self.debug:
            raise ValueError("modules.coreHttpApi.docs.enabled needs debug: true")
        return self


def check_configuration(name: str, config: Mapping[str, Any]) -> None:
    """Check the configuration of the Connector *name*.

    Raises:
        NetworkError: it has unknown keys or impossible values; each is named with its path.
    """
    try:
        ConnectorConfiguration.model_validate(config)
    except ValidationError as error:
        problems = "".join(f"\n    {_problem(each['loc'], each['msg'])}" for each in error.errors())
        raise NetworkError(
            f"The configuration of the Connector '{name}' is not valid:{problems}",
            "Its keys are those of a real Connector's configuration file.",
        ) from None


def _problem(location: tuple[str | int, ...], message: str) -> str:
    path = ".".join(str(part) for part in location if part not in _TAGS)
    said = {"Extra inputs are not permitted": "there is no such key"}.get(
        message, message.removeprefix("Value error, ")
    )
    return f"{path}: {said}" if path else said


def connector_config(name: str, settings: ConnectorSettings, backbone: BackboneState) -> dict[str, Any]:
    """Return the whole configuration of a Connector, in the keys of a real one's configuration file.

    What `--config` says wins; what it leaves out points at the network's own Backbone and uses the network's key.
    """
    defaults: dict[str, Any] = {
        "transportLibrary": {
            "baseUrl": backbone.url,
            "platformClientId": backbone.client_id,
            "platformClientSecret": backbone.client_secret,
        },
        "infrastructure": {"httpServer": {"port": settings.port}},
    }
    config = _merged(defaults, settings.config)
    authentication = config["infrastructure"]["httpServer"].setdefault("authentication", {})
    keys = authentication.setdefault("apiKey", {}).setdefault("keys", {})
    if not keys:
        keys["enmeshed-nb"] = {"key": settings.api_key, "description": f"made for the local network's {name}"}
    return config


def usable_api_key(config: Mapping[str, Any]) -> str:
    """Return the first enabled API key of a Connector's configuration."""
    keys = config["infrastructure"]["httpServer"]["authentication"]["apiKey"]["keys"]
    enabled = [
        key["key"] for key in keys.values() if isinstance(key, dict) and "key" in key and key.get("enabled", True)
    ]
    return str(enabled[0]) if enabled else ""


def _merged(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        known = result.get(key)
        result[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return result
