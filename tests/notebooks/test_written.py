"""How the notebooks are written: what a reader may rely on."""

import ast
import re

import nbformat
import pytest

from enmeshed_nb.runner import parameters_of
from tests.conftest import ROOT
from tests.notebooks.conftest import NOTEBOOKS

LONGEST = 5  # lines of code in a cell
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
OFFICIAL = re.compile(r"https://enmeshed\.eu(/(integrate|operate|explore|use-cases)(/[a-z0-9-]+)?(#[a-z0-9-]+)?)?")


@pytest.fixture(params=NOTEBOOKS.values(), ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, as_version=4).cells


def test_there_are_thirteen():
    assert list(NOTEBOOKS) == [f"{number:02}" for number in range(13)]


def test_it_begins_with_typed_parameters_and_their_meaning(path, cells):
    first = next(cell for cell in cells if cell.cell_type == "code")
    assert first.metadata.get("tags") == ["parameters"]
    parameters = parameters_of(path)
    assert "timeout" in parameters
    for parameter in parameters.values():
        assert parameter.type_name in ("bool", "int", "float", "str")
        assert len(parameter.meaning) > 10


def test_it_shows_the_network_and_checks_its_parameters(path, cells):
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert "NetworkStatus(network)" in code
    assert "This kernel has no (current) enmeshed-nb" in code
    checked = set(re.findall(r'check_parameter\("(\w+)"', code))
    free = {name for name, each in parameters_of(path).items() if each.type_name == "bool" or name == "folder"}
    assert checked == set(parameters_of(path)) - free


def test_it_ends_with_what_was_learnt_questions_and_where_to_go_on(cells):
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    last = text[text.index("## What you have learnt") :]
    questions, answers = last.split("<details><summary>Answers</summary>")
    numbers = re.findall(r"^(\d)\. ", questions[questions.index("**Questions**") :], re.MULTILINE)
    assert numbers in (["1", "2"], ["1", "2", "3"])
    assert re.findall(r"^(\d)\. ", answers, re.MULTILINE) == numbers
    assert re.search(r"\]\(\d\d-[a-z-]+\.ipynb\)", answers)


def test_its_cells_are_short(cells):
    for cell in cells:
        if cell.cell_type != "code" or cell.source.startswith("%%writefile"):
            continue
        nodes = [node for node in ast.parse(cell.source).body if not isinstance(node, ast.Import | ast.ImportFrom)]
        lines = {line for node in nodes for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
        assert len(lines) <= LONGEST, cell.source


def test_its_links_lead_somewhere(path, cells):
    for cell in cells:
        for target in LINK.findall(cell.source) if cell.cell_type == "markdown" else []:
            if target.startswith("http"):
                assert OFFICIAL.fullmatch(target), target
            else:
                assert (path.parent / target.partition("#")[0]).is_file(), target


def test_each_rule_of_the_sanitize_file_fits_its_example_and_its_replacement():
    text = (ROOT / "tests/notebooks/sanitize.cfg").read_text(encoding="utf-8")
    rules = re.findall(r"^\[.+\]\n# (.+)\nregex: (.+)\nreplace: (.+)$", text, re.MULTILINE)
    assert len(rules) == text.count("\nregex: ")
    for example, regex, replacement in rules:
        replaced = re.sub(regex, replacement, example)
        assert replaced != example
        assert re.sub(regex, replacement, replaced) == replaced


def test_the_readme_links_every_notebook_and_leads_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    local = [target for target in LINK.findall(text) if not target.startswith("http")]
    assert {f"notebooks/{path.name}" for path in NOTEBOOKS.values()} <= set(local)
    for target in local:
        assert (ROOT / target.partition("#")[0]).exists(), target
