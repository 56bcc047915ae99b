"""Whatever a peer wrote: no terminal obeys it, and no reader is deceived by it."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import htpy
import pytest
from htpy import Node
from rich.console import Console

from enmeshed_nb.connector import Exchange, ValidationResult
from enmeshed_nb.connector.errors import ApiError, Call
from enmeshed_nb.content import DisplayName
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide import explain, show_json
from enmeshed_nb.guide.steps import Step
from enmeshed_nb.guide.text import TextView, table
from enmeshed_nb.health import NetworkReport, Part
from enmeshed_nb.localnet.logs import Reader, last_lines
from enmeshed_nb.localnet.settings import Failure, Folder
from enmeshed_nb.printable import printable, printable_lines
from enmeshed_nb.runner.execution import NotebookRun
from enmeshed_nb.runner.plan import PlannedRun
from enmeshed_nb.runner.report import print_report, write_junit
from enmeshed_nb.widgets.problem import ProblemView
from enmeshed_nb.widgets.view import View

EVIL = "\x1b]0;title\x07\x1b[2J\x9b31m\u202eder\u2066\u200f\r\x00\u2028\U000e0041"
SEEN = r"\u001b]0;title\u0007\u001b[2J\u009b31m\u202eder\u2066\u200f\r\u0000\u2028\udb40\udc41"
CALL = Call("sender", "POST", f"/Requests/{EVIL}")
NOW = datetime.now(UTC)


class _Text(TextView):
    def __str__(self) -> str:
        return EVIL


class _View(View):
    def __str__(self) -> str:
        return EVIL

    def html(self) -> Node:
        return htpy.p["-"]


def refusal() -> ApiError:
    return ApiError(CALL, 400, {"code": "error.x", "message": EVIL})


def exchange() -> Exchange:
    return Exchange("sender", "POST", f"/x{EVIL}", (), None, 0.1, {"title": EVIL}, {"a": EVIL}, error=EVIL)


def report(error: str) -> str:
    written = io.StringIO()
    planned = PlannedRun(Path("a.ipynb"), {}, Path("b.ipynb"))
    request = {"id": "REQ", "title": EVIL, "sides": [], "response": [EVIL]}
    console = Console(file=written, force_terminal=False, width=400)
    print_report([NotebookRun(planned, 1.0, printable_lines(error), requests=[request])], console)
    return written.getvalue()


@pytest.mark.parametrize(
    "shown",
    [
        lambda: explain(refusal()),
        lambda: explain(UserError(EVIL, EVIL)),
        lambda: explain(ValidationResult(is_success=False, code="error.x", message=EVIL)),
        lambda: explain(ValueError(EVIL)),
        lambda: str(refusal()),
        lambda: str(UserError(EVIL, EVIL)),
        lambda: str(Step([exchange()], ())),
        lambda: table([("head",), (EVIL,)]),
        lambda: repr(_Text()),
        lambda: _Text()._repr_mimebundle_()["text/plain"],
        lambda: repr(_View()),
        lambda: _View()._repr_mimebundle_()["text/plain"],
        lambda: str(ProblemView(UserError(EVIL))),
        lambda: str(NetworkReport("/x", (Part("sender", "http://x", "down", problem=EVIL, last_lines=(EVIL,)),))),
        lambda: str(Failure(at=NOW, problem="It ended.", last_lines=[EVIL])),
        lambda: report(EVIL),
    ],
)
def test_what_a_peer_wrote_is_shown_as_escapes(shown: Any) -> None:
    text = shown()
    assert SEEN in text
    assert not set(EVIL) & set(text) - set(SEEN)


def test_json_stays_json(capsys: pytest.CaptureFixture[str]) -> None:
    show_json([DisplayName.from_api({"@type": "DisplayName", "value": EVIL})])
    out = capsys.readouterr().out
    assert SEEN in out
    assert json.loads(out)[0]["value"] == EVIL


def test_logs_are_shown_as_escapes(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "network")
    folder.make()
    folder.log("sender").write_text(f"{EVIL}\n", encoding="utf-8", newline="")
    with Reader(folder) as reader:
        assert reader.new_lines() == [("sender", SEEN)]
    assert last_lines(folder, "sender", 1) == (SEEN,)


def test_a_report_for_a_ci_is_xml_whatever_failed(tmp_path: Path) -> None:
    planned = PlannedRun(Path("a.ipynb"), {}, Path("b.ipynb"))
    write_junit([NotebookRun(planned, 1.0, printable_lines(f"Cell 1: ValueError: {EVIL}"))], tmp_path / "junit.xml")
    assert SEEN in ElementTree.parse(tmp_path / "junit.xml").find(".//failure").text


def test_texts_of_people_stay_as_they_are() -> None:
    for text in ("Zoë", "👩\u200d👩\u200d👧", "می\u200cخ", "a\u00a0b", "\u3000", "日本"):
        assert printable(text) == text
