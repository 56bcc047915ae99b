"""The client against the real Runtime, beyond the guide: with threads, and with asyncio."""

import asyncio
import inspect
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from enmeshed_nb.connector import (
    ANY_ATTACHMENT,
    EXISTS,
    MISSING,
    AsyncConnector,
    Connector,
    ConnectorTooOld,
    Contains,
    LessThan,
    Not,
    NotFound,
    PasswordProtection,
    Refused,
    StartsWith,
    Unauthorized,
)
from enmeshed_nb.content import (
    IDENTITY_VALUE_TYPES,
    ArbitraryRelationshipTemplateContent,
    AttributeValue,
    AuthenticationRequestItem,
    DisplayName,
    EMailAddress,
    IdentityAttributeQuery,
    IQLQuery,
    Mail,
    RelationshipTemplateContent,
    Request,
)
from enmeshed_nb.content.since import FIRST
from enmeshed_nb.content.versions import since_of
from enmeshed_nb.localnet import LocalNetwork
from tests.content.test_values import VALID

PNG_SIGNATURE = b"\x89PNG\r\n"


class Awaited:
    """An AsyncConnector, or a part of one, that is called as if it were none: each call runs in an event loop."""

    def __init__(self, part: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._part, self._loop = part, loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        return found if isinstance(found, str) else Awaited(found, self._loop)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        called = self._part(*arguments, **keywords)
        assert inspect.iscoroutine(called)
        return asyncio.run_coroutine_threadsafe(called, self._loop).result(60)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(params=["threads", "asyncio"])
def parties(request: pytest.FixtureRequest, network: LocalNetwork) -> Iterator[tuple[Any, Any]]:
    parties = request.getfixturevalue("_parties")
    if request.param == "threads":
        yield parties
        return
    loop = request.getfixturevalue("loop")
    states = [network.state.connector(name) for name in ("sender", "recipient")]
    awaited = [Awaited(AsyncConnector(each.url, each.api_key, name=each.name), loop) for each in states]
    yield tuple(awaited)
    for each in awaited:
        each.close()


@pytest.fixture
def sender(parties: tuple[Any, Any]) -> Any:
    return parties[0]


@pytest.fixture
def recipient(parties: tuple[Any, Any]) -> Any:
    return parties[1]


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def test_a_wrong_key_is_refused(sender: Connector) -> None:
    with Connector(sender.url, "wrong", name="stranger") as stranger:
        assert stranger.health().is_healthy
        with pytest.raises(Unauthorized, match="API key is missing or wrong"):
            stranger.account.identity_info()


def test_a_file_goes_from_one_to_the_other(sender: Connector, recipient: Connector, tmp_path: Path) -> None:
    path = tmp_path / "grüße.txt"
    path.write_text("Hello, Zoë!")
    file = sender.files.upload_own(path, tomorrow(), title="Greetings", tags=["x:a", "x:b"])
    assert (file.filename, file.mimetype, file.title, file.tags) == (
        "grüße.txt",
        "text/plain",
        "Greetings",
        ["x:a", "x:b"],
    )
    assert file.is_own
    loaded = recipient.files.load_peer(file.reference)
    assert loaded.id == file.id
    assert recipient.files.download(file.id).decode() == "Hello, Zoë!"
    assert recipient.files.download_to(tmp_path / "copy.txt", file.id).read_text() == "Hello, Zoë!"
    assert recipient.files.get(file.id).owner == file.owner
    assert [each.id for each in sender.files.list_own(title="Greetings", filesize=file.filesize)].count(file.id) == 1
    peer = recipient.account.identity_info().address
    mail = Mail(to=[peer], subject="A file", body="Here it is.")
    message = sender.messages.send(peer, mail, attachments=[file.id])
    assert message.attachments == [file.id]
    assert sender.messages.get(message.id).attachments[0].filename == "grüße.txt"
    assert sender.messages.attachment(message.id, file.id).title == "Greetings"
    assert sender.messages.download_attachment(message.id, file.id).decode() == "Hello, Zoë!"
    assert sender.files.get_png(file.id).startswith(PNG_SIGNATURE)
    token = sender.files.create_token(file.id, expires_at=tomorrow())
    assert recipient.files.load_peer(token.reference).id == file.id


def test_a_template_with_a_password_and_a_request(sender: Connector, recipient: Connector) -> None:
    request = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
    template = sender.relationship_templates.create_own(
        RelationshipTemplateContent(title="Hello", on_new_relationship=request),
        tomorrow(),
        password_protection=PasswordProtection(password="1234", password_is_pin=True),
    )
    assert isinstance(template.content, RelationshipTemplateContent)
    assert template.content.on_new_relationship.items == request.items
    assert template.password_protection is not None
    with pytest.raises(Refused) as caught:
        recipient.relationship_templates.load_peer(template.reference)
    assert caught.value.code == "error.transport.noPasswordProvided"
    assert recipient.relationship_templates.load_peer(template.reference, password="1234").id == template.id
    assert sender.relationship_templates.get_png(template.id).startswith(PNG_SIGNATURE)
    found = sender.relationship_templates.list_own(password_protection=EXISTS, created_at=LessThan(tomorrow()))
    assert template.id in [each.id for each in found]
    assert template.id not in [each.id for each in sender.relationship_templates.list_own(password_protection=MISSING)]


def test_a_template_must_not_be_expired(sender: Connector) -> None:
    with pytest.raises(Refused, match="must be in the future") as caught:
        sender.relationship_templates.create_own(
            ArbitraryRelationshipTemplateContent(value={}), datetime.now(UTC) - timedelta(days=1)
        )
    assert caught.value.code == "error.runtime.validation.invalidPropertyValue"


def test_a_second_relationship_cannot_be_created(sender: Connector, recipient: Connector) -> None:
    template = sender.relationship_templates.create_own(ArbitraryRelationshipTemplateContent(value=1), tomorrow())
    loaded = recipient.relationship_templates.load_peer(template.reference.truncated)
    result = recipient.relationships.can_create(loaded.id)
    assert not result.is_success
    assert result.code == "error.transport.relationships.relationshipCurrentlyExists"


def test_a_token_carries_any_json(sender: Connector, recipient: Connector) -> None:
    content = {"a": [1, None, "ü"]}
    token = sender.tokens.create_own(content, tomorrow())
    assert recipient.tokens.load_peer(token.reference).content == content
    assert sender.tokens.get(token.id).is_own
    assert token.id in [each.id for each in recipient.tokens.list_peer()]
    assert sender.tokens.get_png(token.id).startswith(PNG_SIGNATURE)


def test_attributes_are_created_queried_succeeded_and_deleted(sender: Connector) -> None:
    text = f"Zoë {uuid.uuid4().hex[:8]}"
    created = sender.attributes.create(DisplayName(value=text), tags=["x:name"])
    assert created.type_name == "OwnIdentityAttribute"
    assert created.content.value == DisplayName(value=text)
    twice = sender.attributes.can_create(DisplayName(value=text), tags=["x:name"])
    assert twice.code == "error.runtime.attributes.cannotCreateDuplicateOwnIdentityAttribute"
    query = IdentityAttributeQuery(value_type="DisplayName", tags=["x:name"])
    assert created.id in [each.id for each in sender.attributes.execute_identity_attribute_query(query)]
    assert created.id in [each.id for each in sender.attributes.execute_iql_query(IQLQuery(query_string="DisplayName"))]
    assert sender.attributes.validate_iql_query(IQLQuery(query_string="DisplayName")).is_valid
    with pytest.raises(Refused, match="invalid IQL query"):
        sender.attributes.execute_iql_query({"queryString": "=="})
    succession = sender.attributes.succeed(created.id, DisplayName(value=f"{text} II"))
    assert succession.predecessor.succeeded_by == succession.successor.id
    assert len(sender.attributes.versions(created.id)) == 2
    latest = sender.attributes.list_own_identity(only_latest_versions=True)
    assert created.id not in [each.id for each in latest]
    assert sender.attributes.forwarding_details(created.id) == []
    assert sender.attributes.delete(succession.successor.id).notification_ids == []
    with pytest.raises(NotFound):
        sender.attributes.get(succession.successor.id)


def test_an_attribute_with_a_bad_tag_is_refused(sender: Connector) -> None:
    with pytest.raises(Refused, match="Tags need a prefix"):
        sender.attributes.create(EMailAddress(value="zoe@example.org"), tags=["no-prefix"])


def test_filters_do_what_they_say(sender: Connector) -> None:
    mark = uuid.uuid4().hex[:8]
    for name in ("Ada", "Bo"):
        sender.attributes.create(DisplayName(value=f"{mark} {name}"))
    everything = {each.id for each in sender.attributes.list()}
    names = {each.id for each in sender.attributes.list(content__value__at_type="DisplayName")}
    others = {each.id for each in sender.attributes.list(content__value__at_type=Not("DisplayName"))}
    assert len(names) >= 2
    assert names | others == everything
    assert not names & others
    starting = {each.id for each in sender.attributes.list(content__value__at_type=StartsWith("Display"))}
    containing = {each.id for each in sender.attributes.list(content__value__at_type=Contains("splayN"))}
    assert starting == containing == names
    both = sender.attributes.list({"content.value.@type": ["DisplayName", "Surname"]})
    assert names <= {each.id for each in both}
    assert sender.relationships.list(status=["Pending", "Active"], peer=Not("did:e:nobody"))
    with pytest.raises(Refused, match="additional properties"):
        sender.relationships.list(colour="red")


TOKEN_KEYS = """createdAt createdBy createdByDevice expiresAt forIdentity passwordProtection.password
    passwordProtection.passwordLocationIndicator"""
TEMPLATE_KEYS = f"{TOKEN_KEYS} isOwn maxNumberOfAllocations"
FILE_KEYS = """createdAt createdBy createdByDevice description expiresAt filename filesize mimetype title tags isOwn
    ownershipToken ownershipIsLocked"""
REQUEST_KEYS = """id peer createdAt status content.expiresAt content.items.@type content.items.items.@type source.type
    source.reference response.createdAt response.source.type response.source.reference response.content.result
    response.content.items.@type response.content.items.items.@type"""
ATTRIBUTE_KEYS = """@type createdAt succeeds succeededBy wasViewedAt isDefault content.owner content.@type content.tags
    content.value.@type content.key content.isTechnical content.confidentiality peer sourceReference
    initialAttributePeer deletionInfo deletionInfo.deletionStatus deletionInfo.deletionDate"""
FILTER_KEYS = {
    "attributes.list": ATTRIBUTE_KEYS,
    "files.list": FILE_KEYS,
    "messages.list": """isOwn createdBy createdByDevice createdAt content.@type content.body content.subject attachments
        recipients.address recipients.relationshipId wasReadAt participant""",
    "relationships.list": "peer status templateId",
    "relationship_templates.list": TEMPLATE_KEYS,
    "requests.incoming.list": f"{REQUEST_KEYS} wasAutomaticallyDecided",
    "requests.outgoing.list": REQUEST_KEYS,
    "tokens.list_own": TOKEN_KEYS.replace("createdBy ", ""),
    "tokens.list_peer": TOKEN_KEYS.replace("createdByDevice ", ""),
}


@pytest.mark.parametrize("method", FILTER_KEYS)
def test_each_documented_key_filters(sender: Connector, method: str) -> None:
    for key in FILTER_KEYS[method].split():
        assert attrgetter(method)(sender)({key: "no such value"}) == [], key


def test_keys_with_a_meaning_of_their_own(sender: Connector, recipient: Connector) -> None:
    peer = recipient.account.identity_info().address
    mark = uuid.uuid4().hex
    file = sender.files.upload_own(b"1", tomorrow(), filename="a.bin", title="t", tags=[f"x:{mark}", "x:b"])
    mail = sender.messages.send(peer, Mail(to=[peer], subject="s", body=mark), attachments=[file.id])
    pin = PasswordProtection(password="1234", password_is_pin=True)
    content = ArbitraryRelationshipTemplateContent(value={})
    word = PasswordProtection(password="word")
    make = sender.relationship_templates.create_own
    by_pin, by_word, by_nothing = (
        make(content, tomorrow(), password_protection=protection).id for protection in (pin, word, None)
    )

    def ids(found: list[Any]) -> set[str]:
        return {each.id for each in found}

    assert ids(sender.files.list(tags=f"x:{mark}")) == {file.id}
    assert ids(sender.files.list(tags=[f"x:{mark}", "x:nothing"])) == {file.id}
    assert ids(sender.files.list(ownership_token=file.ownership_token)) == {file.id}
    assert file.id in ids(sender.files.list(filesize=1, is_own=True))
    assert mail.id in ids(sender.messages.list(participant=peer))
    assert mail.id in ids(sender.messages.list(attachments=ANY_ATTACHMENT))
    assert ids(sender.messages.list(attachments=file.id)) == {mail.id}

    def made(**filters: Any) -> set[str]:
        return ids(sender.relationship_templates.list(**filters)) & {by_pin, by_word, by_nothing}

    assert made(password_protection=EXISTS) == {by_pin, by_word}
    assert made(password_protection=MISSING) == {by_nothing}
    assert made(password_protection__password_is_pin=True) == {by_pin}
    assert made(password_protection__password_is_pin=MISSING) == {by_word}
    assert made(password_protection__password="1234") == {by_pin}
    assert ids(sender.relationships.list(peer=peer)) <= ids(sender.relationships.list())


@pytest.mark.parametrize("name", sorted(IDENTITY_VALUE_TYPES - {"PersonName", "IdentityFileReference"}))
def test_each_value_type_is_taken_or_refused_with_its_version(sender: Connector, name: str) -> None:
    value = AttributeValue.model_validate({"@type": name, **VALID[name]})
    if (since := since_of(type(value))) != FIRST:
        with pytest.raises(ConnectorTooOld, match=rf"{name} \(value\) needs {since}\. This is Connector 7"):
            sender.attributes.create(value)
        return
    for existing in sender.attributes.list_own_identity({"content.value.@type": name}):
        sender.attributes.delete(existing.id)
    created = sender.attributes.create(value)
    assert created.content.value == value


def test_a_challenge_proves_an_identity(sender: Connector, recipient: Connector) -> None:
    challenge = sender.challenges.create("Identity")
    validation = recipient.challenges.validate(challenge.challenge_string, challenge.signature)
    assert validation.is_valid
    assert validation.corresponding_relationship is not None


def test_notes_about_an_identity_are_kept(sender: Connector, recipient: Connector) -> None:
    peer = recipient.account.identity_info().address
    key = uuid.uuid4().hex
    assert sender.identity_metadata.upsert(peer, {"crm": 5}, key).value == {"crm": 5}
    assert sender.identity_metadata.get(peer, key).value == {"crm": 5}
    sender.identity_metadata.delete(peer, key)
    with pytest.raises(Refused, match="Nothing is stored"):
        sender.identity_metadata.get(peer, key)


def test_monitoring_counts(sender: Connector) -> None:
    before = sender.monitoring.requests().request_count
    assert sender.monitoring.requests().request_count > before
    support = sender.monitoring.support()
    assert support.identity_info == sender.account.identity_info()
    assert sender.announcements.list("en") == []
