"""What the supervisor does with those who connect to the control port of its network: see `control`."""

import asyncio
import hmac
import json
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from enmeshed_nb.localnet.control import BEAT, HEARING_TIMEOUT, Asked, GoneError
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.settings import Control


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
