"""Ask something of the network of a folder, if one runs: what it is, to use it, to do what only it can do."""

import secrets
import socket
from functools import partial
from typing import Any, Literal

from enmeshed_nb import extras
from enmeshed_nb.clock import until
from enmeshed_nb.localnet.control import SILENCE, Asked, GoneError, Progress, SilentError, ask
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.settings import Control, Folder, NetworkState

_WHO = secrets.token_hex(8)
"""This process, for the networks that it uses."""


def look(place: Folder, **asked: Any) -> NetworkState | None:
    """Ask something of the network of a folder without using it; return its state, None if none runs.

    Args:
        place: the folder.
        asked: what is asked: fields of `Asked`.

    Raises:
        HangingError: it does not answer.
        NetworkError: it cannot do that, or could not start.
    """
    if not (joined := ask_network(place, "look", **asked)):
        return None
    state, connection = joined
    connection.close()
    return state


def look_at_running(place: Folder, **asked: Any) -> NetworkState:
    """Ask something of the network of a folder without using it; return its state.

    Args:
        place: the folder.
        asked: what is asked: fields of `Asked`.

    Raises:
        HangingError: it does not answer.
        NetworkError: none runs, or it cannot do that.
    """
    if state := look(place, **asked):
        return state
    raise NetworkError(f"No network runs in {place.path}.", f"Start it: {place.command('up')}")


def ask_network(
    place: Folder,
    do: Literal["look", "lease", "keep", "stop"],
    progress: Progress = lambda _: None,
    **asked: Any,
) -> tuple[NetworkState, socket.socket] | None:
    """Ask something of the network of a folder.

    Args:
        place: the folder.
        do: what the connection is for.
        progress: is told what happens meanwhile.
        asked: what else is asked: fields of `Asked`.

    Returns:
        its state and the open connection; None if none runs, or if it has stopped.

    Raises:
        HangingError: it does not answer.
        NetworkError: it cannot do that.
    """
    told = False

    def tell(text: str) -> None:
        nonlocal told
        told = True
        progress(text)

    while not place.is_free():
        if control := place.load_control():
            try:
                state, connection = ask(control, Asked(token=control.token, do=do, who=_WHO, **asked), tell)
            except SilentError:
                _require_alive(place)
                continue
            except GoneError:
                pass  # it is about to end, or to start
            else:
                return NetworkState.model_validate(state), connection
        if not until(partial(_has_changed, place, control), SILENCE):
            _require_alive(place)
        elif told and do == "stop":
            return None
    return None


def _has_changed(place: Folder, control: Control | None) -> bool:
    """Tell whether the network that listens there has ended, or another one has come."""
    return place.is_free() or place.load_control() not in {control, None}


def _require_alive(place: Folder) -> None:
    """Raise a HangingError unless what said nothing has just begun."""
    extras.require("network", "To tell what hangs")
    from enmeshed_nb.localnet import hanging  # noqa: PLC0415 - psutil takes long, and mostly nothing hangs

    hanging.require_alive(place)
