"""Exercises of the lesson Templates and Tokens."""

import json
from collections.abc import Iterator
from datetime import timedelta

from enmeshed_nb.connector import File, RelationshipTemplate, Token
from enmeshed_nb.guide.exercises.checks import newest, same_words, whether
from enmeshed_nb.guide.exercises.task import Finding, Sides, Task, best, missing, there, wrong

_TITLE = "The way to our boat"
_SHORT = timedelta(days=1)


def _locked(sides: Sides) -> Iterator[Finding]:
    made = newest(sides.sender.relationship_templates.list_own(), sides)
    tries = [each for each in made if "sailing" in json.dumps(each.content.model_dump()).casefold()]
    if not tries:
        yield missing(
            "The Sender has made no template with the word “sailing” in its content yet.",
            'Its content can be `ArbitraryRelationshipTemplateContent(value={"course": "sailing"})`.',
        )
    yield from best(_twice(sides, each) for each in tries)


def _twice(sides: Sides, template: RelationshipTemplate) -> Iterator[Finding]:
    yield there("The Sender has made a template with the word “sailing” in its content.")
    yield whether(
        template.for_identity == sides.addresses["recipient"],
        "It is for the Recipient alone.",
        "It is for somebody else." if template.for_identity else "It is for anybody.",
        "Make another one, with the Recipient's address as `for_identity`.",
    )
    secret = template.password_protection
    yield whether(
        secret and secret.password_is_pin,
        "It has a PIN.",
        "It has a password that is no PIN." if secret else "It has no PIN.",
        "Make another one, with `password_protection=PasswordProtection(password=…, password_is_pin=True)`.",
    )
    if any(each.id == template.id for each in sides.recipient.relationship_templates.list_peer()):
        yield there("The Recipient has loaded it.")
    else:
        yield missing(
            "The Recipient has not loaded it.",
            "`recipient.relationship_templates.load_peer(template.reference, password=…)`, with the PIN.",
        )


def _on_the_way(sides: Sides) -> Iterator[Finding]:
    tries = [each for each in newest(sides.sender.files.list_own(), sides) if same_words(each.title, _TITLE)]
    if not tries:
        yield missing(
            f"The Sender has uploaded no File with the title “{_TITLE}” yet.",
            f'`sender.files.upload_own(b"…", end, filename="way.txt", title="{_TITLE}")`.',
        )
    tokens = newest(sides.sender.tokens.list_own(), sides)
    yield from best(_handed_on(sides, each, tokens) for each in tries)


def _handed_on(sides: Sides, file: File, tokens: list[Token]) -> Iterator[Finding]:
    yield there(f"The Sender has uploaded a File with the title “{_TITLE}”.")
    own = [each for each in tokens if isinstance(each.content, dict) and each.content.get("fileId") == file.id]
    if not own:
        yield missing(
            "There is no Token for it.",
            "`sender.files.create_token(file.id, expires_at=…)` makes one. (One of `create_token_png` is not stored.)",
        )
        return
    yield there("There is a Token for it.")
    if not any(each.expires_at - each.created_at <= _SHORT for each in own):
        yield wrong(
            "The Token ends later than in a day.",
            "Make another one, with `expires_at=network.now() + timedelta(hours=12)`.",
        )
        return
    yield there("The Token ends within a day.")
    yield whether(
        file.expires_at - file.created_at > _SHORT,
        "The File is there for longer.",
        "The File itself ends within a day.",
        "Upload it again with a later end, such as `network.now() + timedelta(days=9)`.",
    )
    if any(each.id == file.id for each in sides.recipient.files.list_peer()):
        yield there("The Recipient has the File.")
    else:
        yield missing(
            "The Recipient has not loaded the File.",
            "`recipient.files.load_peer(token.reference)` takes the Token for it.",
        )


TASKS = (
    Task(
        id="15-a",
        title="Locked twice",
        text="The Sender makes a RelationshipTemplate with the word “sailing” in its content. It is for the Recipient "
        "alone, and it has a PIN. The Recipient loads it.",
        hints=(
            "Both are options of `relationship_templates.create_own`: `for_identity` and `password_protection`.",
            "A PIN is a `PasswordProtection` with `password_is_pin=True`, and digits only.",
            "Who loads it gives the PIN as `password`.",
        ),
        solution="""\
from datetime import timedelta

from enmeshed_nb.connector import PasswordProtection
from enmeshed_nb.content import ArbitraryRelationshipTemplateContent

sender, recipient = network.sender, network.recipient
course = ArbitraryRelationshipTemplateContent(value={"course": "sailing"})
pin = PasswordProtection(password="2580", password_is_pin=True)
alone = {"for_identity": recipient.account.identity_info().address, "password_protection": pin}
template = sender.relationship_templates.create_own(course, network.now() + timedelta(days=1), **alone)
recipient.relationship_templates.load_peer(template.reference, password="2580")
""",
        check=_locked,
    ),
    Task(
        id="15-b",
        title="A key for one day",
        text=f"The Sender uploads a File with the title “{_TITLE}”, which stays for longer than a day. It makes a "
        "Token for the File that ends within a day. The Recipient loads the File by it.",
        hints=(
            "The File has an end, and the Token has one of its own.",
            "`sender.files.create_token(file.id, expires_at=…)` makes a Token for a File.",
            "`recipient.files.load_peer(token.reference)` takes a Token as it takes the File's own reference.",
        ),
        solution="""\
from datetime import timedelta

sender, recipient = network.sender, network.recipient
end = network.now() + timedelta(days=9)
file = sender.files.upload_own(b"Left at the harbour.", end, filename="way.txt", title="The way to our boat")
token = sender.files.create_token(file.id, expires_at=network.now() + timedelta(hours=12))
recipient.files.load_peer(token.reference)
""",
        check=_on_the_way,
    ),
)
