"""Texts that a peer may have written, as a terminal can show them: it obeys none of what they hold.

Control characters (a terminal would obey them) and those that turn the direction of reading round or cannot be seen
(a reader would be deceived by them) are shown as JSON's escapes, so JSON stays JSON.
"""

import unicodedata

_ESCAPED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"
"""They join letters and emojis, and do nothing else."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    """Return a text on one line, with what a terminal would obey as escapes."""
    return text if text.isprintable() else "".join(map(_shown, text))


def printable_lines(text: str) -> str:
    """Return a text of several lines, each of them made `printable`."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _ESCAPED or character in _JOINERS:
        return character
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return _SHORT.get(character) or "".join(f"\\u{units[index : index + 4]}" for index in range(0, len(units), 4))
