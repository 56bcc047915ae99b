"""The controls for what accepting an item needs, without a form around them, and in one."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from enmeshed_nb.content import (
    BooleanFormFieldSettings,
    ConsentRequestItem,
    DateFormFieldSettings,
    DeleteAttributeRequestItem,
    DisplayName,
    DoubleFormFieldSettings,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityAttributeQuery,
    IntegerFormFieldSettings,
    ProposeAttributeRequestItem,
    ProprietaryString,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RelationshipAttribute,
    RelationshipAttributeCreationHints,
    RelationshipAttributeQuery,
    RequestItem,
    SelectionFormFieldSettings,
    StringFormFieldSettings,
    ThirdPartyRelationshipAttributeQuery,
)
from enmeshed_nb.widgets import DecisionForm
from enmeshed_nb.widgets.answer import AnswerControls
from tests.widgets.seen import alerts, choose, control, controls, options, part

SOON = datetime(2999, 1, 31, tzinfo=UTC)
OWN = "did:e:localhost:dids:0123456789abcdef012345"
QUERY = IdentityAttributeQuery(value_type="DisplayName")


class Asked:
    """Controls, and how often they changed."""

    def __init__(self, item):
        self.changes = 0
        self.asked_for = []
        self.controls = AnswerControls(item, self._changed, own_address=OWN, own_attributes=self._own)

    def _changed(self):
        self.changes += 1

    def _own(self, value_type):
        self.asked_for.append(value_type)
        return {"Zoë": "ATT1", "Zed": "ATT2"}


def field(settings):
    return Asked(FormFieldRequestItem(title="x", settings=settings, must_be_accepted=True))


def test_what_needs_nothing_has_no_controls():
    asked = Asked(ConsentRequestItem(consent="x", must_be_accepted=True))
    assert asked.controls.children == ()
    assert asked.controls.inputs == {}


@pytest.mark.parametrize(
    ("settings", "words", "entered", "response"),
    [
        (IntegerFormFieldSettings(), "Answer *", "2", 2),
        (IntegerFormFieldSettings(), "Answer *", "2.5", 2.5),
        (IntegerFormFieldSettings(), "Answer *", "many", "many"),
        (DoubleFormFieldSettings(), "Answer *", "2.5", 2.5),
        (DateFormFieldSettings(), "Answer *", date(2030, 1, 31), "2030-01-31"),
        (StringFormFieldSettings(), "Answer *", "2", "2"),
        (StringFormFieldSettings(allow_newlines=True), "Answer *", "a\nb", "a\nb"),
        (BooleanFormFieldSettings(), "Answer *", False, False),
        (RatingFormFieldSettings(max_rating=5), "Rating *", 5, 5),
        (SelectionFormFieldSettings(options=["red", "blue"]), "Answer *", "blue", "blue"),
        (
            SelectionFormFieldSettings(options=["red", "blue"], allow_multiple_selection=True),
            "Answer *",
            ("red", "blue"),
            ["red", "blue"],
        ),
    ],
)
def test_what_is_entered_in_a_field_is_its_response(settings, words, entered, response):
    asked = field(settings)
    control(asked.controls, words).value = entered
    assert asked.controls.inputs == {"response": response}
    assert type(asked.controls.inputs["response"]) is type(response)
    assert asked.changes == 1


def test_a_choice_has_to_be_made():
    rating = control(field(RatingFormFieldSettings(max_rating=6)).controls, "Rating *")
    assert options(rating) == ["choose …", "1", "2", "3", "4", "5", "6"]
    yes_or_no = control(field(BooleanFormFieldSettings()).controls, "Answer *")
    assert options(yes_or_no) == ["choose …", "Yes", "No"]
    assert rating.value is yes_or_no.value is None


def test_an_attribute_is_deleted_in_a_month_unless_said_otherwise():
    asked = Asked(DeleteAttributeRequestItem(attribute_id="ATT1", must_be_accepted=True))
    offered = asked.controls.inputs["deletion_date"]
    assert timedelta(days=29) < offered - datetime.now(UTC) < timedelta(days=31)
    control(asked.controls, "Delete on *").value = later = datetime(2999, 1, 1, tzinfo=UTC)
    assert asked.controls.inputs == {"deletion_date": later}
    control(asked.controls, "Delete on *").value = None
    assert asked.controls.inputs == {}


def test_the_hints_for_a_value_belong_to_who_asks_and_have_no_control():
    value = ProprietaryString(title="Hobby", value="Chess", value_hints_override={"max": 10})
    attribute = RelationshipAttribute(owner="", key="hobby", confidentiality="private", value=value)
    hints = RelationshipAttributeCreationHints(title="Hobby", value_type="ProprietaryString", confidentiality="private")
    query = RelationshipAttributeQuery(key="hobby", owner="", attribute_creation_hints=hints)
    proposed = Asked(ProposeAttributeRequestItem(attribute=attribute, query=query, must_be_accepted=True))
    read = Asked(ReadAttributeRequestItem(query=query, must_be_accepted=True))
    for asked in (proposed, read):
        assert controls(asked.controls, "Value *")
        assert not controls(asked.controls, "Value hints override")
    corrected = proposed.controls.inputs["attribute"]
    assert corrected.value.value_hints_override == value.value_hints_override


def test_a_query_is_answered_with_an_own_attribute_or_a_new_one():
    asked = Asked(ReadAttributeRequestItem(query=QUERY, must_be_accepted=True))
    assert asked.asked_for == ["DisplayName"]
    assert asked.controls.inputs == {"existing_attribute_id": "ATT1"}
    assert controls(asked.controls, "Value *") == []
    choose(asked.controls, "Zed")
    assert asked.controls.inputs == {"existing_attribute_id": "ATT2"}
    choose(asked.controls, "a new one")
    (empty,) = asked.controls.check()
    assert (empty.path, empty.what, empty.field) == ((), "Value is empty.", ("value",))
    control(asked.controls, "Value *").value = "New"
    assert asked.controls.check() == []
    assert asked.controls.inputs == {"new_attribute": IdentityAttribute(owner=OWN, value=DisplayName(value="New"))}
    assert asked.changes == 3


def test_a_query_of_a_relationship_attribute_is_answered_with_a_new_one():
    hints = RelationshipAttributeCreationHints(title="Shoe", value_type="ProprietaryString", confidentiality="public")
    query = RelationshipAttributeQuery(key="shoe", owner="", attribute_creation_hints=hints)
    asked = Asked(ReadAttributeRequestItem(query=query, must_be_accepted=True))
    assert asked.asked_for == []
    assert options(control(asked.controls, "Answer with")) == ["a new one"]
    assert control(asked.controls, "Title *").value == "Shoe"
    control(asked.controls, "Value *").value = "42"
    made = asked.controls.inputs["new_attribute"]
    assert (made.owner, made.key, made.confidentiality, made.value.value) == (OWN, "shoe", "public", "42")


def test_what_a_third_party_has_is_named_by_its_id():
    query = ThirdPartyRelationshipAttributeQuery(key="shoe", owner="thirdParty", third_party=["did:e:x:dids:1"])
    asked = Asked(ReadAttributeRequestItem(query=query, must_be_accepted=True))
    assert asked.controls.inputs == {}
    control(asked.controls, "Attribute id *").value = "ATT7"
    assert asked.controls.inputs == {"existing_attribute_id": "ATT7"}


NAMED = IdentityAttribute(owner=OWN, value=DisplayName(value="Ada"))
PROPOSAL = IdentityAttribute(owner="", value=DisplayName(value="Bo"))
READING = ReadAttributeRequestItem(query=QUERY, must_be_accepted=True)
CHOICES = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("item", "inputs"),
    [
        *(
            (FormFieldRequestItem(title="x", settings=settings, must_be_accepted=True), {"response": response})
            for settings, response in (
                (BooleanFormFieldSettings(), False),
                (DateFormFieldSettings(), "2030-01-31"),
                (DoubleFormFieldSettings(), 1.5),
                (IntegerFormFieldSettings(), 7),
                (RatingFormFieldSettings(max_rating=5), 4),
                (SelectionFormFieldSettings(options=CHOICES), "b"),
                (SelectionFormFieldSettings(options=CHOICES, allow_multiple_selection=True), ["a", "c"]),
                (StringFormFieldSettings(), "Zoë"),
                (StringFormFieldSettings(allow_newlines=True), "a\nb"),
            )
        ),
        (DeleteAttributeRequestItem(attribute_id="ATT", must_be_accepted=True), {"deletion_date": SOON}),
        (READING, {"existing_attribute_id": "ATT2"}),
        (READING, {"new_attribute": NAMED}),
        (
            ProposeAttributeRequestItem(attribute=PROPOSAL, query=QUERY, must_be_accepted=True),
            {"attribute": NAMED},
        ),
    ],
)
def test_the_controls_can_begin_with_an_answer(item, inputs):
    asked = Asked(item)
    asked.controls.take(inputs)
    assert asked.controls.inputs == inputs
    assert asked.controls.check() == []


# --- in a form, checked by the Connector


@pytest.mark.parametrize(
    ("settings", "wrong", "said", "right", "expected"),
    [
        (IntegerFormFieldSettings(min=1, max=3), "two", "✘ Needs a whole number, not “two”.", "2", 2),
        (DateFormFieldSettings(), None, "✘ Needs an ISO 8601 date", date(2030, 1, 31), "2030-01-31"),
        (SelectionFormFieldSettings(options=["it's", "b"]), None, "✘ Needs one of “it's”, “b”.", "b", "b"),
    ],
)
def test_an_answer_of_a_field_is_checked_and_kept(incoming, recipient, settings, wrong, said, right, expected):
    form = DecisionForm(recipient, incoming(FormFieldRequestItem(title="x", settings=settings, must_be_accepted=True)))
    control(form, "Answer *").value = wrong
    (problem,) = alerts(form)
    assert problem.startswith(said)
    assert control(form, "Answer *").value == wrong
    control(form, "Answer *").value = right
    assert alerts(form) == []
    assert form.decision.model_dump() == {"items": [{"accept": True, "response": expected}]}
    form.accept(0, response=expected)
    assert form.decision.model_dump() == {"items": [{"accept": True, "response": expected}]}


@pytest.mark.parametrize("empty", ["", "  "])
def test_what_is_required_may_not_be_empty(incoming, recipient, empty):
    form = DecisionForm(recipient, incoming(ReadAttributeRequestItem(query=QUERY, must_be_accepted=True)))
    choose(form, "a new one")
    control(form, "Value *").value = empty
    assert alerts(form) == ["✘ Fill this in."]
    assert control(form, "Decide").disabled
    control(form, "Value *").value = "Ada"
    assert alerts(form) == []
    assert not control(form, "Decide").disabled


def test_own_attributes_are_those_of_the_recipient(incoming, recipient, peer):
    existing = recipient.attributes.create(DisplayName(value=uuid.uuid4().hex))
    form = DecisionForm(recipient, incoming(ReadAttributeRequestItem(query=QUERY, must_be_accepted=True)))
    choose(form, existing.content.value.value)
    assert form.decision.model_dump()["items"] == [{"accept": True, "existingAttributeId": existing.id}]
    choose(form, "a new one")
    control(form, "Value *").value = "New"
    (item,) = form.decision.model_dump()["items"]
    assert item["newAttribute"] == IdentityAttribute(owner=peer, value=DisplayName(value="New")).model_dump()
    control(form, "Value *").value = "🙂"
    assert "DIN 91379" in alerts(part(form, "Display name, to read"))[0]


def test_a_proposal_can_be_corrected(incoming, recipient):
    proposed = ProposeAttributeRequestItem(
        attribute=IdentityAttribute(owner="", value=DisplayName(value=uuid.uuid4().hex)),
        query=QUERY,
        must_be_accepted=True,
    )
    form = DecisionForm(recipient, incoming(proposed))
    control(form, "Value *").value = "Corrected"
    (item,) = form.decision.model_dump()["items"]
    assert item["attribute"]["value"]["value"] == "Corrected"
    assert form.decide().status == "Decided"


def test_a_file_is_uploaded_to_answer_with_it(incoming, recipient):
    query = IdentityAttributeQuery(value_type="IdentityFileReference")
    form = DecisionForm(recipient, incoming(ReadAttributeRequestItem(query=query, must_be_accepted=True)))
    choose(form, "a new one")
    name = f"{uuid.uuid4().hex}.txt"
    uploaded = {"name": name, "type": "text/plain", "size": 1, "content": b"x", "last_modified": datetime.now(UTC)}
    control(form, "Upload a File").value = (uploaded,)
    (file,) = recipient.files.list_own(filename=name)
    assert alerts(form) == []
    (item,) = form.decision.model_dump()["items"]
    assert item["newAttribute"]["value"]["value"] == file.reference.truncated


@pytest.mark.parametrize(
    "attribute",
    [
        {"@type": "AttributeOfTheFuture", "owner": ""},
        {"@type": "IdentityAttribute", "owner": "", "value": {"@type": "Ring", "size": 7}},
    ],
)
def test_a_proposal_of_a_kind_to_come_is_taken_as_it_is(attribute):
    written = {"@type": "ProposeAttributeRequestItem", "mustBeAccepted": True, "attribute": attribute}
    item = RequestItem.from_api({**written, "query": QUERY.model_dump()})
    assert isinstance(item, ProposeAttributeRequestItem)
    asked = Asked(item)
    assert (asked.controls.children, asked.controls.inputs, asked.controls.check()) == ((), {}, [])
