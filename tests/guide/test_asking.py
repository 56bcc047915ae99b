"""The whole guide in one call, and mistakes made on purpose, on the real network."""

import pytest

from enmeshed_nb import ApiError, AuthenticationRequestItem, ConsentRequestItem, Request, RequestItemGroup
from enmeshed_nb.connector import InvalidInput, ValidationFailed
from enmeshed_nb.content import BooleanFormFieldSettings, FormFieldRequestItem
from enmeshed_nb.guide import (
    Decision,
    DecisionError,
    NoErrorError,
    ParameterError,
    accept_all,
    ask,
    check_parameter,
    check_parameters,
    expect_error,
    reject_all,
    send_request,
)

QUESTION = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
EXTRA = ConsentRequestItem(consent="A newsletter, too.", must_be_accepted=False)


def test_a_request_is_sent_and_open(sender, recipient):
    peer = recipient.account.identity_info().address
    sent = send_request(sender, Request(items=[QUESTION]), peer)
    assert (sent.status, sent.source.type) == ("Open", "Message")
    assert sender.messages.get(sent.source.reference).content.id == sent.id


def test_an_invalid_request_is_not_created(sender):
    before = len(sender.requests.outgoing.list())
    with pytest.raises(ValidationFailed, match="cannotShareRequestWithYourself"):
        send_request(sender, Request(items=[QUESTION]), sender.account.identity_info().address)
    assert len(sender.requests.outgoing.list()) == before


@pytest.mark.parametrize(
    ("answer", "result", "items"),
    [
        (accept_all, "Accepted", ["Accepted", "Accepted"]),
        (reject_all, "Rejected", ["Rejected", "Rejected"]),
        (lambda each: Decision(each).accept(0).reject((1, 0)).to_accept(), "Accepted", ["Accepted", "Rejected"]),
    ],
)
def test_a_request_is_asked_decided_and_answered(sender, recipient, answer, result, items):
    request = Request(items=[QUESTION, RequestItemGroup(items=[EXTRA])])
    answered = ask(sender, recipient, request, answer)
    assert (answered.status, answered.response.content.result) == ("Completed", result)
    first, group = answered.response.content.items
    assert [first.result, group.items[0].result] == items
    assert recipient.requests.incoming.get(answered.id).response.content == answered.response.content


def test_what_accepting_takes_is_given_by_the_answer(sender, recipient):
    item = FormFieldRequestItem(title="Coming?", settings=BooleanFormFieldSettings(), must_be_accepted=True)
    request = Request(items=[item])
    answered = ask(sender, recipient, request, lambda each: accept_all(each, {0: {"response": False}}))
    assert answered.response.content.items[0].response is False
    with pytest.raises(DecisionError, match="cannot be accepted without an answer"):
        ask(sender, recipient, request)
    assert recipient.requests.incoming.list(status="ManualDecisionRequired")  # it waits, undecided


def test_an_expected_error_is_explained(sender, capsys):
    with expect_error("error.runtime.recordNotFound"):
        sender.messages.get("MSG00000000000000000")
    said = capsys.readouterr().out
    assert "There is no such object at this Connector" in said
    assert "error.runtime.recordNotFound" in said


def test_what_was_expected_and_did_not_come_is_an_error(sender):
    with pytest.raises(NoErrorError, match="nothing failed"), expect_error("error.runtime.recordNotFound"):
        sender.account.identity_info()
    with pytest.raises(NoErrorError, match=r"x was expected(.|\n)*recordNotFound") as failed, expect_error("x"):
        sender.messages.get("MSG00000000000000000")
    assert isinstance(failed.value.__cause__, ApiError)
    with pytest.raises(NoErrorError), expect_error("error.runtime.recordNotFound"):
        raise InvalidInput("Not sent.", advice="")
    with pytest.raises(ZeroDivisionError), expect_error("x"):
        1 / 0  # noqa: B018


def test_parameters_that_can_be_meant_pass():
    check_parameter("decision", "accept", among=("accept", "reject"))
    check_parameter("decision", "reject", among=("accept", "reject"))
    check_parameter("send_mail", value=False, among=(False, True))
    check_parameter("timeout", 1, between=(1, 600))
    check_parameter("timeout", 600, between=(1, 600))
    check_parameter("timeout", 4, among=(2, 4), between=(3, 5))
    check_parameter("anything", None)
    check_parameter("title", "x" * 200, between=(1, 200))


@pytest.mark.parametrize(
    ("value", "rule", "said"),
    [
        ("maybe", {"among": ("accept", "reject")}, "must be 'accept' or 'reject', not 'maybe'"),
        ("", {"among": ("accept", "reject")}, "must be 'accept' or 'reject', not ''"),
        (None, {"among": ("accept",)}, "must be 'accept', not None"),
        (3, {"among": range(3)}, "must be 0 or 1 or 2, not 3"),
        ("maybe", {"among": ("yes", "no"), "between": (1, 200)}, "must be 'yes' or 'no', not 'maybe'"),
        (2, {"among": (2, 4), "between": (3, 5)}, "must be from 3 to 5, not 2"),
        (1, {"among": (2, 4), "between": (3, 5)}, "must be 2 or 4, not 1"),
        (600.5, {"between": (1, 600)}, "must be from 1 to 600, not 600.5"),
        ("x" * 3, {"between": (1, 2)}, "must have 1 to 2 characters, not 'xxx'"),
        (0, {"between": (1, 600)}, "must be from 1 to 600, not 0"),
        (float("nan"), {"between": (1, 600)}, "must be from 1 to 600, not nan"),
        (float("inf"), {"between": (1, 600)}, "must be from 1 to 600, not inf"),
        ("", {"between": (1, 200)}, "must have 1 to 200 characters, not ''"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused(value, rule, said):
    with pytest.raises(ParameterError) as refused:
        check_parameter("name", value, **rule)
    assert refused.value.problem == f"name {said}."
    assert refused.value.cure == "Change it in the first cell, or by `-p name …`."


def test_the_parameters_of_a_notebook_are_checked_at_once(monkeypatch):
    for name, value in {"decision": "accept", "title": "Is it you?", "timeout": 30.0}.items():
        monkeypatch.setattr(f"__main__.{name}", value, raising=False)
    check_parameters(decision=("accept", "reject"), title=(1, 200), timeout=(1, 600))
    for rule, said in [
        ({"decision": ("yes", "no")}, "decision must be 'yes' or 'no', not 'accept'."),
        ({"timeout": (1, 600), "title": (1, 5)}, "title must have 1 to 5 characters, not 'Is it you?'."),
        ({"timeout": (1, 29.5)}, "timeout must be from 1 to 29.5, not 30.0."),
    ]:
        with pytest.raises(ParameterError) as refused:
            check_parameters(**rule)
        assert refused.value.problem == said
