"""What came back, compared with what was sent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enmeshed_nb.connector import Exchange
from enmeshed_nb.guide.changes import changes, marked_lines

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def exchange(request, response):
    return Exchange("sender", "POST", "/api/core/v1/Requests/Outgoing", (), 201, 0.1, request, response)


@pytest.mark.parametrize(
    ("sent", "received", "found"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2, "b": {"c": 1}}, {("a",): "≠", ("b",): "+"}),
        ({"a": [1]}, {"a": [1, 2]}, {("a", 1): "+"}),
        ({"a": ["x"]}, {"a": [{"address": "x"}]}, {("a", 0): "≠"}),
        ({"a": 1}, {"a": True}, {("a",): "≠"}),
        ({"a": 1, "b": 2}, {"a": 1}, {}),
        (
            {"c": {"items": []}},
            {"id": "R", "c": {"@type": "Request", "items": []}},
            {("id",): "+", ("c", "@type"): "+"},
        ),
    ],
)
def test_what_is_new_and_what_is_another(sent, received, found):
    assert changes(sent, received) == found


@given(JSON)
def test_what_comes_back_as_it_was_sent_has_no_changes(value):
    assert changes(value, value) == {}


@given(JSON, JSON)
def test_the_lines_are_the_answer(sent, received):
    marked = marked_lines(exchange(sent, {"result": received}))
    text = "\n".join(line.text for line in marked.lines)
    assert json.loads(text) == {"result": received}
    assert text == json.dumps({"result": received}, indent=2, ensure_ascii=False)
    assert marked.are_compared or not any(line.mark for line in marked.lines)


def test_all_of_something_new_is_marked():
    marked = marked_lines(exchange({"a": 1}, {"result": {"a": 1, "b": {"c": [1]}}}))
    assert [line.text.strip() for line in marked.lines if line.mark] == ['"b": {', '"c": [', "1", "]", "}"]
