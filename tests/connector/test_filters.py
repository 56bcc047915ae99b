from datetime import UTC, datetime

import pytest

from enmeshed_nb.connector import (
    ANY_ATTACHMENT,
    EXISTS,
    MISSING,
    AtLeast,
    AtMost,
    Contains,
    EndsWith,
    GreaterThan,
    InvalidInput,
    LessThan,
    Not,
    StartsWith,
)
from enmeshed_nb.connector.filters import api_key_of, query_of
from enmeshed_nb.connector.requests import FILTERS

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("keyword", "key"),
    [
        ("status", "status"),
        ("template_id", "templateId"),
        ("source__reference", "source.reference"),
        ("content__items__at_type", "content.items.@type"),
        ("at_type", "@type"),
        ("source__type", "source.type"),
        ("password_protection__password_is_pin", "passwordProtection.passwordIsPin"),
    ],
)
def test_keywords_become_the_keys_of_the_api(keyword: str, key: str) -> None:
    assert api_key_of(keyword) == key


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("Open", ["Open"]),
        (True, ["true"]),
        (False, ["false"]),
        (4, ["4"]),
        (NOON, ["2026-01-02T12:00:00.000Z"]),
        (["a", "b"], ["a", "b"]),
        ((Not("a"), Not("b")), ["!a", "!b"]),
        (Not("x"), ["!x"]),
        (GreaterThan(NOON), [">2026-01-02T12:00:00.000Z"]),
        (AtLeast(3), [">=3"]),
        (LessThan(3), ["<3"]),
        (AtMost("b"), ["<=b"]),
        (StartsWith("a"), ["^a"]),
        (EndsWith("a"), ["$a"]),
        (Contains("a"), ["~a"]),
        (EXISTS, [""]),
        (MISSING, ["!"]),
        (ANY_ATTACHMENT, ["+"]),
        (None, []),
    ],
)
def test_values_become_the_operators_of_the_api(value: object, texts: list[str]) -> None:
    assert query_of(None, {"key": value}) == [("key", text) for text in texts]


def test_a_dict_and_keywords_go_together() -> None:
    query = query_of({"source.reference": "MSG1"}, {"status": ["Open", "Decided"]}, FILTERS)
    assert query == [("source.reference", "MSG1"), ("status", "Open"), ("status", "Decided")]


@pytest.mark.parametrize("operator", [Not, GreaterThan, AtLeast, LessThan, AtMost, StartsWith, EndsWith, Contains])
@pytest.mark.parametrize("value", ["", "!x", ["a"], None, {"a": 1}])
def test_an_operator_takes_what_a_filter_can_be(operator: type, value: object) -> None:
    with pytest.raises(InvalidInput):
        operator(value)


@pytest.mark.parametrize(
    ("value", "texts"),
    [(1.5, ["1.5"]), (Not(True), ["!true"]), ({"a"}, ["a"]), (frozenset({"b"}), ["b"]), ([True, 2], ["true", "2"])],
)
def test_other_values_become_texts(value: object, texts: list[str]) -> None:
    assert query_of(None, {"key": value}) == [("key", text) for text in texts]


def test_a_keyword_wins_over_the_dict_and_none_leaves_it_out() -> None:
    assert query_of({"status": "Open"}, {"status": "Decided"}) == [("status", "Decided")]
    assert query_of({"status": "Open"}, {"status": None}) == []


@pytest.mark.parametrize("value", ["", "!x", ">x", "<x", "^x", "$x", "~x", "+", [], ["a", ""], object(), {"a": 1}])
def test_a_value_that_would_mean_something_else_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput):
        query_of(None, {"key": value})


def test_who_means_an_operator_is_told_which_there_are() -> None:
    with pytest.raises(InvalidInput) as refused:
        query_of(None, {"key": "!x"})
    assert "'!x'" in refused.value.problem
    for name in ("Not", "GreaterThan", "StartsWith", "EXISTS", "MISSING"):
        assert name in refused.value.cure


def test_what_cannot_be_a_filter_is_named_with_what_can() -> None:
    with pytest.raises(InvalidInput) as refused:
        query_of(None, {"key": {"a": 1}})
    assert "{'a': 1}" in refused.value.problem
    for kind in ("text", "number", "bool", "datetime", "list"):
        assert kind in refused.value.cure


def test_a_datetime_without_time_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        query_of(None, {"created_at": GreaterThan(datetime(2026, 1, 1))})


@pytest.mark.parametrize("keyword", ["source_reference", "sources__reference", "state"])
def test_a_key_that_the_api_would_ignore_is_refused(keyword: str) -> None:
    with pytest.raises(InvalidInput, match="answer with everything"):
        query_of(None, {keyword: "x"}, FILTERS)


def test_a_near_miss_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"Did you mean 'source\.reference' \(source__reference=…\)\?"):
        query_of(None, {"source_reference": "MSG1"}, FILTERS)
    with pytest.raises(InvalidInput) as caught:
        query_of(None, {"nothing_like_it": "x"}, FILTERS)
    assert "Did you mean" not in caught.value.problem
    assert caught.value.cure == f"Use one of: {', '.join(sorted(FILTERS))}."
