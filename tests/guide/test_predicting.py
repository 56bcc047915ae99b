"""What is predicted, and how it is judged by what happened."""

import pytest

from enmeshed_nb.content import Request
from enmeshed_nb.guide import NoErrorError, Prediction, PredictionError, expect_error
from tests.widgets.samples import AUTHENTICATION

STATUSES = ("Draft", "Open", "Completed")


@pytest.mark.parametrize(
    ("choices", "predicted", "happened", "is_right"),
    [
        (STATUSES, "Open", "Open", True),
        (STATUSES, "Draft", "Open", False),
        (STATUSES, "Draft", "Expired", False),
        ((True, False), True, True, True),
        ((True, False), False, True, False),
        (range(3), 1, 1, True),
        (range(3), 1, True, False),
        ({"a": "the first", "b": "the second"}, "b", "b", True),
        (int, 3, 3, True),
        (int, "3", 3.0, True),
        (int, "1.5", 1.5, True),
        (int, "2", 3, False),
        (int, "1", True, False),
    ],
)
def test_a_prediction_is_judged_by_what_happened(choices, predicted, happened, is_right):
    prediction = Prediction("What then?", choices)
    prediction.predict(predicted)
    assert prediction.comparison is None
    assert prediction.compare(happened, "So it is.").is_right is is_right
    assert prediction.comparison == prediction.compare(happened, "So it is.")


def test_both_are_told_in_the_words_of_the_choices():
    prediction = Prediction("What then?", {"error.x": "an error", "fine": "nothing"})
    prediction.predict("fine")
    compared = prediction.compare("error.x", "Because.")
    assert (compared.question, compared.predicted, compared.actual) == ("What then?", "nothing", "an error")
    assert compared.why == "Because."
    assert prediction.compare("error.y").actual == "error.y"
    yes = Prediction("Really?")
    yes.predict(answer=True)
    assert (yes.compare(happened=False).predicted, yes.compare(happened=False).actual) == ("Yes", "No")
    assert Prediction("How much?", int).compare(2.50).actual == "2.5"
    assert Prediction("Which?", STATUSES).compare(("a", "b")).actual == "('a', 'b')"


def test_without_a_prediction_nothing_is_judged():
    compared = Prediction("Which?", STATUSES).compare("Open")
    assert (compared.predicted, compared.is_right, compared.actual) == (None, None, "Open")


def test_one_may_change_ones_mind_until_it_is_compared_and_not_afterwards():
    prediction = Prediction("Which?", STATUSES)
    for each in ("Draft", None, "Open"):
        prediction.predict(each)
    assert prediction.compare("Completed").predicted == "Open"
    assert prediction.is_closed
    with pytest.raises(PredictionError, match="compared already"):
        prediction.predict("Completed")
    assert prediction.compare("Open").is_right  # the step was done again, otherwise


def test_who_predicted_nothing_can_still_do_so_once():
    prediction = Prediction("Which?", STATUSES)
    prediction.compare("Open")
    assert not prediction.is_closed
    prediction.predict("Draft")
    assert prediction.comparison.is_right is False
    with pytest.raises(PredictionError):
        prediction.predict("Open")


@pytest.mark.parametrize(
    ("choices", "answer", "said"),
    [
        (STATUSES, "Closed", "'Closed' is none of the choices.(.|\n)*'Draft', 'Open', 'Completed'"),
        ((True, False), 1, "1 is none of the choices"),
        (int, "many", "“many” is no number.(.|\n)*12 or 1.5"),
        (int, True, "True is no number"),
    ],
)
def test_what_is_no_answer_is_refused_and_does_not_stay(choices, answer, said):
    prediction = Prediction("Which?", choices)
    prediction.predict(next(iter(prediction.choices), 1))
    with pytest.raises(PredictionError, match=said):
        prediction.predict(answer)
    assert prediction.predicted is None


@pytest.mark.parametrize(("question", "choices"), [(" ", STATUSES), ("Which?", ()), ("Which?", ("one",))])
def test_a_question_needs_words_and_choices(question, choices):
    with pytest.raises(PredictionError, match="There is no"):
        Prediction(question, choices)


def test_an_error_and_a_check_explain_themselves(sender):
    with expect_error() as failed:
        assert (failed.code, str(failed)) == ("", "")
        with pytest.raises(PredictionError, match="Nothing has failed yet"):
            Prediction("And now?", STATUSES).compare(failed)
        sender.messages.get("MSG00000000000000000")
    compared = Prediction("And now?", STATUSES).compare(failed)
    assert compared.actual == failed.code == "error.runtime.recordNotFound"
    assert compared.why == failed.explanation == str(failed)
    assert "There is no such object at this Connector" in compared.why
    assert Prediction("And now?", STATUSES).compare(failed, "In other words.").why == "In other words."

    choices = {"fine": "Nothing.", "error": "It is refused."}
    assert Prediction("And now?", choices).compare(failed).actual == "It is refused."
    assert (
        Prediction("And now?", {**choices, failed.code: "It is not found."}).compare(failed).actual
        == "It is not found."
    )
    assert Prediction("And now?", choices).compare("an error").actual == "an error"

    myself = sender.account.identity_info().address
    prediction = Prediction("Valid?")
    prediction.predict(answer=False)
    compared = prediction.compare(sender.requests.outgoing.validate(Request(items=[AUTHENTICATION]), myself))
    assert (compared.is_right, compared.actual) == (True, "No")
    assert "The peer is this Connector itself" in compared.why


def test_an_error_without_a_name_is_not_printed_and_must_come(sender, capsys):
    with pytest.raises(NoErrorError, match="An error was expected, and nothing failed"), expect_error():
        sender.account.identity_info()
    with expect_error() as failed:  # the client refuses it: there is no code
        sender.messages.send("nobody", sender)
    assert (failed.code, Prediction("?", STATUSES).compare(failed).actual) == ("", "InvalidInput")
    assert capsys.readouterr().out == ""
