"""The exercises of lesson 19, done in all ways, on a network of their own."""

import secrets
from contextlib import closing

import pytest

from enmeshed_nb import AuthenticationRequestItem, Request, accept_all, connect, establish_relationship, reject_all
from enmeshed_nb.content import Mail
from enmeshed_nb.localnet import stop
from enmeshed_nb.localnet.faults import BackboneAway
from tests.guide.exercises.conftest import Reader, check_solution, check_ways


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    folder = tmp_path_factory.mktemp("failing") / "network"
    with closing(connect(folder)) as opened:
        establish_relationship(opened.sender, opened.recipient)
        yield opened
    stop(folder)


@pytest.fixture
def reader(joined):
    return Reader(joined)


def send(reader, times=1, subject="Your parcel is here", fetch=True):
    mail = Mail(to=[reader.peer], subject=subject, body=f"Number {secrets.token_hex(4)}.")
    for _ in range(times):
        reader.sender.messages.send(reader.peer, mail)
    if fetch:
        reader.recipient.account.sync()


def road():
    return Request(items=[AuthenticationRequestItem(title="Is the pass open again?", must_be_accepted=True)])


WAYS = [
    ("19-a", None, "no Mail with the subject", "messages.send"),
    ("19-a", lambda reader: send(reader, subject="Your parcel"), "no Mail with the subject", "messages.send"),
    ("19-a", lambda reader: send(reader, times=2), "sent 2 times", "only what is not there"),
    ("19-a", lambda reader: send(reader, fetch=False), "has not fetched it", "recipient.account.sync()"),
    ("19-b", None, "nothing about “Is the pass", "exactly these words"),
    ("19-b", lambda reader: reader.send(road()), "has not fetched it", "recipient.account.sync()"),
    ("19-b", lambda reader: reader.fetch(road()), "has not decided", "DecisionForm"),
    ("19-b", lambda reader: reader.ask(road(), reject_all), "has rejected it", "let the Recipient accept"),
    ("19-b", lambda reader: reader.decide(road()), "not have the Response yet", "sender.account.sync()"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


def test_a_fault_that_is_still_there_is_named(reader):
    incoming = reader.fetch(road())
    with reader.network.faults.inject(BackboneAway(connector="recipient")):
        reader.recipient.requests.incoming.accept(incoming.id, accept_all(incoming))
        found = reader.findings("19-b")
        assert "has not sent the Response yet" in found.open[0].what
        assert "is a fault still there?" in found.open[0].hint


def test_a_mail_that_was_sent_once_counts_beside_one_that_was_sent_twice(reader):
    send(reader)
    send(reader, times=2)
    assert reader.findings("19-a").is_done


@pytest.mark.parametrize("exercise_id", ["19-a", "19-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
