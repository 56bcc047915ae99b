"""Since which version each part of the vocabulary exists, and that it is found wherever it stands."""

from typing import Any

import pytest

from enmeshed_nb.content import (
    ArbitraryMessageContent,
    AttributeValue,
    IdentityAttributeQuery,
    IQLQueryCreationHints,
    Mail,
    ReadAttributeAcceptResponseItem,
    RenderHints,
    Request,
    RequestItem,
    ShareAttributeRequestItem,
    Since,
    TokenContentVerifiablePresentation,
    newer_parts,
    since_of,
)
from enmeshed_nb.content.since import FIRST, version_numbers
from tests.content.test_values import VALID

NEWER_VALUES = {
    "BankAccount": "Runtime 7.1.0",
    "MaritalStatus": "Connector 7.2.0",
    "SchematizedJSON": "Runtime 7.4.0",
    "VerifiableCredential": "Connector 7.4.0",
}
NEWER_ITEMS = {
    "ShareAuthorizationRequestRequestItem": "Connector 7.4.0",
    "ShareCredentialOfferRequestItem": "Connector 7.4.0",
}
OFFER = {"@type": "ShareCredentialOfferRequestItem", "mustBeAccepted": True, "credentialOfferUrl": "x"}
MARKDOWN = {"@type": "Mail", "to": ["a"], "subject": "s", "body": "b", "bodyFormat": "Markdown"}
ASK = {"@type": "ReadAttributeRequestItem", "mustBeAccepted": True}
ACCOUNT = {
    "@type": "IdentityAttribute",
    "owner": "",
    "value": {"@type": "BankAccount", **VALID["BankAccount"]},
}
IQL = {"@type": "IQLQuery", "queryString": "x", "attributeCreationHints": {"valueType": "SchematizedJSON"}}
SHARE = {"attribute": ACCOUNT, "attributeId": "ATT1", "initialAttributePeer": "did:e:x"}


def found(value: Any) -> list[tuple[tuple[str | int, ...], str, str]]:
    return [(part.location, part.name, str(part.since)) for part in newer_parts(value)]


@pytest.mark.parametrize(("family", "newer"), [(AttributeValue, NEWER_VALUES), (RequestItem, NEWER_ITEMS)])
def test_each_type_says_since_when_it_exists(family: Any, newer: dict[str, str]) -> None:
    assert {kind.__name__: str(since_of(kind)) for kind in family._types() if since_of(kind) != FIRST} == newer
    for kind in family._types():
        assert (f"\n\nSince {since_of(kind)}." in kind.__doc__) == (kind.__name__ in newer)


def test_each_property_says_since_when_it_exists() -> None:
    assert str(since_of(Mail, "bodyFormat")) == "Connector 7.2.0"
    assert since_of(Mail, "body") == since_of(Mail) == FIRST == Since("7.0.0")
    for kind in (ShareAttributeRequestItem, ReadAttributeAcceptResponseItem):
        assert since_of(kind, "initialAttributePeer") == Since("7.0.3", before="thirdPartyAddress")
        assert since_of(kind, "thirdPartyAddress") == FIRST
    assert since_of(RenderHints, "technicalType").values == ("Json",)
    assert str(since_of(RenderHints, "technicalType")) == "Runtime 7.5.1"
    assert str(since_of(TokenContentVerifiablePresentation)) == "Connector 7.4.0"
    assert since_of(TokenContentVerifiablePresentation, "type") == since_of(TokenContentVerifiablePresentation)


@pytest.mark.parametrize(
    ("item", "location", "name"),
    [
        (OFFER, (), "ShareCredentialOfferRequestItem"),
        (
            {"@type": "CreateAttributeRequestItem", "mustBeAccepted": True, "attribute": ACCOUNT},
            ("attribute", "value"),
            "BankAccount",
        ),
        (
            ASK | {"query": {"@type": "IdentityAttributeQuery", "valueType": "MaritalStatus"}},
            ("query", "valueType"),
            "MaritalStatus",
        ),
        (ASK | {"query": IQL}, ("query", "attributeCreationHints", "valueType"), "SchematizedJSON"),
        (
            {"@type": "ShareAttributeRequestItem", "mustBeAccepted": True, **SHARE},
            ("initialAttributePeer",),
            "ShareAttributeRequestItem.initialAttributePeer",
        ),
    ],
)
def test_it_is_found_wherever_it_stands_in_a_request_as_json_and_as_a_model(
    item: dict[str, Any], location: tuple[str | int, ...], name: str
) -> None:
    group = {"@type": "RequestItemGroup", "items": [item]}
    for items, path in ([item], ("items", 0)), ([OFFER, group], ("items", 1, "items", 0)):
        sent = {"items": items}
        for request in (sent, {"@type": "Request", **sent}, Request.from_api(sent)):
            assert ((*path, *location), name) in [each[:2] for each in found(request)]
            body = {"content": request, "peer": "did:e:x"}
            assert (("content", *path, *location), name) in [each[:2] for each in found(body)]


def test_a_property_is_found_by_itself() -> None:
    assert found(MARKDOWN) == [(("bodyFormat",), "Mail.bodyFormat", "Connector 7.2.0")]
    assert found(Mail.model_validate(MARKDOWN)) == found(MARKDOWN)
    assert found(Mail(to=["a"], subject="s", body="b")) == []


def test_a_value_of_a_property_is_found_by_itself() -> None:
    newer = RenderHints(technical_type="Json", edit_type="TextArea")
    assert found(newer) == [(("technicalType",), "RenderHints.technicalType", "Runtime 7.5.1")]
    assert found(RenderHints(technical_type="String", edit_type="TextArea")) == []


def test_a_malformed_item_is_known_by_its_type_nevertheless() -> None:
    (item,) = found({"items": [{"@type": "ShareCredentialOfferRequestItem", "mustBeAccepted": True}]})
    assert item[1] == "ShareCredentialOfferRequestItem"


@pytest.mark.parametrize(
    "free",
    [
        ArbitraryMessageContent(value=[OFFER, ACCOUNT]),
        {"@type": "ArbitraryMessageContent", "value": MARKDOWN},
        {"items": [ASK | {"query": {"@type": "IdentityAttributeQuery", "valueType": "Surname"}, "metadata": OFFER}]},
        {"items": [], "metadata": {"x": OFFER}},
        IdentityAttributeQuery(value_type="Surname"),
        IQLQueryCreationHints(value_type="Surname"),
        {"@type": "IdentityAttribute", "owner": "", "value": {"@type": "Hobby", "value": "BankAccount"}},
        [None, 5, "BankAccount", {"@type": 5}],
    ],
)
def test_where_any_json_may_stand_nothing_is_found(free: Any) -> None:
    assert found(free) == []


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("7.0.0", (7, 0, 0)), ("7.10.0-rc.1", (7, 10, 0)), ("10.0", (10, 0, 0)), ("8", (8, 0, 0)), ("main", ()), ("", ())],
)
def test_a_version_begins_with_its_numbers(version: str, numbers: tuple[int, ...]) -> None:
    assert version_numbers(version) == numbers


@pytest.mark.parametrize(
    ("version", "after"),
    [("7.2.9", True), ("7.3.0", False), ("7.3", False), ("7.10", False), ("10.0", False), ("6.99", True), ("x", False)],
)
def test_what_came_after_a_version(version: str, after: bool) -> None:
    assert Since("7.3.0").is_after(version) is after
