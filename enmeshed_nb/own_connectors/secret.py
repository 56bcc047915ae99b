"""Secrets that settings name, and which are read when they are needed."""

import os
import shlex
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from enmeshed_nb.own_connectors.errors import SettingsError

WAYS = '{env = "NAME"}, {command = ["pass", "show", "NAME"]} or {file = "~/keys/NAME"}'
"""How a profile names a secret."""
COMMAND_TIMEOUT = 30.0
"""Seconds that a command has to print a secret: long enough to unlock a password store."""


@dataclass(frozen=True)
class Place:
    """Where settings stand, and what they see of the world.

    Attributes:
        name: what they name, to begin a message with, e.g. "Profile 'staging', sender".
        folder: what their relative paths are relative to.
        variables: environment variables.
    """

    name: str
    folder: Path
    variables: Mapping[str, str] = field(repr=False)

    def path(self, given: str) -> Path:
        """Return a path that settings name."""
        return self.folder / Path(given).expanduser()


class Secret(BaseModel):
    """Where a secret is: in an environment variable, printed by a command, or in a file of its owner alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    env: Annotated[str, Field(min_length=1)] | None = None
    command: Annotated[list[str], Field(min_length=1)] | None = None
    file: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_way(cls, given: Any) -> Any:
        """Refuse what says no way or more than one, and above all the secret itself."""
        if not isinstance(given, Mapping):
            raise PydanticCustomError("literal", "must not stand here itself")
        if len(given) != 1:
            raise PydanticCustomError("ways", "must name one place where it is")
        return given

    def __str__(self) -> str:
        """Say where it is."""
        if self.env:
            return f"the environment variable {self.env}"
        return f"the command `{shlex.join(self.command)}`" if self.command else f"the file {self.file}"

    def read(self, what: str, place: Place) -> str:
        """Return the secret, without white space around it.

        Args:
            what: what it is, as its setting is called, e.g. "api_key".
            place: where the setting stands.

        Raises:
            SettingsError: it cannot be had; says why, and never what was found.
        """
        try:
            found = self._found(place).strip()
        except _Unreadable as error:
            raise SettingsError(f"{place.name}: {what} cannot be read: {error.problem}", error.cure) from None
        if not found:
            raise SettingsError(f"{place.name}: {what} cannot be read: {self} gives nothing.", "Put the secret there.")
        return found

    def _found(self, place: Place) -> str:
        if self.env:
            return place.variables.get(self.env) or ""
        return _printed(self.command) if self.command else _kept(place.path(str(self.file)))


class _Unreadable(Exception):  # noqa: N818
    """Why a secret cannot be had."""

    def __init__(self, problem: str, cure: str) -> None:
        self.problem, self.cure = problem, cure


def _printed(command: list[str]) -> str:
    said = shlex.join(command)
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, timeout=COMMAND_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        raise _Unreadable(
            f"`{said}` did not end within {COMMAND_TIMEOUT:g} s.", "Run it in a terminal: it may ask for something."
        ) from None
    except (OSError, ValueError) as error:
        raise _Unreadable(f"`{said}` cannot be run: {error}.", "Check the command.") from None
    if done.returncode:
        raise _Unreadable(f"`{said}` ended with code {done.returncode}.", "Run it in a terminal and see what it says.")
    return _decoded(done.stdout, f"`{said}`")


def _kept(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
                raise _Unreadable(f"others may read the file {path}.", f"Run: chmod 600 {shlex.quote(str(path))}")
            return _decoded(file.read(), f"the file {path}")
    except OSError as error:
        raise _Unreadable(f"the file {path}: {error.strerror}.", "Check the path.") from None


def _decoded(found: bytes, where: str) -> str:
    try:
        return found.decode()
    except UnicodeDecodeError:
        raise _Unreadable(f"{where} gives no text in UTF-8.", "Check what is there.") from None
