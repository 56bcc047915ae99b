"""The exercises of lesson 08, done in all ways."""

from datetime import UTC, datetime, timedelta

import pytest

from enmeshed_nb import AuthenticationRequestItem, Decision, Request, reject_all
from enmeshed_nb.content import Mail, TransferFileOwnershipRequestItem
from tests.guide.exercises.conftest import check_solution, check_ways

IS_IT_YOU = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)


def upload(reader, filename="minutes.txt"):
    return reader.sender.files.upload_own(b"4711", datetime.now(UTC) + timedelta(days=1), filename=filename)


def send(reader, *files, subject="The minutes of our meeting"):
    content = Mail(to=[reader.peer], subject=subject, body="Enclosed.")
    reader.sender.messages.send(reader.peer, content, attachments=[each.id for each in files])


def offer(reader, *more, required=True):
    file = upload(reader)
    offered = {"file_reference": file.reference.truncated, "ownership_token": file.ownership_token}
    item = TransferFileOwnershipRequestItem(**offered, must_be_accepted=required)
    return Request(title="The code of the shed", items=[item, *more])


def second_only(incoming):
    return Decision(incoming).reject(0).accept(1).to_accept()


WAYS = [
    ("08-a", None, "no Mail with the subject", "messages.send"),
    ("08-a", lambda reader: send(reader, upload(reader), subject="Minutes"), "no Mail with the subject", "subject="),
    ("08-a", send, "No File goes along", "attachments="),
    ("08-a", lambda reader: send(reader, upload(reader, "minutes.pdf")), "another name", "filename"),
    ("08-a", lambda reader: send(reader, upload(reader)), "has not fetched it", "recipient.account.sync()"),
    ("08-b", None, "nothing about “The code of the shed”", "exactly these words"),
    ("08-b", lambda reader: reader.send(Request(title="The code of the shed", items=[IS_IT_YOU])), "no File", "Transf"),
    ("08-b", lambda reader: reader.ask(offer(reader), reject_all), "has rejected it", "let the Recipient accept"),
    (
        "08-b",
        lambda reader: reader.ask(offer(reader, IS_IT_YOU, required=False), second_only),
        "does not own the File",
        "accept each item",
    ),
    ("08-b", lambda reader: reader.decide(offer(reader)), "not have the Response yet", "sender.account.sync()"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["08-a", "08-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
