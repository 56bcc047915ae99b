"""What the HTTP layer makes of answers and of their absence."""

import copy
import json
import logging
import pickle
import socket
import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from enmeshed_nb.connector import (
    AnswerTimeout,
    ApiError,
    Begun,
    ConnectionFailed,
    Connector,
    ConnectorError,
    Exchange,
    Forbidden,
    InvalidInput,
    NotFound,
    Refused,
    ServerError,
    Unauthorized,
    UnexpectedAnswer,
    UnsupportedVersion,
    aside,
    waiting,
)
from enmeshed_nb.errors import UserError
from tests.listening import Answering, listening

KEY = "Zw0lf!Zw0lf!Zw0lf!Zw0lf!Zw0lf!XX"
Handler = Callable[[httpx.Request], httpx.Response]


def connector(handler: Handler, **options) -> Connector:
    return Connector("http://connector.test", KEY, name="sender", transport=httpx.MockTransport(handler), **options)


def always(status: int, **content) -> Handler:
    return lambda _: httpx.Response(status, **content)


def error(status: int, code: str, message: str = "Something.") -> Handler:
    return always(status, json={"error": {"code": code, "message": message, "id": "ERR1", "time": "2026-01-01"}})


ADDRESS = {"result": {"address": "did:e:localhost:dids:0", "publicKey": "k"}}


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_an_answer_comes_without_its_envelope() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ADDRESS)

    with connector(answer) as sender:
        assert sender.account.identity_info().address == "did:e:localhost:dids:0"
    assert seen[0].url.path == "/api/core/v1/Account/IdentityInfo"
    assert seen[0].headers["X-API-KEY"] == KEY
    assert seen[0].headers["Accept"] == "application/json"


def test_nothing_listens_there() -> None:
    port = closed_port()
    with Connector(f"http://127.0.0.1:{port}", KEY, retries=1) as sender, pytest.raises(ConnectionFailed) as caught:
        sender.account.identity_info()
    assert not isinstance(caught.value, AnswerTimeout)
    assert str(port) in str(caught.value)
    assert "GET /api/core/v1/Account/IdentityInfo" in str(caught.value)
    assert "Check that the Connector runs" in str(caught.value)


@pytest.fixture
def silent_server() -> Iterator[str]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_an_answer_that_does_not_come_is_a_timeout_and_not_asked_for_again(silent_server: str) -> None:
    exchanges: list[Exchange] = []
    with Connector(silent_server, KEY, timeout=0.1) as sender:
        sender.observe(exchanges.append)
        with pytest.raises(AnswerTimeout, match=r"did not answer within 0\.1 s"):
            sender.account.identity_info()
    assert [(each.status, bool(each.error)) for each in exchanges] == [(None, True)]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_only_reading_is_repeated_after_a_gateway_error(status: int) -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        return httpx.Response(status, html="<h1>Bad</h1>") if len(calls) < 3 else httpx.Response(200, json=ADDRESS)

    with connector(answer) as sender:
        assert sender.account.identity_info().public_key == "k"
        assert calls == ["GET"] * 3
        calls.clear()
        with pytest.raises(UnexpectedAnswer):
            sender.account.sync()
        assert calls == ["POST"]


def test_a_broken_connection_is_repeated_for_reading_only() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        raise httpx.RemoteProtocolError("peer closed connection")

    with connector(answer, retries=1) as sender:
        with pytest.raises(ConnectionFailed, match="peer closed connection"):
            sender.account.sync_info()
        with pytest.raises(ConnectionFailed):
            sender.account.sync()
    assert calls == ["GET", "GET", "POST"]


@pytest.mark.parametrize(
    ("status", "code", "kind", "says"),
    [
        (401, "error.connector.unauthorized", Unauthorized, "Check the API key"),
        (403, "error.connector.forbidden", Forbidden, "scopes"),
        (404, "error.runtime.recordNotFound", NotFound, "Check the id"),
        (400, "error.runtime.messages.cannotSendRequestThatWasAlreadySent", Refused, "Nothing needs to be done"),
        (409, "error.runtime.something", Refused, "Read the message"),
        (500, "error.platform.unheardOf", ServerError, "Check the Backbone"),
        (500, "error.connector.unexpected", ServerError, "log"),
        (500, "strange", ServerError, "unknown here"),
    ],
)
def test_an_error_of_the_api_says_what_happened_and_what_to_do(
    status: int, code: str, kind: type[ApiError], says: str
) -> None:
    with connector(error(status, code)) as sender, pytest.raises(kind) as caught:
        sender.account.identity_info()
    failure = caught.value
    assert (failure.status, failure.code, failure.id, failure.api_message) == (status, code, "ERR1", "Something.")
    assert failure.call is not None
    assert (failure.call.method, failure.call.path) == ("GET", "/api/core/v1/Account/IdentityInfo")
    for part in (code, str(status), "Something.", says, "sender", "GET"):
        assert part in str(failure)


@pytest.mark.parametrize(
    "content",
    [
        {"html": "<html>Log in</html>"},
        {"text": "pong"},
        {"json": ["a"]},
        {"json": {"hello": "world"}},
        {"json": {"error": "no envelope"}},
        {"content": b"\xff\xfe"},
    ],
)
@pytest.mark.parametrize("status", [200, 404, 500])
def test_another_server_is_recognised(status: int, content: dict) -> None:
    with connector(always(status, **content)) as sender, pytest.raises(UnexpectedAnswer, match="Check the URL"):
        sender.account.identity_info()


def test_an_answer_of_another_shape_is_no_crash() -> None:
    with connector(always(200, json={"result": {"address": 5}})) as sender:
        with pytest.raises(UnexpectedAnswer, match="publicKey"):
            sender.account.identity_info()
        with pytest.raises(UnexpectedAnswer):
            sender.relationships.list()


def version_6(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/Monitoring/Version":
        return httpx.Response(200, json={"version": "6.36.11"})
    return error(404, "error.connector.http.routeDoesNotExist")(request)


def test_a_connector_of_version_6_is_named_as_such() -> None:
    with connector(version_6) as sender:
        with pytest.raises(UnsupportedVersion, match=r"version 6\.36\.11; this client speaks the API of version 7"):
            sender.account.identity_info()
        with pytest.raises(UnsupportedVersion):
            sender.require_version()


def test_a_route_that_a_connector_7_lacks_is_not_found() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/Monitoring/Version":
            return httpx.Response(200, json={"version": "7.0.0"})
        return error(404, "error.connector.http.routeDoesNotExist")(request)

    with connector(answer) as sender:
        with pytest.raises(NotFound, match="does not have this route"):
            sender.identity_deletion_process.get()
        assert sender.require_version().version == "7.0.0"


def test_an_unhealthy_connector_is_an_answer_not_an_error() -> None:
    services = {"database": "healthy", "backboneConnection": "unhealthy", "backboneAuthentication": "unhealthy"}
    with connector(always(500, json={"isHealthy": False, "services": services})) as sender:
        health = sender.health()
    assert not health.is_healthy
    assert health.services.backbone_connection == "unhealthy"


def test_the_key_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    exchanges: list[Exchange] = []

    def answer(request: httpx.Request) -> httpx.Response:
        return error(400, "error.runtime.unknown", f"You sent {KEY}.")(request)

    with connector(answer) as sender:
        sender.observe(exchanges.append)
        with pytest.raises(Refused):
            sender.relationship_templates.load_peer("REF", password="opensesame")
        with pytest.raises(Refused):
            sender.identity_metadata.upsert("did:e:x", {"note": KEY})
        shown = [repr(sender), repr(vars(sender)), repr(vars(sender._http)), repr(exchanges), caplog.text]
        with pytest.raises(TypeError):
            pickle.dumps(sender)
        with pytest.raises(TypeError):
            copy.copy(sender)
    assert KEY not in "".join(shown)
    assert "opensesame" not in "".join(shown)
    assert exchanges[0].request == {"reference": "REF", "password": "***"}


def test_a_failed_connection_does_not_carry_the_request_and_its_key() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with connector(answer, retries=0) as sender, pytest.raises(ConnectionFailed) as caught:
        sender.account.identity_info()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_what_a_user_can_cause_has_one_root() -> None:
    error = InvalidInput("Wrong.", "Do it right.")
    assert isinstance(error, UserError)
    assert (error.problem, error.cure, error.path) == ("Wrong.", "Do it right.", ())
    assert str(error) == "Wrong.\nWhat to do: Do it right."
    assert str(InvalidInput("Wrong.")) == "Wrong."


def test_the_names_of_before_are_understood() -> None:
    error = InvalidInput("Wrong.", advice="Do it right.")
    assert (error.message, error.advice) == (error.problem, error.cure) == ("Wrong.", "Do it right.")


@pytest.mark.parametrize("make", [lambda: InvalidInput("m", "a", path=(1, 0)), None])
def test_errors_can_be_pickled(make: Callable[[], ConnectorError] | None) -> None:
    if make is None:
        with connector(error(404, "error.runtime.recordNotFound")) as sender, pytest.raises(NotFound) as caught:
            sender.messages.get("MSG1")
        original: ConnectorError = caught.value
    else:
        original = make()
    copied = pickle.loads(pickle.dumps(original))
    assert type(copied) is type(original)
    assert str(copied) == str(original)
    assert copied.code == original.code
    assert (copied.problem, copied.cure, copied.path) == (original.problem, original.cure, original.path)


@pytest.mark.parametrize("url", ["", "connector.test", "ftp://connector.test", "http://"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="is not the URL"):
        Connector(url, KEY)


@pytest.mark.parametrize("key", ["", "schlüssel", "two\nlines"])
def test_what_is_no_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Connector("http://connector.test", key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://connector.test/", "http://connector.test/api/core/v1", "http://connector.test"]
)
def test_the_url_may_end_as_people_write_it(url: str) -> None:
    assert Connector(url, KEY).url == "http://connector.test"
    assert Connector(url, KEY).name == "connector.test"


@pytest.mark.parametrize("bad", ["", "  ", None])
def test_an_empty_id_is_refused_before_it_becomes_a_list(bad: str) -> None:
    with connector(always(200, json={"result": []})) as sender, pytest.raises(InvalidInput, match="id is needed"):
        sender.relationships.get(bad)


def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    paths: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path)
        return error(404, "error.runtime.recordNotFound")(request)

    with connector(answer) as sender, pytest.raises(NotFound):
        sender.messages.get("../Files?x=1#y")
    assert paths == [b"/api/core/v1/Messages/..%2FFiles%3Fx%3D1%23y"]


def test_what_is_not_json_is_refused() -> None:
    with connector(always(204)) as sender, pytest.raises(InvalidInput, match="not JSON"):
        sender.identity_metadata.upsert("did:e:x", {1, 2})


def test_what_is_interrupted_is_no_exchange() -> None:
    exchanges: list[Exchange] = []

    def answer(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    with connector(answer) as sender:
        sender.observe(exchanges.append)
        with pytest.raises(KeyboardInterrupt):
            sender.account.sync()
    assert exchanges == []


def test_who_asks_is_told_when_a_call_begins_and_ends() -> None:
    told: list[object] = []

    def begin(begun: Begun) -> Callable[[], None]:
        told.append(begun)
        return lambda: told.append("ended")

    def answer(_: httpx.Request) -> httpx.Response:
        told.append("sent")
        return httpx.Response(204)

    with connector(answer) as sender:
        stop = sender.observe(told.append, begin)
        with waiting("the kettle"):
            sender.account.sync()
        begun, sent, exchange, ended = told
        assert (sent, ended) == ("sent", "ended")
        assert (begun.connector, begun.call, begun.is_aside) == ("sender", "POST /Account/Sync", False)
        assert (begun.number, begun.since, begun.wait) == (exchange.number, exchange.time, exchange.wait)
        assert (begun.wait.what, begun.wait.is_over) == ("the kettle", True)
        with aside():
            sender.account.sync()
        assert (told[4].is_aside, told[4].wait, told[4].number > begun.number) == (True, None, True)
        stop()
        sender.account.sync()
        assert told[8:] == ["sent"]


def test_who_asks_is_told_that_a_call_was_interrupted() -> None:
    ended: list[int] = []

    def answer(_: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    with connector(answer) as sender:
        sender.observe(lambda _: None, lambda begun: lambda: ended.append(begun.number))
        with pytest.raises(KeyboardInterrupt):
            sender.account.sync()
    assert len(ended) == 1


def test_what_could_not_be_sent_is_an_exchange_with_its_problem() -> None:
    exchanges: list[Exchange] = []
    with connector(always(204)) as sender:
        sender.observe(exchanges.append)
        with pytest.raises(InvalidInput) as caught:
            sender.identity_metadata.upsert("did:e:x", {1, 2})
    assert [(each.status, each.error, each.response) for each in exchanges] == [(None, caught.value.problem, None)]


def test_the_answer_is_read_to_its_end_before_it_counts() -> None:
    def broken() -> Iterator[bytes]:
        yield b"{"
        raise httpx.ReadError("connection lost")

    exchanges: list[Exchange] = []
    with connector(lambda _: httpx.Response(200, content=broken()), retries=0) as sender:
        sender.observe(exchanges.append)
        with pytest.raises(ConnectionFailed, match="connection lost"):
            sender.account.identity_info()
    assert [(each.status, bool(each.error)) for each in exchanges] == [(None, True)]


def test_a_closed_connector_says_so() -> None:
    sender = connector(always(204))
    sender.close()
    with pytest.raises(ConnectionFailed, match="was closed") as failed:
        sender.account.sync()
    assert failed.value.call is not None
    assert (failed.value.call.method, failed.value.call.path) == ("POST", "/api/core/v1/Account/Sync")


def test_every_attempt_is_offered_to_the_observers_until_they_stop() -> None:
    answers = iter([httpx.Response(503, text="x"), httpx.Response(200, json=ADDRESS), httpx.Response(204)])
    exchanges: list[Exchange] = []
    with connector(lambda _: next(answers)) as sender:
        stop = sender.observe(exchanges.append)
        sender.account.identity_info()
        stop()
        stop()
        sender.account.sync()
    assert [(each.method, each.status) for each in exchanges] == [("GET", 503), ("GET", 200)]
    assert exchanges[1].connector == "sender"
    assert exchanges[1].path == "/api/core/v1/Account/IdentityInfo"
    assert exchanges[1].response == ADDRESS
    assert exchanges[1].duration >= 0
    assert exchanges[0].response == "<1 bytes, text/plain; charset=utf-8>"


class _Echo(Answering):
    def do_GET(self) -> None:
        body = json.dumps({"result": {"address": self.headers["X-API-KEY"], "publicKey": self.path}}).encode()
        self.answer(200, body, content_type="application/json")


def test_threads_share_a_connector() -> None:
    answers: list[str] = []
    exchanges: list[Exchange] = []
    with listening(_Echo) as url, Connector(url, KEY) as sender:
        sender.observe(exchanges.append)

        def ask() -> None:
            answers.extend(sender.account.identity_info().address for _ in range(10))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert answers == [KEY] * 80
    assert len(exchanges) == 80
