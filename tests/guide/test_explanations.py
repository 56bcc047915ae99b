import pickle

import pytest
from pydantic import ValidationError

from enmeshed_nb.connector import CODES, InvalidInput, NotFound, ValidationResult, describe
from enmeshed_nb.connector.errors import Call
from enmeshed_nb.content import AuthenticationRequestItem, ConsentRequestItem, Request, RequestItemGroup
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide import (
    DecisionError,
    NoErrorError,
    ParameterError,
    RelationshipError,
    WaitError,
    WaitTimeout,
    explain,
    problems,
)

REQUEST = Request(
    items=[
        AuthenticationRequestItem(title="Is it you?", must_be_accepted=True),
        RequestItemGroup(items=[ConsentRequestItem(consent="Terms", must_be_accepted=True)]),
    ]
)
INHERITED = {"isSuccess": False, "code": "error.consumption.requests.validation.inheritedFromItem", "message": "…"}
MISSING = {
    "isSuccess": False,
    "code": "error.consumption.requests.decide.validation.mustBeAcceptedItemNotAccepted",
    "message": "The item is required.",
}


def test_a_problem_is_explained_with_the_name_of_its_item() -> None:
    result = ValidationResult.from_api({**INHERITED, "items": [{"isSuccess": True}, {**INHERITED, "items": [MISSING]}]})
    assert explain(result, REQUEST) == (
        "“Terms” (1st in the group at the 2nd place): The item must be accepted to accept the Request. "
        f"Accept it too, or reject the whole Request. ({MISSING['code']}: The item is required.)"
    )
    assert explain(result).startswith("items[1].items[0]: The item must be accepted")


def test_a_problem_of_the_whole_is_explained() -> None:
    code = "error.consumption.requests.missingRelationship"
    result = ValidationResult.from_api({"isSuccess": False, "code": code, "message": "m", "items": []})
    assert explain(result, REQUEST).startswith("The Request as a whole: There is no Relationship with the peer.")


def test_nothing_wrong_needs_no_explanation() -> None:
    assert explain(ValidationResult.from_api({"isSuccess": True})) == "Everything is fine."


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_meaning_and_a_cure(code: str) -> None:
    meaning = describe(code)
    assert meaning.what.endswith(".")
    assert meaning.cure.endswith(".")
    error = NotFound(Call("sender", "GET", "/x"), 400, {"code": code, "message": "said"})
    for part in (meaning.what, meaning.cure, code, "said", "GET /x"):
        assert part in explain(error)


@pytest.mark.parametrize("code", ["error.runtime.new", "error.consumption.requests.new", "strange", None])
def test_an_unknown_code_is_explained_as_far_as_possible(code: str | None) -> None:
    result = ValidationResult.from_api({"isSuccess": False, "code": code, "message": "The real reason."})
    assert "The real reason." in explain(result)
    assert "Read the message." in explain(result)


def test_a_model_error_names_the_path() -> None:
    item = {"@type": "AuthenticationRequestItem", "mustBeAccepted": "false", "titel": "x"}
    with pytest.raises(ValidationError) as caught:
        Request.model_validate({"items": [item]})
    lines = explain(caught.value).splitlines()
    assert lines[0].startswith("items[0].mustBeAccepted: must be True or False")
    assert lines[1] == "items[0].title: is missing."
    assert lines[2].startswith("items[0].titel: is unknown here")


def test_problems_come_with_the_path_of_their_item() -> None:
    result = ValidationResult.from_api({**INHERITED, "items": [{"isSuccess": True}, {**INHERITED, "items": [MISSING]}]})
    assert problems(result) == [
        (
            (1, 0),
            "The item must be accepted to accept the Request. "
            "Accept it too, or reject the whole Request. (The item is required.)",
        )
    ]
    assert problems(ValidationResult.from_api({"isSuccess": True})) == []
    assert problems(InvalidInput("Wrong.", advice="Do it right.")) == [((), "Wrong. Do it right.")]


def test_problems_of_a_model_are_those_of_its_items() -> None:
    consent = {"@type": "ConsentRequestItem", "mustBeAccepted": True, "consent": "x", "linkDisplayText": "Read it"}
    choice = {"@type": "SelectionFormFieldSettings", "options": ["a", ""]}
    field = {"@type": "FormFieldRequestItem", "mustBeAccepted": True, "title": "x", "settings": choice}
    written = {"title": "x" * 201, "items": [{"@type": "X"}, {"@type": "RequestItemGroup", "items": [consent, field]}]}
    with pytest.raises(ValidationError) as caught:
        Request.model_validate(written)
    found = problems(caught.value)
    assert [each.path for each in found] == [(), (0,), (1, 0), (1, 1)]
    assert [each.what.partition(":")[0] for each in found if each.path != (0,)] == [
        "title",
        "linkDisplayText",
        "settings.options[1]",
    ]
    assert found[1].what.startswith("'@type' 'X'; known are")
    places = ["title", "items[0]", "items[1].items[0].linkDisplayText", "items[1].items[1].settings.options[1]"]
    assert [line.partition(":")[0] for line in explain(caught.value).splitlines()] == places


ERRORS = [
    DecisionError("Wrong.", "Do it right.", path=(1, 0)),
    NoErrorError("Wrong.", "Do it right."),
    ParameterError("Wrong.", "Do it right."),
    RelationshipError("Wrong.", "Do it right."),
    WaitError("Wrong.", ["seen"]),
    WaitTimeout("Wrong.", ["seen"]),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_says_what_is_wrong_and_travels_to_another_process(error: UserError) -> None:
    assert isinstance(error, UserError)
    assert error.problem == "Wrong."
    assert explain(error) == f"Wrong. {error.cure}".strip()
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert (str(back), vars(back)) == (str(error), vars(error))


def test_errors_are_what_python_calls_them_too() -> None:
    bases = [ValueError, AssertionError, ValueError, UserError, UserError, TimeoutError]
    assert all(isinstance(error, base) for error, base in zip(ERRORS, bases, strict=True))
    assert ERRORS[-1].last == ["seen"]
    assert ERRORS[-1].message == "Wrong."


def test_other_errors_keep_their_words() -> None:
    assert explain(InvalidInput("Wrong.", advice="Do it right.")) == "Wrong. Do it right."
    assert explain(KeyError("x")) == "'x'"
    assert problems(KeyError("x")) == [((), "'x'")]
