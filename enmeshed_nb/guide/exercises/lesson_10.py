"""Exercises of the lesson Automate."""

from collections.abc import Iterator

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import ConsentRequestItem, CreateAttributeRequestItem
from enmeshed_nb.guide.exercises.checks import asks, item_of, returned, whether
from enmeshed_nb.guide.exercises.task import Check, Finding, Sides, Task, missing, there, wrong
from enmeshed_nb.guide.results import answers_of


def _of_clerk(check: Check) -> Check:
    """Return a check for which there must be a Connector of that name."""

    def whole(sides: Sides) -> Iterator[Finding]:
        if "clerk" not in sides.connectors:
            yield missing(
                "There is no Connector with the name “clerk”.",
                'Start it by `network.add_connector("clerk", {"modules": …})`, also once more after a restart.',
            )
            return
        yield there("There is a Connector with the name “clerk”.")
        yield from check(sides)

    return whole


def _received(sides: Sides, request: LocalRequest) -> list[LocalRequest]:
    return sides.connectors["clerk"].requests.incoming.list(id=request.id)


def _not_decided(found: list[LocalRequest]) -> Finding:
    if not found:
        return missing(
            "The clerk has not received it.",
            "Was it sent? The clerk fetches it by itself if its module `sse` is enabled.",
        )
    return missing(
        "The clerk has not decided it.",
        "Does the rule fit each item? Its `requestConfig` names the kind of item. Else a program must decide.",
    )


def _by_rule(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    yield whether(
        item_of(request, CreateAttributeRequestItem),
        "It offers an Attribute.",
        "It offers no Attribute.",
        "Use a `CreateAttributeRequestItem`, as the lesson does.",
    )
    found = _received(sides, request)
    if not found or found[0].response is None:
        yield _not_decided(found)
        return
    yield whether(
        found[0].was_automatically_decided,
        "A rule of the clerk has decided it.",
        "It was decided by hand, not by a rule.",
        'The rule stands in `{"modules": {"decider": {"automationConfig": [rule]}}}`. Ask again for that.',
    )
    yield whether(
        found[0].response.content.result == "Rejected",
        "The clerk has rejected it.",
        "The clerk has accepted it.",
        'The rule\'s `responseConfig` says what to answer: `{"accept": False, "code": …}`. Ask again for that.',
    )
    yield whether(
        any(getattr(answer, "code", None) for _, _, answer in answers_of(found[0])),
        "The rejection has a code.",
        "The rejection has no code.",
        'The `responseConfig` can have a `code`: `{"accept": False, "code": …}`. Ask again for that.',
    )
    yield returned(request)


def _by_program(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    if not item_of(request, ConsentRequestItem):
        yield wrong("It asks for no consent.", "Use a `ConsentRequestItem(consent=…)` as one of its items.")
        return
    yield there("It asks for a consent.")
    found = _received(sides, request)
    if not found or found[0].response is None:
        yield _not_decided(found)
        return
    yield whether(
        found[0].response.content.result == "Accepted",
        "The clerk's program has accepted it.",
        "The clerk's program has rejected it.",
        "What is decided stays decided. Ask again, and accept: `clerk.requests.incoming.accept(…)`.",
    )
    yield returned(request)


_CLERK = """\
rule = {
    "requestConfig": {"content.item.@type": "CreateAttributeRequestItem"},
    "responseConfig": {"accept": False, "code": "ask.a.person", "message": "Please ask a person."},
}
modules = {"sse": {"enabled": True}, "decider": {"automationConfig": [rule]}}
sender, clerk = network.sender, network.add_connector("clerk", {"modules": modules})
peer = establish_relationship(clerk, sender).peer
"""

TASKS = (
    Task(
        id="10-a",
        title="A clerk who says no",
        text="A Connector with the name “clerk” rejects each offer of an Attribute by a rule, with a code. The Sender "
        "offers it one, by a Request with the title “Your locker”, and has the Response in the end.",
        hints=(
            "The lesson's Connector *automated* has such a rule; its `responseConfig` is what changes.",
            'A new Connector is started by `network.add_connector("clerk", {"modules": …})`, with `sse` and `decider`. '
            "It needs a Relationship with the Sender.",
            "Nobody decides, and the Sender must synchronise: "
            '`wait_for_status(sender.requests.outgoing, sent.id, "Completed", sync=sender)`.',
        ),
        solution=f"""\
import secrets

from enmeshed_nb import Request, establish_relationship, send_request, wait_for_status
from enmeshed_nb.content import CreateAttributeRequestItem, ProprietaryString, RelationshipAttribute

{_CLERK}
value = ProprietaryString(title="Locker", value="12")
key = f"locker-{{secrets.token_hex(4)}}"
attribute = RelationshipAttribute(owner="", key=key, confidentiality="private", value=value)
item = CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)
sent = send_request(sender, Request(title="Your locker", items=[item]), peer)
wait_for_status(sender.requests.outgoing, sent.id, "Completed", sync=sender)
""",
        check=_of_clerk(asks("Your locker", _by_rule, to="clerk")),
    ),
    Task(
        id="10-b",
        title="What no rule decides",
        text="The Sender asks the same clerk for a consent, by a Request with the title “Your signature”. No rule can "
        "give it, so a program of the clerk's accepts the Request. The Response comes back.",
        hints=(
            "The clerk fetches the Request by itself; it can be decided when its status is `ManualDecisionRequired`.",
            '`wait_for_status(clerk.requests.incoming, sent.id, "ManualDecisionRequired")` waits for that.',
            "`clerk.requests.incoming.accept(incoming.id, accept_all(incoming))` accepts it. The Sender must sync.",
        ),
        solution=f"""\
from enmeshed_nb import (
    ConsentRequestItem,
    Request,
    accept_all,
    establish_relationship,
    send_request,
    wait_for_status,
)

{_CLERK}
item = ConsentRequestItem(consent="I have read the plan.", must_be_accepted=True)
sent = send_request(sender, Request(title="Your signature", items=[item]), peer)
incoming = wait_for_status(clerk.requests.incoming, sent.id, "ManualDecisionRequired")
clerk.requests.incoming.accept(incoming.id, accept_all(incoming))
wait_for_status(sender.requests.outgoing, sent.id, "Completed", sync=sender)
""",
        check=_of_clerk(asks("Your signature", _by_program, to="clerk")),
    ),
)
