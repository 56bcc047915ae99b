"""Whatever the JSON: it comes back as it was."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from enmeshed_nb.content import Attribute, AttributeQuery, FormFieldSettings, Request
from enmeshed_nb.content.responses import Response
from tests import strategies


@given(strategies.requests)
def test_a_request_comes_back_the_same(written: dict[str, Any]) -> None:
    request = Request.model_validate(written)
    assert request.model_dump() == written
    assert json.loads(request.model_dump_json()) == written
    assert Request.from_api(written) == Request.model_validate(request.model_dump()) == request


@given(strategies.attributes)
def test_an_attribute_comes_back_the_same(written: dict[str, Any]) -> None:
    assert Attribute.model_validate(written).model_dump() == written
    assert Attribute.from_api(written).model_dump() == written


@given(strategies.queries)
def test_a_query_comes_back_the_same(written: dict[str, Any]) -> None:
    assert (
        AttributeQuery.model_validate(written).model_dump() == AttributeQuery.from_api(written).model_dump() == written
    )


@given(strategies.settings)
def test_settings_come_back_the_same(written: dict[str, Any]) -> None:
    assert FormFieldSettings.model_validate(written).model_dump() == written


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | strategies.texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strategies.texts, inner, max_size=3),
    max_leaves=8,
)
new_names = st.text("xyz", min_size=4, max_size=6)


@given(strategies.requests, st.dictionaries(new_names, anything, max_size=3), st.text("XYZ", min_size=1, max_size=9))
def test_what_a_newer_connector_adds_is_kept(written: dict[str, Any], more: dict[str, Any], new_type: str) -> None:
    answered = {**written, **more, "items": [*written["items"], {"@type": new_type, "mustBeAccepted": True, **more}]}
    assert Request.from_api(answered).model_dump() == answered


@given(
    st.sampled_from(["Accepted", "Rejected", "Postponed"]),
    st.lists(
        st.one_of(
            strategies.objects("AcceptResponseItem", {"result": st.just("Accepted")}),
            strategies.objects(
                "RejectResponseItem",
                {"result": st.just("Rejected")},
                {"code": strategies.texts, "message": strategies.texts},
            ),
            strategies.objects("FormFieldAcceptResponseItem", {"result": st.just("Accepted"), "response": anything}),
            strategies.objects("NewAcceptResponseItem", {"result": st.just("Accepted"), "more": anything}),
        ),
        max_size=3,
    ),
)
def test_a_response_comes_back_the_same(result: str, items: list[Any]) -> None:
    written = {
        "@type": "Response",
        "result": result,
        "requestId": "REQ1",
        "items": [*items, {"@type": "ResponseItemGroup", "items": items}],
    }
    assert _without_none(Response.from_api(written).model_dump()) == _without_none(written)


def _without_none(items: Any) -> Any:
    """A `response` of null is left out by the models; the API never answers with one."""
    match items:
        case dict():
            return {
                name: _without_none(value) for name, value in items.items() if name != "response" or value is not None
            }
        case list():
            return [_without_none(each) for each in items]
        case _:
            return items
