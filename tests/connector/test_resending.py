"""Safe resend: answers are lost after a real Connector did what was asked, and nothing is done twice."""

import asyncio
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from enmeshed_nb import AsyncConnector, AuthenticationRequestItem, Request, accept_all, reject_all
from enmeshed_nb.connector import (
    ENDPOINTS,
    AnswerTimeout,
    ConnectionFailed,
    Connector,
    ConnectorError,
    NotFound,
    PasswordProtection,
    Refused,
    ServerError,
    UnexpectedAnswer,
)
from enmeshed_nb.connector.error_codes import UNANSWERED_CALL
from enmeshed_nb.connector.errors import Call
from enmeshed_nb.connector.exchange import API
from enmeshed_nb.connector.resending import SEARCHES, holds, loss_of
from enmeshed_nb.content import DisplayName, Mail
from enmeshed_nb.guide import establish_relationship, send_request, sync, wait_for_request
from enmeshed_nb.localnet import LocalNetwork
from tests.connector.test_http import KEY, closed_port
from tests.faults.proxy import Proxy

SETTLING = "enmeshed_nb.connector._sync.resending.SETTLING"


class Lossy(Proxy):
    """Also keeps back answers ("late": it is done, and nobody hears of it in time), or the calls ("held")."""

    def __init__(self, port: int) -> None:
        self._over = asyncio.Event()
        super().__init__(port)

    async def _pass_on(self, call: bytes, writer: asyncio.StreamWriter, outage: str | None) -> None:
        class Nowhere:
            def write(self, _: bytes) -> None:
                pass

        if outage not in ("late", "held"):
            await super()._pass_on(call, writer, outage)
            return
        if outage == "late":
            await super()._pass_on(call, Nowhere(), None)
        await self._over.wait()
        raise ConnectionResetError

    def close(self) -> None:
        self._do(self._end())
        super().close()

    async def _end(self) -> None:
        self._over.set()
        if serving := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(serving, timeout=0.2)


class World:
    """A Sender behind a proxy that loses answers, and the Recipient."""

    def __init__(self, proxy: Lossy, sender: Connector, direct: Connector, recipient: Connector) -> None:
        self.proxy, self.direct, self.recipient = proxy, direct, recipient
        self.plain = sender
        self.sender = sender.with_options(resend=True)
        self.peer = recipient.account.identity_info().address

    def lose(self, call: str, outage: str = "answer lost", times: int = 1) -> None:
        method, path = call.split(" ")
        self.proxy.fail(outage, call=f"{method} {API}{path}", times=times)


@pytest.fixture(scope="module")
def world(network: LocalNetwork, _parties: Any) -> Iterator[World]:
    with ExitStack() as opened:
        states = [network.state.connector(name) for name in ("sender", "recipient")]
        proxy = opened.enter_context(Lossy(int(states[0].url.rpartition(":")[2])))
        url = f"http://127.0.0.1:{proxy.port}"
        sender = opened.enter_context(Connector(url, states[0].api_key, name="sender"))
        direct, recipient = (opened.enter_context(Connector(each.url, each.api_key, name=each.name)) for each in states)
        yield World(proxy, sender, direct, recipient)


@pytest.fixture(autouse=True)
def recover(world: World) -> Iterator[None]:
    sync(world.recipient)  # who does not fetch Messages gets no more of them after 20
    yield
    world.proxy.recover()


def request() -> Request:
    item = AuthenticationRequestItem(title=f"Is it you? {uuid4().hex}", must_be_accepted=True)
    return Request(items=[item])


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def incoming(world: World) -> str:
    """Return the id of a Request that the Sender has to decide."""
    own = world.direct.account.identity_info().address
    sent = send_request(world.recipient, request(), own)
    return wait_for_request(world.direct, sent.id).id


def mail(world: World) -> Mail:
    return Mail(to=[world.peer], subject="Hello", body=uuid4().hex)


def sent(world: World, content: Mail) -> int:
    """Return how often a Mail was sent."""
    return sum(getattr(each.content, "body", None) == content.body for each in world.direct.messages.list())


# What is called, how it is listed, and how it is made: each case returns what to call and what counts how often it is
# there. The call is made by the Sender behind the proxy, what counts by the one that is not.
Case = Callable[[World], tuple[Callable[[Connector], Any], Callable[[], int]]]


def create_request(world: World) -> Any:
    wanted = request()
    there = world.direct.requests.outgoing.list
    return (
        lambda one: one.requests.outgoing.create(wanted, world.peer),
        lambda: sum(each.content.items == wanted.items for each in there()),
    )


def send_a_request(world: World) -> Any:
    created = world.direct.requests.outgoing.create(request(), world.peer)
    return (
        lambda one: one.messages.send(world.peer, created.content),
        lambda: sum(getattr(each.content, "id", None) == created.id for each in world.direct.messages.list()),
    )


def send_mail(world: World) -> Any:
    content = mail(world)
    file = world.direct.files.upload_own(b"1", tomorrow(), filename="a.txt")
    return (
        lambda one: one.messages.send([world.peer], content, attachments=[file.id]),
        lambda: sent(world, content),
    )


def create_attribute(world: World) -> Any:
    value = DisplayName(value=uuid4().hex)
    there = world.direct.attributes.list_own_identity
    return (
        lambda one: one.attributes.create(value, tags=["x:y"]),
        lambda: sum(each.content.value == value for each in there()),
    )


def succeed_attribute(world: World) -> Any:
    first = world.direct.attributes.create(DisplayName(value=uuid4().hex))
    value = DisplayName(value=uuid4().hex)
    return (
        lambda one: one.attributes.succeed(first.id, value),
        lambda: len(world.direct.attributes.versions(first.id)) - 1,
    )


def create_template(world: World) -> Any:
    content, expires_at = {"@type": "ArbitraryRelationshipTemplateContent", "value": uuid4().hex}, tomorrow()
    word = PasswordProtection(password="1234", password_is_pin=True)
    there = world.direct.relationship_templates.list_own
    return (
        lambda one: one.relationship_templates.create_own(
            content, expires_at, max_number_of_allocations=2, password_protection=word
        ),
        lambda: sum(each.content.model_dump() == content for each in there()),
    )


def create_token(world: World) -> Any:
    content, expires_at = {"a": uuid4().hex}, "2090-01-01T00:00:00Z"
    there = world.direct.tokens.list_own
    return (
        lambda one: one.tokens.create_own(content, expires_at),
        lambda: sum(each.content == content for each in there()),
    )


def create_template_token(world: World) -> Any:
    content = {"@type": "ArbitraryRelationshipTemplateContent", "value": 1}
    template = world.direct.relationship_templates.create_own(content, tomorrow())
    there = world.direct.tokens.list_own
    return (
        lambda one: one.relationship_templates.create_token(template.id),
        lambda: sum(getattr(each.content, "get", {}.get)("templateId") == template.id for each in there()),
    )


def create_file_token(world: World) -> Any:
    file = world.direct.files.upload_own(b"1", tomorrow(), filename="a.txt")
    there = world.direct.tokens.list_own
    return (
        lambda one: one.files.create_token(file.id, expires_at=file.expires_at),
        lambda: sum(getattr(each.content, "get", {}.get)("fileId") == file.id for each in there()),
    )


def upload_file(world: World) -> Any:
    title, expires_at = uuid4().hex, tomorrow()
    return (
        lambda one: one.files.upload_own(b"hello", expires_at, filename="a.txt", title=title, tags=["x:a", "x:b"]),
        lambda: len(world.direct.files.list_own(title=title)),
    )


def accept_request(world: World) -> Any:
    asked = world.direct.requests.incoming.get(incoming(world))
    return (
        lambda one: one.requests.incoming.accept(asked.id, accept_all(asked)),
        lambda: int(world.direct.requests.incoming.get(asked.id).response is not None),
    )


def reject_request(world: World) -> Any:
    asked = world.direct.requests.incoming.get(incoming(world))
    return (
        lambda one: one.requests.incoming.reject(asked.id, reject_all(asked)),
        lambda: int(world.direct.requests.incoming.get(asked.id).response is not None),
    )


def delete_file(world: World) -> Any:
    file = world.direct.files.upload_own(b"1", tomorrow(), filename="a.txt")
    return (
        lambda one: one.files.delete(file.id),
        lambda: 1 - sum(each.id == file.id for each in world.direct.files.list()),
    )


def regenerate(world: World) -> Any:
    file = world.direct.files.upload_own(b"1", tomorrow(), filename="a.txt")
    tokens = [file.ownership_token]

    def count() -> int:
        tokens.append(world.direct.files.get(file.id).ownership_token)
        return len(set(tokens)) - 1

    return lambda one: one.files.regenerate_ownership_token(file.id), count


CASES: dict[str, tuple[str, Case]] = {
    "requests.outgoing.create": ("POST /Requests/Outgoing", create_request),
    "messages.send a Request": ("POST /Messages", send_a_request),
    "messages.send a Mail": ("POST /Messages", send_mail),
    "attributes.create": ("POST /Attributes", create_attribute),
    "attributes.succeed": ("POST /Attributes/", succeed_attribute),
    "relationship_templates.create_own": ("POST /RelationshipTemplates/Own", create_template),
    "tokens.create_own": ("POST /Tokens/Own", create_token),
    "relationship_templates.create_token": ("POST /RelationshipTemplates/Own/", create_template_token),
    "files.create_token": ("POST /Files/", create_file_token),
    "files.upload_own": ("POST /Files/Own", upload_file),
    "requests.incoming.accept": ("PUT /Requests/Incoming/", accept_request),
    "requests.incoming.reject": ("PUT /Requests/Incoming/", reject_request),
    "files.delete": ("DELETE /Files/", delete_file),
    "files.regenerate_ownership_token": ("PATCH /Files/", regenerate),
}
COMPARED = {
    "requests.outgoing.create",
    "messages.send a Mail",
    "relationship_templates.create_own",
    "tokens.create_own",
    "relationship_templates.create_token",
    "files.create_token",
    "files.upload_own",
    "files.regenerate_ownership_token",
}


@pytest.mark.parametrize("name", CASES)
def test_what_was_done_is_found_and_not_done_twice(world: World, name: str) -> None:
    call, case = CASES[name]
    do, count = case(world)
    assert count() == 0
    world.lose(call)
    found = do(world.sender)
    assert count() == 1
    if hasattr(found, "id") and hasattr(found, "created_at"):
        as_it_is = {"Request": world.direct.requests.outgoing.get}.get(type(found).__name__)
        assert found.id
        assert as_it_is is None or as_it_is(found.id) == found
    twin, _ = case(world)
    usual = twin(world.plain)
    assert type(found) is type(usual)
    if found is not None:
        assert found.model_dump().keys() == usual.model_dump().keys()


@pytest.mark.parametrize("name", CASES)
def test_what_was_not_done_is_done(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SETTLING, 0.1)
    call, case = CASES[name]
    do, count = case(world)
    before = world.proxy.failed
    world.lose(call, "not done", times=2)
    do(world.sender)
    assert count() == 1
    assert world.proxy.failed == before + 2


@pytest.mark.parametrize("name", CASES)
def test_what_was_done_and_not_answered_in_time_is_found(world: World, name: str) -> None:
    call, case = CASES[name]
    do, count = case(world)
    world.lose(call, "late")
    do(world.sender.with_options(timeout=3))
    assert count() == 1


@pytest.mark.parametrize("name", sorted(COMPARED))
def test_what_may_be_done_yet_is_not_done_again(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SETTLING, 0.1)
    call, case = CASES[name]
    do, count = case(world)
    world.lose(call, "held")
    with pytest.raises(AnswerTimeout, match="See whether it did what was asked"):
        do(world.sender.with_options(timeout=1))
    assert count() == 0


@pytest.mark.parametrize("name", sorted(CASES.keys() - COMPARED))
def test_what_is_never_done_twice_is_sent_again(world: World, name: str) -> None:
    call, case = CASES[name]
    do, count = case(world)
    world.lose(call, "held")
    do(world.sender.with_options(timeout=3))
    assert count() == 1


def test_without_the_option_nothing_is_sent_again(world: World) -> None:
    do, count = send_mail(world)
    world.lose("POST /Messages")
    with pytest.raises(ConnectionFailed) as failed:
        do(world.plain)
    assert failed.value.was_sent
    assert count() == 1


def test_the_same_content_may_be_sent_again_on_purpose(world: World) -> None:
    content = mail(world)

    def send() -> str:
        return world.sender.messages.send(world.peer, content).id

    first = send()
    world.lose("POST /Messages")
    second = send()  # the first one is not taken for it
    world.lose("POST /Messages", "not done")
    third = send()
    assert len({first, second, third}) == 3
    assert sent(world, content) == 3


def test_what_is_refused_is_refused(world: World) -> None:
    value = DisplayName(value=uuid4().hex)
    world.direct.attributes.create(value)
    world.lose("POST /Attributes")
    with pytest.raises(Refused, match="Duplicate"):
        world.sender.attributes.create(value)
    world.lose("DELETE /Files/")
    with pytest.raises(NotFound):
        world.sender.files.delete("FIL00000000000000000")


def test_what_cannot_be_known_is_raised(world: World) -> None:
    attribute = world.direct.attributes.create(DisplayName(value=uuid4().hex))
    world.lose("DELETE /Attributes/")
    with pytest.raises(ConnectionFailed):
        world.sender.attributes.delete(attribute.id)
    world.lose("POST /Tokens/Own")
    with pytest.raises(ConnectionFailed):
        world.sender.tokens.create_own(1, tomorrow(), ephemeral=True)
    file = world.direct.files.upload_own(b"1", tomorrow(), filename="a.txt")
    world.lose("POST /Files/")
    with pytest.raises(ConnectionFailed):
        world.sender.files.create_token_png(file.id)


def test_what_harms_nobody_is_simply_done_again(world: World) -> None:
    token = world.recipient.tokens.create_own({"a": 1}, tomorrow())
    for call, do in (
        ("POST /Account/Sync", lambda one: one.account.sync()),
        ("POST /Requests/Outgoing/Validate", lambda one: one.requests.outgoing.validate(request(), world.peer)),
        ("POST /Tokens/Peer", lambda one: one.tokens.load_peer(token.reference)),
        ("POST /Challenges", lambda one: one.challenges.create("Identity")),
        ("PUT /IdentityMetadata", lambda one: one.identity_metadata.upsert(world.peer, 1, "again")),
    ):
        before = world.proxy.failed
        world.lose(call)
        do(world.sender)
        assert world.proxy.failed == before + 1, call


def test_more_losses_than_retries_are_raised(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SETTLING, 0.05)
    do, count = send_mail(world)
    before = world.proxy.failed
    world.lose("POST /Messages", "not done", times=9)
    with pytest.raises(ConnectionFailed):
        do(world.sender.with_options(retries=3))
    assert world.proxy.failed == before + 4
    world.proxy.recover()
    assert count() == 0


def test_what_was_done_by_the_second_try_is_found_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SETTLING, 0.05)
    do, count = send_mail(world)
    losses = itertools.chain(["not done", "answer lost"])

    def next_loss(call: bytes) -> str | None:
        return next(losses, None) if call.startswith(b"POST /api/core/v1/Messages") else None

    monkeypatch.setattr(world.proxy, "_outage_of", next_loss)
    do(world.sender)
    assert count() == 1


def test_a_connector_that_is_away_is_waited_for(world: World) -> None:
    """The connection is cut when it was done, and for a while nobody listens."""
    do, count = send_mail(world)
    told: list[Any] = []

    def see(exchange: Any) -> None:
        told.append(exchange)
        if exchange.method == "POST":
            world.proxy.fail("refused")
        elif len(told) > 9:  # several looks found nobody
            world.proxy.recover()

    world.lose("POST /Messages")
    stop = world.sender.observe(see)
    try:
        do(world.sender)
    finally:
        stop()
    assert count() == 1


def test_what_never_left_is_sent_again(sender: Connector) -> None:
    with Connector(f"http://127.0.0.1:{closed_port()}", KEY) as nobody, pytest.raises(ConnectionFailed) as failed:
        nobody.account.sync()
    assert not failed.value.was_sent
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        if len(calls) < 3:
            raise httpx.ConnectError("refused")
        return httpx.Response(204)

    with Connector("http://c.test", KEY, transport=httpx.MockTransport(answer)) as one:
        one.with_options(resend=True).account.sync()
        assert calls == ["POST"] * 3
        calls.clear()
        with pytest.raises(UnexpectedAnswer):  # it is sent, and the answer has no content
            one.with_options(resend=True).attributes.notify_peer("ATT1", "did:e:x")
        assert calls == ["POST"] * 3
        calls.clear()
        with pytest.raises(ConnectionFailed):
            one.attributes.notify_peer("ATT1", "did:e:x")
        assert calls == ["POST"]


@pytest.mark.parametrize(
    ("error", "loss"),
    [
        (AnswerTimeout("late"), "late"),
        (ConnectionFailed("cut"), "cut"),
        (ServerError(Call("c", "POST", "/x"), 503, {"code": UNANSWERED_CALL}), "settled"),
        (ServerError(Call("c", "POST", "/x"), 502, {}), "cut"),
        (ServerError(Call("c", "POST", "/x"), 500, {"code": "error.connector.unexpected"}), None),
        (ServerError(Call("c", "POST", "/x"), 507, {"code": "error.connector.cannotStore"}), None),
        (Refused(Call("c", "POST", "/x"), 400, {}), None),
    ],
)
def test_an_answer_is_lost_in_several_ways(error: ConnectorError, loss: str | None) -> None:
    assert loss_of(error) == loss


def test_a_connector_that_does_not_know_itself_is_asked_at_once() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(f"{request.method} {request.url.path.removeprefix(API)}")
        if request.method == "GET":
            return httpx.Response(200, json={"result": []})
        if calls.count("POST /Tokens/Own") == 1:
            return httpx.Response(503, json={"error": {"code": UNANSWERED_CALL, "message": "?"}})
        return httpx.Response(400, json={"error": {"code": "error.x", "message": "no"}})

    with Connector("http://c.test", KEY, transport=httpx.MockTransport(answer)) as one, pytest.raises(Refused):
        one.with_options(resend=True).tokens.create_own(1, tomorrow())
    assert calls == ["GET /Tokens/Own", *["POST /Tokens/Own", "GET /Tokens/Own"] * 2]


@pytest.mark.parametrize(
    ("received", "sent", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"b": 2}, {"a": 1}, False),
        ({"a": 1}, {"a": 1, "b": None}, True),
        ([{"a": 1, "id": "x"}], [{"a": 1}], True),
        ([1, 2], [1], False),
        ([2, 1], [1, 2], False),
        ("x", {"a": 1}, False),
        (None, [1], False),
        ("2030-01-01T00:00:00.000Z", "2030-01-01T01:00:00+01:00", True),
        ("2030-01-01T00:00:00.000Z", "2030-01-01T00:00:01Z", False),
        ("a", "b", False),
        (5, "2030-01-01T00:00:00Z", False),
    ],
)
def test_what_is_stored_holds_what_was_sent(received: Any, sent: Any, expected: bool) -> None:
    assert holds(received, sent) is expected


def test_each_search_is_for_a_route_that_there_is() -> None:
    def plain(path: str) -> str:
        return re.sub(r"\{\w+\}", "{}", path)

    routes = {(route.method, plain(route.path)) for route in ENDPOINTS.values()}
    assert {(method, plain(path)) for method, path in SEARCHES} <= routes
    changing = {each for each in routes if each[0] != "GET"}
    unknown = changing - {(method, plain(path)) for method, path in SEARCHES}
    assert unknown == {
        ("POST", "/Attributes/{}/NotifyPeer"),
        ("DELETE", "/Attributes/{}"),
        ("POST", "/BackboneNotifications"),
        ("DELETE", "/IdentityDeletionProcess"),
        ("DELETE", "/IdentityMetadata"),
    }


def test_a_relationship_is_begun_and_changed_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    configured = {"sender": {"debug": True}, "recipient": {}}
    with ExitStack() as opened:
        network = opened.enter_context(
            LocalNetwork.open(tmp_path_factory.mktemp("relationship"), connectors=configured)
        )
        states = [network.state.connector(name) for name in ("sender", "recipient")]
        proxy = opened.enter_context(Lossy(int(states[0].url.rpartition(":")[2])))
        one = opened.enter_context(Connector(f"http://127.0.0.1:{proxy.port}", states[0].api_key, name="sender"))
        other = opened.enter_context(Connector(states[1].url, states[1].api_key, name="recipient"))
        safe = one.with_options(resend=True)

        def lose(call: str) -> None:
            method, path = call.split(" ")
            proxy.fail("answer lost", call=f"{method} {API}{path}", times=1)

        content = {"@type": "ArbitraryRelationshipTemplateContent", "value": {}}
        template = other.relationship_templates.create_own(content, tomorrow())
        loaded = one.relationship_templates.load_peer(template.reference)
        lose("POST /Relationships")
        created = safe.relationships.create(loaded.id, {"@type": "ArbitraryRelationshipCreationContent", "value": {}})
        assert created.status == "Pending"
        lose("PUT /Relationships/")
        assert safe.relationships.revoke(created.id).status == "Revoked"
        active = establish_relationship(other, one)
        for change, seen in (
            (lambda: safe.relationships.terminate(active.id), "Terminated"),
            (lambda: safe.relationships.reactivate(active.id), "Terminated"),
            (lambda: safe.relationships.revoke_reactivation(active.id), "Terminated"),
        ):
            before = len(one.relationships.get(active.id).audit_log)
            lose("PUT /Relationships/")
            changed = change()
            assert (changed.status, len(changed.audit_log)) == (seen, before + 1)
            assert proxy.is_failing is False
        lose("DELETE /Relationships/")
        safe.relationships.decompose(active.id)
        assert active.id not in [each.id for each in one.relationships.list()]
        sync(other)
        lose("POST /IdentityDeletionProcess")
        assert safe.identity_deletion_process.initiate(1).status == "Active"


def test_it_is_the_same_for_asyncio(world: World) -> None:
    content = mail(world)

    async def flow() -> str:
        async with AsyncConnector(world.plain.url, world.plain._http.connection.auth.key, name="sender") as one:
            world.lose("POST /Messages")
            return (await one.with_options(resend=True).messages.send(world.peer, content)).id

    found = asyncio.run(flow())
    assert world.direct.messages.get(found).content.body == content.body
    assert sent(world, content) == 1
