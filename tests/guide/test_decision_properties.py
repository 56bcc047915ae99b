"""Whatever the Request: a decision has its shape, and what cannot be is refused naming the item."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enmeshed_nb.content import FormFieldRequestItem, Request, RequestItemGroup, walk
from enmeshed_nb.guide import Decision, DecisionError, accept_all, reject_all
from tests import strategies


def shape(items: list[Any]) -> list[Any]:
    """How many answers there are, and where groups are."""
    return [shape(each["items"]) if "items" in each else None for each in items]


def shape_of(request: Request) -> list[Any]:
    return [[None] * len(node.items) if isinstance(node, RequestItemGroup) else None for node in request.items]


def leaves(items: list[Any]) -> list[Any]:
    return [leaf for each in items for leaf in (leaves(each["items"]) if "items" in each else [each])]


@given(strategies.requests, st.data())
def test_a_decision_mirrors_its_request(written: dict[str, Any], data: st.DataObject) -> None:
    request = Request.model_validate(written)
    decision, said = Decision(request), []
    for path, item in data.draw(st.permutations(list(walk(request)))):
        if item.must_be_accepted or data.draw(st.booleans()):
            decision.accept(path, **data.draw(strategies.inputs_for(item)))
            said.append((path, True))
        else:
            decision.reject(path, message=data.draw(st.none() | strategies.texts))
            said.append((path, False))
    body = decision.to_accept().model_dump()
    assert shape(body["items"]) == shape_of(request)
    assert [leaf["accept"] for leaf in leaves(body["items"])] == [accepted for _, accepted in sorted(said)]


@given(strategies.requests, st.data())
def test_all_can_be_accepted_and_all_can_be_rejected(written: dict[str, Any], data: st.DataObject) -> None:
    request = Request.model_validate(written)
    inputs = {path: data.draw(strategies.inputs_for(item)) for path, item in walk(request)}
    accepted = accept_all(request, inputs).model_dump()
    rejected = reject_all(request, code="no").model_dump()
    assert shape(accepted["items"]) == shape(rejected["items"]) == shape_of(request)
    assert all(leaf["accept"] is True for leaf in leaves(accepted["items"]))
    assert all(leaf == {"accept": False, "code": "no"} for leaf in leaves(rejected["items"]))


@given(strategies.requests, st.data())
def test_what_cannot_be_is_refused_and_the_item_is_named(written: dict[str, Any], data: st.DataObject) -> None:
    request = Request.model_validate(written)
    path, item = data.draw(st.sampled_from(list(walk(request))))
    decision = Decision(request)
    for other, each in walk(request):
        if other != path:
            decision.accept(other, **data.draw(strategies.inputs_for(each)))
    with pytest.raises(DecisionError, match="Not decided yet") as undecided:
        decision.to_accept()
    assert undecided.value.path == path
    decision.reject(path)
    if item.must_be_accepted:
        with pytest.raises(DecisionError, match="must be accepted") as required:
            decision.to_accept()
        assert required.value.path == path
    else:
        decision.to_accept()


@given(strategies.items(), st.data())
def test_a_form_field_takes_what_fits_and_nothing_else(written: dict[str, Any], data: st.DataObject) -> None:
    settings = data.draw(strategies.settings)
    item = {"@type": "FormFieldRequestItem", "mustBeAccepted": True, "title": "x", "settings": settings}
    request = Request.model_validate({"items": [written, item]})
    field = request.items[1]
    assert isinstance(field, FormFieldRequestItem)
    Decision(request).accept(1, response=data.draw(strategies.responses_for(field.settings)))
    for never in ({"a": 1}, [], None, [["nested"]]):
        with pytest.raises(DecisionError, match="2nd") as refused:
            Decision(request).accept(1, response=never)
        assert refused.value.path == (1,)
