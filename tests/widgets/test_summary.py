"""The summary: both Requests, told apart by what they ask, and their way from side to side."""

import json
import re
from itertools import pairwise
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import Request
from enmeshed_nb.guide import accept_all, reject_all, send_request, wait_for_request, wait_for_status
from enmeshed_nb.summary import SUMMARY_MIME
from enmeshed_nb.widgets import SummaryView
from enmeshed_nb.widgets.picture import Font
from tests.widgets.samples import AUTHENTICATION, EVIL, OPTIONAL
from tests.widgets.seen import html_of, text_of

SVG = "{http://www.w3.org/2000/svg}"
SENT, RECEIVED = ["Draft", "Open", "Completed"], ["ManualDecisionRequired", "Decided", "Completed"]


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


def drawing(view):
    """The two forms of the picture."""
    (source,) = re.findall(r'src="data:image/svg\+xml;charset=utf-8,([^"]*)"', html_of(view))
    wide, narrow = ElementTree.fromstring(unquote(source)).findall(f"{SVG}g")
    return wide, narrow


def test_requests_are_told_apart_by_what_they_ask_and_what_came_of_it(summed_up):
    welcome, newsletter = [text_of(row) for row in html_of(summed_up).split("<tr")[2:]]
    for words in ("Welcome", "Sender: Draft → Open → Completed", "Recipient: ManualDecisionRequired", "✔ Accepted"):
        assert words in welcome
    assert "Newsletter (and 1 more)" in newsletter
    assert "✘ Rejected" in newsletter
    assert "<script>alert" not in html_of(summed_up)
    text = str(summed_up).splitlines()
    assert [line.split(" ")[0] for line in text if line and line[0] != " "] == ["Welcome", "Newsletter"]
    assert [line.strip() for line in text if "Response:" in line] == ["Response: Accepted", "Response: Rejected"]


def test_the_picture_says_without_being_seen_what_it_shows(summed_up):
    (said,) = re.findall(r'alt="([^"]*)"', html_of(summed_up))
    assert "accepted; “Newsletter (and 1 more)” rejected" in said


@pytest.mark.parametrize("form", [0, 1], ids=["wide", "narrow"])
def test_each_status_stands_at_its_side_in_the_order_of_time(summed_up, form):
    drawn = drawing(summed_up)[form]
    spots = [(float(each.get("cx")), float(each.get("cy"))) for each in drawn.iter(f"{SVG}circle")]
    sides = [each.get("class").split()[-1] for each in drawn.iter(f"{SVG}circle")]
    assert len(spots) == 2 * len(SENT + RECEIVED)
    for part in (slice(0, 6), slice(6, 12)):
        along = [spot[form] for spot in spots[part]]  # from left to right, or from top to bottom
        assert all(later > earlier for earlier, later in pairwise(along))
        across = {side: {spot[1 - form] for spot in spots[part] if sides[spots.index(spot)] == side} for side in sides}
        assert [len(places) for places in across.values()] == [1, 1]
        assert across["sender"] < across["recipient"] or min(across["sender"]) < min(across["recipient"])
    words = [each.text[2:] for each in drawn.iter(f"{SVG}text") if each.text and each.text[2:] in SENT + RECEIVED]
    assert sorted(words) == sorted(2 * (SENT + RECEIVED))


def test_no_words_cover_others_or_stand_outside(summed_up):
    for form, width in zip(drawing(summed_up), (752, 390), strict=True):
        lines = {}
        for each in form.iter(f"{SVG}text"):
            wide = Font(14 if each.get("class") == "h" else 12.5).width(each.text)
            start = float(each.get("x")) - {"middle": wide / 2, "end": wide}.get(each.get("text-anchor"), 0)
            lines.setdefault(float(each.get("y")), []).append((start, start + wide))
        for spans in lines.values():
            assert all(left[1] <= right[0] for left, right in pairwise(sorted(spans)))
            assert all(0 < start < end <= width for start, end in spans)
        heights = sorted(lines)
        assert all(lower - upper >= 12 or lower - upper < 1 for upper, lower in pairwise(heights)), heights


def test_who_executes_the_notebook_gets_the_same(summed_up):
    told = json.loads(summed_up._repr_mimebundle_()[SUMMARY_MIME])
    assert told == summed_up.summary.to_json()
    assert [each["response"][0] for each in told["requests"]] == ["Accepted", "Rejected"]
    sides = {side["connector"]: [each["status"] for each in side["statuses"]] for side in told["requests"][0]["sides"]}
    assert sides == {"sender": SENT, "recipient": RECEIVED}


def test_what_is_not_answered_yet_or_was_not_seen_says_so(sender, recipient, peer):
    with Journal(sender, recipient) as journal:
        created = sender.requests.outgoing.create(Request(items=[AUTHENTICATION]), peer)
        shown = html_of(SummaryView(journal, created))
    assert "no Response yet" in unquote(shown)
    assert "none yet" in text_of(shown)
    with Journal(sender, recipient) as empty:
        assert "“Is it you?” has no Response yet" in html_of(SummaryView(empty, created))
        assert "There is no Request to sum up." in html_of(SummaryView(empty))


def test_a_long_title_is_shortened_between_words_and_long_words_within(sender, recipient, peer):
    with Journal(sender, recipient) as journal:
        title = f"{'x' * 120} {'and so on ' * 20}"
        created = sender.requests.outgoing.create(Request(title=title[:200], items=[AUTHENTICATION]), peer)
    (name,) = {each["title"] for each in SummaryView(journal, created).summary.to_json()["requests"]}
    assert name.startswith(f"{'x' * 29}… and so on and")
    assert name.endswith((" and …", " so …", " on …"))
    assert len(name) <= 90
