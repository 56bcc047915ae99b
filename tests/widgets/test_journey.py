"""The journey: what happened at both sides, told and drawn."""

import json
import re
from itertools import pairwise

import httpx
import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import Request
from enmeshed_nb.guide import SUMMARY_MIME, Summary, ask, reject_all, wait_for_request, wait_for_status
from enmeshed_nb.widgets import Journey, SummaryView
from tests.widgets.samples import AUTHENTICATION
from tests.widgets.seen import html_of, pictures, text_of


@pytest.fixture(scope="module")
def journey(_parties):
    sender, recipient = _parties
    peer = recipient.account.identity_info().address
    with Journal(sender, recipient) as journal:
        created = sender.requests.outgoing.create(Request(items=[AUTHENTICATION]), peer)
        message = sender.messages.send(peer, created.content)
        wait_for_status(sender.requests.outgoing, created.id, "Open")
        request = wait_for_request(recipient, message.id)
        recipient.requests.incoming.accept(request.id, [{"accept": True}])
        wait_for_status(recipient.requests.incoming, request.id, "Completed")
        wait_for_status(sender.requests.outgoing, created.id, "Completed", sync=sender)
        return Journey(journal, created.id)


def test_the_journey_tells_both_sides(journey):
    told = [(each.side, each.kind, each.text) for each in journey.happenings if each.kind not in ("call", "sync")]
    assert [(kind, words) for side, kind, words in told if side == "sender"] == [
        ("status", "Draft"),
        ("message", "Message with a Request"),
        ("status", "Open"),
        ("status", "Completed"),
    ]
    assert [(kind, words) for side, kind, words in told if side == "recipient"] == [
        ("status", "Open"),
        ("status", "DecisionRequired"),
        ("status", "ManualDecisionRequired"),
        ("status", "Decided"),
        ("message", "Message with the Response"),
        ("status", "Completed"),
    ]
    assert journey.events is journey.happenings  # its old name
    head, _, first, *_ = str(journey).splitlines()
    assert head.split() == ["time", "side", "what"]
    assert first.split()[1:3] == [journey.happenings[0].side, "call"]
    assert "→ Backbone  Message with a Request" in str(journey)


class Drawing:
    """What a journey draws, in its wide and its narrow form: names of lanes, and texts from top to bottom."""

    def __init__(self, journey):
        (self.svg,) = pictures(html_of(journey))
        self.wide, self.narrow = (
            next(each for each in self.svg.findall("g") if each.get("class") == form) for form in ("wide", "narrow")
        )

    def names(self, form):
        return [each.text for each in form.findall("text") if each.get("class") == "h"]

    def texts(self, form):
        """What is written, with where it begins; a line that goes on is left out."""
        found = [each for each in form.iter("text") if each.get("class") not in ("h", "t soft")]
        return [(each.text, float(each.get("x")), float(each.get("y"))) for each in found]

    def lines(self, form):
        return [each for each in form.iter("path") if "H" in each.get("d") and each.get("class") != "line"]


def written(each):
    """What a picture writes of a happening."""
    words = {"sync": "fetches what is new", "status": each.text}.get(each.kind, each.text)
    return words if each.succeeded else f"✘ {words}"


@pytest.mark.parametrize("form", ["wide", "narrow"])
def test_each_side_has_its_lane_and_the_backbone_is_between(journey, form):
    drawing = Drawing(journey)
    assert drawing.names(getattr(drawing, form)) == ["Sender", "Backbone", "Recipient"]


@pytest.mark.parametrize("form", ["wide", "narrow"])
def test_everything_that_happened_is_written_in_its_order(journey, form):
    drawing = Drawing(journey)
    texts = drawing.texts(getattr(drawing, form))
    joined = "".join(re.sub(r"[^\w/ ✘]", "", text) for text, _, _ in texts).replace(" ", "")
    place = 0
    for each in journey.happenings:
        words = re.sub(r"[^\w/ ✘]", "", written(each)).replace(" ", "")
        place = joined.index(words, place) + len(words)
    heights = [y for _, _, y in texts]
    assert all(later > earlier for earlier, later in pairwise(heights))


def test_what_happened_stands_at_its_side(journey):
    drawing = Drawing(journey)
    middle = next(float(each.get("x")) for each in drawing.wide.findall("rect") if each.get("class") == "mid")
    texts = iter(drawing.texts(drawing.wide))
    for each in journey.happenings:
        _, x, _ = next(found for found in texts if words_of(found[0]) in words_of(written(each)))
        assert (x < middle) == (each.side == "sender"), each


def words_of(text):
    return " ".join(re.findall(r"[\w/✘]+", text))


def test_messages_and_synchronisations_are_lines_to_and_from_the_backbone(journey):
    drawing = Drawing(journey)
    travelling = [each for each in journey.happenings if each.kind in ("message", "sync")]
    for form in (drawing.wide, drawing.narrow):
        assert len(drawing.lines(form)) == len(travelling)
    broken = [each.get("class") == "dash" for each in drawing.lines(drawing.wide)]
    assert broken == [each.kind == "sync" for each in travelling]


def test_a_call_that_failed_is_marked():
    answers = [httpx.Response(404, json={"error": {"code": "error.runtime.recordNotFound", "message": "m"}})]
    transport = httpx.MockTransport(lambda _: answers[0])
    with Connector("http://c.test", "key", name="sender", transport=transport) as sender, Journal(sender) as journal:
        with pytest.raises(Exception, match="recordNotFound"):
            sender.messages.get("MSG1")
        drawing = Drawing(Journey(journal))
    (row,) = (each for each in drawing.wide.iter("text") if "bad" in each.get("class"))
    assert row.text == "✘ GET /Messages/MSG1"
    assert drawing.names(drawing.wide) == ["Sender", "Backbone"]


def test_only_the_newest_are_shown(journey):
    assert journey.left_out == 0
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"result": []}))
    with Connector("http://c.test", "key", name="sender", transport=transport) as sender, Journal(sender) as journal:
        for number in range(5):
            sender.messages.list(participant=f"did:e:{number}")
            sender.relationships.list(peer=f"did:e:{number}")
        assert Journey(journal).left_out == 0
        assert "left out" not in html_of(Journey(journal))
        newest = Journey(journal, last=1)
        assert ([each.text for each in newest.happenings], newest.left_out) == (["GET /Relationships"], 1)
        assert "1 earlier events are left out." in html_of(newest)
        assert Journey(journal, last=None).left_out == 0


def test_the_summary_is_a_picture_with_a_list_for_each_request(sender, recipient, peer):
    with Journal(sender, recipient) as journal:
        asked = Request(title="The first one", items=[AUTHENTICATION])
        done = [ask(sender, recipient, asked), ask(sender, recipient, asked, reject_all)]
    summary = SummaryView(journal, *done)
    page = html_of(summary)
    assert len(pictures(page)) == page.count("The journey as a list") == 2
    for drawing in pictures(page):
        assert not [each for each in drawing.iter("text") if "m" in each.get("class").split()]  # no calls
    first, second = text_of(page).split("The first one")[1:]
    assert "Response: ✔ Accepted" in first
    assert "Response: ✘ Rejected" in second
    bundle = summary._repr_mimebundle_()
    assert bundle["text/plain"] == str(Summary(journal, tuple(done)))
    assert [each["id"] for each in json.loads(bundle[SUMMARY_MIME])["requests"]] == [each.id for each in done]


def test_an_empty_journey_says_so():
    empty = Journey(Journal())
    assert "Nothing has happened yet" in html_of(empty)
    assert str(empty) == "Nothing has happened yet."
