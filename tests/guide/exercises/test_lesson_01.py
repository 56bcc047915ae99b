"""The exercises of lesson 01, done in all ways."""

from datetime import UTC, datetime, timedelta

import pytest

from enmeshed_nb import AuthenticationRequestItem, Request, accept_all, reject_all, wait_for_request
from enmeshed_nb.content import ArbitraryRelationshipTemplateContent, RelationshipTemplateContent
from tests.guide.exercises.conftest import check_solution, check_ways

POTTERY = ArbitraryRelationshipTemplateContent(value={"course": "Pottery!"})
COURSE = Request(items=[AuthenticationRequestItem(title="Do you come to the course?", must_be_accepted=True)])
OTHER = Request(items=[AuthenticationRequestItem(title="Anything else?", must_be_accepted=True)])


def make(reader, content=POTTERY, minutes=9, **options):
    end = datetime.now(UTC) + timedelta(minutes=minutes)
    return reader.sender.relationship_templates.create_own(content, end, **options)


def load(reader, template):
    reader.recipient.relationship_templates.load_peer(template.reference)
    return template


def for_both(new=COURSE, existing=COURSE):
    return RelationshipTemplateContent(on_new_relationship=new, on_existing_relationship=existing)


def decide(reader, how):
    incoming = wait_for_request(reader.recipient, load(reader, make(reader, for_both())).id)
    if how == "accept":
        reader.recipient.requests.incoming.accept(incoming.id, accept_all(incoming))
    else:
        reader.recipient.requests.incoming.reject(incoming.id, reject_all(incoming))


WAYS = [
    ("01-a", None, "no template with the word “pottery”", "ArbitraryRelationshipTemplateContent"),
    ("01-a", lambda reader: load(reader, make(reader)), "Any number of Identities", "max_number_of_allocations=1"),
    ("01-a", lambda reader: make(reader, max_number_of_allocations=2), "2 Identities", "max_number_of_allocations=1"),
    (
        "01-a",
        lambda reader: load(reader, make(reader, minutes=60, max_number_of_allocations=1)),
        "longer than ten minutes",
        "expires_at=",
    ),
    ("01-a", lambda reader: make(reader, max_number_of_allocations=1), "has not loaded it", "load_peer"),
    ("01-b", None, "no template with a Request about “Do you", "exactly these words"),
    ("01-b", lambda reader: load(reader, make(reader, for_both(existing=None))), "asks only who has no", "on_existing"),
    (
        "01-b",
        lambda reader: load(reader, make(reader, for_both(existing=OTHER))),
        "asks only who has no",
        "on_existing",
    ),
    ("01-b", lambda reader: make(reader, for_both()), "has not loaded it", "load_peer"),
    ("01-b", lambda reader: load(reader, make(reader, for_both())), "has not decided", "wait_for_request(recipient"),
    ("01-b", lambda reader: decide(reader, "reject"), "has rejected", "Make another template"),
    ("01-b", lambda reader: decide(reader, "accept"), "does not have the Response yet", "sender.account.sync()"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["01-a", "01-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
