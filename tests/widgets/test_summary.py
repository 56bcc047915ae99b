"""The summary: Requests, told apart by what they ask and what came of it."""

import json

import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import Request
from enmeshed_nb.guide import accept_all, reject_all, send_request, wait_for_request, wait_for_status
from enmeshed_nb.summary import SUMMARY_MIME
from enmeshed_nb.widgets import SummaryView
from tests.widgets.samples import AUTHENTICATION, EVIL, OPTIONAL
from tests.widgets.seen import html_of, text_of

SENT = ["Draft", "Open", "Completed"]
RECEIVED = ["Open", "DecisionRequired", "ManualDecisionRequired", "Decided", "Completed"]


@pytest.fixture(scope="module")
def summed_up(_parties: tuple[Connector, Connector]):
    """Two Requests: one with a title is accepted, one without is rejected."""
    sender, recipient = _parties
    peer = recipient.account.identity_info().address
    incoming = recipient.requests.incoming
    done = []
    with Journal(sender, recipient) as journal:
        for title, items, decide in [
            (f"Welcome {EVIL}", [AUTHENTICATION, OPTIONAL], lambda each: incoming.accept(each.id, accept_all(each))),
            (None, [OPTIONAL, AUTHENTICATION], lambda each: incoming.reject(each.id, reject_all(each))),
        ]:
            sent = send_request(sender, Request(title=title, items=items), peer)
            decide(wait_for_request(recipient, sent.source.reference))
            wait_for_status(incoming, sent.id, "Completed")
            done.append(wait_for_status(sender.requests.outgoing, sent.id, "Completed", sync=sender))
    return SummaryView(journal, *done)


def test_requests_are_told_apart_by_what_they_ask_and_what_came_of_it(summed_up):
    text = str(summed_up).splitlines()
    assert [line.split(" ")[0] for line in text if line and line[0] != " "] == ["Welcome", "Newsletter"]
    assert [line.strip() for line in text if "Response:" in line] == ["Response: Accepted", "Response: Rejected"]
    assert "<script>alert" not in html_of(summed_up)
    shown = text_of(html_of(summed_up))
    words = ("Welcome", "✔ Accepted", "✘ Rejected", "Is it you?", "Newsletter")
    assert [word for word in words if word not in shown] == []


def test_who_executes_the_notebook_gets_the_same(summed_up):
    told = json.loads(summed_up._repr_mimebundle_()[SUMMARY_MIME])
    assert told == summed_up.summary.to_json()
    assert [each["response"][0] for each in told["requests"]] == ["Accepted", "Rejected"]
    sides = {side["connector"]: [each["status"] for each in side["statuses"]] for side in told["requests"][0]["sides"]}
    assert sides == {"sender": SENT, "recipient": RECEIVED}


def test_what_is_not_answered_yet_says_so(sender, recipient, peer):
    with Journal(sender, recipient) as journal:
        created = sender.requests.outgoing.create(Request(items=[AUTHENTICATION]), peer)
        shown = html_of(SummaryView(journal, created))
    assert "no Response yet" in text_of(shown)


def test_a_long_title_is_shortened_between_words_and_long_words_within(sender, recipient, peer):
    with Journal(sender, recipient) as journal:
        title = f"{'x' * 120} {'and so on ' * 20}"
        created = sender.requests.outgoing.create(Request(title=title[:200], items=[AUTHENTICATION]), peer)
    (name,) = {each["title"] for each in SummaryView(journal, created).summary.to_json()["requests"]}
    assert name.startswith(f"{'x' * 29}… and so on and")
    assert name.endswith((" and …", " so …", " on …"))
    assert len(name) <= 90
