"""What somebody in JupyterLab sees while a cell waits, and what stays of it."""

import re

import nbformat
from playwright.sync_api import expect

from tests.browser.conftest import SCREENSHOTS

NAME = "waiting.ipynb"
CELL = """
import pathlib
from enmeshed_nb.guide import wait_for
wait_for(pathlib.Path("arrived").exists, what="the kettle")
print("Tea.")
"""


def test_waiting_shows_life_and_ends_as_a_quiet_line(lab, open_notebook):
    folder = lab.folder / "work" / "notebooks"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)], metadata=kernel), folder / NAME)
    notebook = open_notebook(lab, NAME)
    notebook.page.locator(".jp-CodeCell .cm-content").click()
    notebook.page.keyboard.press("Control+Enter")
    shown = notebook.page.locator(".jp-OutputArea-output")
    expect(shown).to_have_text(re.compile("Waiting for the kettle · [1-9]"))
    notebook.page.screenshot(path=SCREENSHOTS / "waiting.png")
    (folder / "arrived").touch()
    expect(shown.first).to_contain_text("Waited")
    expect(shown).to_have_count(2)
    expect(shown.last).to_contain_text("Tea.")
