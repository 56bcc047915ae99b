"""The listener that a Connector's webhooks call."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from enmeshed_nb.guide import EventListener, WaitTimeout


@pytest.fixture
def listener():
    with EventListener() as opened:
        yield opened


def tell(listener: EventListener, body: Any, path: str = "/") -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(listener.url + path, data, {"X-Secret": "s", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return answer.status


def test_events_are_kept_in_their_order_with_path_and_headers(listener):
    assert tell(listener, {"trigger": "a", "data": {"id": 1}}, "/a") == 204
    assert tell(listener, {"trigger": "b", "data": {"id": 2}}) == 204
    assert [(each.trigger, each.data, each.path) for each in listener.events] == [
        ("a", {"id": 1}, "/a"),
        ("b", {"id": 2}, "/"),
    ]
    assert listener.events[0].headers["x-secret"] == "s"
    assert [each.data["id"] for each in listener.of("b")] == [2]


def test_it_waits_for_an_event_and_for_what_it_is_about(listener):
    for number in (1, 2):
        tell(listener, {"trigger": "a", "data": {"id": number, "more": []}})
    assert listener.wait_for("a", id=2).data == {"id": 2, "more": []}


def test_what_did_not_come_says_what_came(listener):
    tell(listener, {"trigger": "a", "data": None})
    with pytest.raises(WaitTimeout, match=r"the event b(.|\n)*: a"):
        listener.wait_for("b", timeout=0.1)
    with pytest.raises(WaitTimeout):
        listener.wait_for("a", id=1, timeout=0.1)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", {"data": {}}])
def test_what_is_no_event_is_refused(listener, body):
    with pytest.raises(urllib.error.HTTPError) as refused:
        tell(listener, body)
    assert refused.value.code == 400
    refused.value.close()
    assert listener.events == ()


def test_a_closed_listener_hears_nothing_more_and_its_port_is_free(listener):
    port = int(listener.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"):
        EventListener(port)
    listener.close()
    with EventListener(port) as again:
        assert again.url == listener.url
