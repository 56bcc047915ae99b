"""The time of a network is moved: what expires by it expires, and everything else goes on."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from enmeshed_nb import (
    AuthenticationRequestItem,
    Request,
    ask,
    establish_relationship,
    send_request,
    wait_for,
    wait_for_request,
)
from enmeshed_nb.connector import ApiError
from enmeshed_nb.content import ArbitraryRelationshipTemplateContent
from enmeshed_nb.localnet import LocalNetwork, NetworkClock, NetworkError
from enmeshed_nb.network import Network
from enmeshed_nb.testing import local_network
from tests.conftest import connectors_of, enmeshed_nb, is_gone, until, up

REQUEST = Request(items=[AuthenticationRequestItem(title="Who are you?", must_be_accepted=True)])


@pytest.fixture(scope="module")
def moving():
    with local_network() as network:
        yield network


def test_what_expires_by_the_time_expires_on_both_sides(moving):
    sender, recipient = moving.related()
    now = moving.clock.now()
    week = REQUEST.model_copy(update={"expires_at": now + timedelta(days=7)})
    peer = recipient.account.identity_info().address
    expiring, lasting = (send_request(sender, each, peer) for each in (week, REQUEST))
    for each in (expiring, lasting):
        wait_for_request(recipient, each.source.reference)
    template = sender.relationship_templates.create_own(
        ArbitraryRelationshipTemplateContent(value={}), now + timedelta(days=7)
    )
    before = moving.clock.ahead

    assert timedelta() <= moving.clock.advance(days=8) - (now + timedelta(days=8)) < timedelta(minutes=2)

    assert moving.clock.ahead - before == timedelta(days=8)
    for side in (sender.requests.outgoing, recipient.requests.incoming):
        assert side.get(expiring.id).status == "Expired"
        assert side.get(lasting.id).status != "Expired"
    with pytest.raises(ApiError, match="recordNotFound"):
        recipient.relationship_templates.load_peer(template.reference)


def test_everything_else_goes_on_and_happens_at_the_new_time(moving):
    sender, recipient = moving.related()
    moving.clock.advance(days=1)
    answered = ask(sender, recipient, REQUEST)
    assert answered.response.content.result == "Accepted"
    records = [
        answered.created_at,
        answered.response.created_at,
        sender.messages.get(answered.source.reference).created_at,
        recipient.requests.incoming.get(answered.id).created_at,
    ]
    assert all(abs(each - moving.clock.now()) < timedelta(minutes=2) for each in records)


def test_who_is_in_the_middle_of_something_is_not_disturbed(moving):
    pairs = [moving.related() for _ in range(3)]

    def many(pair):
        return [ask(*pair, REQUEST).response.content.result for _ in range(6)]

    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(many, pair) for pair in pairs]
        for _ in range(8):
            moving.clock.advance(minutes=7)
        assert [each.result() for each in asking] == [["Accepted"] * 6] * 3


def test_an_identity_is_gone_when_its_time_to_think_is_over(moving):
    sender = moving.connector("sender", {"debug": True})
    recipient = moving.connector("recipient")
    establish_relationship(recipient, sender)
    sender.identity_deletion_process.initiate()
    moving.clock.advance(days=60)

    def told():
        recipient.account.sync()
        (relationship,) = recipient.relationships.list()
        return relationship.status == "DeletionProposed" or relationship.peer_deletion_info

    assert wait_for(told)


def test_it_stays_moved_after_a_stop_and_after_a_kill(folder):
    state = up(folder)
    assert NetworkClock(folder).ahead == timedelta()
    NetworkClock(folder).advance(days=3, hours=1)
    enmeshed_nb("down", "--data-dir", folder)
    state = up(folder)
    for kill in (False, True):
        if kill:
            os.killpg(state["pid"], signal.SIGKILL)
            until(lambda pid=state["pid"]: is_gone(pid))
            state = up(folder)
        assert NetworkClock(folder).ahead == timedelta(days=3, hours=1)
        sender, recipient = connectors_of(state).values()
        with sender, recipient:
            token = sender.tokens.create_own({"what": "ever"}, datetime.now(UTC) + timedelta(days=4))
            assert token.created_at - datetime.now(UTC) > timedelta(days=3)


@pytest.mark.parametrize("by", [{}, {"days": 0}, {"hours": -1}])
def test_it_goes_forward_only(moving, by):
    before = moving.clock.ahead
    with pytest.raises(ValueError, match="goes forward only"):
        moving.clock.advance(**by)
    assert moving.clock.ahead == before


def test_it_goes_no_further_than_dates_do(moving):
    before = moving.clock.ahead
    with pytest.raises(NetworkError, match="at most 100 years"):
        moving.clock.advance(days=365 * 101)
    assert moving.clock.ahead == before
    assert ask(*moving.related(), REQUEST).status == "Completed"


def test_own_connectors_have_a_time_of_their_own(sender, recipient):
    with pytest.raises(NetworkError, match="only the time of the local network"):
        _ = Network(sender, recipient).clock


def test_by_command(folder):
    nothing = enmeshed_nb("clock", "--data-dir", folder)
    assert (nothing.returncode, "No network runs" in nothing.stderr) == (1, True)
    with LocalNetwork.open(folder) as opened:
        assert enmeshed_nb("clock", "--data-dir", folder).stdout.endswith(" UTC\n")
        for arguments in ([], ["--days", "-1"], ["--days", "1e300"]):
            refused = enmeshed_nb("clock", "advance", *arguments, "--data-dir", folder)
            assert (refused.returncode, "Say how far, and forward" in refused.stderr) == (2, True)
        moved = enmeshed_nb("clock", "advance", "--days", "31", "--data-dir", folder)
        assert moved.stdout.endswith(", 31 days, 0:00:00 ahead of the real time\n")
        assert "is 31 days, 0:00:00 ahead of the real one" in enmeshed_nb("status", "--data-dir", folder).stdout
        assert opened.clock.ahead == timedelta(days=31)
