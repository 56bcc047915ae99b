"""The exercises of lesson 15, done in all ways."""

from datetime import timedelta

import pytest

from enmeshed_nb.connector import PasswordProtection
from enmeshed_nb.content import ArbitraryRelationshipTemplateContent
from tests.guide.exercises.conftest import check_solution, check_ways

PIN = PasswordProtection(password="2580", password_is_pin=True)
WORD = PasswordProtection(password="2580")
TITLE = "The way to our boat"


def template(reader, *, whose="recipient", secret=PIN, load=False, word="sailing"):
    options = {"for_identity": reader.network.address(whose)} if whose else {}
    options |= {"password_protection": secret} if secret else {}
    content = ArbitraryRelationshipTemplateContent(value={"course": word})
    made = reader.sender.relationship_templates.create_own(content, later(reader, hours=9), **options)
    if load:
        reader.recipient.relationship_templates.load_peer(made.reference, password=secret and secret.password)


def later(reader, **time):
    return reader.network.now() + timedelta(**time)


def file(reader, title=TITLE, **end):
    end = end or {"days": 9}
    return reader.sender.files.upload_own(b"Left.", later(reader, **end), filename="way.txt", title=title)


def token(reader, uploaded, **end):
    return reader.sender.files.create_token(uploaded.id, expires_at=later(reader, **end))


def only_file(reader):
    reader.recipient.files.load_peer(file(reader).reference)


def for_long(reader):
    reader.recipient.files.load_peer(token(reader, file(reader), days=3).reference)


def short_file(reader):
    reader.recipient.files.load_peer(token(reader, file(reader, hours=9), hours=8).reference)


WAYS = [
    ("15-a", None, "no template with the word “sailing”", "ArbitraryRelationshipTemplateContent"),
    ("15-a", lambda reader: template(reader, word="pottery"), "no template with the word", "sailing"),
    ("15-a", lambda reader: template(reader, whose="", load=True), "for anybody", "for_identity"),
    ("15-a", lambda reader: template(reader, whose="sender"), "for somebody else", "Recipient's address"),
    ("15-a", lambda reader: template(reader, secret=None, load=True), "has no PIN", "password_is_pin=True"),
    ("15-a", lambda reader: template(reader, secret=WORD, load=True), "no PIN", "password_is_pin=True"),
    ("15-a", template, "has not loaded it", "with the PIN"),
    ("15-b", None, "no File with the title", "upload_own"),
    ("15-b", lambda reader: token(reader, file(reader, "The way"), hours=9), "no File with the title", TITLE),
    ("15-b", only_file, "no Token for it", "create_token"),
    ("15-b", for_long, "later than in a day", "timedelta(hours=12)"),
    ("15-b", short_file, "itself ends within a day", "later end"),
    ("15-b", lambda reader: token(reader, file(reader), hours=9), "has not loaded the File", "token.reference"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["15-a", "15-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
