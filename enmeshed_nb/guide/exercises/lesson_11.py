"""Exercises of the lesson Your own Connectors."""

from collections.abc import Iterator

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import Mail
from enmeshed_nb.guide.exercises.checks import arrived, asks, same_words, sent
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, missing, there, wrong

_CALL, _ANSWER = "Are you reachable?", "I am reachable"


def _both_ways(sides: Sides) -> Iterator[Finding]:
    for subject, by, to in ((_CALL, "sender", "recipient"), (_ANSWER, "recipient", "sender")):
        mails = [
            each
            for each in sent(sides, by, to)
            if isinstance(each.content, Mail) and same_words(each.content.subject, subject)
        ]
        if not mails:
            yield missing(
                f"The {by.capitalize()} has sent the {to.capitalize()} no Mail with the subject “{subject}” yet.",
                f"`{by}.messages.send({to}_address, Mail(to=[{to}_address], subject=…, body=…))`, with these words.",
            )
            return
        yield there(f"The {by.capitalize()} has sent a Mail with the subject “{subject}”.")
        fetched = [arrived(sides, each, at=to) for each in mails]
        yield next((each for each in fetched if each.state == "there"), fetched[0])


def _kept_back(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    if request.status == "Draft":
        yield there("It is a `Draft`: nobody else knows of it.")
    else:
        yield wrong("It was sent.", "Create another one, and do not send it.")
        return
    if sides.recipient.requests.incoming.list(id=request.id):
        yield wrong("The Recipient has it.", "Create another one, and do not send it.")
    else:
        yield there("The Recipient does not have it.")


TASKS = (
    Task(
        id="11-a",
        title="There and back",
        text=f"The Sender sends the Recipient a Mail with the subject “{_CALL}”, and the Recipient fetches it. Then "
        f"the Recipient sends one back with the subject “{_ANSWER}”, and the Sender fetches that. With Connectors of "
        "your own these are real Mails.",
        hints=(
            "They need an active Relationship: `establish_relationship(network.sender, network.recipient)`.",
            "`messages.send(address, Mail(to=[address], subject=…, body=…))`, once at each side.",
            "Each side fetches what is for it by `account.sync()`.",
        ),
        solution="""\
from enmeshed_nb import establish_relationship, wait_for
from enmeshed_nb.content import Mail


def write(one, other, subject):
    address = other.account.identity_info().address
    sent = one.messages.send(address, Mail(to=[address], subject=subject, body="A test."))
    wait_for(lambda: [each for each in other.messages.list() if each.id == sent.id], sync_with=other)


establish_relationship(network.sender, network.recipient)
write(network.sender, network.recipient, "Are you reachable?")
write(network.recipient, network.sender, "I am reachable")
""",
        check=_both_ways,
    ),
    Task(
        id="11-b",
        title="Nobody is bothered",
        text="You want to see whether your Connector takes a Request, and nobody else shall notice. The Sender creates "
        "a Request for the Recipient with the title “Only a draft”, and does not send it.",
        hints=(
            "`validate` stores nothing. A Request that is stored, and not sent, is a `Draft`.",
            "`network.sender.requests.outgoing.create(request, peer)` creates it.",
        ),
        solution="""\
from enmeshed_nb import AuthenticationRequestItem, Request, establish_relationship

establish_relationship(network.sender, network.recipient)
peer = network.recipient.account.identity_info().address
item = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
network.sender.requests.outgoing.create(Request(title="Only a draft", items=[item]), peer)
""",
        check=asks("Only a draft", _kept_back),
    ),
)
