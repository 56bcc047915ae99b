"""How the notebooks are written: what a reader may rely on."""

import ast
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from enmeshed_nb.guide.exercises import TASKS
from enmeshed_nb.runner import parameters_of
from tests.conftest import ROOT
from tests.notebooks.conftest import NOTEBOOKS

LONGEST = 5  # lines of code in a cell
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
OFFICIAL = re.compile(
    r"https://enmeshed\.eu(/((integrate|operate|explore)(/[a-z0-9-]+)?|use-case-[a-z-]+)(#[a-z0-9-]+)?)?"
)


@pytest.fixture(params=NOTEBOOKS.values(), ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def cells(path):
    return nbformat.read(path, as_version=4).cells


def test_all_lessons_are_there_and_the_playground():
    assert list(NOTEBOOKS) == [*(f"{number:02}" for number in range(20)), "playground"]


def code_of(cells):
    """Return the cells of Python."""
    return [cell for cell in cells if cell.cell_type == "code" and not cell.source.startswith("%%")]


def begins_otherwise(cells):
    """Say what is wrong with the beginning: a notebook starts with its story, then come parameters and set-up."""
    story = cells[0].source.splitlines() if cells[0].cell_type == "markdown" else []
    if not story or not story[0].startswith("# ") or len("".join(story[1:])) < 100:
        yield "It does not start with its story."
    first, second = code_of(cells)[:2]
    if first.metadata.get("tags") != ["parameters"]:
        yield "Its first code is not its parameters."
    if len([line for line in second.source.splitlines() if line]) > 2 or "check_parameters(" not in second.source:
        yield "Its set-up is not two lines that check the parameters."


def imports_elsewhere(cells):
    """Name what is imported in another cell than the one where it is used first, or twice."""
    known = set()
    for cell in code_of(cells):
        nodes = list(ast.walk(ast.parse(cell.source)))
        used = {node.id for node in nodes if isinstance(node, ast.Name)}
        imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {(each.asname or each.name).partition(".")[0] for node in imports for each in node.names}
        yield from sorted((names - used) | (names & known))
        known |= names


def choices_as_statements(cells):
    """Give the lines of the form `a() if x else b()`."""
    for cell in code_of(cells):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.IfExp):
                branches = (node.value.body, node.value.orelse)
                if any(isinstance(branch, ast.Call) for branch in branches):
                    yield ast.unparse(node)


def not_compared(cells):
    """Name each prediction that is asked in words only, has another's name, or is not compared once, later on.

    A prediction is shown where it is made. The cell that compares shows the comparison, and does not say in its code
    what happened: it hands on what the network answered.
    """
    asked, compared = {}, []
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            if "predict:" in cell.source.lower() or "<summary>Compare" in cell.source:
                yield f"{number}: asked or compared in words only"
        elif not cell.source.startswith("%%"):
            body = ast.parse(cell.source).body
            for node in ast.walk(ast.Module(body, [])):
                match node:
                    case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="Predict"))):
                        if name in asked:
                            yield f"{name}: asked twice"
                        if ast.unparse(body[-1]) != name:
                            yield f"{name}: not shown where it is made"
                        asked[name] = number
                    case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="compare"), args=[happened, *_]):
                        compared.append(name)
                        if asked.get(name, number) >= number:
                            yield f"{name}: not asked before"
                        if ast.unparse(body[-1]) != ast.unparse(node):
                            yield f"{name}: the comparison is not shown"
                        if isinstance(happened, ast.Constant):
                            yield f"{name}: what happened is written, not asked"
    yield from (f"{name}: compared {compared.count(name)} times" for name in asked if compared.count(name) != 1)


def gives_it_away(cells):
    """Name each prediction after which the code names an error before it is compared."""
    waiting = []
    for cell in code_of(cells):
        for node in ast.walk(ast.parse(cell.source)):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id="Predict"))):
                    waiting.append(name)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="compare")):
                    waiting = [each for each in waiting if each != name]
                case ast.Call(func=ast.Name(id="expect_error"), args=[_]) if waiting:
                    yield f"{waiting[-1]}: {ast.unparse(node)}"


@pytest.mark.parametrize(
    "rule", [begins_otherwise, imports_elsewhere, choices_as_statements, not_compared, gives_it_away]
)
def test_what_a_reader_meets_first_is_the_story_and_code_where_it_is_needed(cells, rule):
    assert list(rule(cells)) == []


STORY = new_markdown_cell(f"# A title\n\n{'Once upon a time. ' * 10}")
PARAMETERS = new_code_cell("timeout: float = 30.0", metadata={"tags": ["parameters"]})
ASKED = new_code_cell("guess = Predict('?')\nguess")
COMPARED = new_code_cell("guess.compare(y)")
SET_UP = new_code_cell("from enmeshed_nb import check_parameters\n\ncheck_parameters(timeout=(1, 600))")


@pytest.mark.parametrize(
    ("rule", "cells"),
    [
        (begins_otherwise, [PARAMETERS, STORY, SET_UP]),
        (begins_otherwise, [new_markdown_cell("# A title"), PARAMETERS, SET_UP]),
        (begins_otherwise, [STORY, SET_UP, PARAMETERS]),
        (begins_otherwise, [STORY, PARAMETERS, new_code_cell(f"import os\n{SET_UP.source}")]),
        (begins_otherwise, [STORY, PARAMETERS, new_code_cell("network = connect()"), SET_UP]),
        (imports_elsewhere, [STORY, new_code_cell("import os"), new_code_cell("os.getcwd()")]),
        (
            imports_elsewhere,
            [new_code_cell("from os import path as p\np"), new_code_cell("from os import path as p\np")],
        ),
        (not_compared, [new_markdown_cell("**Predict:** what then?")]),
        (not_compared, [new_markdown_cell("<details><summary>Compare</summary>That.</details>")]),
        (not_compared, [ASKED]),
        (not_compared, [ASKED, ASKED, COMPARED]),
        (not_compared, [ASKED, COMPARED, COMPARED]),
        (not_compared, [COMPARED, ASKED]),
        (not_compared, [new_code_cell("guess = Predict('?')"), COMPARED]),
        (not_compared, [ASKED, new_code_cell("guess.compare('Open')")]),
        (not_compared, [ASKED, new_code_cell("guess.compare(y)\ny")]),
        (gives_it_away, [ASKED, new_code_cell("with expect_error('x'):\n    y()"), COMPARED]),
        (choices_as_statements, [new_code_cell("x = 1\nif x:\n    print(x) if x > 1 else None\nx")]),
    ],
)
def test_each_of_these_rules_is_noticed_when_it_is_broken(rule, cells):
    choice = new_code_cell("y = 'a' if timeout else 'b'\n'c' if y else 'd'")
    failing = new_code_cell("with expect_error() as failed:\n    y()")
    good = [STORY, PARAMETERS, SET_UP, choice, ASKED, failing, COMPARED, new_code_cell("expect_error('x')")]
    assert list(rule(good)) == []
    assert list(rule(cells))


def test_its_parameters_are_typed_explained_and_checked(path, cells):
    parameters = parameters_of(path)
    assert "timeout" in parameters
    for parameter in parameters.values():
        assert parameter.type_name in ("bool", "int", "float", "str")
        assert len(parameter.meaning) > 10
    (call,) = [node.value for node in ast.parse(code_of(cells)[1].source).body if isinstance(node, ast.Expr)]
    checked = {keyword.arg for keyword in call.keywords}
    free = {name for name, each in parameters.items() if each.type_name == "bool" or name == "folder"}
    assert checked == set(parameters) - free


def test_it_shows_the_network(cells):
    assert "NetworkStatus(network)" in "\n".join(cell.source for cell in code_of(cells))


def test_it_ends_with_what_was_learnt_questions_and_where_to_go_on(path, cells):
    if path == NOTEBOOKS["playground"]:
        assert "**Go on:**" in cells[-1].source  # it is no lesson
        return
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    last = text[text.index("## What you have learnt") :]
    questions, answers = last.split("<details><summary>Answers</summary>")
    numbers = re.findall(r"^(\d)\. ", questions[questions.index("**Questions**") :], re.MULTILINE)
    assert numbers in (["1", "2"], ["1", "2", "3"])
    assert re.findall(r"^(\d)\. ", answers, re.MULTILINE) == numbers
    assert re.search(r"\]\(\d\d-[a-z-]+\.ipynb\)", answers)


def test_its_exercises_are_shown_tried_and_checked_one_after_the_other(path, cells):
    wanted = [name for name in TASKS if name.startswith(f"{path.name[:2]}-")]
    if not wanted:
        assert "Exercise(" not in "".join(cell.source for cell in cells)
        return
    begin, end = (
        next(n for n, each in enumerate(cells) if title in each.source)
        for title in ("## Exercises", "## What you have")
    )
    exercises = cells[begin + 1 : end]
    assert len(exercises) == 4 * len(wanted)
    for exercise_id, (text, shown, own, check) in zip(wanted, zip(*[iter(exercises)] * 4, strict=True), strict=True):
        assert text.source.startswith(f"### {TASKS[exercise_id].title}\n\n")
        name = f"exercise_{exercise_id[-1]}"  # no solution uses these names, so it can be run where it is shown
        assert shown.source.splitlines()[-1] == name
        assert name not in TASKS[exercise_id].solution
        assert f'{name} = Exercise("{exercise_id}", network)' in shown.source
        assert own.source == "# your code"
        assert check.source == f"if solve:\n    {name}.solve()\n{name}.check()"
    assert parameters_of(path)["solve"].default is False


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.id)
def test_the_words_by_which_an_exercise_is_found_are_those_of_no_lesson(task):
    """Else what a lesson does, run again or later, counted as the reader's try."""
    wanted = [words for words in re.findall("“([^”]+)”", task.text) if " " in words or task.id == "01-a"]
    for path in NOTEBOOKS.values():
        said = "\n".join(cell.source for cell in code_of(nbformat.read(path, as_version=4).cells)).casefold()
        assert [words for words in wanted if words.rstrip(".?!").casefold() in said] == []


def test_its_cells_are_short(cells):
    for cell in code_of(cells):
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


def local_links(text):
    return [target for target in LINK.findall(text) if not target.startswith("http")]


def test_the_readme_links_every_notebook_and_leads_somewhere():
    local = local_links((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {f"notebooks/{path.name}" for path in NOTEBOOKS.values()} <= set(local)
    for target in local:
        assert (ROOT / target.partition("#")[0]).exists(), target


def test_the_map_leads_to_every_notebook():
    last = nbformat.read(NOTEBOOKS["00"], as_version=4).cells[-1].source
    assert {path.name for path in NOTEBOOKS.values()} - {NOTEBOOKS["00"].name} <= set(local_links(last))


GLOSSARY = ROOT / "notebooks" / "glossary.md"


def anchors():
    """Return the places in the glossary that a link can lead to."""
    headings = re.findall(r"^#+ (.+)$", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    return ["#" + heading.lower().replace(" ", "-") for heading in headings]


def test_each_term_stands_once_in_the_glossary_and_its_links_lead_somewhere():
    assert len(set(anchors())) == len(anchors())
    for target in local_links(GLOSSARY.read_text(encoding="utf-8")):
        name, _, place = target.partition("#")
        assert f"#{place}" in anchors() if place else (GLOSSARY.parent / name).is_file(), target


def test_its_terms_are_in_the_glossary(cells):
    for cell in cells:
        for target in LINK.findall(cell.source) if cell.cell_type == "markdown" else []:
            if target.startswith("glossary.md#"):
                assert target.removeprefix("glossary.md") in anchors(), target
