"""What is wrong with how own Connectors are named."""

from collections.abc import Collection
from difflib import get_close_matches

from enmeshed_nb.errors import UserError


class SettingsError(UserError):
    """The settings that name own Connectors are incomplete or malformed, or a secret that they name cannot be had."""


def meant(word: str, known: Collection[str]) -> str:
    """Return the question which known word an unknown one is a typo of, else which words are known."""
    if close := get_close_matches(word, known, n=1):
        return f"Did you mean '{close[0]}'?"
    return f"There are: {', '.join(known)}." if known else ""
