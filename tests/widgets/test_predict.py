"""Predicting by clicks, and what is said of it before and after the step."""

import re

import pytest

from enmeshed_nb.guide import PredictionError
from enmeshed_nb.widgets import Predict
from tests.widgets.samples import EVIL
from tests.widgets.seen import alerts, choose, control, html_of, options, read, status, text_of

QUESTION = "Which status has the Request?"
STATUSES = ("Draft", "Open", "none")


def opened(view):
    """Whether the comparison is open, not folded."""
    return bool(re.search(r"<details[^>]* open", html_of(view)))


@pytest.mark.parametrize(("click", "verdict"), [("Open", "✔ As you predicted"), ("Draft", "≠ Not as you predicted")])
def test_what_was_clicked_is_judged_in_both_places(click, verdict):
    guess = Predict(QUESTION, STATUSES)
    assert QUESTION in read(guess)
    assert "is judged when you run the cell that compares" in status(guess)
    choose(guess, click)
    assert guess.answer == click
    assert status(guess) == f"✎ Noted {click}. You can change it until it is compared."
    view = guess.compare("Open", "It is on its way.")
    for said in (text_of(html_of(view)), status(guess)):
        assert said.startswith(verdict)
        assert re.search(f"You predicted: . {click}What happened: ➤ OpenIt is on its way.$", said)
    assert opened(view)
    assert str(view).splitlines() == [f"Compare: {QUESTION}", f"predicted: {click}", "Open", "It is on its way."]


def test_without_an_answer_the_comparison_is_folded_and_nothing_is_judged():
    guess = Predict(QUESTION, STATUSES)
    view = guess.compare("none", "It waits at the Backbone.")
    assert not opened(view)
    said = text_of(html_of(view))
    assert said == f"Compare: {QUESTION}You predicted nothing.What happened: noneIt waits at the Backbone."
    assert str(view).splitlines()[1] == "no prediction"
    assert status(guess) == "Compared, without a prediction. You can still make one."
    assert not control(guess, QUESTION).disabled
    choose(guess, "none")
    assert status(guess).startswith("✔ As you predicted")
    assert control(guess, QUESTION).disabled


def test_after_the_comparison_the_mind_cannot_be_changed():
    guess = Predict(QUESTION, STATUSES)
    choose(guess, "Draft")
    choose(guess, "Open")
    guess.compare("none")
    assert control(guess, QUESTION).disabled
    control(guess, QUESTION).value = "none"  # a click that was under way
    assert alerts(guess) == [
        "✘ This prediction was compared already. To predict anew, run the cell with the question again."
    ]
    assert guess.answer == "Open"
    with pytest.raises(PredictionError):
        guess.answer = "none"
    assert status(guess).startswith("≠ Not as you predicted")


def test_a_number_is_typed_and_what_is_none_is_told():
    guess = Predict("How many items?", int)
    field = control(guess, "Your answer")
    field.value = "several"
    assert alerts(guess) == ["✘ “several” is no number. Write it like 12 or 1.5."]
    assert (guess.answer, field.value) == (None, "several")
    field.value = " 3 "
    assert (guess.answer, alerts(guess)) == (3, [])
    field.value = ""
    assert (guess.answer, alerts(guess)) == (None, [])
    assert status(guess).startswith("Your answer is judged")
    field.value = "2.0"
    assert text_of(html_of(guess.compare(2))).startswith("✔ As you predicted")
    assert field.disabled


def test_what_python_predicts_is_shown():
    guess = Predict(QUESTION, STATUSES)
    guess.answer = "Open"
    assert control(guess, QUESTION).value == "Open"
    guess.answer = None
    assert control(guess, QUESTION).value is None
    number = Predict("How many?", int)
    number.answer = 4
    assert control(number, "Your answer").value == "4"
    yes = Predict("Really?")
    choose(yes, "No")
    assert yes.answer is False


def test_what_can_be_chosen_is_shown_in_words():
    guess = Predict("And then?", {"error.x": "It is refused.", "Decided": "Decided"})
    assert options(control(guess, "And then?")) == ["It is refused.", "Decided"]
    kept = text_of(html_of(guess))
    assert kept == "Predict: And then?It is refused.Decided"
    assert repr(guess).splitlines() == ["Predict: And then?", "  ○ It is refused.", "  ○ Decided"]
    assert "A number." in text_of(html_of(Predict("How many?", int)))
    choose(guess, "Decided")
    assert "What happened: It is refused." in text_of(html_of(guess.compare("error.x")))


def test_what_a_peer_wrote_is_text_and_nothing_else():
    guess = Predict(EVIL, (EVIL, "b"))
    control(guess, EVIL).value = EVIL
    view = guess.compare(EVIL, f"{EVIL}\n{EVIL}")
    for page in (html_of(guess), html_of(view), *[each.value for each in guess.children if hasattr(each, "value")][:1]):
        assert "<script" not in page
        assert "<img" not in page
        assert "\x07" not in page
        assert "&lt;script&gt;" in page
    assert "\x07" not in repr(guess) + repr(view)
