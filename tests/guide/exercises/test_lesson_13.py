"""The exercises of lesson 13, done in all ways; time passes on a network of their own."""

from contextlib import closing
from datetime import timedelta

import pytest

from enmeshed_nb import AuthenticationRequestItem, Request, connect, establish_relationship
from enmeshed_nb.localnet import stop
from tests.guide.exercises.conftest import Reader, check_solution, check_ways


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lives") / "network"
    with closing(connect(folder)) as opened:
        establish_relationship(opened.sender, opened.recipient)
        yield opened
    stop(folder)


@pytest.fixture
def reader(joined):
    return Reader(joined)


def login(title, end=None):
    return Request(items=[AuthenticationRequestItem(title=title, must_be_accepted=True)], expires_at=end)


def taxi(reader):
    return login("Do you need a taxi?", reader.network.now() + timedelta(hours=1))


def seat():
    return login("Would you like a seat at the window?")


def later(reader):
    reader.network.clock.advance(hours=2)


def late_unsent(reader):
    reader.draft(taxi(reader))
    later(reader)


def late_unfetched(reader):
    reader.send(taxi(reader))
    later(reader)


def sent_only(reader):
    reader.draft(seat())
    reader.send(seat())


def unheard(reader):
    sent_only(reader)
    reader.decide(seat())


def all_answered(reader):
    for _ in range(3):
        reader.ask(seat())


WAYS = [
    ("13-a", None, "nothing about “Do you need a taxi?”", "exactly these words"),
    ("13-a", lambda reader: reader.fetch(login("Do you need a taxi?")), "has no end", "expires_at"),
    ("13-a", lambda reader: reader.draft(taxi(reader)), "not sent", "messages.send"),
    ("13-a", late_unsent, "has not fetched it", "before its time is over"),
    ("13-a", late_unfetched, "has not fetched it", "before its time is over"),
    ("13-a", lambda reader: reader.fetch(taxi(reader)), "not up yet", "Wait for the end"),
    ("13-a", lambda reader: reader.ask(taxi(reader)), "has decided it", "do nothing"),
    ("13-b", None, "is Draft", "do not send it"),
    ("13-b", lambda reader: reader.draft(seat()), "is Open", "let nobody decide"),
    ("13-b", sent_only, "is Completed", "once the Sender synchronises"),
    ("13-b", unheard, "is Completed", "once the Sender synchronises"),
    ("13-b", all_answered, "is Draft", "do not send it"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


def test_a_request_whose_time_ran_out_is_what_is_wanted(reader):
    reader.fetch(taxi(reader))
    later(reader)
    assert reader.findings("13-a").is_done


@pytest.mark.parametrize("exercise_id", ["13-a", "13-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
