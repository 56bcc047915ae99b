"""What is told of calls: nothing by which a reader of a report could act as somebody else."""

import re
from collections.abc import Mapping
from typing import Any

from enmeshed_nb.acceptance.outcomes import Seen
from enmeshed_nb.connector import Exchange, curl

HIDDEN = "***"
_SECRET_NAMES = {
    *("password", "ownershiptoken", "truncated", "secretkey", "privatekey", "authorization", "apikey", "x-api-key"),
    *("clientsecret", "platformclientsecret", "accesstoken", "access_token", "refresh_token", "signature", "keys"),
}
_REFERENCE = re.compile(r"\b(?:VE9L|RklM|UkxU)[A-Za-z0-9_-]{16,}={0,2}|(?<=#)[A-Za-z0-9_-]{20,}={0,2}")
"""References to Tokens, Files and templates (their key is in them): truncated, and as links."""
_SCHEME = re.compile(r"^(?:Bearer|Basic) ", re.IGNORECASE)
_LONGEST_TEXT, _MOST_ENTRIES = 600, 30
_SHORTEST_SECRET = 6


class Redactor:
    """Takes secrets out of what is told, and remembers them: what was a secret once is hidden wherever it turns up."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def seen(self, exchange: Exchange) -> Seen:
        """Return an exchange as everybody may see it."""
        sent, received = self.json(exchange.request), self.json(exchange.response)
        query = [(name, HIDDEN if _is_secret(name) else self.text(value)) for name, value in exchange.query]
        asked = "&".join(f"{name}={value}" for name, value in query)
        path = self.text(exchange.api_path)
        return Seen(
            connector=exchange.connector,
            call=f"{exchange.method} {path}{f'?{asked}' if asked else ''}",
            status=exchange.status,
            seconds=exchange.duration,
            sent=sent,
            received=received,
            error=self.text(exchange.error) if exchange.error else None,
            curl=curl(exchange.method, exchange.url + self.text(exchange.path), query, sent),
            time=exchange.time,
        )

    def json(self, value: Any) -> Any:
        """Return JSON without secrets, and with what is long cut short."""
        self._learn(value)
        return self._cut(value)

    def text(self, value: str) -> str:
        """Return a text without secrets."""
        for secret in self._secrets:
            value = value.replace(secret, HIDDEN)
        return _REFERENCE.sub(HIDDEN, value)

    def _learn(self, value: Any) -> None:
        if isinstance(value, Mapping):
            for name, each in value.items():
                if _is_secret(name) and isinstance(each, str):
                    secret = _SCHEME.sub("", each)
                    if len(secret) >= _SHORTEST_SECRET:
                        self._secrets.add(secret)
                self._learn(each)
        elif isinstance(value, list | tuple):
            for each in value:
                self._learn(each)

    def _cut(self, value: Any) -> Any:
        match value:
            case str():
                told = self.text(value)
                return told if len(told) <= _LONGEST_TEXT else f"{told[:_LONGEST_TEXT]}… ({len(told)} characters)"
            case Mapping():
                return {
                    self.text(str(name)): HIDDEN if _is_secret(name) and each is not None else self._cut(each)
                    for name, each in value.items()
                }
            case list() | tuple():
                rest = len(value) - _MOST_ENTRIES
                return [*map(self._cut, value[:_MOST_ENTRIES]), *([f"… ({rest} more)"] if rest > 0 else [])]
            case _:
                return value


def _is_secret(name: object) -> bool:
    return str(name).casefold() in _SECRET_NAMES
