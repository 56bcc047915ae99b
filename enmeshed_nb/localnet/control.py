"""What is said on the control port of a network, in JSON lines.

Who connects asks with one line, `Asked`. The answer to somebody who does not know the token is the end of the
connection. Everybody else is told what the supervisor does, `{"doing": text}`, at once and again every second, so that
silence means that it hangs; then comes `{"state": …}`, or `{"failed": problem, "cure": text}`. Who asked for a lease
has it as long as the connection lasts: the operating system ends it with its owner, however that dies.
"""

import asyncio
import hmac
import json
import socket
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.serving import LOOPBACK
from enmeshed_nb.localnet.settings import Control

BEAT = 1.0
"""Seconds between two signs of life."""
SILENCE = 5.0
"""Seconds without a sign of life after which a supervisor hangs."""
HEARING_TIMEOUT = 3.0
"""Seconds in which whoever connects must have asked."""
LONGEST_LINE = 4 * 1024 * 1024
"""Bytes; a line holds the configurations of Connectors."""

Progress = Callable[[str], None]
_ANSWER: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


class Asked(BaseModel):
    """What somebody asks of a network that runs or starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: str = Field(repr=False)
    do: Literal["look", "lease", "keep", "stop"]
    """To be told what runs, to use it, to use it and let it run on without users, to stop it."""
    connectors: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """Connectors that must run, with their configurations."""
    reconfigure: bool = False
    """Whether a Connector that runs with another configuration is started anew with the one that is asked for."""
    durability: str | None = None
    """What stored data shall survive."""


class SilentError(Exception):
    """Whoever listens on the control port says nothing: it hangs."""


class GoneError(Exception):
    """The network ends, or nobody of it listens there."""


def ask(control: Control, asked: Asked, progress: Progress) -> tuple[Mapping[str, Any], socket.socket]:
    """Ask a supervisor.

    Args:
        control: where it listens.
        asked: what is asked.
        progress: is told what it does meanwhile.

    Returns:
        its state, and the connection: who asked for a lease has it until that is closed.

    Raises:
        SilentError: it hangs.
        GoneError: it is on its way out, or something else listens there.
        NetworkError: it cannot do that; says why, and what to do.
    """
    try:
        connection = socket.create_connection((LOOPBACK, control.port), timeout=SILENCE)
    except TimeoutError as error:
        raise SilentError from error
    except OSError as error:
        raise GoneError from error
    try:
        connection.sendall(asked.model_dump_json().encode() + b"\n")
        with connection.makefile("rb") as lines:
            while line := lines.readline(LONGEST_LINE):
                match _ANSWER.validate_json(line):
                    case {"doing": str(text)}:
                        progress(text)
                    case {"state": dict(state)}:
                        return state, connection
                    case {"failed": str(problem), "cure": str(cure)}:
                        raise NetworkError(problem, cure)
        raise GoneError
    except TimeoutError as error:
        connection.close()
        raise SilentError from error
    except (OSError, ValueError) as error:
        connection.close()
        raise GoneError from error
    except BaseException:
        connection.close()
        raise


async def heard(reader: asyncio.StreamReader, control: Control) -> Asked | None:
    """Return what somebody who has connected asks; None if it is nonsense, comes too late, or without the token."""
    try:
        asked = Asked.model_validate_json(await asyncio.wait_for(reader.readline(), HEARING_TIMEOUT))
    except (OSError, ValueError, TimeoutError):
        return None
    return asked if hmac.compare_digest(asked.token.encode(errors="replace"), control.token.encode()) else None


async def answer(
    writer: asyncio.StreamWriter, work: Coroutine[Any, Any, Mapping[str, Any]], doing: Callable[[], str]
) -> None:
    """Answer with the outcome of some work, and say until then what is done.

    Args:
        writer: the connection.
        work: returns the state, or raises a NetworkError, or a GoneError if there is none any more; it goes on if the
            connection ends.
        doing: tells what is done.
    """
    task = asyncio.ensure_future(work)
    while not task.done():
        await _say(writer, doing=doing())
        await asyncio.wait({task}, timeout=BEAT)
    try:
        said: dict[str, Any] = {"state": task.result()}
    except GoneError:
        return
    except NetworkError as error:
        said = {"failed": error.problem, "cure": error.cure}
    await _say(writer, **said)


async def _say(writer: asyncio.StreamWriter, **message: Any) -> None:
    with suppress(OSError):  # who asked has gone
        writer.write(json.dumps(message).encode() + b"\n")
        await writer.drain()
