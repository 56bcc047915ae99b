"""Exercises of the lesson Requests via Messages."""

from collections.abc import Iterator

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import AuthenticationRequestItem, RequestItemGroup
from enmeshed_nb.guide.exercises.checks import accepted, asks, item_of, rejected, returned, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task
from enmeshed_nb.guide.results import answers_of


def _refused(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    yield whether(
        item_of(request, AuthenticationRequestItem),
        "It asks for an authentication.",
        "It does not ask for an authentication.",
        "Use an `AuthenticationRequestItem` with this title.",
    )
    incoming = yield from rejected(sides, request)
    if incoming is None:
        return
    answers = [answer for _, _, answer in answers_of(incoming)]
    yield whether(
        any(getattr(each, "message", None) for each in answers),
        "The Recipient has said why.",
        "The Recipient has not said why.",
        "Give the rejection a `message`: `reject_all(incoming, message=…)`. Ask again for that.",
    )
    yield returned(request)


def _partly(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    grouped = [item for node in request.content.items if isinstance(node, RequestItemGroup) for item in node.items]
    yield whether(
        grouped, "It has a group.", "It has no group.", "Put the two items into a `RequestItemGroup(items=[…])`."
    )
    yield whether(
        {each.must_be_accepted for each in grouped} == {True, False},
        "One item of the group is required, another one is not.",
        "The group does not have both: an item that is required, and one that is not.",
        "`must_be_accepted=True` for one, `must_be_accepted=False` for the other.",
    )
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    optional = [answer for _, item, answer in answers_of(incoming) if not item.must_be_accepted]
    yield whether(
        optional and all(answer and answer.result == "Rejected" for answer in optional),
        "The Recipient has rejected what is not required.",
        "The Recipient has accepted what is not required, too.",
        "`Decision(incoming).accept((0, 0)).reject((0, 1)).to_accept()` decides item by item. Ask again for that.",
    )
    yield returned(request)


TASKS = (
    Task(
        id="02-a",
        title="A no with a reason",
        text="The Sender asks the Recipient for an authentication with the title “May we call you?”. "
        "The Recipient rejects it and says why, in a message. The Response comes back to the Sender.",
        hints=(
            "The Request takes the same way as above: create, send, fetch, decide, fetch the Response.",
            "`reject_all(incoming, message=…)` writes the decision; "
            "`recipient.requests.incoming.reject(incoming.id, …)` sends it.",
            "The Response waits at the Backbone until the Sender synchronises. `ask` does all of this in one call.",
        ),
        solution="""\
from enmeshed_nb import AuthenticationRequestItem, Request, ask, reject_all

question = Request(items=[AuthenticationRequestItem(title="May we call you?", must_be_accepted=True)])
ask(sender, recipient, question, lambda incoming: reject_all(incoming, message="Please write to me."))
""",
        check=asks("May we call you?", _refused),
    ),
    Task(
        id="02-b",
        title="Yes to a part",
        text="The Sender sends a Request with the title “Your visit”. It has a group of two authentications: one is "
        "required, the other one is not. The Recipient accepts the Request, and of the two only what is required.",
        hints=(
            "The title belongs to the Request: `Request(title=…, items=[…])`. A group is one of its items.",
            "Items in a group have a path of two numbers: `(0, 1)` is the second item of the first group.",
            "`Decision(incoming).accept((0, 0)).reject((0, 1)).to_accept()` decides each item.",
        ),
        solution="""\
from enmeshed_nb import AuthenticationRequestItem, Decision, Request, RequestItemGroup, ask

here = AuthenticationRequestItem(title="Are you here?", must_be_accepted=True)
parking = AuthenticationRequestItem(title="Did you come by car?", must_be_accepted=False)
visit = Request(title="Your visit", items=[RequestItemGroup(items=[here, parking])])
ask(sender, recipient, visit, lambda incoming: Decision(incoming).accept((0, 0)).reject((0, 1)).to_accept())
""",
        check=asks("Your visit", _partly),
    ),
)
