"""The reader's copy of the notebooks: signed, up to date, and never overwritten where it was changed."""

import json
import shutil
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.sign import NotebookNotary

from enmeshed_nb import working_copy
from enmeshed_nb.localnet.settings import data_dir
from tests.conftest import ROOT, until

NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
GUIDE = "02-requests-via-messages.ipynb"


@pytest.fixture(autouse=True)
def _own_signatures(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))


@pytest.fixture
def source(tmp_path) -> Path:
    """A project, to be updated."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "notebooks", project / "notebooks")
    shutil.copytree(ROOT / "examples", project / "examples")
    shutil.copy(ROOT / "README.md", project)
    return project / "notebooks"


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "work"


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def add_cell(path: Path, source: str) -> None:
    notebook = read(path)
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    nbformat.write(notebook, path)


def sources(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells]


def is_trusted(path: Path) -> bool:
    notary = NotebookNotary()
    try:
        return notary.check_signature(read(path))
    finally:
        notary.store.close()


def test_it_has_all_notebooks_and_what_they_show_and_is_trusted(source, root):
    assert working_copy.refresh(source, root) == working_copy.WorkingCopy(root)
    assert sorted(path.name for path in (root / "notebooks").glob("*.ipynb")) == NOTEBOOKS
    examples = ("examples/ask_for_consent.py", "examples/membership/tests/test_membership.py")
    texts = ("README.md", "notebooks/glossary.md", "notebooks/images/requests-via-messages.svg")
    for name in (*texts, *examples):
        assert (root / name).read_bytes() == (source.parent / name).read_bytes()
    assert all(is_trusted(root / "notebooks" / name) for name in NOTEBOOKS)


def test_what_is_not_changed_follows_the_project_also_if_it_was_executed(source, root):
    working_copy.refresh(source, root)
    executed = read(root / "notebooks" / GUIDE)
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], 7
    nbformat.write(executed, root / "notebooks" / GUIDE)
    working_copy.refresh(source, root)
    assert read(root / "notebooks" / GUIDE) == executed  # the project's is the same: the reader's outputs stay
    add_cell(source / GUIDE, "'new'")
    assert working_copy.refresh(source, root).behind == ()
    assert sources(root / "notebooks" / GUIDE)[-1] == "'new'"
    assert is_trusted(root / "notebooks" / GUIDE)


def test_what_was_changed_stays_and_is_named_once_the_projects_is_newer(source, root):
    working_copy.refresh(source, root)
    add_cell(root / "notebooks" / GUIDE, "'mine'")
    assert working_copy.refresh(source, root).behind == ()
    add_cell(source / GUIDE, "'new'")
    for _ in range(2):
        assert working_copy.refresh(source, root).behind == (GUIDE,)
        assert sources(root / "notebooks" / GUIDE)[-1] == "'mine'"
    (root / "notebooks" / GUIDE).write_text("no notebook any more")
    assert working_copy.refresh(source, root).behind == (GUIDE,)
    assert (root / "notebooks" / GUIDE).read_text() == "no notebook any more"


def test_a_file_of_the_readers_that_was_there_before_stays(source, root):
    (root / "notebooks").mkdir(parents=True)
    (root / "notebooks" / GUIDE).write_text("mine")
    working_copy.refresh(source, root)
    assert (root / "notebooks" / GUIDE).read_text() == "mine"


def test_a_fresh_one_keeps_the_old_one(source, root):
    working_copy.refresh(source, root)
    add_cell(root / "notebooks" / GUIDE, "'mine'")
    kept = [working_copy.refresh(source, root, fresh=True).kept for _ in range(2)]
    assert len({root, *kept}) == 3
    assert sources(kept[0] / "notebooks" / GUIDE)[-1] == "'mine'"
    assert sources(root / "notebooks" / GUIDE) == sources(source / GUIDE)


def test_a_place_that_cannot_be_written_is_named(source, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(working_copy.WorkingCopyError, match="file/work cannot be written") as error:
        working_copy.refresh(source, tmp_path / "file" / "work")
    assert "--notebooks-dir" in error.value.cure


def test_reset_leaves_it_alone():
    assert not working_copy.default_root().is_relative_to(data_dir())


def test_lab_opens_it_as_whoever_runs_it_without_a_question_about_news(folder, root, tmp_path, start_process):
    runtime = tmp_path / "runtime"
    lab, _ = start_process(
        *("lab", "--data-dir", folder, "--notebooks-dir", root, "--fresh", "--no-browser", "--ServerApp.port=0"),
        *("--IdentityProvider.token=x",),
        JUPYTER_RUNTIME_DIR=str(runtime),
    )
    servers = until(
        lambda: [each for each in runtime.glob("jpserver-*.json") if each.stat().st_size] or lab.poll(),
        90,
        "JupyterLab",
    )
    assert lab.poll() is None
    server = json.loads(servers[0].read_text())
    assert server["root_dir"] == str(root)
    import httpx

    setting = f"{server['url']}lab/api/settings/@jupyterlab/apputils-extension:notification"
    answer = httpx.get(setting, headers={"Authorization": "token x"}).json()
    assert answer["schema"]["properties"]["fetchNews"]["default"] == "false"
    assert f"--LabApp.default_url=/lab/tree/notebooks/{NOTEBOOKS[0]}" in psutil.Process(lab.pid).cmdline()
