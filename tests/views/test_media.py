"""Every stored output, in every medium, in both themes, wide and narrow. `build/screenshots/views` keeps pictures."""

import re
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.views.conftest import SCREENSHOTS, WIDTHS, Server, Shown, github, notebook_of, words
from tools.notebooks import METADATA

LOOK = (ROOT / "tests" / "views" / "look.js").read_text(encoding="utf-8")
OPEN = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
pytestmark = pytest.mark.timeout(400)
THEMES = pytest.mark.parametrize("theme", ["Light", "Dark"])
GITHUB = """
body { background: %s; color: %s; font: 14px sans-serif; margin: 24px; overflow-wrap: break-word }
table { border-collapse: collapse } td, th { padding: 6px 13px; border: 1px solid #8883; text-align: left }
pre { white-space: pre-wrap } img { max-width: 100%% }
.output { max-width: 840px; margin-bottom: 32px; overflow-x: auto }
"""
FLAT = """(selector) => [...document.querySelectorAll(`${selector} .enb-state`)].map(getComputedStyle).filter((style) =>
  style.borderRadius === "0px" || style.backgroundColor === "rgba(0, 0, 0, 0)").length"""


def look(page: Page, selector: str, medium: str, outputs: list[Shown]) -> None:
    """Assert that nothing is wrong at first sight, nor with all folded out; keep pictures of notebook 02."""
    shown = page.locator(selector)
    expect(shown).to_have_count(len(outputs), timeout=90_000)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for each, output in zip(outputs, shown.all(), strict=True):
        if each.name.startswith("02"):
            output.screenshot(path=SCREENSHOTS / f"{each.name}-{medium}.png")
    assert page.evaluate(LOOK, selector) == []
    page.evaluate(OPEN)
    assert page.evaluate(LOOK, selector) == []


@THEMES
def test_on_github(outputs, open_page, theme):
    for each in outputs:
        assert words(github(each.html)) == words(each.html), each.name
    style = GITHUB % (("#ffffff", "#1f2328") if theme == "Light" else ("#0d1117", "#f0f6fc"))
    shown = "".join(f'<div class="cell"><div class="output">{github(each.html)}</div></div>' for each in outputs)
    for width in WIDTHS:
        page = open_page(width, theme)
        page.set_content(f"<!doctype html><style>{style}</style>{shown}")
        look(page, ".cell", f"github-{theme.lower()}-{width}", outputs)


@THEMES
def test_exported_by_nbconvert(outputs, open_page, theme):
    exported, _ = HTMLExporter(theme=theme.lower()).from_notebook_node(notebook_of(outputs))
    alone = re.sub(r"<script[^>]*https?:.*?</script>", "", exported, flags=re.DOTALL)  # what comes from elsewhere
    for width in WIDTHS:
        page = open_page(width, theme)
        page.set_content(alone)
        look(page, ".jp-RenderedHTMLCommon.jp-OutputArea-output", f"nbconvert-{theme.lower()}-{width}", outputs)
        assert page.evaluate(FLAT, ".jp-OutputArea-output") == 0


@pytest.mark.parametrize(
    ("command", "path", "theme"),
    [("jupyterlab", "lab/tree", "Light"), ("jupyterlab", "lab/tree", "Dark"), ("notebook", "notebooks", "Light")],
)
def test_not_trusted_in_jupyter(outputs, open_page, tmp_path: Path, command, path, theme):
    nbformat.write(notebook_of(outputs), tmp_path / "views.ipynb")
    server = Server(tmp_path, command, theme=theme)
    selector = ".jp-OutputArea-output.jp-RenderedHTMLCommon"
    try:
        for width in WIDTHS[:2]:
            page = open_page(width, theme)
            page.goto(server.url(f"{path}/views.ipynb"))
            expect(page.locator(selector)).to_have_count(len(outputs), timeout=90_000)
            assert page.locator(f"{selector} style").count() == 0, "it is trusted"
            texts = page.evaluate(
                "(selector) => [...document.querySelectorAll(selector)].map((e) => e.textContent)", selector
            )
            for each, text in zip(outputs, texts, strict=True):
                assert "".join(text.split()) == words(each.html), each.name
            look(page, selector, f"{command}-{theme.lower()}-{width}", outputs)
            assert page.evaluate(FLAT, selector) == 0
    finally:
        server.close()


def test_in_voila(outputs, open_page, tmp_path: Path):
    sources = [f"from IPython.display import HTML\nHTML({each.html!r})" for each in outputs]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources], metadata=METADATA)
    nbformat.write(notebook, tmp_path / "views.ipynb")
    server = Server(tmp_path, "voila", "views.ipynb", "--theme=dark")
    try:
        for width in WIDTHS:
            page = open_page(width, "light")  # the theme decides, not the system
            page.goto(server.url(""))
            look(page, ".jp-OutputArea-output.jp-RenderedHTMLCommon", f"voila-dark-{width}", outputs)
    finally:
        server.close()
