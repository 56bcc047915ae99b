"""Exercises of the lesson Persistent consent."""

from collections.abc import Iterator

from enmeshed_nb.connector import LocalAttribute, LocalRequest
from enmeshed_nb.content import (
    Consent,
    ConsentRequestItem,
    CreateAttributeRequestItem,
    RelationshipAttribute,
)
from enmeshed_nb.guide.exercises.checks import accepted, asks, item_of, newest, returned, same_words, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, best, missing, there, wrong

_ALARM = "You may store my telephone number for the alarm."


def _lasting(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    item = item_of(request, CreateAttributeRequestItem)
    if not isinstance(item, CreateAttributeRequestItem):
        yield wrong(
            "It asks for a consent that leaves no Attribute behind."
            if item_of(request, ConsentRequestItem)
            else "It creates no Attribute.",
            "A consent that lasts is an Attribute: use a `CreateAttributeRequestItem`.",
        )
        return
    attribute = item.attribute
    if not isinstance(attribute, RelationshipAttribute) or not isinstance(attribute.value, Consent):
        yield wrong(
            "The Attribute is no consent of this Relationship.",
            "Use a `RelationshipAttribute` with the value `Consent(consent=…)`.",
        )
        return
    yield there("It creates a consent.")
    yield whether(
        attribute.owner in ("", sides.addresses["recipient"]),
        "The Recipient is the owner of it.",
        "The Sender is the owner of it, so it would be the Sender's statement.",
        'It is the Recipient who consents: `owner=""`. Ask again, with another key.',
    )
    yield whether(
        attribute.key.startswith("house-rules"),
        "Its key begins with “house-rules”.",
        "Its key is another one.",
        "Both find it by its key. Ask again, with a key that begins with “house-rules”.",
    )
    if (yield from accepted(sides, request)):
        yield returned(request)


def _consents(sides: Sides) -> list[LocalAttribute]:
    """Return the consents to the alarm that the Sender has of the Recipient, the newest first."""
    found = sides.sender.attributes.list_peer(sides.addresses["recipient"], {"content.value.@type": "Consent"})
    return [
        each
        for each in newest(found, sides)
        if isinstance(each.content, RelationshipAttribute)
        and isinstance(each.content.value, Consent)
        and same_words(each.content.value.consent, _ALARM)
    ]


def _withdrawn(sides: Sides) -> Iterator[Finding]:
    tries = _consents(sides)
    if not tries:
        yield missing(
            f"The Sender has no consent “{_ALARM}” of the Recipient yet.",
            "Ask for it by a `CreateAttributeRequestItem`, and have it accepted. Use exactly these words.",
        )
    kept = {each.id for each in sides.recipient.attributes.list()}
    yield from best(_taken_back(each, kept) for each in tries)


def _taken_back(consent: LocalAttribute, kept: set[str]) -> Iterator[Finding]:
    yield there("The Recipient has given the consent.")
    if consent.id in kept:
        yield missing(
            "The Recipient has not withdrawn it.",
            "The owner deletes the Attribute: `recipient.attributes.delete(attribute_id)`.",
        )
        return
    yield there("The Recipient has withdrawn it.")
    if consent.deletion_info:
        yield there("The Sender knows that it was withdrawn.")
    else:
        yield missing(
            "The Sender does not know it yet.",
            "A Notification tells it. Synchronise the Sender: `sender.account.sync()`.",
        )


TASKS = (
    Task(
        id="05-a",
        title="The house rules",
        text="The Sender asks for a consent that lasts, by a Request with the title “Our house rules”. It is an "
        "Attribute of the Relationship that the Recipient owns, and its key begins with “house-rules”. "
        "The Recipient accepts.",
        hints=(
            "What shall last is an Attribute: the item is a `CreateAttributeRequestItem`.",
            '`RelationshipAttribute(owner="", key=…, confidentiality="private", value=Consent(consent=…))`.',
            "A key can be used once. Add a version, or a mark as the lesson does, to begin again.",
        ),
        solution="""\
import secrets

from enmeshed_nb import Request, ask
from enmeshed_nb.content import Consent, CreateAttributeRequestItem, RelationshipAttribute

attribute = RelationshipAttribute(
    owner="",
    key=f"house-rules-{secrets.token_hex(4)}",
    confidentiality="private",
    value=Consent(consent="I keep to the house rules."),
)
item = CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)
ask(sender, recipient, Request(title="Our house rules", items=[item]))
""",
        check=asks("Our house rules", _lasting),
    ),
    Task(
        id="05-b",
        title="Given and withdrawn",
        text=f"The Recipient gives the Sender the persistent consent “{_ALARM}”, then withdraws it, and the Sender "
        "learns that.",
        hints=(
            "First the consent, as in the exercise before, with this text.",
            "The Recipient owns it, so it can delete it: `recipient.attributes.delete(attribute_id)`.",
            "The Sender keeps its copy. Once it has synchronised, `deletion_info` says what became of it.",
        ),
        solution="""\
import secrets

from enmeshed_nb import Request, ask, wait_for
from enmeshed_nb.content import Consent, CreateAttributeRequestItem, RelationshipAttribute

attribute = RelationshipAttribute(
    owner="",
    key=f"alarm-{secrets.token_hex(4)}",
    confidentiality="private",
    value=Consent(consent="You may store my telephone number for the alarm."),
)
answered = ask(
    sender, recipient, Request(items=[CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)])
)
attribute_id = answered.response.content.items[0].attribute_id
recipient.attributes.delete(attribute_id)
wait_for(lambda: sender.attributes.get(attribute_id).deletion_info, sync_with=sender)
""",
        check=_withdrawn,
    ),
)
