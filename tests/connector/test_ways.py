"""How one gets to a Connector: tokens of a real issuer, https with a private CA and client certificates, a proxy."""

import asyncio
import json
import pickle
import ssl
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from enmeshed_nb import aio, explain
from enmeshed_nb.connector import (
    ApiKey,
    AsyncConnector,
    BearerToken,
    ClientCredentials,
    ConnectionFailed,
    Connector,
    ConnectorError,
    Forbidden,
    InvalidInput,
    Tls,
    TokenRefused,
    Unauthorized,
)
from enmeshed_nb.localnet import LocalNetwork
from enmeshed_nb.localnet.settings import ConnectorState
from tests.conftest import closed_port
from tests.connector.test_processes import in_a_child
from tests.oauth_issuer import AUDIENCE, CLIENT, SECRET, Issuer, issuing
from tests.relay import forward_proxy, tls_before

KEY = "Zw0lf!Zw0lf!Zw0lf!Zw0lf!Zw0lf!XX"


@pytest.fixture(scope="module")
def served() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture
def issuer(served: Issuer) -> Iterator[Issuer]:
    url, before = served.url, dict(vars(Issuer()))
    served.__dict__.update({name: before[name] for name in before if name not in ("url", "_key")})
    yield served
    assert served.url == url


@pytest.fixture(scope="module")
def there(served: Issuer, network: LocalNetwork) -> Iterator[ConnectorState]:
    """A Connector that takes tokens of the issuer."""
    bearer = {"jwtBearer": {"issuerBaseURL": served.url, "audience": AUDIENCE}}
    config = {"infrastructure": {"httpServer": {"authentication": bearer}}}
    with LocalNetwork.open(network.state.data_dir, connectors={"takes-tokens": config}) as joined:
        yield joined.state.connector("takes-tokens")
        joined.remove("takes-tokens")


def credentials(at: Issuer, **changes: Any) -> ClientCredentials:
    return ClientCredentials(
        **{"client_id": CLIENT, "client_secret": SECRET, "issuer": at.url, "scope": "**"} | changes
    )


def address(connector: Connector) -> str:
    return connector.account.identity_info().address


# tokens


def test_a_token_is_asked_for_once_and_used_by_all(issuer: Issuer, there: ConnectorState) -> None:
    with Connector(there.url, auth=credentials(issuer)) as connector, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: address(connector), range(16)))
        assert (set(found), issuer.given) == ({there.address}, 1)
        assert address(connector.with_options(timeout=30)) == there.address
        assert issuer.given == 1
        assert in_a_child(lambda: f"{address(connector)} {issuer.given}") == f"{there.address} 1"  # asked in the parent
        assert issuer.given == 2

        async def flow() -> set[str]:
            async with aio.from_connector(connector) as twin:
                return {
                    each.address for each in await asyncio.gather(*(twin.account.identity_info() for _ in range(9)))
                }

        assert (asyncio.run(flow()), issuer.given) == ({there.address}, 3)
    assert issuer.asked[0] == {"grant_type": "client_credentials", "scope": "**", "way": "basic"}


def test_who_waits_for_a_token_goes_on_when_who_asked_for_it_is_cancelled(
    issuer: Issuer, there: ConnectorState
) -> None:
    async def flow() -> str:
        asked, nobody_answers = asyncio.Event(), asyncio.Event()

        async def passed_on(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/token" and not asked.is_set():
                asked.set()
                await nobody_answers.wait()
            async with httpx.AsyncClient() as client:
                answer = await client.send(request)
            return httpx.Response(
                answer.status_code, content=answer.content, headers={"content-type": "application/json"}
            )

        transport = httpx.MockTransport(passed_on)
        async with AsyncConnector(there.url, auth=credentials(issuer), transport=transport) as connector:
            first = asyncio.create_task(connector.account.identity_info())
            await asked.wait()
            second = asyncio.create_task(connector.account.identity_info())
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            return (await second).address

    assert (asyncio.run(flow()), issuer.given) == (there.address, 1)


def test_the_client_says_its_secret_in_the_form_and_knows_the_token_url(issuer: Issuer, there: ConnectorState) -> None:
    known = credentials(
        issuer,
        issuer=None,
        token_url=f"{issuer.url}/token",
        authentication="post",
        audience=AUDIENCE,
        scope="core:account",
    )
    with Connector(there.url, auth=known) as connector:
        assert address(connector) == there.address
        with pytest.raises(Forbidden, match="may not use this endpoint"):
            connector.messages.list()
    (asked,) = issuer.asked
    assert (asked["way"], asked["client_secret"], asked["audience"]) == ("post", SECRET, AUDIENCE)


def test_a_token_without_a_scope_may_do_nothing(issuer: Issuer, there: ConnectorState) -> None:
    with Connector(there.url, auth=credentials(issuer, scope=None)) as connector, pytest.raises(Forbidden):
        connector.account.identity_info()


def test_a_token_is_replaced_before_it_ends(issuer: Issuer, there: ConnectorState) -> None:
    """Each call is the only one of its token: what is said to be about to end is not used, though it still works."""
    issuer.said_to_last = 0
    with Connector(there.url, there.api_key) as watching, Connector(there.url, auth=credentials(issuer)) as connector:
        before = watching.monitoring.requests().request_count_by_status.get("401", 0)
        assert [address(connector) for _ in range(3)] == [there.address] * 3
        assert issuer.given == 3
        assert watching.monitoring.requests().request_count_by_status.get("401", 0) == before


@pytest.mark.parametrize(("lasts", "used_for"), [(3600, 3570), (150, 120), (100, 80), (10, 8)])
def test_the_end_of_a_token_is_not_waited_for(
    issuer: Issuer, there: ConnectorState, monkeypatch: pytest.MonkeyPatch, lasts: int, used_for: int
) -> None:
    """By a clock of its own: half a minute before its end, or after four fifths of a short time."""
    now = 1000.0
    monkeypatch.setattr("enmeshed_nb.connector.authentication.time", SimpleNamespace(monotonic=lambda: now))
    issuer.said_to_last = lasts
    with Connector(there.url, auth=credentials(issuer)) as connector:
        address(connector)
        now += used_for - 0.1
        address(connector)
        assert issuer.given == 1
        now += 0.2
        address(connector)
        assert issuer.given == 2


@pytest.mark.parametrize("said", [None, 3600, 31, "soon", True])
def test_a_token_is_used_as_long_as_it_lasts(issuer: Issuer, there: ConnectorState, said: Any) -> None:
    issuer.said_to_last = said
    with Connector(there.url, auth=credentials(issuer)) as connector:
        assert [address(connector) for _ in range(3)] == [there.address] * 3
    assert issuer.given == 1


def test_after_a_401_there_is_one_new_token_and_then_a_clear_error(issuer: Issuer, there: ConnectorState) -> None:
    with Connector(there.url, auth=credentials(issuer)) as connector:
        assert address(connector) == there.address
        issuer.rotate()
        with Connector(there.url, auth=BearerToken(issuer.token("**"))) as other:
            assert address(other) == there.address  # so the Connector knows the new key, and the old one no longer
        assert (address(connector), issuer.given) == (there.address, 2)
        issuer.rotate()
        issuer.is_published = False
        with (
            Connector(there.url, auth=BearerToken(issuer.token("**"))) as other,
            pytest.raises(Unauthorized, match=r"The bearer token is not accepted\.(?s:.*)issuer and audience"),
        ):
            address(other)  # now the Connector knows none of its keys
        with pytest.raises(Unauthorized, match=f"A new token of {issuer.url} is not accepted") as refused:
            address(connector)
        assert issuer.given == 3
        assert "API key" not in str(refused.value)
        assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)
        assert "is not accepted" in explain(refused.value)


def test_a_body_is_sent_again_whole_with_the_new_token(issuer: Issuer, there: ConnectorState, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_bytes(b"one" * 100_000)
    with Connector(there.url, auth=credentials(issuer)) as connector:
        address(connector)
        issuer.rotate()
        with Connector(there.url, auth=BearerToken(issuer.token("**"))) as other:
            address(other)
        file = connector.files.upload_own(tmp_path / "one.txt", "2999-01-01T00:00:00Z")
        assert connector.files.download(file.id) == b"one" * 100_000
    assert issuer.given == 2


AT_ISSUER: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"discovery": {"issuer": "https://evil.example"}}, "another issuer: 'https://evil.example'"),
    "no URL": ({"discovery": {"token_endpoint": "ftp://x"}}, "token URL without https"),
    "no token": ({"changes": {"access_token": None}}, "answered 200 to a request for a token, without one"),
    "an odd token": ({"changes": {"access_token": "a\r\nX-Evil: 1"}}, "without one"),
    "another kind": ({"changes": {"token_type": "mac"}}, "no bearer token"),
}
"""What is wrong at the issuer, and what is said of it."""
AT_HOME: dict[str, tuple[dict[str, Any], str]] = {
    "a wrong secret": (
        {"client_secret": "hunter2"},
        r"no token: invalid_client: no client with the secret \*\*\*\.\nWhat to do: Check client id",
    ),
    "no issuer": ({"issuer": "{url}/nowhere"}, "answered 404, and names no token URL"),
    "a wrong token URL": ({"issuer": None, "token_url": "{url}/keys"}, "answered 405"),
}
"""What is wrong with how the client is named, and what is said of it."""


@pytest.mark.parametrize("what", [*AT_ISSUER, *AT_HOME])
def test_an_issuer_that_gives_no_token_is_told_with_its_cure(issuer: Issuer, there: ConnectorState, what: str) -> None:
    at_issuer, said = AT_ISSUER.get(what, ({}, ""))
    changes, said = AT_HOME.get(what, ({}, said))
    vars(issuer).update(at_issuer)
    known = credentials(
        issuer, **{name: value and value.replace("{url}", issuer.url) for name, value in changes.items()}
    )
    exchanges: list[Any] = []
    with Connector(there.url, auth=known, retries=0) as connector:
        connector.observe(exchanges.append)
        with pytest.raises(TokenRefused, match=said) as refused:
            address(connector)
        shown = "".join((repr(known), repr(connector), repr(vars(connector._http)), repr(exchanges)))
    shown += "".join(traceback.format_exception(refused.value))
    assert SECRET not in shown
    assert "hunter2" not in shown
    assert refused.value.__context__ is None
    assert exchanges[0].error


@pytest.mark.parametrize(("said", "is_sent"), [("https://tokens.test/t", True), ("http://login.test/t", False)])
def test_a_secret_is_not_sent_without_https_to_where_an_https_issuer_points(said: str, is_sent: bool) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.method == "GET" and request.url.host == "login.test":
            return httpx.Response(200, json={"issuer": "https://login.test/", "token_endpoint": said})
        return httpx.Response(200, json={"access_token": "t"} if "test/t" in asked[-1] else {"result": {}})

    known = ClientCredentials(CLIENT, SECRET, issuer="https://login.test")
    connector = Connector("http://connector.test", auth=known, transport=httpx.MockTransport(answer))
    with connector, pytest.raises(ConnectorError) as refused:
        address(connector)
    assert (said in asked, "Nothing was sent there" in str(refused.value)) == (is_sent, not is_sent)


def test_an_issuer_that_cannot_be_reached_is_named(there: ConnectorState) -> None:
    nobody = f"http://127.0.0.1:{closed_port()}"
    known = ClientCredentials(CLIENT, SECRET, issuer=nobody)
    with Connector(there.url, auth=known, retries=0) as connector, pytest.raises(ConnectionFailed) as failed:
        address(connector)
    assert f"No connection to {nobody}: " in str(failed.value)
    assert "Check that the issuer runs" in str(failed.value)
    assert not failed.value.was_sent


@pytest.mark.parametrize("breaks", [httpx.ReadError, httpx.ReadTimeout, httpx.ConnectTimeout])
def test_what_breaks_at_the_issuer_was_not_sent_to_the_connector(breaks: type[httpx.TransportError]) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise breaks("broken", request=request)

    known = ClientCredentials(CLIENT, SECRET, token_url="https://login.test/token")
    connector = Connector("http://connector.test", auth=known, retries=0, transport=httpx.MockTransport(broken))
    with connector, pytest.raises(ConnectionFailed, match=r"login\.test/token") as failed:
        connector.account.sync()
    assert not failed.value.was_sent


def test_what_a_connector_echoes_is_shown_without_the_token(issuer: Issuer) -> None:
    known, sent = credentials(issuer), []

    def echo(request: httpx.Request) -> httpx.Response:
        if request.url.host == "127.0.0.1":
            with httpx.Client() as client:
                answer = client.send(request, auth=None)
            return httpx.Response(answer.status_code, content=answer.content)
        sent.append(request.headers["authorization"])
        return httpx.Response(200, json={"result": {"echo": sent[-1], "secret": [SECRET]}})

    exchanges: list[Any] = []
    with Connector("http://connector.test", auth=known, transport=httpx.MockTransport(echo)) as connector:
        connector.observe(exchanges.append)
        with pytest.raises(ConnectorError):
            address(connector)
    assert len(sent[0]) > 100
    assert exchanges[0].response == {"result": {"echo": "Bearer ***", "secret": ["***"]}}


# https


@contextmanager
def kept(**blobs: Any) -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        yield {name: str(stack.enter_context(blob.tempfile())) for name, blob in blobs.items()}


@pytest.fixture(scope="module")
def certificates() -> Iterator[dict[str, Any]]:
    ca, other = trustme.CA(), trustme.CA()
    client, server = ca.issue_cert("client@example.com"), ca.issue_cert("localhost")
    key = serialization.load_pem_private_key(client.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"pass word"),
    )
    with kept(
        ca=ca.cert_pem,
        other=other.cert_pem,
        certificate=client.cert_chain_pems[0],
        key=client.private_key_pem,
        both=client.private_key_and_cert_chain_pem,
        encrypted=trustme.Blob(encrypted),
        stranger=other.issue_cert("x").private_key_pem,
        strangers=other.issue_cert("y").private_key_and_cert_chain_pem,
    ) as files:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.configure_cert(context)
        mutual = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.configure_cert(mutual)
        ca.configure_trust(mutual)
        mutual.verify_mode = ssl.CERT_REQUIRED
        yield {**files, "context": context, "mutual": mutual}


def test_a_private_authority_is_trusted_when_it_is_named(network: LocalNetwork, certificates: dict[str, Any]) -> None:
    state = network.state.connector("sender")
    with tls_before(state.url, certificates["context"]) as url:
        for tls in (None, Tls(ca_file=certificates["other"])):
            unknown = pytest.raises(ConnectionFailed, match="certificate verify failed")
            with Connector(url, state.api_key, tls=tls, retries=0) as connector, unknown:
                address(connector)
        with Connector(url, state.api_key, tls=Tls(ca_file=Path(certificates["ca"]))) as connector:
            assert address(connector) == state.address
            assert in_a_child(lambda: address(connector)) == state.address

            async def flow() -> str:
                async with aio.from_connector(connector) as twin:
                    return (await twin.account.identity_info()).address

            assert asyncio.run(flow()) == state.address


@pytest.mark.parametrize(
    "own",
    [
        {"certificate": "certificate", "key": "key"},
        {"certificate": "both"},
        {"certificate": "certificate", "key": "encrypted", "password": "pass word"},
    ],
)
def test_a_client_certificate_is_presented(
    network: LocalNetwork, certificates: dict[str, Any], own: dict[str, str]
) -> None:
    state = network.state.connector("sender")
    files = {name: certificates.get(value, value) for name, value in own.items()}
    with tls_before(state.url, certificates["mutual"]) as url:
        with Connector(url, state.api_key, tls=Tls(certificates["ca"], **files)) as connector:
            assert address(connector) == state.address
        for nobody in (Tls(certificates["ca"]), Tls(certificates["ca"], certificates["strangers"])):
            with Connector(url, state.api_key, tls=nobody, retries=0) as connector, pytest.raises(ConnectionFailed):
                address(connector)


def test_the_issuer_is_asked_by_the_same_way(
    issuer: Issuer, there: ConnectorState, certificates: dict[str, Any]
) -> None:
    with tls_before(issuer.url, certificates["mutual"]) as url, forward_proxy() as (proxy, asked):
        known = credentials(issuer, issuer=None, token_url=f"{url}/token")
        with tls_before(there.url, certificates["context"]) as connector_url:
            tls = Tls(certificates["ca"], certificates["both"])
            with Connector(connector_url, auth=known, tls=tls, proxy=f"http://{proxy}") as connector:
                assert address(connector) == there.address
            assert asked == [url.removeprefix("https://"), connector_url.removeprefix("https://")]


# a proxy


def test_a_proxy_is_used_with_its_login(network: LocalNetwork, certificates: dict[str, Any]) -> None:
    state, tls = network.state.connector("sender"), Tls(certificates["ca"])
    with tls_before(state.url, certificates["context"]) as url, forward_proxy("me:hunter2") as (proxy, asked):
        with Connector(url, state.api_key, tls=tls, proxy=f"http://me:hunter2@{proxy}") as connector:
            assert address(connector) == state.address
        assert asked == [url.removeprefix("https://")]
        stopped = pytest.raises(ConnectionFailed, match=f"The proxy http://{proxy} gives no connection.*407")
        wrong = f"http://me:wrong@{proxy}"
        with Connector(url, state.api_key, tls=tls, proxy=wrong, retries=0) as connector, stopped as refused:
            address(connector)
        assert "wrong" not in str(refused.value) + repr(connector._http.connection)
    gone = pytest.raises(ConnectionFailed, match=f"the Connector and the proxy http://{proxy} runs")
    with Connector(url, state.api_key, tls=tls, proxy=f"http://{proxy}", retries=0) as connector, gone:
        address(connector)


def test_own_headers_are_sent_and_cannot_replace_what_is_needed() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(400, json={"error": {"code": "error.x", "message": "m"}})

    own = {"X-Gateway": "one"}
    with Connector("http://c.test", KEY, headers=own, transport=httpx.MockTransport(answer)) as connector:
        own["X-Gateway"] = "changed"
        with pytest.raises(ConnectorError):
            address(connector)
    assert (seen[0]["x-gateway"], seen[0]["x-api-key"]) == ("one", KEY)
    for name in ("x-api-key", "Accept", "X-Correlation-ID", "Content-Type", "Host"):
        with pytest.raises(InvalidInput, match="is needed for something else"):
            Connector("http://c.test", KEY, headers={name: "x"})
    Connector("http://c.test", KEY, headers={"Authorization": "Basic x"}).close()
    with pytest.raises(InvalidInput, match="The header authorization is needed"):
        Connector("http://c.test", auth=BearerToken("x"), headers={"authorization": "Basic x"})


# what cannot be meant


def wrong(**arguments: Any) -> Callable[[dict[str, str]], object]:
    def make(files: dict[str, str]) -> object:
        tls = {name: files.get(value, value) for name, value in arguments.pop("tls", {}).items()}
        given = {"api_key": None if "auth" in arguments else KEY, "tls": Tls(**tls) if tls else None} | arguments
        return [each("http://c.test", **given) for each in (Connector, AsyncConnector)]

    return make


WRONG: dict[str, tuple[Callable[[dict[str, str]], object], str]] = {
    "a line break": (wrong(api_key=KEY + "\n"), "has a line break.*\n.*one line"),
    "two lines": (wrong(api_key=KEY + "\r\nX: y"), "has a line break"),
    "no key": (wrong(api_key=""), "empty"),
    "neither": (wrong(api_key=None), "Either an API key or auth"),
    "both": (wrong(api_key=KEY, auth=ApiKey(KEY)), "Either an API key or auth"),
    "no header": (wrong(api_key_header="X KEY"), "is no header's name"),
    "no way": (wrong(auth="key"), "no way to authenticate"),
    "a word": (lambda _: BearerToken("Bearer x"), "without the word Bearer"),
    "token on two lines": (lambda _: BearerToken("x\ny"), "one line"),
    "a secret on two lines": (lambda _: ClientCredentials("a", "b\n", issuer="https://x"), "has a line break"),
    "no issuer": (lambda _: ClientCredentials("a", "b"), "Issuer or token URL"),
    "two issuers": (lambda _: ClientCredentials("a", "b", issuer="http://x", token_url="http://x"), "and not both"),
    "an odd issuer": (lambda _: ClientCredentials("a", "b", issuer="x"), "not the URL of an issuer"),
    "a secret in the URL": (lambda _: ClientCredentials("a", "b", issuer="https://u:pw@x"), "^'x' is not the URL"),
    "an odd way": (lambda _: ClientCredentials("a", "b", issuer="https://x", authentication="x"), "'basic' or 'post'"),
    "a CA that is missing": (wrong(tls={"ca_file": "/nowhere/ca.pem"}), "CA file /nowhere/ca.pem cannot be read"),
    "a CA that is a folder": (wrong(tls={"ca_file": "/"}), "Is a directory"),
    "a CA that is a key": (wrong(tls={"ca_file": "key"}), "holds no certificate.*\n.*PEM"),
    "no key for it": (wrong(tls={"certificate": "certificate"}), "has no key with it.*\n.*Name the key's file"),
    "no certificate for it": (wrong(tls={"key": "key"}), "without a certificate"),
    "another's key": (wrong(tls={"certificate": "certificate", "key": "stranger"}), "is not that of the certificate"),
    "a key that is none": (wrong(tls={"certificate": "certificate", "key": "ca"}), "cannot be read.*\n.*PEM"),
    "no password": (wrong(tls={"certificate": "certificate", "key": "encrypted"}), "is encrypted"),
    "a wrong password": (
        wrong(tls={"certificate": "certificate", "key": "encrypted", "password": "hunter2"}), "has another password"
    ),
    "a proxy of no kind": (wrong(proxy="ftp://u:hunter2@x"), "^'ftp://x' is not the URL of a proxy"),
    "a proxy without a scheme": (wrong(proxy="proxy:3128"), "is not the URL of a proxy"),
    "a proxy's port": (wrong(proxy="http://proxy:port"), "is not the URL of a proxy"),
    "a header of two lines": (wrong(headers={"X-A": "b\nc"}), "has a value that cannot be sent"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_meant_is_refused_with_what_to_do(certificates: dict[str, Any], what: str) -> None:
    make, said = WRONG[what]
    with pytest.raises(InvalidInput, match=said) as refused:
        make(certificates)
    assert refused.value.cure
    assert "hunter2" not in str(refused.value)
    assert KEY not in json.dumps(str(refused.value))


def test_secrets_are_in_no_representation(certificates: dict[str, Any]) -> None:
    known = [ApiKey(KEY), BearerToken("hunter2"), ClientCredentials("a", "hunter2", issuer="https://x")]
    assert not {each for each in map(repr, known) if "hunter2" in each or KEY in each}
    assert "hunter2" not in repr(Tls("a", "b", "c", "hunter2"))
