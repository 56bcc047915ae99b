"""How far the reader is with the exercises: small files in the network's folder, which never leave the machine."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """What is remembered of one exercise.

    Attributes:
        begun: when it began: what happened before does not count.
        done: when a check first found everything; None: not yet.
        problem: why nothing could be read or remembered, in a sentence; empty if all is well.
    """

    begun: datetime
    done: datetime | None = None
    problem: str = ""


class Progress:
    """What is remembered of all exercises, for one Sender.

    There is a file for each exercise, written whole or not at all, so that notebooks side by side do not disturb each
    other. What cannot be read or written never stops a lesson: `Record.problem` tells of it.

    Args:
        folder: where the files are; it is made when it is needed.
        identity: the address of the Sender: another one begins anew.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder = folder / re.sub(r"\W", "-", identity, flags=re.ASCII)

    def __iter__(self) -> Iterator[str]:
        """Yield the ids of the exercises that were begun, in their order."""
        yield from sorted(path.stem for path in self._folder.glob("*.json"))

    def get(self, exercise_id: str) -> Record | None:
        """Return what is remembered of an exercise; None if it was not begun, or the file is damaged."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            return self._read(exercise_id)
        return None

    def begin(self, exercise_id: str, now: datetime) -> Record:
        """Return what is remembered of an exercise; if nothing is, it begins now."""
        try:
            return self._read(exercise_id)
        except FileNotFoundError:
            return self._write(exercise_id, Record(now))
        except (ValueError, TypeError, KeyError):
            note = "What was remembered of this exercise is damaged and cannot be read, so it begins anew."
            return self._write(exercise_id, Record(now, problem=note))
        except OSError as error:
            return Record(now, problem=_not_remembered(error))

    def finish(self, exercise_id: str, record: Record, now: datetime) -> Record:
        """Remember that an exercise is done; the first time counts."""
        return record if record.done else self._write(exercise_id, Record(record.begun, now))

    def begin_anew(self, exercise_id: str, now: datetime) -> Record:
        """Forget what was done for an exercise; it begins now."""
        return self._write(exercise_id, Record(now))

    def reset(self) -> None:
        """Forget all exercises.

        Raises:
            OSError: the files cannot be removed.
        """
        with suppress(FileNotFoundError):
            shutil.rmtree(self._folder)

    def _path(self, exercise_id: str) -> Path:
        return self._folder / f"{exercise_id}.json"

    def _read(self, exercise_id: str) -> Record:
        found = json.loads(self._path(exercise_id).read_bytes())
        return Record(_moment(found["begun"]), _moment(found["done"]) if found["done"] else None)

    def _write(self, exercise_id: str, record: Record) -> Record:
        written = {"begun": record.begun.isoformat(), "done": record.done and record.done.isoformat()}
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._folder, suffix=".new", delete=False) as file:
                new = Path(file.name)
                try:
                    json.dump(written, file)
                    file.flush()
                    os.fsync(file.fileno())
                    new.replace(self._path(exercise_id))
                except BaseException:
                    new.unlink(missing_ok=True)
                    raise
        except OSError as error:
            return Record(record.begun, record.done, _not_remembered(error))
        return record


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise ValueError(f"{written} has no time zone")
    return moment


def _not_remembered(error: OSError) -> str:
    return (
        f"How far you are cannot be remembered: {error.filename}: {error.strerror}. "
        "You can do the exercise all the same."
    )
