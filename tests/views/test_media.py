"""Every stored output, in every medium, in both themes, wide and narrow. `build/screenshots/views` keeps pictures."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Page, expect

from tests.browser.conftest import change_theme
from tests.conftest import ROOT
from tests.views.conftest import SCREENSHOTS, WIDTHS, Server, Shown, github, notebook_of, words
from tools.notebooks import METADATA

LOOK = (ROOT / "tests" / "views" / "look.js").read_text(encoding="utf-8")
UNFOLD = """for (const each of document.querySelectorAll("details:not([open])")) {
  each.open = true;
  each.classList.add("was-folded");
}"""
FOLD = """for (const each of document.querySelectorAll(".was-folded")) {
  each.open = false;
  each.classList.remove("was-folded");
}"""
FITS = "(selector) => document.querySelector(selector).getBoundingClientRect().right <= window.innerWidth"
OUTPUT = ".jp-OutputArea-output.jp-RenderedHTMLCommon"
pytestmark = pytest.mark.timeout(400)
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
GITHUB = """
body { background: %s; color: %s; font: 14px sans-serif; margin: 24px; overflow-wrap: break-word }
table { border-collapse: collapse } td, th { padding: 6px 13px; border: 1px solid #8883; text-align: left }
pre { white-space: pre-wrap } img { max-width: 100%% }
.output { max-width: 840px; margin-bottom: 32px; overflow-x: auto }
"""
FLAT = """(selector) => [...document.querySelectorAll(`${selector} .enb-state`)].map(getComputedStyle).filter((style) =>
  style.borderRadius === "0px" || style.backgroundColor === "rgba(0, 0, 0, 0)").length"""


def look(page: Page, selector: str, medium: str, outputs: list[Shown], widths: tuple[int, ...] = WIDTHS) -> None:
    """Assert that in no width anything is wrong at first sight, nor with all folded out; keep pictures of each view."""
    shown = page.locator(selector)
    expect(shown).to_have_count(len(outputs), timeout=90_000)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for width in sorted(widths, reverse=True):
        page.set_viewport_size({"width": width, "height": 2400})
        page.wait_for_function(FITS, arg=selector)
        assert page.evaluate(LOOK, selector) == [], width
        if width in (max(widths), min(widths)):
            for each, output in zip(outputs, shown.all(), strict=True):
                if each.name.startswith("new-"):
                    output.screenshot(path=SCREENSHOTS / f"{each.name}-{medium}-{width}.png")
        page.evaluate(UNFOLD)
        assert page.evaluate(LOOK, selector) == [], f"{width}, folded out"
        page.evaluate(FOLD)


@pytest.fixture(scope="module")
def let_through(outputs: list[Shown]) -> list[str]:
    """What GitHub lets through of each output."""
    return [github(each.html) for each in outputs]


def test_github_leaves_out_no_word(outputs, let_through):
    for each, left in zip(outputs, let_through, strict=True):
        assert words(left) == words(each.html), each.name


@THEMES
def test_on_github(outputs, let_through, open_page, theme):
    style = GITHUB % (("#ffffff", "#1f2328") if theme == "light" else ("#0d1117", "#f0f6fc"))
    shown = "".join(f'<div class="cell"><div class="output">{each}</div></div>' for each in let_through)
    page = open_page(theme)
    page.set_content(f"<!doctype html><style>{style}</style>{shown}")
    look(page, ".cell", f"github-{theme}", outputs)


@THEMES
def test_exported_by_nbconvert(outputs, open_page, theme):
    exported, _ = HTMLExporter(theme=theme).from_notebook_node(notebook_of(outputs))
    alone = re.sub(r"<script[^>]*https?:.*?</script>", "", exported, flags=re.DOTALL)  # what comes from elsewhere
    page = open_page(theme)
    page.set_content(alone)
    look(page, OUTPUT, f"nbconvert-{theme}", outputs)
    assert page.evaluate(FLAT, OUTPUT) == 0


@pytest.fixture(scope="module")
def jupyter(outputs: list[Shown], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab and Notebook 7, and a notebook that shows all outputs."""
    folder = tmp_path_factory.mktemp("jupyter")
    nbformat.write(notebook_of(outputs), folder / "views.ipynb")
    server = Server(folder, "notebook")
    yield server
    server.close()


@pytest.mark.parametrize(
    ("path", "themes"),
    [("lab/tree", ("light", "dark")), ("notebooks", ("light",))],
    ids=["JupyterLab", "Notebook 7"],
)
def test_not_trusted_in_jupyter(outputs, jupyter, open_page, path, themes):
    page = open_page(themes[0])
    page.goto(jupyter.url(f"{path}/views.ipynb"))
    expect(page.locator(OUTPUT)).to_have_count(len(outputs), timeout=90_000)
    assert page.locator(f"{OUTPUT} style").count() == 0, "it is trusted"
    texts = page.evaluate("(selector) => [...document.querySelectorAll(selector)].map((e) => e.textContent)", OUTPUT)
    for each, text in zip(outputs, texts, strict=True):
        assert "".join(text.split()) == words(each.html), each.name
    for theme in themes:
        change_theme(page, theme)
        look(page, OUTPUT, f"{path.partition('/')[0]}-{theme}", outputs, WIDTHS[:2])
        assert page.evaluate(FLAT, OUTPUT) == 0


def test_in_voila(outputs, open_page, tmp_path: Path):
    sources = [f"from IPython.display import HTML\nHTML({each.html!r})" for each in outputs]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources], metadata=METADATA)
    nbformat.write(notebook, tmp_path / "views.ipynb")
    server = Server(tmp_path, "voila", "views.ipynb", "--theme=dark")
    try:
        page = open_page("light")  # the theme decides, not the system
        page.goto(server.url(""))
        look(page, OUTPUT, "voila-dark", outputs)
    finally:
        server.close()
