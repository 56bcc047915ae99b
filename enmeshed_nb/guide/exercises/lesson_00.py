"""Exercises of the lesson Start here."""

import json
from collections.abc import Iterator

from enmeshed_nb.connector import Message
from enmeshed_nb.content import ArbitraryMessageContent, Mail
from enmeshed_nb.guide.exercises.checks import arrived, same_words, sent
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, best, missing, there, wrong

_THANKS = "Thank you for your Mail"


def _is_thanks(message: Message) -> bool:
    return isinstance(message.content, Mail) and same_words(message.content.subject, _THANKS)


def _thanked(sides: Sides) -> Iterator[Finding]:
    tries = [each for each in sent(sides, by="recipient", to="sender") if _is_thanks(each)]
    if not tries and any(_is_thanks(each) for each in sent(sides)):
        yield wrong(
            "The Sender has sent this Mail, and the Recipient should.",
            "Each Connector sends what is its own: `recipient.messages.send(sender_address, mail)`.",
        )
    elif not tries:
        yield missing(
            f"The Recipient has sent the Sender no Mail with the subject “{_THANKS}” yet.",
            "`Mail(to=[sender_address], subject=…, body=…)`. Use exactly these words as its subject.",
        )
    yield from best(
        [there(f"The Recipient has sent a Mail with the subject “{_THANKS}”."), arrived(sides, each, at="sender")]
        for each in tries
    )


def _measured(sides: Sides) -> Iterator[Finding]:
    tries = [each for each in sent(sides) if "temperature" in json.dumps(each.content.model_dump()).casefold()]
    if not tries:
        yield missing(
            "The Sender has sent the Recipient no Message with a `temperature` yet.",
            "Its content is an `ArbitraryMessageContent`; `sender.messages.send(recipient_address, …)` sends it.",
        )
    yield from best(_with_temperature(sides, each) for each in tries)


def _with_temperature(sides: Sides, message: Message) -> Iterator[Finding]:
    content = message.content
    if not isinstance(content, ArbitraryMessageContent):
        yield wrong(
            f"The Sender has sent a temperature in a Message of another kind: {content.type_name}.",
            "What is for programs goes into an `ArbitraryMessageContent(value=…)`.",
        )
        return
    value = content.value.get("temperature") if isinstance(content.value, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        yield wrong(
            "The `temperature` that the Sender has sent is no number.",
            'It is a number in `ArbitraryMessageContent(value={"temperature": 21})`.',
        )
        return
    yield there("The Sender has sent a temperature.")
    yield arrived(sides, message)


TASKS = (
    Task(
        id="00-a",
        title="Write back",
        text=f"The Recipient writes the Sender a Mail with the subject “{_THANKS}”, and the Sender fetches it.",
        hints=(
            "It is the way of the first Message, from the other side.",
            "The Mail needs the Sender's address: `sender.account.identity_info().address`.",
            "Nothing arrives by itself: `sender.account.sync()` fetches it.",
        ),
        solution="""\
from enmeshed_nb import establish_relationship, wait_for
from enmeshed_nb.content import Mail

establish_relationship(sender, recipient)
sender_address = sender.account.identity_info().address
mail = Mail(to=[sender_address], subject="Thank you for your Mail", body="I have read it.")
sent = recipient.messages.send(sender_address, mail)
wait_for(lambda: [each for each in sender.messages.list() if each.id == sent.id], sync_with=sender)
""",
        check=_thanked,
    ),
    Task(
        id="00-b",
        title="A Message for a program",
        text="The Sender sends the Recipient a Message that is for programs: JSON of your own, with a number as "
        "`temperature`. The Recipient fetches it.",
        hints=(
            "A Mail is for people. For anything else there is the `ArbitraryMessageContent`.",
            'It is in `enmeshed_nb.content`, and its `value` is any JSON: `{"temperature": 21}`.',
            "`recipient.account.sync()` fetches it.",
        ),
        solution="""\
from enmeshed_nb import establish_relationship, wait_for
from enmeshed_nb.content import ArbitraryMessageContent

establish_relationship(sender, recipient)
measured = ArbitraryMessageContent(value={"temperature": 21})
sent = sender.messages.send(recipient.account.identity_info().address, measured)
wait_for(lambda: [each for each in recipient.messages.list() if each.id == sent.id], sync_with=recipient)
""",
        check=_measured,
    ),
)
