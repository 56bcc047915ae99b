"""Calls with options of their own, ids by which they are found, and answers as they came."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import (
    Answer,
    ApiError,
    ConnectionFailed,
    Connector,
    Exchange,
    InvalidInput,
    UnexpectedAnswer,
)
from tests.connector.test_http import ADDRESS, KEY, always, connector, error

URL = "http://connector.test"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Server:
    def __init__(self, *answers: httpx.Response) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self._answers.pop(0) if self._answers else httpx.Response(200, json=ADDRESS)

    def sent(self, header: str) -> list[str | None]:
        return [each.headers.get(header) for each in self.asked]


def test_each_call_has_an_id_that_is_sent_and_told() -> None:
    server, exchanges = Server(), list[Exchange]()
    with connector(server) as sender:
        sender.observe(exchanges.append)
        answers = [sender.raw(lambda one: one.account.identity_info()) for _ in range(2)]
    ids = server.sent("x-correlation-id")
    assert len(set(ids)) == 2
    assert [each.correlation_id for each in exchanges] == ids
    assert [each.correlation_id for each in answers] == ids
    assert server.sent("traceparent") == [None, None]


def test_a_call_that_is_repeated_keeps_its_id() -> None:
    server = Server(httpx.Response(503), httpx.Response(502))
    with connector(server) as sender:
        sender.account.identity_info()
    assert len(server.asked) == 3
    assert len(set(server.sent("x-correlation-id"))) == 1


@pytest.mark.parametrize("answer", [error(500, "error.x"), always(200, html="<h1>"), always(200, json={"result": 5})])
def test_every_error_has_the_id_of_its_call(answer: Any) -> None:
    exchanges: list[Exchange] = []
    with connector(answer) as sender:
        sender.observe(exchanges.append)
        with pytest.raises((ApiError, UnexpectedAnswer)) as failed:
            sender.with_options(correlation_id="mine").account.identity_info()
    assert failed.value.correlation_id == "mine"
    assert [each.correlation_id for each in exchanges] == ["mine"]


def test_a_call_without_an_answer_has_an_id_too() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut")

    with connector(answer) as sender, pytest.raises(ConnectionFailed) as failed:
        sender.with_options(correlation_id="mine").account.sync()
    assert failed.value.correlation_id == "mine"
    assert InvalidInput("Not sent.").correlation_id is None


def test_ids_and_traces_may_come_from_a_function() -> None:
    server, ids, traces = Server(), iter(["one", "two", "three"]), iter([TRACE, None, TRACE])
    with connector(server) as sender:
        traced = sender.with_options(correlation_id=lambda: next(ids), traceparent=lambda: next(traces))
        for _ in range(2):
            traced.account.identity_info()
        sender.account.identity_info()
        sender.with_options(traceparent=TRACE).account.identity_info()
    assert server.sent("x-correlation-id")[:2] == ["one", "two"]
    assert server.sent("x-correlation-id")[2] not in ("one", "two", "three")
    assert server.sent("traceparent") == [TRACE, None, None, TRACE]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"timeout": 0}, "timeout=0 is no time"),
        ({"timeout": -1}, "timeout=-1"),
        ({"timeout": float("nan")}, "timeout=nan"),
        ({"timeout": "5"}, "timeout='5'"),
        ({"retries": -1}, "retries=-1"),
        ({"retries": 1.5}, "retries=1.5"),
        ({"correlation_id": ""}, "correlation_id=''"),
        ({"correlation_id": "a\nb: c"}, "correlation_id='a"),
        ({"correlation_id": 5}, "correlation_id=5"),
        ({"traceparent": "ü"}, "traceparent='ü'"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, Any], problem: str) -> None:
    with connector(always(204)) as sender, pytest.raises(InvalidInput, match=problem):
        sender.with_options(**options)


def test_what_a_function_gives_is_checked_too() -> None:
    server = Server()
    with connector(server) as sender, pytest.raises(InvalidInput, match="correlation_id='two"):
        sender.with_options(correlation_id=lambda: "two\r\nlines").account.identity_info()
    assert server.asked == []


def test_options_are_those_of_the_copy_alone_and_add_up() -> None:
    server, exchanges = Server(*(httpx.Response(503) for _ in range(4))), list[Exchange]()
    with connector(server, retries=1) as sender:
        hasty = sender.with_options(retries=0).with_options(correlation_id="mine")
        sender.observe(exchanges.append)  # afterwards, for both
        with pytest.raises(UnexpectedAnswer):
            hasty.account.identity_info()
        assert len(server.asked) == 1
        with pytest.raises(UnexpectedAnswer):
            sender.account.identity_info()
        assert len(server.asked) == 3
        assert [each.correlation_id == "mine" for each in exchanges] == [True, False, False]
        assert (hasty.name, hasty.url, repr(hasty)) == (sender.name, sender.url, repr(sender))


def test_a_subclass_stays_one_with_its_own_attributes() -> None:
    class Mine(Connector):
        def __init__(self) -> None:
            super().__init__("http://connector.test", KEY, transport=httpx.MockTransport(always(200, json=ADDRESS)))
            self.mine = 1

    other = Mine().with_options(timeout=1)
    assert isinstance(other, Mine)
    assert other.mine == 1
    assert other.account.identity_info().public_key == "k"


def test_closing_one_closes_all() -> None:
    sender = connector(always(204))
    other = sender.with_options(timeout=1)
    other.close()
    for each in (sender, other, sender.with_options(timeout=2)):
        with pytest.raises(ConnectionFailed, match="was closed"):
            each.account.sync()
    sender.close()


def test_what_is_known_of_the_version_is_shared() -> None:
    server = Server(httpx.Response(200, json={"version": "7.0.0", "runtimeVersion": "7.0.0"}))
    with connector(server) as sender:
        sender.with_options(timeout=1).require_version()
        assert sender._http.version().version == "7.0.0"
    assert len(server.asked) == 1


def test_an_answer_is_there_as_it_came() -> None:
    found = httpx.Response(200, json=ADDRESS, headers={"X-Response-Time": "now"})
    with connector(Server(found)) as sender:
        answer = sender.raw(lambda one: one.account.identity_info())
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers["x-response-time"], answer.json()) == (200, "now", ADDRESS)
    assert answer.value.address == "did:e:localhost:dids:0"
    assert (answer.call.method, answer.call.path) == ("GET", "/api/core/v1/Account/IdentityInfo")


def test_of_several_answers_the_last_one_counts_and_none_is_said() -> None:
    server = Server(httpx.Response(204), httpx.Response(503))
    with connector(server) as sender:
        answer = sender.raw(lambda one: [one.account.sync(), one.account.identity_info()])
        assert (answer.status, answer.call.method) == (200, "GET")
        assert len(server.asked) == 3
        with pytest.raises(InvalidInput, match="No call was made"):
            sender.raw(lambda _: sender.account.identity_info())


def test_an_answer_without_content_is_no_json() -> None:
    with connector(always(204)) as sender, pytest.raises(ValueError, match="Expecting value"):
        sender.raw(lambda one: one.account.sync()).json()


def test_a_download_to_a_file_has_an_answer_without_content(tmp_path: Path) -> None:
    with connector(Server(httpx.Response(200, content=iter([b"ab"])))) as sender:
        answer = sender.raw(lambda one: one.files.download_to(tmp_path / "a", "FIL1"))
    assert (answer.status, answer.content, answer.value.read_bytes()) == (200, b"", b"ab")


def test_the_real_connector_logs_the_id(sender: Connector, network: Any) -> None:
    with Journal(sender) as journal:
        answer = sender.with_options(correlation_id="by-this-it-is-found").raw(lambda one: one.relationships.list())
    assert answer.json()["result"][0]["id"] == answer.value[0].id
    assert answer.headers["content-type"].startswith("application/json")
    assert journal.last().correlation_id == answer.correlation_id == "by-this-it-is-found"


def test_any_call_can_be_made_and_its_answer_is_there_whatever_it_says() -> None:
    server = Server(httpx.Response(418, json={"error": {"code": "error.teapot"}}))
    with connector(server) as sender, Journal(sender) as journal:
        answer = sender.with_options(correlation_id="mine").call(
            "brew", "/Tea%20Pots", query=[("k", "a"), ("k", "b")], json={"password": "open", "n": 1}
        )
    assert (answer.status, answer.value) == (418, {"error": {"code": "error.teapot"}})
    (asked,) = server.asked
    assert (asked.method, str(asked.url)) == ("BREW", f"{URL}/api/core/v1/Tea%20Pots?k=a&k=b")
    assert asked.content == b'{"password":"open","n":1}'
    assert (asked.headers["accept"], asked.headers["x-correlation-id"]) == ("application/json", "mine")
    seen = journal.last()
    assert (seen.call, seen.status, seen.correlation_id) == ("BREW /Tea%20Pots?k=a&k=b", 418, answer.correlation_id)
    assert seen.request == {"password": "***", "n": 1}


def test_a_call_is_sent_as_it_is_written() -> None:
    server = Server()
    exchanges = list[Exchange]()
    with connector(server) as sender:
        sender.observe(exchanges.append)
        sender.call("POST", "/Messages", content='{"password": "open"', headers={"ACCEPT": "text/html"})
        sender.call("POST", "/Messages", content=b'{"password": "open"}', headers={"Content-Type": "text/plain"})
        sender.call("GET", "/health", base="", authenticated=False)
        sender.call("GET", "/api/core/v1/Messages", query={"status": "Open"})
        sender.call("GET", "/Messages", headers={"X-API-KEY": "another"}, authenticated=False)
    broken, text, health, listed, foreign = server.asked
    assert broken.content == b'{"password": "open"'
    assert (broken.headers["content-type"], broken.headers.get_list("accept")) == ("application/json", ["text/html"])
    assert text.headers.get_list("content-type") == ["text/plain"]
    assert (health.url.path, "x-api-key" in health.headers) == ("/health", False)
    assert (listed.url.path, listed.url.query) == ("/api/core/v1/Messages", b"status=Open")
    assert (broken.headers["x-api-key"], foreign.headers["x-api-key"]) == (KEY, "another")
    assert [each.request for each in exchanges] == ["<19 characters, not JSON>", {"password": "***"}, None, None, None]


def test_the_next_call_is_as_usual() -> None:
    server = Server()
    with connector(server) as sender:
        sender.call("GET", "/Messages", authenticated=False, headers={"Accept": "text/html"})
        sender.account.identity_info()
    assert server.asked[1].headers["x-api-key"] == KEY
    assert server.asked[1].headers["accept"] == "application/json"


@pytest.mark.parametrize("answer", [httpx.Response(204), httpx.Response(200, text="pong"), httpx.Response(401)])
def test_an_answer_that_is_no_json_has_no_value(answer: httpx.Response) -> None:
    with connector(Server(answer)) as sender:
        found = sender.call("GET", "/Messages")
    assert (found.value, found.status) == (None, answer.status_code)


def test_a_call_that_only_reads_is_repeated_as_any_other() -> None:
    server = Server(httpx.Response(503), httpx.Response(503))
    with connector(server) as sender:
        assert sender.call("GET", "/Messages").status == 200
    with connector(Server(httpx.Response(503))) as sender:
        assert sender.call("POST", "/Messages").status == 503


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("GET", "https://elsewhere.example/"), "no path at a Connector"),
        (("GET", "Messages"), "no path at a Connector"),
        (("GET", "/Messages\r\nX: y"), "no path at a Connector"),
        (("GET", "/Zoë"), "quote what is no ASCII"),
        (("GET /", "/Messages"), "no HTTP method"),
        (("", "/Messages"), "no HTTP method"),
    ],
)
def test_what_cannot_be_sent_to_this_connector_is_refused(arguments: tuple[str, str], said: str) -> None:
    server = Server()
    with connector(server) as sender, pytest.raises(InvalidInput, match=said):
        sender.call(*arguments)
    assert not server.asked


@pytest.mark.parametrize("headers", [{"A b": "c"}, {"A": "b\r\nC: d"}, {"A": "ü"}, {"": "b"}])
def test_headers_that_cannot_be_sent_are_refused(headers: dict[str, str]) -> None:
    with connector(Server()) as sender, pytest.raises(InvalidInput):
        sender.call("GET", "/Messages", headers=headers)


def test_a_path_with_two_slashes_stays_at_this_connector() -> None:
    server = Server()
    with connector(server) as sender:
        sender.call("GET", "//elsewhere.example/x", base="")
    assert server.asked[0].url.host == httpx.URL(URL).host


def test_200_threads_share_one(sender: Connector) -> None:
    together = threading.Barrier(200)

    def ask(number: int) -> tuple[str, str]:
        together.wait(60)
        answer = sender.with_options(correlation_id=f"call-{number}").raw(lambda one: one.account.identity_info())
        return answer.value.address, answer.correlation_id

    with ThreadPoolExecutor(200) as pool:
        found = list(pool.map(ask, range(200)))
    assert {address for address, _ in found} == {sender.account.identity_info().address}
    assert [correlation_id for _, correlation_id in found] == [f"call-{number}" for number in range(200)]


@pytest.mark.parametrize(("timeout", "connect"), [(60, 5), (2, 2)])
def test_a_call_may_wait_for_its_turn_as_long_as_it_takes(timeout: float, connect: float) -> None:
    """The pool has 100 connections; what more ask for at once is not late because of that."""
    server = Server()
    with connector(server) as sender:
        sender.with_options(timeout=timeout).account.identity_info()
    expected = {"connect": connect, "read": timeout, "write": timeout, "pool": None}
    assert server.asked[0].extensions["timeout"] == expected
