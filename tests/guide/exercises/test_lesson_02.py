"""The exercises of lesson 02, done in all ways."""

import pytest

from enmeshed_nb import AuthenticationRequestItem, ConsentRequestItem, Decision, Request, RequestItemGroup, reject_all
from tests.guide.exercises.conftest import check_solution, check_ways

CALL = Request(items=[AuthenticationRequestItem(title="May we call you?", must_be_accepted=True)])
CONSENT = Request(
    title="May we call you?", items=[ConsentRequestItem(consent="You may call me.", must_be_accepted=True)]
)
HERE = AuthenticationRequestItem(title="Are you here?", must_be_accepted=True)
CAR = AuthenticationRequestItem(title="Did you come by car?", must_be_accepted=False)


def visit(*items):
    return Request(title="Your visit", items=list(items))


def partly(incoming):
    return Decision(incoming).accept((0, 0)).reject((0, 1)).to_accept()


def no_reason(incoming):
    return reject_all(incoming)


WAYS = [
    ("02-a", None, "nothing about “May we call you?”", "exactly these words"),
    ("02-a", lambda reader: reader.draft(CALL), "created, and not sent", "messages.send"),
    ("02-a", lambda reader: reader.send(CALL), "has not fetched it", "recipient.account.sync()"),
    ("02-a", lambda reader: reader.fetch(CALL), "has not decided", "reject_all"),
    ("02-a", lambda reader: reader.ask(CALL), "has accepted it", "let the Recipient reject"),
    ("02-a", lambda reader: reader.ask(CALL, no_reason), "has not said why", "message=…"),
    ("02-a", lambda reader: reader.ask(CONSENT, reject_all), "not ask for an authentication", "AuthenticationRequestI"),
    ("02-b", None, "nothing about “Your visit”", "exactly these words"),
    ("02-b", lambda reader: reader.ask(visit(HERE, CAR)), "has no group", "RequestItemGroup"),
    ("02-b", lambda reader: reader.ask(visit(RequestItemGroup(items=[HERE, HERE]))), "does not have both", "=False"),
    (
        "02-b",
        lambda reader: reader.ask(visit(RequestItemGroup(items=[HERE, CAR]))),
        "not required, too",
        "reject((0, 1))",
    ),
    (
        "02-b",
        lambda reader: reader.ask(visit(RequestItemGroup(items=[HERE, CAR])), reject_all),
        "rejected it",
        "accept",
    ),
    (
        "02-b",
        lambda reader: reader.decide(visit(RequestItemGroup(items=[HERE, CAR])), partly),
        "does not have the Response yet",
        "sender.account.sync()",
    ),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["02-a", "02-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)


def test_what_was_done_before_it_began_does_not_count(reader, joined):
    reader.solve("02-a")
    late = type(reader)(joined)
    assert [each.state for each in late.findings("02-a").all] == ["missing"]
    assert reader.findings("02-a").is_done


def test_a_good_try_counts_whatever_was_tried_before_and_after(reader):
    reader.ask(CALL)
    reader.solve("02-a")
    reader.draft(CALL)
    assert reader.findings("02-a").is_done


def test_words_count_not_how_they_are_written(reader):
    other = AuthenticationRequestItem(title="may we call  you", must_be_accepted=False)
    answered = Request(items=[RequestItemGroup(items=[other])])
    reader.ask(answered, lambda incoming: reject_all(incoming, message="No."))
    assert reader.findings("02-a").is_done
