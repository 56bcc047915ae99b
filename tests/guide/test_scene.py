"""The scene is what both Connectors know, followed or recalled."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from enmeshed_nb.connector import Connector, aside
from enmeshed_nb.content import AuthenticationRequestItem, Request
from enmeshed_nb.guide import Journal, accept_all, establish_relationship, reject_all, wait_for_request, wait_for_status
from enmeshed_nb.guide.scene import MOST, Scene
from enmeshed_nb.localnet import LocalNetwork

NOTE = {"@type": "ArbitraryMessageContent", "value": "not about a Request"}


def request(title: str) -> Request:
    return Request(items=[AuthenticationRequestItem(title=title, must_be_accepted=True)])


class Two:
    """Sender and Recipient, and their scene."""

    def __init__(self, sender: Connector, recipient: Connector, api_key: str) -> None:
        self.sender, self.recipient, self.api_key = sender, recipient, api_key
        self.peer = recipient.account.identity_info().address
        for each in (sender, recipient):
            each.account.sync()
        self.journal = Journal(sender, recipient)
        self.scene = Scene(self.journal, recall=False)

    def told(self, request_id: str) -> tuple[dict[str, str], list[tuple[str, str, str]], str | None]:
        """What the scene tells of a Request: its statuses, its envelopes, whose turn it is."""
        self.scene.update()
        assert str(self.recalled(request_id)) == str(self.of(self.scene, request_id))
        return self.of(self.scene, request_id)

    def recalled(self, request_id: str):
        """The same by a scene that begins now."""
        with Journal(self.sender, self.recipient) as journal:
            return self.of(Scene(journal), request_id)

    @staticmethod
    def of(scene: Scene, request_id: str):
        (seen,) = [each for each in scene.requests if each.request_id == request_id] or [None]
        if seen is None or seen.is_over:
            return None
        envelopes = [(e.sender, e.recipient, e.carries) for e in scene.envelopes if e.request_id == request_id]
        return dict(seen.statuses), envelopes, str(seen.turn)


@pytest.fixture(scope="module")
def connectors(tmp_path_factory) -> Iterator[tuple[Connector, Connector, str]]:
    with LocalNetwork.open(tmp_path_factory.mktemp("scene") / "network") as network:
        states = [network.state.connector(name) for name in ("sender", "recipient")]
        sender, recipient = (Connector(each.url, each.api_key, name=each.name) for each in states)
        with sender, recipient:
            establish_relationship(sender, recipient)
            yield sender, recipient, states[1].api_key


@pytest.fixture
def two(connectors) -> Iterator[Two]:
    made = Two(*connectors)
    yield made
    made.journal.close()


@pytest.mark.parametrize(("decide", "result"), [(accept_all, "Accepted"), (reject_all, "Rejected")])
def test_each_step_of_the_guide_is_followed(two, decide, result):
    created = two.sender.requests.outgoing.create(request("Is it you?"), two.peer)
    assert two.told(created.id) == ({"sender": "Draft"}, [], "The Sender sends the Request next")

    message = two.sender.messages.send(two.peer, created.content)
    wait_for_status(two.sender.requests.outgoing, created.id, "Open")
    waiting = [("sender", "recipient", "Request")]
    assert two.told(created.id) == ({"sender": "Open"}, waiting, "The Recipient fetches the Request next")

    incoming = wait_for_request(two.recipient, message.id)
    both = {"sender": "Open", "recipient": "ManualDecisionRequired"}
    assert two.told(created.id) == (both, [], "The Recipient decides next")

    action = two.recipient.requests.incoming.accept if result == "Accepted" else two.recipient.requests.incoming.reject
    action(incoming.id, decide(incoming))
    wait_for_status(two.recipient.requests.incoming, created.id, "Completed")
    answered = [("recipient", "sender", "Response")]
    both["recipient"] = "Completed"
    assert two.told(created.id) == (both, answered, "The Sender fetches the Response next")
    assert "At the Backbone, sealed: a Message for the sender, with the Response to “Is it you?”." in str(two.scene)

    wait_for_status(two.sender.requests.outgoing, created.id, "Completed", sync=two.sender)
    assert two.told(created.id) is None
    (seen,) = two.scene.requests
    assert (seen.title, seen.result, seen.statuses) == (
        "Is it you?",
        result,
        dict.fromkeys(("sender", "recipient"), "Completed"),
    )
    assert f"It is over: {result.lower()}." in str(two.scene)
    assert two.scene.turn is None
    assert two.scene.envelopes == ()


def test_a_message_waits_until_its_recipient_has_synchronised(two):
    two.sender.messages.send(two.peer, NOTE)
    two.sender.account.sync()  # that is not whom it is for
    assert two.scene.update()
    (waiting,) = two.scene.envelopes
    assert (waiting.sender, waiting.recipient, waiting.carries) == ("sender", "recipient", "other content")
    assert str(two.scene) == "At the Backbone, sealed: a Message for the recipient, with other content."
    two.recipient.account.sync()
    assert two.scene.update()
    assert two.scene.envelopes == ()
    assert str(two.scene) == "No Request is under way."


def test_a_message_that_is_shown_has_come_whoever_fetched_it(two):
    with Journal(two.sender, two.recipient) as journal:
        scene = Scene(journal)
        sent = two.sender.messages.send(two.peer, NOTE)
        with Connector(two.recipient.url, two.api_key) as another:
            another.account.sync()
        scene.update()
        assert len(scene.envelopes) == 1
        two.recipient.messages.get(sent.id)
        scene.update()
        assert scene.envelopes == ()


def test_what_is_not_recorded_is_a_peer(two):
    created = two.sender.requests.outgoing.create(request("Who?"), two.peer)
    two.sender.messages.send(two.peer, created.content)
    with Journal(two.sender) as journal:
        scene = Scene(journal)
        (seen,) = [each for each in scene.requests if each.request_id == created.id]
        assert (seen.turn.side, str(seen.turn)) == ("", "The peer answers next")
    with Journal(two.recipient) as journal:
        scene = Scene(journal)
        assert created.id not in [each.request_id for each in scene.requests]
        two.recipient.account.sync()
        wait_for_status(two.recipient.requests.incoming, created.id, "ManualDecisionRequired")
        scene.update()
        assert scene.requests[-1].statuses == {"recipient": "ManualDecisionRequired"}
        assert str(scene.turn) == "The Recipient decides next"
        incoming = two.recipient.requests.incoming.get(created.id)
        two.recipient.requests.incoming.reject(created.id, reject_all(incoming))
        wait_for_status(two.recipient.requests.incoming, created.id, "Completed")
        scene.update()
        assert scene.turn is None  # nobody here has anything left to do
        assert [(each.recipient, each.carries) for each in scene.envelopes] == [("", "Response")]


def test_nothing_new_is_no_change(two):
    two.scene.update()
    two.sender.account.identity_info()
    assert two.scene.update()  # a call
    with aside():
        two.sender.account.identity_info()
    assert not two.scene.update()


def test_an_older_answer_does_not_take_it_back(two):
    created = two.sender.requests.outgoing.create(request("When?"), two.peer)
    two.sender.messages.send(two.peer, created.content)
    wait_for_status(two.sender.requests.outgoing, created.id, "Open")
    two.scene.update()
    (late,) = [each for each in two.journal.exchanges if each.call == "POST /Requests/Outgoing"]
    before = str(two.scene)
    two.journal._record(replace(late, duration=0))  # it was answered first, and is recorded last
    two.scene.update()
    assert str(two.scene) == before


def test_a_long_session_keeps_the_newest_and_what_is_under_way(two):
    ids = [two.sender.requests.outgoing.create(request(f"Number {n}"), two.peer).id for n in range(MOST + 5)]
    two.scene.update()
    assert [each.request_id for each in two.scene.requests] == ids[5:]
    for _ in range(MOST + 5):
        two.sender.messages.send(two.peer, NOTE)
        two.recipient.account.sync()
    two.scene.update()
    assert len(two.scene._envelopes) <= MOST
    assert [each.request_id for each in two.scene.requests] == ids[5:]
