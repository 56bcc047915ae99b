"""Keep the committed notebooks executed and normalised.

    python tools/notebooks.py           execute all on a new network, normalise and store them
    python tools/notebooks.py --check   say whether those that are stored are executed and normalised

Normalised means: what differs from run to run (ids, times, ports; the rules of tests/notebooks/sanitize.cfg) has a
fixed value, and no traces of the execution (widget state, timings) are stored. Pictures (QR codes, which are others
each time) are kept as they were stored first. A second run gives an empty diff.
"""

import configparser
import os
import re
import sys
import tempfile
from collections.abc import Iterator
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
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def rules() -> list[tuple[re.Pattern[str], str]]:
    """Return what is replaced by what."""
    parser = configparser.RawConfigParser()
    parser.read(RULES, encoding="utf-8")
    return [(re.compile(parser.get(name, "regex")), parser.get(name, "replace")) for name in parser.sections()]


def normalised(notebook: Any) -> Any:
    """Return the notebook with fixed values for all that differs from run to run."""
    replacements = rules()
    seen: dict[str, dict[str, int]] = {}

    def fixed(match: re.Match[str], replacement: str) -> str:
        text = match.expand(replacement)
        digits = len(text) - len(text.rstrip("0"))
        if digits < SHORTEST_NUMBER:
            return text
        numbers = seen.setdefault(text, {})  # different ids stay different: they are numbered as they appear
        number = numbers.setdefault(match.group(), len(numbers) + 1)
        return text[:-digits] + str(number).zfill(digits)

    def replaced(value: Any) -> Any:
        match value:
            case str():
                for pattern, replacement in replacements:
                    value = pattern.sub(partial(fixed, replacement=replacement), value)
                return value
            case list():
                return [replaced(each) for each in value]
            case dict():
                return {key: each if key.startswith("image/") else replaced(each) for key, each in value.items()}
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


def refresh() -> int:
    """Execute all notebooks on a new network and store them; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        with LocalNetwork.open(Path(folder) / "network") as network:
            os.environ[DATA_DIR_VARIABLE] = network.state.data_dir
            runs = [execute(one) for one in plan(NOTEBOOKS, {}, None, Path(folder) / "executed")]
        for run in runs:
            if run.error:
                print(f"{run.planned.notebook.name}: {run.error}", file=sys.stderr)
                return 1
            executed = nbformat.read(run.planned.output, as_version=4)
            keep_pictures(executed, nbformat.read(run.planned.notebook, as_version=4))
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
    sys.exit(check() if sys.argv[1:] == ["--check"] else refresh())
