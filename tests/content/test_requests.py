import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from enmeshed_nb.content import (
    Attribute,
    AttributeQuery,
    AuthenticationRequestItem,
    BooleanFormFieldSettings,
    Consent,
    ConsentRequestItem,
    CreateAttributeRequestItem,
    CreationContent,
    DateFormFieldSettings,
    DecideGroupParameters,
    DecideRequestParameters,
    DeleteAttributeRequestItem,
    DisplayName,
    DoubleFormFieldSettings,
    EMailAddress,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityAttributeQuery,
    IntegerFormFieldSettings,
    IQLQuery,
    IQLQueryCreationHints,
    Mail,
    MessageContent,
    ProposeAttributeRequestItem,
    ProprietaryString,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RejectParameters,
    RelationshipAttribute,
    RelationshipAttributeCreationHints,
    RelationshipAttributeQuery,
    RelationshipTemplateContent,
    Request,
    RequestItem,
    RequestItemGroup,
    SelectionFormFieldSettings,
    ShareAttributeRequestItem,
    ShareAuthorizationRequestRequestItem,
    ShareCredentialOfferRequestItem,
    StringFormFieldSettings,
    TemplateContent,
    ThirdPartyRelationshipAttributeQuery,
    TransferFileOwnershipRequestItem,
)
from enmeshed_nb.content.decisions import (
    AcceptDeleteAttributeParameters,
    AcceptFormFieldParameters,
    AcceptParameters,
    AcceptProposeAttributeParameters,
    AcceptReadAttributeParameters,
    AcceptShareAuthorizationRequestParameters,
)

NAME = IdentityAttribute(owner="", value=DisplayName(value="Zoë"), tags=["x:a"])
TERMS = RelationshipAttribute(owner="", key="terms", confidentiality="private", value=Consent(consent="I agree."))
HINTS = RelationshipAttributeCreationHints(title="Number", value_type="ProprietaryString", confidentiality="public")

ITEMS = [
    (
        AuthenticationRequestItem(title="Is it you?", must_be_accepted=True),
        {"@type": "AuthenticationRequestItem", "mustBeAccepted": True, "title": "Is it you?"},
    ),
    (
        ConsentRequestItem(
            consent="I agree.",
            must_be_accepted=False,
            description="d",
            metadata={"none": None},
            link="https://example.org/a",
            link_display_text="Terms",
            requires_interaction=True,
        ),
        {
            "@type": "ConsentRequestItem",
            "mustBeAccepted": False,
            "description": "d",
            "metadata": {"none": None},
            "consent": "I agree.",
            "link": "https://example.org/a",
            "linkDisplayText": "Terms",
            "requiresInteraction": True,
        },
    ),
    (
        CreateAttributeRequestItem(attribute=TERMS, must_be_accepted=True),
        {
            "@type": "CreateAttributeRequestItem",
            "mustBeAccepted": True,
            "attribute": {
                "@type": "RelationshipAttribute",
                "owner": "",
                "value": {"@type": "Consent", "consent": "I agree."},
                "key": "terms",
                "confidentiality": "private",
            },
        },
    ),
    (
        DeleteAttributeRequestItem(attribute_id="ATT1", must_be_accepted=True),
        {"@type": "DeleteAttributeRequestItem", "mustBeAccepted": True, "attributeId": "ATT1"},
    ),
    (
        FormFieldRequestItem(
            title="Colour",
            must_be_accepted=False,
            settings=SelectionFormFieldSettings(options=["red"], allow_multiple_selection=True),
        ),
        {
            "@type": "FormFieldRequestItem",
            "mustBeAccepted": False,
            "title": "Colour",
            "settings": {"@type": "SelectionFormFieldSettings", "options": ["red"], "allowMultipleSelection": True},
        },
    ),
    (
        ProposeAttributeRequestItem(
            attribute=NAME, query=IdentityAttributeQuery(value_type="DisplayName"), must_be_accepted=True
        ),
        {
            "@type": "ProposeAttributeRequestItem",
            "mustBeAccepted": True,
            "attribute": {
                "@type": "IdentityAttribute",
                "owner": "",
                "value": {"@type": "DisplayName", "value": "Zoë"},
                "tags": ["x:a"],
            },
            "query": {"@type": "IdentityAttributeQuery", "valueType": "DisplayName"},
        },
    ),
    (
        ReadAttributeRequestItem(
            query=RelationshipAttributeQuery(key="no", owner="", attribute_creation_hints=HINTS), must_be_accepted=True
        ),
        {
            "@type": "ReadAttributeRequestItem",
            "mustBeAccepted": True,
            "query": {
                "@type": "RelationshipAttributeQuery",
                "key": "no",
                "owner": "",
                "attributeCreationHints": {
                    "title": "Number",
                    "valueType": "ProprietaryString",
                    "confidentiality": "public",
                },
            },
        },
    ),
    (
        ShareAttributeRequestItem(
            attribute=NAME, attribute_id="ATT1", initial_attribute_peer="did:e:x", must_be_accepted=True
        ),
        {
            "@type": "ShareAttributeRequestItem",
            "mustBeAccepted": True,
            "attribute": NAME.model_dump(),
            "attributeId": "ATT1",
            "initialAttributePeer": "did:e:x",
        },
    ),
    (
        ShareAuthorizationRequestRequestItem(authorization_request_url="openid4vp://?x=1", must_be_accepted=True),
        {
            "@type": "ShareAuthorizationRequestRequestItem",
            "mustBeAccepted": True,
            "authorizationRequestUrl": "openid4vp://?x=1",
        },
    ),
    (
        ShareCredentialOfferRequestItem(credential_offer_url="openid-credential-offer://", must_be_accepted=False),
        {
            "@type": "ShareCredentialOfferRequestItem",
            "mustBeAccepted": False,
            "credentialOfferUrl": "openid-credential-offer://",
        },
    ),
    (
        TransferFileOwnershipRequestItem(file_reference="RklM", ownership_token="tok", must_be_accepted=True),
        {
            "@type": "TransferFileOwnershipRequestItem",
            "mustBeAccepted": True,
            "fileReference": "RklM",
            "ownershipToken": "tok",
        },
    ),
]


def test_every_kind_of_item_is_covered() -> None:
    assert {item.type_name for item, _ in ITEMS} == {kind.__name__ for kind in RequestItem._types()}
    assert len(ITEMS) == 11


@pytest.mark.parametrize(("item", "json"), ITEMS, ids=[item.type_name for item, _ in ITEMS])
def test_an_item_becomes_the_json_of_the_api_and_comes_back_the_same(item: RequestItem, json: dict) -> None:
    assert item.model_dump() == json
    assert next(iter(item.model_dump())) == "@type"
    assert RequestItem.model_validate(json) == item
    assert RequestItem.from_api(json) == item
    assert type(item).model_validate_json(item.model_dump_json()) == item


def test_a_whole_request_comes_back_the_same() -> None:
    request = Request(
        title="t",
        expires_at=datetime(2030, 1, 31, 13, tzinfo=timezone(timedelta(hours=1))),
        items=[ITEMS[0][0], RequestItemGroup(title="g", items=[ITEMS[1][0], ITEMS[4][0]])],
    )
    json = request.model_dump()
    assert json["expiresAt"] == "2030-01-31T12:00:00.000Z"
    assert json["items"][1]["@type"] == "RequestItemGroup"
    assert json["items"][1]["items"] == [ITEMS[1][1], ITEMS[4][1]]
    assert Request.model_validate(json) == request
    assert Request.from_api(json).model_dump() == json


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        ({"mustBeAccepted": "false"}, "items.0.mustBeAccepted", "boolean"),
        ({"mustBeAccepted": 1}, "items.0.mustBeAccepted", "boolean"),
        ({"mustBeAccepted": None}, "items.0.mustBeAccepted", "boolean"),
        ({"title": "x" * 201}, "items.0.title", "201 characters; at most 200"),
        ({"title": "😀" * 101}, "items.0.title", "202 characters"),
        ({"title": 5}, "items.0.title", "string"),
        ({"titel": "x"}, "items.0.titel", "not permitted"),
        ({"@type": "AuthenticationItem"}, "items.0", "known are AuthenticationRequestItem"),
        ({"description": "x" * 501}, "items.0.description", "at most 500"),
        ({"metadata": "x"}, "items.0.metadata", "dictionary"),
    ],
)
def test_a_fault_is_refused_with_its_json_path(change: dict, place: str, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Request.model_validate({"items": [ITEMS[0][1] | change]})
    (problem,) = caught.value.errors()
    assert ".".join(map(str, problem["loc"])) == place
    assert reason in problem["msg"]


@pytest.mark.parametrize(
    ("json", "place", "reason"),
    [
        ({"items": []}, "items", "may not be empty"),
        ({}, "items", "required"),
        ({"items": [{"mustBeAccepted": True, "title": "x"}]}, "items.0", "'@type' 'is missing'"),
        ({"items": [{"@type": "RequestItemGroup", "items": []}]}, "items.0.items", "may not be empty"),
        (
            {"items": [{"@type": "RequestItemGroup", "items": [{"@type": "RequestItemGroup", "items": []}]}]},
            "items.0.items.0",
            "'RequestItemGroup'",
        ),
        (
            {"items": [{"@type": "RequestItemGroup", "items": [ITEMS[0][1]], "mustBeAccepted": True}]},
            "items.0.mustBeAccepted",
            "not permitted",
        ),
        ({"items": [ITEMS[0][1]], "expiresAt": "2030"}, "expiresAt", "ISO 8601"),
        ({"items": [ITEMS[0][1]], "expiresAt": 4}, "expiresAt", "ISO 8601"),
        ({"items": [ITEMS[0][1]], "expiresAt": "2030-01-01T00:00:00"}, "expiresAt", "time zone"),
        ({"@type": "Mail", "items": [ITEMS[0][1]]}, "", "'Mail'"),
    ],
)
def test_a_malformed_request_is_refused_with_its_json_path(json: dict, place: str, reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Request.model_validate(json)
    (problem,) = caught.value.errors()
    assert ".".join(map(str, problem["loc"])) == place
    assert reason in problem["msg"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ConsentRequestItem(consent="x", must_be_accepted=True, link_display_text="Terms"),
        lambda: ConsentRequestItem(consent="x", must_be_accepted=True, link="no link"),
        lambda: ConsentRequestItem(consent="x" * 10001, must_be_accepted=True),
        lambda: ProposeAttributeRequestItem(
            attribute=IdentityAttribute(owner="did:e:me", value=DisplayName(value="x")),
            query=IdentityAttributeQuery(value_type="DisplayName"),
            must_be_accepted=True,
        ),
        lambda: ProposeAttributeRequestItem(
            attribute=NAME, query=IdentityAttributeQuery(value_type="Surname"), must_be_accepted=True
        ),
        lambda: ProposeAttributeRequestItem(
            attribute=NAME,
            query=IQLQuery(
                query_string="Surname", attribute_creation_hints=IQLQueryCreationHints(value_type="Surname")
            ),
            must_be_accepted=True,
        ),
        lambda: ProposeAttributeRequestItem(
            attribute=NAME,
            query=RelationshipAttributeQuery(key="k", owner="", attribute_creation_hints=HINTS),
            must_be_accepted=True,
        ),
        lambda: IdentityAttributeQuery(value_type="Consent"),
        lambda: RelationshipAttributeCreationHints(title="t", value_type="Surname", confidentiality="public"),
        lambda: RelationshipAttributeCreationHints(title="t", value_type="Consent", confidentiality="secret"),
        lambda: ThirdPartyRelationshipAttributeQuery(key="k", owner="", third_party=[]),
        lambda: ThirdPartyRelationshipAttributeQuery(key="k", owner="me", third_party=["did:e:x"]),
        lambda: RatingFormFieldSettings(max_rating=4),
        lambda: RatingFormFieldSettings(max_rating=11),
        lambda: SelectionFormFieldSettings(options=[]),
        lambda: SelectionFormFieldSettings(options=["a", "a"]),
        lambda: SelectionFormFieldSettings(options=[""]),
        lambda: IntegerFormFieldSettings(min=2, max=1),
        lambda: IntegerFormFieldSettings(min=1.5),
        lambda: DoubleFormFieldSettings(min=2.5, max=1),
        lambda: StringFormFieldSettings(max=4097),
        lambda: StringFormFieldSettings(min=3, max=2),
        lambda: RequestItem(must_be_accepted=True),
        lambda: IdentityAttribute(owner="", value=ProprietaryString(title="t", value="v")),
        lambda: IdentityAttribute(owner="", value=DisplayName(value="x"), tags=["x:a", "x:a"]),
        lambda: IdentityAttribute(owner="", value=DisplayName(value="x"), tags=[f"x:{n}" for n in range(21)]),
        lambda: IdentityAttribute(owner="", value=DisplayName(value="x"), tags=["x:" + "a" * 250]),
        lambda: Mail(to=[], subject="s", body="b"),
        lambda: Mail(to=["a"], cc=["a"], subject="s", body="b"),
        lambda: Mail(to=["a"], subject="s" * 301, body="b"),
        lambda: Mail(to=["a"], subject="s", body="b", body_format="HTML"),
        lambda: RelationshipTemplateContent(title="t"),
        lambda: AcceptParameters(accept=False),
        lambda: AcceptParameters(accept="false"),
        AcceptReadAttributeParameters,
        lambda: AcceptReadAttributeParameters(existing_attribute_id="ATT", new_attribute=NAME),
        lambda: AcceptReadAttributeParameters(new_attribute=NAME, tags=["x:a"]),
        AcceptProposeAttributeParameters,
        AcceptFormFieldParameters,
        AcceptShareAuthorizationRequestParameters,
        lambda: AcceptDeleteAttributeParameters(deletion_date="soon"),
        lambda: RejectParameters(code="c" * 201),
        lambda: RejectParameters(message="m" * 1001),
        lambda: DecideRequestParameters(items=[]),
    ],
)
def test_what_the_api_would_refuse_is_refused_before_it_is_sent(make) -> None:
    with pytest.raises(ValidationError):
        make()


def test_a_model_is_shown_without_what_it_does_not_have() -> None:
    assert repr(ITEMS[0][0]) == "AuthenticationRequestItem(must_be_accepted=True, title='Is it you?')"


def test_models_do_not_change_once_they_are_checked() -> None:
    item = ITEMS[0][0]
    with pytest.raises(ValidationError):
        item.must_be_accepted = "false"


def test_an_answer_keeps_what_is_unknown() -> None:
    json = {
        "@type": "Request",
        "id": "REQ1",
        "new": {"a": 1},
        "items": [
            {"@type": "FutureRequestItem", "mustBeAccepted": True, "url": "x"},
            {"@type": "AuthenticationRequestItem", "mustBeAccepted": True, "title": "x" * 300, "hint": None},
            {"@type": "AuthenticationRequestItem", "mustBeAccepted": False},
            {"@type": "RequestItemGroup", "items": [{"@type": "Future", "mustBeAccepted": True}], "colour": "red"},
            {
                "@type": "CreateAttributeRequestItem",
                "mustBeAccepted": True,
                "attribute": {"@type": "IdentityAttribute", "owner": "", "value": {"@type": "Hobby", "value": "chess"}},
            },
        ],
    }
    request = Request.from_api(json)
    unknown, known, incomplete, group, create = request.items
    assert type(unknown) is RequestItem
    assert unknown.type_name == "FutureRequestItem"
    assert isinstance(known, AuthenticationRequestItem)
    assert type(incomplete) is RequestItem
    assert isinstance(group, RequestItemGroup)
    assert isinstance(create, CreateAttributeRequestItem)
    assert create.attribute.value.type_name == "Hobby"
    assert request.model_dump() == json


@pytest.mark.parametrize(
    ("settings", "fits", "does_not"),
    [
        (BooleanFormFieldSettings(), [True, False], ["true", 1, None]),
        (DateFormFieldSettings(), ["2030-01-31", "2030-01-31T10:00:00Z"], ["31.1.2030", 2030, None]),
        (DoubleFormFieldSettings(min=0, max=1.5), [0, 1, 1.5], [-0.1, 1.6, "1", True]),
        (IntegerFormFieldSettings(min=0), [0, 7, 7.0], [-1, 1.5, "1", True]),
        (RatingFormFieldSettings(max_rating=5), [1, 5], [0, 6, "3", True]),
        (SelectionFormFieldSettings(options=["a", "b"]), ["a"], ["c", ["a"], None]),
        (
            SelectionFormFieldSettings(options=["a", "b"], allow_multiple_selection=True),
            [["a"], ["b", "a"]],
            ["a", [], ["a", "a"], ["c"]],
        ),
        (StringFormFieldSettings(min=2, max=3), ["ab", "abc"], ["a", "abcd", 12, "a\nb"]),
        (StringFormFieldSettings(allow_newlines=True), ["a\nb", "x" * 4096], ["", "x" * 4097]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_field_knows_which_answers_it_takes(settings, fits: list, does_not: list) -> None:
    assert [settings.refusal(answer) for answer in fits] == [None] * len(fits)
    assert all(settings.refusal(answer) for answer in does_not)


def test_decisions_become_the_json_of_the_api() -> None:
    when = datetime(2030, 1, 1, tzinfo=UTC)
    decision = DecideRequestParameters(
        items=[
            AcceptParameters(),
            RejectParameters(code="no.time", message="Not now"),
            DecideGroupParameters(
                items=[
                    AcceptReadAttributeParameters(existing_attribute_id="ATT1", tags=["x:a"]),
                    AcceptReadAttributeParameters(
                        new_attribute=IdentityAttribute(owner="", value=EMailAddress(value="a@b.de"))
                    ),
                    AcceptFormFieldParameters(response=False),
                    AcceptDeleteAttributeParameters(deletion_date=when),
                ]
            ),
        ]
    )
    assert decision.model_dump() == {
        "items": [
            {"accept": True},
            {"accept": False, "code": "no.time", "message": "Not now"},
            {
                "items": [
                    {"accept": True, "existingAttributeId": "ATT1", "tags": ["x:a"]},
                    {
                        "accept": True,
                        "newAttribute": {
                            "@type": "IdentityAttribute",
                            "owner": "",
                            "value": {"@type": "EMailAddress", "value": "a@b.de"},
                        },
                    },
                    {"accept": True, "response": False},
                    {"accept": True, "deletionDate": "2030-01-01T00:00:00.000Z"},
                ]
            },
        ]
    }


EITHER = "existingAttributeId", "newAttribute"


@pytest.mark.parametrize(
    ("model", "names"),
    [(AcceptReadAttributeParameters, EITHER), (AcceptProposeAttributeParameters, ("attributeId", "attribute"))],
)
def test_an_attribute_is_given_in_one_way(model, names) -> None:
    there, new = names
    given = {there: "ATT1", new: NAME.model_dump()}
    for name, value in given.items():
        assert model.model_validate({"accept": True, name: value}).accept
    assert model.model_validate({"accept": True, there: "ATT1", "tags": ["x:b"]}).tags == ["x:b"]
    wrong = [
        ({}, new, f"give either {there} or {new}"),
        (given, new, f"give either {there} or {new}"),
        ({new: given[new], "tags": []}, "tags", f"can only be added to an existing Attribute ({there})"),
    ]
    for more, place, said in wrong:
        with pytest.raises(ValidationError) as refused:
            model.model_validate({"accept": True, **more})
        assert [(each["loc"], each["msg"]) for each in refused.value.errors()] == [((place,), said)]


FAMILIES = {
    Attribute: ["IdentityAttribute", "RelationshipAttribute"],
    AttributeQuery: [
        "IQLQuery",
        "IdentityAttributeQuery",
        "RelationshipAttributeQuery",
        "ThirdPartyRelationshipAttributeQuery",
    ],
    MessageContent: ["ArbitraryMessageContent", "Mail", "Notification", "Request", "ResponseWrapper"],
    RequestItem: [
        *("AuthenticationRequestItem", "ConsentRequestItem", "CreateAttributeRequestItem"),
        *("DeleteAttributeRequestItem", "FormFieldRequestItem", "ProposeAttributeRequestItem"),
        *("ReadAttributeRequestItem", "ShareAttributeRequestItem", "ShareAuthorizationRequestRequestItem"),
        *("ShareCredentialOfferRequestItem", "TransferFileOwnershipRequestItem"),
    ],
    CreationContent: ["ArbitraryRelationshipCreationContent", "RelationshipCreationContent"],
    TemplateContent: ["ArbitraryRelationshipTemplateContent", "RelationshipTemplateContent"],
}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_stands_for_several_is_none_of_them(family) -> None:
    for written in ({}, {"@type": family.__name__}):
        with pytest.raises(ValidationError) as refused:
            family.model_validate(written)
        (problem,) = refused.value.errors()
        named = repr(family.__name__) if written else "is missing"
        assert problem["msg"] == f"'@type' {named}; known are {', '.join(FAMILIES[family])}"
    unknown = family.from_api({"@type": "OfTheFuture", "owner": "", "mustBeAccepted": True})
    assert (type(unknown), unknown.type_name) == (family, "OfTheFuture")


def test_a_proposal_fits_what_is_asked_for_by_type_or_by_iql() -> None:
    for query in (IdentityAttributeQuery(value_type="DisplayName"), IQLQuery(query_string="DisplayName")):
        assert ProposeAttributeRequestItem(attribute=NAME, query=query, must_be_accepted=True).query == query
    by_key = RelationshipAttributeQuery(
        key="terms",
        owner="",
        attribute_creation_hints=RelationshipAttributeCreationHints(
            title="t", value_type="Consent", confidentiality="private"
        ),
    )
    assert ProposeAttributeRequestItem(attribute=TERMS, query=by_key, must_be_accepted=True).query == by_key


LATER = """
from enmeshed_nb.content import Request, RequestItem
json = {"@type": "LaterRequestItem", "mustBeAccepted": True}
assert type(RequestItem.from_api(json)) is RequestItem
class LaterRequestItem(RequestItem):
    pass
assert type(RequestItem.from_api(json)) is LaterRequestItem
assert type(Request.from_api({"items": [json]}).items[0]) is LaterRequestItem
"""


def test_a_type_that_is_defined_later_is_known():
    subprocess.run([sys.executable, "-c", LATER], check=True, timeout=60)  # other tests know all types of this process
