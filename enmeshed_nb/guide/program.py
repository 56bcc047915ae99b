"""A Request as a Python program that creates it: with named imports, formatted, to be run as it is."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from enmeshed_nb.connector.exchange import KEY_VARIABLE
from enmeshed_nb.content import Request
from enmeshed_nb.content.model import Model

_WIDTH = 88
"""How wide a line may be: what formatters of Python take without being told otherwise."""
_CALLS = """
with Connector({url}, os.environ["{key}"], name="sender") as sender:
    sender.requests.outgoing.validate(request, peer).raise_for_failure()
    created = sender.requests.outgoing.create(request, peer)
    print(created.id, created.status)
"""


def program(written: dict[str, Any], url: str, peer: str) -> str:
    """Return the program that checks and creates a Request; the API key is taken from the variable `API_KEY`.

    Args:
        written: the Request's JSON; if something is wrong with it, the program says what when it runs.
        url: where the Connector is.
        peer: the address of who the Request is for.
    """
    names = {"Request"}
    try:
        made = _code(Request.model_validate(written), len("request = "), 0, names)
    except ValidationError:
        made = _call("Request.model_validate", [("", written)], len("request = "), 0, names)
    imports = ["import os"]
    if "datetime" in names:
        imports.append("from datetime import datetime")
        names.remove("datetime")
    calls = _CALLS.format(url=_text(url), key=KEY_VARIABLE)
    lines = [*imports, "", "from enmeshed_nb import Connector", _import("enmeshed_nb.content", sorted(names)), ""]
    return "\n".join([*lines, f"peer = {_text(peer)}", f"request = {made}", calls.lstrip("\n")])


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _code(value: Any, before: int, depth: int, names: set[str]) -> str:
    """Return the code of a value: on what is left of a line if it fits, else broken.

    Args:
        value: a model, or anything that JSON knows.
        before: how many characters stand before it on its line, and one that follows.
        depth: how far its lines are indented.
        names: what must be imported; it is added to.
    """
    match value:
        case Model():
            names.add(type(value).__name__)
            given = [(str(name), each) for name, each in value.__repr_args__()]
            return _call(type(value).__name__, given, before, depth, names)
        case datetime():
            names.add("datetime")
            return f'datetime.fromisoformat("{value.astimezone(UTC).isoformat()}")'
        case str():
            return _text(value)
        case list():
            return _broken("[", "]", [("", each) for each in value], before, depth, names)
        case dict():
            return _broken("{", "}", [(f"{_text(key)}: ", each) for key, each in value.items()], before, depth, names)
        case _:
            return repr(value)


def _call(function: str, given: Iterable[tuple[str, Any]], before: int, depth: int, names: set[str]) -> str:
    parts = [(f"{name}=" if name else "", each) for name, each in given]
    return function + _broken("(", ")", parts, before + len(function), depth, names)


def _broken(opening: str, closing: str, parts: list[tuple[str, Any]], before: int, depth: int, names: set[str]) -> str:
    flat = f"{opening}{', '.join(name + _code(each, -1_000_000, 0, names) for name, each in parts)}{closing}"
    if before + len(flat) <= _WIDTH or not parts:
        return flat
    indent = " " * 4 * (depth + 1)
    lines = [f"{indent}{name}{_code(each, len(indent + name) + 1, depth + 1, names)}," for name, each in parts]
    return "\n".join([opening, *lines, f"{' ' * 4 * depth}{closing}"])


def _text(value: str) -> str:
    """Return a text as formatters write it: in double quotes, unless these need more backslashes."""
    written = repr(value)
    inner = written[1:-1].replace("\\'", "'") if written[0] == "'" else written[1:-1]
    if value.count('"') > value.count("'"):
        inner = inner.replace("'", "\\'")
        return f"'{inner}'"
    inner = inner.replace('"', '\\"')
    return f'"{inner}"'
