"""The reader's own copy of the project's notebooks and examples: what is tried there touches no file of the project.

It lies in the platform's documents folder: it is the reader's work, and survives `enmeshed-nb reset`, an update, and
the end of the clone. What the reader did not change follows the project, what was changed is never touched.

`python -P -m enmeshed_nb.working_copy NOTEBOOKS` makes it for JupyterLab as Binder starts it, and prints where it is.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbformat.sign import NotebookNotary
from platformdirs import user_documents_path

from enmeshed_nb.errors import UserError

_NOTEBOOKS, _EXAMPLES = Path("notebooks"), Path("examples")
_PROGRAMS = ("*.py", "*.toml", "*.yml", "crontab")
_MANIFEST = ".enmeshed-nb.json"


class WorkingCopyError(UserError):
    """The working copy cannot be made."""


@dataclass(frozen=True)
class WorkingCopy:
    """Where the notebooks are that the reader works with.

    Attributes:
        root: the folder that JupyterLab shows; the notebooks are in `notebooks` there, the examples in `examples`.
        behind: the notebooks that the reader changed, and that are newer in the project.
        kept: where the copy before this one was moved; None if there was none, or it was not asked for.
    """

    root: Path
    behind: tuple[str, ...] = ()
    kept: Path | None = None


def default_root() -> Path:
    """Return where the working copy is unless another place is named."""
    return user_documents_path() / "enmeshed-nb"


def refresh(source: Path, root: Path | None = None, *, fresh: bool = False) -> WorkingCopy:
    """Make the working copy, or bring it up to date, and sign its notebooks, so that Jupyter trusts their outputs.

    A notebook counts as changed when its cells say something else than ours; one that was only executed does not.

    Args:
        source: the folder of the project's notebooks, with the README and `examples` beside it.
        root: where the copy is; `default_root()` without it.
        fresh: move the copy aside, with the time in its name, and make it anew.

    Raises:
        WorkingCopyError: the copy cannot be written.
    """
    root = (root or default_root()).expanduser().absolute()
    try:
        kept = _move_aside(root) if fresh and root.exists() else None
        return WorkingCopy(root, tuple(_copy(source, root)), kept)
    except OSError as error:
        raise WorkingCopyError(
            f"The working copy of the notebooks in {root} cannot be written: {error.strerror}.",
            "Choose another place: enmeshed-nb lab --notebooks-dir DIR",
        ) from error


def _move_aside(root: Path) -> Path:
    return root.rename(root.with_name(f"{root.name}-{datetime.now():%Y-%m-%d-%H%M%S-%f}"))


def _copy(source: Path, root: Path) -> Iterator[str]:
    """Copy what is new or not changed, sign it, and yield the names of what is behind."""
    root.mkdir(parents=True, exist_ok=True)
    manifest = root / _MANIFEST
    given = json.loads(manifest.read_bytes()) if manifest.exists() else {}
    files = [
        *(each for kind in ("*.ipynb", "*.md", "images/*") for each in source.glob(kind)),
        *source.parent.glob("README.md"),
        *(each for kind in _PROGRAMS for each in (source.parent / _EXAMPLES).rglob(kind)),
    ]
    for file in sorted(files):
        inside = source in file.parents
        name = (_NOTEBOOKS / file.relative_to(source) if inside else file.relative_to(source.parent)).as_posix()
        target, ours = root / name, _digest(file)
        if target.exists() and _digest(target) != given.get(name, ours):
            if given.get(name) != ours:
                yield target.name
            continue
        if not target.exists() or given.get(name) != ours:
            target.parent.mkdir(parents=True, exist_ok=True)
            new = target.with_name(f".{target.name}.new")
            new.write_bytes(file.read_bytes())
            new.replace(target)
        given[name] = ours
        if target.suffix == ".ipynb" and target.read_bytes() == file.read_bytes():
            _sign(target)
    manifest.write_text(json.dumps(given, indent=1), encoding="utf-8")


def _digest(file: Path) -> str:
    """Return what a file says: of a notebook what is in its cells, not what they put out."""
    content = file.read_bytes()
    if file.suffix == ".ipynb":
        with suppress(ValueError, LookupError):  # what the reader made of it may be no notebook any more
            content = json.dumps([[cell["cell_type"], cell["source"]] for cell in _read(file).cells]).encode()
    return hashlib.sha256(content).hexdigest()


def _read(file: Path) -> Any:
    return nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]


def _sign(file: Path) -> None:
    notary = NotebookNotary()  # type: ignore[no-untyped-call]
    with closing(notary.store):
        notary.sign(_read(file))  # type: ignore[no-untyped-call]


def main() -> int:
    """Make the working copy of the notebooks in a folder and print its place; the exit code is 1 if that failed."""
    try:
        print(refresh(Path(sys.argv[1]).absolute()).root)
    except WorkingCopyError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
