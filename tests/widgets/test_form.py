"""Forms: a control for each property of a model, what it says of it, and what it makes of what is entered."""

from datetime import UTC, datetime

import ipywidgets
import pytest

from enmeshed_nb.content import (
    BirthDate,
    BirthPlace,
    ConsentRequestItem,
    DoubleFormFieldSettings,
    EMailAddress,
    FormFieldRequestItem,
    IdentityFileReference,
    IntegerFormFieldSettings,
    IQLQuery,
    Mail,
    ProprietaryFloat,
    RatingFormFieldSettings,
    RelationshipAttribute,
    RelationshipAttributeQuery,
    RelationshipTemplateContent,
    Request,
    SelectionFormFieldSettings,
    ThirdPartyRelationshipAttributeQuery,
)
from enmeshed_nb.widgets.form import ModelForm
from tests.widgets.seen import alerts, control, controls, options, part, read


@pytest.fixture
def changes():
    return []


@pytest.fixture
def form_of(changes):
    """Makes the form of a model with some JSON to begin with."""
    return lambda model, **value: ModelForm(model, value, lambda: changes.append(model))


@pytest.mark.parametrize(
    ("model", "words", "said"),
    [
        (Request, "Title", "at most 200 characters"),
        (EMailAddress, "Value *", "3 to 254 characters"),
        (IdentityFileReference, "Value *", "30 to 150 characters"),
        (BirthDate, "Month *", "a whole number from 1 to 12"),
        (IntegerFormFieldSettings, "Min", "a whole number"),
        (ProprietaryFloat, "Value *", "a number"),
        (SelectionFormFieldSettings, "Options *", "one on each line"),
        (Request, "Metadata", "JSON"),
    ],
)
def test_a_control_says_what_may_be_entered(form_of, model, words, said):
    found = control(form_of(model), words)
    assert found.tooltip == found.placeholder == said


@pytest.mark.parametrize(
    ("model", "words", "has_lines"),
    [
        (Request, "Title", False),
        (Request, "Description", True),
        (Request, "Metadata", True),
        (SelectionFormFieldSettings, "Options *", True),
        (ConsentRequestItem, "Consent *", True),
        (IntegerFormFieldSettings, "Min", False),
        (BirthPlace, "City *", False),
    ],
)
def test_long_texts_and_lists_have_lines_and_change_when_they_are_left(form_of, model, words, has_lines):
    found = control(form_of(model), words)
    assert isinstance(found, ipywidgets.Textarea) is has_lines
    assert not found.continuous_update


def test_a_control_says_how_much_there_is_to_choose_from(form_of):
    country = control(form_of(BirthPlace), "Country *")
    assert country.placeholder == f"one of {len(country.options)}"
    assert {"DE", "FR"} <= set(country.options)


@pytest.mark.parametrize(
    ("model", "words", "entered", "value"),
    [
        (Request, "Title", "Welcome", {"title": "Welcome"}),
        (Request, "Title", "", {}),
        (Request, "Metadata", '{"a": 1}', {"metadata": {"a": 1}}),
        (Request, "Metadata", '{"a"', {"metadata": '{"a"'}),
        (Request, "Expires at", datetime(2999, 1, 1, tzinfo=UTC), {"expiresAt": "2999-01-01T00:00:00.000Z"}),
        (IntegerFormFieldSettings, "Min", "7", {"min": 7}),
        (IntegerFormFieldSettings, "Min", "many", {"min": "many"}),
        (DoubleFormFieldSettings, "Min", "7", {"min": 7}),
        (DoubleFormFieldSettings, "Min", "7.5", {"min": 7.5}),
        (SelectionFormFieldSettings, "Options *", "a\nb", {"options": ["a", "b"]}),
        (
            ThirdPartyRelationshipAttributeQuery,
            "Third party *",
            "",
            {"key": "", "owner": "recipient", "thirdParty": []},
        ),
    ],
)
def test_what_is_entered_is_the_value(form_of, changes, model, words, entered, value):
    form = form_of(model)
    control(form, words).value = entered
    given = {key: each for key, each in form.value.items() if key in value}
    assert given == value
    assert form.value == {**form_of(model).value, **value}
    assert changes == ([model] if entered else [])


@pytest.mark.parametrize(("given", "shown"), [(True, True), (False, False), (None, False), ("true", False), (1, False)])
def test_a_flag_is_set_if_it_is_true_and_nothing_else(form_of, changes, given, shown):
    form = form_of(ConsentRequestItem, mustBeAccepted=given, requiresInteraction=given)
    must, may = control(form, "Must be accepted"), control(form, "Requires interaction")
    assert must.value is may.value is shown
    assert form.value == {"consent": "", "mustBeAccepted": shown} | ({"requiresInteraction": True} if shown else {})
    must.value = may.value = not shown
    assert form.value["mustBeAccepted"] is not shown
    assert form.value.get("requiresInteraction", False) is not shown
    assert changes == [ConsentRequestItem] * 2


def test_few_texts_are_chosen_many_are_proposed(form_of):
    value = {"@type": "Consent", "consent": "x"}
    form = form_of(RelationshipAttribute, owner="", key="k", confidentiality="private", value=value)
    assert options(control(form, "Confidentiality *")) == ["public", "protected", "private"]
    assert control(form, "Confidentiality *").value == "private"
    assert form_of(RelationshipAttribute).value["confidentiality"] == "public"
    assert form_of(RelationshipAttribute, confidentiality="secret").value["confidentiality"] == "public"
    place = form_of(BirthPlace, city="Łódź", country="XX")
    assert place.value == {"city": "Łódź", "country": "XX"}  # what is wrong stays until it is corrected


def test_a_choice_that_may_be_left_out_is_left_out_if_what_was_given_is_none_of_its_options(form_of, changes):
    mail = {"to": ["a"], "subject": "s", "body": "b"}
    assert options(control(form_of(Mail), "Body format")) == ["-", "PlainText", "Markdown"]
    assert form_of(Mail, **mail, bodyFormat="Markdown").value["bodyFormat"] == "Markdown"
    for given in ({"bodyFormat": "HTML"}, {}):
        form = form_of(Mail, **mail, **given)
        assert control(form, "Body format").value == ""
        assert "bodyFormat" not in form.value
    control(form, "Body format").value = "PlainText"
    assert form.value["bodyFormat"] == "PlainText"
    assert changes == [Mail]


def test_what_was_given_is_shown_and_what_has_no_control_stays(form_of):
    given = {"title": "Welcome", "expiresAt": "2999-01-01T00:00:00.000Z", "metadata": {"ü": [1]}, "more": 1}
    form = ModelForm(Request, given, lambda: None, frozenset({"items", "id"}))
    assert control(form, "Title").value == "Welcome"
    assert control(form, "Expires at").value == datetime(2999, 1, 1, tzinfo=UTC)
    assert control(form, "Metadata").value == '{"ü": [1]}'
    assert controls(form, "Id") == []
    assert form.value == given
    for when in ("soon", "2999-01-01T00:00:00"):  # no point in time: it stays as it was typed
        form = form_of(Request, expiresAt=when, metadata=["a", 1])
        assert control(form, "Expires at").value == form.value["expiresAt"] == when
        assert control(form, "Metadata").value == '["a", 1]'
    written = form_of(SelectionFormFieldSettings, options=["a", "b"], allowMultipleSelection=True)
    assert control(written, "Options *").value == "a\nb"
    assert written.value == {"options": ["a", "b"], "allowMultipleSelection": True}


def test_an_object_is_of_one_of_its_types(form_of, changes):
    settings = {"@type": "RatingFormFieldSettings", "maxRating": 6}
    form = form_of(FormFieldRequestItem, title="x", mustBeAccepted=True, settings=settings)
    types = control(form, "Settings *")
    assert (types.value, len(types.options)) == (RatingFormFieldSettings.__name__, 7)
    assert form.value["settings"] == settings
    types.value = "IntegerFormFieldSettings"
    control(form, "Min").value = "3"
    types.value = "DoubleFormFieldSettings"  # what fits the new type stays
    assert form.value["settings"] == {"@type": "DoubleFormFieldSettings", "min": 3}
    assert len(changes) == 3
    strange = form_of(FormFieldRequestItem, settings={"@type": "OfTheFuture", "min": 3})
    assert strange.value["settings"]["@type"] == control(strange, "Settings *").options[0][1]


def test_an_object_may_be_left_out(form_of):
    form = form_of(IQLQuery, queryString="x")
    hints = control(form, "Attribute creation hints")
    assert options(hints) == ["-", "IQL query creation hints"]
    assert form.value == {"queryString": "x"}
    hints.value = "IQLQueryCreationHints"
    assert form.value == {"queryString": "x", "attributeCreationHints": {"valueType": "Affiliation"}}
    hints.value = ""
    assert form.value == {"queryString": "x"}
    given = form_of(IQLQuery, queryString="x", attributeCreationHints={"valueType": "Surname"})
    assert given.value["attributeCreationHints"] == {"valueType": "Surname"}
    needed = form_of(RelationshipAttributeQuery)
    assert options(control(needed, "Attribute creation hints *")) == ["Relationship attribute creation hints"]


def test_a_property_says_what_it_means_also_an_object(form_of):
    said = read(form_of(RelationshipTemplateContent))
    assert "Asked of an Identity with which there is no Relationship yet." in said
    assert "Asked of one with which there is; empty: nothing is asked of it." in said
    assert read(form_of(BirthDate)).strip() == ""  # where the name says it, and nothing is wrong
    assert "After this it cannot be answered any more; empty: never." in read(form_of(Request))


def test_what_is_wrong_is_shown_at_its_property(form_of):
    form = form_of(FormFieldRequestItem, title="x", settings={"@type": "IntegerFormFieldSettings"})
    wrong = [
        (("title",), "Too long."),
        (("settings", "min"), "Too small."),
        (("settings",), "Which one?"),
        (("elsewhere", "linkText"), "Not here."),
        ((), "All of it."),
    ]
    assert form.show(wrong) == ["Link text: Not here.", "All of it."]
    assert alerts(part(form, "Too long.")) == ["✘ Too long."]
    assert alerts(form) == ["✘ Too long.", "✘ Which one?", "✘ Too small."]
    assert form.show([]) == []
    assert alerts(form) == []
    none = form_of(IQLQuery)
    none.show([(("attributeCreationHints", "valueType"), "Missing.")])
    assert alerts(none) == ["✘ Missing."]


def test_what_is_required_and_empty_is_known(form_of):
    assert form_of(EMailAddress).unfilled() == form_of(EMailAddress, value=" ").unfilled() == [("value",)]
    assert form_of(EMailAddress, value="a@b.de").unfilled() == []
    assert form_of(SelectionFormFieldSettings).unfilled() == [("options",)]
    assert form_of(Request).unfilled() == [("items",)]
    assert form_of(IQLQuery, queryString="x").unfilled() == []
    assert form_of(RelationshipAttribute, value={"@type": "Consent"}).unfilled() == [
        ("owner",),
        ("value", "consent"),
        ("key",),
    ]


def test_nothing_is_uploaded_where_no_connector_is(form_of):
    assert controls(form_of(IdentityFileReference), "Upload a File") == []
