"""Exercises of the lesson The life of a Request."""

from collections.abc import Iterator

from enmeshed_nb.connector import AtLeast, LocalRequest
from enmeshed_nb.guide.exercises.checks import asks, fetched, is_about, newest
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, missing, there, wrong

_SEAT = "Would you like a seat at the window?"


def _too_late(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    if request.content.expires_at is None:
        yield wrong(
            "It has no end, so it never expires.",
            "Ask again, with `expires_at=network.now() + timedelta(seconds=5)` in the Request.",
        )
        return
    yield there("It has an end.")
    incoming = yield from fetched(sides, request)
    if incoming is None:
        return
    if incoming.response:
        yield wrong("The Recipient has decided it.", "Ask again, and let the Recipient do nothing.")
        return
    if request.status == incoming.status == "Expired":
        yield there("It is Expired at both sides.")
    else:
        yield missing(
            "Its time is not up yet.",
            'Wait for the end: `wait_for_status(sender.requests.outgoing, sent.id, "Expired")`. If it is far away, ask '
            "again.",
        )


def _three_lives(sides: Sides) -> Iterator[Finding]:
    created = sides.sender.requests.outgoing.list(peer=sides.addresses["recipient"], created_at=AtLeast(sides.since))
    statuses = {each.status for each in newest(created, sides) if is_about(each, _SEAT)}
    for status, hint in (
        ("Draft", "`sender.requests.outgoing.create(request, peer)` creates one; do not send it."),
        ("Open", "Send one, and let nobody decide it: `send_request(sender, request, peer)`."),
        ("Completed", "`ask` goes all the way. A Request that was decided is Completed once the Sender synchronises."),
    ):
        if status in statuses:
            yield there(f"One of the Sender's Requests about “{_SEAT}” is {status}.")
        else:
            yield missing(f"None of the Sender's Requests about “{_SEAT}” is {status}.", hint)


TASKS = (
    Task(
        id="13-a",
        title="Too late for a taxi",
        text="The Sender asks the Recipient for an authentication with the title “Do you need a taxi?”. The Request "
        "ends a few seconds later. The Recipient receives it and does not answer. In the end it is Expired at "
        "both sides.",
        hints=(
            "The end is a property of the Request: `Request(items=[…], expires_at=…)`.",
            "`network.now()` is what time it is on this network; add `timedelta(seconds=5)`.",
            "`wait_for_status` waits for any status you name, also for `Expired`.",
        ),
        solution="""\
from datetime import timedelta

from enmeshed_nb import AuthenticationRequestItem, Request, send_request, wait_for_request, wait_for_status

sender, recipient = network.sender, network.recipient
item = AuthenticationRequestItem(title="Do you need a taxi?", must_be_accepted=True)
request = Request(items=[item], expires_at=network.now() + timedelta(seconds=5))
sent = send_request(sender, request, recipient.account.identity_info().address)
wait_for_request(recipient, sent.source.reference)
wait_for_status(sender.requests.outgoing, sent.id, "Expired")
""",
        check=asks("Do you need a taxi?", _too_late),
    ),
    Task(
        id="13-b",
        title="Three lives at once",
        text=f"The Sender has three Requests for the Recipient, each with the title “{_SEAT}”. One is a Draft, one is "
        "Open, one is Completed.",
        hints=(
            "The same Request can be created three times: each gets an id of its own.",
            "What was only created is a Draft, what was sent is Open.",
            "Completed it is when the Recipient has decided and the Sender has synchronised; `ask` does all of that.",
        ),
        solution="""\
from enmeshed_nb import AuthenticationRequestItem, Request, ask, send_request

sender, recipient = network.sender, network.recipient
peer = recipient.account.identity_info().address
item = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
request = Request(title="Would you like a seat at the window?", items=[item])
sender.requests.outgoing.create(request, peer)
send_request(sender, request, peer)
ask(sender, recipient, request)
""",
        check=_three_lives,
    ),
)
