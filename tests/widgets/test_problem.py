"""Errors in a notebook: cards for people, and still errors for who executes it."""

import nbformat
import pytest
from nbclient import NotebookClient
from pydantic import ValidationError

from enmeshed_nb.content import AuthenticationRequestItem
from enmeshed_nb.guide import DecisionError
from enmeshed_nb.widgets import ProblemView
from tests.widgets.samples import EVIL
from tests.widgets.seen import html_of, text_of

CONNECT = """
from enmeshed_nb import AuthenticationRequestItem, connect
from enmeshed_nb.localnet import local_network
from enmeshed_nb.widgets import NetworkStatus
network = connect({folder!r})
"""
FAILING = {
    "network.connector_of('did:e:x')": ("NetworkError", "It is up to did:e:x to go on"),
    "AuthenticationRequestItem(title='x' * 201, must_be_accepted=True)": (
        "ValidationError",
        "This AuthenticationRequestItem cannot be made.",
    ),
    "local_network.stop({folder!r})\nnetwork.sender.messages.list()": (
        "ConnectionFailed",
        "The local network has stopped.",
    ),
}


def executed(*cells):
    """The code cells of a notebook that was executed to its end, whatever failed."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
    NotebookClient(notebook, allow_errors=True, kernel_name="python3", timeout=150).execute()
    return notebook.cells


def test_an_error_is_a_card_and_still_an_error(folder):
    first, *cells, foreign = executed(
        CONNECT.format(folder=str(folder)), *(each.format(folder=str(folder)) for each in FAILING), "1 / 0"
    )
    assert [each.output_type for each in first.outputs if each.output_type == "error"] == []
    for cell, (name, words) in zip(cells, FAILING.values(), strict=True):
        card, error = cell.outputs
        assert (card.output_type, error.output_type, error.ename) == ("display_data", "error", name)
        assert words in text_of(card.data["text/html"])
        assert words in card.data["text/plain"]
        assert words in "\n".join(error.traceback)
        assert cell.source.splitlines()[-1] in text_of(card.data["text/html"])
        for internals in ("enmeshed_nb/", "pydantic/"):
            assert internals not in card.data["text/html"] + "".join(error.traceback)
    assert "network = connect()" in text_of(cells[-1].outputs[0].data["text/html"])
    (error,) = foreign.outputs
    assert error.ename == "ZeroDivisionError"


def test_a_card_escapes_what_a_peer_wrote():
    html = html_of(ProblemView(DecisionError(EVIL, EVIL)))
    assert "<script>" not in html
    assert "<img" not in html


def test_a_card_has_the_problem_its_cure_and_where(tmp_path):
    code = compile("raise DecisionError('Wrong.', 'Do it right.')", str(tmp_path / "own.py"), "exec")
    (tmp_path / "own.py").write_text("raise DecisionError('Wrong.', 'Do it right.')")
    with pytest.raises(DecisionError) as failed:
        exec(code, {"DecisionError": DecisionError})
    view = ProblemView(failed.value)
    assert (view.problem, view.cure, view.line) == ("Wrong.", "Do it right.", "")
    assert view.where[-1] == "line 1: raise DecisionError('Wrong.', 'Do it right.')"
    assert str(view) == "Wrong.\nDo it right."
    shown = text_of(html_of(view))
    assert shown.startswith("✘ Wrong.Do it right.Where it happened")
    assert "line 1: raise DecisionError('Wrong.', 'Do it right.')" in shown
    bare = text_of(html_of(ProblemView(DecisionError("Wrong.\nAnd more.", ""))))
    assert bare == "✘ Wrong.And more."
    assert failed.value._render_traceback_()[0] == "DecisionError: Wrong.\nDo it right."
    with pytest.raises(ValidationError) as invalid:
        AuthenticationRequestItem(title="x" * 201, must_be_accepted=True)
    assert "title: has 201 characters" in str(ProblemView(invalid.value))
