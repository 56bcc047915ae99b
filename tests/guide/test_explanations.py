import pytest
from pydantic import ValidationError

from enmeshed_nb.connector import CODES, InvalidInput, NotFound, ValidationResult, describe
from enmeshed_nb.connector.errors import Call
from enmeshed_nb.content import AuthenticationRequestItem, ConsentRequestItem, Request, RequestItemGroup
from enmeshed_nb.guide import explain

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


def test_a_fault_is_explained_with_the_name_of_its_item() -> None:
    result = ValidationResult.from_api({**INHERITED, "items": [{"isSuccess": True}, {**INHERITED, "items": [MISSING]}]})
    assert explain(result, REQUEST) == (
        "items[1].items[0] (ConsentRequestItem 'Terms'): The item must be accepted to accept the Request. "
        f"Accept it too, or reject the whole Request. ({MISSING['code']}: The item is required.)"
    )
    assert explain(result).startswith("items[1].items[0]: The item must be accepted")


def test_a_fault_of_the_whole_is_explained() -> None:
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


def test_other_errors_keep_their_words() -> None:
    assert explain(InvalidInput("Wrong.", advice="Do it right.")) == "Wrong. Do it right."
    assert explain(KeyError("x")) == "'x'"
