"""A Request as a Python program that creates it: with named imports, formatted, to be run as it is."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from enmeshed_nb.connector.exchange import KEY_VARIABLE
from enmeshed_nb.content import Request
from enmeshed_nb.content.model import Model, iso

_WIDTH = 88
"""How wide a line may be: what formatters of Python take without being told otherwise."""
_ENDLESS = 10**6
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
    writer = _Writer()
    try:
        request = writer.code(Request.model_validate(written), len("request = "))
    except ValidationError:
        writer.names.add("Request")
        request = (
            f"Request.model_validate{writer.bracketed('()', [('', written)], len('request = Request.model_validate'))}"
        )
    imports = ["import os"]
    if "datetime" in writer.names:
        imports.append("from datetime import datetime")
        writer.names.remove("datetime")
    imports += ["", "from enmeshed_nb import Connector", _import("enmeshed_nb.content", sorted(writer.names)), ""]
    calls = _CALLS.format(url=_text(url), key=KEY_VARIABLE)
    return "\n".join([*imports, f"peer = {_text(peer)}", f"request = {request}{calls}"])


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


class _Writer:
    """Writes values as code, on one line where they fit.

    Attributes:
        names: what must be imported for what was written.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()

    def code(self, value: Any, taken: int, depth: int = 0) -> str:
        """Return the code of a model, or of anything that JSON knows.

        Args:
            value: the value.
            taken: how much of its line is taken by what stands around it.
            depth: how far its line is indented.
        """
        match value:
            case Model():
                name = type(value).__name__
                self.names.add(name)
                given = [(f"{each}=", what) for each, what in value.__repr_args__()]
                return name + self.bracketed("()", given, taken + len(name), depth)
            case datetime():
                self.names.add("datetime")
                return f'datetime.fromisoformat("{iso(value)}")'
            case str():
                return _text(value)
            case list():
                return self.bracketed("[]", [("", each) for each in value], taken, depth)
            case dict():
                return self.bracketed("{}", [(f"{_text(key)}: ", each) for key, each in value.items()], taken, depth)
            case _:
                return repr(value)

    def bracketed(self, brackets: str, parts: list[tuple[str, Any]], taken: int, depth: int = 0) -> str:
        """Return parts, each with what stands before it, in brackets."""
        flat = ", ".join(before + self.code(each, -_ENDLESS) for before, each in parts)
        if taken + len(flat) + 2 <= _WIDTH or not parts:
            return f"{brackets[0]}{flat}{brackets[1]}"
        indent = "    " * (depth + 1)
        lines = [f"{indent}{before}{self.code(each, len(indent + before) + 1, depth + 1)}," for before, each in parts]
        return "\n".join([brackets[0], *lines, "    " * depth + brackets[1]])


def _text(value: str) -> str:
    """Return a text as formatters write it: in double quotes, unless these need more backslashes."""
    written = repr(value)
    inner = written[1:-1].replace("\\'", "'") if written[0] == "'" else written[1:-1]
    if value.count('"') > value.count("'"):
        inner = inner.replace("'", "\\'")
        return f"'{inner}'"
    inner = inner.replace('"', '\\"')
    return f'"{inner}"'
