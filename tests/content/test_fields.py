"""What forms need to know about the models."""

import pytest

from enmeshed_nb.content import (
    BirthDate,
    BirthPlace,
    ConsentRequestItem,
    EMailAddress,
    FormFieldRequestItem,
    IdentityFileReference,
    Mail,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RelationshipAttribute,
    Request,
    SelectionFormFieldSettings,
    Website,
)
from enmeshed_nb.content.fields import fields_of


def of(model, key):
    return next(field for field in fields_of(model) if field.key == key)


@pytest.mark.parametrize(
    ("model", "key", "expected"),
    [
        (Request, "title", ("text", False, 0, 200)),
        (Request, "expiresAt", ("time", False, None, None)),
        (Request, "metadata", ("json", False, None, None)),
        (ConsentRequestItem, "mustBeAccepted", ("flag", True, None, None)),
        (ConsentRequestItem, "consent", ("text", True, 0, 10000)),
        (ConsentRequestItem, "linkDisplayText", ("text", False, 3, 30)),
        (ConsentRequestItem, "requiresInteraction", ("flag", False, None, None)),
        (BirthDate, "month", ("integer", True, 1, 12)),
        (EMailAddress, "value", ("text", True, 3, 254)),
        (IdentityFileReference, "value", ("file", True, 30, 150)),
        (Mail, "body", ("text", True, 0, 50_000)),
        (Website, "value", ("text", True, 3, 1024)),
        (RatingFormFieldSettings, "maxRating", ("integer", True, 5, 10)),
        (SelectionFormFieldSettings, "options", ("texts", True, None, None)),
        (SelectionFormFieldSettings, "allowMultipleSelection", ("flag", False, None, None)),
    ],
)
def test_kind_and_limits(model, key, expected):
    field = of(model, key)
    assert (field.kind, field.required, field.least, field.most) == expected


def test_choices():
    assert of(RelationshipAttribute, "confidentiality").choices == ("public", "protected", "private")
    countries = of(BirthPlace, "country").choices
    assert {"DE", "FR"} <= set(countries)
    assert list(countries) == sorted(countries)
    assert of(RelationshipAttribute, "owner").choices == ()


def test_the_types_of_an_object():
    assert len(of(FormFieldRequestItem, "settings").types) == 7
    assert {each.__name__ for each in of(ReadAttributeRequestItem, "query").types} == {
        "IdentityAttributeQuery",
        "RelationshipAttributeQuery",
        "ThirdPartyRelationshipAttributeQuery",
        "IQLQuery",
    }
    assert len(of(RelationshipAttribute, "value").types) == 14


def test_what_is_required_comes_first():
    required = [field.required for field in fields_of(ConsentRequestItem)]
    assert required == sorted(required, reverse=True)


def test_a_property_says_what_it_means_also_an_inherited_one():
    assert of(ConsentRequestItem, "linkDisplayText").help == "what to show in place of the link."
    assert of(ConsentRequestItem, "description").help == "more about it, for people."
    assert of(RelationshipAttribute, "owner").help.startswith("the address of whom it belongs to; empty")
    assert of(Request, "title").help == ""
