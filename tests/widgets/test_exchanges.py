"""HTTP exchanges, readable."""

import json
import shlex

import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import NotFound
from enmeshed_nb.content import Request
from enmeshed_nb.widgets import Exchanges, StepView
from tests.widgets.samples import AUTHENTICATION
from tests.widgets.seen import html_of, text_of


def test_an_exchange_shows_what_was_sent_and_what_came_back(sender, peer):
    request = Request(items=[AUTHENTICATION])
    with Journal(sender) as journal:
        sender.requests.outgoing.validate(request, peer)
        with pytest.raises(NotFound):
            sender.messages.get("MSG00000000000000000")
        shown = Exchanges(journal.exchanges)
    good, bad = text_of(html_of(shown)).split("✘")
    assert "✔ 201 sender POST /Requests/Outgoing/Validate" in good
    assert "Is it you?" in good
    assert '"isSuccess": true' in good
    assert " 404 sender GET /Messages/MSG00000000000000000" in bad
    assert "error.runtime.recordNotFound" in bad
    assert "came back:" in str(shown)
    command = next(line for line in good.splitlines() if "curl -X" in line)
    *_, body = shlex.split(command[command.index("curl -X") :])
    assert json.loads(body) == {"content": request.model_dump(), "peer": peer}
    assert "Nothing was exchanged" in html_of(Exchanges(()))


def test_a_step_shows_what_is_new(sender, peer):
    with Journal(sender) as journal:
        created = sender.requests.outgoing.create(Request(items=[AUTHENTICATION]), peer)
        step = StepView(journal, created.id)
        assert step.step.statuses == {created.id: {"sender": "Draft"}}
        assert f"{created.id}Sender ✎ Draft" in text_of(html_of(step))
        assert step.journey.happenings
        assert StepView(journal).step.exchanges == ()
