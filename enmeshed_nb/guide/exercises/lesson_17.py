"""Exercises of the lesson Several parties."""

from collections.abc import Iterator
from typing import Any

from enmeshed_nb.connector import LocalRequest, Message
from enmeshed_nb.content import ArbitraryMessageContent, Consent, CreateAttributeRequestItem
from enmeshed_nb.guide.exercises.checks import (
    accepted,
    answer_to,
    arrived,
    asks,
    attribute_of,
    item_of,
    returned,
    sent,
    whether,
)
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, best, missing, there, wrong

_KIND = "minutes"


def _withdrawn(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    item = item_of(request, CreateAttributeRequestItem)
    if not isinstance(item, CreateAttributeRequestItem) or not isinstance(
        getattr(item.attribute, "value", None), Consent
    ):
        yield wrong(
            "It asks for no consent that lasts.",
            "Use a `CreateAttributeRequestItem` with a `RelationshipAttribute` whose value is a `Consent`.",
        )
        return
    yield there("It asks for a consent that lasts.")
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    back = returned(request)
    yield back
    attribute_id = getattr(answer_to(incoming, CreateAttributeRequestItem), "attribute_id", None)
    if attribute_id is None:
        yield wrong("The Recipient has rejected the consent itself.", "Ask again, and accept each item.")
        return
    if back.state != "there":
        return
    if attribute_of(sides.recipient, attribute_id, "Consent"):
        yield missing(
            "The Recipient has not withdrawn the consent.",
            "It deletes the Attribute at its own Connector: `recipient.attributes.delete(attribute_id)`.",
        )
        return
    yield there("The Recipient has withdrawn the consent.")
    known = attribute_of(sides.sender, attribute_id, "Consent")
    if known and known.deletion_info is None:
        yield missing(
            "The Sender does not know of it yet.",
            "A Notification tells it. Synchronise the Sender: `sender.account.sync()`.",
        )
    else:
        yield whether(
            known,
            "The Sender knows of it.",
            "The Sender has deleted its copy: it has no proof of what was agreed to.",
            "Ask again, and let only the Recipient delete.",
        )


def _minutes(sides: Sides) -> Iterator[Finding]:
    tries = [each for each in sent(sides) if _value(each).get("kind") == _KIND]
    if not tries:
        yield missing(
            f"The Sender has sent the Recipient no unstructured content whose `kind` is “{_KIND}” yet.",
            f'`sender.messages.send(peer, ArbitraryMessageContent(value={{"kind": "{_KIND}", "points": […]}}))`.',
        )
    yield from best(_with_points(sides, each) for each in tries)


def _value(message: Message) -> dict[str, Any]:
    value = message.content.value if isinstance(message.content, ArbitraryMessageContent) else None
    return value if isinstance(value, dict) else {}


def _with_points(sides: Sides, message: Message) -> Iterator[Finding]:
    yield there(f"The Sender has sent unstructured content whose `kind` is “{_KIND}”.")
    points = _value(message).get("points")
    yield whether(
        isinstance(points, list) and len(points) > 1,
        "It has two points or more.",
        "It has no list with two points or more.",
        '`"points": ["roof", "garden"]` in the value. Send it again.',
    )
    yield arrived(sides, message)


TASKS = (
    Task(
        id="17-a",
        title="Taken back",
        text="The Sender asks the Recipient for a consent that lasts, by a Request with the title “Your part in the "
        "raffle”. The Recipient accepts, and the Response comes back. Then the Recipient withdraws its consent, and "
        "the Sender knows of it.",
        hints=(
            "A consent that lasts is a `RelationshipAttribute` whose value is a `Consent`; a "
            "`CreateAttributeRequestItem` asks for it.",
            "It belongs to the Recipient, who can delete it: `recipient.attributes.delete(attribute_id)`.",
            "The Sender is told by a Notification, when it synchronises; then its copy has a `deletion_info`.",
        ),
        solution="""\
import secrets

from enmeshed_nb import Request, ask, wait_for
from enmeshed_nb.content import Consent, CreateAttributeRequestItem, RelationshipAttribute

value, key = Consent(consent="I take part in the raffle."), f"raffle-{secrets.token_hex(4)}"
attribute = RelationshipAttribute(owner="", key=key, confidentiality="private", value=value)
item = CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)
given = ask(sender, recipient, Request(title="Your part in the raffle", items=[item]))
consent_id = given.response.content.items[0].attribute_id
recipient.attributes.delete(consent_id)
wait_for(lambda: sender.attributes.get(consent_id).deletion_info, sync_with=sender)
""",
        check=asks("Your part in the raffle", _withdrawn),
    ),
    Task(
        id="17-b",
        title="The minutes for a program",
        text="The Sender sends the Recipient unstructured content: its `kind` is `minutes`, and its `points` are a "
        "list of two texts or more. The Recipient has it in the end.",
        hints=(
            "No Request and no Mail: the content of the Message is an `ArbitraryMessageContent`.",
            "Its `value` is any JSON, such as a dict with `kind` and `points`.",
            "The Recipient gets the Message when it synchronises.",
        ),
        solution="""\
from enmeshed_nb.content import ArbitraryMessageContent

minutes = ArbitraryMessageContent(value={"kind": "minutes", "points": ["roof", "garden"]})
sender.messages.send(recipient.account.identity_info().address, minutes)
recipient.account.sync()
""",
        check=_minutes,
    ),
)
