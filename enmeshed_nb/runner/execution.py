"""One execution of a notebook, and what can be told about it afterwards."""

import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError

from enmeshed_nb.printable import printable_lines
from enmeshed_nb.runner.plan import PlannedRun
from enmeshed_nb.summary import SUMMARY_MIME

_DIED_AT_ONCE = "Kernel died before replying"
"""What is said of a kernel that ran nothing; mostly, another program has taken a port that was chosen for it."""


@dataclass(frozen=True)
class NotebookRun:
    """What came of a planned run.

    Attributes:
        planned: what was asked for.
        seconds: how long it took.
        error: why it failed, empty if it succeeded.
        steps: seconds per section of the notebook, by its heading.
        requests: what the notebook reported of its Requests, as `enmeshed_nb.guide.Summary` writes it.
    """

    planned: PlannedRun
    seconds: float
    error: str = ""
    steps: dict[str, float] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether every cell ran without an error."""
        return not self.error


def execute(planned: PlannedRun, *, progress_bar: bool = True) -> NotebookRun:
    """Execute a notebook; its copy is kept in any case, up to the cell that failed."""
    planned.output.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    error = ""
    if progress_bar:  # papermill's bar stands at 0 % meanwhile
        print(f"Starting the kernel of {planned.output.stem} …", file=sys.stderr)
    try:
        try:
            _execute(planned, progress_bar=progress_bar)
        except RuntimeError as failure:
            if _DIED_AT_ONCE not in str(failure):
                raise
            _execute(planned, progress_bar=progress_bar)
    except PapermillExecutionError as failure:
        error = printable_lines(f"Cell {failure.cell_index}: {failure.ename}: {failure.evalue}")
    except Exception as failure:  # a kernel that died or could not start
        error = printable_lines(f"{type(failure).__name__}: {failure}")
    seconds = time.monotonic() - start
    if not planned.output.exists():
        return NotebookRun(planned, seconds, error)
    executed = nbformat.read(planned.output, as_version=4)  # type: ignore[no-untyped-call]
    return NotebookRun(planned, seconds, error, _steps(executed), _requests(executed))


def _execute(planned: PlannedRun, *, progress_bar: bool) -> None:
    papermill.execute_notebook(
        str(planned.notebook),
        str(planned.output),
        parameters=dict(planned.parameters),
        kernel_name="python3",
        cwd=str(planned.notebook.parent),
        # What a kernel logs is not the reader's, errors of cells come as outputs: its remarks on its transport, and
        # "KeyboardInterrupt caught in kernel", an ERROR, since a shutdown begins with an interrupt.
        extra_arguments=["--log-level=CRITICAL"],
        progress_bar={"desc": planned.output.stem} if progress_bar else False,
    )


def _steps(notebook: Any) -> dict[str, float]:
    steps: dict[str, float] = {}
    heading = "Preparation"
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = [line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")]
            heading = headings[-1] if headings else heading
        elif duration := cell.metadata.get("papermill", {}).get("duration"):
            steps[heading] = steps.get(heading, 0.0) + duration
    return steps


def _requests(notebook: Any) -> list[dict[str, Any]]:
    return [
        request
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if SUMMARY_MIME in output.get("data", {})
        for request in json.loads(output["data"][SUMMARY_MIME])["requests"]
    ]
