"""What is told while a notebook runs."""

from pathlib import Path

import nbformat

from tests.conftest import enmeshed_nb_process

OWN = {
    f"ENMESHED_NB_{role}_{what}": value
    for role in ("SENDER", "RECIPIENT")
    for what, value in (("URL", "http://127.0.0.1:9"), ("API_KEY", "none"))
}
"""Own Connectors: no local network is started for notebooks that need none."""


def write(path: Path, *cells: str) -> Path:
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    made = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=kernel), path)
    return path


def test_what_the_kernel_logs_is_not_told(tmp_path):
    notebook = write(tmp_path / "loud.ipynb", "get_ipython().kernel.log.error('KeyboardInterrupt caught in kernel')")
    done = enmeshed_nb_process("run", notebook, "--out", tmp_path / "out", **OWN)
    assert done.returncode == 0, done.stderr
    assert "KeyboardInterrupt" not in done.stderr + done.stdout


def test_the_start_of_the_kernel_is_named(tmp_path):
    done = enmeshed_nb_process("run", write(tmp_path / "short.ipynb", "1 + 1"), "--out", tmp_path / "out", **OWN)
    assert "Starting the kernel of short" in done.stderr


SUMMARY = """
import json
from IPython.display import display
sides = [{"connector": "sender", "statuses": [{"status": "Open", "at": "2026-01-01T12:00:00.000Z"}]}]
requests = [
    {"id": "REQ1", "title": "", "sides": sides, "response": ["Accepted", "Is it you?: Accepted"]},
    {"id": "REQ2", "title": "Once more", "sides": sides, "response": ["Rejected", "Another one.: Rejected"]},
    {"id": "REQ3", "title": "", "sides": sides, "response": []},
]
display({"text/vnd.enmeshed-nb.summary": json.dumps({"requests": requests})}, raw=True)
"""


def test_requests_are_told_apart_in_words(tmp_path):
    done = enmeshed_nb_process("run", write(tmp_path / "three.ipynb", SUMMARY), "--out", tmp_path / "out", **OWN)
    assert "  Request 1 of 3 was accepted\n" in done.stdout
    assert "  Request 2 of 3 (Once more) was rejected\n" in done.stdout
    assert "  Request 3 of 3: no Response yet\n" in done.stdout
