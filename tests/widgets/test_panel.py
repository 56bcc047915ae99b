"""What all widgets that can be clicked share."""

import ipywidgets
import pytest

from enmeshed_nb.widgets.panel import Panel, button
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
