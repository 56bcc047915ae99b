import pytest
from pydantic import ValidationError

from enmeshed_nb.content import (
    IDENTITY_VALUE_TYPES,
    RELATIONSHIP_VALUE_TYPES,
    AttributeValue,
    DisplayName,
    RenderHints,
)

PLAIN = ("BirthName", "DisplayName", "GivenName", "HonorificPrefix", "HonorificSuffix", "JobTitle", "MiddleName")
PLAIN += ("Pseudonym", "Surname")
ADDRESS = {"recipient": "Zoë", "zipCode": "1", "city": "Kœln", "country": "DE", "state": "NRW"}

VALID = {
    "Affiliation": {"organization": "ACME", "role": "r", "unit": "u"},
    "BankAccount": {"accountHolder": "Zoë", "iban": "DE02120300000000202051", "bic": "BYLADEM1001"},
    "BirthDate": {"day": 29, "month": 2, "year": 2000},
    "BirthPlace": {"city": "Łódź", "country": "PL"},
    "Citizenship": {"value": "FR"},
    "CommunicationLanguage": {"value": "de"},
    "DeliveryBoxAddress": ADDRESS | {"deliveryBoxId": "1", "userId": "2", "phoneNumber": "+49 1234"},
    "EMailAddress": {"value": "zoe@example.org"},
    "FaxNumber": {"value": "+49 (0) 123/456"},
    "IdentityFileReference": {"value": "R" * 30},
    "MaritalStatus": {"value": "married"},
    "Nationality": {"value": "DE"},
    "PersonName": {"givenName": "Zoë", "surname": "Žḱ", "honorificPrefix": "Dr."},
    "PhoneNumber": {"value": "+49 1234"},
    "PostOfficeBoxAddress": ADDRESS | {"boxId": "7"},
    "SchematizedJSON": {"value": {"a": [1, None]}, "schemaURL": "https://example.org/schema"},
    "SchematizedXML": {"value": "<a>1</a>", "schemaURL": "https://example.org/schema"},
    "Sex": {"value": "intersex"},
    "StreetAddress": ADDRESS | {"street": "s", "houseNo": "1a"},
    "VerifiableCredential": {"value": {"iss": "x"}, "type": "dc+sd-jwt", "displayInformation": [{"name": "Card"}]},
    "Website": {"value": "enmeshed.eu/integrate"},
    "Consent": {"consent": "I agree.", "link": "https://example.org", "linkDisplayText": "more"},
    "ProprietaryBoolean": {"title": "t", "value": False},
    "ProprietaryCountry": {"title": "t", "value": "DE"},
    "ProprietaryEMailAddress": {"title": "t", "value": "a.b@example.org"},
    "ProprietaryFileReference": {"title": "t", "value": "R" * 150},
    "ProprietaryFloat": {"title": "t", "value": 1.5},
    "ProprietaryHEXColor": {"title": "t", "value": "#09F"},
    "ProprietaryInteger": {"title": "t", "value": 3, "description": "d"},
    "ProprietaryJSON": {"title": "t", "value": {"x": False}},
    "ProprietaryLanguage": {"title": "t", "value": "en"},
    "ProprietaryPhoneNumber": {"title": "t", "value": "112"},
    "ProprietaryString": {"title": "emoji may be here 😀", "value": "v"},
    "ProprietaryURL": {"title": "t", "value": "https://example.org"},
    "ProprietaryXML": {"title": "t", "value": "<a/>"},
} | {name: {"value": "Zoë"} for name in PLAIN}

INVALID = [
    ("DisplayName", {"value": "x" * 101}),
    ("DisplayName", {"value": "Zoë 😀"}),
    ("DisplayName", {"value": "Ζωή"}),
    ("DisplayName", {"value": "语"}),
    ("DisplayName", {"value": "Zoë 😀"}),
    ("DisplayName", {"value": "a\x00"}),
    ("DisplayName", {"value": "٣"}),
    ("DisplayName", {"value": "1\u0301"}),
    ("DisplayName", {"value": "Ⅷ"}),
    ("DisplayName", {"value": "\u02c2"}),
    ("DisplayName", {"value": 5}),
    ("DisplayName", {}),
    ("DisplayName", {"value": "x", "values": "y"}),
    ("BirthDate", {"day": 30, "month": 2, "year": 2000}),
    ("BirthDate", {"day": 1, "month": 13, "year": 2000}),
    ("BirthDate", {"day": "1", "month": 1, "year": 2000}),
    ("BirthDate", {"day": 1, "month": 1, "year": 10000}),
    ("BankAccount", {"accountHolder": "x", "iban": "DE02120300000000202052"}),
    ("BankAccount", {"accountHolder": "x", "iban": "DE02120300000000202051", "bic": "B"}),
    ("Citizenship", {"value": "XX"}),
    ("Citizenship", {"value": "de"}),
    ("CommunicationLanguage", {"value": "DE"}),
    ("EMailAddress", {"value": "no address"}),
    ("EMailAddress", {"value": "a@b"}),
    ("PhoneNumber", {"value": "abc"}),
    ("FaxNumber", {"value": "12"}),
    ("IdentityFileReference", {"value": "R" * 29}),
    ("IdentityFileReference", {"value": "R" * 151}),
    ("MaritalStatus", {"value": "happy"}),
    ("Sex", {"value": "other"}),
    ("SchematizedJSON", {"value": "x" * 4095}),
    ("SchematizedJSON", {"value": None}),
    ("SchematizedXML", {"value": "<a>"}),
    ("SchematizedXML", {"value": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
    ("VerifiableCredential", {"value": 5, "type": "t"}),
    ("VerifiableCredential", {"value": "eyJ"}),
    ("Website", {"value": "no url"}),
    ("Website", {"value": "https://host"}),
    ("Website", {"value": "https://[broken"}),
    ("Consent", {"consent": "x", "link": "enmeshed.eu"}),
    ("Consent", {"consent": "x", "link": "https://"}),
    ("Consent", {"consent": "x", "link": "https://a.de/x y"}),
    ("Website", {"value": "https://a.de/x\ty"}),
    ("Website", {"value": "x" * 1025}),
    ("Consent", {"consent": "x", "linkDisplayText": "more"}),
    ("Consent", {"consent": "x" * 10001}),
    ("Consent", {"consent": "x", "title": "y"}),
    ("ProprietaryString", {"value": "v"}),
    ("ProprietaryString", {"title": "t" * 101, "value": "v"}),
    ("ProprietaryString", {"title": "t", "value": "v" * 101}),
    ("ProprietaryString", {"title": "t", "value": "v", "description": "d" * 1001}),
    ("ProprietaryBoolean", {"title": "t", "value": "true"}),
    ("ProprietaryInteger", {"title": "t", "value": 1.5}),
    ("ProprietaryInteger", {"title": "t", "value": True}),
    ("ProprietaryFloat", {"title": "t", "value": "1.5"}),
    ("ProprietaryJSON", {"title": "t", "value": float("nan")}),
    ("ProprietaryJSON", {"title": "t", "value": [float("inf")]}),
    ("ProprietaryHEXColor", {"title": "t", "value": "09F"}),
    ("ProprietaryHEXColor", {"title": "t", "value": "#12345"}),
    ("Hobby", {"value": "chess"}),
]


def test_every_type_is_covered() -> None:
    assert VALID.keys() == IDENTITY_VALUE_TYPES | RELATIONSHIP_VALUE_TYPES
    assert len(IDENTITY_VALUE_TYPES) == 30
    assert len(RELATIONSHIP_VALUE_TYPES) == 14


@pytest.mark.parametrize("name", VALID)
def test_a_value_comes_back_the_same(name: str) -> None:
    json = {"@type": name, **VALID[name]}
    value = AttributeValue.model_validate(json)
    assert value.type_name == name
    assert value.model_dump() == json
    assert AttributeValue.from_api(json) == value


@pytest.mark.parametrize(("name", "json"), INVALID)
def test_a_limit_holds_for_what_is_sent_but_not_for_answers(name: str, json: dict) -> None:
    with pytest.raises(ValidationError):
        AttributeValue.model_validate({"@type": name, **json})
    assert AttributeValue.from_api({"@type": name, **json}).type_name == name


def test_value_hints_come_back_the_same() -> None:
    json = {
        "@type": "ProprietaryString",
        "title": "t",
        "value": "v",
        "valueHintsOverride": {
            "@type": "ValueHintsOverride",
            "max": 3,
            "values": [{"key": "a", "displayName": "A"}],
            "defaultValue": True,
        },
    }
    assert AttributeValue.model_validate(json).model_dump() == json


@pytest.mark.parametrize("text", ["", "Zoë", "\r\n\t", "ŵ", "M̂", "K͟H", "C̨̆", "€₿", "Ụ̄", "ʰ\u02bcª1º", "ÿ\xd7÷¹"])
def test_letters_of_din_91379_may_be_used(text: str) -> None:
    assert DisplayName(value=text).value == text


@pytest.mark.parametrize("text", ["ж", "Σ", "🙂", "𗀀", "\x00", "\n\u0302", "ж̂", "Ⅷ", "√"])
def test_other_characters_are_refused_and_named(text: str) -> None:
    with pytest.raises(ValidationError, match="holds characters outside DIN 91379") as refused:
        DisplayName(value=f"Zoë {text}")
    assert text[0] in str(refused.value) or not text.isprintable()


TECHNICAL_TYPES = ["Boolean", "Float", "Integer", "Json", "Object", "String", "Unknown"]
EDIT_TYPES = ["ButtonLike", "Complex", "InputLike", "RadioButtonLike", "Secret", "SelectLike", "SliderLike"]
EDIT_TYPES += ["TextArea", "Upload"]


def test_render_hints_know_their_types_and_no_others() -> None:
    hints = {"@type": "RenderHints", "technicalType": "String", "editType": "Upload", "dataType": "Country"}
    for key, known in (("technicalType", TECHNICAL_TYPES), ("editType", EDIT_TYPES)):
        for each in known:
            assert RenderHints.model_validate(hints | {key: each}).model_dump() == hints | {key: each}
        with pytest.raises(ValidationError, match=f"'Other' is none of {', '.join(map(repr, known))}"):
            RenderHints.model_validate(hints | {key: "Other"})
