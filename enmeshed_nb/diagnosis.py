"""What is wrong with own Connectors: looked for in order, each told in one sentence with one cure.

`enmeshed-nb doctor`, the status view and the errors of `connect()` say the same of it. Nothing is changed by looking;
the doctor lets the Connectors synchronise (`POST /Account/Sync`), as the first cell of a lesson does.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Literal, TypeVar

from enmeshed_nb.connector import (
    ApiError,
    ConnectionFailed,
    Connector,
    ConnectorError,
    Forbidden,
    InvalidInput,
    NotFound,
    Relationship,
    ServerError,
    TokenRefused,
    Unauthorized,
    UnsupportedVersion,
    aside,
)
from enmeshed_nb.connector.error_codes import describe
from enmeshed_nb.connector.monitoring import HealthServices, Support
from enmeshed_nb.connector.probing import certificate_of, speaks_tls
from enmeshed_nb.connector.versions import require_version_7
from enmeshed_nb.own_connectors import OwnConnectors, SettingsError

State = Literal["ok", "problem", "note", "not looked at"]
E = TypeVar("E", bound=ConnectorError)

SKEW = 5
"""From how many seconds on it is said that two clocks differ."""
_TIMEOUT = 10  # seconds; a synchronisation may take as long as any call
_OVER = ("Rejected", "Revoked")
_NOBODY = "X" * 17
"""What no id ends with, so that asking for it reads nothing."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        what: names it.
        found: what is there.
        problem: what is wrong, or what one should know; empty if it is fine.
        cure: what to do about it; empty if the problem says that already.
        code: what is wrong, for programs (the README lists them); empty if nothing is.
        state: "ok", "problem", "note" (it works, and something differs), or "not looked at", because of a problem
            before it.
    """

    what: str
    found: str = ""
    problem: str = ""
    cure: str = ""
    code: str = ""
    state: State = "ok"

    @property
    def ok(self) -> bool:
        """Whether no problem was found."""
        return self.state != "problem"

    def public(self) -> dict[str, str]:
        """Return it as a JSON object."""
        texts = {"found": self.found, "problem": self.problem, "cure": self.cure, "code": self.code}
        return {"what": self.what, "state": self.state, **{name: text for name, text in texts.items() if text}}


class _WrongError(Exception):
    """What a look at something found."""

    def __init__(self, code: str, problem: str, cure: str = "", *, state: State = "problem") -> None:
        super().__init__(problem)
        self.code, self.problem, self.cure, self.state = code, problem, cure, state

    def of(self, what: str) -> Check:
        return Check(what, problem=self.problem, cure=self.cure, code=self.code, state=self.state)


def problem(what: str, problem: str, cure: str = "", code: str = "") -> Check:
    """Return a check that found something wrong."""
    return Check(what, problem=problem, cure=cure, code=code, state="problem")


Look = Callable[[], str]
"""Returns what is there; raises `_WrongError`."""


def _examine(looks: Sequence[tuple[str, Look]]) -> list[Check]:
    """Look at one thing after the other until something is wrong."""
    checks: list[Check] = []
    for what, look in looks:
        if any(not check.ok for check in checks):
            checks.append(Check(what, state="not looked at"))
            continue
        try:
            checks.append(Check(what, look()))
        except _WrongError as wrong:
            checks.append(wrong.of(what))
        except ConnectorError as error:
            checks.append(_in_words(error).of(what))
    return checks


@dataclass
class Side:
    """One Connector that is looked at.

    Attributes:
        title: how it is called, e.g. "Own Sender".
        connector: the Connector.
        synchronise: whether it is let synchronise.
    """

    title: str
    connector: Connector
    synchronise: bool = False
    version: str = ""
    address: str = ""
    hears: str = ""
    """The name under which it is known as an Identity: its Backbone's host."""
    support: Support | None = None
    answer: Mapping[str, str] = field(default_factory=dict)
    """The headers of its first answer."""
    ahead: float = 0
    """How many seconds its clock is ahead of ours."""
    error: ConnectorError | None = None
    """Why it does not tell its version."""

    def checks(self) -> list[Check]:
        """Look at all that can be said of it alone."""
        looks = [
            ("connection", self._connection),
            ("Connector", self._is_connector),
            ("API key", self._key),
            ("version", self._version),
            ("health", self._health),
            ("Identity", self._identity),
            *([("synchronisation", self._sync)] if self.synchronise else []),
        ]
        named = [(f"{self.title}: {what}", look) for what, look in looks]
        with aside():
            return _examine(named)

    def notes(self) -> Iterator[Check]:
        """Yield what differs from a Connector as the lessons expect it; it must be fine."""
        with aside():
            yield from self._modules()
        if abs(self.ahead) >= SKEW:
            yield Check(
                f"{self.title}: clock",
                problem=f"Its clock is {abs(self.ahead):.0f} s {'ahead of' if self.ahead > 0 else 'behind'} this "
                f"machine's: what expires soon expires {'earlier' if self.ahead > 0 else 'later'} there than you mean.",
                cure="Let both machines get their time by NTP; until then give Requests an hour or more.",
                code="clock-skew",
                state="note",
            )

    def _connection(self) -> str:
        asked = datetime.now(UTC)
        try:
            answer = self.connector.raw(lambda one: one.monitoring.version())
        except ConnectionFailed as error:
            raise self._unconnected(error) from None
        except ConnectorError as error:
            self.error = error
            return f"{self.connector.url} answers"
        self.version = answer.value.version
        halfway = asked + (datetime.now(UTC) - asked) / 2
        try:
            self.ahead = (parsedate_to_datetime(answer.headers["date"]) - halfway).total_seconds()
        except (KeyError, ValueError, TypeError):
            self.ahead = 0
        return f"{self.connector.url} answers"

    def _unconnected(self, error: ConnectionFailed) -> _WrongError:
        url = self.connector.url
        if error.reason == "broken" and url.startswith("http://") and speaks_tls(self.connector):
            return _http_for_https(url)
        if error.reason == "answer-timeout":
            cure = "See whether the Connector hangs, or what stands before it; restart it if it does."
            return _WrongError(error.reason, f"{url} takes the connection, and does not answer.", cure)
        shown = certificate_of(self.connector) if error.reason in _OF_CERTIFICATES else None
        return _WrongError(
            error.reason or "broken", f"{error.problem} It is {shown}." if shown else error.problem, error.cure
        )

    def _is_connector(self) -> str:
        error = self.error
        if isinstance(error, TokenRefused):
            return "not asked yet: the issuer gives no token"
        if error is None or (isinstance(error, ApiError) and not isinstance(error, NotFound | ServerError)):
            return "answers as one"
        if isinstance(error, ServerError):
            raise _WrongError("fails", f"It fails: {error.status} {error.code or ''}.", error.cure)
        if self.connector.url.startswith("http://") and error.status == 400 and speaks_tls(self.connector):
            raise _http_for_https(self.connector.url)
        raise _in_words(error)

    def _key(self) -> str:
        if isinstance(self.error, Unauthorized | TokenRefused):
            raise _in_words(self.error)
        missing = ["monitoring:version"] if isinstance(self.error, Forbidden) else []
        looks: dict[str, Callable[[Connector], object]] = {
            "core:account": lambda one: one.account.identity_info(),
            "core:relationships": lambda one: one.relationships.get(f"REL{_NOBODY}"),
            "core:relationshipTemplates": lambda one: one.relationship_templates.get(f"RLT{_NOBODY}"),
            "core:messages": lambda one: one.messages.get(f"MSG{_NOBODY}"),
            "core:requests:outgoing": lambda one: one.requests.outgoing.get(f"REQ{_NOBODY}"),
            "core:requests:incoming": lambda one: one.requests.incoming.get(f"REQ{_NOBODY}"),
        }
        missing += [scope for scope, look in looks.items() if not _allowed(look, self.connector)]
        if missing:
            raise _WrongError(
                "scope-missing",
                f"The API key lacks {_counted('the scope', missing)}.",
                "Give the key these scopes in the Connector's configuration "
                "(infrastructure.httpServer.authentication.apiKey.keys.….scopes); the guide needs them.",
            )
        return "may do what the guide needs"

    def _version(self) -> str:
        try:
            require_version_7(self.version)
        except UnsupportedVersion as error:
            raise _in_words(error) from None
        return f"Connector {self.version}"

    def _health(self) -> str:
        health = self.connector.health()
        if not health.is_healthy:
            code, problem, cure = of_services(health.services)
            raise _WrongError(code, problem, cure)
        return "healthy, and so is its Backbone"

    def _identity(self) -> str:
        self.address = self.connector.account.identity_info().address
        self.hears = self.address.partition(":dids:")[0].removeprefix("did:e:")
        return self.address

    def _sync(self) -> str:
        try:
            self.connector.with_options(timeout=60).account.sync()
        except ServerError as error:
            if "IdentityIsToBeDeleted" in (error.code or ""):
                raise _WrongError(
                    "identity-in-deletion",
                    "Its Identity is to be deleted, so it cannot synchronise any more.",
                    "Cancel that (identity_deletion_process.cancel), or use a Connector with another Identity.",
                ) from None
            raise _WrongError(
                "sync-fails",
                f"It cannot synchronise, though it says that it is healthy: {error.status} {error.code or ''}.",
                f"Look in its log for {error.id or error.correlation_id}, and see whether its Backbone runs.",
            ) from None
        return "works"

    def configuration(self) -> Mapping[str, Any]:
        """Return what it tells of its configuration (`GET /Monitoring/Support`); nothing if the key does not let it."""
        if self.support is None:
            try:
                self.support = self.connector.monitoring.support()
            except ConnectorError:
                return {}
        return self.support.configuration

    def _modules(self) -> Iterator[Check]:
        modules = self.configuration().get("modules") or {}
        for name, (code, problem, cure) in _MODULES.items():
            settings = modules.get(name) or {}
            if settings.get("enabled", name == "decider") and (name != "decider" or settings.get("automationConfig")):
                yield Check(f"{self.title}: modules.{name}", problem=problem, cure=cure, code=code, state="note")


_OF_CERTIFICATES = ("tls-expired", "tls-wrong-name", "tls-unknown-issuer")
_MODULES = {
    "sync": (
        "sync-module",
        "It synchronises by itself every now and then (modules.sync): where a lesson looks before it calls Sync, what "
        "was sent may have arrived already.",
        "Nothing needs to be done; lessons wait for what they need.",
    ),
    "sse": (
        "sse-module",
        "It synchronises as soon as there is news (modules.sse): where a lesson looks before it calls Sync, what was "
        "sent has mostly arrived already.",
        "Nothing needs to be done; lessons wait for what they need.",
    ),
    "decider": (
        "automatic-decider",
        "It decides Requests that fit a rule by itself (modules.decider): a lesson may find one decided that it was "
        "about to decide.",
        "Take the rules that fit a lesson's Requests out while you do it.",
    ),
    "autoAcceptPendingRelationships": (
        "accepts-relationships",
        "It accepts Relationships by itself (modules.autoAcceptPendingRelationships): lesson 01 has nothing to decide.",
        "Switch the module off; it is meant for tests.",
    ),
}
_RELATIONSHIPS = {
    "Pending": ("relationship-pending", "is still Pending", "Accept it: establish_relationship(sender, recipient)."),
    "Terminated": (
        "relationship-terminated",
        "is Terminated",
        "Take it up again (relationships.reactivate, then accept_reactivation by the peer), or delete it on both sides "
        "(end_relationship) and establish a new one.",
    ),
    "DeletionProposed": (
        "relationship-deletion-proposed",
        "was deleted by one side (DeletionProposed)",
        "Delete it on the other side, too (relationships.decompose), and establish a new one.",
    ),
}


def _http_for_https(url: str) -> _WrongError:
    return _WrongError("http-for-https", f"{url} speaks https and not http.", "Let the URL begin with https://.")


def _allowed(look: Callable[[Connector], object], connector: Connector) -> bool:
    """Tell whether a key has the scope; that there is no such object is an answer, too."""
    try:
        look(connector)
    except Forbidden:
        return False
    except ApiError:
        return True
    return True


def _counted(what: str, values: Sequence[str]) -> str:
    return f"{what}{'s' if len(values) > 1 else ''} {', '.join(values)}"


def _in_words(error: ConnectorError) -> _WrongError:
    """Return what an error of a call means."""
    match error:
        case Unauthorized() if error.meaning != describe(error.code):  # of a token, which is no key
            return _WrongError("unauthorized", error.meaning.what, error.meaning.cure)
        case Unauthorized():
            cure = "Check that the key is complete, enabled, not expired, and of this Connector."
            return _WrongError("unauthorized", "It refuses the API key (401).", cure)
        case NotFound():
            what = "It answers that it has no /Monitoring/Version: this is no Connector 7."
            return _WrongError("not-a-connector", what, "Check the URL.")
        case ApiError():
            code = "fails"
        case ConnectionFailed():
            code = error.reason or "broken"
        case UnsupportedVersion():
            code = "wrong-version"
        case TokenRefused():
            code = "token-refused"
        case _:
            code = "not-a-connector"
    return _WrongError(code, error.problem, error.cure)


def of_services(services: HealthServices) -> tuple[str, str, str]:
    """Return what is wrong with a Connector that is not healthy: a code, the problem, its cure."""
    if services.database != "healthy":
        return "database-unhealthy", "Not healthy: it cannot use its database.", "Look at its log, and at its database."
    if services.backbone_connection != "healthy":
        return (
            "backbone-unreachable",
            "Not healthy: it cannot reach its Backbone.",
            "Look at its log, and whether its Backbone (transportLibrary.baseUrl) runs and can be reached from there.",
        )
    return (
        "backbone-refuses",
        "Not healthy: its Backbone does not let it in.",
        "Check transportLibrary.platformClientId and platformClientSecret, and look at its log.",
    )


def explained(error: E, connector: Connector) -> E:
    """Return an error of a call with what the doctor finds at that Connector, if that is more than it says itself."""
    found = next((each for each in Side("", _patient(connector)).checks() if not each.ok), None)
    if found:
        error.problem, error.cure = f"{connector.name.capitalize()}: {found.problem}", found.cure
        error.args = (error.problem, error.cure)
    return error


def _patient(connector: Connector) -> Connector:
    return connector.with_options(timeout=_TIMEOUT, retries=0)


def _pair(sender: Side | None, recipient: Side | None) -> list[Check]:
    """Look at what two Connectors have in common; at nothing, if one of them is not fine alone."""
    looks: dict[str, Callable[[Side, Side], str]] = {
        "Identities": _two,
        "Backbone": _one_backbone,
        "Relationship": _relationship,
        "Identity deletion": _stay,
    }
    if not sender or not recipient:
        return [Check(f"Own pair: {what}", state="not looked at") for what in looks]
    with aside():
        return _examine([(f"Own pair: {what}", partial(look, sender, recipient)) for what, look in looks.items()])


def same_identity(address: str) -> tuple[str, str]:
    """Return what is wrong if Sender and Recipient are one: the problem, and its cure."""
    return (
        f"Sender and Recipient are the same Identity, {address}: nobody sends Requests to itself.",
        "Name two Connectors with Identities of their own (two URLs may lead to the same Connector).",
    )


def _two(sender: Side, recipient: Side) -> str:
    if sender.address == recipient.address:
        raise _WrongError("same-identity", *same_identity(sender.address))
    return "two"


def _between(one: Side, other: Side) -> list[Relationship]:
    return [each for each in one.connector.relationships.list(peer=other.address) if each.status not in _OVER]


def _one_backbone(sender: Side, recipient: Side) -> str:
    hosts = sender.hears, recipient.hears
    urls = [(side.configuration().get("transportLibrary") or {}).get("baseUrl") for side in (sender, recipient)]
    differ = hosts[0] != hosts[1]
    if not differ and all(urls) and urls[0] != urls[1] and not _between(sender, recipient):
        differ, hosts = True, (str(urls[0]), str(urls[1]))  # two of the same name
    if differ:
        raise _WrongError(
            "different-backbones",
            f"They are on different Backbones, {hosts[0]} and {hosts[1]}: neither can reach the other.",
            "Use two Connectors with the same transportLibrary.baseUrl.",
        )
    return hosts[0]


def _relationship(sender: Side, recipient: Side) -> str:
    found = _between(sender, recipient) or _between(recipient, sender)
    if not found:
        raise _WrongError(
            "no-relationship",
            "They have no Relationship, so they cannot send each other anything.",
            "Lesson 01 establishes one, or: establish_relationship(sender, recipient).",
        )
    newest = found[-1]
    if newest.status in _RELATIONSHIPS:
        code, how, cure = _RELATIONSHIPS[newest.status]
        raise _WrongError(code, f"Their Relationship {newest.id} {how}.", cure)
    return f"{newest.status} ({newest.id})"


def _stay(sender: Side, recipient: Side) -> str:
    for one, other, name in ((sender, recipient, "Recipient"), (recipient, sender, "Sender")):
        for each in _between(one, other):
            if each.peer_deletion_info:
                when = f"{each.peer_deletion_info.deletion_date:%Y-%m-%d}"
                gone = each.peer_deletion_info.deletion_status == "Deleted"
                raise _WrongError(
                    "identity-in-deletion",
                    f"The {name}'s Identity {'was deleted' if gone else 'is to be deleted'} on {when}.",
                    "Use a Connector with another Identity."
                    if gone
                    else "Cancel it at that Connector (identity_deletion_process.cancel), or use another one.",
                )
    return "none under way"


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        alone: the checks of each Connector alone, by its name.
        together: those of Sender and Recipient.
        notes: what differs, and is no problem.
    """

    alone: Mapping[str, Sequence[Check]]
    together: Sequence[Check] = ()
    notes: Sequence[Check] = ()

    @property
    def checks(self) -> list[Check]:
        """All of them, in order."""
        return [*(check for each in self.alone.values() for check in each), *self.together, *self.notes]

    def problem_of(self, name: str) -> Check | None:
        """Return what is wrong with one Connector alone, None if nothing is."""
        return next((check for check in self.alone.get(name, ()) if not check.ok), None)


def of_connectors(connectors: Mapping[str, Connector], *, synchronise: bool = False) -> Diagnosis:
    """Look at Connectors, all at once; nothing is raised.

    Args:
        connectors: them by their names, of which "sender" and "recipient" are looked at as a pair.
        synchronise: whether they are let synchronise (`POST /Account/Sync`), so that what they know is up to date.
    """
    sides = {name: Side(f"Own {name.capitalize()}", _patient(each), synchronise) for name, each in connectors.items()}
    with ThreadPoolExecutor() as pool:
        alone = dict(zip(sides, pool.map(Side.checks, sides.values()), strict=True))
    fine = {name: side for name, side in sides.items() if all(check.ok for check in alone[name])}
    together = _pair(fine.get("sender"), fine.get("recipient"))
    return Diagnosis(alone, together, [note for side in fine.values() for note in side.notes()])


def of_endpoints(own: OwnConnectors, *, synchronise: bool = False) -> Diagnosis:
    """Look at the user's own Connectors as they are named; nothing is raised.

    Args:
        own: where they are.
        synchronise: see `of_connectors`.
    """
    endpoints = own.all
    connectors: dict[str, Connector] = {}
    refused: dict[str, Sequence[Check]] = {}
    for name, endpoint in endpoints.items():
        try:
            connectors[name] = endpoint.connect(name)
        except (SettingsError, InvalidInput) as error:
            refused[name] = [problem(f"Own {name.capitalize()}: settings", error.problem, error.cure, "settings")]
    try:
        found = of_connectors(connectors, synchronise=synchronise)
    finally:
        for connector in connectors.values():
            connector.close()
    return Diagnosis({name: (refused | dict(found.alone))[name] for name in endpoints}, found.together, found.notes)
