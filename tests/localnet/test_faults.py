"""What fails on purpose fails where it was said, as often and as long as it was said, and is over then."""

import json
import subprocess
import sys
import threading
from contextlib import closing, suppress
from datetime import timedelta

import pytest

from enmeshed_nb import AuthenticationRequestItem, Request, ask, connect, establish_relationship, wait_for_request
from enmeshed_nb.connector import ApiError, ConnectionFailed, Connector
from enmeshed_nb.localnet import LocalNetwork, NetworkError, NetworkFaults, running, stop
from enmeshed_nb.localnet.failing import chance
from enmeshed_nb.localnet.faults import (
    BackboneAway,
    ConnectorKilled,
    Cut,
    DiskFull,
    DroppedEvents,
    Latency,
    Status,
)
from enmeshed_nb.network import Network
from enmeshed_nb.testing import local_network
from tests.conftest import connectors_of, enmeshed_nb, until
from tests.listening import Answering, listening

REQUEST = Request(items=[AuthenticationRequestItem(title="Who are you?", must_be_accepted=True)])
INFO = "GET /Account/IdentityInfo"


@pytest.fixture(scope="module")
def shared():
    with local_network() as network:
        yield network


@pytest.fixture(scope="module")
def related(shared):
    return shared.related()


@pytest.fixture
def failing(shared):
    yield shared
    shared.faults.clear()
    assert shared.faults.active == []


@pytest.fixture
def sender(related, failing):
    """The Sender; its client does not ask again by itself."""
    state = next(each for each in running(failing.data_dir).connectors if each.url == related.sender.url)
    with Connector(state.url, state.api_key, name="sender", retries=0) as connector:
        yield connector


@pytest.fixture
def recipient(related):
    return related.recipient


def outcome(call):
    try:
        call()
    except ApiError as error:
        return error.status, error.code
    except ConnectionFailed:
        return "no answer"
    return "done"


def info(connector):
    return outcome(connector.account.identity_info)


INJECTED = (503, "error.connector.injectedFault")


def test_a_status_meets_the_calls_that_it_is_for_as_often_as_it_says(failing, sender, recipient):
    failing.faults.inject(Status(connector=sender, route=INFO, times=2))
    assert (info(recipient), outcome(sender.messages.list)) == ("done", "done")
    assert [info(sender), info(sender)] == [INJECTED] * 2
    assert failing.faults.active == []
    assert info(sender) == "done"


@pytest.mark.parametrize(
    ("route", "met"),
    [
        ("", [True, True, True]),
        ("GET /Messages", [False, True, False]),
        ("GET /Messages/", [False, True, False]),
        ("/Messages/*", [False, False, True]),
        ("GET /Messages/**", [False, False, True]),
        ("GET /**", [True, True, True]),
        ("POST /**", [False, False, False]),
        ("GET /api/core/v1/Account/*", [True, False, False]),
        ("GET /Mess.ges", [False, False, False]),
        ("GET /health", [False, False, False]),
    ],
)
def test_a_route_is_one_call_or_many(failing, sender, route, met):
    with failing.faults.inject(Status(connector=sender, route=route, status=599)):
        calls = (
            sender.account.identity_info,
            sender.messages.list,
            lambda: sender.messages.get("MSG00000000000000000"),
        )
        assert [outcome(call) == (599, "error.connector.injectedFault") for call in calls] == met
        assert (outcome(sender.health) == "done") is (route not in ("GET /health", "GET /**"))


def test_the_end_of_a_with_ends_it_and_no_other(failing, sender, recipient):
    other = Status(connector=recipient, route=INFO)
    failing.faults.inject(other)
    with suppress(ZeroDivisionError), failing.faults.inject(Status(connector=sender), Latency(delay=1)) as injected:
        assert [each.fault for each in failing.faults.active] == [other, *injected.faults]
        raise ZeroDivisionError
    assert [each.fault for each in failing.faults.active] == [other]
    assert (info(sender), info(recipient)[0]) == ("done", 503)
    failing.faults.clear()
    failing.faults.clear()
    assert info(recipient) == "done"


def test_it_ends_by_itself_also_where_nobody_calls(failing, sender):
    failing.faults.inject(Status(connector=sender, lasts=0.2))
    until(lambda: not failing.faults.active)
    assert info(sender) == "done"


def test_the_same_one_again_begins_anew(failing, sender):
    fault = Status(connector=sender, route=INFO, times=2)
    for _ in range(2):
        failing.faults.inject(fault)
        assert info(sender) == INJECTED
    assert [each.left for each in failing.faults.active] == [1]


@pytest.mark.parametrize("at", ["connector", "backbone"])
def test_a_seed_meets_the_same_calls(failing, sender, at):
    call = sender.account.sync if at == "backbone" else sender.account.identity_info
    route = "POST /SyncRuns" if at == "backbone" else INFO
    fault = Status(at=at, connector=sender, route=route, probability=0.5, seed=7)
    expected = [chance(7, number) < 0.5 for number in range(1, 11)]
    assert 0 < sum(expected) < 10
    for _ in range(2):
        with failing.faults.inject(fault):
            assert [outcome(call) != "done" for _ in range(10)] == expected


def test_a_connection_is_cut_before_or_after_it_is_done(failing, sender, recipient):
    peer = recipient.account.identity_info().address

    def created():
        return len(sender.requests.outgoing.list())

    for when, more in (("before", 0), ("after", 1)):
        before = created()
        with failing.faults.inject(Cut(connector=sender, route="POST /Requests/Outgoing", when=when)):
            assert outcome(lambda: sender.requests.outgoing.create(REQUEST, peer)) == "no answer"
        assert created() - before == more


def test_what_the_backbone_did_and_could_not_say_is_found_out(failing, sender, recipient):
    peer = recipient.account.identity_info().address
    created = sender.requests.outgoing.create(REQUEST, peer)
    with failing.faults.inject(Cut(at="backbone", connector=sender, route="POST /Messages", when="after", times=1)):
        assert outcome(lambda: sender.messages.send(peer, created.content)) != "done"
        assert failing.faults.active == []
    (message,) = [each for each in sender.messages.list() if each.content.id == created.id]
    assert wait_for_request(recipient, message.id).id == created.id


def test_latency_holds_up_who_calls_and_nobody_else(failing, sender, recipient):
    with failing.faults.inject(Latency(connector=sender, delay=600, route=INFO)):
        held = threading.Thread(target=sender.account.identity_info)
        held.start()
        assert info(recipient) == "done"
        assert outcome(sender.messages.list) == "done"
        assert held.is_alive()
    held.join()  # it goes on
    with failing.faults.inject(Latency(at="backbone", delay=0.01, jitter=0.02)):
        assert ask(sender, recipient, REQUEST).status == "Completed"


def test_the_backbone_is_away_for_all_or_for_one(failing, sender, recipient):
    with failing.faults.inject(BackboneAway(connector=sender)):
        assert outcome(sender.account.sync) == (500, "error.transport.request.unknown")
        assert outcome(recipient.account.sync) == "done"
    with failing.faults.inject(BackboneAway()):
        assert outcome(recipient.account.sync) == (500, "error.transport.request.unknown")
        assert [each.health().services.backbone_connection for each in (sender, recipient)] == ["unhealthy"] * 2
    assert ask(sender, recipient, REQUEST).status == "Completed"
    assert sender.health().is_healthy


def test_a_full_disk_stores_nothing_and_has_room_again(failing, sender, recipient):
    peer = recipient.account.identity_info().address
    before = {each.id for each in sender.requests.outgoing.list()}
    with failing.faults.inject(DiskFull(connector=sender)):
        calls = (
            lambda: sender.requests.outgoing.create(REQUEST, peer),
            lambda: sender.messages.send(peer, {"@type": "ArbitraryMessageContent", "value": {}}),
        )
        for call in calls:
            assert outcome(call) == (507, "error.connector.cannotStore")
        assert {each.id for each in sender.requests.outgoing.list()} == before
    assert ask(sender, recipient, REQUEST).status == "Completed"


def test_a_killed_connector_comes_back_with_what_it_had(failing, sender, recipient):
    asked = ask(sender, recipient, REQUEST)
    state = running(failing.data_dir)
    with failing.faults.inject(ConnectorKilled(connector=sender)):
        assert (info(sender), info(recipient)) == ("no answer", "done")
        now = running(failing.data_dir)
        assert now.connectors == state.connectors
        assert "was killed, and comes back" in now.unusual[-1]
    assert running(failing.data_dir) == state
    assert sender.requests.outgoing.get(asked.id).status == "Completed"
    failing.faults.inject(ConnectorKilled(connector=sender, lasts=0.1))
    until(lambda: info(sender) == "done")
    until(lambda: not failing.faults.active)
    assert ask(sender, recipient, REQUEST).status == "Completed"


def test_it_is_killed_in_the_middle_of_what_it_does_again_and_again(failing, related):
    sender, recipient = related
    over, done = threading.Event(), []

    def asking():
        while not over.is_set():
            with suppress(Exception):  # it is killed
                done.append(ask(sender, recipient, REQUEST, timeout=10).id)

    threads = [threading.Thread(target=asking) for _ in range(3)]
    for each in threads:
        each.start()
    for number in range(6):
        with failing.faults.inject(ConnectorKilled(connector=related[number % 2])):
            pass
        so_far = len(done)
        until(lambda so_far=so_far: len(done) > so_far, 90, "a Request that is answered after the kill")
    over.set()
    for each in threads:
        each.join()
    assert {*done} <= {each.id for each in sender.requests.outgoing.list(status="Completed")}
    assert ask(sender, recipient, REQUEST).status == "Completed"


def test_one_that_was_killed_twice_runs_when_both_are_over(failing, sender):
    first, second = ConnectorKilled(connector=sender), ConnectorKilled(connector=sender)
    with failing.faults.inject(first):
        with failing.faults.inject(second):
            pass
        assert info(sender) == "no answer"
    assert info(sender) == "done"
    failing.faults.inject(first, second)
    failing.faults.clear()  # both at once
    assert info(sender) == "done"


def test_one_that_was_killed_can_be_removed_and_configured_anew_and_the_network_restored(failing):
    one, other = failing.connector("one"), failing.connector("other")
    failing.faults.inject(ConnectorKilled(connector=one), Status(connector=one), ConnectorKilled(connector=other))
    failing.remove(one)
    assert [each.connector.split("-")[0] for each in failing.faults.active] == ["other"]
    name = failing.faults.active[0].connector
    with LocalNetwork.open(failing.data_dir, connectors={name: {"debug": True}}, reconfigure=True):
        assert failing.faults.active == []
        assert info(other) == "done"
    failing.snapshots.save("killed")
    failing.faults.inject(ConnectorKilled(connector=other), Status(connector=other))
    failing.snapshots.restore("killed")
    assert failing.faults.active == []
    assert info(other) == "done"
    failing.snapshots.remove("killed")
    failing.remove(other)


def test_webhooks_are_dropped(failing):
    received = []

    class Target(Answering):
        def do_POST(self):
            received.append(json.loads(self.read_body()))
            self.answer(204)

    with listening(Target) as url:
        webhooks = {"enabled": True, "webhooks": [{"triggers": ["consumption.*"], "target": {"url": url}}]}
        one = failing.connector("one", {"modules": {"webhooks": webhooks}})
        two = failing.connector("two")
        establish_relationship(one, two)
        with failing.faults.inject(DroppedEvents(connector=one)):
            ask(one, two, REQUEST)
        assert received == []
        with failing.faults.inject(DroppedEvents(connector=one, times=1)):
            ask(one, two, REQUEST)
            until(lambda: received)
            assert failing.faults.active == []
        failing.remove(one, two)


def test_events_of_the_backbone_are_dropped(failing):
    one, two = failing.connector("one", {"modules": {"sse": {"enabled": True}}}), failing.connector("two")
    establish_relationship(one, two)
    peer = one.account.identity_info().address
    content = {"@type": "ArbitraryMessageContent", "value": {}}

    def got():
        return {each.id for each in one.messages.list()}

    with failing.faults.inject(DroppedEvents(at="backbone", connector=one, times=1)):
        first = two.messages.send(peer, content)
        until(lambda: not failing.faults.active, what="the event was dropped")
        assert first.id not in got()
    second = two.messages.send(peer, content)
    until(lambda: {first.id, second.id} <= got())
    failing.remove(one, two)


def test_it_goes_with_the_process_that_injected_it_unless_that_does_not_use_the_network(failing, sender):
    program = f"""
import os, signal
from enmeshed_nb.localnet import LocalNetwork, NetworkFaults
from enmeshed_nb.localnet.faults import Status
with LocalNetwork.open({str(failing.data_dir)!r}) as network:
    network.faults.inject(Status(connector={sender.url!r}, route="{INFO}"))
    print(len(NetworkFaults({str(failing.data_dir)!r}).active), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-9, "1\n"), done.stderr
    until(lambda: not failing.faults.active)
    assert info(sender) == "done"
    alone = f"""
from enmeshed_nb.localnet import NetworkFaults
from enmeshed_nb.localnet.faults import Status
NetworkFaults({str(failing.data_dir)!r}).inject(Status(connector={sender.url!r}, route="{INFO}"))
"""
    subprocess.run([sys.executable, "-c", alone], check=True)
    assert len(failing.faults.active) == 1
    failing.faults.clear_own()  # it is not ours
    assert info(sender) == INJECTED


def test_what_cannot_be_is_refused_and_nothing_is_injected(failing, folder, related, sender):
    with pytest.raises(NetworkError, match="there is no Connector 'nobody'"):
        failing.faults.inject(Status(), Status(connector="nobody"))
    assert failing.faults.active == []
    faults = NetworkFaults(folder)
    for attempt in (lambda: faults.inject(Status()), lambda: faults.active):
        with pytest.raises(NetworkError, match="No network runs"):
            attempt()
    faults.clear()
    with pytest.raises(NetworkError, match="only the local network fails on purpose"):
        _ = Network(*related).faults


def test_a_network_can_stop_and_its_time_can_move_while_it_fails(folder):
    with closing(connect(folder)) as network:
        network.faults.inject(BackboneAway(), ConnectorKilled(connector="sender"), DiskFull())
        network.clock.advance(days=1)
        assert len(network.faults.active) == 3
        stop(folder)
    with LocalNetwork.open(folder) as opened:
        assert opened.state.faults == []
        assert opened.clock.ahead == timedelta(days=1)
        sender, recipient = connectors_of(opened.state.public()).values()
        with sender, recipient:
            establish_relationship(sender, recipient)
            assert ask(sender, recipient, REQUEST).status == "Completed"


def test_one_that_cannot_be_started_again_is_tried_again(failing, related, sender):
    failing.faults.inject(BackboneAway(), ConnectorKilled(connector=sender, lasts=0.1))
    until(lambda: failing.faults.active[-1].ends_in == 0)
    with pytest.raises(ConnectionFailed):
        sender.account.identity_info()
    failing.faults.clear()
    assert info(sender) == "done"


def test_by_command(failing, sender):
    def command(*words):
        return enmeshed_nb("faults", *words, "--data-dir", failing.data_dir)

    name = next(each.name for each in running(failing.data_dir).connectors if each.url == sender.url)
    assert command("list").stdout == "Nothing fails on purpose.\n"
    injected = command("inject", "status", "--connector", name, "--route", INFO, "--times", "2", "--lasts", "30")
    assert injected.stdout.startswith(f"{INFO} at {name} is answered with 503 (2 more times, 30 s left)")
    (one,) = json.loads(command("list", "--json").stdout)
    assert (one["kind"], one["left"], one["connector"], one["at"]) == ("status", 2, name, "connector")
    status = json.loads(enmeshed_nb("status", "--json", "--data-dir", failing.data_dir).stdout)
    assert [each["kind"] for each in status["faults"]] == ["status"]
    assert "A fault is active: GET /Account" in enmeshed_nb("status", "--data-dir", failing.data_dir).stdout
    assert info(sender) == INJECTED
    assert command("clear").returncode == 0
    assert info(sender) == "done"
    for words, problem in (
        (["status", "--status", "404"], "--status: Input should be greater than or equal to 500"),
        (["latency"], "--delay: latency needs it"),
        (["disk-full", "--route", "/Messages"], "--route: disk-full has no such option"),
        (["connector-killed"], "--connector: "),
        (["status", "--route", "Messages"], "--route: String should match"),
        (["status", "--lasts", "inf"], "--lasts: "),
    ):
        refused = command("inject", *words)
        assert (refused.returncode, problem in refused.stderr) == (2, True), refused.stderr
    assert failing.faults.active == []
