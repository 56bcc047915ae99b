"""The stage: what its drawing is given, when, and what stays where nobody looks on."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from enmeshed_nb import clock
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import AuthenticationRequestItem, Request
from enmeshed_nb.guide import Journal, accept_all, establish_relationship, wait_for_request, wait_for_status
from enmeshed_nb.localnet import LocalNetwork
from enmeshed_nb.widgets import Stage
from enmeshed_nb.widgets.stage.stage import _Following
from tests.conftest import until
from tests.widgets.samples import AUTHENTICATION, EVIL
from tests.widgets.seen import html_of, pictures, text_of

ENVELOPE = "sealed for"


class Playing:
    """A Request between the two, and a journal of it."""

    def __init__(self, sender: Connector, recipient: Connector, peer: str) -> None:
        self.sender, self.recipient, self.peer = sender, recipient, peer
        for each in (sender, recipient):
            each.account.sync()
        self.journal = Journal(sender, recipient)

    def send(self, title: str = "Is it you?") -> tuple[str, str]:
        """Send a Request; return its id and the Message's."""
        items = [AUTHENTICATION]
        created = self.sender.requests.outgoing.create(Request(title=title, items=items), self.peer)
        message = self.sender.messages.send(self.peer, created.content)
        return created.id, message.id

    def answer(self, message_id: str) -> None:
        """Fetch and accept it."""
        incoming = wait_for_request(self.recipient, message_id)
        self.recipient.requests.incoming.accept(incoming.id, accept_all(incoming))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Connector, Connector]]:
    """Two of their own: a stage recalls what is under way, and forgets what is more than it can show."""
    with LocalNetwork.open(tmp_path_factory.mktemp("stage") / "network") as network:
        states = [network.state.connector(name) for name in ("sender", "recipient")]
        one, other = (Connector(state.url, state.api_key, name=state.name) for state in states)
        with one, other:
            establish_relationship(one, other)
            yield one, other


@pytest.fixture
def sender(both: tuple[Connector, Connector]) -> Connector:
    return both[0]


@pytest.fixture
def recipient(both: tuple[Connector, Connector]) -> Connector:
    return both[1]


@pytest.fixture
def playing(sender: Connector, recipient: Connector, peer: str) -> Iterator[Playing]:
    made = Playing(sender, recipient, peer)
    yield made
    made.journal.close()


@pytest.fixture
def live(playing: Playing) -> Iterator[Stage]:
    stage = Stage(playing.journal)
    assert stage.widget.state == {} or stage.widget.state["sides"]
    yield stage
    stage.close()


def drawn(stage: Stage, request_id: str) -> dict[str, str]:
    """What the drawing is given of a Request: its status by the Connectors' names."""
    state = stage.widget.state
    return next((dict(each["statuses"]) for each in state.get("requests", ()) if each["request_id"] == request_id), {})


def turn_in(stage: Stage, request_id: str) -> dict[str, str] | None:
    """Whose turn it is in a Request; others may have moved since."""
    (found,) = (each for each in stage.widget.state["requests"] if each["request_id"] == request_id)
    return found["turn"]


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "stage"]


def test_the_drawing_follows_each_step_whoever_makes_it(playing, live):
    request_id, message_id = playing.send()
    until(lambda: drawn(live, request_id) == {"sender": "Open"})  # nobody has asked for it
    waiting = live.widget.state["envelopes"]
    assert [each["content"] for each in waiting if each["request_id"] == request_id] == ["the Request “Is it you?”"]
    assert turn_in(live, request_id) == {"side": "recipient", "does": "fetches the Request"}

    thread = threading.Thread(target=playing.answer, args=(message_id,))
    thread.start()
    until(lambda: drawn(live, request_id) == {"sender": "Open", "recipient": "Completed"})
    thread.join()
    playing.sender.account.sync()
    until(lambda: drawn(live, request_id) == {"sender": "Completed", "recipient": "Completed"})
    assert turn_in(live, request_id) is None
    assert [each["carries"] for each in live.widget.state["arrived"] if each["request_id"] == request_id] == [
        "Request",
        "Response",
    ]
    assert set(live.widget.state["addresses"]) == {"sender", "recipient"}


def test_what_begins_is_drawn_before_it_has_ended(playing, live):
    until(lambda: live.widget.state)
    seen: list[dict[str, Any]] = []
    begun, told = threading.Event(), threading.Event()

    def hold() -> None:
        if playing.journal.under_way:
            begun.set()
            assert told.wait(30)

    stop = playing.journal.observe(hold)  # the call stays on its way until it is told
    calling = threading.Thread(target=playing.sender.account.identity_info)
    calling.start()
    assert begun.wait(30)
    until(lambda: [each for each in live.widget.state["calls"] if each["is_running"]])
    seen += live.widget.state["calls"]
    told.set()
    calling.join()
    stop()
    assert (seen[0]["call"], seen[0]["outcome"]) == ("GET /Account/IdentityInfo", "")
    until(lambda: not any(each["is_running"] for each in live.widget.state["calls"]))


def test_many_events_are_one_state_and_it_stays_small(playing, live):
    for _ in range(500):
        playing.sender.monitoring.version()
    until(lambda: live.widget.state["calls"][0]["number"] == playing.journal.last().number)
    assert len(live.widget.state["calls"]) == 60
    assert len(json.dumps(live.widget.state)) < 100_000


def test_what_happens_while_it_is_shown_is_shown_once():
    with Journal() as journal:
        showing, go_on = threading.Event(), threading.Event()
        shown: list[None] = []

        def show() -> bool:
            shown.append(None)
            showing.set()
            assert go_on.wait(30)
            return False

        following = _Following(journal, show, lambda: None)
        assert showing.wait(30)
        for _ in range(500):
            journal._tell()
        go_on.set()
        until(lambda: len(shown) == 2 and not following._news.is_set())
        following.stop()
        until(lambda: not following._thread.is_alive())
        assert len(shown) == 2


def test_it_looks_less_and_less_often_and_then_no_more():
    with Journal() as journal:
        looks: list[None] = []
        following = _Following(journal, lambda: True, lambda: looks.append(None), looks=(0.0, 0.0, 0.0))
        until(lambda: len(looks) == 3)
        journal._tell()  # what is asked aside is no reason to look again
        assert not clock.until(lambda: len(looks) > 3, 0.3)
        following.stop()


def test_closed_it_costs_nothing(playing):
    before = threads()
    stage = Stage(playing.journal)
    assert (stage.is_followed, len(playing.journal._observers)) == (False, 0)
    widget = stage.widget
    assert (stage.is_followed, len(playing.journal._observers)) == (True, 1)
    stage.close()
    assert (stage.is_followed, len(playing.journal._observers), widget.comm) == (False, 0, None)
    until(lambda: threads() == before)


def test_hidden_it_costs_nothing_and_shown_again_it_is_up_to_date(playing, live):
    until(lambda: live.widget.state)
    live.widget._handle_custom_msg({"kind": "hidden"}, [])
    assert (live.is_followed, len(playing.journal._observers)) == (False, 0)
    request_id, _ = playing.send()
    live.widget._handle_custom_msg({"kind": "shown"}, [])
    live.widget._handle_custom_msg({"kind": "shown"}, [])
    assert len(playing.journal._observers) == 1
    until(lambda: drawn(live, request_id) == {"sender": "Open"})


def test_two_stages_do_not_know_each_other(playing, sender):
    one, other = Stage(playing.journal), Stage(playing.journal)
    with Journal(sender) as alone:
        third = Stage(alone)
        widgets = [each.widget for each in (one, other, third)]
        one.close()
        request_id, _ = playing.send()
        until(lambda: drawn(other, request_id) == drawn(third, request_id) == {"sender": "Open"})
        assert widgets[2].state["sides"] == ["sender"]
        assert widgets[2].state["turn"] == "The peer answers next"
        other.close()
        third.close()


def test_a_new_stage_shows_what_the_connectors_know(playing, sender, recipient):
    request_id, message_id = playing.send("Known before")
    wait_for_request(recipient, message_id)
    with Journal(sender, recipient) as journal:  # as after the kernel was restarted
        stage = Stage(journal)
        stage.widget  # noqa: B018 - it is made
        until(lambda: drawn(stage, request_id) == {"sender": "Open", "recipient": "ManualDecisionRequired"})
        stage.close()


def asked(stage: Stage, thing: str) -> dict[str, Any]:
    """Ask for a detail as the drawing does, and return what it is told."""
    told: list[dict[str, Any]] = []
    stage.widget.send = told.append
    stage.widget._handle_custom_msg({"kind": "detail", "thing": thing, "view": "v"}, [])
    (answer,) = told
    assert (answer["kind"], answer["thing"], answer["view"]) == ("detail", thing, "v")
    return answer


def test_a_detail_is_told_when_it_is_asked_for(playing, live):
    request_id, _ = playing.send()
    until(lambda: drawn(live, request_id))
    assert [each["title"] for each in asked(live, f"request:{request_id}")["detail"]["pairs"]] == [
        "POST /Requests/Outgoing at the Sender",
        "What the sides have recorded",
    ]
    assert "here any more" in asked(live, "request:REQ0")["problem"]
    assert all(each.is_aside for each in playing.journal.asides)
    assert len(playing.journal) == 2  # create and send


def test_a_problem_is_shown_and_the_next_news_end_it(playing, live, monkeypatch):
    until(lambda: live.widget.state)
    real = live._scene.to_json
    monkeypatch.setattr(live._scene, "to_json", lambda: 1 / 0)
    playing.sender.monitoring.version()
    until(lambda: "division by zero" in live.widget.state["problem"])
    monkeypatch.setattr(live._scene, "to_json", real)
    playing.sender.monitoring.version()
    until(lambda: live.widget.state["problem"] == "")


def test_text_of_a_peer_is_printable_and_no_html(playing, live):
    request_id, _ = playing.send(EVIL)
    until(lambda: drawn(live, request_id))
    titles = [each["title"] for each in live.widget.state["requests"]]
    assert not any("\x07" in each for each in titles)
    shown = html_of(live)
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    detail = json.dumps(asked(live, f"request:{request_id}"), ensure_ascii=False)
    assert "\x07" not in detail


def test_unattended_it_is_a_picture_and_a_list_and_nothing_runs(playing):
    before = threads()
    request_id, message_id = playing.send("Is it “you”?")
    stage = Stage(playing.journal)
    bundle = stage._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert (stage._widget, stage.is_followed, {*threads()} - {*before}) == (None, False, set())
    assert stage._repr_mimebundle_() == bundle
    (picture,) = pictures(bundle["text/html"])
    words = " ".join("".join(each.itertext()) for each in picture.iter() if each.tag.endswith("text"))
    for each in ("Sender", "Backbone", "Recipient", "Is it “you”?", "✎ Draft", ENVELOPE, "▸ The Recipient"):
        assert each in words
    listed = text_of(bundle["text/html"])
    for each in ("The Recipient fetches the Request next", "the Request “Is it “you”?”", "POST /Messages", "✔ 201"):
        assert each in listed
    assert request_id in bundle["text/plain"]

    playing.answer(message_id)
    wait_for_status(playing.sender.requests.outgoing, request_id, "Completed", sync=playing.sender)
    listed = text_of(html_of(Stage(playing.journal)))
    assert "It is over" in listed
    assert ENVELOPE not in listed


def test_before_anything_has_happened_it_says_so(playing):
    shown = html_of(Stage(playing.journal))
    assert "No Request is under way, and no Message waits." in text_of(shown)
    assert len(playing.journal.asides) == 0


def test_more_connectors_have_more_lanes(three):
    ada, bo, cy = three
    with Journal(ada, bo, cy) as journal:
        item = AuthenticationRequestItem(title="You too?", must_be_accepted=True)
        for each in (bo, cy):
            created = ada.requests.outgoing.create(Request(items=[item]), each.account.identity_info().address)
            ada.messages.send(created.peer, created.content)
        stage = Stage(journal)
        until(lambda: len(stage.widget.state.get("envelopes", ())) == 2)
        assert stage.widget.state["sides"] == ["ada", "bo", "cy"]
        assert [each["recipient"] for each in stage.widget.state["envelopes"]] == ["bo", "cy"]
        (picture,) = pictures(html_of(stage))
        words = " ".join("".join(each.itertext()) for each in picture.iter() if each.tag.endswith("text"))
        assert all(name in words for name in ("Ada", "Backbone", "Bo", "Cy"))
        stage.close()
