"""What is told of calls holds nothing by which somebody could act as somebody else."""

from enmeshed_nb.acceptance.redacting import HIDDEN, Redactor
from enmeshed_nb.connector import Exchange

REFERENCE = "VE9LZk5BMU5pZ3NXb2dSVkR6bXwzfGZGdzJ"


def exchange(request=None, response=None, query=(), path="/api/core/v1/Tokens/Peer"):
    return Exchange("sender", "POST", path, query, 201, 0.1, request, response, url="http://127.0.0.1:1")


def test_passwords_and_ownership_tokens_are_hidden_wherever_they_turn_up():
    redactor = Redactor()
    seen = redactor.seen(
        exchange(
            {"items": [{"ownershipToken": "aGVsbG8gd29ybGQ", "title": "x aGVsbG8gd29ybGQ"}], "password": "correct"},
            {"password": "horse", "Authorization": "Bearer abcdefgh"},
            (("password", "battery"), ("status", "Open")),
        )
    )
    told = seen.model_dump_json() + redactor.text("It is 'aGVsbG8gd29ybGQ' or 'abcdefgh' or 'correct'.")
    for secret in ("aGVsbG8gd29ybGQ", "correct", "horse", "battery", "abcdefgh"):
        assert secret not in told
    assert seen.call == f"POST /Tokens/Peer?password={HIDDEN}&status=Open"
    assert HIDDEN in seen.curl


def test_references_are_hidden_as_texts_and_as_links():
    link = "https://backbone.example/r/TOKfNA1NigsWogRVDzm#M3xmRncyZkRGZ2hqa2xhc2Rm"
    seen = Redactor().seen(exchange({"reference": REFERENCE}, {"url": link, "said": f"No {REFERENCE}."}))
    told = seen.model_dump_json()
    assert REFERENCE not in told
    assert "M3xmRncyZkRGZ2hqa2xhc2Rm" not in told


def test_ids_and_keys_of_attributes_stay():
    seen = Redactor().seen(exchange({"key": "privacy-terms", "id": "REQabcdefghijklmnopq"}))
    assert seen.sent == {"key": "privacy-terms", "id": "REQabcdefghijklmnopq"}


def test_what_is_long_is_cut():
    seen = Redactor().seen(exchange(None, {"result": [{"text": "x" * 5000}] * 100}))
    assert len(seen.received["result"]) == 31
    assert "5000 characters" in seen.received["result"][0]["text"]
    assert "70 more" in seen.received["result"][-1]
