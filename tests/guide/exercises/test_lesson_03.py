"""The exercises of lesson 03, done in all ways."""

import secrets

import pytest

from enmeshed_nb import AuthenticationRequestItem, Decision, Request, accept_all, reject_all
from enmeshed_nb.content import (
    EMailAddress,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityAttributeQuery,
    ProposeAttributeRequestItem,
    ReadAttributeRequestItem,
    SelectionFormFieldSettings,
    StringFormFieldSettings,
)
from tests.guide.exercises.conftest import check_solution, check_ways

IS_IT_YOU = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
QUERY = IdentityAttributeQuery(value_type="EMailAddress")


def course(*options, required=True, items=()):
    settings = SelectionFormFieldSettings(options=list(options)) if options else StringFormFieldSettings()
    field = FormFieldRequestItem(title="Which one?", settings=settings, must_be_accepted=required)
    return Request(title="Your course in autumn", items=[field, *items])


def address(name):
    return IdentityAttribute(owner="", value=EMailAddress(value=f"{name}-{secrets.token_hex(4)}@example.org"))


def proposal():
    item = ProposeAttributeRequestItem(attribute=address("ad"), query=QUERY, must_be_accepted=True)
    return Request(title="Your e-mail address", items=[item])


def corrected(incoming):
    return accept_all(incoming, {0: {"attribute": address("ada")}})


def answered(incoming):
    return accept_all(incoming, {0: {"response": "Weaving"}})


def skipped(incoming):
    return Decision(incoming).reject(0).accept(1).to_accept()


def asked(reader):
    read = ReadAttributeRequestItem(query=QUERY, must_be_accepted=True)
    reader.send(Request(title="Your e-mail address", items=[read]))


THREE = ("Pottery", "Weaving", "Carpentry")

WAYS = [
    ("03-a", None, "nothing about “Your course in autumn”", "exactly these words"),
    ("03-a", lambda reader: reader.ask(course(), answered), "none to choose from", "SelectionFormFieldSettings"),
    (
        "03-a",
        lambda reader: reader.send(Request(title="Your course in autumn", items=[IS_IT_YOU])),
        "no choice",
        "FormFieldReq",
    ),
    ("03-a", lambda reader: reader.ask(course("Weaving", "No"), answered), "has only 2", "three `options`"),
    ("03-a", lambda reader: reader.ask(course(*THREE), reject_all), "has rejected it", "let the Recipient accept"),
    (
        "03-a",
        lambda reader: reader.ask(course(*THREE, required=False, items=[IS_IT_YOU]), skipped),
        "chosen nothing",
        '"response": …',
    ),
    (
        "03-a",
        lambda reader: reader.decide(course(*THREE), answered),
        "not have the Response yet",
        "sender.account.sync",
    ),
    ("03-b", None, "nothing about “Your e-mail address”", "exactly these words"),
    ("03-b", asked, "proposes nothing", "ProposeAttributeRequestItem"),
    ("03-b", lambda reader: reader.ask(proposal()), "taken it as it was", '"attribute": …'),
    ("03-b", lambda reader: reader.ask(proposal(), reject_all), "has rejected it", "let the Recipient accept"),
    ("03-b", lambda reader: reader.decide(proposal(), corrected), "not have the Response yet", "sender.account.sync"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["03-a", "03-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
