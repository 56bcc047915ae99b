"""The journey: what happened at both sides, told and drawn."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import httpx
import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import Request
from enmeshed_nb.guide import wait_for_request, wait_for_status
from enmeshed_nb.widgets import Journey
from tests.widgets.samples import AUTHENTICATION
from tests.widgets.seen import html_of


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
        ("status", "ManualDecisionRequired"),
        ("status", "Decided"),
        ("message", "Message with the Response"),
        ("status", "Completed"),
    ]
    assert journey.events is journey.happenings  # its old name
    assert "Completed" in str(journey)


class Drawing:
    """What a journey draws, row by row: which side, what it is called, and where it stands."""

    def __init__(self, journey):
        (svg,) = re.findall(r"<svg.*</svg>", html_of(journey), flags=re.DOTALL)
        root = ElementTree.fromstring(svg)
        self.width = float(root.get("viewbox", root.get("viewBox")).split()[2])
        groups = list(root.findall("g"))
        rows = [each for each in groups if each.find("title") is not None]
        self.lanes = {each.find("text").text: float(each.find("text").get("x")) for each in groups if each not in rows}
        self.rows = [self._row(each) for each in rows]

    def _row(self, row):
        side, _, what = row.find("title").text.partition(" ")[2].partition(": ")
        return side, what, row

    def of(self, side, *words):
        return [row for at, what, row in self.rows if at == side and (not words or what.startswith(words))]


def ends(row):
    """Where an arrow begins and where it ends."""
    arrow = next(each for each in row.findall("path") if each.get("class") == "arrow")
    return tuple(float(each) for each in re.fullmatch(r"M([\d.]+) [\d.]+H([\d.]+)", arrow.get("d")).groups())


def spot(row):
    """Where the words of a row stand: the first text is what happened, the last one the time."""
    return float(row.findall("text")[0].get("x"))


def test_each_side_has_its_lane_and_the_backbone_is_between(journey):
    lanes = Drawing(journey).lanes
    assert list(lanes) == ["Sender", "Backbone", "Recipient"]
    assert list(lanes.values()) == sorted(set(lanes.values()))


@pytest.mark.parametrize(("side", "sign"), [("sender", -1), ("recipient", 1)])
def test_what_happened_stands_at_its_side(journey, side, sign):
    drawing = Drawing(journey)
    lane, middle = drawing.lanes[side.capitalize()], drawing.lanes["Backbone"]
    messages, synced = drawing.of(side, "Message with"), drawing.of(side, "POST /Account/Sync")
    assert messages
    assert all(ends(row) == (lane, middle) for row in messages)
    assert synced
    assert all(ends(row) == (middle, lane) for row in synced)
    arrows = [*messages, *synced]
    outside = [row for row in drawing.of(side) if row not in arrows]
    assert any(row.find("rect") is not None for row in outside)  # a status
    assert any(row.find("rect") is None for row in outside)  # a call
    for row in outside:
        assert (spot(row) - lane) * sign > 0, ElementTree.tostring(row)
        assert 0 < spot(row) < drawing.width
        pill = row.find("rect")
        if pill is None:
            assert row.find("text").get("text-anchor") == ("end" if sign < 0 else "start")
        else:
            left = float(pill.get("x"))
            right = left + float(pill.get("width"))
            assert left > lane if sign > 0 else right < lane
            assert left < spot(row) < right


def test_one_row_follows_the_other(journey):
    heights = [float(row.find("text").get("y")) for _, _, row in Drawing(journey).rows]
    assert len(heights) == len(journey.happenings)
    assert all(later > earlier for earlier, later in pairwise(heights))


def test_a_call_that_failed_is_marked():
    answers = [httpx.Response(404, json={"error": {"code": "error.runtime.recordNotFound", "message": "m"}})]
    transport = httpx.MockTransport(lambda _: answers[0])
    with Connector("http://c.test", "key", name="sender", transport=transport) as sender, Journal(sender) as journal:
        with pytest.raises(Exception, match="recordNotFound"):
            sender.messages.get("MSG1")
        drawing = Drawing(Journey(journal))
    (row,) = drawing.of("sender")
    assert row.find("text").get("class") == "bad"
    assert row.find("text").text == "✘ GET /Messages/MSG1"
    assert list(drawing.lanes) == ["Sender", "Backbone"]


def test_only_the_newest_are_shown(journey):
    assert journey.left_out == 0
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"result": []}))
    with Connector("http://c.test", "key", name="sender", transport=transport) as sender, Journal(sender) as journal:
        for number in range(5):
            sender.messages.list(participant=f"did:e:{number}")
            sender.relationships.list(peer=f"did:e:{number}")
        assert Journey(journal).left_out == 0
        newest = Journey(journal, last=1)
        assert ([each.text for each in newest.happenings], newest.left_out) == (["GET /Relationships"], 1)
        assert "1 earlier events are left out." in html_of(newest)
        assert Journey(journal, last=None).left_out == 0


def test_an_empty_journey_says_so():
    empty = Journey(Journal())
    assert "Nothing has happened yet" in html_of(empty)
    assert str(empty) == "Nothing has happened yet."
