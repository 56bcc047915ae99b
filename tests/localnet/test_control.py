"""The control port: nonsense does no harm, and nobody without the token gets anything."""

import json
import os
import socket
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from enmeshed_nb.localnet import LocalNetwork, NetworkError
from enmeshed_nb.localnet.control import LONGEST_LINE, Asked, ask
from enmeshed_nb.localnet.settings import Folder
from tests.conftest import is_gone, until


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    with LocalNetwork.open(tmp_path_factory.mktemp("control") / "network", connectors={"one": {}}) as opened:
        yield opened


def said(network: LocalNetwork, words: bytes, *, end: bool = True) -> bytes:
    """Say something on the control port; return all that is answered until the connection ends."""
    with socket.create_connection(("127.0.0.1", network.state.control.port), timeout=30) as connection:
        try:
            connection.sendall(words)
            if end:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while more := connection.recv(65536):
                answer += more
        except ConnectionError:
            return b""
        return answer


def asked(network: LocalNetwork, **what: object) -> bytes:
    return json.dumps({"token": network.state.control.token, "do": "look", **what}).encode() + b"\n"


NONSENSE = {
    "nothing": b"",
    "random bytes": os.urandom(5000) + b"\n",
    "half a line": b'{"token": "x", "do"',
    "a giant line": b"x" * (LONGEST_LINE + 100_000) + b"\n",
    "no object": b"[1, 2]\n",
    "a number": b"1\n",
    "null": b"null\n",
    "no token": b'{"do": "keep", "connectors": {}}\n',
    "a token of another kind": b'{"token": 1, "do": "lease", "connectors": {}}\n',
    "a wrong token": b'{"token": "wrong", "do": "stop", "connectors": {}}\n',
    "a token that is no ASCII": '{"token": "ü\\ud83d\\ude00", "do": "stop", "connectors": {}}\n'.encode(),
    "half a character": b'{"token": "\\ud800", "do": "stop", "connectors": {}}\n',
    "depth": b"[" * 100_000 + b"\n",
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("words", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_is_answered_with_the_end_and_does_no_harm(network, words):
    assert said(network, words) == b""
    assert b'"state"' in said(network, asked(network))
    log = Folder(Path(network.state.data_dir)).log("network").read_text()
    assert "Traceback" not in log
    assert "did not ask as the owner's programs do" in log


@pytest.mark.parametrize(
    "what", [{"do": "explode"}, {"connectors": []}, {"connectors": {"a": 1}}, {"more": 1}, {"reconfigure": "maybe"}]
)
def test_what_cannot_be_meant_is_answered_with_the_end(network, what):
    assert said(network, asked(network, **what)) == b""


def test_who_does_not_end_the_line_is_not_waited_for_long(network):
    assert said(network, b'{"token"', end=False) == b""


@pytest.mark.parametrize("name", ["../../evil", "backbone", "", "A", "x" * 33, "a/b", ".."])
def test_what_cannot_be_a_connectors_name_is_refused_there_too(network, name):
    control = network.state.control
    with pytest.raises(NetworkError, match="cannot be a Connector's name"):
        ask(control, Asked(token=control.token, do="look", connectors={name: {}}), lambda _: None)
    assert [path.name for path in Folder(Path(network.state.data_dir)).connectors.iterdir()] == ["one"]


def test_a_configuration_is_checked_there_too(network):
    control = network.state.control
    with pytest.raises(NetworkError, match="there is no such key"):
        ask(control, Asked(token=control.token, do="look", connectors={"two": {"odd": 1}}), lambda _: None)


def test_who_does_not_know_the_token_keeps_no_network_running(folder):
    opened = LocalNetwork.open(folder, connectors={"one": {}})
    pid, port = opened.state.pid, opened.state.control.port
    opened.close()
    with ExitStack() as silent:

        def has_ended() -> bool:
            if not is_gone(pid):
                connection = socket.socket()
                connection.settimeout(1)
                if connection.connect_ex(("127.0.0.1", port)) == 0:
                    silent.enter_context(closing(connection))
                else:
                    connection.close()
            return is_gone(pid)

        until(has_ended, 30, "the network ends although somebody connects all the time")
