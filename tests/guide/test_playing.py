"""Playing the guide by hand: the next step, any other step, kills in between, and the program of what was played."""

import ast
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from enmeshed_nb.connector import ConnectionFailed, Connector, Refused, ValidationFailed
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    ConsentRequestItem,
    FormFieldRequestItem,
    Request,
    RequestItemGroup,
    StringFormFieldSettings,
)
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide import Decision, Journal, establish_relationship, explain, reject_all, sync, wait_for
from enmeshed_nb.guide.playing import STEPS, Play, PlayError, Verdict
from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import connectors_of, is_gone, until, up

ONE = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
GROUPED = Request(
    title="Membership",
    items=[
        AuthenticationRequestItem(title="Is it you?", must_be_accepted=True),
        RequestItemGroup(
            title="About you",
            items=[
                FormFieldRequestItem(title="Colour", settings=StringFormFieldSettings(), must_be_accepted=True),
                ConsentRequestItem(consent="Newsletter", must_be_accepted=False),
            ],
        ),
    ],
)
ORDER = [step.name for step in STEPS]


def partly(request):
    made = Decision(request).accept(0).accept((1, 0), response="blue").reject((1, 1), message='Not "now".')
    return Verdict("accept", made.to_accept())


def rejecting(request):
    return Verdict("reject", reject_all(request, message="No."))


@pytest.fixture
def peer(recipient: Connector) -> str:
    return recipient.account.identity_info().address


@pytest.fixture
def play(sender: Connector, recipient: Connector, peer: str) -> Callable[..., Play]:
    def connector_of(address: str) -> Connector:
        if address == peer:
            return recipient
        raise UserError("It is up to somebody else.")

    return lambda written=ONE, **more: Play(sender, connector_of, **{"peer": peer, "written": written, **more})


def test_the_next_step_is_always_the_guides_next(play, sender, recipient):
    playing = play()
    with Journal(sender, recipient) as journal:
        names = []
        while playing.next:
            names.append(playing.next.name)
            playing.look()
            assert names[-1] not in playing.passed  # however fast the Runtime is
            assert playing.do_next(), playing.problem
            assert playing.said.endswith(".")
            assert names[-1] in playing.passed
    assert names == ORDER
    assert playing.is_over
    assert playing.passed == {*ORDER}
    assert playing.outgoing.response.content.result == "Accepted"
    assert (playing.outgoing.status, playing.incoming.status) == ("Completed", "Completed")
    assert playing.outgoing == sender.requests.outgoing.get(playing.round.request_id)
    called = [each.call.replace(playing.round.request_id, "ID").split("?")[0] for each in journal.exchanges]
    assert [each for index, each in enumerate(called) if each not in called[:index]] == [
        "POST /Requests/Outgoing/Validate",
        "POST /Requests/Outgoing",
        "POST /Messages",
        "GET /Requests/Outgoing/ID",
        "POST /Account/Sync",
        "GET /Requests/Incoming",
        "PUT /Requests/Incoming/ID/CanAccept",
        "PUT /Requests/Incoming/ID/Accept",
        "GET /Requests/Incoming/ID",
    ]
    assert playing.do_next()  # nothing is left to be done
    assert playing.is_over


@pytest.mark.parametrize(
    ("written", "judge", "results"),
    [
        (ONE, None, ["Accepted", "Accepted"]),
        (ONE, rejecting, ["Rejected", "Rejected"]),
        (GROUPED, partly, ["Accepted", "Accepted", "Accepted", "Rejected"]),
        (GROUPED, rejecting, ["Rejected", "Rejected", "Rejected", "Rejected"]),
    ],
)
def test_a_request_of_any_shape_is_played_through_with_either_outcome(play, written, judge, results):
    playing = play(written, **({"judge": judge} if judge else {}))
    steps = []
    assert playing.play_through(lambda: steps.append(playing.next and playing.next.name)), playing.problem
    assert [*steps] == [*ORDER[1:], None]
    response = playing.outgoing.response.content
    inner = [each for item in response.items for each in getattr(item, "items", [item])]
    assert [response.result, *(each.result for each in inner)] == results


def test_what_a_decision_lacks_stops_it_and_it_goes_on_when_that_is_there(play):
    playing = play(GROUPED)
    assert not playing.play_through()
    assert "“Colour”" in explain(playing.problem)
    assert playing.next.name == "check"
    assert playing.incoming.status == "ManualDecisionRequired"
    playing.judge = partly
    assert playing.play_through()
    assert playing.outgoing.response.content.result == "Accepted"


def test_another_decision_is_checked_anew(play):
    playing = play(GROUPED, judge=partly)
    while playing.next.name != "decide":
        assert playing.do_next()
    playing.judge = rejecting
    assert playing.next.name == "check"
    assert playing.do_next()
    assert playing.said == "The Request can be rejected like this."
    assert playing.next.name == "decide"


@pytest.mark.parametrize("name", [name for name in ORDER if name not in ("validate", "create")])
def test_a_step_before_its_time_says_why_and_changes_nothing(play, name):
    playing = play()
    assert not playing.do(name)
    assert playing.problem
    assert (playing.next.name, playing.outgoing, playing.rounds[-1].done) == ("validate", None, set())
    assert playing.do("create")
    if name != "send":
        assert not playing.do(name)
    assert (playing.next.name, playing.outgoing.status, playing.incoming) == ("send", "Draft", None)
    assert playing.play_through()


def test_what_the_connectors_say_of_a_wrong_order_is_kept(play):
    playing = play()
    assert not playing.do("send")
    assert isinstance(playing.problem, Refused)
    assert "must have an id" in str(playing.problem)
    assert playing.do("create")
    for name in ("check", "decide", "complete"):
        assert not playing.do(name)
        assert playing.problem.status == 404
    assert playing.play_through()
    for name, code in (
        ("send", "error.runtime.messages.cannotSendRequestThatWasAlreadySent"),
        ("decide", "error.runtime.unknown"),
    ):
        assert not playing.do(name)
        assert playing.problem.code == code
        assert playing.is_over
    assert playing.do("read")
    assert playing.problem is None


def test_an_invalid_request_is_not_created_and_what_was_written_stays(play):
    wrong = {"items": [{"@type": "ConsentRequestItem", "mustBeAccepted": True, "consent": "x", "link": "no link"}]}
    playing = play(wrong)
    assert not playing.play_through()
    assert isinstance(playing.problem, ValidationFailed | Refused)
    assert (playing.next.name, playing.outgoing, playing.written) == ("validate", None, wrong)
    playing.written = ONE.model_dump()
    assert playing.play_through()


def test_a_change_after_the_check_is_checked_again_and_one_after_the_creation_is_for_the_next(play):
    playing = play()
    assert playing.do_next()
    assert playing.next.name == "create"
    playing.written = GROUPED.model_dump()
    assert playing.next.name == "validate"
    assert playing.do("create")
    playing.written = ONE.model_dump()
    assert playing.next.name == "send"
    assert playing.outgoing.content.title == "Membership"


def test_several_requests_in_a_row_and_an_earlier_one_is_taken_up(play):
    playing = play()
    for name in ("create", "send"):
        assert playing.do(name)
    first = playing.round.request_id
    playing.begin()
    assert (playing.next.name, playing.outgoing, playing.problem) == ("validate", None, None)
    playing.written = GROUPED.model_dump()
    assert playing.do("create")
    second = playing.round.request_id
    assert playing.do("create")  # once more: that is another Request
    assert [each.request_id for each in playing.rounds] == [first, second, third := playing.round.request_id]
    assert len({first, second, third}) == 3
    assert playing.under_way()[first] == "Is it you?"
    assert playing.under_way()[second] == "Membership"
    playing.go_on(first)
    assert playing.next.name == "fetch"
    assert playing.play_through()
    assert first not in playing.under_way()
    playing.go_on(second)
    assert playing.next.name == "send"


def test_who_comes_later_goes_on_where_the_request_is(play, sender, recipient):
    before = play(GROUPED, judge=partly)
    for position, name in enumerate(ORDER[1:], 1):
        assert before.do(name), before.problem
        after = play()
        after.go_on(before.round.request_id)
        expected = {"check": "check", "decide": "receive", "complete": "receive", "receive": "read", "read": "read"}
        assert after.next.name == expected.get(name, ORDER[min(position + 1, len(ORDER) - 1)])
        assert after.round.created == GROUPED.model_dump()


def test_whoever_moves_it_on_the_next_step_fits(play, recipient):
    playing = play()
    for name in ("create", "send", "fetch"):
        assert playing.do(name)
    recipient.requests.incoming.reject(playing.round.request_id, reject_all(playing.incoming))
    assert playing.next.name == "check"  # as it was heard last
    playing.look()
    assert playing.next.name in ("complete", "receive")
    assert playing.play_through()
    assert playing.outgoing.response.content.result == "Rejected"


def test_who_must_decide_elsewhere_is_named_and_the_senders_steps_are_possible(sender, recipient, peer):
    def nobody(address):
        raise UserError(f"It is up to {address} to go on.")

    playing = Play(sender, nobody, peer=peer, written=ONE)
    assert not playing.play_through()
    assert (playing.next.name, playing.outgoing.status) == ("receive", "Open")
    assert f"It is up to {peer} to decide" in explain(playing.problem)
    for name in ("fetch", "check", "decide", "complete"):
        assert not playing.do(name)
        assert peer in explain(playing.problem)
    request_id = playing.round.request_id
    incoming = wait_for(lambda: recipient.requests.incoming.list(id=request_id), sync_with=recipient)[0]
    until(lambda: recipient.requests.incoming.get(request_id).status == "ManualDecisionRequired")
    recipient.requests.incoming.reject(incoming.id, reject_all(incoming))
    until(lambda: recipient.requests.incoming.get(request_id).status == "Completed")
    until(lambda: playing.do("receive"))  # the Runtime takes a moment after the synchronisation
    assert playing.play_through()
    assert playing.outgoing.response.content.result == "Rejected"


def test_without_a_peer_it_says_what_to_do(play):
    playing = play(peer=None)
    assert playing.do("validate")  # a peer is optional there
    for name in ("create", "send", "fetch"):
        assert not playing.do(name)
        assert isinstance(playing.problem, PlayError)
        assert "Choose a peer first." in str(playing.problem)


def test_a_request_that_expires_meanwhile_is_over(play):
    soon = datetime.now(UTC) + timedelta(seconds=3)
    playing = play(ONE.model_copy(update={"expires_at": soon}))
    for name in ("create", "send", "fetch"):
        assert playing.do(name)
    until(lambda: datetime.now(UTC) > soon)
    assert not playing.do("decide")
    assert playing.problem.code
    assert not playing.do("receive")
    until(lambda: playing.look() or playing.is_over)
    assert "Expired" in (playing.outgoing.status, playing.incoming.status)
    assert not playing.do("receive")
    assert "has expired" in explain(playing.problem)
    playing.begin()
    playing.written = ONE.model_dump()
    assert playing.play_through()


@pytest.mark.timeout(300)
def test_between_any_two_steps_everything_may_be_killed(folder):
    state = up(folder)
    connectors = connectors_of(state)
    sender, recipient = connectors["sender"], connectors["recipient"]
    establish_relationship(sender, recipient)
    peer = recipient.account.identity_info().address
    playing = Play(sender, lambda _: recipient, peer=peer, written=GROUPED, judge=partly)
    while playing.next:
        name = playing.next.name
        supervisor = psutil.Process(state["pid"])
        processes = [supervisor, *supervisor.children()]
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
        until(lambda processes=processes: all(is_gone(process.pid) for process in processes))
        statuses = playing.outgoing and playing.outgoing.status
        assert not playing.do(name)
        assert isinstance(playing.problem, ConnectionFailed)
        assert (playing.next.name, playing.outgoing and playing.outgoing.status) == (name, statuses)
        assert isinstance(playing.unknown, ConnectionFailed) or playing.round.request_id is None
        state = up(folder)
        assert playing.do_next(), playing.problem
        assert playing.unknown is None
    assert playing.outgoing.response.content.result == "Accepted"
    assert playing.outgoing == sender.requests.outgoing.get(playing.round.request_id)
    for connector in (sender, recipient):
        connector.close()


def run(code, folder):
    (folder / "program.py").write_text(code)
    return subprocess.run(
        [sys.executable, "program.py"], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def is_formatted(code: str) -> bool:
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["format", "--check"], ["check", "--select", "F,I"]):
        checked = subprocess.run(
            [*ruff, *command, "--isolated", "-"], input=code, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
    return True


def test_the_program_of_what_was_played_does_the_same_again(
    play, sender: Connector, recipient: Connector, network: LocalNetwork, tmp_path
):
    playing = play(GROUPED, judge=partly)
    assert not playing.do("send")  # what did not go well is not in the program
    assert playing.play_through()
    playing.begin()
    playing.judge = rejecting
    assert playing.play_through()
    playing.begin()
    playing.written = ONE.model_dump()
    for name in ("validate", "create", "send"):
        assert playing.do(name)
    code = playing.as_python(network.state.data_dir)
    assert is_formatted(code)
    ended = run(code, tmp_path)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    ids = [line.split()[0] for line in lines if line.endswith("Draft")]
    assert [line for line in lines if not line.startswith("REQ")] == ["Accepted", "Rejected"]
    assert not {*ids} & {each.request_id for each in playing.rounds}
    made = [sender.requests.outgoing.get(each) for each in ids]
    assert [each.status for each in made] == ["Completed", "Completed", "Open"]
    for again, before in zip(made, playing.rounds, strict=True):
        as_sent = again.content.model_dump()
        as_sent.pop("id")
        assert as_sent == before.created
    answers = [item for each in made[:1] for item in each.response.content.items[1].items]
    assert [each.result for each in answers] == ["Accepted", "Rejected"]
    sync(recipient)


def test_the_program_has_only_what_was_done(play, network):
    playing = play()
    nothing = playing.as_python(network.state.data_dir)
    assert is_formatted(nothing)
    assert ast.unparse(ast.parse(nothing)).count("\n") == 3
    assert playing.do("validate")
    checked = playing.as_python()
    assert is_formatted(checked)
    assert "connect()" in checked
    assert "validate(request, peer)" in checked
    assert "create(" not in checked
    assert playing.do("create")
    later = play()
    later.go_on(playing.round.request_id)
    assert later.do("send")
    taken_up = later.as_python()
    assert is_formatted(taken_up)
    assert [word in taken_up for word in ("validate(", "create(", "messages.send(", "wait_for_request(")] == [
        False,
        True,
        True,
        False,
    ]


def test_a_text_of_somebody_else_stays_a_text_in_the_program(play):
    evil = '"""\nimport os\nos.abort()\n"""'
    playing = play(Request(title=evil, items=[AuthenticationRequestItem(title=evil, must_be_accepted=True)]))
    assert playing.do("create")
    tree = ast.parse(playing.as_python())
    assert [each.names[0].name for each in ast.walk(tree) if isinstance(each, ast.Import)] == []
