"""The proxy of `tests.acceptance.breaking`: without a rule nobody notices it."""

import httpx
import pytest

from enmeshed_nb.connector import ApiError, Connector
from tests.acceptance.proxy import RULES, Proxies, Rule, refusal


@pytest.fixture(scope="module")
def proxied(network):
    one = network.state.connector("sender")
    made = Proxies()
    with made.reach({"sender": one.url}) as urls, Connector(urls["sender"], one.api_key, name="sender") as connector:
        yield made, connector


def test_what_is_asked_and_answered_passes(proxied, sender, tmp_path):
    _, through = proxied
    token = {"Accept": "image/png"}
    assert through.account.identity_info() == sender.account.identity_info()
    assert through.raw(lambda one: one.monitoring.version()).headers.keys() >= {
        "x-response-time",
        "content-security-policy",
    }
    path = tmp_path / "ä b.txt"
    path.write_bytes(bytes(range(256)) * 400)
    file = through.files.upload_own(path, title="T", expires_at="2090-01-01T00:00:00Z")
    assert through.files.download(file.id) == path.read_bytes() == sender.files.download(file.id)
    assert through.files.get_png(file.id) == sender.files.get_png(file.id), token
    assert through.files.list_own(filename="ä b.txt") == sender.files.list_own(filename="ä b.txt")
    assert [each.filename for each in through.files.list_own(filename="ä b.txt")][-1:] == ["ä b.txt"]


def test_what_no_client_asks_passes(proxied, sender):
    _, through = proxied
    for method, path in [
        ("TRACE", "/"),
        ("OPTIONS", "/api/core/v1/Messages"),
        ("GET", "/api/core/v1/%2e%2e%2fhealth?a=%zz"),
    ]:
        answers = [httpx.request(method, url + path, timeout=60) for url in (sender.url, through.url)]
        assert len({(each.status_code, each.headers.get("content-type")) for each in answers}) == 1, answers


def test_a_rule_is_on_while_its_block_lasts(proxied):
    made, through = proxied

    async def no(call, connector):
        call.memory["n"] = call.memory.get("n", 0) + 1
        return refusal(400, f"error.no{call.memory['n']}")

    lost = Rule("lost", frozenset(), ("GET /Messages/{id}",), no)
    for _ in range(2):
        with made.breaking(lost):
            for number in (1, 2):
                with pytest.raises(ApiError, match="Broken on purpose") as caught:
                    through.messages.get("MSG00000000000000000")
                assert caught.value.code == f"error.no{number}"
            assert through.messages.list() is not None
    with pytest.raises(ApiError, match="not found"):
        through.messages.get("MSG00000000000000000")


def test_rules_have_names_that_say_what_is_broken():
    import tests.acceptance.rules  # noqa: F401

    assert RULES
