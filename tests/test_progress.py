"""Waiting shows life where somebody looks on, and leaves no trace where nobody does."""

import os
import pty
import subprocess
import sys

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from enmeshed_nb import runner
from tests.conftest import ROOT

WAITING = """
import threading
from enmeshed_nb.guide import wait_for
from enmeshed_nb.progress import PATIENCE
passed = threading.Event()
threading.Timer(PATIENCE * 3, passed.set).start()
wait_for(passed.is_set, what="tea & <scones>")
"""
SHORT = "from enmeshed_nb.guide import wait_for\nwait_for(lambda: True, what='nothing');"


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(env=os.environ | {"PYTHONPATH": str(ROOT)})
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()


def outputs(client, code: str, *, allow_stdin: bool) -> list[dict]:
    heard = []
    answer = client.execute_interactive(code, allow_stdin=allow_stdin, output_hook=heard.append, timeout=60)
    assert answer["content"]["status"] == "ok", answer["content"]
    kinds = ("display_data", "update_display_data", "execute_result", "stream", "clear_output")
    return [each for each in heard if each["msg_type"] in kinds and each["content"].get("name") != "stderr"]


def test_a_notebook_shows_one_line_that_changes_and_then_is_quiet(kernel):
    first, *more = outputs(kernel, WAITING + ";", allow_stdin=True)
    assert first["msg_type"] == "display_data"
    assert "Waiting for tea & <scones> · " in first["content"]["data"]["text/plain"]
    assert "tea &amp; &lt;scones&gt;" in first["content"]["data"]["text/html"]
    updates = [each for each in more if each["msg_type"] == "update_display_data"]
    assert {each["content"]["transient"]["display_id"] for each in [first, *updates]} == {
        first["content"]["transient"]["display_id"]
    }
    assert len({each["content"]["data"]["text/plain"] for each in updates}) > 2
    assert updates[-1]["content"]["data"]["text/plain"].startswith("Waited ")


def test_what_is_there_at_once_is_not_waited_for(kernel):
    assert outputs(kernel, SHORT, allow_stdin=True) == []


def test_nothing_is_stored_in_what_nobody_looks_at(kernel, tmp_path):
    silent = WAITING + "None"
    assert [each for each in outputs(kernel, silent, allow_stdin=False) if each["msg_type"] != "execute_result"] == []
    cells = [nbformat.v4.new_code_cell(silent)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), tmp_path / "wait.ipynb")
    (planned,) = runner.plan([tmp_path / "wait.ipynb"], {}, None, tmp_path / "out")
    assert runner.execute(planned, progress_bar=False).error == ""
    assert nbformat.read(planned.output, as_version=4).cells[0].outputs == []


def in_terminal(code: str) -> str:
    """Run a program whose stderr is a terminal; return what is seen there."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen([sys.executable, "-P", "-c", code], stderr=theirs, env=environment):
        os.close(theirs)
        seen = b""
        try:
            while part := os.read(ours, 4096):
                seen += part
        except OSError:  # Linux's word for: the other side is closed
            pass
        os.close(ours)
    return seen.decode()


def test_a_terminal_shows_it_on_stderr():
    seen = in_terminal(WAITING)
    assert "Waiting for tea & <scones>" in seen
    assert "Waited " in seen.splitlines()[-1]
    assert in_terminal(SHORT) == ""


def test_a_pipe_sees_nothing():
    done = subprocess.run(
        [sys.executable, "-P", "-c", WAITING],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.stdout + done.stderr == ""
