"""What people call the items of a Request."""

import pytest

from enmeshed_nb.content import (
    Attribute,
    AuthenticationRequestItem,
    BooleanFormFieldSettings,
    ConsentRequestItem,
    CreateAttributeRequestItem,
    DateFormFieldSettings,
    DeleteAttributeRequestItem,
    DisplayName,
    DoubleFormFieldSettings,
    EMailAddress,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityAttributeQuery,
    IntegerFormFieldSettings,
    IQLQuery,
    ProposeAttributeRequestItem,
    ProprietaryString,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RelationshipAttribute,
    RelationshipAttributeCreationHints,
    RelationshipAttributeQuery,
    Request,
    RequestItem,
    RequestItemGroup,
    SelectionFormFieldSettings,
    ShareAttributeRequestItem,
    StringFormFieldSettings,
    ThirdPartyRelationshipAttributeQuery,
    TransferFileOwnershipRequestItem,
)
from enmeshed_nb.content.rules import counted
from enmeshed_nb.guide.draft import GROUP, KINDS, NEW, DraftNode
from enmeshed_nb.guide.naming import asks_for, kind_of, label, name_of, place_of, value_name, value_text, words_of
from enmeshed_nb.guide.text import listed, ordinal, shortened

MAIL = IdentityAttribute(owner="", value=EMailAddress(value="ada@example.org"))
MAIL_QUERY = IdentityAttributeQuery(value_type="EMailAddress")
MEMBER = RelationshipAttribute(
    owner="", key="member", confidentiality="private", value=ProprietaryString(title="Member", value="Gold")
)
TERMS = ConsentRequestItem(consent="Terms", must_be_accepted=True)
SHOE = RelationshipAttributeCreationHints(title="Shoe", value_type="ProprietaryString", confidentiality="public")


@pytest.mark.parametrize(
    ("item", "name", "kind", "asks"),
    [
        (AuthenticationRequestItem(title="Is it you?", must_be_accepted=True), "Is it you?", "Authentication", []),
        (
            ConsentRequestItem(
                consent="Terms", link="https://a.example", must_be_accepted=True, requires_interaction=True
            ),
            "Terms",
            "Consent",
            ["More: https://a.example", "Open the link before you accept."],
        ),
        (
            ReadAttributeRequestItem(query=MAIL_QUERY, must_be_accepted=True),
            "E-mail address, to read",
            "Attribute",
            ["Asks for your e-mail address."],
        ),
        (
            ReadAttributeRequestItem(
                query=RelationshipAttributeQuery(key="shoe", owner="", attribute_creation_hints=SHOE),
                must_be_accepted=True,
            ),
            "Shoe, to read",
            "Attribute",
            ["Asks for “Shoe”: string, for this Relationship alone."],
        ),
        (
            ReadAttributeRequestItem(
                query=ThirdPartyRelationshipAttributeQuery(key="shoe", owner="", third_party=["did:1", "did:2"]),
                must_be_accepted=True,
            ),
            "shoe, to read",
            "Attribute",
            ["Asks for “shoe”, which you have with did:1 or did:2."],
        ),
        (
            ReadAttributeRequestItem(
                query=IdentityAttributeQuery(value_type="IdentityFileReference", tags=["x:a", "x:b"]),
                must_be_accepted=True,
            ),
            "Identity file reference, to read",
            "Attribute",
            ["Asks for your identity file reference.", "With the tags x:a or x:b."],
        ),
        (
            ReadAttributeRequestItem(
                query=IdentityAttributeQuery(value_type="Surname", tags=["x:a"]), must_be_accepted=True
            ),
            "Surname, to read",
            "Attribute",
            ["Asks for your surname.", "With the tag x:a."],
        ),
        (
            ReadAttributeRequestItem(query=IQLQuery(query_string="GivenName"), must_be_accepted=True),
            "Attribute, to read",
            "Attribute",
            ["Asks for what fits “GivenName”."],
        ),
        (
            ProposeAttributeRequestItem(attribute=MAIL, query=MAIL_QUERY, must_be_accepted=True),
            "E-mail address, proposed",
            "Attribute",
            ["Proposes as your e-mail address: ada@example.org"],
        ),
        (
            CreateAttributeRequestItem(attribute=MEMBER, must_be_accepted=True),
            "Member, to create",
            "Attribute",
            ["Member: Gold", "It will belong to you."],
        ),
        (
            ShareAttributeRequestItem(attribute=MAIL, attribute_id="ATT1", must_be_accepted=True),
            "E-mail address, shared",
            "Attribute",
            ["E-mail address: ada@example.org"],
        ),
        (
            DeleteAttributeRequestItem(attribute_id="ATT1", must_be_accepted=True),
            "Attribute, to delete",
            "Attribute",
            ["Asks you to delete your copy of the Attribute ATT1."],
        ),
        (
            TransferFileOwnershipRequestItem(file_reference="x", ownership_token="x", must_be_accepted=True),
            "File, to take over",
            "File",
            ["Offers you a File; with it you become its owner."],
        ),
        (RequestItemGroup(title="About you", items=[TERMS]), "About you", "Group", None),
    ],
)
def test_an_item_is_named_by_what_it_asks(item, name, kind, asks):
    assert (name_of(item), kind_of(item)) == (name, kind)
    if asks is not None:
        assert asks_for(item) == asks


@pytest.mark.parametrize(
    ("settings", "help_"),
    [
        (BooleanFormFieldSettings(), "Yes or no."),
        (DateFormFieldSettings(), "A date."),
        (IntegerFormFieldSettings(min=1, max=3), "A whole number from 1 to 3."),
        (DoubleFormFieldSettings(min=1, unit="kg"), "A number, at least 1, in kg."),
        (DoubleFormFieldSettings(max=2), "A number, at most 2."),
        (DoubleFormFieldSettings(min=0, max=0), "A number from 0 to 0."),
        (IntegerFormFieldSettings(min=0), "A whole number, at least 0."),
        (IntegerFormFieldSettings(max=0), "A whole number, at most 0."),
        (IntegerFormFieldSettings(), "A whole number."),
        (RatingFormFieldSettings(max_rating=5), "A rating from 1 to 5."),
        (SelectionFormFieldSettings(options=["a", "b", "c"]), "One of “a”, “b” or “c”."),
        (SelectionFormFieldSettings(options=["a", "b"], allow_multiple_selection=True), "One or more of “a” or “b”."),
        (StringFormFieldSettings(max=1), "A text of 1 to 1 character."),
        (StringFormFieldSettings(min=2), "A text of 2 to 4096 characters."),
        (StringFormFieldSettings(allow_newlines=True), "A text of 1 to 4096 characters, on as many lines as you like."),
    ],
)
def test_a_question_says_which_answer_it_takes(settings, help_):
    item = FormFieldRequestItem(title="x", settings=settings, must_be_accepted=True)
    assert (asks_for(item), kind_of(item)) == ([help_], "Question")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_name_even_half_made(kind):
    item = RequestItem.from_api({"@type": kind, "mustBeAccepted": True, **NEW[kind]})
    assert name_of(item)
    assert "RequestItem" not in f"{name_of(item)} {kind_of(item)}"
    assert name_of(RequestItem.from_api({"@type": kind, "mustBeAccepted": True}))


def test_what_cannot_be_read_at_all_is_named_by_its_kind():
    assert name_of(DraftNode({"@type": "ConsentRequestItem", "mustBeAccepted": "many"}).item) == "Consent"
    assert name_of(DraftNode({"@type": GROUP, "title": "About you", "items": [{}]}).item) == "Group"
    assert name_of(DraftNode({}).item) == "Item"


def test_an_item_has_a_place():
    group, nameless = RequestItemGroup(title="About you", items=[TERMS, TERMS]), RequestItemGroup(items=[TERMS])
    request = Request(items=[TERMS, group, nameless])
    assert [place_of(request, path) for path in ((), (0,), (1, 1), (2, 0))] == [
        "",
        "1st",
        "2nd in “About you”",
        "1st in the group at the 3rd place",
    ]
    assert [label(request, path) for path in ((), (0,), (1,), (1, 1), (2,), (7,))] == [
        "The Request",
        "“Terms” (1st)",
        "The group “About you” (2nd)",
        "“Terms” (2nd in “About you”)",
        "The group (3rd)",
        "The Request",
    ]
    assert label(Request(items=[TERMS]), (0,)) == "“Terms”"


def test_an_item_of_a_newer_connector_has_a_name():
    item = RequestItem.from_api({"@type": "DanceRequestItem", "mustBeAccepted": True, "title": "Tango"})
    assert (name_of(item), kind_of(item)) == ("Tango", "Dance")


def test_words_are_cut_between_words_and_counted():
    assert shortened("a\nb") == "a b"
    assert shortened("word " * 20) == "word " * 11 + "…"
    assert shortened("x" * 100) == "x" * 59 + "…"
    assert [counted(1, "item"), counted(2, "item"), counted(2, "item has", "items have")] == [
        "1 item",
        "2 items",
        "2 items have",
    ]
    assert [ordinal(each) for each in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"),
    ]
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["", "a", "a, b and c"]
    assert [words_of(each) for each in ("linkDisplayText", "HEXColor", "ProprietaryXML", "EMailAddress")] == [
        "Link display text",
        "HEX color",
        "XML",
        "E-mail address",
    ]
    assert words_of("requestID") == "Request ID"
    assert words_of(DisplayName.__name__) == "Display name"


def test_an_attribute_of_a_type_to_come_has_a_name_and_a_value():
    written = {"@type": "AttributeOfTheFuture", "owner": "", "value": {"@type": "Ring", "size": 7, "is_gold": True}}
    attribute = Attribute.from_api(written)
    assert (value_name(attribute), value_text(attribute)) == ("Attribute", "7, yes")
    assert (value_name(MAIL), value_text(MAIL)) == ("E-mail address", "ada@example.org")
