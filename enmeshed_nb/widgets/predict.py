"""Predict what a step will do, and compare with what the network then did."""

from functools import partial
from typing import Any

import htpy
import ipywidgets
from htpy import Node

from enmeshed_nb.guide.predicting import YES_OR_NO, Answer, Choices, Comparison, Prediction
from enmeshed_nb.widgets.panel import Panel, line, note
from enmeshed_nb.widgets.view import STATES, View, folded, mark, page, state, text


class Predict(Panel):
    """A question that the reader answers before the step, and that the step then answers.

        known = Predict("Is there a Relationship now?")                                    # yes or no
        status = Predict("Which status has the Request?", ("Draft", "Open", "Completed"))
        items = Predict("How many items does the Response have?", int)

        known.compare(len(sender.relationships.list()) > 0, "A template is an offer.")     # in a cell after the step

    Args:
        question: what is asked.
        choices: the possible answers, each with its words if it does not say all itself; `int` for any number.

    Attributes:
        prediction: the question, and what is predicted.
    """

    def __init__(self, question: str, choices: Choices = YES_OR_NO) -> None:
        self.prediction = Prediction(question, choices)
        if self.prediction.choices:
            self._entry = ipywidgets.ToggleButtons(  # JupyterLab takes the arrow keys that radio buttons need
                options=[(text(words), each) for each, words in self.prediction.choices.items()],
                value=None,
                tooltip=question,
                style={"button_width": "auto"},
            )
        else:
            self._entry = line("Your answer", placeholder="a number")
        self._state = ipywidgets.HTML(layout=ipywidgets.Layout(margin="0"))
        super().__init__()
        self._entry.add_class("enb-answers")
        self._entry.observe(self._taken, "value")
        self.children = [note(self._question()), self._entry, self._state, self.problem]
        self.changed()

    @property
    def answer(self) -> Answer | None:
        """What is predicted, None as long as nothing is; setting it does what a click does.

        Raises:
            PredictionError: it was compared already, it is none of the choices, or no number.
        """
        return self.prediction.predicted

    @answer.setter
    def answer(self, answer: Answer | None) -> None:
        self.prediction.predict(answer)
        self._show_answer()
        self.changed()

    def compare(self, happened: Any, why: str = "") -> "CompareView":
        """Compare the prediction with what happened; from now on it stays.

        Who predicted nothing can still do so: then the answer is told here.

        Args:
            happened: what the network did: a value such as a status or a number, a `ValidationResult`, or the error
                of `expect_error`.
            why: why it is so, in a sentence.
        """
        compared = self.prediction.compare(happened, why)
        self.changed()
        return CompareView(compared)

    def after_change(self) -> None:
        """Show what is predicted and, once that is known, what happened."""
        self._entry.disabled = self.prediction.is_closed
        self._state.value = page(self._said())

    def static(self) -> Node:
        """Return the question with its possible answers."""
        choices = self.prediction.choices.values()
        return htpy.div(".enb-card")[
            self._question(),
            htpy.ul[(htpy.li[text(words)] for words in choices)] if choices else htpy.p["A number."],
        ]

    def _taken(self, _: object) -> None:
        """Take over what was clicked or typed."""
        written = self._entry.value
        self.attempt(partial(self._predict, written.strip() or None if isinstance(written, str) else written))

    def _predict(self, answer: Answer | None) -> None:
        try:
            self.prediction.predict(answer)
        finally:
            self.after_change()

    def _show_answer(self) -> None:
        """Show in the control what was predicted from Python."""
        predicted = self.prediction.predicted
        self._entry.unobserve(self._taken, "value")
        self._entry.value = predicted if self.prediction.choices else "" if predicted is None else str(predicted)
        self._entry.observe(self._taken, "value")

    def _question(self) -> Node:
        return htpy.p[htpy.b["Predict: "], text(self.prediction.question)]

    def _said(self) -> Node:
        compared = self.prediction.comparison
        if compared and compared.predicted is not None:
            return htpy.div(role="status")[htpy.p[_verdict(compared)], _told(compared)]
        if compared:
            return htpy.p(".enb-muted", role="status")["Compared, without a prediction. You can still make one."]
        if self.prediction.predicted is None:
            return htpy.p(".enb-muted", role="status")["Your answer is judged when you run the cell that compares."]
        noted = text(self.prediction.words_for(self.prediction.predicted))
        return htpy.p(role="status")[mark("busy", "✎ Noted"), f" {noted}. You can change it until it is compared."]

    def __str__(self) -> str:
        choices = self.prediction.choices.values()
        return "\n".join([f"Predict: {self.prediction.question}", *(f"  ○ {words}" for words in choices)])


class CompareView(View):
    """A prediction beside what happened: open for who predicted something, else folded.

    Args:
        comparison: the two.

    Attributes:
        comparison: the two.
    """

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison

    def __str__(self) -> str:
        compared = self.comparison
        predicted = "no prediction" if compared.predicted is None else f"predicted: {compared.predicted}"
        return "\n".join(filter(None, (f"Compare: {compared.question}", predicted, compared.actual, compared.why)))

    def html(self) -> Node:
        """Return verdict, prediction, what happened, and why."""
        compared = self.comparison
        verdict = [_verdict(compared), " "] if compared.predicted is not None else [htpy.b["Compare: "]]
        return folded([verdict, text(compared.question)], _told(compared), is_open=compared.predicted is not None)


def _verdict(compared: Comparison) -> Node:
    return mark("good", "✔ As you predicted") if compared.is_right else mark("warn", "≠ Not as you predicted")


def _told(compared: Comparison) -> Node:
    """Return what was predicted, what happened, and why."""
    predicted = (
        "You predicted nothing." if compared.predicted is None else ["You predicted: ", _shown(compared.predicted)]
    )
    return [
        htpy.p[predicted],
        htpy.p["What happened: ", _shown(compared.actual)],
        [htpy.p[text(each)] for each in compared.why.split("\n") if each],
    ]


def _shown(words: str) -> Node:
    return state(words) if words in STATES else htpy.b[text(words)]
