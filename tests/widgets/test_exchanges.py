"""HTTP exchanges, readable."""

import html
import json
import re
import shlex

import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import NotFound
from enmeshed_nb.content import Request
from enmeshed_nb.widgets import Exchanges, StepView
from tests.widgets.samples import AUTHENTICATION
from tests.widgets.seen import html_of, pictures, text_of


def test_an_exchange_shows_what_was_sent_and_what_came_back(sender, peer):
    request = Request(items=[AUTHENTICATION])
    with Journal(sender) as journal:
        sender.requests.outgoing.validate(request, peer)
        with pytest.raises(NotFound):
            sender.messages.get("MSG00000000000000000")
        shown = Exchanges(journal.exchanges)
    good, bad = text_of(html_of(shown)).split("✘")
    assert "✔ 201, isSuccess: true Sender POST /Requests/Outgoing/Validate" in good
    assert "Is it you?" in good
    assert " 404 Sender GET /Messages/MSG00000000000000000" in bad
    assert "error.runtime.recordNotFound" in bad
    assert "sender: GET /Messages/MSG00000000000000000 → ✘ 404 in" in str(shown)
    assert "came back:" in str(shown)
    command = next(line for line in good.splitlines() if "curl -X" in line)
    *_, body = shlex.split(command[command.index("curl -X") :])
    assert json.loads(body) == {"content": request.model_dump(), "peer": peer}
    assert "Nothing was exchanged" in html_of(Exchanges(()))


def test_a_check_that_found_something_has_no_tick_anywhere(sender):
    with Journal(sender) as journal:
        own = sender.account.identity_info().address
        assert not sender.requests.outgoing.validate(Request(items=[AUTHENTICATION]), own).is_success
        step = StepView(journal)
    page = html_of(step)
    assert "✘ 201, isSuccess: false" in text_of(page)
    assert "→ ✘ 201, isSuccess: false in" in str(step)
    assert "isSuccess: false" in str(journal)
    (drawing,) = pictures(page)
    checks = [each for each in drawing.iter("text") if each.text.startswith("✘ POST /Requests")]
    assert [each.get("class") for each in checks] == ["m bad", "m bad"]  # in the wide form and the narrow one
    listed = page[page.index("The journey as a list") :]
    assert "✘" in text_of(listed[: listed.index("Validate")])
    assert text_of(page).count("✔") == 1  # of the question for the own address


def test_what_the_connector_added_is_marked(sender, peer):
    asked = {"items": [AUTHENTICATION.model_dump()]}
    with Journal(sender) as journal:
        created = sender.requests.outgoing.create(asked, peer)
        shown = Exchanges(journal.exchanges)
    assert journal.last().request == {"content": asked, "peer": peer}  # as it was given, without an "@type"
    assert "came back + is new, ≠ is another than what was sent" in text_of(html_of(shown))
    marked = re.findall(r"<ins[^>]*>([^<]*)</ins>", html_of(shown))
    stripped = [html.unescape(each).replace(" ", "").rstrip(",") for each in marked]
    assert '+"@type":"Request"' in stripped
    assert stripped.count(f'+"id":"{created.id}"') == 2  # of what it is here, and of its content
    assert '+"status":"Draft"' in stripped
    assert not [each for each in stripped if "title" in each or "peer" in each or "AuthenticationRequestItem" in each]
    assert [line.strip() for line in str(shown).splitlines() if line.startswith("+")] == [
        html.unescape(each) for each in marked
    ]


def test_an_answer_about_something_else_is_not_marked(sender, peer):
    with Journal(sender) as journal:
        sender.requests.outgoing.validate(Request(items=[AUTHENTICATION]), peer)
    assert "<ins" not in html_of(Exchanges(journal.exchanges))
    assert "came back" in text_of(html_of(Exchanges(journal.exchanges)))


def test_what_was_sent_twice_is_two_calls(sender, peer):
    with Journal(sender) as journal:
        for title in ("One", "Another"):
            sender.requests.outgoing.validate({"items": [AUTHENTICATION.model_dump() | {"title": title}]}, peer)
            sender.account.sync()
        assert [each.method for each in StepView(journal).step.exchanges] == ["POST"] * 3


def test_a_step_shows_what_is_new(sender, peer):
    with Journal(sender) as journal:
        created = sender.requests.outgoing.create(Request(items=[AUTHENTICATION]), peer)
        step = StepView(journal, created.id)
        assert step.step.statuses == {created.id: {"sender": "Draft"}}
        assert f"Sender ✎ Draft Request {created.id}" in text_of(html_of(step))
        assert f"Status of {created.id}: Draft at the sender" in str(step)
        assert step.journey.happenings
        assert StepView(journal).step.exchanges == ()
