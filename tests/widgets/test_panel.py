"""What all widgets that can be clicked share."""

import ipywidgets
import pytest

from enmeshed_nb import Connector, Journal
from enmeshed_nb.content import Request
from enmeshed_nb.widgets import DecisionForm, PeerChooser, RequestComposer
from enmeshed_nb.widgets.panel import Panel, button
from tests.widgets.samples import AUTHENTICATION
from tests.widgets.seen import alerts, press


class Counting(Panel):
    """Counts what follows from its changes; fails if told to."""

    def __init__(self):
        super().__init__()
        self.followed = 0
        self.text = ipywidgets.Text()
        self.text.observe(lambda _: self.changed(), "value")
        self.children = [self.text, button("Fail", lambda: self.attempt(self.fail)), self.problem]

    def after_change(self):
        self.followed += 1

    def fail(self):
        raise ValueError("<b>not</b> so")


def test_an_error_is_shown_until_the_next_attempt():
    panel = Counting()
    press(panel, "Fail")
    assert alerts(panel) == ["✘ <b>not</b> so"]
    assert "<b>" not in panel.problem.value
    panel.attempt(lambda: None)
    assert alerts(panel) == []
    assert panel.problem.value == ""


def test_several_changes_can_be_one():
    panel = Counting()
    panel.text.value = "a"
    assert panel.followed == 1
    with panel.one_change():
        panel.text.value = "b"
        with panel.one_change():
            panel.text.value = "c"
        assert panel.followed == 1
    assert panel.followed == 2
    with pytest.raises(ValueError, match="not"), panel.one_change():
        panel.fail()
    assert panel.followed == 2
    panel.text.value = "e"
    assert panel.followed == 3


def test_who_asked_for_it_is_told_of_each_change_when_it_is_done():
    panel, told = Counting(), []
    panel.on_change(lambda: told.append(panel.followed))
    panel.text.value = "a"
    with panel.one_change():
        panel.text.value = "b"
        panel.text.value = "c"
    assert told == [1, 2]
    panel.on_change(panel.fail)
    panel.text.value = "d"
    assert alerts(panel) == ["✘ <b>not</b> so"]


class Asking(Panel):
    """Asks a Connector at every opportunity."""

    def __init__(self, connector):
        self.connector = connector
        self.ask()
        super().__init__()
        self.text = ipywidgets.Text()
        self.text.observe(lambda _: self.changed(), "value")
        self.children = [
            self.text,
            button("Look", lambda: self.attempt(self.ask)),
            button("Do it", lambda: self.attempt(self.ask, is_step=True)),
        ]

    def ask(self):
        self.connector.relationships.list()

    after_change = ask


def test_what_a_widget_asks_for_itself_is_no_step(network):
    state = network.state.connector("sender")
    with Connector(state.url, state.api_key) as sender, Journal(sender) as journal:
        panel = Asking(sender)
        panel.text.value = "a"
        with panel.one_change():
            panel.ask()
        press(panel, "Look")
        assert (len(journal.exchanges), len(journal.asides)) == (0, 5)
        press(panel, "Do it")
        panel.ask()
        assert (len(journal.exchanges), len(journal.asides)) == (2, 5)


def test_of_widgets_only_the_decision_is_a_step(sender, recipient, peer, incoming):
    request = incoming(AUTHENTICATION)
    with Journal(sender, recipient) as journal:
        chooser = PeerChooser(sender, address=peer)
        composer = RequestComposer(sender, chooser, Request(items=[AUTHENTICATION]))
        composer.add("ShareAttributeRequestItem")
        form = DecisionForm(recipient, request)
        form.accept_all()
        assert journal.exchanges == ()
        press(form, "Decide")
        form.decide()  # once
    assert [each.call for each in journal.exchanges] == [f"PUT /Requests/Incoming/{request.id}/Accept"]
