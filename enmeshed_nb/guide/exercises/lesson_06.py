"""Exercises of the lesson Authentication."""

from collections.abc import Iterator
from datetime import timedelta

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import AuthenticationRequestItem
from enmeshed_nb.guide.exercises.checks import accepted, asks, fetched, item_of, returned, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, missing, there, wrong

_SHORT = timedelta(minutes=5)


def _with_session(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    item = item_of(request, AuthenticationRequestItem)
    yield whether(
        item,
        "It asks for an authentication.",
        "It does not ask for an authentication.",
        "Use an `AuthenticationRequestItem` with this title.",
    )
    yield whether(
        request.content.metadata or (item and item.metadata),
        "It has metadata: a note for your own program.",
        "It has no metadata.",
        'Give the item a note of your own: `metadata={"order": "4711"}`.',
    )
    end = request.content.expires_at
    yield whether(
        end and end - request.created_at <= _SHORT,
        "It can be answered for five minutes at most.",
        "It can be answered for longer than five minutes." if end else "It has no end.",
        "`Request(…, expires_at=datetime.now(UTC) + timedelta(minutes=5))`: the end belongs to the Request.",
    )
    if (yield from accepted(sides, request)):
        yield returned(request)


def _too_late(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    if not request.content.expires_at:
        yield wrong(
            "It has no end, so it never expires.",
            "`Request(…, expires_at=datetime.now(UTC) + timedelta(seconds=3))`. Ask again for that.",
        )
        return
    incoming = yield from fetched(sides, request)
    if incoming is None:
        return
    if incoming.response:
        yield wrong("The Recipient has decided it.", "Ask again, and let nobody decide.")
        return
    yield there("Nobody has decided it.")
    for side, status in (("Recipient", incoming.status), ("Sender", request.status)):
        if status == "Expired":
            yield there(f"At the {side} it is `Expired`.")
        else:
            yield missing(
                f"At the {side} it is not `Expired` yet, but `{status}`.",
                'Its time is not over. `wait_for_status(sender.requests.outgoing, …, "Expired")` waits for it.',
            )


TASKS = (
    Task(
        id="06-a",
        title="Whose payment is it?",
        text="The Sender asks “Do you want to pay 20 euros?” as an authentication. It can be answered for five minutes "
        "at most, and its metadata say which of your orders it belongs to. The Recipient confirms it.",
        hints=(
            "A good question has three things: title, end and metadata. The lesson's Request has them.",
            "`metadata` is JSON of your own, at the item or at the Request; `expires_at` belongs to the Request.",
            "`ask(sender, recipient, request)` accepts every item and fetches the Response.",
        ),
        solution="""\
from datetime import UTC, datetime, timedelta

from enmeshed_nb import AuthenticationRequestItem, Request, ask

pay = {"title": "Do you want to pay 20 euros?", "metadata": {"order": "4711"}}
request = Request(
    items=[AuthenticationRequestItem(**pay, must_be_accepted=True)],
    expires_at=datetime.now(UTC) + timedelta(minutes=4),
)
ask(sender, recipient, request)
""",
        check=asks("Do you want to pay 20 euros?", _with_session),
    ),
    Task(
        id="06-b",
        title="Nobody answers",
        text="The Sender asks “Are you still there?” as an authentication. The Recipient fetches the Request and does "
        "not decide it, until it is expired at both sides.",
        hints=(
            "Give the Request an end that comes soon, some seconds from now.",
            "`send_request` sends it, `wait_for_request` fetches it before its time is over.",
            '`wait_for_status(sender.requests.outgoing, sent.id, "Expired")` waits for the end.',
        ),
        solution="""\
from datetime import UTC, datetime, timedelta

from enmeshed_nb import AuthenticationRequestItem, Request, send_request, wait_for_request, wait_for_status

item = AuthenticationRequestItem(title="Are you still there?", must_be_accepted=True)
short = Request(items=[item], expires_at=datetime.now(UTC) + timedelta(seconds=3))
sent = send_request(sender, short, recipient.account.identity_info().address)
wait_for_request(recipient, sent.source.reference)
wait_for_status(sender.requests.outgoing, sent.id, "Expired")
""",
        check=asks("Are you still there?", _too_late),
    ),
)
