"""Exercises of the lesson Take it home."""

from collections.abc import Iterator
from datetime import timedelta

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import ConsentRequestItem, FormFieldRequestItem, IntegerFormFieldSettings
from enmeshed_nb.guide.exercises.checks import accepted, answer_to, asks, item_of, rejected, returned, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, wrong

_THREE_DAYS = timedelta(days=3)


def _refused(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    yield whether(
        item_of(request, ConsentRequestItem),
        "It asks for a consent.",
        "It asks for no consent.",
        "`ask_for_consent` of your program asks for one.",
    )
    end = request.content.expires_at
    yield whether(
        end and end - request.created_at <= _THREE_DAYS,
        "It can be answered for three days at most.",
        "It can be answered for longer than three days.",
        "`ask_for_consent(connector, peer, consent, days=3)`: without `days`, it is a week.",
    )
    if (yield from rejected(sides, request)):
        yield returned(request)


def _counted(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    field = item_of(request, FormFieldRequestItem)
    settings = field.settings if isinstance(field, FormFieldRequestItem) else None
    if not isinstance(settings, IntegerFormFieldSettings):
        yield wrong(
            "It does not ask for a whole number.",
            "Use a `FormFieldRequestItem` with `IntegerFormFieldSettings(min=…, max=…)`.",
        )
        return
    yield whether(
        settings.max is not None,
        "It asks for a whole number that has a limit.",
        "The number has no limit.",
        "Give the settings a `max`.",
    )
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    answer = getattr(answer_to(incoming, FormFieldRequestItem), "response", None)
    yield whether(
        isinstance(answer, int),
        "The Recipient has answered with a number.",
        "The Recipient has accepted the Request, and told no number.",
        '`accept_all(incoming, {0: {"response": 2}})` answers the first item. Ask again for that.',
    )
    yield returned(request)


TASKS = (
    Task(
        id="12-a",
        title="Your program hears a no",
        text="Your program asks the Recipient for the consent “You may print my name.”, for three days at most. The "
        "Recipient rejects it, and your program knows.",
        hints=(
            "`ask_for_consent(network.sender, peer, …)` asks. It has a parameter for the days.",
            "The Recipient fetches the Request and rejects it by `reject_all`, as in the test above.",
            "`answer_of(network.sender, request_id)` synchronises until the answer is there.",
        ),
        solution="""\
from datetime import UTC, datetime, timedelta

from enmeshed_nb import ConsentRequestItem, Request, ask, reject_all

item = ConsentRequestItem(consent="You may print my name.", must_be_accepted=True)
request = Request(items=[item], expires_at=datetime.now(UTC) + timedelta(days=2))
ask(network.sender, network.recipient, request, reject_all)
""",
        check=asks("You may print my name.", _refused),
    ),
    Task(
        id="12-b",
        title="Another question",
        text="A program is easily changed. Let it ask for a whole number, with a limit, by a Request with the title "
        "“How many guests do you bring?”. The Recipient answers it, and the number is in the Response.",
        hints=(
            "Only the item changes: a `FormFieldRequestItem` with `IntegerFormFieldSettings(min=0, max=…)`.",
            'To accept it takes the answer: `accept_all(incoming, {0: {"response": 2}})`.',
            "`answered.response.content.items[0].response` is the number.",
        ),
        solution="""\
from enmeshed_nb import Request, accept_all, ask
from enmeshed_nb.content import FormFieldRequestItem, IntegerFormFieldSettings

settings = IntegerFormFieldSettings(min=0, max=4)
item = FormFieldRequestItem(title="Guests", settings=settings, must_be_accepted=True)
request = Request(title="How many guests do you bring?", items=[item])
ask(network.sender, network.recipient, request, lambda incoming: accept_all(incoming, {0: {"response": 2}}))
""",
        check=asks("How many guests do you bring?", _counted),
    ),
)
