"""What a run has found so far, in a file: a run that was broken off goes on where it was."""

import json
import os
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import IO, Self

from pydantic import ValidationError

from enmeshed_nb.acceptance.outcomes import Outcome, Told
from enmeshed_nb.closing import Closing
from enmeshed_nb.errors import UserError

FILE = "outcomes.jsonl"


class FolderError(UserError):
    """The folder for the report cannot be used."""


class Place(Told):
    """A Connector that a run was made on.

    Attributes:
        name: as checks call it.
        url: where it is.
        address: of its Identity; empty if its key is not good for asking.
        version: of the Connector.
    """

    name: str
    url: str
    address: str
    version: str


class Facts(Told):
    """What a run was made on, and when it began.

    Attributes:
        name: the profile's, or "local network".
        is_local: whether that was a network of this run alone.
        connectors: Sender, Recipient, and further ones.
        began: when.
        by: the program and its version.
    """

    name: str
    is_local: bool
    connectors: tuple[Place, ...]
    began: datetime
    by: str

    def goes_on_with(self, other: "Facts") -> bool:
        """Whether what was found on the one holds for the other: the same Connectors, in the same versions."""
        if self.is_local and other.is_local:  # each run has a network of its own, all of them are alike
            return self._versions() == other._versions() and self.by == other.by
        return (self.name, self.connectors, self.by) == (other.name, other.connectors, other.by)

    def _versions(self) -> dict[str, str]:
        main = ("sender", "recipient")
        return {each.name: each.version for each in self.connectors if each.name in main}


class Record(Closing):
    """The file `outcomes.jsonl` in a report's folder: a line of facts, a line for each outcome, and one at the end.

    Args:
        folder: the report's folder; it is made if there is none.

    Raises:
        FolderError: nothing can be written there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: IO[str] | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise FolderError(
                f"No report can be written to {folder}: {error.strerror or error}.", "Name another folder: --out DIR."
            ) from None

    def unfinished(self) -> tuple[Facts | None, list[Outcome]]:
        """Return what the last run here was made on (None: there was none), and what it found if it was broken off."""
        try:
            lines = (self.folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return None, []
        facts, outcomes = None, []
        try:
            for line in lines:
                told = json.loads(line)
                if "facts" in told:
                    facts = Facts.model_validate(told["facts"])
                elif "ended" in told:
                    return facts, []
                else:
                    outcomes.append(Outcome.model_validate(told))
        except (ValueError, ValidationError):  # the program was killed while it wrote the last line
            pass
        return facts, outcomes

    def begin(self, facts: Facts, known: Iterable[Outcome] = ()) -> Self:
        """Begin the file anew, with what is known already.

        Raises:
            FolderError: it cannot be written.
        """
        lines = [json.dumps({"facts": facts.model_dump(mode="json")}), *(each.model_dump_json() for each in known)]
        write(self.folder / FILE, "".join(f"{line}\n" for line in lines))
        self._file = (self.folder / FILE).open("a", encoding="utf-8")
        return self

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        self._write(outcome.model_dump_json())

    def end(self) -> None:
        """Say that the run has come to its end: the next one begins anew."""
        self._write('{"ended": true}')

    def _write(self, line: str) -> None:
        assert self._file, "begin() comes first"
        self._file.write(f"{line}\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


def write(path: Path, content: str) -> None:
    """Write a file whole or not at all.

    Raises:
        FolderError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(content, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise FolderError(
            f"{path} cannot be written: {error.strerror or error}.", "Make room, or name another folder."
        ) from None
