"""Every documented error: HTTP status and code."""

from datetime import UTC, datetime, timedelta
from typing import Any

from enmeshed_nb.acceptance.checking import check
from enmeshed_nb.acceptance.checks.api.answering import BASICS, NOBODY, NOTHING, expect_error, tomorrow
from enmeshed_nb.acceptance.checks.api.routes import REQUESTS
from enmeshed_nb.acceptance.kinds import unique
from enmeshed_nb.acceptance.trial import Trial, expect_equal
from enmeshed_nb.connector import LocalRequest, PasswordProtection
from enmeshed_nb.content import AuthenticationRequestItem, Request
from enmeshed_nb.guide import wait_for_status

INVALID_PROPERTY = "error.runtime.validation.invalidPropertyValue"
DESERIALIZATION = "error.runtime.requestDeserialization"
NOT_FOUND = "error.runtime.recordNotFound"
UNKNOWN = "error.runtime.unknown"
PAST, FUTURE = "2020-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"
ITEM: dict[str, Any] = {"@type": "AuthenticationRequestItem", "mustBeAccepted": True, "title": "enmeshed-nb accept"}
RIGHT, WRONG = "right-one", "wrong-one"
YES, NO = {"items": [{"accept": True}]}, {"items": [{"accept": False}]}

UNKNOWN_IDS = (
    ("GET", f"/Attributes/ATT{NOBODY}"),
    ("GET", f"/Attributes/ATT{NOBODY}/Versions"),
    ("GET", f"/Attributes/ATT{NOBODY}/ForwardingDetails"),
    ("DELETE", f"/Attributes/ATT{NOBODY}"),
    ("GET", f"/Files/FIL{NOBODY}"),
    ("GET", f"/Files/FIL{NOBODY}/Download"),
    ("DELETE", f"/Files/FIL{NOBODY}"),
    ("GET", f"/Messages/MSG{NOBODY}"),
    ("GET", f"/Messages/MSG{NOBODY}/Attachments/FIL{NOBODY}"),
    ("GET", f"/Relationships/REL{NOBODY}"),
    ("GET", f"/Relationships/REL{NOBODY}/Attributes"),
    ("PUT", f"/Relationships/REL{NOBODY}/Accept"),
    ("PUT", f"/Relationships/REL{NOBODY}/Terminate"),
    ("DELETE", f"/Relationships/REL{NOBODY}"),
    ("GET", f"/RelationshipTemplates/RLT{NOBODY}"),
    ("GET", f"/Requests/Incoming/REQ{NOBODY}"),
    ("GET", f"/Requests/Outgoing/REQ{NOBODY}"),
    ("GET", f"/Tokens/TOK{NOBODY}"),
)
WRONG_IDS = (
    ("GET", f"/Attributes/REL{NOBODY}"),
    ("GET", "/Messages/MSG1"),
    ("GET", f"/Messages/REQ{NOBODY}"),
    ("GET", f"/Relationships/MSG{NOBODY}"),
    ("GET", "/RelationshipTemplates/nothing"),
    ("GET", "/Tokens/nothing"),
    ("GET", "/Files/nothing"),
    ("PUT", "/Relationships/nothing/Accept"),
)


@check("API-ERROR-UNKNOWN-ID", "API-ERROR-WRONG-ID", after=BASICS)
def id_errors(trial: Trial) -> None:
    """Ask for what is not there, and by what is no id."""
    with trial.requirement("API-ERROR-UNKNOWN-ID", goes_on=True):
        for method, path in UNKNOWN_IDS:
            expect_error(trial.sender.call(method, path), 404, NOT_FOUND, "error.transport.recordNotFound")
    with trial.requirement("API-ERROR-WRONG-ID"):
        for method, path in WRONG_IDS:
            expect_error(trial.sender.call(method, path), 400, INVALID_PROPERTY)


CONTENT = {"@type": "ArbitraryRelationshipTemplateContent", "value": {}}
LACKING: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/RelationshipTemplates/Peer", {}),
    ("POST", "/RelationshipTemplates/Own", {"content": CONTENT}),
    ("POST", "/Tokens/Own", {"expiresAt": FUTURE}),
    ("POST", "/Tokens/Peer", {}),
    ("POST", "/Files/Peer", {}),
    ("POST", "/Messages", {"content": CONTENT}),
    ("POST", "/Relationships", {}),
    ("POST", "/Attributes", {}),
    ("PUT", "/IdentityMetadata", {"value": 1}),
    ("GET", "/IdentityMetadata", {}),
    ("GET", "/Announcements", {}),
)
PAST_TIMES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/RelationshipTemplates/Own", {"content": CONTENT, "expiresAt": PAST}),
    ("/Tokens/Own", {"content": {}, "expiresAt": PAST}),
)
ADDITIONAL: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/RelationshipTemplates/Own", {"content": CONTENT, "expiresAt": FUTURE, "colour": "red"}),
    ("/Tokens/Own", {"content": {}, "expiresAt": FUTURE, "colour": "red"}),
    ("/RelationshipTemplates/Peer", {"reference": "x", "colour": "red"}),
)


@check("API-ERROR-MISSING-PROPERTY", "API-ERROR-ADDITIONAL-PROPERTY", "API-ERROR-PAST-TIME", after=BASICS)
def body_errors(trial: Trial) -> None:
    """Send bodies that lack something, have too much, or are too late."""
    one = trial.sender
    with trial.requirement("API-ERROR-MISSING-PROPERTY", goes_on=True):
        for method, path, body in LACKING:
            expect_error(one.call(method, path, json=None if method == "GET" else body), 400, INVALID_PROPERTY)
    with trial.requirement("API-ERROR-ADDITIONAL-PROPERTY", goes_on=True):
        for path, body in ADDITIONAL:
            expect_error(one.call("POST", path, json=body), 400, INVALID_PROPERTY)
    with trial.requirement("API-ERROR-PAST-TIME"):
        for path, body in PAST_TIMES:
            expect_error(one.call("POST", path, json=body), 400, INVALID_PROPERTY)


def _group(*items: Any) -> dict[str, Any]:
    return {"@type": "RequestItemGroup", "items": list(items)}


MALFORMED: tuple[tuple[list[Any], str], ...] = (
    ([], DESERIALIZATION),
    ([ITEM | {"title": None}], DESERIALIZATION),
    ([ITEM | {"title": "x" * 201}], DESERIALIZATION),
    ([ITEM | {"mustBeAccepted": "true"}], DESERIALIZATION),
    ([{"@type": "FreeTextRequestItem", "mustBeAccepted": True}], DESERIALIZATION),
    ([{"@type": "ConsentRequestItem", "mustBeAccepted": True, "consent": "Yes.", "link": "no link"}], DESERIALIZATION),
    ([{"mustBeAccepted": True}], UNKNOWN),
    ([_group(_group(ITEM))], UNKNOWN),
)
INVALID: tuple[dict[str, Any], ...] = (
    {"@type": "SelectionFormFieldSettings", "options": []},
    {"@type": "SelectionFormFieldSettings", "options": ["a", "a"]},
    {"@type": "IntegerFormFieldSettings", "min": 5, "max": 3},
)


@check("API-ERROR-MALFORMED-REQUEST", "API-ERROR-INVALID-ITEM", "API-ERROR-WITHOUT-PEER", after=(*BASICS, *REQUESTS))
def malformed(trial: Trial) -> None:
    """Validate and create what is no Request, or has an item that cannot be."""
    one, peer = trial.sender, trial.address(trial.recipient)
    both = ("/Requests/Outgoing/Validate", "/Requests/Outgoing")
    with trial.requirement("API-ERROR-MALFORMED-REQUEST", goes_on=True):
        for items, code in MALFORMED:
            for path in both:
                expect_error(one.call("POST", path, json={"content": {"items": items}, "peer": peer}), 400, code)
    with trial.requirement("API-ERROR-INVALID-ITEM", goes_on=True):
        inherited, invalid = (
            "error.consumption.requests.validation.inheritedFromItem",
            "error.consumption.requests.invalidRequestItem",
        )
        for settings in INVALID:
            faulty = {"@type": "FormFieldRequestItem", "mustBeAccepted": True, "title": "x", "settings": settings}
            for items, codes in (([ITEM, faulty], [inherited]), ([_group(ITEM, faulty)], [inherited, inherited])):
                body = {"content": {"items": items}, "peer": peer}
                expect_equal(
                    _codes(one.call("POST", both[0], json=body).value["result"]), [*codes, invalid], "The codes"
                )
                expect_error(one.call("POST", both[1], json=body), 400, inherited)
    with trial.requirement("API-ERROR-WITHOUT-PEER"):
        expect_error(one.call("POST", "/Requests/Outgoing", json={"content": {"items": [ITEM]}}), 400, DESERIALIZATION)


def _codes(result: dict[str, Any]) -> list[str]:
    """Return the codes on the way from a validation's result to its first fault."""
    below = next((_codes(each) for each in result["items"] if not each["isSuccess"]), [])
    return [result.get("code", ""), *below]


def _draft(trial: Trial) -> LocalRequest:
    request = Request(title=trial.mark, items=[AuthenticationRequestItem(must_be_accepted=True, title=trial.mark)])
    return trial.sender.requests.outgoing.create(request, trial.address(trial.recipient))


@check(
    "API-ERROR-REQUEST-CHANGED",
    "API-ERROR-REQUEST-WITHOUT-ID",
    "API-ERROR-REQUEST-SENT-TWICE",
    "API-ERROR-MESSAGE-CONTENT",
    "API-ERROR-MESSAGE-RECIPIENTS",
    after=(*BASICS, *REQUESTS),
    creates="a Request and the Message that carries it",
)
def sending(trial: Trial) -> None:
    """Send what cannot be sent."""
    one, peer = trial.sender, trial.address(trial.recipient)
    draft = _draft(trial)
    content = draft.content.model_dump()

    def send(content: Any, *recipients: str) -> Any:
        return one.call("POST", "/Messages", json={"recipients": recipients or [peer], "content": content})

    with trial.requirement("API-ERROR-REQUEST-CHANGED", goes_on=True):
        expect_error(send(content | {"description": "changed"}), 400, INVALID_PROPERTY)
    with trial.requirement("API-ERROR-REQUEST-WITHOUT-ID", goes_on=True):
        expect_error(send({name: value for name, value in content.items() if name != "id"}), 400, INVALID_PROPERTY)
    with trial.requirement("API-ERROR-MESSAGE-CONTENT", goes_on=True):
        for wrong in ({}, {"id": draft.id, "status": "Draft", "content": content}):
            expect_error(send(wrong), 400, INVALID_PROPERTY)
        expect_error(send({"@type": "Nonsense"}), 400, "error.runtime.unknownType")
    with trial.requirement("API-ERROR-MESSAGE-RECIPIENTS", goes_on=True):
        for wrong_recipients in ([], ["nobody"], [peer, peer]):
            answer = one.call("POST", "/Messages", json={"recipients": wrong_recipients, "content": content})
            expect_error(answer, 400, INVALID_PROPERTY)
    one.messages.send(peer, draft.content)
    wait_for_status(one.requests.outgoing, draft.id, "Open", timeout=trial.patience)
    with trial.requirement("API-ERROR-REQUEST-SENT-TWICE"):
        expect_error(send(content), 400, "error.runtime.messages.cannotSendRequestThatWasAlreadySent")


@check(
    "API-ERROR-DECISION",
    "API-ERROR-DECISION-WITHOUT-ITEMS",
    "API-ERROR-AUTOMATION",
    "API-ERROR-DECIDED-TWICE",
    after=(*BASICS, *REQUESTS),
    creates="a Request and the Messages that carry it",
)
def deciding(trial: Trial) -> None:
    """Decide in ways that do not fit, and a second time."""
    one, other, draft = trial.sender, trial.recipient, _draft(trial)
    one.messages.send(trial.address(other), draft.content)
    wait_for_status(other.requests.incoming, draft.id, "ManualDecisionRequired", sync=other, timeout=trial.patience)
    path = f"/Requests/Incoming/{draft.id}"
    with trial.requirement("API-ERROR-DECISION", goes_on=True):
        for verb, decision in (("Accept", NO), ("Accept", {"items": []}), ("Reject", YES)):
            expect_error(other.call("PUT", f"{path}/{verb}", json=decision), 400, UNKNOWN)
        status = other.requests.incoming.get(draft.id).status
        expect_equal(status, "ManualDecisionRequired", "The status after decisions that were refused")
    with trial.requirement("API-ERROR-DECISION-WITHOUT-ITEMS", goes_on=True):
        for verb in ("CanAccept", "Accept", "CanReject", "Reject"):
            expect_error(other.call("PUT", f"{path}/{verb}", json={}), 400, DESERIALIZATION)
    with trial.requirement("API-ERROR-AUTOMATION", goes_on=True):
        for verb in ("CanAccept", "Accept", "CanReject", "Reject"):
            answer = other.call(
                "PUT", f"/Requests/Incoming/REQ{NOBODY}/{verb}", json=YES | {"decidedByAutomation": True}
            )
            expect_error(answer, 400, "error.connector.incomingRequests.decidedByAutomation")
    other.requests.incoming.accept(draft.id, YES)
    with trial.requirement("API-ERROR-DECIDED-TWICE"):
        for verb, decision in (("CanAccept", YES), ("Accept", YES), ("Reject", NO)):
            expect_error(other.call("PUT", f"{path}/{verb}", json=decision), 400, UNKNOWN)


@check(
    "API-ERROR-DUPLICATE-ATTRIBUTE",
    "API-ERROR-TAGS",
    "API-ERROR-IQL",
    "API-ERROR-METADATA",
    "API-ERROR-NOTIFICATION-CODE",
    after=BASICS,
    creates="an Attribute",
)
def attribute_errors(trial: Trial) -> None:
    """Create an Attribute twice or with bad tags, query it wrongly, ask for a note that is not there."""
    one = trial.sender
    value = {"@type": "DisplayName", "value": unique(trial)}
    one.attributes.create(value)
    body = {"content": {"value": value}}
    with trial.requirement("API-ERROR-DUPLICATE-ATTRIBUTE", goes_on=True):
        code = "error.runtime.attributes.cannotCreateDuplicateOwnIdentityAttribute"
        expect_error(one.call("POST", "/Attributes", json=body), 400, code)
        checked = one.attributes.can_create(value)
        expect_equal((checked.is_success, checked.code), (False, code), "What CanCreate says of it")
    with trial.requirement("API-ERROR-TAGS", goes_on=True):
        tagged = {"content": {"value": {"@type": "GivenName", "value": "Ada"}, "tags": ["without a prefix"]}}
        expect_error(one.call("POST", "/Attributes", json=tagged), 400, "error.consumption.attributes.invalidTags")
    with trial.requirement("API-ERROR-IQL", goes_on=True):
        answer = one.call("POST", "/Attributes/ExecuteIQLQuery", json={"query": {"queryString": "=="}})
        expect_equal(answer.status, 400, "The status of what is no IQLQuery")
    with trial.requirement("API-ERROR-METADATA", goes_on=True):
        query = {"reference": trial.address(trial.recipient), "key": unique(trial)}
        answer = one.call("GET", "/IdentityMetadata", query=query)
        expect_error(answer, 400, "error.runtime.identityMetadata.notFound")
    with trial.requirement("API-ERROR-NOTIFICATION-CODE"):
        told = {"recipients": [trial.address(trial.recipient)], "code": "NoSuchCode"}
        answer = one.call("POST", "/BackboneNotifications", json=told)
        expect_error(answer, 500, "error.platform.validation.notification.codeDoesNotExist")


@check(
    "API-ERROR-PASSWORD",
    "API-ERROR-FOR-SOMEBODY-ELSE",
    "API-ERROR-REQUEST-AFTER-TEMPLATE",
    after=BASICS,
    creates="three RelationshipTemplates",
)
def template_errors(trial: Trial) -> None:
    """Load RelationshipTemplates without what it takes."""
    one, other = trial.sender, trial.recipient
    create = one.relationship_templates.create_own
    locked = create(NOTHING, tomorrow(), password_protection=PasswordProtection(password=RIGHT))
    mine = create(NOTHING, tomorrow(), for_identity=trial.address(one))

    def load(reference: str, **more: str) -> Any:
        return other.call("POST", "/RelationshipTemplates/Peer", json={"reference": reference, **more})

    with trial.requirement("API-ERROR-PASSWORD", goes_on=True):
        expect_error(load(locked.reference.truncated), 400, "error.transport.noPasswordProvided")
        expect_error(load(locked.reference.truncated, password=WRONG), 404, NOT_FOUND)
    with trial.requirement("API-ERROR-FOR-SOMEBODY-ELSE", goes_on=True):
        expect_error(load(mine.reference.truncated), 400, "error.transport.general.notIntendedForYou")
    with trial.requirement("API-ERROR-REQUEST-AFTER-TEMPLATE"):
        soon, later = ((datetime.now(UTC) + timedelta(days=days)).isoformat() for days in (1, 2))
        request = {"@type": "Request", "items": [ITEM], "expiresAt": later}
        content = {"@type": "RelationshipTemplateContent", "onNewRelationship": request}
        answer = one.call("POST", "/RelationshipTemplates/Own", json={"content": content, "expiresAt": soon})
        code = "error.runtime.relationshipTemplates.requestCannotExpireAfterRelationshipTemplate"
        expect_error(answer, 400, code)


@check("API-ERROR-RELATIONSHIP-EXISTS", "API-ERROR-RELATIONSHIP-STATUS", after=BASICS, creates="a RelationshipTemplate")
def relationship_errors(trial: Trial) -> None:
    """Create a second Relationship, and accept the one that is Active."""
    one, peer = trial.sender, trial.address(trial.recipient)
    template = trial.recipient.relationship_templates.create_own(NOTHING, tomorrow())
    loaded = one.relationship_templates.load_peer(template.reference)
    with trial.requirement("API-ERROR-RELATIONSHIP-EXISTS", goes_on=True):
        creation = {"@type": "ArbitraryRelationshipCreationContent", "value": {}}
        answer = one.call("POST", "/Relationships", json={"templateId": loaded.id, "creationContent": creation})
        expect_error(answer, 400, "error.transport.relationships.relationshipCurrentlyExists")
    mine = next(each for each in one.relationships.list() if (each.peer, each.status) == (peer, "Active"))
    with trial.requirement("API-ERROR-RELATIONSHIP-STATUS"):
        for verb in ("Accept", "Reject", "Revoke", "Reactivate/Accept", "Reactivate/Reject", "Reactivate/Revoke"):
            answer = one.call("PUT", f"/Relationships/{mine.id}/{verb}")
            expect_error(answer, 400, "error.transport.relationships.wrongRelationshipStatus")
