"""A proxy in front of Connectors that lets everything through, but what a rule changes while it is on.

A rule is a function that gets a call and what passes it on to the Connector:

    @rule("GUIDE-CREATE", on="POST /Requests/Outgoing")
    async def a_new_request_is_said_to_be_open(call, connector):
        answer = await connector(call)
        answer.result["status"] = "Open"
        return answer

It may change the call, the answer, make the call twice, or not at all; `call.memory` is one dict for all calls while
the rule is on. It stands in `tests/acceptance/rules/`, in the module of the plan whose requirement it breaks.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from enmeshed_nb.connector.exchange import API
from enmeshed_nb.localnet.ports import bind
from enmeshed_nb.localnet.serving import Server

_OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_SEGMENT = "[A-Za-z0-9:._%=@-]{16,}"
"""What stands for `{id}` in a route: an id, a reference or an address, and not `Own` or `Validate`."""


@dataclass
class Call:
    """What is asked of a Connector.

    Attributes:
        connector: its name; "events" for what Connectors tell a listener.
        method: the HTTP method.
        path: as it was sent, without the API's prefix.
        query: the pairs of the query string.
        headers: what was sent along.
        body: what was sent.
        memory: the same for all calls while the same rules are on.
        prefix: the API's prefix, if the path has it.
    """

    connector: str
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: httpx.Headers
    body: bytes
    memory: dict[str, Any]
    prefix: str = API

    @property
    def json(self) -> Any:
        """The body's JSON; to change it, set it."""
        return json.loads(self.body)

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()

    def asking(self, method: str, path: str, query: Mapping[str, str] | None = None) -> "Call":
        """Return another call by the same caller."""
        query_pairs = list((query or {}).items())
        return Call(self.connector, method, path, query_pairs, httpx.Headers(self._identified()), b"", self.memory)

    def _identified(self) -> dict[str, str]:
        return {name: value for name, value in self.headers.items() if name in ("host", "x-api-key", "authorization")}


class Answer:
    """What a Connector answers.

    Args:
        status: the HTTP status.
        headers: the headers.
        body: as it was sent, compressed perhaps.
    """

    def __init__(self, status: int = 200, headers: httpx.Headers | None = None, body: bytes = b"") -> None:
        self.status, self.headers, self._body = status, headers or httpx.Headers(), body
        self._json: Any = None

    @property
    def json(self) -> Any:
        """The body's JSON, to be changed in place or set."""
        if self._json is None:
            self._json = httpx.Response(self.status, headers=self.headers, content=self._body).json()
        return self._json

    @json.setter
    def json(self, value: Any) -> None:
        self._json = value

    @property
    def result(self) -> Any:
        """What stands in the envelope of a success, to be changed in place or set; None in that of an error."""
        return self.json.get("result")

    @result.setter
    def result(self, value: Any) -> None:
        self.json = {"result": value}

    @property
    def body(self) -> bytes:
        """The body as it is sent."""
        return self._body

    @body.setter
    def body(self, value: bytes) -> None:
        self._body, self._json = value, None
        self.headers.pop("content-encoding", None)

    def sent(self) -> Response:
        """Return it as Starlette sends it."""
        if self._json is not None:
            self.body = json.dumps(self._json, ensure_ascii=False).encode()
            self.headers.setdefault("content-type", "application/json; charset=utf-8")
        response = Response(self._body, self.status)
        own = [(name, value) for name, value in response.raw_headers if name == b"content-length"]
        kept = [(name, value) for name, value in self.headers.raw if name.lower().decode() not in _OF_ONE_CONNECTION]
        response.raw_headers = [*kept, *own]
        return response


def success(result: Any, status: int = 200) -> Answer:
    """Return a success that no Connector has given."""
    answer = Answer(status)
    answer.result = result
    return answer


def refusal(status: int, code: str) -> Answer:
    """Return an error that no Connector has given."""
    answer = Answer(status)
    error = {
        "id": "ERR23456789ABCDEFGHJ",
        "code": code,
        "message": "Broken on purpose.",
        "time": "2030-01-01T00:00:00Z",
    }
    answer.json = {"error": error | {"docs": f"https://enmeshed.eu/integrate/error-codes#{code}"}}
    return answer


PassOn = Callable[[Call], Awaitable[Answer]]
Change = Callable[[Call, PassOn], Awaitable[Answer]]


@dataclass(frozen=True)
class Rule:
    """How a Connector is broken.

    Attributes:
        name: of the function: "a_new_request_is_said_to_be_open".
        breaks: the ids of the requirements that no longer hold, mostly one.
        on: the routes that it changes, or "*".
        change: the function.
        mild: whether others that change the same routes are noticed beside it.
    """

    name: str
    breaks: frozenset[str]
    on: tuple[str, ...]
    change: Change = field(repr=False, compare=False)
    mild: bool = False

    def disturbs(self, other: "Rule") -> bool:
        """Tell whether it cannot be broken together with another."""
        if self.breaks & other.breaks:
            return True
        return bool({*self.on} & {*other.on}) and not (self.mild and other.mild)

    def concerns(self, method: str, path: str) -> bool:
        """Tell whether it changes calls of this route."""
        return any(route == "*" or re.fullmatch(_pattern(route), f"{method} {path}") for route in self.on)


RULES: dict[str, Rule] = {}
"""All rules by name."""


def rule(*breaks: str, on: str | tuple[str, ...], mild: bool = False) -> Callable[[Change], Change]:
    """Register a function as a rule; see the head of this module.

    Args:
        breaks: the ids of the requirements that no longer hold.
        on: what it changes, e.g. "GET /Messages/{id}" (the path without the API's prefix), several of these, or "*".
        mild: whether others that change the same routes are noticed beside it.
    """

    def register(change: Change) -> Change:
        name = change.__name__
        assert name not in RULES, f"there are two rules {name}"
        RULES[name] = Rule(name, frozenset(breaks), (on,) if isinstance(on, str) else on, change, mild)
        return change

    return register


def changes_result(
    *breaks: str, on: str | tuple[str, ...], mild: bool = False
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Register a function that changes the `result` of successes, in place or by what it returns, as a rule."""

    def register(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
        async def changed(call: Call, connector: PassOn) -> Answer:
            answer = await connector(call)
            if answer.status < 300:
                instead = change(answer.result)
                if instead is not None:
                    answer.result = instead
            return answer

        changed.__name__ = change.__name__
        rule(*breaks, on=on, mild=mild)(changed)
        return change

    return register


class Proxies:
    """Proxies in front of servers."""

    def __init__(self) -> None:
        self._rules: tuple[Rule, ...] = ()
        self._memory: dict[str, Any] = {}

    @contextmanager
    def breaking(self, *rules: Rule) -> Iterator[None]:
        """Let rules be on in a block."""
        self._memory, self._rules = {}, rules
        try:
            yield
        finally:
            self._rules = ()

    @contextmanager
    def reach(self, urls: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """Have a proxy in front of each server while a `with` lasts.

        Args:
            urls: where the servers are, by name.

        Returns:
            where the proxies are, by name.
        """
        with ExitStack() as stack:
            servers = {
                name: stack.enter_context(Server(self._before(name, url), bind(0, f"the proxy of {name}")))
                for name, url in urls.items()
            }
            yield {name: f"http://127.0.0.1:{server.port}" for name, server in servers.items()}

    def _before(self, name: str, url: str) -> Starlette:
        """Return the proxy in front of a server."""

        @asynccontextmanager
        async def connected(_: Starlette) -> AsyncIterator[None]:
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
            async with httpx.AsyncClient(timeout=120, limits=limits, trust_env=False) as client:
                sends.append(partial(_send, client, httpx.URL(url)))
                yield

        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            call = await self._call(name, Request(scope, receive))
            on = sends[0]
            for each in self._rules:
                if each.concerns(call.method, call.path):
                    on = partial(_changed, each.change, on)
            await (await on(call)).sent()(scope, receive, send)

        sends: list[PassOn] = []
        return Starlette(routes=[Mount("/", app=handle)], lifespan=connected)

    async def _call(self, name: str, request: Request) -> Call:
        path = request.scope["raw_path"].decode("ascii")
        prefix = API if path.startswith(API) else ""
        query = parse_qsl(request.scope["query_string"].decode("ascii"), keep_blank_values=True)
        headers = [(key, value) for key, value in request.headers.raw if key.decode() not in _OF_ONE_CONNECTION]
        body = await request.body()
        path = path.removeprefix(prefix)
        return Call(name, request.method, path, query, httpx.Headers(headers), body, self._memory, prefix)


async def _changed(change: Change, on: PassOn, call: Call) -> Answer:
    return await change(call, on)


async def _send(client: httpx.AsyncClient, url: httpx.URL, call: Call) -> Answer:
    query = f"?{urlencode(call.query)}" if call.query else ""
    target = url.copy_with(raw_path=f"{call.prefix}{call.path}{query}".encode())
    request = httpx.Request(call.method, target, headers=call.headers, content=call.body or None)
    try:
        response = await client.send(request, stream=True)
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        await response.aclose()
    except httpx.HTTPError as error:
        return refusal(502, f"error.proxy.{type(error).__name__}")
    return Answer(response.status_code, response.headers, body)


def _pattern(route: str) -> str:
    return re.sub(r"\\{\w+\\}", lambda _: _SEGMENT, re.escape(route))
