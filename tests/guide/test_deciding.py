import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enmeshed_nb.content import (
    AuthenticationRequestItem,
    ConsentRequestItem,
    DeleteAttributeRequestItem,
    DisplayName,
    EMailAddress,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityAttributeQuery,
    IntegerFormFieldSettings,
    ProposeAttributeRequestItem,
    ReadAttributeRequestItem,
    Request,
    RequestItemGroup,
    StringFormFieldSettings,
)
from enmeshed_nb.guide import Decision, DecisionError, accept_all, explain, problems, reject_all

NAME = IdentityAttribute(owner="", value=DisplayName(value="Zoë"))
MAIL = IdentityAttribute(owner="", value=EMailAddress(value="z@example.org"))
REQUEST = Request(
    items=[
        AuthenticationRequestItem(title="Is it you?", must_be_accepted=True),
        RequestItemGroup(
            items=[
                ConsentRequestItem(consent="The newsletter, please.", must_be_accepted=False),
                FormFieldRequestItem(title="Age", must_be_accepted=True, settings=IntegerFormFieldSettings(min=18)),
            ]
        ),
        ProposeAttributeRequestItem(
            attribute=NAME, query=IdentityAttributeQuery(value_type="DisplayName"), must_be_accepted=False
        ),
        ReadAttributeRequestItem(query=IdentityAttributeQuery(value_type="EMailAddress"), must_be_accepted=False),
    ]
)
INPUTS: dict[Any, Any] = {(1, 1): {"response": 42}, 3: {"new_attribute": MAIL}}


def test_everything_is_accepted_in_the_order_of_the_request() -> None:
    assert accept_all(REQUEST, INPUTS).model_dump() == {
        "items": [
            {"accept": True},
            {"items": [{"accept": True}, {"accept": True, "response": 42}]},
            {"accept": True, "attribute": NAME.model_dump()},
            {"accept": True, "newAttribute": MAIL.model_dump()},
        ]
    }


def test_everything_is_rejected_for_a_reason() -> None:
    no = {"accept": False, "code": "no.time", "message": "Not now."}
    assert reject_all(REQUEST, code="no.time", message="Not now.").model_dump() == {
        "items": [no, {"items": [no, no]}, no, no]
    }
    assert reject_all(Request(items=REQUEST.items[:1])).model_dump() == {"items": [{"accept": False}]}


def test_items_are_decided_one_by_one_and_the_last_word_counts() -> None:
    decision = Decision(REQUEST).reject(0).reject((1, 0), code="no").accept((1, 1), response=18)
    decision.reject(2).accept(3, existing_attribute_id="ATT1", tags=["x:a"]).accept(0)
    assert decision.to_accept().model_dump() == {
        "items": [
            {"accept": True},
            {"items": [{"accept": False, "code": "no"}, {"accept": True, "response": 18}]},
            {"accept": False},
            {"accept": True, "existingAttributeId": "ATT1", "tags": ["x:a"]},
        ]
    }


@pytest.mark.parametrize(
    ("decide", "names"),
    [
        (lambda d: d.accept(4), r"no item \(4,\)\.\sThe items are: \(0,\), \(1, 0\), \(1, 1\), \(2,\), \(3,\)"),
        (lambda d: d.accept(-1), "no item"),
        (lambda d: d.reject((1, 2)), "no item"),
        (lambda d: d.accept((0, 0)), "no item"),
        (
            lambda d: d.accept(1),
            r"The group \(2nd\) has no answer of its own\.\sAnswer its items: \(1, 0\) and \(1, 1\)",
        ),
        (lambda d: d.reject(1), "The group"),
        (
            lambda d: d.accept((1, 1)),
            r"“Age” \(2nd in the group at the 2nd place\) .*without an answer\.\sGive response=",
        ),
        (lambda d: d.accept((1, 1), response="42"), "“Age”.* whole number, not “42”"),
        (lambda d: d.accept((1, 1), response=17), "at least 18, not 17"),
        (lambda d: d.accept((1, 1), answer=17), r"response: is missing"),
        (lambda d: d.accept(0, response="x"), r"“Is it you\?” \(1st\): response: is unknown here"),
        (lambda d: d.accept(0, accept="false"), "accept"),
        (lambda d: d.accept(0, accept=False), "accept"),
        (lambda d: d.accept(3), "existing_attribute_id=… or new_attribute=…"),
        (lambda d: d.accept(3, new_attribute=MAIL, existing_attribute_id="ATT1"), "either"),
        (lambda d: d.accept(3, new_attribute=MAIL, tags=["x:a"]), "tags"),
        (lambda d: d.reject(0, code="c" * 201), r"“Is it you\?”.*201 characters"),
        (lambda d: d.reject(0, message="m" * 1001), "1001 characters"),
        (
            lambda d: d.to_accept(),
            r"Not decided yet: “Is it you\?” \(1st\), .*newsletter.*and “E-mail address, to read” \(4th\)",
        ),
        (lambda d: d.to_reject(), "Not decided yet"),
    ],
)
def test_what_cannot_be_is_refused_naming_the_item(decide: Any, names: str) -> None:
    with pytest.raises(DecisionError, match=re.compile(names, re.DOTALL)):
        decide(Decision(REQUEST))


@pytest.mark.parametrize(
    ("decide", "path"),
    [
        (lambda d: d.accept(4), (4,)),
        (lambda d: d.reject((1, 2)), (1, 2)),
        (lambda d: d.accept(1), (1,)),
        (lambda d: d.accept((1, 1)), (1, 1)),
        (lambda d: d.accept((1, 1), response=17), (1, 1)),
        (lambda d: d.accept(3, new_attribute=MAIL, existing_attribute_id="ATT1"), (3,)),
        (lambda d: d.reject(2, code="c" * 201), (2,)),
        (lambda d: d.to_accept(), (0,)),
        (lambda d: d.accept(0).to_accept(), (1, 0)),
        (lambda d: d.accept(0).to_reject(), (1, 0)),
        (lambda d: d.reject(0).reject((1, 0)).reject((1, 1)).reject(2).reject(3).to_accept(), (0,)),
        (lambda d: d.accept(0).reject((1, 0)).reject((1, 1)).reject(2).reject(3).to_accept(), (1, 1)),
        (lambda d: d.reject(0).accept((1, 0)).reject((1, 1)).reject(2).reject(3).to_reject(), (1, 0)),
        (lambda d: accept_all(d.request, {(1, 1): {"response": 5}}), (1, 1)),
        (lambda d: accept_all(d.request, {(1, 7): {}}), (1, 7)),
    ],
)
def test_an_error_knows_where_its_item_stands(decide: Any, path: tuple[int, ...]) -> None:
    with pytest.raises(DecisionError) as refused:
        decide(Decision(REQUEST))
    assert refused.value.path == path
    assert problems(refused.value) == [(path, explain(refused.value))]


def test_what_is_wrong_and_what_to_do_are_told_apart() -> None:
    with pytest.raises(DecisionError) as refused:
        Decision(Request(items=REQUEST.items[:1])).reject(0).to_accept()
    assert refused.value.problem == "“Is it you?” must be accepted to accept the Request."
    assert refused.value.cure == "Accept it, or reject every item."
    assert explain(refused.value) == f"{refused.value.problem} {refused.value.cure}"
    assert str(refused.value) == f"{refused.value.problem}\n{refused.value.cure}"


def test_an_item_that_must_be_accepted_cannot_be_rejected_alone() -> None:
    decision = Decision(Request(items=REQUEST.items[:1])).reject(0)
    with pytest.raises(DecisionError, match=r"“Is it you\?” must be accepted"):
        decision.to_accept()
    assert decision.to_reject().model_dump() == {"items": [{"accept": False}]}


def test_nothing_is_accepted_in_a_rejection() -> None:
    with pytest.raises(DecisionError, match=r"“Is it you\?” is accepted\.\nTo reject a Request, reject every item"):
        Decision(Request(items=REQUEST.items[:1])).accept(0).to_reject()


@pytest.mark.parametrize("inputs", [{}, {(1, 1): {"response": 42}, 3: {"new_attribute": MAIL}, 9: {}}])
def test_inputs_must_be_there_and_fit(inputs: dict) -> None:
    with pytest.raises(DecisionError):
        accept_all(REQUEST, inputs)


def test_an_attribute_is_deleted_in_the_future() -> None:
    request = Request(items=[DeleteAttributeRequestItem(attribute_id="ATT1", must_be_accepted=True)])
    with pytest.raises(DecisionError, match=r"without a date\.\nGive deletion_date=…"):
        accept_all(request)
    with pytest.raises(DecisionError, match="in the future"):
        accept_all(request, {0: {"deletion_date": datetime.now(UTC) - timedelta(seconds=1)}})
    with pytest.raises(DecisionError, match="ISO 8601"):
        accept_all(request, {0: {"deletion_date": 5}})
    body = accept_all(request, {0: {"deletion_date": "2999-01-01T00:00:00Z"}}).model_dump()
    assert body == {"items": [{"accept": True, "deletionDate": "2999-01-01T00:00:00.000Z"}]}


def test_a_deletion_date_is_later_than_now_not_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return now.astimezone(tz)

    monkeypatch.setattr("enmeshed_nb.guide.deciding.datetime", Stopped)
    decision = Decision(Request(items=[DeleteAttributeRequestItem(attribute_id="ATT1", must_be_accepted=True)]))
    for past in (now, now - timedelta(milliseconds=1)):
        with pytest.raises(DecisionError, match="in the future") as refused:
            decision.accept(0, deletion_date=past)
        assert refused.value.path == (0,)
    decision.accept(0, deletion_date=now + timedelta(milliseconds=1))
    assert decision.to_accept().model_dump()["items"][0]["deletionDate"] == "2030-01-01T00:00:00.001Z"


def test_an_item_of_a_newer_connector_can_be_decided() -> None:
    item = {"@type": "ShareAuthorizationRequestRequestItem", "mustBeAccepted": True, "authorizationRequestUrl": "x"}
    request = Request.from_api({"@type": "Request", "items": [item]})
    body = accept_all(request, {0: {"attributeId": "ATT1"}}).model_dump()
    assert body == {"items": [{"accept": True, "attributeId": "ATT1"}]}


def test_a_text_field_takes_no_number() -> None:
    item = FormFieldRequestItem(title="Name", must_be_accepted=True, settings=StringFormFieldSettings())
    with pytest.raises(DecisionError, match="needs a text, not 5"):
        accept_all(Request(items=[item]), {0: {"response": 5}})
