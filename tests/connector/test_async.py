"""The client for asyncio is the client for threads, method by method and route by route."""

import ast
import asyncio
import inspect
from pathlib import Path
from typing import Any

import httpx
import pytest

import enmeshed_nb
from enmeshed_nb import aio
from enmeshed_nb.connector import (
    ENDPOINTS,
    AnswerTimeout,
    AsyncConnector,
    ConnectionFailed,
    Connector,
    ConnectorError,
    Exchange,
    InvalidInput,
    NotFound,
    UnsupportedVersion,
)
from tests.connector.test_endpoints import KEY, methods
from tests.connector.test_http import ADDRESS, always, error, version_6
from tools import synchronous

URL = "http://connector.test"
PACKAGE = Path(enmeshed_nb.__file__).parent
PAIRS = [(path, path.parent.with_name("_sync") / path.name) for path in sorted(PACKAGE.glob("*/_async/*.py"))]


def connector(handler: Any, **options: Any) -> AsyncConnector:
    return AsyncConnector(URL, KEY, name="sender", transport=httpx.MockTransport(handler), **options)


def test_what_is_generated_is_up_to_date(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["synchronous.py", "--check"])
    assert synchronous.main() == 0, capsys.readouterr().out
    assert len(PAIRS) > 20


def test_what_is_not_up_to_date_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "some"
    for folder in ("_async", "_sync"):
        (package / "part" / folder).mkdir(parents=True)
    (package / "part" / "_async" / "one.py").write_text("async def f(x: AsyncIterator) -> None:\n    await x.y(1)\n")
    (package / "part" / "_sync" / "old.py").write_text("")
    monkeypatch.setattr(synchronous, "PACKAGE", package)
    monkeypatch.setattr("sys.argv", ["synchronous.py", "--check"])
    assert synchronous.main() == 1
    assert capsys.readouterr().out.count("is out of date. Run: python tools/synchronous.py") == 2
    monkeypatch.setattr("sys.argv", ["synchronous.py"])
    assert synchronous.main() == 0
    assert [path.name for path in (package / "part" / "_sync").iterdir()] == ["one.py"]
    made = (package / "part" / "_sync" / "one.py").read_text().splitlines()
    assert made[1:] == ["def f(x: Iterator) -> None:", "    x.y(1)"]
    monkeypatch.setattr("sys.argv", ["synchronous.py", "--check"])
    assert synchronous.main() == 0


@pytest.mark.parametrize(("source", "made"), PAIRS, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_nothing_asynchronous_is_left_for_threads(source: Path, made: Path) -> None:
    text = made.read_text(encoding="utf-8")
    kinds = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)
    assert not any(isinstance(node, kinds) for node in ast.walk(ast.parse(text)))
    body = text.partition("\n")[2]  # its first line names the source
    assert not [word for word in ("await", "async", "Async") if word in body]
    assert source.read_text(encoding="utf-8").count("@endpoint(") == text.count("@endpoint(")


def async_methods(connector: AsyncConnector) -> dict[str, Any]:
    spaces = [*vars(connector).values(), connector.requests.outgoing, connector.requests.incoming]
    return {
        name: method
        for space in spaces
        for _, method in inspect.getmembers(space, inspect.ismethod)
        if (name := method.__func__.__qualname__.removeprefix("Async")) in ENDPOINTS
    }


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_method_has_the_same_signature_and_asks_the_same(name: str, tmp_path: Path) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"result": None})

    transport = httpx.MockTransport(answer)
    one = methods(Connector(URL, KEY, transport=transport))[name]
    other = async_methods(AsyncConnector(URL, KEY, transport=transport))[name]
    assert inspect.signature(other) == inspect.signature(one)
    assert inspect.iscoroutinefunction(other)
    assert inspect.getdoc(other) == inspect.getdoc(one)
    arguments = []
    for parameter in inspect.signature(one).parameters.values():
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            samples = {"path": tmp_path / "download", "decision": [{"accept": True}], "file": b"x", "content": {"a": 1}}
            arguments.append(samples.get(parameter.name, f"[{parameter.name}]"))
    options = {"filename": "x.txt"} if name == "Files.upload_own" else {}

    def outcome(call: Any) -> Any:
        try:
            return call()
        except ConnectorError as failure:
            return type(failure), failure.problem

    outcomes = [
        outcome(lambda: one(*arguments, **options)),
        outcome(lambda: asyncio.run(other(*arguments, **options))),
    ]
    assert outcomes[0] == outcomes[1]
    half = len(asked) // 2
    for first, second in zip(asked[:half], asked[half:], strict=True):
        assert (second.method, second.url) == (first.method, first.url)
        own = {"x-correlation-id", "content-type", "content-length"}  # a form has its own boundary
        assert {**second.headers} | dict.fromkeys(own) == {**first.headers} | dict.fromkeys(own)
        if name != "Files.upload_own":
            assert second.content == first.content


def test_what_is_no_endpoint_is_the_same_too() -> None:
    def surface(kind: type) -> dict[str, Any]:
        public = {name: each for name, each in inspect.getmembers(kind) if not name.startswith("_")}
        return {name: inspect.signature(each) if callable(each) else type(each) for name, each in public.items()}

    one, other = surface(Connector), surface(AsyncConnector)
    assert one.keys() == other.keys()
    for name in one.keys() - {"raw"}:
        assert one[name] == other[name], name
    assert [*one["raw"].parameters] == [*other["raw"].parameters]
    sync, asynchronous = vars(Connector(URL, KEY)), vars(AsyncConnector(URL, KEY))
    assert sync.keys() == asynchronous.keys()


def test_errors_and_exchanges_are_the_same() -> None:
    async def flow() -> None:
        exchanges: list[Exchange] = []
        async with connector(error(404, "error.runtime.recordNotFound")) as sender:
            sender.observe(exchanges.append)
            with pytest.raises(NotFound) as failed:
                await sender.messages.get("MSG1")
        assert [(each.status, each.correlation_id) for each in exchanges] == [(404, failed.value.correlation_id)]
        async with connector(version_6) as old:
            with pytest.raises(UnsupportedVersion):
                await old.account.identity_info()
        with pytest.raises(InvalidInput):
            AsyncConnector("nowhere", KEY)

    asyncio.run(flow())


def test_only_reading_is_repeated() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        return httpx.Response(503) if len(calls) < 3 else httpx.Response(200, json=ADDRESS)

    async def flow() -> None:
        async with connector(answer) as sender:
            assert (await sender.account.identity_info()).public_key == "k"
            calls.clear()
            with pytest.raises(ConnectorError):
                await sender.account.sync()

    asyncio.run(flow())
    assert calls == ["POST"]


def test_closing_ends_the_pause_before_a_retry() -> None:
    async def flow() -> None:
        asked = asyncio.Event()

        def answer(request: httpx.Request) -> httpx.Response:
            asked.set()
            return httpx.Response(503)

        sender = connector(answer, retries=50)
        call = asyncio.create_task(sender.account.identity_info())
        await asked.wait()
        while not sender._http.shared.ended._pauses:  # it is in its pause
            await asyncio.wait([call], timeout=0)
        await sender.close()
        with pytest.raises(ConnectionFailed, match="was closed"):
            await call

    asyncio.run(flow())


def test_a_call_that_is_cancelled_leaves_nothing_behind() -> None:
    async def flow() -> None:
        begun, ended, hangs = asyncio.Event(), [], asyncio.Event()

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            begun.set()
            await reader.read()  # until the client has gone
            writer.close()
            await writer.wait_closed()
            hangs.set()

        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        exchanges: list[Exchange] = []
        async with AsyncConnector(f"http://127.0.0.1:{port}", KEY) as sender:
            sender.observe(exchanges.append, lambda begun: lambda: ended.append(begun.number))
            call = asyncio.create_task(sender.account.sync())
            await begun.wait()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await hangs.wait()  # the connection was cut
            assert (exchanges, len(ended)) == ([], 1)
            hangs.clear()
            with pytest.raises(AnswerTimeout):
                await sender.with_options(timeout=0.05).account.sync()
            await hangs.wait()
        server.close()
        await server.wait_closed()

    asyncio.run(flow())


def test_another_event_loop_is_refused() -> None:
    sender = connector(always(200, json=ADDRESS))
    assert asyncio.run(sender.account.identity_info()).public_key == "k"
    with pytest.raises(ConnectionFailed, match="belongs to another event loop") as refused:
        asyncio.run(sender.account.identity_info())
    assert "in each event loop" in refused.value.cure


def test_it_is_closed_as_often_as_one_likes() -> None:
    async def flow() -> None:
        sender = connector(always(204))
        await sender.close()
        await sender.close()
        async with sender:
            with pytest.raises(ConnectionFailed, match="was closed"):
                await sender.account.sync()

    asyncio.run(flow())


def test_downloads_and_uploads_are_streams(tmp_path: Path) -> None:
    sent: list[bytes] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        sent.append(await request.aread())
        if request.method == "POST":
            return httpx.Response(400, json={"error": {"code": "error.x", "message": "m"}})
        return httpx.Response(200, content=b"abcd", headers={"Content-Type": "text/plain"})

    async def flow() -> None:
        (tmp_path / "a.txt").write_bytes(b"hello")
        async with connector(answer) as sender:
            assert (await sender.files.download_to(tmp_path / "b", "FIL1")).read_bytes() == b"abcd"
            assert await sender.files.download("FIL1") == b"abcd"
            with pytest.raises(ConnectorError, match=r"error\.x"):
                await sender.files.upload_own(tmp_path / "a.txt", "2030-01-01T00:00:00Z")
        assert b"hello" in sent[-1]

    asyncio.run(flow())


def test_the_same_connector_for_asyncio(sender: Connector) -> None:
    one = Connector("http://connector.test", KEY, name="one", timeout=7, retries=5, api_key_header="X-MINE")
    other = aio.from_connector(one)
    assert (other.name, other.url, other._http.options) == ("one", one.url, one._http.options)
    assert KEY not in repr(vars(other._http))

    async def flow() -> str:
        async with aio.from_connector(sender) as twin:
            return (await twin.account.identity_info()).address

    assert asyncio.run(flow()) == sender.account.identity_info().address


def test_lists_are_lists(sender: Connector) -> None:
    async def flow() -> list[str]:
        async with aio.from_connector(sender) as twin:
            return [each.id for each in await twin.relationships.list()]

    assert [each.id for each in sender.relationships.list()] == asyncio.run(flow()) != []
