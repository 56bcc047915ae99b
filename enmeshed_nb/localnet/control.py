"""What is said on the control port of a network, in JSON lines.

Who connects asks with one line, `Asked`. The answer to somebody who does not know the token is the end of the
connection. Everybody else is told what the supervisor does, `{"doing": text}`, at once and again every second, so that
silence means that it hangs; then comes `{"state": …}`, or `{"failed": problem, "cure": text}`. Who asked for a lease
has it as long as the connection lasts: the operating system ends it with its owner, however that dies.
"""

import json
import socket
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.faults import AnyFault
from enmeshed_nb.localnet.ports import LOOPBACK
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


class Asked(BaseModel):
    """What somebody asks of a network that runs or starts."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    token: str = Field(repr=False)
    do: Literal["look", "lease", "keep", "stop"]
    """To be told what runs, to use it, to use it and let it run on without users, to stop it."""
    connectors: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """Connectors that must run, with their configurations."""
    reconfigure: bool = False
    """Whether a Connector that runs with another configuration is started anew with the one that is asked for."""
    remove: list[str] = Field(default_factory=list)
    """Connectors that must not run any more: all that they have stored is deleted."""
    durability: str | None = None
    """What stored data shall survive."""
    advance: float = Field(default=0, ge=0, allow_inf_nan=False)
    """Seconds by which the network's time is to be moved forward."""
    save: str = ""
    """The name of a snapshot to be made."""
    restore: str = ""
    """The name of a snapshot that the network is to become."""
    who: str = ""
    """The process that asks; what it injects ends with its last lease."""
    inject: list[AnyFault] = Field(default_factory=list)
    """Faults that are to be active from now on."""
    clear: list[str] = Field(default_factory=list)
    """The ids of faults that are to end; `*` are all, `own` those of the process that asks."""


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
                match json.loads(line):
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
