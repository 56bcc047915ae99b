"""Exercises of the lesson One-time consent."""

from collections.abc import Iterator
from datetime import timedelta

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import ConsentRequestItem, walk
from enmeshed_nb.guide.exercises.checks import accepted, asks, item_of, rejected, returned, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task
from enmeshed_nb.guide.results import answers_of

_DAY = timedelta(days=1)


def _one_of_two(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    consents = [item for _, item in walk(request.content) if isinstance(item, ConsentRequestItem)]
    yield whether(
        len(consents) > 1,
        "It asks for two consents.",
        "It does not ask for two consents.",
        "Give the Request two items, each a `ConsentRequestItem`.",
    )
    yield whether(
        {each.must_be_accepted for each in consents} == {True, False},
        "One consent is required, the other one is not.",
        "There must be both: a consent that is required, and one that is not.",
        "`must_be_accepted=True` for the use of the pictures, `must_be_accepted=False` for the newsletter.",
    )
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    results = {item.must_be_accepted: answer.result for _, item, answer in answers_of(incoming) if answer}
    yield whether(
        results == {True: "Accepted", False: "Rejected"},
        "The Recipient has given only the consent that is required.",
        "The Recipient has given the other consent, too.",
        "`Decision(incoming).accept(0).reject(1).to_accept()` decides each of them. Ask again for that.",
    )
    yield returned(request)


def _refused(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    yield whether(
        item_of(request, ConsentRequestItem),
        "It asks for a consent.",
        "It does not ask for a consent.",
        "Use a `ConsentRequestItem(consent=…)` with this text.",
    )
    end = request.content.expires_at
    yield whether(
        end and end - request.created_at <= _DAY,
        "It can be answered for a day at most.",
        "It can be answered for longer than a day." if end else "It has no end.",
        "`Request(…, expires_at=datetime.now(UTC) + timedelta(hours=24))`: the end belongs to the Request.",
    )
    incoming = yield from rejected(sides, request)
    if incoming is None:
        return
    yield whether(
        any(getattr(answer, "code", None) for _, _, answer in answers_of(incoming)),
        "The rejection has a code for programs.",
        "The rejection has no code.",
        "`reject_all(incoming, code=…)`. A `message` is for people, a `code` for programs. Ask again for that.",
    )
    yield returned(request)


TASKS = (
    Task(
        id="04-a",
        title="Pictures yes, newsletter no",
        text="The Sender sends a Request with the title “Your photos”. It asks for two consents: that the pictures may "
        "be used is required, the newsletter is not. The Recipient gives the consent that is required, and only that.",
        hints=(
            "Both consents are items of one Request, and the title is the Request's.",
            "`must_be_accepted` of each item says whether it is required.",
            "`Decision(incoming).accept(0).reject(1).to_accept()` decides the two items.",
        ),
        solution="""\
from enmeshed_nb import ConsentRequestItem, Decision, Request, ask

use = ConsentRequestItem(consent="You may use the pictures of the course.", must_be_accepted=True)
mail = ConsentRequestItem(consent="Send me the newsletter.", must_be_accepted=False)
photos = Request(title="Your photos", items=[use, mail])
ask(sender, recipient, photos, lambda incoming: Decision(incoming).accept(0).reject(1).to_accept())
""",
        check=asks("Your photos", _one_of_two),
    ),
    Task(
        id="04-b",
        title="No, by a program",
        text="The Sender asks for the consent “You may call me in the evening.”, which can be given for one day at "
        "most. The Recipient refuses, with a code that the Sender's program can read.",
        hints=(
            "How long it can be answered is the `expires_at` of the Request.",
            "A rejection can have a `message` for people and a `code` for programs.",
            "`reject_all(incoming, code=…)` writes the decision.",
        ),
        solution="""\
from datetime import UTC, datetime, timedelta

from enmeshed_nb import ConsentRequestItem, Request, ask, reject_all

calls = ConsentRequestItem(consent="You may call me in the evening.", must_be_accepted=True)
request = Request(items=[calls], expires_at=datetime.now(UTC) + timedelta(hours=23))
ask(sender, recipient, request, lambda incoming: reject_all(incoming, code="no.calls"))
""",
        check=asks("You may call me in the evening.", _refused),
    ),
)
