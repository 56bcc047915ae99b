"""Keep the committed notebooks executed and normalised.

    python tools/notebooks.py [NOTEBOOK …]   execute them, else all, on a new network, normalise and store them
    python tools/notebooks.py --check        say whether those that are stored are executed and normalised

Normalised means: what differs from run to run (ids, times, ports; the rules of tests/notebooks/sanitize.cfg) has a
fixed value, and no traces of the execution (widget state, timings) are stored. Different ids stay different, and times
keep their order (`Clock`). Pictures (QR codes, which are others each time) are kept as they were stored first. A
notebook that shows the same as before, but for all that, stays as it is: a second run gives an empty diff.
"""

import configparser
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from enmeshed_nb.localnet import LocalNetwork
from enmeshed_nb.localnet.settings import DATA_DIR_VARIABLE
from enmeshed_nb.runner import execute, plan

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
RULES = ROOT / "tests" / "notebooks" / "sanitize.cfg"
SHORTEST_NUMBER = 6  # a replacement that ends with as many zeros is an id, and these are its number
TIMES = ("point in time", "time of day")  # the rules of which `Clock` knows more
INSTANT = re.compile(r"(?<![\dT])(?:(\d{4}-\d\d-\d\d)T)?(\d\d:\d\d:\d\d\.\d{3})(?!\d)")
FIRST = datetime(2026, 1, 1, 12)
STEPS = (14, 9, 31, 22, 12, 58, 17, 26)  # milliseconds from one moment to the next, by turns
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class Clock:
    """The times of a notebook as they are stored.

    The first moment that is shown is noon of a day, and each further one comes some milliseconds after the one before
    it; a moment that is more than a minute later, such as an expiry, keeps its distance to the first in whole minutes.
    What the notebook itself says is a time stays.

    Args:
        shown: all that the outputs show.
        written: all that the cells say.
    """

    def __init__(self, shown: str, written: str) -> None:
        self._written = written
        found = [match for match in INSTANT.finditer(shown) if match.group() not in written]
        dates = [match.group(1) for match in found if match.group(1)]
        self._day = min(dates, default="2026-01-01")
        moments = sorted({self._moment(match) for match in found})
        self._stored: dict[datetime, datetime] = {}
        stored, before = FIRST, moments[0] if moments else FIRST
        for number, moment in enumerate(moments):
            if moment - before > timedelta(minutes=1):
                stored = FIRST + timedelta(minutes=round((moment - moments[0]) / timedelta(minutes=1)))
            elif number:
                stored += timedelta(milliseconds=STEPS[number % len(STEPS)])
            self._stored[moment], before = stored, moment

    def _moment(self, match: re.Match[str]) -> datetime:
        return datetime.fromisoformat(f"{match.group(1) or self._day}T{match.group(2)}")

    def told(self, match: re.Match[str]) -> str:
        """Return what is stored for a time."""
        if match.group() in self._written:
            return match.group()
        stored = self._stored[self._moment(match)].isoformat(timespec="milliseconds")
        return stored if match.group(1) else stored.partition("T")[2]


def rules() -> dict[str, tuple[re.Pattern[str], str]]:
    """Return what is replaced by what, by the rules' names."""
    parser = configparser.RawConfigParser()
    parser.read(RULES, encoding="utf-8")
    return {name: (re.compile(parser.get(name, "regex")), parser.get(name, "replace")) for name in parser.sections()}


def normalised(notebook: Any, *, as_compared: bool = False) -> Any:
    """Return the notebook with fixed values for all that differs from run to run.

    Args:
        notebook: an executed one.
        as_compared: as nbval compares it, all ids, times and pictures alike; else as it is stored.
    """
    replacements = [rule for name, rule in rules().items() if as_compared or name not in TIMES]
    outputs = [_output(output) for cell in notebook["cells"] for output in cell.get("outputs", [])]
    clock = Clock(json.dumps(outputs, ensure_ascii=False), "\n".join(cell["source"] for cell in notebook["cells"]))
    seen: dict[str, dict[str, int]] = {}

    def fixed(match: re.Match[str], replacement: str) -> str:
        text = match.expand(replacement)
        digits = len(text) - len(text.rstrip("0"))
        if as_compared or digits < SHORTEST_NUMBER:
            return text
        numbers = seen.setdefault(text, {})  # different ids stay different: they are numbered as they appear
        number = numbers.setdefault(match.group(), len(numbers) + 1)
        return text[:-digits] + str(number).zfill(digits)

    def picture(data: Any) -> Any:
        return "" if as_compared else data

    def replaced(value: Any) -> Any:
        match value:
            case str():
                value = value if as_compared else INSTANT.sub(clock.told, value)
                for pattern, replacement in replacements:
                    value = pattern.sub(partial(fixed, replacement=replacement), value)
                return value
            case list():
                return [replaced(each) for each in value]
            case dict():
                return {
                    key: picture(each) if key.startswith("image/") else replaced(each) for key, each in value.items()
                }
        return value

    cells = []
    for number, cell in enumerate(notebook["cells"]):
        kept = {key: cell[key] for key in ("cell_type", "source")}
        tags = [tag for tag in cell["metadata"].get("tags", []) if not tag.startswith("papermill")]
        kept |= {"id": f"cell-{number:02}", "metadata": {"tags": tags} if tags else {}}
        if cell["cell_type"] == "code":
            kept |= {"execution_count": cell["execution_count"], "outputs": [_output(each) for each in cell["outputs"]]}
            kept["outputs"] = _joined(replaced(kept["outputs"]))
        cells.append(kept)
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def keep_pictures(notebook: Any, stored: Any) -> None:
    """Put the pictures that *stored* has into the outputs of the same notebook, executed anew."""
    pictures = {cell["source"]: cell["outputs"] for cell in stored["cells"] if cell["cell_type"] == "code"}
    for cell in notebook["cells"]:
        for output, before in zip(cell.get("outputs", []), pictures.get(cell["source"], []), strict=False):
            for mime in output.get("data", {}):
                if mime.startswith("image/") and mime in before.get("data", {}):
                    output["data"][mime] = before["data"][mime]


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the outputs with the pieces of a stream, which come as they were flushed, in one."""
    joined: list[dict[str, Any]] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            joined.append(dict(output))
    return joined


def _output(output: dict[str, Any]) -> dict[str, Any]:
    if "data" in output:
        output = {**output, "data": {mime: data for mime, data in output["data"].items() if "widget" not in mime}}
    return output


def problems(path: Path) -> Iterator[str]:
    """Yield what keeps a stored notebook from being executed and normalised."""
    stored = nbformat.read(path, as_version=4)
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        yield "not executed from top to bottom"
    if any(output.output_type == "error" for cell in code for output in cell.outputs):
        yield "stores an error"
    if _text(normalised(stored)) != path.read_text(encoding="utf-8"):
        yield "not normalised"


def _text(notebook: Any) -> str:
    return nbformat.writes(nbformat.from_dict(notebook)).rstrip("\n") + "\n"


def refresh(notebooks: Sequence[Path]) -> int:
    """Execute notebooks on a new network and store them; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        with LocalNetwork.open(Path(folder) / "network") as network:
            os.environ[DATA_DIR_VARIABLE] = network.state.data_dir
            runs = [execute(one) for one in plan(notebooks, {}, None, Path(folder) / "executed")]
        for run in runs:
            if run.error:
                print(f"{run.planned.notebook.name}: {run.error}", file=sys.stderr)
                return 1
            executed = nbformat.read(run.planned.output, as_version=4)
            stored = nbformat.read(run.planned.notebook, as_version=4)
            if normalised(executed, as_compared=True) == normalised(stored, as_compared=True):
                continue
            keep_pictures(executed, stored)
            run.planned.notebook.write_text(_text(normalised(executed)), encoding="utf-8")
    return 0


def check() -> int:
    """Say what is wrong with the stored notebooks; return the exit code."""
    found = [f"{path.relative_to(ROOT)}: {problem}" for path in NOTEBOOKS for problem in problems(path)]
    for line in found:
        print(line, file=sys.stderr)
    if found:
        print("Run: make notebooks", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(check() if given == ["--check"] else refresh([Path(each).resolve() for each in given] or NOTEBOOKS))
