"""The scene is what both Connectors know, followed or recalled."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enmeshed_nb.connector import ApiError, Connector, LocalRequest, NotFound, aside, waiting
from enmeshed_nb.content import AuthenticationRequestItem, Request
from enmeshed_nb.guide import (
    Journal,
    accept_all,
    establish_relationship,
    reject_all,
    wait_for,
    wait_for_request,
    wait_for_status,
)
from enmeshed_nb.guide.changes import MarkedLine
from enmeshed_nb.guide.detail import Piece
from enmeshed_nb.guide.scene import MOST, MOST_CALLS, Calling, Scene
from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import connectors_of, until
from tests.guide.test_items import KINDS
from tests.localnet.test_survival import Crashing

ITEMS = [(name, is_accepted) for name in KINDS for is_accepted in (True, False)]
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

    def settled(self, scene: Scene | None = None) -> Scene:
        """The scene when no Runtime has anything left to do, as far as is known."""
        scene = scene or self.scene

        def is_settled() -> bool:
            scene.look()
            scene.update()
            return not scene.is_moving

        until(is_settled)
        return scene

    def check(self) -> None:
        """Check that the scene tells what both Connectors have recorded, followed or recalled."""
        with Journal(self.sender, self.recipient) as journal:
            recalled = self.settled(Scene(journal))
        followed = self.settled()
        under_way = [each for each in followed.requests if not each.is_over]
        assert {each.request_id for each in under_way} <= {each.request_id for each in recalled.requests}
        for seen in (*followed.requests, *recalled.requests):
            outgoing = self.record(lambda id_=seen.request_id: self.sender.requests.outgoing.get(id_))
            incoming = self.record(lambda id_=seen.request_id: self.recipient.requests.incoming.get(id_))
            records = {"sender": outgoing, "recipient": incoming}
            assert dict(seen.statuses) == {side: each.status for side, each in records.items() if each}
            results = {each.response.content.result for each in records.values() if each and each.response}
            assert {seen.result} == (results or {None})
            is_over = outgoing.status in ("Completed", "Expired") or (incoming and incoming.status == "Expired")
            assert seen.is_over == bool(is_over)
        for scene in (followed, recalled):
            for envelope, has_come in [*((e, False) for e in scene.envelopes), *((e, True) for e in scene.arrived)]:
                sides = {each.name: each for each in (self.sender, self.recipient)}
                at = [sides[name].messages for name in (envelope.sender, envelope.recipient)]
                assert self.record(lambda at=at, e=envelope: at[0].get(e.message_id)) is not None
                received = self.record(lambda at=at, e=envelope: at[1].get(e.message_id))
                assert (received is not None) == has_come

    @staticmethod
    def record(look: Callable[[], Any]) -> Any:
        with aside(), suppress(NotFound):
            return look()
        return None

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


@pytest.mark.parametrize(("name", "is_accepted"), ITEMS)
def test_it_tells_the_records_of_each_kind_of_item(two, name, is_accepted):
    kind = KINDS[name]
    item = kind.make(two.sender, two.recipient)
    created = two.sender.requests.outgoing.create(Request(items=[item]), two.peer)
    two.check()
    message = two.sender.messages.send(two.peer, created.content)
    two.check()
    incoming = wait_for_request(two.recipient, message.id)
    two.check()
    if is_accepted:
        two.recipient.requests.incoming.accept(incoming.id, accept_all(incoming, {(0,): kind.inputs(item, two.peer)}))
    else:
        two.recipient.requests.incoming.reject(incoming.id, reject_all(incoming))
    two.check()
    two.sender.account.sync()
    two.check()
    (seen,) = [each for each in two.scene.requests if each.request_id == created.id]
    assert (seen.is_over, seen.result) == (True, "Accepted" if is_accepted else "Rejected")


def test_what_fails_changes_nothing_but_the_calls(two):
    before = {**two.scene.to_json(), "calls": []}
    with pytest.raises(ApiError):
        two.sender.requests.outgoing.create(request("Is it me?"), two.sender.account.identity_info().address)
    with pytest.raises(ApiError):
        two.sender.requests.outgoing.get("REQ" + "0" * 17)
    two.sender.requests.outgoing.validate(request("Is it me?"), two.sender.account.identity_info().address)
    two.check()
    assert {**two.scene.to_json(), "calls": []} == before
    outcomes = [(each.call, each.outcome, each.went_well) for each in two.scene.calls if each.went_well is False]
    assert outcomes == [
        ("POST /Requests/Outgoing/Validate", "✘ 201, isSuccess: false", False),
        ("GET /Requests/Outgoing/REQ…", "✘ 404", False),
        ("POST /Requests/Outgoing", "✘ 400", False),
    ]


def test_a_request_that_has_expired_is_over(two):
    soon = datetime.now(UTC) + timedelta(seconds=2)
    expiring = request("Quick!").model_copy(update={"expires_at": soon})
    created = two.sender.requests.outgoing.create(expiring, two.peer)
    two.sender.messages.send(two.peer, created.content)
    wait_for_status(two.sender.requests.outgoing, created.id, "Expired")
    two.check()
    assert "Expired at the sender. It is over: expired." in str(two.scene)


def test_what_others_did_is_found_by_a_look(two):
    created = two.sender.requests.outgoing.create(request("Who did it?"), two.peer)
    message = two.sender.messages.send(two.peer, created.content)
    incoming = wait_for_request(two.recipient, message.id)
    two.scene.update()
    with Connector(two.recipient.url, two.api_key) as another:
        another.requests.incoming.accept(incoming.id, accept_all(incoming))
        wait_for_status(another.requests.incoming, incoming.id, "Completed")
    two.scene.update()
    assert str(two.scene.turn) == "The Recipient decides next"
    two.check()
    assert str(two.scene.turn) == "The Sender fetches the Response next"


def test_calls_are_told_while_they_run_and_what_they_wait_for(two):
    created = two.sender.requests.outgoing.create(request("Still there?"), two.peer)
    told: list[tuple[Calling, ...]] = []

    def look() -> LocalRequest:
        seen = two.sender.requests.outgoing.get(created.id)
        two.scene.update()
        told.append(two.scene.calls)
        return seen

    wait_for(look, until=lambda _: len(told) == 3, what=f"Request {created.id} to become Open")
    newest = [each[0] for each in told]
    assert {(each.call, each.is_running, each.waits_for, each.outcome) for each in newest} == {
        ("GET /Requests/Outgoing/REQ…", True, "“Still there?” to become Open", "✔ 200")
    }
    assert [each.times for each in newest] == [1, 2, 3]
    assert len({each.since for each in newest}) == 1
    two.scene.update()
    assert (two.scene.calls[0].is_running, two.scene.calls[0].times) == (False, 3)
    assert two.scene.to_json()["calls"][0]["waits_for"] == "“Still there?” to become Open"

    stop = two.journal.observe(lambda: told.append((two.scene.update(), two.scene.calls)[1]))
    two.sender.account.sync()
    stop()
    begun, ended = told[3][0], told[-1][0]
    assert (begun.call, begun.is_running, begun.outcome) == ("POST /Account/Sync", True, "")
    assert (ended.number, ended.is_running, ended.outcome, ended.times) == (begun.number, False, "✔ 204", 1)
    stop = two.sender.observe(lambda _: told.append((two.scene.update(), two.scene.calls)[1]))
    two.sender.account.sync()  # looked at when it was answered, and the journal has not heard yet that it is over
    stop()
    assert (told[-1][0].outcome, told[-1][0].is_running) == ("✔ 204", False)
    wait_for(lambda: two.sender.account.sync() or True)
    two.scene.update()
    assert two.scene.calls[0].waits_for == "what it asks for"


def test_a_long_session_keeps_the_newest_calls_and_those_that_run(two):
    with waiting("the kettle"):
        two.sender.account.identity_info()
        with waiting("nothing"):
            for _ in range(2):
                two.recipient.account.identity_info()
        for n in range(MOST_CALLS + 5):
            two.journal._record(replace(two.journal.last(), number=10**9 + n, wait=None, path=f"/{n}"))
        two.scene.update()
        calls = [each.call for each in two.scene.calls]
        assert len(calls) == MOST_CALLS
        assert (calls[0], calls[-2]) == (f"GET /{MOST_CALLS + 4}", "GET /6")
        assert (calls[-1], two.scene.calls[-1].is_running) == ("GET /Account/IdentityInfo", True)


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


def test_the_detail_of_a_request_is_what_was_sent_what_came_back_and_both_records(two):
    created = two.sender.requests.outgoing.create(request("Is it you?"), two.peer)
    message = two.sender.messages.send(two.peer, created.content)
    incoming = wait_for_request(two.recipient, message.id)
    two.recipient.requests.incoming.accept(incoming.id, accept_all(incoming))
    two.scene.update()
    detail = two.scene.detail(f"request:{created.id}").to_json()
    assert (detail["title"], detail["facts"]) == ("Is it you?", [["Request", created.id]])
    create, decide, records = detail["pairs"]
    assert create["title"] == "POST /Requests/Outgoing at the Sender"
    assert create["note"].startswith("✔ 201 in ")
    assert [each["title"] for each in create["pieces"]] == ["sent", "came back"]
    assert not any(mark for mark, _ in create["pieces"][0]["lines"])
    assert ["+", f'    "id": "{created.id}",'] in create["pieces"][1]["lines"]
    assert decide["title"] == "PUT /Requests/Incoming/REQ…/Accept at the Recipient"
    sender, recipient = records["pieces"]
    assert (sender["title"], recipient["title"]) == ("what the Sender has", "what the Recipient has")
    assert ["", '  "isOwn": true,'] in sender["lines"]
    assert ["≠", '  "isOwn": false,'] in recipient["lines"]
    assert "another than at the Sender" in recipient["note"]


def test_the_detail_of_a_message_says_who_has_it(two):
    sent = two.sender.messages.send(two.peer, NOTE)
    pair, records = two.scene.detail(f"message:{sent.id}").to_json()["pairs"]
    assert pair["title"] == "POST /Messages at the Sender"
    sender, recipient = records["pieces"]
    assert ["", '  "isOwn": true,'] in sender["lines"]
    assert (recipient["lines"], recipient["note"]) == ([], "has no record of it so far")
    two.recipient.account.sync()
    _, records = two.scene.detail(f"message:{sent.id}").to_json()["pairs"]
    assert ["≠", '  "isOwn": false,'] in records["pieces"][1]["lines"]


def test_the_detail_of_a_call_a_side_and_the_backbone(two):
    two.sender.messages.send(two.peer, NOTE)
    two.scene.update()
    detail = two.scene.detail(f"call:{two.scene.calls[0].number}").to_json()
    assert detail["title"] == "A call of the Sender"
    pair, curl = detail["pairs"]
    assert '    "value": "not about a Request"' in [words for _, words in pair["pieces"][0]["lines"]]
    assert curl["pieces"][0]["lines"][0][1].startswith("curl -X POST")
    assert two.api_key not in str(detail)
    (says,) = two.scene.detail("side:recipient").to_json()["pairs"]
    assert any(two.peer in words for _, words in says["pieces"][0]["lines"])
    assert "sealed" in str(two.scene.detail("backbone"))
    for unknown in ("call:0", "request:REQ0", "side:nobody", "moon"):
        with pytest.raises(LookupError, match="here any more"):
            two.scene.detail(unknown)


def test_the_detail_of_a_call_that_runs_says_so(two):
    found: list[str] = []
    stop = two.journal.observe(
        lambda: found.extend(two.scene.detail(f"call:{each.number}").title for each in two.journal.under_way)
    )
    two.sender.account.sync()
    stop()
    assert found == ["A call of the Sender that has no answer yet"]


def test_of_a_long_answer_the_beginning_is_shown():
    piece = Piece("came back", "", [MarkedLine(None, "x" * 5000)] * 1000).to_json()
    assert len(piece["lines"]) == 401
    assert piece["lines"][-1] == ["", "… and 600 more lines"]
    assert piece["lines"][0][1].endswith("x… and 4000 more characters")


@pytest.mark.timeout(400)
def test_killed_between_any_two_steps_it_tells_what_both_have_recorded(folder):
    network = Crashing(folder, "connector host")
    made = connectors_of(network.state)
    two = Two(made["sender"], made["recipient"], "")
    establish_relationship(two.sender, two.recipient)

    def kill() -> None:
        network.restart()
        two.check()

    kill()
    created = two.sender.requests.outgoing.create(request("Still there?"), two.peer)
    kill()
    message = two.sender.messages.send(two.peer, created.content)
    kill()
    two.recipient.account.sync()
    kill()
    incoming = wait_for_request(two.recipient, message.id)
    two.recipient.requests.incoming.accept(incoming.id, accept_all(incoming))
    kill()
    two.sender.account.sync()
    kill()
    (seen,) = two.scene.requests
    assert (seen.is_over, seen.result) == (True, "Accepted")
    two.journal.close()
    for each in made.values():
        each.close()
