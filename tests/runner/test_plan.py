"""What `enmeshed-nb run` accepts, refuses and makes of a matrix, before anything runs."""

import json
from pathlib import Path

import nbformat
import pytest

from enmeshed_nb.runner import Parameter, PlanError, parameters_of, parse_parameters, plan
from tests.conftest import ROOT, enmeshed_nb

PARAMETERS = """
decision: str = "accept"  # accept or reject
timeout: float = 30.0
items: int = 1
strict = False
"""


def write(path: Path, declared: str) -> Path:
    cell = nbformat.v4.new_code_cell(declared, metadata={"tags": ["parameters"]})
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), path)
    return path


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return write(tmp_path / "guide.ipynb", PARAMETERS)


def test_parameters_get_the_type_of_the_notebooks_own_values(notebook, tmp_path):
    given = {"decision": "7", "timeout": "5", "items": "3", "strict": "true"}
    (run,) = plan([notebook], given, None, tmp_path / "out")
    assert run.parameters == {"decision": "7", "timeout": 5.0, "items": 3, "strict": True}
    assert run.output == tmp_path / "out" / "guide.ipynb"


@pytest.mark.parametrize("given", ["02", "02-requests", "02-request-via-messages.ipynb", "notebooks/02"])
def test_a_notebook_that_is_named_otherwise_is_the_one_meant(given, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(PlanError) as refused:
        plan([Path(given)], {}, None, Path("build"))
    assert refused.value.problem == f"There is no notebook {given}."
    assert refused.value.cure == "Did you mean notebooks/02-requests-via-messages.ipynb?"


@pytest.mark.parametrize(
    ("name", "value"), [("items", "three"), ("items", "1.5"), ("timeout", "soon"), ("strict", "perhaps")]
)
def test_a_value_of_another_type_is_refused(notebook, tmp_path, name, value):
    with pytest.raises(PlanError, match=f"Parameter {name}: '{value}' is not of type"):
        plan([notebook], {name: value}, None, tmp_path)


def test_an_unknown_parameter_is_named_with_those_that_exist(notebook, tmp_path):
    with pytest.raises(PlanError, match=r"Unknown parameter: decison(.|\n)*decision, items, strict, timeout"):
        plan([notebook], {"decison": "reject"}, None, tmp_path)


def test_the_parameters_are_listed_with_type_default_and_meaning(notebook, tmp_path):
    listed = enmeshed_nb("run", notebook, "--help-parameters", "--out", tmp_path / "out")
    assert listed.returncode == 0, listed.stderr
    lines = [line.split() for line in listed.stdout.splitlines()]
    assert ["decision", "str", "'accept'", "accept", "or", "reject"] in lines
    assert ["timeout", "float", "30.0"] in lines
    assert ["strict", "bool", "False"] in lines
    assert not (tmp_path / "out").exists()


def test_an_unknown_notebook_is_named_with_those_that_exist(notebook):
    with pytest.raises(PlanError, match=r"(?s)There is no notebook .*guid\.ipynb.*guide\.ipynb"):
        plan([notebook.with_name("guid.ipynb")], {}, None, Path("build"))


def test_a_notebook_of_an_unknown_folder_is_looked_for_where_one_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlanError) as refused:
        plan([Path("nowhere/guide.ipynb")], {}, None, tmp_path)
    assert str(refused.value) == f"There is no notebook nowhere/guide.ipynb.\n{tmp_path} has: none."


def test_a_file_that_is_no_notebook_is_refused(tmp_path):
    (tmp_path / "text.ipynb").write_text("hello")
    with pytest.raises(PlanError, match="cannot be read as a notebook"):
        plan([tmp_path / "text.ipynb"], {}, None, tmp_path)


def test_a_matrix_gives_every_combination_a_name_of_its_own(notebook, tmp_path):
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text("decision: [accept, reject]\nitems: [1, 2]\n")
    runs = plan([notebook], {"timeout": "9"}, matrix, tmp_path)
    assert [run.parameters for run in runs] == [
        {"timeout": 9.0, "decision": decision, "items": items} for decision in ("accept", "reject") for items in (1, 2)
    ]
    assert runs[2].output.name == "guide.decision-reject.items-1.ipynb"


def test_a_matrix_can_list_the_runs(notebook, tmp_path):
    matrix = tmp_path / "matrix.json"
    matrix.write_text('[{"decision": "accept"}, {"decision": "reject", "items": 2}]')
    assert [run.parameters for run in plan([notebook], {}, matrix, tmp_path)] == [
        {"decision": "accept"},
        {"decision": "reject", "items": 2},
    ]


@pytest.mark.parametrize("content", ["[]", "decision: accept", "{", "[1]", "decision: []"])
def test_a_malformed_matrix_is_refused(notebook, tmp_path, content):
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text(content)
    with pytest.raises(PlanError, match=r"matrix\.yaml"):
        plan([notebook], {}, matrix, tmp_path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xfa"], ids=["missing", "not a text"])
def test_an_unreadable_matrix_is_refused(notebook, tmp_path, content):
    matrix = tmp_path / "matrix.yaml"
    if content is not None:
        matrix.write_bytes(content)
    with pytest.raises(PlanError, match=r"The matrix .*matrix\.yaml cannot be read: "):
        plan([notebook], {}, matrix, tmp_path)


def test_a_matrix_may_hold_any_character(notebook, tmp_path):
    matrix = tmp_path / "matrix.yaml"
    matrix.write_bytes("decision: [später]".encode())
    (run,) = plan([notebook], {}, matrix, tmp_path)
    assert run.parameters == {"decision": "später"}


@pytest.mark.parametrize(
    ("value", "named"), [("a b/c", "a_b_c"), ("-x-", "x"), ("!", "empty"), ("y" * 41, "y" * 40), ("Ab9", "Ab9")]
)
def test_a_value_is_part_of_the_copys_name(notebook, tmp_path, value, named):
    matrix = tmp_path / "matrix.json"
    matrix.write_text(json.dumps([{"decision": value}]))
    (run,) = plan([notebook], {}, matrix, tmp_path)
    assert run.output.name == f"guide.decision-{named}.ipynb"


def test_the_matrix_comes_before_the_parameters(notebook, tmp_path):
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text("items: [2]")
    (run,) = plan([notebook], {"items": "1", "strict": "yes"}, matrix, tmp_path)
    assert run.parameters == {"items": 2, "strict": True}


def test_each_notebook_gets_the_parameters_that_it_has(notebook, tmp_path):
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text("items: [1, 2]")
    other = write(tmp_path / "other.ipynb", "who = 'me'")
    runs = plan([notebook, other], {"who": "you"}, matrix, tmp_path)
    assert [(run.notebook, run.parameters, run.output.name) for run in runs] == [
        (notebook, {"items": 1}, "guide.items-1.ipynb"),
        (notebook, {"items": 2}, "guide.items-2.ipynb"),
        (other, {"who": "you"}, "other.ipynb"),
    ]


def test_all_unknown_parameters_are_named_with_the_notebooks_own(notebook, tmp_path):
    matrix = tmp_path / "matrix.yaml"
    matrix.write_text("[{b: 1}, {c: 1}]")
    empty = write(tmp_path / "empty.ipynb", "")
    with pytest.raises(PlanError) as refused:
        plan([notebook, empty], {"a": "1", "items": "1"}, matrix, tmp_path)
    assert str(refused.value) == (
        "Unknown parameter: a, b, c.\nThose that exist:\n"
        "  guide.ipynb: decision, items, strict, timeout\n"
        "  empty.ipynb: none"
    )


def test_what_a_notebook_declares_is_known(tmp_path):
    cell = "ratio: float = 1  # of two\nwhere = folder\nlist_of = [1]\nnone = None"
    assert parameters_of(write(tmp_path / "some.ipynb", cell)) == {
        "ratio": Parameter(1, "float", "of two"),
        "where": Parameter("folder", "str", ""),
        "list_of": Parameter([1], "list", ""),
        "none": Parameter(None, "NoneType", ""),
    }
    assert Parameter([1], "list").convert("list_of", {"any": "thing"}) == {"any": "thing"}
    assert Parameter("", "str").convert("name", 7) == "7"
    with pytest.raises(PlanError) as refused:
        Parameter(1, "int").convert("n", "x")
    assert str(refused.value) == (
        "Parameter n: 'x' is not of type int.\n"
        "Its default is 1; `enmeshed-nb run NOTEBOOK --help-parameters` lists all."
    )


def test_a_parameter_given_twice_is_refused():
    assert parse_parameters([("a", "1"), ("b", "")]) == {"a": "1", "b": ""}
    with pytest.raises(PlanError, match=r"^Parameter a is given twice\.$"):
        parse_parameters([("a", "1"), ("a", "2")])


def test_the_command_refuses_before_anything_starts(notebook, tmp_path):
    folder = tmp_path / "network"
    refused = enmeshed_nb("run", notebook, "-p", "decison", "reject", "--data-dir", folder)
    assert refused.returncode == 1
    assert "decision" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not folder.exists()
