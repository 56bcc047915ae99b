"""Exercises of the lesson Forms."""

from collections.abc import Iterator

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import (
    FormFieldRequestItem,
    RatingFormFieldSettings,
    SelectionFormFieldSettings,
    StringFormFieldSettings,
    walk,
)
from enmeshed_nb.guide.exercises.checks import accepted, asks, returned, same_words, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, there, wrong
from enmeshed_nb.guide.results import answers_of

_BEST = 10
_WORKSHOPS = "Which workshops do you take?"


def _fields(request: LocalRequest) -> list[FormFieldRequestItem]:
    return [item for _, item in walk(request.content) if isinstance(item, FormFieldRequestItem)]


def _rated(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    fields = _fields(request)
    ratings = [each for each in fields if isinstance(each.settings, RatingFormFieldSettings)]
    texts = [each for each in fields if isinstance(each.settings, StringFormFieldSettings)]
    if not ratings or not texts:
        yield wrong(
            "It does not have both: a field for a rating, and one for a text.",
            "Use two `FormFieldRequestItem`s, with `RatingFormFieldSettings` and with `StringFormFieldSettings`.",
        )
        return
    yield there("It asks for a rating and for a text.")
    yield whether(
        any(
            each.settings.max_rating == _BEST for each in ratings if isinstance(each.settings, RatingFormFieldSettings)
        ),
        "The best rating is 10.",
        "The best rating is not 10.",
        "`RatingFormFieldSettings(max_rating=10)`. Ask again for that.",
    )
    yield whether(
        not any(each.must_be_accepted for each in texts),
        "The text can be left out.",
        "The text must be answered.",
        "Ask again, with `must_be_accepted=False` for the text.",
    )
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    answers = [(item, answer.result if answer else "") for _, item, answer in answers_of(incoming)]
    yield whether(
        all(result == "Accepted" for item, result in answers if item in ratings),
        "The Recipient has given a rating.",
        "The Recipient has given no rating.",
        "Answer that field: `Decision(incoming).accept(0, response=9)`. Ask again for that.",
    )
    yield whether(
        all(result == "Rejected" for item, result in answers if item in texts),
        "The Recipient has left the text out.",
        "The Recipient has written a text.",
        "Reject that field: `Decision(incoming).accept(0, response=9).reject(1)`. Ask again for that.",
    )
    yield returned(request)


def _chosen(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    field = next((each for each in _fields(request) if same_words(each.title, _WORKSHOPS)), None)
    if field is None or not isinstance(field.settings, SelectionFormFieldSettings):
        yield wrong(
            "It lets nobody choose.", "Use a `FormFieldRequestItem` with this title and `SelectionFormFieldSettings`."
        )
        return
    yield whether(
        {"clay", "wood", "glass"} <= {each.casefold() for each in field.settings.options},
        "Clay, wood and glass are there to choose from.",
        "Clay, wood and glass are not all there to choose from.",
        '`SelectionFormFieldSettings(options=["clay", "wood", "glass"], …)`. Ask again for that.',
    )
    yield whether(
        field.settings.allow_multiple_selection,
        "Several can be chosen.",
        "Only one can be chosen.",
        "Ask again, with `allow_multiple_selection=True` in the settings.",
    )
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    response = next((getattr(answer, "response", None) for _, item, answer in answers_of(incoming) if item == field), 0)
    yield whether(
        isinstance(response, list) and len(response) > 1,
        "The Recipient has chosen two or more.",
        "The Recipient has chosen one or none.",
        'Several options are a list: `{0: {"response": ["clay", "glass"]}}`. Ask again for that.',
    )
    yield returned(request)


TASKS = (
    Task(
        id="14-a",
        title="Stars without words",
        text="The Sender sends a Request with the title “How was your stay?”. It has a field for a rating from 1 to 10 "
        "and one for a text that can be left out. The Recipient gives a rating and leaves the text out. The Response "
        "comes back.",
        hints=(
            "The title is the Request's. Each field is an item with a title of its own.",
            "`RatingFormFieldSettings(max_rating=10)`; what can be left out has `must_be_accepted=False`.",
            "`Decision(incoming).accept(0, response=9).reject(1).to_accept()` decides field by field.",
        ),
        solution="""\
from enmeshed_nb import Decision, Request, ask
from enmeshed_nb.content import FormFieldRequestItem, RatingFormFieldSettings, StringFormFieldSettings

stars, words = RatingFormFieldSettings(max_rating=10), StringFormFieldSettings(max=200)
rating = FormFieldRequestItem(title="Your rating", settings=stars, must_be_accepted=True)
remark = FormFieldRequestItem(title="What was missing?", settings=words, must_be_accepted=False)
request = Request(title="How was your stay?", items=[rating, remark])
ask(sender, recipient, request, lambda incoming: Decision(incoming).accept(0, response=9).reject(1).to_accept())
""",
        check=asks("How was your stay?", _rated),
    ),
    Task(
        id="14-b",
        title="One is not enough",
        text=f"The Sender asks the Recipient “{_WORKSHOPS}”. There are clay, wood and glass to choose from, and "
        "several can be taken. The Recipient takes two. The Response comes back.",
        hints=(
            "Options are chosen by `SelectionFormFieldSettings`; the question is the title of the field.",
            "By itself such a field takes one option; `allow_multiple_selection=True` takes several.",
            'Then the answer is a list: `accept_all(incoming, {0: {"response": ["clay", "glass"]}})`.',
        ),
        solution="""\
from enmeshed_nb import Request, accept_all, ask
from enmeshed_nb.content import FormFieldRequestItem, SelectionFormFieldSettings

choice = SelectionFormFieldSettings(options=["clay", "wood", "glass"], allow_multiple_selection=True)
item = FormFieldRequestItem(title="Which workshops do you take?", settings=choice, must_be_accepted=True)
taken = {0: {"response": ["clay", "glass"]}}
ask(sender, recipient, Request(items=[item]), lambda incoming: accept_all(incoming, taken))
""",
        check=asks(_WORKSHOPS, _chosen),
    ),
)
