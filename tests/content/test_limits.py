"""Each limit, at its bound and one beyond."""

from typing import Any

import pytest
from pydantic import ValidationError

from enmeshed_nb.content import (
    AcceptReadAttributeParameters,
    AttributeQuery,
    AttributeValue,
    AuthenticationRequestItem,
    ConsentRequestItem,
    FormFieldSettings,
    IdentityAttribute,
    Mail,
    Model,
    RejectParameters,
    Request,
    RequestItemGroup,
)

TITLE = {"title": "t"}
ASKED = {"mustBeAccepted": True}
NAME = {"@type": "DisplayName", "value": "Zoë"}
ATTRIBUTE = {"@type": "IdentityAttribute", "owner": "", "value": NAME}
ITEM = {"@type": "AuthenticationRequestItem", "title": "t", **ASKED}
MAIL = {"to": ["a"], "subject": "s", "body": "b"}
RELATIONSHIP_QUERY = {
    "@type": "RelationshipAttributeQuery",
    "owner": "",
    "attributeCreationHints": {"title": "t", "valueType": "Consent", "confidentiality": "public"},
}

TEXTS: list[tuple[type[Model], dict[str, Any], str, int, int]] = [
    (Request, {"items": [ITEM]}, "title", 0, 200),
    (Request, {"items": [ITEM]}, "description", 0, 500),
    (RequestItemGroup, {"items": [ITEM]}, "title", 0, 200),
    (RequestItemGroup, {"items": [ITEM]}, "description", 0, 500),
    (AuthenticationRequestItem, {**ASKED}, "title", 0, 200),
    (AuthenticationRequestItem, {**ASKED, **TITLE}, "description", 0, 500),
    (ConsentRequestItem, {**ASKED}, "consent", 0, 10_000),
    (ConsentRequestItem, {**ASKED, "consent": "c", "link": "https://a.de"}, "linkDisplayText", 3, 30),
    (RejectParameters, {}, "code", 0, 200),
    (RejectParameters, {}, "message", 0, 1000),
    (Mail, MAIL, "subject", 0, 300),
    (Mail, MAIL, "body", 0, 50_000),
    (AttributeQuery, {"@type": "IQLQuery"}, "queryString", 1, 4096),
    (AttributeQuery, RELATIONSHIP_QUERY, "key", 0, 100),
    (AttributeValue, {"@type": "DisplayName"}, "value", 0, 100),
    (AttributeValue, {"@type": "Affiliation", "organization": "o"}, "role", 0, 100),
    (AttributeValue, {"@type": "IdentityFileReference"}, "value", 30, 150),
    (AttributeValue, {"@type": "Consent"}, "consent", 0, 10_000),
    (AttributeValue, {"@type": "ProprietaryString", "value": "v"}, "title", 0, 100),
    (AttributeValue, {"@type": "ProprietaryString", "value": "v", **TITLE}, "description", 0, 1000),
    (AttributeValue, {"@type": "ProprietaryString", **TITLE}, "value", 0, 100),
    (AttributeValue, {"@type": "ProprietaryFileReference", **TITLE}, "value", 30, 150),
]


def takes(model: type[Model], json: dict[str, Any]) -> bool:
    try:
        model.model_validate(json)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("model", "rest", "key", "least", "most"), TEXTS)
def test_a_text_at_its_bounds_and_beyond(
    model: type[Model], rest: dict[str, Any], key: str, least: int, most: int
) -> None:
    sizes = {size: takes(model, {**rest, key: "x" * size}) for size in (least - 1, least, most, most + 1) if size >= 0}
    assert sizes == {size: least <= size <= most for size in sizes}


@pytest.mark.parametrize(("model", "rest", "key", "least", "most"), TEXTS[:12])
def test_a_character_counts_as_in_javascript(
    model: type[Model], rest: dict[str, Any], key: str, least: int, most: int
) -> None:
    assert takes(model, {**rest, key: "😀" * (most // 2)})
    assert not takes(model, {**rest, key: "😀" * (most // 2) + "x" * (most % 2 + 1)})


def padded(start: str, size: int, end: str = "") -> str:
    return start + "x" * (size - len(start) - len(end)) + end


VALUES: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("BirthDate", {"month": 1, "year": 2000, "day": 1}, ("day", 1, 31), ("day", 0, 32)),
    ("BirthDate", {"day": 1, "year": 2000, "month": 1}, ("month", 1, 12), ("month", 0, 13)),
    ("BirthDate", {"day": 1, "month": 1, "year": 1}, ("year", 1, 9999), ("year", 0, 10_000)),
    ("EMailAddress", {}, ("value", "a@b.de", padded("a@", 254, ".de")), ("value", "a@b", padded("a@", 255, ".de"))),
    ("Website", {}, ("value", "a.b", padded("a.de/", 1024)), ("value", "ab", padded("a.de/", 1025))),
    ("PhoneNumber", {}, ("value", "112", "1" * 100), ("value", "12", "1" * 101)),
    ("FaxNumber", {}, ("value", "+49", "(0)" + "1" * 97), ("value", "+4", "(0)" + "1" * 98)),
    (
        "Consent",
        {"consent": "c"},
        ("link", "a:b", padded("https://a.de/", 1024)),
        ("link", "a:", padded("https://a.de/", 1025)),
    ),
    (
        "Consent",
        {"consent": "c", "link": "https://a.de"},
        ("linkDisplayText", "abc", "x" * 30),
        ("linkDisplayText", "ab", "x" * 31),
    ),
    ("ProprietaryHEXColor", TITLE, ("value", "#09F", "#0099ff"), ("value", "#09", "#0099ff0")),
    ("ProprietaryJSON", TITLE, ("value", 0, "x" * 4094), ("value", None, "x" * 4095)),
    ("SchematizedJSON", {}, ("value", [], {"a": "x" * 4088}), ("value", None, {"a": "x" * 4089})),
    (
        "SchematizedJSON",
        {"value": 1},
        ("schemaURL", "a.b", padded("a.de/", 1024)),
        ("schemaURL", "ab", padded("a.de/", 1025)),
    ),
    (
        "SchematizedXML",
        {},
        ("value", "<a/>", padded("<a>", 50_000, "</a>")),
        ("value", "<a", padded("<a>", 50_001, "</a>")),
    ),
    (
        "BankAccount",
        {"accountHolder": "Zoë"},
        ("iban", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"),
        ("iban", "NO9386011117948", "NO93860111179"),
    ),
    (
        "BankAccount",
        {"accountHolder": "Zoë", "iban": "DE02120300000000202051"},
        ("bic", "BYLADEM1", "BYLADEM1001"),
        ("bic", "BYLADEM", "BYLADEM100"),
    ),
]


@pytest.mark.parametrize(("name", "rest", "within", "beyond"), VALUES)
def test_a_value_at_its_bounds_and_beyond(
    name: str, rest: dict[str, Any], within: tuple[str, Any, Any], beyond: tuple[str, Any, Any]
) -> None:
    key, *good = within
    _, *bad = beyond
    assert [takes(AttributeValue, {"@type": name, **rest, key: each}) for each in good] == [True, True]
    assert [takes(AttributeValue, {"@type": name, **rest, key: each}) for each in bad] == [False, False]


def test_a_credential_has_fifty_mebibytes_at_most() -> None:
    credential = {"@type": "VerifiableCredential", "type": "t"}
    most = 50 * 2**20
    assert takes(AttributeValue, {**credential, "value": "x" * (most - 2)})
    assert not takes(AttributeValue, {**credential, "value": "x" * (most - 1)})


def test_tags_at_their_bounds_and_beyond() -> None:
    def tagged(*tags: str) -> bool:
        read = {"accept": True, "existingAttributeId": "ATT1", "tags": [*tags]}
        attribute = takes(IdentityAttribute, ATTRIBUTE | {"tags": [*tags]})
        assert takes(AcceptReadAttributeParameters, read) == attribute
        return attribute

    assert tagged()
    assert tagged(*(f"x:{number}" for number in range(20)))
    assert not tagged(*(f"x:{number}" for number in range(21)))
    assert tagged(padded("x:", 250))
    assert not tagged(padded("x:", 251))
    assert not tagged("x:a", padded("x:", 251))
    assert not tagged("x:a", "x:a")


@pytest.mark.parametrize(
    ("kind", "key", "within", "beyond"),
    [
        ("RatingFormFieldSettings", "maxRating", [5, 10], [4, 11]),
        ("StringFormFieldSettings", "min", [0, 4096], [-1, 4097]),
        ("StringFormFieldSettings", "max", [0, 4096], [-1, 4097]),
        ("SelectionFormFieldSettings", "options", [["x"], ["x" * 4096]], [[""], ["x" * 4097]]),
    ],
)
def test_settings_at_their_bounds_and_beyond(kind: str, key: str, within: list[Any], beyond: list[Any]) -> None:
    assert [takes(FormFieldSettings, {"@type": kind, key: each}) for each in within] == [True, True]
    assert [takes(FormFieldSettings, {"@type": kind, key: each}) for each in beyond] == [False, False]


@pytest.mark.parametrize("kind", ["IntegerFormFieldSettings", "DoubleFormFieldSettings", "StringFormFieldSettings"])
def test_a_greatest_may_be_the_least_and_not_less(kind: str) -> None:
    assert takes(FormFieldSettings, {"@type": kind, "min": 2, "max": 2})
    assert not takes(FormFieldSettings, {"@type": kind, "min": 2, "max": 1})


@pytest.mark.parametrize(
    ("json", "says"),
    [
        ({"@type": "BirthDate", "day": 1, "month": 13, "year": 1}, "must be from 1 to 12"),
        ({"@type": "DisplayName", "value": "x" * 101}, "has 101 characters; at most 100 are allowed"),
        ({"@type": "IdentityFileReference", "value": "x"}, "has 1 character; at least 30 are needed"),
        (
            {"@type": "ProprietaryJSON", "title": "t", "value": "x" * 4095},
            "4097 characters as JSON; at most 4096",
        ),
    ],
)
def test_the_limit_is_said(json: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        AttributeValue.model_validate(json)
