"""Exercises of the lesson Establish a Relationship."""

import json
from collections.abc import Iterator
from datetime import timedelta

from enmeshed_nb.connector import RelationshipTemplate
from enmeshed_nb.content import RelationshipTemplateContent, Request
from enmeshed_nb.guide.exercises.checks import newest, same_words, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, best, missing, there, wrong

_SHORT = timedelta(minutes=10)
_COURSE = "Do you come to the course?"


def _templates(sides: Sides) -> list[RelationshipTemplate]:
    """Return the Sender's templates since the exercise began, the newest first."""
    return newest(sides.sender.relationship_templates.list_own(), sides)


def _loaded(sides: Sides, template: RelationshipTemplate) -> Finding:
    if any(each.id == template.id for each in sides.recipient.relationship_templates.list_peer()):
        return there("The Recipient has loaded it.")
    return missing(
        "The Recipient has not loaded it.", "`recipient.relationship_templates.load_peer(template.reference)`."
    )


def _for_one(sides: Sides) -> Iterator[Finding]:
    tries = [each for each in _templates(sides) if "pottery" in json.dumps(each.content.model_dump()).casefold()]
    if not tries:
        yield missing(
            "The Sender has made no template with the word “pottery” in its content yet.",
            'Its content can be `ArbitraryRelationshipTemplateContent(value={"course": "pottery"})`.',
        )
    yield from best(_one_at_most(sides, each) for each in tries)


def _one_at_most(sides: Sides, template: RelationshipTemplate) -> Iterator[Finding]:
    yield there("The Sender has made a template with the word “pottery” in its content.")
    yield whether(
        template.max_number_of_allocations == 1,
        "Only one Identity can load it.",
        f"{template.max_number_of_allocations or 'Any number of'} Identities can load it.",
        "Make another one with `max_number_of_allocations=1`.",
    )
    yield whether(
        template.expires_at and template.expires_at - template.created_at <= _SHORT,
        "It can be loaded for ten minutes at most.",
        "It can be loaded for longer than ten minutes.",
        "Make another one with `expires_at=datetime.now(UTC) + timedelta(minutes=10)`.",
    )
    yield _loaded(sides, template)


def _is_about_course(request: Request | None) -> bool:
    return request is not None and any(
        same_words(getattr(each, "title", None), _COURSE) for each in (request, *request.items)
    )


def _reunion(sides: Sides) -> Iterator[Finding]:
    tries = [
        each
        for each in _templates(sides)
        if isinstance(each.content, RelationshipTemplateContent)
        and (
            _is_about_course(each.content.on_new_relationship)
            or _is_about_course(each.content.on_existing_relationship)
        )
    ]
    if not tries:
        yield missing(
            f"The Sender has made no template with a Request about “{_COURSE}” yet.",
            "The content is a `RelationshipTemplateContent`. Use exactly these words as a title in its Request.",
        )
    yield from best(_asked_again(sides, each) for each in tries)


def _asked_again(sides: Sides, template: RelationshipTemplate) -> Iterator[Finding]:
    assert isinstance(template.content, RelationshipTemplateContent)
    yield there(f"The Sender has made a template with a Request about “{_COURSE}”.")
    if not _is_about_course(template.content.on_existing_relationship):
        yield wrong(
            "It asks only who has no Relationship with the Sender.",
            "Make another one, with the Request also as `on_existing_relationship`.",
        )
        return
    yield there("It asks also who has a Relationship with the Sender.")
    loaded = _loaded(sides, template)
    yield loaded
    if loaded.state != "there":
        return
    incoming = sides.recipient.requests.incoming.list(source__reference=template.id)
    if not incoming or incoming[0].response is None:
        yield missing(
            "The Recipient has not decided the Request.",
            "`wait_for_request(recipient, template.id)` finds it; accept it as you would any other.",
        )
        return
    yield whether(
        incoming[0].response.content.result == "Accepted",
        "The Recipient has accepted the Request.",
        "The Recipient has rejected the Request.",
        "What is decided stays decided. Make another template, and let the Recipient accept.",
    )
    asked = sides.sender.requests.outgoing.list(source__reference=template.id)
    if asked and asked[0].response:
        yield there("The Sender has the Response.")
    else:
        yield missing(
            "The Sender does not have the Response yet.",
            "Between those who know each other a Message brings it. Synchronise the Sender: `sender.account.sync()`.",
        )


TASKS = (
    Task(
        id="01-a",
        title="For one person, and not for long",
        text="The Sender makes a RelationshipTemplate with the word “pottery” in its content. Only one Identity can "
        "load it, for ten minutes at most. The Recipient loads it.",
        hints=(
            "`relationship_templates.create_own` takes the content, when it expires, and how many may load it.",
            'The content can be `ArbitraryRelationshipTemplateContent(value={"course": "pottery"})`.',
            "`recipient.relationship_templates.load_peer(template.reference)` loads it.",
        ),
        solution="""\
from datetime import UTC, datetime, timedelta

from enmeshed_nb.content import ArbitraryRelationshipTemplateContent

sender, recipient = network.sender, network.recipient
course = ArbitraryRelationshipTemplateContent(value={"course": "pottery"})
soon = datetime.now(UTC) + timedelta(minutes=9)
template = sender.relationship_templates.create_own(course, soon, max_number_of_allocations=1)
recipient.relationship_templates.load_peer(template.reference)
""",
        check=_for_one,
    ),
    Task(
        id="01-b",
        title="Ask someone you know",
        text=f"The Sender makes a template with a Request in it that asks “{_COURSE}”, an authentication. The "
        "Recipient loads it, is asked although it has a Relationship with the Sender, and accepts. "
        "The Response comes back.",
        hints=(
            "The Recipient and the Sender need an active Relationship: `establish_relationship` sees to that.",
            "`on_new_relationship` asks newcomers only; who has a Relationship is asked `on_existing_relationship`.",
            "The Request's source is the template: `wait_for_request(recipient, template.id)`. "
            "A Message brings the Response, so the Sender must synchronise.",
        ),
        solution="""\
from datetime import UTC, datetime, timedelta

from enmeshed_nb import (
    AuthenticationRequestItem,
    Request,
    accept_all,
    establish_relationship,
    wait_for,
    wait_for_request,
)
from enmeshed_nb.content import RelationshipTemplateContent

sender, recipient = network.sender, network.recipient
establish_relationship(sender, recipient)
question = Request(items=[AuthenticationRequestItem(title="Do you come to the course?", must_be_accepted=True)])
content = RelationshipTemplateContent(on_new_relationship=question, on_existing_relationship=question)
template = sender.relationship_templates.create_own(content, datetime.now(UTC) + timedelta(minutes=9))
recipient.relationship_templates.load_peer(template.reference)
incoming = wait_for_request(recipient, template.id)
recipient.requests.incoming.accept(incoming.id, accept_all(incoming))
wait_for(lambda: sender.requests.outgoing.list(source__reference=template.id), sync_with=sender)
""",
        check=_reunion,
    ),
)
