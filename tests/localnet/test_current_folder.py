"""Nothing is imported from the folder in which a command is started; a notebook's kernel has what lies beside it."""

import json
from pathlib import Path

import nbformat
import psutil
import pytest

from enmeshed_nb import runner
from enmeshed_nb.localnet import NetworkError, install
from tests.conftest import enmeshed_nb_process, until


@pytest.fixture
def poisoned(tmp_path: Path) -> Path:
    """A folder with modules that fail when they are imported."""
    folder = tmp_path / "poisoned"
    (folder / "enmeshed_nb").mkdir(parents=True)
    for name in ("enmeshed_nb/__init__.py", "json.py", "jupyterlab.py"):
        (folder / name).write_text(f"raise SystemExit('{name} of the current folder was imported')\n")
    return folder


def test_a_network_is_started_shown_and_stopped(poisoned, folder):
    started = enmeshed_nb_process("up", "--json", "--data-dir", folder, cwd=poisoned)
    assert started.returncode == 0, started.stderr
    assert len(json.loads(started.stdout)["connectors"]) == 2
    shown = enmeshed_nb_process("status", "--data-dir", folder, cwd=poisoned)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    stopped = enmeshed_nb_process("down", "--data-dir", folder, cwd=poisoned)
    assert "The network is stopped" in stopped.stdout


def test_jupyterlab_is_started(poisoned, folder, start_process, tmp_path):
    runtime = tmp_path / "runtime"
    options = ["--no-browser", "--notebooks-dir", tmp_path / "work", "--ServerApp.port=0"]
    lab, _ = start_process("lab", "--data-dir", folder, *options, cwd=poisoned, JUPYTER_RUNTIME_DIR=str(runtime))
    serves = lambda: list(runtime.glob("jpserver-*.json"))  # noqa: E731
    until(lambda: serves() or lab.poll() is not None, 60, "JupyterLab")
    assert serves()
    assert psutil.Process(lab.pid).cmdline()[1:4] == ["-P", "-m", "jupyterlab"]


def test_a_notebook_is_executed_and_may_import_what_lies_beside_it(poisoned, tmp_path):
    (poisoned / "helper.py").write_text("VALUE = 7\n")
    code = "import json, helper\nassert helper.VALUE == 7 and json.dumps([1])"
    cells = [nbformat.v4.new_code_cell(code)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), poisoned / "mine.ipynb")
    (planned,) = runner.plan([poisoned / "mine.ipynb"], {}, None, tmp_path / "out")
    assert runner.execute(planned, progress_bar=False).error == ""


def test_the_runtime_is_installed_by_the_command_that_is_named(poisoned, monkeypatch):
    with monkeypatch.context() as missing:
        missing.setattr(install, "is_installed", lambda: False)
        with pytest.raises(NetworkError) as error:
            install.require_installed()
    assert error.value.cure == "Run: enmeshed-nb install"
    done = enmeshed_nb_process("install", cwd=poisoned)
    assert (done.returncode, done.stderr) == (0, "")
    assert "is installed in" in done.stdout
