"""Every route, answered with its status and with what the API's documentation says it answers."""

from typing import Any

from enmeshed_nb.acceptance.checking import check
from enmeshed_nb.acceptance.checks.api.answering import (
    BASICS,
    NOTHING,
    answered,
    expect_error,
    expect_gone,
    expect_in,
    expect_png,
    tomorrow,
)
from enmeshed_nb.acceptance.kinds import numbered, own_attribute, shared_attribute, unique
from enmeshed_nb.acceptance.trial import Trial, expect, expect_equal
from enmeshed_nb.connector import (
    SYNC_ALREADY_RUNNING,
    Answer,
    ApiError,
    Connector,
    MessageWithAttachments,
    NotFound,
    Relationship,
)
from enmeshed_nb.content import (
    ArbitraryMessageContent,
    AuthenticationRequestItem,
    CreateAttributeRequestItem,
    DisplayName,
    IdentityAttributeQuery,
    IQLQuery,
    Mail,
    RelationshipAttributeCreationHints,
    RelationshipAttributeQuery,
    Request,
    ThirdPartyRelationshipAttributeQuery,
)
from enmeshed_nb.guide import Decision, ask, sync, wait_for, wait_for_status

REQUESTS = ("guide.validate", "guide.create", "guide.accepted", "guide.rejected", "guide.several_items")


@check("API-HEALTH", "API-MONITORING-VERSION", "API-MONITORING-REQUESTS", "API-MONITORING-SUPPORT", after=BASICS)
def monitoring(trial: Trial) -> None:
    """Ask how the Connector is, what it is, and what it was asked."""
    connector = trial.sender
    with trial.requirement("API-HEALTH", goes_on=True):
        answer = connector.call("GET", "/health", base="")
        expect_equal(answer.status, 200, "The status of GET /health")
        health = answer.value or {}
        expect_equal(health.get("isHealthy"), True, "isHealthy")
        services = {"database", "backboneConnection", "backboneAuthentication"}
        expect_equal(set(health.get("services", {})), services, "What GET /health tells of")
    with trial.requirement("API-MONITORING-VERSION", goes_on=True):
        version = answered(connector, lambda one: one.monitoring.version())
        expect(version.version.startswith("7."), f"The version is {version.version}.")
    with trial.requirement("API-MONITORING-REQUESTS", goes_on=True):
        counts = [answered(connector, lambda one: one.monitoring.requests()).request_count for _ in range(2)]
        expect(counts[1] > counts[0], f"{counts[0]} calls were counted, and after one more {counts[1]}.")
    with trial.requirement("API-MONITORING-SUPPORT"):
        support = answered(connector, lambda one: one.monitoring.support())
        found = support.identity_info.address if support.identity_info else None
        expect_equal(found, trial.address(connector), "The address that it tells")


@check("API-ACCOUNT-IDENTITY", "API-ACCOUNT-SYNC", "API-ACCOUNT-SYNC-INFO", "API-ANNOUNCEMENTS", after=BASICS)
def account(trial: Trial) -> None:
    """Ask for the Identity, synchronise, and ask for announcements."""
    connector = trial.sender
    with trial.requirement("API-ACCOUNT-IDENTITY", goes_on=True):
        info = answered(connector, lambda one: one.account.identity_info())
        expect(info.address.startswith("did:e:"), f"{info.address!r} is no address.")
    with trial.requirement("API-ACCOUNT-SYNC", goes_on=True):

        def synchronised() -> Answer[None] | None:
            try:
                return connector.raw(lambda one: one.account.sync())
            except ApiError as error:
                if error.code != SYNC_ALREADY_RUNNING:
                    raise
                return None

        answer = wait_for(synchronised, what="another synchronisation to end", timeout=trial.patience)
        assert answer
        expect_equal((answer.status, answer.content), (204, b""), "The answer to POST /Account/Sync")
    with trial.requirement("API-ACCOUNT-SYNC-INFO", goes_on=True):
        run = answered(connector, lambda one: one.account.sync_info()).last_sync_run
        expect(run is not None, "Nothing is said of the last synchronisation.")
    with trial.requirement("API-ANNOUNCEMENTS"):
        answered(connector, lambda one: one.announcements.list("en"))


@check(
    "API-ATTRIBUTES-CAN-CREATE",
    "API-ATTRIBUTES-CREATE",
    "API-ATTRIBUTES-GET",
    "API-ATTRIBUTES-LISTS",
    "API-ATTRIBUTES-SUCCEED",
    "API-ATTRIBUTES-VERSIONS",
    "API-ATTRIBUTES-LATEST",
    "API-ATTRIBUTES-DELETE",
    after=BASICS,
    creates="an Attribute with two versions, one of which is deleted",
)
def attributes(trial: Trial) -> None:
    """Create an Attribute, succeed it, and delete it."""
    connector, value = trial.sender, DisplayName(value=unique(trial))
    with trial.requirement("API-ATTRIBUTES-CAN-CREATE", goes_on=True):
        expect(
            answered(connector, lambda one: one.attributes.can_create(value)).is_success, "It is said to be refused."
        )
    with trial.requirement("API-ATTRIBUTES-CREATE"):
        created = answered(connector, lambda one: one.attributes.create(value), 201)
        expect_equal(created.type_name, "OwnIdentityAttribute", "Its @type")
        expect_equal(getattr(created.content, "value", None), value, "Its value")
    with trial.requirement("API-ATTRIBUTES-GET", goes_on=True):
        expect_equal(answered(connector, lambda one: one.attributes.get(created.id)), created, "The Attribute")
    with trial.requirement("API-ATTRIBUTES-LISTS", goes_on=True):
        expect_in(answered(connector, lambda one: one.attributes.list()), created.id, "GET /Attributes")
        own = answered(connector, lambda one: one.attributes.list_own_identity())
        expect_in(own, created.id, "GET /Attributes/Own/Identity")
    with trial.requirement("API-ATTRIBUTES-SUCCEED"):
        newer = DisplayName(value=unique(trial))
        made = answered(connector, lambda one: one.attributes.succeed(created.id, newer), 201)
        expect_equal(made.predecessor.succeeded_by, made.successor.id, "The predecessor's succeededBy")
        expect_equal(made.successor.succeeds, created.id, "The successor's succeeds")
    with trial.requirement("API-ATTRIBUTES-VERSIONS", goes_on=True):
        versions = answered(connector, lambda one: one.attributes.versions(created.id))
        expect_equal({each.id for each in versions}, {created.id, made.successor.id}, "The ids of the versions")
    with trial.requirement("API-ATTRIBUTES-LATEST", goes_on=True):
        latest = connector.attributes.list_own_identity(only_latest_versions=True)
        expect_in(latest, made.successor.id, "the latest versions")
        expect(created.id not in [each.id for each in latest], "An outdated version is among the latest ones.")
    with trial.requirement("API-ATTRIBUTES-DELETE"):
        answered(connector, lambda one: one.attributes.delete(made.successor.id))
        expect_gone(trial, f"/Attributes/{made.successor.id}")


@check(
    "API-ATTRIBUTES-QUERY-IDENTITY",
    "API-ATTRIBUTES-QUERY-IQL",
    "API-ATTRIBUTES-VALIDATE-IQL",
    "API-ATTRIBUTES-QUERY-RELATIONSHIP",
    "API-ATTRIBUTES-QUERY-THIRD-PARTY",
    "API-ATTRIBUTES-TAGS",
    after=(*BASICS, *REQUESTS),
    creates="an Attribute of each Connector, a Request, and the Messages that carry it",
)
def queries(trial: Trial) -> None:
    """Ask which Attributes would answer a query."""
    connector, own = trial.sender, own_attribute(trial)
    shared = numbered(trial, trial.address(trial.recipient))
    item = CreateAttributeRequestItem(must_be_accepted=True, attribute=shared.model_copy(update={"owner": ""}))
    with trial.requirement("API-ATTRIBUTES-QUERY-IDENTITY", goes_on=True):
        query = IdentityAttributeQuery(value_type="DisplayName")
        found = answered(connector, lambda one: one.attributes.execute_identity_attribute_query(query))
        expect_in(found, own.id, "what is found")
    with trial.requirement("API-ATTRIBUTES-QUERY-IQL", goes_on=True):
        iql = IQLQuery(query_string="DisplayName")
        expect_in(answered(connector, lambda one: one.attributes.execute_iql_query(iql)), own.id, "what is found")
    with trial.requirement("API-ATTRIBUTES-VALIDATE-IQL", goes_on=True):
        expect(
            answered(connector, lambda one: one.attributes.validate_iql_query(iql)).is_valid, "It is said not to be."
        )
    with trial.requirement("API-ATTRIBUTES-TAGS", goes_on=True):
        answered(connector, lambda one: one.attributes.tag_collection())
    with trial.requirement("API-ATTRIBUTES-QUERY-THIRD-PARTY", goes_on=True):
        third = ThirdPartyRelationshipAttributeQuery(
            key=shared.key, owner="recipient", third_party=[trial.address(trial.recipient)]
        )
        answered(connector, lambda one: one.attributes.execute_third_party_relationship_attribute_query(third))
    ask(trial.sender, trial.recipient, Request(title=trial.mark, items=[item]), timeout=trial.patience)
    with trial.requirement("API-ATTRIBUTES-QUERY-RELATIONSHIP"):
        hints = RelationshipAttributeCreationHints(
            title="A number", value_type="ProprietaryString", confidentiality="public"
        )
        asked = RelationshipAttributeQuery(key=shared.key, owner="", attribute_creation_hints=hints)
        mine = answered(trial.recipient, lambda one: one.attributes.execute_relationship_attribute_query(asked))
        expect_equal(getattr(mine.content, "key", None), shared.key, "The key of what is found")


@check(
    "API-ATTRIBUTES-SHARED",
    "API-ATTRIBUTES-FORWARDING",
    "API-ATTRIBUTES-NOTIFY",
    "API-ATTRIBUTES-VERSIONS-SHARED",
    after=(*BASICS, *REQUESTS),
    creates="an Attribute with two versions, a Request, and the Messages that carry it and its newer version",
)
def shared_attributes(trial: Trial) -> None:
    """Share an Attribute, and tell the peer of its newer version."""
    own, peer = shared_attribute(trial), trial.address(trial.recipient)
    with trial.requirement("API-ATTRIBUTES-SHARED", goes_on=True):
        here = answered(trial.sender, lambda one: one.attributes.list_own_shared(peer))
        expect_in(here, own.id, "GET /Attributes/Own/Shared/{peer}")
        there = answered(trial.recipient, lambda one: one.attributes.list_peer(trial.address(trial.sender)))
        expect_in(there, own.id, "GET /Attributes/Peer/{peer}")
    with trial.requirement("API-ATTRIBUTES-FORWARDING", goes_on=True):
        details = answered(trial.sender, lambda one: one.attributes.forwarding_details(own.id))
        expect_equal([each.peer for each in details], [peer], "The peers of its forwarding details")
    newer = trial.sender.attributes.succeed(own.id, DisplayName(value=unique(trial))).successor
    with trial.requirement("API-ATTRIBUTES-NOTIFY"):
        told = answered(trial.sender, lambda one: one.attributes.notify_peer(newer.id, peer), 201)
        expect_equal((told.predecessor.id, told.successor.id), (own.id, newer.id), "Predecessor and successor")
        expect(str(told.notification_id).startswith("NOT"), f"{told.notification_id} is no id of a Notification.")
    with trial.requirement("API-ATTRIBUTES-VERSIONS-SHARED"):
        versions = answered(
            trial.sender, lambda one: one.attributes.versions_shared(own.id, peer, only_latest_versions=False)
        )
        expect_equal({each.id for each in versions}, {own.id, newer.id}, "The ids of the versions that the peer has")


@check("API-CHALLENGES-CREATE", "API-CHALLENGES-VALIDATE", after=BASICS)
def challenges(trial: Trial) -> None:
    """Prove who one is."""
    relationship = _relationship(trial)
    with trial.requirement("API-CHALLENGES-CREATE"):
        for kind, of in (("Identity", None), ("Device", None), ("Relationship", relationship.id)):
            body = {"challengeType": kind} | ({"relationship": of} if of else {})
            answer = trial.sender.call("POST", "/Challenges", json=body)
            expect_equal(answer.status, 201, f"The status for the type {kind}")
            made: dict[str, Any] = answer.value["result"]
            lacking = {"id", "expiresAt", "type", "signature", "challengeString"} - set(made)
            expect(not lacking, f"The challenge of type {kind} has no {', '.join(sorted(lacking))}.")
    challenge = trial.sender.challenges.create("Identity")
    with trial.requirement("API-CHALLENGES-VALIDATE"):
        text, signature = challenge.challenge_string, challenge.signature
        validation = answered(trial.recipient, lambda one: one.challenges.validate(text, signature))
        found = validation.corresponding_relationship
        expect_equal(found and found.id, relationship.id, "The Relationship with whom signed it")


def _relationship(trial: Trial) -> Relationship:
    peer = trial.address(trial.recipient)
    return next(each for each in trial.sender.relationships.list() if (each.peer, each.status) == (peer, "Active"))


@check(
    "API-FILES-UPLOAD",
    "API-FILES-GET",
    "API-FILES-PNG",
    "API-FILES-LISTS",
    "API-FILES-DOWNLOAD",
    "API-FILES-LOAD",
    "API-FILES-TOKEN",
    "API-FILES-TOKEN-PNG",
    "API-FILES-OWNERSHIP-TOKEN",
    "API-FILES-DELETE",
    after=BASICS,
    creates="a File (deleted in the end) and a Token for it",
)
def files(trial: Trial) -> None:
    """Upload a File, let the Recipient load it, and delete it."""
    one, content, tag = trial.sender, trial.mark.encode(), "x:enmeshed-nb"
    with trial.requirement("API-FILES-UPLOAD"):
        file = answered(
            one,
            lambda it: it.files.upload_own(content, tomorrow(), filename="ä b.txt", title=trial.mark, tags=[tag]),
            201,
        )
        found = (file.filename, file.filesize, file.title, file.tags, file.owner)
        expect_equal(found, ("ä b.txt", len(content), trial.mark, [tag], trial.address(one)), "What is said of it")
    with trial.requirement("API-FILES-GET", goes_on=True):
        expect_equal(answered(one, lambda it: it.files.get(file.id)).id, file.id, "The id of what is found by its id")
        found_id = answered(one, lambda it: it.files.get(file.reference)).id
        expect_equal(found_id, file.id, "The id of what is found by its reference")
    with trial.requirement("API-FILES-PNG", goes_on=True):
        expect_png(one, lambda it: it.files.get_png(file.id))
    with trial.requirement("API-FILES-DOWNLOAD", goes_on=True):
        answer = one.raw(lambda it: it.files.download(file.id))
        expect_equal((answer.status, answer.content), (200, content), "The File's content")
        expect_equal(answer.headers.get("content-type", "").partition(";")[0], file.mimetype, "Its content type")
        said = answer.headers.get("content-disposition", "")
        expect("%C3%A4%20b.txt" in said, f"Its content disposition is {said!r}, without the quoted filename.")
    with trial.requirement("API-FILES-LOAD"):
        loaded = answered(trial.recipient, lambda it: it.files.load_peer(file.reference), 201)
        expect_equal((loaded.id, loaded.is_own), (file.id, False), "Its id and isOwn at the Recipient")
    with trial.requirement("API-FILES-LISTS", goes_on=True):
        expect_in(answered(one, lambda it: it.files.list()), file.id, "GET /Files")
        expect_in(answered(one, lambda it: it.files.list_own()), file.id, "GET /Files/Own")
        expect_in(answered(trial.recipient, lambda it: it.files.list_peer()), file.id, "GET /Files/Peer")
    with trial.requirement("API-FILES-TOKEN", goes_on=True):
        token = answered(one, lambda it: it.files.create_token(file.id, expires_at=tomorrow()), 201)
        expect_equal(trial.recipient.files.load_peer(token.reference).id, file.id, "What the Token leads to")
    with trial.requirement("API-FILES-TOKEN-PNG", goes_on=True):
        expect_png(one, lambda it: it.files.create_token_png(file.id), 201)
    with trial.requirement("API-FILES-OWNERSHIP-TOKEN", goes_on=True):
        again = answered(one, lambda it: it.files.regenerate_ownership_token(file.id))
        expect(again.ownership_token, "It has no ownership token.")
        expect(again.ownership_token != file.ownership_token, "Its ownership token is the old one.")
    with trial.requirement("API-FILES-DELETE"):
        answered(one, lambda it: it.files.delete(file.id), 204)
        expect_gone(trial, f"/Files/{file.id}")


@check("API-METADATA-PUT", "API-METADATA-GET", "API-METADATA-DELETE", after=BASICS)
def identity_metadata(trial: Trial) -> None:
    """Keep a note about a peer, and remove it."""
    one, peer, key = trial.sender, trial.address(trial.recipient), unique(trial)
    value = {"number": 5, "list": [True, None, "ü"]}
    with trial.requirement("API-METADATA-PUT"):
        kept = answered(one, lambda it: it.identity_metadata.upsert(peer, value, key))
        expect_equal((kept.reference, kept.key, kept.value), (peer, key, value), "What is kept")
    with trial.requirement("API-METADATA-GET", goes_on=True):
        expect_equal(answered(one, lambda it: it.identity_metadata.get(peer, key)).value, value, "What was kept")
    with trial.requirement("API-METADATA-DELETE"):
        answered(one, lambda it: it.identity_metadata.delete(peer, key), 204)
        query = {"reference": peer, "key": key}
        gone = one.call("GET", "/IdentityMetadata", query=query)
        expect_error(gone, 400, "error.runtime.identityMetadata.notFound")


@check(
    "API-MESSAGES-SEND",
    "API-MESSAGES-GET",
    "API-MESSAGES-LIST",
    "API-MESSAGES-RECEIVED",
    "API-MESSAGES-ATTACHMENT",
    "API-MESSAGES-ATTACHMENT-DOWNLOAD",
    "API-MESSAGES-ARBITRARY",
    after=BASICS,
    creates="two Messages and a File that is attached",
)
def messages(trial: Trial) -> None:
    """Send a Message with a File, and read it on both sides."""
    one, other, peer = trial.sender, trial.recipient, trial.address(trial.recipient)
    file = one.files.upload_own(trial.mark.encode(), tomorrow(), filename="enmeshed-nb.txt", title=trial.mark)
    mail = Mail(to=[peer], subject=trial.mark, body="A Message of an acceptance run.")
    with trial.requirement("API-MESSAGES-SEND"):
        sent = answered(one, lambda it: it.messages.send(peer, mail, attachments=[file.id]), 201)
        expect_equal([each.address for each in sent.recipients], [peer], "Its recipients")
        expect_equal((sent.is_own, sent.attachments), (True, [file.id]), "isOwn and the attachments")
    with trial.requirement("API-MESSAGES-GET", goes_on=True):
        found = answered(one, lambda it: it.messages.get(sent.id))
        expect_equal([each.id for each in found.attachments], [file.id], "Its attachments, as Files")
        expect_equal(getattr(found.content, "subject", None), trial.mark, "Its subject")
    with trial.requirement("API-MESSAGES-LIST", goes_on=True):
        expect_in(answered(one, lambda it: it.messages.list()), sent.id, "GET /Messages")
    with trial.requirement("API-MESSAGES-RECEIVED"):
        got = wait_for(
            lambda: _message(other, sent.id),
            what="the Message at the Recipient",
            sync_with=other,
            timeout=trial.patience,
        )
        expect_equal(got and (got.is_own, got.created_by), (False, trial.address(one)), "isOwn and createdBy there")
    with trial.requirement("API-MESSAGES-ATTACHMENT", goes_on=True):
        attached = answered(other, lambda it: it.messages.attachment(sent.id, file.id))
        expect_equal((attached.id, attached.title), (file.id, trial.mark), "The attached File")
    with trial.requirement("API-MESSAGES-ATTACHMENT-DOWNLOAD", goes_on=True):
        content = answered(other, lambda it: it.messages.download_attachment(sent.id, file.id))
        expect_equal(content, trial.mark.encode(), "Its content")
    with trial.requirement("API-MESSAGES-ARBITRARY"):
        anything = ArbitraryMessageContent(value={"mark": trial.mark, "list": [1, None]})
        sent_too = answered(one, lambda it: it.messages.send(peer, anything), 201)
        expect_equal(sent_too.content.model_dump(), anything.model_dump(), "Its content")


def _message(connector: Connector, message_id: str) -> MessageWithAttachments | None:
    try:
        return connector.messages.get(message_id)
    except NotFound:
        return None


@check("API-MAIL-BODY-FORMAT", after=BASICS, creates="a Message")
def body_format(trial: Trial) -> None:
    """Say how the body of a Mail is written."""
    peer, body = trial.address(trial.recipient), f"# {trial.mark}"
    with trial.requirement("API-MAIL-BODY-FORMAT"):
        mail = Mail(to=[peer], subject=trial.mark, body=body, body_format="Markdown")
        sent = answered(trial.sender, lambda it: it.messages.send(peer, mail), 201)
        found = trial.sender.messages.list({"content.bodyFormat": "Markdown"})
        expect_in(found, sent.id, "the Mails whose body is Markdown")


VALUES = {
    "API-VALUE-BANK-ACCOUNT": {"@type": "BankAccount", "accountHolder": "Ada", "iban": "DE02120300000000202051"},
    "API-VALUE-MARITAL-STATUS": {"@type": "MaritalStatus", "value": "single"},
    "API-VALUE-SCHEMATIZED-JSON": {"@type": "SchematizedJSON", "value": {"a": 1}, "schemaURL": "https://example.org"},
}


@check(*VALUES, after=BASICS)
def newer_values(trial: Trial) -> None:
    """Ask whether Attributes of the newer value types can be created."""
    for requirement, value in VALUES.items():
        with trial.requirement(requirement, goes_on=True):
            body = {"content": {"value": value}}
            answer = trial.sender.call("PUT", "/Attributes/CanCreate", json=body)
            expect_equal(answer.status, 200, "The status of PUT /Attributes/CanCreate")


@check(
    "API-RELATIONSHIPS-LIST",
    "API-RELATIONSHIPS-GET",
    "API-RELATIONSHIPS-ATTRIBUTES",
    "API-RELATIONSHIPS-CAN-CREATE",
    after=BASICS,
    creates="a RelationshipTemplate",
)
def relationships(trial: Trial) -> None:
    """Look at the Relationship of both Connectors, and try to create a second one."""
    one, peer = trial.sender, trial.address(trial.recipient)
    with trial.requirement("API-RELATIONSHIPS-LIST"):
        found = answered(one, lambda it: it.relationships.list())
        mine = [each for each in found if (each.peer, each.status) == (peer, "Active")]
        expect_equal(len(mine), 1, "The number of Active Relationships with the Recipient")
    with trial.requirement("API-RELATIONSHIPS-GET", goes_on=True):
        expect_equal(answered(one, lambda it: it.relationships.get(mine[0].id)), mine[0], "The Relationship")
    with trial.requirement("API-RELATIONSHIPS-ATTRIBUTES", goes_on=True):
        answered(one, lambda it: it.relationships.attributes(mine[0].id))
    template = trial.recipient.relationship_templates.create_own(NOTHING, tomorrow())
    loaded = one.relationship_templates.load_peer(template.reference)
    with trial.requirement("API-RELATIONSHIPS-CAN-CREATE"):
        result = answered(one, lambda it: it.relationships.can_create(loaded.id))
        code = "error.transport.relationships.relationshipCurrentlyExists"
        expect_equal((result.is_success, result.code), (False, code), "Whether a second one can be created")


@check(
    "API-TEMPLATES-CREATE",
    "API-TEMPLATES-GET",
    "API-TEMPLATES-PNG",
    "API-TEMPLATES-LOAD",
    "API-TEMPLATES-LISTS",
    "API-TEMPLATES-TOKEN",
    "API-TEMPLATES-TOKEN-PNG",
    "API-TEMPLATES-DELETE",
    after=BASICS,
    creates="a RelationshipTemplate and a Token for it",
)
def templates(trial: Trial) -> None:
    """Create a RelationshipTemplate, and let the Recipient load it."""
    one, other = trial.sender, trial.recipient
    with trial.requirement("API-TEMPLATES-CREATE"):
        made = answered(
            one, lambda it: it.relationship_templates.create_own(NOTHING, tomorrow(), max_number_of_allocations=5), 201
        )
        expect_equal((made.is_own, made.max_number_of_allocations), (True, 5), "isOwn and maxNumberOfAllocations")
    with trial.requirement("API-TEMPLATES-GET", goes_on=True):
        expect_equal(answered(one, lambda it: it.relationship_templates.get(made.id)), made, "The template")
    with trial.requirement("API-TEMPLATES-PNG", goes_on=True):
        expect_png(one, lambda it: it.relationship_templates.get_png(made.id))
    with trial.requirement("API-TEMPLATES-LOAD"):
        loaded = answered(other, lambda it: it.relationship_templates.load_peer(made.reference), 201)
        expect_equal((loaded.id, loaded.is_own), (made.id, False), "Its id and isOwn at the Recipient")
    with trial.requirement("API-TEMPLATES-LISTS", goes_on=True):
        every, own = (
            answered(one, lambda it: it.relationship_templates.list()),
            answered(one, lambda it: it.relationship_templates.list_own()),
        )
        expect_in(every, made.id, "GET /RelationshipTemplates")
        expect_in(own, made.id, "GET /RelationshipTemplates/Own")
        theirs = answered(other, lambda it: it.relationship_templates.list_peer())
        expect_in(theirs, made.id, "GET /RelationshipTemplates/Peer")
    with trial.requirement("API-TEMPLATES-TOKEN", goes_on=True):
        token = answered(one, lambda it: it.relationship_templates.create_token(made.id), 201)
        found = other.relationship_templates.load_peer(token.reference)
        expect_equal(found.id, made.id, "What the Token leads to")
    with trial.requirement("API-TEMPLATES-TOKEN-PNG", goes_on=True):
        expect_png(one, lambda it: it.relationship_templates.create_token_png(made.id), 201)
    with trial.requirement("API-TEMPLATES-DELETE"):
        answered(one, lambda it: it.relationship_templates.delete(made.id), 204)
        expect_gone(trial, f"/RelationshipTemplates/{made.id}")


@check(
    "API-TOKENS-CREATE",
    "API-TOKENS-GET",
    "API-TOKENS-PNG",
    "API-TOKENS-LOAD",
    "API-TOKENS-LISTS",
    "API-TOKENS-EPHEMERAL",
    "API-TOKENS-DELETE",
    after=BASICS,
    creates="two Tokens",
)
def tokens(trial: Trial) -> None:
    """Create a Token, and let the Recipient load it."""
    one, other = trial.sender, trial.recipient
    content = {"mark": trial.mark, "list": [1, None, "ü"]}
    with trial.requirement("API-TOKENS-CREATE"):
        made = answered(one, lambda it: it.tokens.create_own(content, tomorrow()), 201)
        expect_equal((made.is_own, made.content, made.is_ephemeral), (True, content, False), "What is said of it")
    with trial.requirement("API-TOKENS-GET", goes_on=True):
        expect_equal(answered(one, lambda it: it.tokens.get(made.id)), made, "The Token")
    with trial.requirement("API-TOKENS-PNG", goes_on=True):
        expect_png(one, lambda it: it.tokens.get_png(made.id))
    with trial.requirement("API-TOKENS-LOAD"):
        loaded = answered(other, lambda it: it.tokens.load_peer(made.reference), 201)
        expect_equal((loaded.id, loaded.content), (made.id, content), "Its id and content at the Recipient")
    with trial.requirement("API-TOKENS-LISTS", goes_on=True):
        expect_in(answered(one, lambda it: it.tokens.list_own()), made.id, "GET /Tokens/Own")
        expect_in(answered(other, lambda it: it.tokens.list_peer()), made.id, "GET /Tokens/Peer")
    with trial.requirement("API-TOKENS-EPHEMERAL", goes_on=True):
        passing = one.tokens.create_own(content, tomorrow(), ephemeral=True)
        expect_gone(trial, f"/Tokens/{passing.id}")
        expect_equal(other.tokens.load_peer(passing.reference).content, content, "Its content at the Recipient")
    with trial.requirement("API-TOKENS-DELETE"):
        answered(one, lambda it: it.tokens.delete(made.id), 204)
        expect_gone(trial, f"/Tokens/{made.id}")


@check(
    "API-REQUESTS-VALIDATE",
    "API-REQUESTS-CREATE",
    "API-REQUESTS-OUTGOING",
    "API-REQUESTS-INCOMING",
    "API-REQUESTS-CHECKS",
    "API-REQUESTS-DECIDE",
    after=(*BASICS, *REQUESTS),
    creates="two Requests and the Messages that carry them",
)
def requests(trial: Trial) -> None:
    """Take a Request through all of its routes: two of them, one accepted and one rejected."""
    one, other, peer = trial.sender, trial.recipient, trial.address(trial.recipient)
    item = AuthenticationRequestItem(must_be_accepted=True, title=trial.mark)
    asked = Request(title=trial.mark, items=[item])
    with trial.requirement("API-REQUESTS-VALIDATE", goes_on=True):
        answered(one, lambda it: it.requests.outgoing.validate(asked, peer), 201)
        answered(one, lambda it: it.requests.outgoing.validate(asked, trial.address(one)), 201)
    with trial.requirement("API-REQUESTS-CREATE"):
        made = [answered(one, lambda it: it.requests.outgoing.create(asked, peer), 201) for _ in range(2)]
    for each in made:
        one.messages.send(peer, each.content)
    for each in made:
        wait_for_status(other.requests.incoming, each.id, "ManualDecisionRequired", sync=other, timeout=trial.patience)
    first, second = (each.id for each in made)
    with trial.requirement("API-REQUESTS-OUTGOING", goes_on=True):
        expect_equal(answered(one, lambda it: it.requests.outgoing.get(first)).id, first, "Its id")
        expect_in(answered(one, lambda it: it.requests.outgoing.list()), first, "GET /Requests/Outgoing")
    with trial.requirement("API-REQUESTS-INCOMING", goes_on=True):
        expect_equal(answered(other, lambda it: it.requests.incoming.get(first)).id, first, "Its id")
        expect_in(answered(other, lambda it: it.requests.incoming.list()), first, "GET /Requests/Incoming")
    yes, no = Decision(made[0]).accept(0).to_accept(), Decision(made[1]).reject(0).to_reject()
    with trial.requirement("API-REQUESTS-CHECKS", goes_on=True):
        for right, wrong in (
            (
                lambda it: it.requests.incoming.can_accept(first, yes),
                lambda it: it.requests.incoming.can_accept(first, no),
            ),
            (
                lambda it: it.requests.incoming.can_reject(second, no),
                lambda it: it.requests.incoming.can_reject(second, yes),
            ),
        ):
            expect(answered(other, right).is_success, "A decision that fits is said not to.")
            expect(not answered(other, wrong).is_success, "A decision that does not fit is said to.")
    with trial.requirement("API-REQUESTS-DECIDE"):
        accepted = answered(other, lambda it: it.requests.incoming.accept(first, yes))
        rejected = answered(other, lambda it: it.requests.incoming.reject(second, no))
        for decided, result in ((accepted, "Accepted"), (rejected, "Rejected")):
            found = decided.response.content.result if decided.response else None
            expect_equal((decided.status, found), ("Decided", result), "The status and the result")
    sync(one)
