"""A Request as a Python program: one that creates it, or one that plays it through; formatted, to be run as it is."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from enmeshed_nb.connector.exchange import KEY_VARIABLE
from enmeshed_nb.content import DecideRequestParameters, Request
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
    request = _assigned(writer, written)
    calls = _CALLS.format(url=_text(url), key=KEY_VARIABLE)
    return "\n".join([_imports(writer, ["os"], ["Connector"]), f"peer = {_text(peer)}", f"{request}{calls}"])


class Played(NamedTuple):
    """One Request that was played.

    Attributes:
        written: its JSON.
        peer: the address of who was asked.
        done: the names of the steps that were done, as in `guide.playing.STEPS`.
        decided: the decision that was sent: "accept" or "reject", and the answers; None: it was not decided here.
    """

    written: dict[str, Any]
    peer: str
    done: Collection[str]
    decided: tuple[str, DecideRequestParameters] | None = None


def played(requests: Sequence[Played], data_dir: str | None) -> str:
    """Return the program that plays Requests through, one after another, as far as they were played.

    Args:
        requests: what was played.
        data_dir: the folder of the local network; None: own Connectors, which the environment names.
    """
    writer = _Writer()
    parts = [_played(writer, each) for each in requests]
    body = "\n\n".join(part for part in parts if part)
    names = ["connect", *(each for each in ("wait_for_request", "wait_for_status") if f"{each}(" in body)]
    where = _text(data_dir) if data_dir is not None else ""
    head = f"network = connect({where})\nsender = network.sender\n"
    return f"{_imports(writer, [], names)}\n{head}\n{body}{body and chr(10)}\nnetwork.close()\n"


def _played(writer: "_Writer", request: Played) -> str:
    """Return the calls about one Request; a blank line stands where the other side goes on."""
    done, decided = request.done, request.decided
    sending, deciding, receiving = [f"peer = {_text(request.peer)}", _assigned(writer, request.written)], [], []
    if "validate" in done:
        sending.append("sender.requests.outgoing.validate(request, peer).raise_for_failure()")
    if "create" in done:
        sending += ["created = sender.requests.outgoing.create(request, peer)", "print(created.id, created.status)"]
    if "send" in done:
        sending += [
            "message = sender.messages.send(peer, created.content)",
            'wait_for_status(sender.requests.outgoing, created.id, "Open", "Completed")',
        ]
    if {"send", "fetch"} <= {*done}:
        deciding += [
            "recipient = network.connector_of(peer)",
            "incoming = wait_for_request(recipient, message.id)",
            "print(incoming.id, incoming.status)",
        ]
        if decided:
            verb, decision = decided
            deciding.append(f"decision = {writer.code(decision, len('decision = '))}")
            if "check" in done:
                deciding.append(f"recipient.requests.incoming.can_{verb}(incoming.id, decision).raise_for_failure()")
            deciding.append(f"recipient.requests.incoming.{verb}(incoming.id, decision)")
            deciding.append('wait_for_status(recipient.requests.incoming, incoming.id, "Completed")')
    if decided and {"receive", "read"} & {*done}:
        receiving += [
            "requests = sender.requests.outgoing",
            'completed = wait_for_status(requests, created.id, "Completed", sync=sender)',
            "print(completed.response.content.result)",
        ]
    return "\n\n".join("\n".join(part) for part in (sending, deciding, receiving) if part)


def _assigned(writer: "_Writer", written: dict[str, Any]) -> str:
    """Return the line that makes a Request; if something is wrong with it, the program says what when it runs."""
    try:
        code = writer.code(Request.model_validate(written), len("request = "))
    except ValidationError:
        writer.names.add("Request")
        call = "Request.model_validate"
        code = f"{call}{writer.bracketed('()', [('', written)], len(f'request = {call}'))}"
    return f"request = {code}"


def _imports(writer: "_Writer", modules: list[str], names: list[str]) -> str:
    """Return the imports of what was written, of modules, and of names of the package; an empty line follows."""
    standard = [f"import {each}" for each in modules]
    content = sorted(writer.names - {"datetime"})
    if "datetime" in writer.names:
        standard.append("from datetime import datetime")
    own = [_import("enmeshed_nb", names), *([_import("enmeshed_nb.content", content)] if content else [])]
    return "\n".join([*standard, *([""] if standard else []), *own, ""])


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
