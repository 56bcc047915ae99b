"""Exercises of the lesson Attributes."""

from collections.abc import Iterator

from enmeshed_nb.connector import LocalAttribute, LocalRequest
from enmeshed_nb.content import IdentityAttribute, PhoneNumber, ShareAttributeRequestItem
from enmeshed_nb.guide.exercises.checks import accepted, asks, item_of, newest, returned, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, best, missing, there, wrong


def _is_number(attribute: object) -> bool:
    return isinstance(attribute, IdentityAttribute) and isinstance(attribute.value, PhoneNumber)


def _shared(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    item = item_of(request, ShareAttributeRequestItem)
    if not isinstance(item, ShareAttributeRequestItem):
        yield wrong(
            "It does not share an Attribute.",
            "What is about the Sender itself is shared: use a `ShareAttributeRequestItem`.",
        )
        return
    yield whether(
        _is_number(item.attribute),
        "It shares a telephone number.",
        "What it shares is no telephone number.",
        "Create the Attribute with a `PhoneNumber` first: `sender.attributes.create(PhoneNumber(value=…))`.",
    )
    if (yield from accepted(sides, request)) is None:
        return
    known = sides.recipient.attributes.list_peer(sides.addresses["sender"], {"content.value.@type": "PhoneNumber"})
    yield whether(
        item.attribute_id in [each.id for each in known],
        "The Recipient has the number.",
        "The Recipient does not have the number.",
        "Did it delete it? Share it again.",
    )
    yield returned(request)


def _renewed(sides: Sides) -> Iterator[Finding]:
    own = sides.sender.attributes.list_own_identity({"content.value.@type": "PhoneNumber"}, only_latest_versions=False)
    tries = newest(own, sides)
    if not tries:
        yield missing(
            "The Sender has made no new telephone number yet.",
            "Share one first, as in the exercise before, then renew it.",
        )
    yield from best(_known(sides, each) for each in tries)


def _known(sides: Sides, newer: LocalAttribute) -> Iterator[Finding]:
    yield there("The Sender has a new telephone number.")
    if newer.succeeds is None:
        yield wrong(
            "It is another number beside the old one, not its new version.",
            "`sender.attributes.succeed(old_id, PhoneNumber(value=…))` makes a new version of the one that was shared.",
        )
        return
    yield there("It is the new version of an older one.")
    peer = sides.addresses["recipient"]
    if not any(each.peer == peer for each in sides.sender.attributes.forwarding_details(newer.succeeds)):
        yield wrong(
            "The Recipient never had the older one.", "Renew the number that you have shared with the Recipient."
        )
        return
    if not any(each.peer == peer for each in sides.sender.attributes.forwarding_details(newer.id)):
        yield missing(
            "The Sender has not told the Recipient.", "`sender.attributes.notify_peer(successor_id, peer)` tells it."
        )
        return
    yield there("The Sender has told the Recipient.")
    if any(each.id == newer.id for each in sides.recipient.attributes.list_peer(sides.addresses["sender"])):
        yield there("The Recipient has the new number.")
    else:
        yield missing(
            "The Recipient does not have the new number yet.",
            "A Notification brings it. Synchronise the Recipient: `recipient.account.sync()`.",
        )


TASKS = (
    Task(
        id="07-a",
        title="Tell your number",
        text="The Sender has a telephone number of its own and shares it with the Recipient, by a Request with the "
        "title “Our telephone number”. The Recipient accepts.",
        hints=(
            "First the Attribute, then the Request: `sender.attributes.create(PhoneNumber(value=…))`.",
            "The item holds an exact copy and the id: "
            "`ShareAttributeRequestItem(attribute=own.content, attribute_id=own.id, must_be_accepted=True)`.",
            "The title is the Request's. `ask` does the rest.",
        ),
        solution="""\
import secrets

from enmeshed_nb import Request, ask
from enmeshed_nb.content import PhoneNumber, ShareAttributeRequestItem

own = sender.attributes.create(PhoneNumber(value=f"0049 {secrets.randbelow(10**9)}"))
item = ShareAttributeRequestItem(attribute=own.content, attribute_id=own.id, must_be_accepted=True)
ask(sender, recipient, Request(title="Our telephone number", items=[item]))
""",
        check=asks("Our telephone number", _shared),
    ),
    Task(
        id="07-b",
        title="The number changes",
        text="The Sender has a new telephone number, and the Recipient, with whom the old one was shared, learns it: "
        "not as another number, but as a new version of the old one.",
        hints=(
            "A new version of an Attribute is a succession: `sender.attributes.succeed(old_id, …)`.",
            "The peer keeps the old version until it is told: `sender.attributes.notify_peer(successor_id, peer)`.",
            "The Recipient gets the Notification when it synchronises.",
        ),
        solution="""\
import secrets

from enmeshed_nb import Request, ask, wait_for
from enmeshed_nb.content import PhoneNumber, ShareAttributeRequestItem

old = sender.attributes.create(PhoneNumber(value=f"0049 {secrets.randbelow(10**9)}"))
item = ShareAttributeRequestItem(attribute=old.content, attribute_id=old.id, must_be_accepted=True)
ask(sender, recipient, Request(items=[item]))
new = sender.attributes.succeed(old.id, PhoneNumber(value=f"0049 {secrets.randbelow(10**9)}")).successor
sender.attributes.notify_peer(new.id, recipient.account.identity_info().address)
wait_for(lambda: recipient.attributes.get(old.id).succeeded_by, sync_with=recipient)
""",
        check=_renewed,
    ),
)
