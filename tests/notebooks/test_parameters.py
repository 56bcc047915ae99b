"""Other values than the defaults change what happens: asserted from the Connectors, not from the output."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from enmeshed_nb.connector import Connector
from tests.conftest import closed_port, connectors_of, enmeshed_nb, up
from tests.notebooks.conftest import NOTEBOOKS


@pytest.fixture
def run(data_dir, tmp_path) -> Iterator[Callable[..., dict[str, Connector]]]:
    """Execute a notebook with parameters; return the network's Connectors."""
    opened: list[Connector] = []

    def execute(number: str, **parameters: Any) -> dict[str, Connector]:
        given = [word for name, value in parameters.items() for word in ("-p", name, str(value))]
        done = enmeshed_nb("run", NOTEBOOKS[number], *given, "--data-dir", data_dir, "--out", tmp_path / "out")
        assert done.returncode == 0, done.stdout + done.stderr
        connectors = connectors_of(up(data_dir))
        opened.extend(connectors.values())
        return connectors

    yield execute
    for connector in opened:
        connector.close()


def sent_with(connector: Connector, **properties: str) -> list[Any]:
    """Return the outgoing Requests with an item that has these properties."""
    return [
        request
        for request in connector.requests.outgoing.list()
        for item in request.content.items
        if all(getattr(item, name, None) == value for name, value in properties.items())
    ]


def results(request: Any) -> list[str]:
    return [item.result for item in request.response.content.items]


def test_00_the_greeting_arrives(run):
    recipient = run("00", greeting="Good morning.")["recipient"]
    assert "Good morning." in [getattr(message.content, "subject", "") for message in recipient.messages.list()]


def test_01_the_newcomer_may_reject_and_remains_unknown(run):
    connectors = run("01", title="Shall we?", decision="reject", lifetime_minutes=5)
    asked = [
        each for each in connectors["newcomer"].requests.incoming.list() if each.content.items[0].title == "Shall we?"
    ]
    assert [each.response.content.result for each in asked] == ["Rejected"]
    peer = connectors["newcomer"].account.identity_info().address
    assert not connectors["sender"].relationships.list(peer=peer, status="Active")
    lifetimes = [each.expires_at - each.created_at for each in connectors["sender"].relationship_templates.list_own()]
    assert min(lifetimes) <= timedelta(minutes=5)


def test_01_the_newcomer_may_accept(run):
    connectors = run("01", title="Shall we meet?")
    peer = connectors["newcomer"].account.identity_info().address
    assert connectors["sender"].relationships.list(peer=peer, status="Active")
    assert sent_with(connectors["sender"], title="Shall we meet?")[0].response.content.result == "Accepted"


@pytest.mark.parametrize(("decision", "result"), [("accept", "Accepted"), ("reject", "Rejected")])
def test_02_the_decision_comes_out_at_both_sides(run, data_dir, tmp_path, decision, result):
    title = f"Do you {decision} this?"
    connectors = run("02", decision=decision, title=title, timeout=20)
    (sent,) = sent_with(connectors["sender"], title=title)
    received = connectors["recipient"].requests.incoming.get(sent.id)
    assert (sent.status, received.status) == ("Completed", "Completed")
    assert sent.response.content.result == received.response.content.result == result


def test_03_the_answers_are_the_recipients(run):
    connectors = run("03", title="Really you?", rating=2, reason="Because.")
    asked = sent_with(connectors["sender"], title="Really you?")
    assert sorted(each.response.content.result for each in asked) == ["Accepted", "Rejected"]
    (rejected,) = [each for each in asked if each.response.content.result == "Rejected"]
    assert rejected.response.content.items[0].message == "Because."
    rated = sent_with(connectors["sender"], title="How did you like it?")
    assert [each.response.content.items[0].response for each in rated if results(each) == ["Accepted"]] == [2]


def test_04_the_second_consent_is_free(run):
    connectors = run("04", terms="I agree to it all.", newsletter="Write me.", accept_newsletter=True)
    (asked,) = sent_with(connectors["sender"], consent="I agree to it all.")
    assert asked.content.items[1].consent == "Write me."
    assert results(asked) == ["Accepted", "Accepted"]


def test_05_a_consent_that_is_not_withdrawn_stays(run):
    connectors = run("05", consent="I do.", withdraw=False)
    for connector in (connectors["sender"], connectors["recipient"]):
        given = [each for each in connector.attributes.list() if getattr(each.content.value, "consent", "") == "I do."]
        assert [each.deletion_info for each in given] == [None]


def test_06_the_question_is_rejected_and_runs_out_when_told(run):
    connectors = run("06", question="Is it yours?", decision="reject", valid_minutes=7)
    asked = [each for each in sent_with(connectors["sender"], title="Is it yours?") if each.status == "Completed"]
    assert [each.response.content.items[0].code for each in asked] == ["not.me"]
    assert timedelta(minutes=6) < asked[0].content.expires_at - asked[0].created_at <= timedelta(minutes=7)


def test_07_names_are_the_recipients(run):
    connectors = run("07", name="Grace", correction="Hopper")
    known = [str(getattr(each.content.value, "value", "")) for each in connectors["sender"].attributes.list()]
    assert any(value.startswith("Grace-") for value in known)
    assert any(value.startswith("Hopper-") for value in known)
    assert not any(value.startswith("Augusta-") for value in known)


def test_08_who_rejects_the_file_does_not_own_it(run):
    connectors = run("08", text="Other words.", filename="note.txt", transfer=False)
    (own,) = connectors["sender"].files.list_own(filename="note.txt")
    assert own.is_own
    assert connectors["sender"].files.download(own.id) == b"Other words."
    assert not connectors["recipient"].files.get(own.id).is_own


def test_09_the_mistakes_are_made_with_other_words(run):
    connectors = run("09", title="Once more?")
    assert {each.status for each in sent_with(connectors["sender"], title="Once more?")} == {"Completed", "Open"} or {
        each.response.content.result for each in sent_with(connectors["sender"], title="Once more?") if each.response
    } == {"Accepted"}


def test_10_the_rule_may_reject_and_the_listener_has_its_port(run, data_dir):
    port = closed_port()
    connectors = run("10", answer="reject", listener_port=port)
    decided = [each for each in connectors["automated"].requests.incoming.list() if each.was_automatically_decided]
    assert [each.response.content.result for each in decided] == ["Rejected"]
    assert [each.response.content.items[0].code for each in decided] == ["no.thanks"]
    settings = json.loads((data_dir / "settings.json").read_text())
    (webhook,) = settings["connectors"]["automated"]["config"]["modules"]["webhooks"]["webhooks"]
    assert webhook["target"]["url"] == f"http://127.0.0.1:{port}"


def test_11_a_mail_is_only_sent_when_asked_for(run):
    recipient = run("11", subject="Never sent")["recipient"]
    assert "Never sent" not in [getattr(message.content, "subject", "") for message in recipient.messages.list()]
    recipient = run("11", send_mail=True, subject="Sent")["recipient"]
    assert "Sent" in [getattr(message.content, "subject", "") for message in recipient.messages.list()]


def test_12_the_program_asks_what_it_is_told(run, tmp_path):
    connectors = run("12", consent="I agree, at home.", folder=tmp_path / "home")
    (asked,) = sent_with(connectors["sender"], consent="I agree, at home.")
    assert results(asked) == ["Accepted"]
    assert sorted(path.name for path in (tmp_path / "home").glob("*.py")) == ["consent.py", "test_consent.py"]


@pytest.mark.parametrize(
    ("number", "name", "value", "said"),
    [
        ("02", "decision", "maybe", "decision must be 'accept' or 'reject', not 'maybe'"),
        ("03", "rating", "9", "rating must be from 1 to 5, not 9"),
        ("06", "question", "x" * 201, "question must have 1 to 200 characters"),
        ("12", "timeout", "nan", "timeout must be from 1 to 600, not nan"),
    ],
)
def test_a_value_out_of_range_stops_the_notebook_before_anything_happens(data_dir, tmp_path, number, name, value, said):
    failed = enmeshed_nb("run", NOTEBOOKS[number], "-p", name, value, "--data-dir", data_dir, "--out", tmp_path)
    assert failed.returncode == 1
    assert said in " ".join(failed.stdout.split())


def test_unknown_and_ill_typed_parameters_are_refused_before_anything_runs(data_dir, tmp_path):
    for name, value, said in [
        ("decison", "reject", "Unknown parameter: decison"),
        ("timeout", "soon", "not of type float"),
    ]:
        failed = enmeshed_nb("run", *NOTEBOOKS.values(), "-p", name, value, "--data-dir", data_dir, "--out", tmp_path)
        assert failed.returncode == 1
        assert said in failed.stderr
    assert not list(tmp_path.iterdir())
