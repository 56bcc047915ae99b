"""The playground: what is pressed is done, what the Connectors say is shown, and nothing is done twice or lost."""

import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from enmeshed_nb.connector import Connector
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    ConsentRequestItem,
    FormFieldRequestItem,
    Request,
    RequestItemGroup,
    StringFormFieldSettings,
)
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide import establish_relationship, reject_all, sync
from enmeshed_nb.guide.playing import STEPS
from enmeshed_nb.localnet import LocalNetwork, stop
from enmeshed_nb.network import Network
from enmeshed_nb.widgets import Playground, playground
from tests.conftest import until
from tests.widgets.samples import AUTHENTICATION, EVIL, OPTIONAL
from tests.widgets.seen import (
    alerts,
    choose,
    control,
    controls,
    html_of,
    options,
    part,
    pieces,
    press,
    read,
    said,
    status,
    text_of,
)

GROUPED = Request(
    title="Membership",
    items=[
        AUTHENTICATION,
        RequestItemGroup(
            title="About you",
            items=[
                FormFieldRequestItem(title="Colour", settings=StringFormFieldSettings(), must_be_accepted=True),
                ConsentRequestItem(consent="Newsletter", must_be_accepted=False),
            ],
        ),
    ],
)
BUTTONS = [f"{number} {step.words}" for number, step in enumerate(STEPS, 1)]


@pytest.fixture
def both(sender: Connector, recipient: Connector, network: LocalNetwork) -> Iterator[Network]:
    """Clients of their own: a playground's stage follows them for as long as it is there."""
    states = [network.state.connector(each.name) for each in (sender, recipient)]
    one, other = (Connector(state.url, state.api_key, name=state.name) for state in states)
    with one, other:
        yield Network(one, other, network)


@pytest.fixture
def played(both):
    return lambda *items, **more: Playground(both, Request(items=list(items)) if items else None, **more)


def next_of(shown: Playground) -> str:
    """What is said to be next."""
    return said(shown, "status")[0]


def test_each_step_has_a_button_and_the_guide_is_done_by_pressing_them(played):
    shown = played()
    assert next_of(shown) == "Next, at the Sender: Check the Request."
    for number, words in enumerate(BUTTONS):
        marked = [each.description for each in shown._buttons.values() if "enb-next" in each._dom_classes]
        assert marked == [words]
        press(shown, words)
        assert alerts(shown) == []
        assert controls(shown, f"✔ {words}")
        following = f": {STEPS[number + 1].words}." if number + 1 < len(STEPS) else "the Request was accepted."
        assert next_of(shown).endswith(following)
    assert "✔ Accepted" in read(part(shown, "Response:"))
    press(shown, "Next: another Request")
    assert next_of(shown) == "Next, at the Sender: Check the Request."
    assert "✔" not in "".join(each.description for each in shown._buttons.values())
    assert "Response:" not in read(shown)


@pytest.mark.parametrize("decision", ["accept", "reject"])
def test_next_and_play_it_through_come_to_either_outcome(played, decision):
    shown = played(AUTHENTICATION, OPTIONAL, decision=decision)
    for words in ("Check the Request", "Create the Request"):
        press(shown, f"Next: {words}")
    first = shown.play.round.request_id
    press(shown, "Play it through")
    assert next_of(shown) == f"It is over: the Request was {decision}ed."
    assert shown.play.round.request_id == first
    press(shown, "Play it through")  # another Request
    assert shown.play.round.request_id != first
    assert next_of(shown) == f"It is over: the Request was {decision}ed."


def test_a_group_is_decided_item_by_item(both):
    shown = Playground(both, GROUPED)
    press(shown, "Play it through")
    assert "“Colour”" in " ".join(alerts(shown))
    assert next_of(shown) == "Next, at the Recipient: Check the decision."
    control(part(shown.form, "Colour"), "Answer *").value = "blue"
    newsletter = part(shown.form, "Newsletter")
    choose(newsletter, "Reject")
    assert "The Request can be accepted like this" in status(shown.form)
    press(shown, "5 Check the decision")
    assert next_of(shown) == "Next, at the Recipient: Send the decision."
    control(newsletter, "Message").value = "Not now."
    assert next_of(shown) == "Next, at the Recipient: Check the decision."  # it is another one now
    press(shown.form, "Decide")
    assert next_of(shown) == "Next, at the Recipient: Wait until it is Completed."
    assert "This Request is" in status(shown.form)
    press(shown, "Play it through")
    response = shown.play.outgoing.response.content
    results = [(each.result, getattr(each, "message", None)) for each in response.items[1].items]
    assert (response.result, results) == ("Accepted", [("Accepted", None), ("Rejected", "Not now.")])
    assert "blue" in read(part(shown, "Response:"))
    assert {"decide", "check"} <= shown.play.round.done


@pytest.mark.parametrize("words", [each for each in BUTTONS if each[0] not in "12"])
def test_a_wrong_order_shows_what_the_connector_says_and_loses_nothing(played, words):
    shown = played(AUTHENTICATION)
    press(shown, words)
    assert alerts(shown)
    assert next_of(shown) == "Next, at the Sender: Check the Request."
    press(shown, "2 Create the Request")
    assert alerts(shown) == []
    created = shown.play.round.request_id
    if not words.startswith("3"):
        press(shown, words)
        assert alerts(shown)
        assert next_of(shown) == "Next, at the Sender: Send the Request."
    press(shown, "Play it through")
    assert (alerts(shown), shown.play.round.request_id) == ([], created)


def test_what_was_sent_and_came_back_is_shown_of_what_failed_too(played):
    shown = played(AUTHENTICATION)
    press(shown, "3 Send the Request")
    (problem,) = alerts(shown)
    assert "The Request must have an id." in problem
    assert "✘ 400" in read(shown)
    assert "POST /Messages" in read(shown)
    press(shown, "1 Check the Request")
    assert "POST /Requests/Outgoing/Validate" in read(shown)
    assert "POST /Messages" not in read(shown)


def test_what_is_composed_is_what_is_checked_created_and_sent(played):
    shown = played(AUTHENTICATION)
    press(shown, "1 Check the Request")
    choose(shown.composer, "E-mail verification")
    press(shown.composer, "Start from it")
    assert next_of(shown) == "Next, at the Sender: Check the Request."  # this one was not checked yet
    press(shown, "2 Create the Request")
    assert shown.play.outgoing.content.title == "Confirm your e-mail address"
    control(shown.composer, "Title").value = "Something else"
    press(shown, "Play it through")
    control(part(shown.form, "The code"), "Answer *").value = "abc123"
    press(shown, "Play it through")
    assert next_of(shown) == "It is over: the Request was accepted."
    assert shown.play.outgoing.content.title == "Confirm your e-mail address"
    press(shown, "Another Request")
    press(shown, "2 Create the Request")
    assert shown.play.outgoing.content.title == "Something else"


def test_an_invalid_request_is_not_created(played):
    shown = played(AUTHENTICATION)
    press(shown.composer, "Remove")
    press(shown, "Play it through")
    assert alerts(shown)
    assert next_of(shown) == "Next, at the Sender: Check the Request."
    press(shown.composer, "Undo")
    press(shown, "Play it through")
    assert next_of(shown) == "It is over: the Request was accepted."


def test_clicks_while_a_step_runs_do_nothing_and_nothing_is_done_twice(played, both, monkeypatch):
    monkeypatch.setattr(playground, "_in_kernel", lambda: True)
    shown = played(AUTHENTICATION)
    reached, go_on, created = threading.Event(), threading.Event(), []

    def hold(exchange):
        if exchange.method == "POST" and exchange.api_path == "/Requests/Outgoing":
            created.append(exchange.response["result"]["id"])
            reached.set()
            go_on.wait(30)

    stop_observing = both.sender.observe(hold)
    before = [*threading.enumerate()]
    press(shown, "2 Create the Request")
    assert reached.wait(30)
    for words in (*BUTTONS, "Next:", "Play it through", "Another Request"):
        assert control(shown, words).disabled
        press(shown, words)
    shown.composer.add("ConsentRequestItem")  # what is composed meanwhile is for the next
    go_on.set()
    until(lambda: not control(shown, "Play it through").disabled)
    until(lambda: {each.name for each in threading.enumerate() if each not in before} <= {"stage"})
    stop_observing()
    assert created == [shown.play.round.request_id]
    assert next_of(shown) == "Next, at the Sender: Send the Request."
    assert len(shown.play.outgoing.content.items) == 1
    assert alerts(shown) == []
    shown.step("create")
    assert len(shown.play.outgoing.content.items) == 2


def test_a_double_click_is_one_click(played, monkeypatch):
    monkeypatch.setattr(playground, "_in_kernel", lambda: True)
    shown = played(AUTHENTICATION)
    done = shown.play.round.done
    press(shown, "Next:")
    until(lambda: "validate" in done)
    press(shown, "Next:")  # the second of a double click: the step itself is over by now
    until(lambda: not control(shown, "Play it through").disabled)
    assert (done, next_of(shown)) == ({"validate"}, "Next, at the Sender: Create the Request.")


def test_another_peer_in_the_middle_is_for_the_next_request(three, folder):
    ada, bo, cy = three
    with LocalNetwork.open(folder) as local:
        shown = Playground(Network(ada, bo, local), Request(items=[AUTHENTICATION]))
        for words in ("2 Create the Request", "3 Send the Request"):
            press(shown, words)
        choose(shown.peers, "Cy")
        assert next_of(shown) == "Next, at the Recipient: Fetch the Request."
        press(shown, "Play it through")
        assert [each.content.items[0].title for each in bo.requests.incoming.list()] == ["Is it you?"]
        assert cy.requests.incoming.list() == []
        press(shown, "Another Request")
        press(shown, "Play it through")
        assert next_of(shown) == "It is over: the Request was accepted."
        assert len(cy.requests.incoming.list()) == 1
        assert {each.name for each in shown.journal.connectors} == {"ada", "cy"}
        assert "cy" in {each.connector for each in shown.journal.exchanges}
        shown.stage.close()


def test_somebody_elses_connector_decides_for_itself(three):
    ada, bo, cy = three
    shown = Playground(Network(ada, bo), Request(items=[AUTHENTICATION]))
    address = cy.account.identity_info().address
    shown.peers.select(address)
    assert "It is up to" in read(shown)
    press(shown, "Play it through")
    assert "It is up to" in " ".join(alerts(shown))
    assert next_of(shown) == "Next, at the Sender: Fetch the Response."
    press(shown, "4 Fetch the Request")
    assert address in " ".join(alerts(shown))
    request_id = shown.play.round.request_id
    sync(cy)
    until(lambda: any(each.status == "ManualDecisionRequired" for each in cy.requests.incoming.list(id=request_id)))
    cy.requests.incoming.reject(request_id, reject_all(cy.requests.incoming.get(request_id)))
    until(lambda: cy.requests.incoming.get(request_id).status == "Completed")
    until(lambda: shown.step("receive"))
    press(shown, "Play it through")
    assert next_of(shown) == "It is over: the Request was rejected."
    with pytest.raises(UserError, match="your own Connectors"):
        shown._network.reopen()


def test_the_network_stops_and_it_goes_on_when_it_is_back(folder):
    with LocalNetwork.open(folder, connectors={"sender": {}, "recipient": {}}) as local:
        sender, recipient = (Connector(each.url, each.api_key, name=each.name) for each in local.state.connectors)
        with sender, recipient:
            establish_relationship(sender, recipient)
            network = Network(sender, recipient, local)
            shown = Playground(network, Request(items=[AUTHENTICATION]))
            assert controls(shown, "Start the local network again") == []
            for words in ("2 Create the Request", "3 Send the Request"):
                press(shown, words)
            stop(folder)
            press(shown, "Next: Fetch the Request")
            problem, *_ = alerts(shown)
            assert "connect()" not in problem
            assert next_of(shown) == "Next, at the Recipient: Fetch the Request."
            control(shown.composer, "Title").value = "Typed meanwhile"
            press(shown, "Start the local network again")
            assert alerts(shown) == []
            assert controls(shown, "Start the local network again") == []
            assert control(shown.composer, "Title").value == "Typed meanwhile"
            assert "✔ The Request is valid" in status(shown.composer)
            press(shown, "Play it through")
            assert next_of(shown) == "It is over: the Request was accepted."
            shown.stage.close()
            network.local.close()


def test_a_request_that_expires_meanwhile_is_over(played):
    shown = played(AUTHENTICATION)
    soon = datetime.now(UTC) + timedelta(seconds=3)
    shown.composer.request = Request(items=[AUTHENTICATION], expires_at=soon)
    for words in ("2 Create the Request", "3 Send the Request", "4 Fetch the Request"):
        press(shown, words)
    until(lambda: datetime.now(UTC) > soon)
    press(shown, "6 Send the decision")
    assert alerts(shown)
    until(lambda: shown.step("receive") or "expired" in next_of(shown))
    assert next_of(shown) == "It is over: the Request has expired, and nobody can answer it any more."
    shown.composer.request = Request(items=[AUTHENTICATION])
    press(shown, "Play it through")
    assert next_of(shown) == "It is over: the Request was accepted."


def test_a_request_that_is_under_way_is_taken_up_by_another_playground(played):
    title = f"Under way {secrets.token_hex(4)}"
    before = played(AuthenticationRequestItem(title=title, must_be_accepted=True))
    for words in ("2 Create the Request", "3 Send the Request", "4 Fetch the Request"):
        press(before, words)
    after = played(AUTHENTICATION)
    assert next_of(after) == "Next, at the Sender: Check the Request."
    choose(after, title)
    assert after.play.round.request_id == before.play.round.request_id
    assert next_of(after) == "Next, at the Recipient: Check the decision."
    press(after, "Play it through")
    assert next_of(after) == "It is over: the Request was accepted."
    offered = [each for found in controls(played(AUTHENTICATION), "Under way") for each in options(found)]
    assert not [each for each in offered if title in each]
    press(before, "6 Send the decision")  # it does not know that yet
    assert "has to be in status" in " ".join(alerts(before))
    assert next_of(before) == "Next, at the Sender: Read the Response."


def test_what_was_done_is_copied_as_one_program(played, network):
    shown = played(AUTHENTICATION)
    assert "validate" not in shown.as_python()
    press(shown, "Play it through")
    program = shown.as_python()
    assert f"connect({network.state.data_dir!r})".replace("'", '"') in program
    assert "incoming.accept(incoming.id, decision)" in program
    assert program in read(shown)


def test_played_unattended_it_is_stored_as_steps_and_the_response(played, network):
    shown = played(AUTHENTICATION)
    before = text_of(html_of(shown))
    assert "Next, at the Sender: Check the Request." in before
    assert "✔ done" not in before
    shown.play_unattended()
    stored = text_of(html_of(shown))
    assert stored.count("✔ done") == len(STEPS)
    assert "It is over: the Request was accepted." in stored
    assert "Response: ✔ Accepted" in stored
    assert network.state.data_dir not in html_of(shown)
    assert repr(shown).splitlines()[0] == "Playground: “Is it you?”"
    assert repr(shown).splitlines()[-1] == "It is over: the Request was accepted."


def test_unattended_what_goes_wrong_is_an_error(both):
    shown = Playground(both, GROUPED)
    with pytest.raises(UserError, match="Colour"):
        shown.play_unattended()
    assert "Colour" in repr(shown).splitlines()[-1]
    assert "Colour" in text_of(html_of(shown))


def test_where_somebody_looks_on_it_waits_for_clicks(played, monkeypatch):
    shown = played(AUTHENTICATION)
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    shown.play_unattended()
    assert next_of(shown) == "Next, at the Sender: Check the Request."


def test_what_a_peer_wrote_stays_text(played):
    shown = played(AuthenticationRequestItem(title=EVIL, description=EVIL, must_be_accepted=True))
    press(shown, "Play it through")
    for page in (*pieces(shown), html_of(shown)):
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert "\x07" not in page
