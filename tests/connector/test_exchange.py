"""What an exchange knows of itself, and the curl command that repeats it."""

import json
import shlex
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from enmeshed_nb.connector import Connector, Exchange, curl

PEER = "did:e:localhost:dids:1a2b"


def exchange(**changes: Any) -> Exchange:
    values: dict[str, Any] = {
        "connector": "sender",
        "method": "GET",
        "path": "/api/core/v1/Relationships",
        "query": (("status", "Active"), ("peer", PEER)),
        "status": 200,
        "duration": 0.1,
        "request": None,
        "response": None,
        "url": "http://localhost:1",
    }
    return Exchange(**{**values, **changes})


def test_it_knows_its_call() -> None:
    assert exchange().call == f"GET /Relationships?status=Active&peer={PEER}"
    assert exchange(query=()).call == "GET /Relationships"
    assert exchange(path="/health", query=()).call == "GET /health"
    assert exchange().api_path == "/Relationships"


@pytest.mark.parametrize(("status", "succeeded"), [(None, False), (200, True), (204, True), (399, True), (400, False)])
def test_it_knows_whether_it_succeeded(status: int | None, succeeded: bool) -> None:
    assert exchange(status=status).succeeded is succeeded


def test_curl_asks_the_same() -> None:
    query = (("a b", "c&d=é+"), ("peer", PEER), ("list", "1,2"), ("empty", ""))
    command = exchange(query=query).as_curl()
    program, flag, method, address, *rest = shlex.split(command)
    assert (program, flag, method) == ("curl", "-X", "GET")
    assert parse_qsl(urlsplit(address).query, keep_blank_values=True) == list(query)
    assert f"peer={PEER}" in address
    assert "a%20b=c%26d%3D%C3%A9%2B" in address
    assert rest == ["-H", "X-API-KEY: $API_KEY"]
    assert '"X-API-KEY: $API_KEY"' in command  # the shell fills it in
    assert "\n" not in command


@pytest.mark.parametrize(("lines", "breaks"), [(False, 0), (True, 2)])
def test_curl_sends_the_same(lines: bool, breaks: int) -> None:
    body = {"text": 'it\'s "quoted" $HOME `x` Zoë'}
    command = curl("POST", "http://localhost:1/api/core/v1/Messages", body=body, lines=lines)
    assert command.count(" \\\n") == breaks
    *words, sent = shlex.split(command.replace("\\\n", ""))
    assert words[4:] == ["-H", "X-API-KEY: $API_KEY", "-H", "Content-Type: application/json", "-d"]
    assert json.loads(sent) == body


def test_a_real_exchange_knows_where_it_went(sender: Connector) -> None:
    seen: list[Exchange] = []
    stop = sender.observe(seen.append)
    sender.relationships.list(status="Active")
    stop()
    assert [(each.call, each.succeeded) for each in seen] == [("GET /Relationships?status=Active", True)]
    assert seen[0].as_curl().startswith(f"curl -X GET '{sender.url}/api/core/v1/Relationships?status=Active' ")
