"""What the runs' reports say, on a terminal and to a CI."""

import io
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from enmeshed_nb.runner import NotebookRun, print_parameters, print_report, write_junit
from enmeshed_nb.runner.plan import Parameter, PlannedRun

REQUEST = {
    "id": "REQ1",
    "title": "Consent [bold]",
    "sides": [
        {
            "connector": "Sender",
            "statuses": [
                {"status": "Draft", "at": "2026-01-02T03:04:05.678Z"},
                {"status": "Open", "at": "2026-01-02T03:04:06.789Z"},
            ],
        }
    ],
    "response": ["Accepted", "[x] item"],
}
GOOD = NotebookRun(
    PlannedRun(Path("lessons/one.ipynb"), {"decision": "[red]", "n": 2}, Path("out/one.n-[2].ipynb")),
    1.5,
    steps={"[a] step": 0.5, "Another": 12.25},
    requests=[REQUEST],
)
BAD = NotebookRun(PlannedRun(Path("lessons/two.ipynb"), {}, Path("out/two.ipynb")), 2.0, "Cell 3: [x] failed\nmore")


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=100, color_system=None)


def lines_of(console: Console) -> list[str]:
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_report_of_a_run_that_succeeded(console):
    print_report([GOOD], console)
    assert lines_of(console) == [
        "",
        "✔ succeeded  one.n-[2]  1.5 s  decision='[red]', n=2",
        "  Request (Consent [bold]) was accepted",
        "    id             REQ1",
        "    at the Sender  Draft 03:04:05.678 → Open 03:04:06.789",
        "    Response       Accepted",
        "                   [x] item",
        "  step  [a] step    0.50 s",
        "  step  Another    12.25 s",
        "  executed copy: out/one.n-[2].ipynb",
    ]


def test_requests_are_numbered_where_there_are_several(console):
    def headlines(count: int) -> list[str]:
        console.file = io.StringIO()
        print_report([NotebookRun(GOOD.planned, 1.5, requests=[REQUEST] * count)], console)
        return [line for line in lines_of(console) if line.startswith("  Request")]

    assert headlines(1) == ["  Request (Consent [bold]) was accepted"]
    assert headlines(2) == [f"  Request {number} of 2 (Consent [bold]) was accepted" for number in (1, 2)]


def test_the_report_of_a_run_that_failed(console):
    print_report([BAD], console)
    assert lines_of(console) == [
        "",
        "✘ failed  two  2.0 s",
        "Cell 3: [x] failed",
        "more",
        "  executed copy: out/two.ipynb",
    ]


def test_colours_say_how_it_went_and_nothing_else():
    console = Console(file=io.StringIO(), width=100, color_system="standard", force_terminal=True)
    print_report([GOOD, BAD], console)
    print_parameters({Path("one.ipynb"): {}}, console)
    said = console.file.getvalue()
    assert "\x1b[32m✔ succeeded\x1b[0m  \x1b[1mone.n-[2]\x1b[0m  1.5 s  decision='[red]', n=2\n" in said
    assert "\x1b[31m✘ failed\x1b[0m  \x1b[1mtwo\x1b[0m  2.0 s  \n" in said
    assert "\x1b[31mCell 3: [x] failed\x1b[0m\n" in said
    assert "\x1b[1mAccepted" in said
    assert "\x1b[1m[x] item" not in said
    assert "\n  executed copy: out/one.n-[2].ipynb\n" in said
    assert "\x1b[1mone.ipynb\x1b[0m\n" in said
    assert "\nSet them: -p NAME VALUE, or --matrix FILE.\n" in said


def test_a_long_path_stays_on_one_line(console):
    path = Path("/".join(["folder"] * 30)) / "copy.ipynb"
    print_report([NotebookRun(PlannedRun(Path("a.ipynb"), {}, path), 1.0)], console)
    print_parameters({path: {}}, console)
    assert f"  executed copy: {path}" in lines_of(console)
    assert str(path) in lines_of(console)


def test_parameters_are_listed_by_notebook(console):
    known = {"how": Parameter("[x]", "str", "yes [or] no"), "n": Parameter(1, "int")}
    print_parameters({Path("one [1].ipynb"): known, Path("two.ipynb"): {}}, console)
    assert lines_of(console) == [
        "one [1].ipynb",
        "  how  str  '[x]'  yes [or] no",
        "  n    int  1",
        "two.ipynb",
        "  It has none.",
        "",
        "Set them: -p NAME VALUE, or --matrix FILE.",
    ]


def test_junit_has_a_case_for_each_run(tmp_path):
    path = tmp_path / "deep" / "down" / "junit.xml"
    write_junit(iter([GOOD, BAD]), path)
    assert path.read_text("utf-8").startswith("<?xml version='1.0' encoding='utf-8'?>")
    suite = ElementTree.parse(path).getroot()
    assert suite.tag == "testsuite"
    assert suite.attrib == {"name": "enmeshed-nb", "tests": "2", "failures": "1", "time": "3.500"}
    assert [(case.tag, case.attrib) for case in suite] == [
        ("testcase", {"classname": "one", "name": "one.n-[2]", "time": "1.500"}),
        ("testcase", {"classname": "two", "name": "two", "time": "2.000"}),
    ]
    assert suite[0].find("failure") is None
    failure = suite[1].find("failure")
    assert failure.attrib == {"message": "Cell 3: [x] failed"}
    assert failure.text == "Cell 3: [x] failed\nmore"


def test_junit_is_written_anew_into_a_folder_that_is_there(tmp_path):
    write_junit([BAD], tmp_path / "junit.xml")
    write_junit([], tmp_path / "junit.xml")
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().get("tests") == "0"
