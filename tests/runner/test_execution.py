"""One execution of a notebook, and what is known of it afterwards."""

import json

import nbformat
import papermill
import pytest

from enmeshed_nb.guide import SUMMARY_MIME
from enmeshed_nb.runner import execute
from enmeshed_nb.runner.plan import PlannedRun

REQUEST = {"id": "REQ1", "title": "One", "sides": [], "response": []}
SHOW = f"""from IPython.display import display
display({{{SUMMARY_MIME!r}: '{json.dumps({"requests": [REQUEST]})}', "text/plain": ""}}, raw=True)
display("something else")"""


@pytest.fixture
def planned(tmp_path):
    """Plan the run of a notebook that is made of these cells; those that begin with # are Markdown."""

    def plan(*cells: str, **parameters: object) -> PlannedRun:
        new = [
            nbformat.v4.new_markdown_cell(cell) if cell.startswith("#") else nbformat.v4.new_code_cell(cell)
            for cell in cells
        ]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        place = tmp_path / "notebooks"
        place.mkdir()
        nbformat.write(nbformat.v4.new_notebook(cells=new, metadata=kernel), place / "lesson.ipynb")
        return PlannedRun(place / "lesson.ipynb", parameters, tmp_path / "out" / "deep" / "copy.ipynb")

    return plan


def test_what_a_notebook_did_is_known_afterwards(planned):
    cells = ("first = 1", "# Title\nwords\n## A section\nmore", "assert who == 'me'", SHOW, "## Another", "third = 3")
    run = execute(planned(*cells, who="me"), progress_bar=False)
    assert (run.error, run.succeeded) == ("", True)
    assert list(run.steps) == ["Preparation", "A section", "Another"]
    assert 0 < sum(run.steps.values()) < run.seconds
    assert run.requests == [REQUEST]
    copy = nbformat.read(run.planned.output, as_version=4)
    durations = [cell.metadata["papermill"]["duration"] for cell in copy.cells if cell.source in {cells[2], SHOW}]
    assert run.steps["A section"] == pytest.approx(sum(durations))
    assert len(durations) == 2


def test_a_notebook_runs_in_its_own_folder(planned):
    plan = planned("from pathlib import Path\nassert Path('lesson.ipynb').exists()")
    assert execute(plan, progress_bar=False).succeeded
    assert execute(plan, progress_bar=False).succeeded, "again, into the same folder"


def test_a_cell_that_fails_is_told_and_the_copy_kept_up_to_it(planned):
    run = execute(planned("# Begin\nwords", "1 / 0", "'never'"), progress_bar=False)
    assert run.error == "Cell 1: ZeroDivisionError: division by zero"
    assert not run.succeeded
    copy = nbformat.read(run.planned.output, as_version=4)
    assert list(run.steps) == ["Begin"]
    assert copy.cells[-1].execution_count is None
    assert run.planned.output.is_file()


def test_a_run_that_cannot_begin_is_told_and_has_nothing_else(planned):
    plan = planned("1")
    plan.notebook.write_text("no notebook")
    run = execute(plan, progress_bar=False)
    assert run.error.startswith("NotJSONError: ")
    assert (run.steps, run.requests, run.succeeded) == ({}, [], False)
    assert 0 < run.seconds < 60


@pytest.mark.parametrize("shown", [True, False])
def test_progress_is_shown_only_if_it_is_wanted(planned, capfd, shown):
    execute(planned("1"), progress_bar=shown)
    said = capfd.readouterr().err
    assert ("copy: 100%" in said) is shown
    assert shown or not said


def test_progress_is_shown_by_default(planned, capfd):
    execute(planned("1"))
    assert "copy: 100%" in capfd.readouterr().err


@pytest.mark.parametrize(("dies", "error"), [(1, ""), (9, "RuntimeError: Kernel died before replying to kernel_info")])
def test_a_kernel_that_dies_before_it_did_anything_is_started_once_more(planned, monkeypatch, dies, error):
    """Its ports are chosen before it has them: that another process takes one meanwhile cannot be caused here."""
    plan, real, starts = planned("1 + 1"), papermill.execute_notebook, []

    def dying(*words, **options):
        starts.append(words)
        if len(starts) <= dies:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return real(*words, **options)

    monkeypatch.setattr(papermill, "execute_notebook", dying)
    assert execute(plan, progress_bar=False).error == error
    assert len(starts) == 2
