"""What a Connector is too old for is not sent; what it is not too old for costs nothing."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from enmeshed_nb.connector import (
    ENDPOINTS,
    ConnectionFailed,
    Connector,
    ConnectorError,
    ConnectorTooOld,
    Exchange,
    InvalidInput,
    UnexpectedAnswer,
    UnsupportedVersion,
)
from enmeshed_nb.connector.versions import require_version_7
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    BankAccount,
    DisplayName,
    IdentityAttribute,
    IdentityAttributeQuery,
    Mail,
    MaritalStatus,
    Request,
    RequestItemGroup,
    SchematizedJSON,
    ShareAttributeRequestItem,
    ShareCredentialOfferRequestItem,
    TokenContentVerifiablePresentation,
)

KEY = "Zw0lf!Zw0lf!Zw0lf!Zw0lf!Zw0lf!XX"
Act = Callable[[Connector], Any]
RUNTIMES = {"7.0.0": "7.0.0", "7.0.3": "7.0.3", "7.2.0": "7.2.0", "7.3.0": "7.3.2", "7.4.0": "7.5.0", "7.4.6": "7.5.11"}
TOMORROW = datetime.now(UTC) + timedelta(days=1)
MAIL = Mail(to=["a"], subject="s", body="b", body_format="Markdown")
ACCOUNT = BankAccount(account_holder="Zoë", iban="DE02120300000000202051")
SINGLE = IdentityAttribute(owner="did:e:x", value=MaritalStatus(value="single"))
SHARE = ShareAttributeRequestItem(
    attribute=IdentityAttribute(owner="did:e:x", value=DisplayName(value="Zoë")),
    attribute_id="ATT1",
    initial_attribute_peer="did:e:y",
    must_be_accepted=True,
)
AUTHENTICATION = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
OFFER = ShareCredentialOfferRequestItem(credential_offer_url="openid-credential-offer://", must_be_accepted=True)
PRESENTATION = TokenContentVerifiablePresentation(value="eyJ", type="jwt")

NEWER: dict[str, tuple[str, str, Act]] = {
    "initialAttributePeer": (
        "Connector 7.0.3",
        "7.0.3",
        lambda one: one.requests.outgoing.create(Request(items=[SHARE]), "did:e:p"),
    ),
    "BankAccount": ("Runtime 7.1.0", "7.2.0", lambda one: one.attributes.create(ACCOUNT)),
    "Mail.bodyFormat": ("Connector 7.2.0", "7.2.0", lambda one: one.messages.send("a", MAIL)),
    "bodyFormat in JSON": ("Connector 7.2.0", "7.2.0", lambda one: one.messages.send("a", MAIL.model_dump())),
    "filter": ("Connector 7.2.0", "7.2.0", lambda one: one.messages.list(content__body_format="Markdown")),
    "valueType": (
        "Connector 7.2.0",
        "7.2.0",
        lambda one: one.attributes.execute_identity_attribute_query(IdentityAttributeQuery(value_type="MaritalStatus")),
    ),
    "decision": (
        "Connector 7.2.0",
        "7.2.0",
        lambda one: one.requests.incoming.accept("REQ1", [{"accept": True, "newAttribute": SINGLE}]),
    ),
    "DELETE /Tokens/{id}": ("Connector 7.3.0", "7.3.0", lambda one: one.tokens.delete("TOK1")),
    "DELETE /RelationshipTemplates/{id}": (
        "Connector 7.3.0",
        "7.3.0",
        lambda one: one.relationship_templates.delete("RLT1"),
    ),
    "SchematizedJSON": ("Runtime 7.4.0", "7.4.0", lambda one: one.attributes.can_create(SchematizedJSON(value={}))),
    "ShareCredentialOfferRequestItem": (
        "Connector 7.4.0",
        "7.4.0",
        lambda one: one.requests.outgoing.validate(Request(items=[AUTHENTICATION, RequestItemGroup(items=[OFFER])])),
    ),
    "token content": ("Connector 7.4.0", "7.4.0", lambda one: one.tokens.create_own(PRESENTATION, TOMORROW)),
}
"""What is too new: what it needs, the first Connector below that has it, and how it would be sent."""


class Server:
    """A Connector of some version; it answers each call with nothing."""

    def __init__(self, version: httpx.Response) -> None:
        self.version = version
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path.removeprefix('/api/core/v1')}")
        return self.version if request.url.path == "/Monitoring/Version" else httpx.Response(204)

    def connector(self) -> Connector:
        return Connector("http://connector.test", KEY, name="sender", transport=httpx.MockTransport(self), retries=0)


def of_version(version: str) -> Server:
    return Server(httpx.Response(200, json={"version": version, "runtimeVersion": RUNTIMES[version]}))


def send(connector: Connector, act: Act) -> None:
    with suppress(UnexpectedAnswer):  # the answer has no content; that it was sent counts
        act(connector)


@pytest.mark.parametrize("newer", NEWER)
@pytest.mark.parametrize("version", RUNTIMES)
def test_what_a_connector_is_too_old_for_is_not_sent(version: str, newer: str) -> None:
    needs, first, act = NEWER[newer]
    server = of_version(version)
    with server.connector() as connector:
        if version >= first:
            send(connector, act)
            assert len(server.asked) == 2
            return
        with pytest.raises(ConnectorTooOld) as caught:
            act(connector)
    assert isinstance(caught.value, InvalidInput)
    assert f"needs {needs}" in caught.value.problem
    assert f"This is Connector {version} with Runtime {RUNTIMES[version]}; nothing was sent." in caught.value.problem
    assert server.asked == ["GET /Monitoring/Version"]


@pytest.mark.parametrize(
    ("newer", "says", "path"),
    [
        ("ShareCredentialOfferRequestItem", "ShareCredentialOfferRequestItem (items[1].items[0]) needs", (1, 0)),
        ("initialAttributePeer", "ShareAttributeRequestItem.initialAttributePeer (items[0].initialAttr", (0,)),
        ("decision", "MaritalStatus (items[0].newAttribute.value) needs", (0,)),
        ("filter", "the filter 'content.bodyFormat' needs", ()),
        ("DELETE /Tokens/{id}", "DELETE /Tokens/{id} needs", ()),
    ],
)
def test_it_is_named_with_its_place_and_the_item_is_data(newer: str, says: str, path: tuple[int, ...]) -> None:
    with of_version("7.0.0").connector() as connector, pytest.raises(ConnectorTooOld) as caught:
        NEWER[newer][2](connector)
    assert caught.value.problem.startswith(says)
    assert caught.value.path == path


def test_what_stood_for_it_before_is_said() -> None:
    with of_version("7.0.0").connector() as connector, pytest.raises(ConnectorTooOld) as caught:
        NEWER["initialAttributePeer"][2](connector)
    assert caught.value.cure.startswith("Before, 'thirdPartyAddress' stood for it. Leave it out")


def test_all_that_is_too_new_is_named() -> None:
    with of_version("7.0.0").connector() as connector, pytest.raises(ConnectorTooOld) as caught:
        connector.requests.outgoing.validate(Request(items=[OFFER, SHARE, OFFER]))
    assert all(f"(items[{index}]" in caught.value.problem for index in range(3))


def test_the_version_is_asked_once_and_only_if_it_matters() -> None:
    server = of_version("7.0.0")
    with server.connector() as connector:
        for act in (
            lambda one: one.account.sync(),
            lambda one: one.messages.send("a", Mail(to=["a"], subject="s", body="b")),
            lambda one: one.requests.outgoing.validate(Request(items=[AUTHENTICATION])),
            lambda one: one.tokens.create_own({"any": "JSON"}, TOMORROW),
            lambda one: one.messages.list(content__subject="s"),
            lambda one: one.identity_metadata.upsert("did:e:x", MAIL.model_dump()),
        ):
            send(connector, act)
        assert len(server.asked) == 6
        assert "GET /Monitoring/Version" not in server.asked
        for _ in range(3):
            with pytest.raises(ConnectorTooOld):
                connector.tokens.delete("TOK1")
    assert server.asked[6:] == ["GET /Monitoring/Version"]


def test_the_version_that_was_required_is_not_asked_for_again() -> None:
    server = of_version("7.0.0")
    with server.connector() as connector:
        connector.require_version()
        with pytest.raises(ConnectorTooOld):
            connector.tokens.delete("TOK1")
    assert server.asked == ["GET /Monitoring/Version"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(403, json={"error": {"code": "error.connector.forbidden", "message": "No."}}),
        httpx.Response(404, json={"error": {"code": "error.connector.http.routeDoesNotExist", "message": "No."}}),
        httpx.Response(200, html="<h1>Log in</h1>"),
        httpx.Response(200, json={"version": 7}),
        httpx.Response(200, json={"version": "main"}),
    ],
    ids=["no scope", "no route", "no Connector", "no text", "no number"],
)
def test_if_the_version_is_not_to_be_known_the_connector_has_the_last_word(answer: httpx.Response) -> None:
    server = Server(answer)
    with server.connector() as connector:
        connector.tokens.delete("TOK1")
        connector.tokens.delete("TOK2")
        with pytest.raises(ConnectorError):
            connector.require_version()
    assert server.asked[:3] == ["GET /Monitoring/Version", "DELETE /Tokens/TOK1", "DELETE /Tokens/TOK2"]


def test_if_the_version_of_the_runtime_is_not_to_be_known_it_has_the_last_word_too() -> None:
    server = Server(httpx.Response(200, json={"version": "7.0.0"}))
    with server.connector() as connector:
        send(connector, lambda one: one.attributes.create(ACCOUNT))
        with pytest.raises(ConnectorTooOld, match=r"This is Connector 7\.0\.0; nothing was sent"):
            connector.messages.send("a", MAIL)
    assert server.asked == ["GET /Monitoring/Version", "POST /Attributes"]


def test_a_version_that_could_not_be_asked_for_is_asked_for_again() -> None:
    answers = iter([httpx.ConnectError("refused"), httpx.ConnectError("refused"), None])

    def answer(request: httpx.Request) -> httpx.Response:
        if error := next(answers):
            raise error
        return httpx.Response(200, json={"version": "7.0.0"})

    with Connector("http://connector.test", KEY, transport=httpx.MockTransport(answer), retries=0) as connector:
        with pytest.raises(ConnectionFailed):
            connector.tokens.delete("TOK1")
        with pytest.raises(ConnectorTooOld):
            connector.tokens.delete("TOK1")


@pytest.mark.parametrize("version", ["7.0.0", "7.10", "7", "7.4.6-rc.1"])
def test_each_version_7_will_do(version: str) -> None:
    require_version_7(version)


@pytest.mark.parametrize(
    ("version", "cure"),
    [
        ("6.9", "Use a Connector 7."),
        ("main", "Use a Connector 7."),
        ("8", "Use a client for that version."),
        ("10.0", "Use a client for that version."),
        ("70.1", "Use a client for that version."),
    ],
)
def test_no_other_version_will_do(version: str, cure: str) -> None:
    with pytest.raises(UnsupportedVersion, match=f"version {version}; this client") as caught:
        require_version_7(version)
    assert caught.value.cure == cure


def test_endpoints_say_since_when_they_exist() -> None:
    newer = {name: str(route.since) for name, route in ENDPOINTS.items() if route.since.version != "7.0.0"}
    assert newer == dict.fromkeys(("Tokens.delete", "RelationshipTemplates.delete"), "Connector 7.3.0")
    with of_version("7.0.0").connector() as connector:
        for delete in (connector.tokens.delete, connector.relationship_templates.delete):
            assert "\n\nSince Connector 7.3.0." in (delete.__doc__ or "")
    keys = {name: dict(route.newer_keys) for name, route in ENDPOINTS.items() if route.newer_keys}
    assert {name: [*each] for name, each in keys.items()} == {"Messages.list": ["content.bodyFormat"]}


@pytest.mark.parametrize("newer", NEWER)
def test_the_local_network_says_what_it_cannot_run(sender: Connector, newer: str) -> None:
    exchanges: list[Exchange] = []
    stop = sender.observe(exchanges.append)
    with pytest.raises(ConnectorTooOld, match="This is Connector 7") as caught:
        NEWER[newer][2](sender)
    stop()
    assert "A local network cannot be newer than the Runtime on npm" in caught.value.cure
    assert [each.call for each in exchanges if each.call != "GET /Monitoring/Version"] == []
