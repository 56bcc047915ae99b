"""The exercises of lesson 14, done in all ways."""

import pytest

from enmeshed_nb import Decision, Request, accept_all, reject_all
from enmeshed_nb.content import (
    FormFieldRequestItem,
    RatingFormFieldSettings,
    SelectionFormFieldSettings,
    StringFormFieldSettings,
)
from tests.guide.exercises.conftest import check_solution, check_ways

WORKSHOPS = "Which workshops do you take?"


def field(settings, title="A field", required=True):
    return FormFieldRequestItem(title=title, settings=settings, must_be_accepted=required)


def stay(best=10, required=False, starred=True):
    fields = [
        field(RatingFormFieldSettings(max_rating=best), required=starred),
        field(StringFormFieldSettings(), required=required),
    ]
    return Request(title="How was your stay?", items=fields)


def workshops(*options, several=True):
    settings = SelectionFormFieldSettings(options=list(options), allow_multiple_selection=several or None)
    return Request(items=[field(settings, WORKSHOPS)])


def texts():
    return Request(title="How was your stay?", items=[field(StringFormFieldSettings())])


def answered(**answers):
    return lambda incoming: accept_all(
        incoming, {int(place[1:]): {"response": each} for place, each in answers.items()}
    )


def starred(incoming):
    return Decision(incoming).accept(0, response=9).reject(1).to_accept()


def worded(incoming):
    return Decision(incoming).reject(0).accept(1, response="Fine.").to_accept()


ALL = ("clay", "wood", "glass")
WAYS = [
    ("14-a", None, "nothing about “How was your stay?”", "exactly these words"),
    ("14-a", lambda reader: reader.send(texts()), "does not have both", "RatingFormFieldSettings"),
    ("14-a", lambda reader: reader.send(stay(best=5)), "best rating is not 10", "max_rating=10"),
    (
        "14-a",
        lambda reader: reader.ask(stay(required=True), answered(_0=9, _1="Nothing.")),
        "text must be answered",
        "must_be_accepted=False",
    ),
    ("14-a", lambda reader: reader.fetch(stay()), "has not decided", "DecisionForm"),
    ("14-a", lambda reader: reader.ask(stay(), reject_all), "has rejected it", "let the Recipient accept"),
    ("14-a", lambda reader: reader.ask(stay(starred=False), worded), "given no rating", "response=9"),
    ("14-a", lambda reader: reader.ask(stay(), answered(_0=9, _1="No.")), "has written a text", "reject(1)"),
    ("14-a", lambda reader: reader.decide(stay(), starred), "not have the Response yet", "sender.account.sync()"),
    ("14-b", None, "nothing about “Which workshops", "exactly these words"),
    (
        "14-b",
        lambda reader: reader.send(Request(items=[field(StringFormFieldSettings(), WORKSHOPS)])),
        "lets nobody choose",
        "SelectionFormFieldSettings",
    ),
    ("14-b", lambda reader: reader.ask(workshops("clay", "wood"), answered(_0=["clay", "wood"])), "not all", "glass"),
    (
        "14-b",
        lambda reader: reader.ask(workshops(*ALL, several=False), answered(_0="clay")),
        "Only one can be chosen",
        "allow_multiple_selection=True",
    ),
    ("14-b", lambda reader: reader.ask(workshops(*ALL), answered(_0=["clay"])), "chosen one or none", "are a list"),
    ("14-b", lambda reader: reader.ask(workshops(*ALL), reject_all), "has rejected it", "let the Recipient accept"),
    (
        "14-b",
        lambda reader: reader.decide(workshops(*ALL), answered(_0=["clay", "wood"])),
        "not have the Response yet",
        "sender.account.sync()",
    ),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["14-a", "14-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
