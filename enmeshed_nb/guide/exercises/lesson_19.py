"""Exercises of the lesson When the network fails."""

from collections import defaultdict
from collections.abc import Iterator

from enmeshed_nb.connector import LocalRequest, Message
from enmeshed_nb.content import Mail
from enmeshed_nb.guide.exercises.checks import accepted, arrived, asks, returned, same_words, sent, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, best, missing, there

_SUBJECT = "Your parcel is here"


def _once(sides: Sides) -> Iterator[Finding]:
    tries: dict[str, list[Message]] = defaultdict(list)
    for message in sent(sides):
        if isinstance(message.content, Mail) and same_words(message.content.subject, _SUBJECT):
            tries[message.content.body].append(message)
    if not tries:
        yield missing(
            f"The Sender has sent the Recipient no Mail with the subject “{_SUBJECT}” yet.",
            f'`Mail(to=[peer], subject="{_SUBJECT}", body=…)`, sent by `sender.messages.send(…)`.',
        )
    yield from best(_alike(sides, each) for each in tries.values())


def _alike(sides: Sides, mails: list[Message]) -> Iterator[Finding]:
    yield there(f"The Sender has sent a Mail with the subject “{_SUBJECT}”.")
    yield whether(
        len(mails) == 1,
        "It was sent once.",
        f"It was sent {len(mails)} times, with the same body.",
        "After an error look into `sender.messages.list()`, and send only what is not there. Try again, with another "
        "body.",
    )
    yield arrived(sides, mails[0])


def _got_through(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    incoming = yield from accepted(sides, request)
    if incoming is None:
        return
    if incoming.status == "Completed":
        yield there("The Recipient's Connector has sent the Response.")
    else:
        yield missing(
            "The Recipient's Connector has not sent the Response yet.",
            "It does so by itself, as soon as it can reach the Backbone: is a fault still there?",
        )
        return
    yield returned(request)


TASKS = (
    Task(
        id="19-a",
        title="One parcel, one Mail",
        text=f"The Sender sends the Recipient a Mail with the subject “{_SUBJECT}”, and the answer to this call is "
        "lost. The Mail must be sent once, and only once, whatever was done. The Recipient has it in the end. Mails "
        "with the same body count as one, so write another body for each try.",
        hints=(
            'The fault is `Cut(connector=sender, route="POST /Messages", when="after")`. With `when="before"`, nothing '
            "was done. Try both.",
            "After an error, look whether a Mail with this body is in `sender.messages.list()`.",
            "Send it only if it is not there. Then `recipient.account.sync()`.",
        ),
        solution="""\
import secrets
from contextlib import nullcontext, suppress

from enmeshed_nb import ConnectorError
from enmeshed_nb.content import Mail
from enmeshed_nb.localnet.faults import Cut

peer = recipient.account.identity_info().address
mail = Mail(to=[peer], subject="Your parcel is here", body=f"Number {secrets.token_hex(4)}.")
lost = Cut(connector=sender, route="POST /Messages", when="after")
with network.faults.inject(lost) if network.local else nullcontext(), suppress(ConnectorError):
    sender.messages.send(peer, mail)
if all(getattr(each.content, "body", "") != mail.body for each in sender.messages.list()):
    sender.messages.send(peer, mail)
recipient.account.sync()
""",
        check=_once,
    ),
    Task(
        id="19-b",
        title="A yes without a Backbone",
        text="The Sender asks the Recipient for an authentication with the title “Is the pass open again?”. When the "
        "Recipient has received it, the Backbone is away for its Connector; it accepts all the same. When the Backbone "
        "is back, the Response reaches the Sender.",
        hints=(
            "The fault is `BackboneAway(connector=recipient)`; it ends with its `with`.",
            "To accept is up to the Connector alone. It sends the Response by itself when it can.",
            '`wait_for_status(recipient.requests.incoming, incoming.id, "Completed")` waits for that; then the Sender '
            "synchronises.",
        ),
        solution="""\
from contextlib import nullcontext

from enmeshed_nb import (
    AuthenticationRequestItem,
    Request,
    accept_all,
    send_request,
    wait_for_request,
    wait_for_status,
)
from enmeshed_nb.localnet.faults import BackboneAway

item = AuthenticationRequestItem(title="Is the pass open again?", must_be_accepted=True)
sent = send_request(sender, Request(items=[item]), recipient.account.identity_info().address)
incoming = wait_for_request(recipient, sent.source.reference)
with network.faults.inject(BackboneAway(connector=recipient)) if network.local else nullcontext():
    recipient.requests.incoming.accept(incoming.id, accept_all(incoming))
wait_for_status(recipient.requests.incoming, incoming.id, "Completed")
wait_for_status(sender.requests.outgoing, sent.id, "Completed", sync=sender)
""",
        check=asks("Is the pass open again?", _got_through),
    ),
)
