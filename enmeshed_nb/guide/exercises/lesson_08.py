"""Exercises of the lesson Files."""

from collections.abc import Iterator

from enmeshed_nb.connector import File, LocalRequest, Message
from enmeshed_nb.content import Mail, TransferFileOwnershipRequestItem
from enmeshed_nb.guide.exercises.checks import accepted, arrived, asks, item_of, returned, same_words, sent, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, best, missing, there, wrong

_SUBJECT = "The minutes of our meeting"


def _mailed(sides: Sides) -> Iterator[Finding]:
    tries = [
        each for each in sent(sides) if isinstance(each.content, Mail) and same_words(each.content.subject, _SUBJECT)
    ]
    if not tries:
        yield missing(
            f"The Sender has sent the Recipient no Mail with the subject “{_SUBJECT}” yet.",
            f'`Mail(to=[peer], subject="{_SUBJECT}", body=…)`, sent by `sender.messages.send(…)`.',
        )
    yield from best(_with_file(sides, each) for each in tries)


def _with_file(sides: Sides, message: Message) -> Iterator[Finding]:
    yield there(f"The Sender has sent a Mail with the subject “{_SUBJECT}”.")
    if not message.attachments:
        yield wrong("No File goes along with it.", "Send it again, with the File's id: `attachments=[file.id]`.")
        return
    files = [sides.sender.files.get(each) for each in message.attachments]
    yield whether(
        any(_is_text(each) for each in files),
        "A File with a name that ends with “.txt” goes along with it.",
        "The File that goes along with it has another name.",
        "Upload it with a `filename` that ends with “.txt”, and send it again.",
    )
    yield arrived(sides, message)


def _is_text(file: File) -> bool:
    return file.filename.casefold().endswith(".txt")


def _handed_over(sides: Sides, request: LocalRequest) -> Iterator[Finding]:
    item = item_of(request, TransferFileOwnershipRequestItem)
    if not isinstance(item, TransferFileOwnershipRequestItem):
        yield wrong(
            "It hands over no File.",
            "Use a `TransferFileOwnershipRequestItem` with the File's reference and ownership token.",
        )
        return
    yield there("It offers a File.")
    if (yield from accepted(sides, request)) is None:
        return
    yield whether(
        item.file_reference in [each.reference.truncated for each in sides.recipient.files.list_own()],
        "The Recipient owns the File.",
        "The Recipient does not own the File.",
        "Did it reject the item? Offer the File again, and accept each item.",
    )
    yield returned(request)


TASKS = (
    Task(
        id="08-a",
        title="Minutes for all",
        text=f"The Sender sends the Recipient a Mail with the subject “{_SUBJECT}”. A File goes along with it, whose "
        "name ends with “.txt”. The Recipient fetches the Mail.",
        hints=(
            '`sender.files.upload_own(b"…", expires_at, filename="minutes.txt")` makes the File.',
            "`sender.messages.send(peer, mail, attachments=[file.id])` sends both.",
            "The Mail waits at the Backbone until the Recipient synchronises.",
        ),
        solution="""\
from datetime import UTC, datetime, timedelta

from enmeshed_nb import wait_for
from enmeshed_nb.content import Mail

peer = recipient.account.identity_info().address
week = datetime.now(UTC) + timedelta(days=7)
minutes = sender.files.upload_own(b"We have met.", week, filename="minutes.txt", title="Minutes")
mail = Mail(to=[peer], subject="The minutes of our meeting", body="Please read them.")
sent = sender.messages.send(peer, mail, attachments=[minutes.id])
wait_for(lambda: [each for each in recipient.messages.list() if each.id == sent.id], sync_with=recipient)
""",
        check=_mailed,
    ),
    Task(
        id="08-b",
        title="The keys to the shed",
        text="The Sender hands over a File by a Request with the title “The code of the shed”. The Recipient accepts "
        "and owns the File from then on.",
        hints=(
            "Upload the File first. It takes its `reference.truncated` and its `ownership_token` to offer it.",
            "`TransferFileOwnershipRequestItem(file_reference=…, ownership_token=…, must_be_accepted=True)` offers it.",
            "The title is the Request's. `ask` does the rest.",
        ),
        solution="""\
from datetime import UTC, datetime, timedelta

from enmeshed_nb import Request, ask
from enmeshed_nb.content import TransferFileOwnershipRequestItem

week = datetime.now(UTC) + timedelta(days=7)
file = sender.files.upload_own(b"4711", week, filename="shed.txt")
offered = {"file_reference": file.reference.truncated, "ownership_token": file.ownership_token}
item = TransferFileOwnershipRequestItem(**offered, must_be_accepted=True)
ask(sender, recipient, Request(title="The code of the shed", items=[item]))
""",
        check=asks("The code of the shed", _handed_over),
    ),
)
