"""Every documented way in which a Request can go wrong between two Connectors: HTTP status and error code.

Raw HTTP on purpose: the client would stop much of this before it is sent.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import until
from tests.host.api import FUTURE, Api, Json, item

REQUESTS = "error.consumption.requests"
INHERITED = f"{REQUESTS}.validation.inheritedFromItem"
DECIDE = f"{REQUESTS}.decide.validation"
INVALID_ITEM = f"{REQUESTS}.invalidRequestItem"
INVALID_ACCEPT = f"{REQUESTS}.invalidAcceptParameters"
INVALID_PROPERTY = "error.runtime.validation.invalidPropertyValue"
DESERIALIZATION = "error.runtime.requestDeserialization"
NOT_FOUND = "error.runtime.recordNotFound"
UNKNOWN = "error.runtime.unknown"
PAST = "2020-01-01T00:00:00.000Z"
STRANGER_ON_THE_BACKBONE = "did:e:localhost:dids:" + "f" * 22
NOBODY = "XXXXXXXXXXXXXXXXX"


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Api]]:
    names = ("asker", "decider", "pending", "terminated", "stranger", "leaving", "gone")
    config: dict[str, Json] = {name: {} for name in names}
    config["leaving"] = config["gone"] = {"debug": True}
    with LocalNetwork.open(tmp_path_factory.mktemp("errors") / "network", connectors=config) as network:
        made = {each.name: Api(each.url, each.api_key) for each in network.state.connectors}
        asker = made["asker"]
        asker.befriend(made["decider"])
        made["pending"].propose(asker)
        asker.ok("PUT", f"/Relationships/{asker.befriend(made['terminated'])}/Terminate")
        for name, days in (("leaving", 14), ("gone", 0)):
            asker.befriend(made[name])
            made[name].ok("POST", f"/IdentityDeletionProcess?lengthOfGracePeriodInDays={days}")
        until(lambda: asker.knows_the_end_of(made["gone"]), timeout=30, what="the Backbone removes an Identity")
        yield made
        for api in made.values():
            api.close()


@pytest.fixture(scope="module")
def asker(apis: dict[str, Api]) -> Api:
    return apis["asker"]


@pytest.fixture(scope="module")
def decider(apis: dict[str, Api]) -> Api:
    return apis["decider"]


def optional() -> Json:
    return item(mustBeAccepted=False)


def group(*items: Json) -> Json:
    return {"@type": "RequestItemGroup", "items": list(items)}


def consent(**changes: Json) -> Json:
    return {"@type": "ConsentRequestItem", "mustBeAccepted": True, "consent": "Yes."} | changes


def form_field(**settings: Json) -> Json:
    return {"@type": "FormFieldRequestItem", "mustBeAccepted": True, "title": "x", "settings": settings}


def relationship_attribute(owner: str = "", key: str = "k") -> Json:
    value = {"@type": "ProprietaryString", "title": "t", "value": "v"}
    return {
        "@type": "RelationshipAttribute",
        "key": key,
        "owner": owner,
        "confidentiality": "public",
        "value": value,
    }


def create_attribute(attribute: Json, *, must_be_accepted: bool = True) -> Json:
    return {"@type": "CreateAttributeRequestItem", "mustBeAccepted": must_be_accepted, "attribute": attribute}


def display_name(owner: str = "", text: str = "x") -> Json:
    return {"@type": "IdentityAttribute", "owner": owner, "value": {"@type": "DisplayName", "value": text}}


def read(**query: Json) -> Json:
    query = {"@type": "IdentityAttributeQuery", "valueType": "DisplayName"} | query
    return {"@type": "ReadAttributeRequestItem", "mustBeAccepted": True, "query": query}


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def refused(answer: httpx.Response, status: int, code: str, fragment: str = "") -> None:
    assert (answer.status_code, answer.json().get("error", {}).get("code")) == (status, code), answer.text
    assert fragment in answer.json()["error"]["message"]


def codes(result: Json) -> list[str]:
    """The codes on the way from a validation result to its first fault."""
    below = next((codes(each) for each in result["items"] if not each["isSuccess"]), [])
    return [result["code"], *below]


# --- Step 0: template and Relationship


@pytest.mark.parametrize("expiry", [{"expiresAt": PAST}, {}])
def test_a_template_needs_an_expiry_in_the_future(asker, expiry):
    content = {"@type": "ArbitraryRelationshipTemplateContent", "value": {}}
    refused(asker.call("POST", "/RelationshipTemplates/Own", {"content": content} | expiry), 400, INVALID_PROPERTY)


def test_a_request_ends_before_its_template(asker):
    request = {"@type": "Request", "items": [item()], "expiresAt": "2099-06-01T00:00:00.000Z"}
    content = {"@type": "RelationshipTemplateContent", "onNewRelationship": request}
    answer = asker.call("POST", "/RelationshipTemplates/Own", {"content": content, "expiresAt": FUTURE})
    refused(answer, 400, "error.runtime.relationshipTemplates.requestCannotExpireAfterRelationshipTemplate")


def test_a_second_relationship(asker, decider):
    loaded = decider.load(asker.template())
    code = "error.transport.relationships.relationshipCurrentlyExists"
    checked = decider.ok("PUT", "/Relationships/CanCreate", {"templateId": loaded["id"]})
    assert (checked["isSuccess"], checked["code"]) == (False, code)
    creation = {"@type": "ArbitraryRelationshipCreationContent", "value": {}}
    refused(
        decider.call("POST", "/Relationships", {"templateId": loaded["id"], "creationContent": creation}), 400, code
    )


def test_an_expired_template(asker, apis):
    soon = in_seconds(1.5)
    template = asker.template(expiresAt=soon)
    loaded = apis["stranger"].load(template)
    until(lambda: datetime.now(UTC) > datetime.fromisoformat(soon))
    checked = apis["stranger"].ok("PUT", "/Relationships/CanCreate", {"templateId": loaded["id"]})
    assert checked["code"] == "error.transport.relationships.relationshipTemplateIsExpired"


def test_a_template_with_a_password(asker, apis):
    reference = asker.template(passwordProtection={"password": "secret"})["reference"]["truncated"]
    load = {"reference": reference}
    refused(
        apis["stranger"].call("POST", "/RelationshipTemplates/Peer", load), 400, "error.transport.noPasswordProvided"
    )
    wrong = apis["stranger"].call("POST", "/RelationshipTemplates/Peer", load | {"password": "wrong"})
    refused(wrong, 404, NOT_FOUND)


def test_a_template_for_somebody_else(asker, decider, apis):
    reference = asker.template(forIdentity=decider.address)["reference"]["truncated"]
    answer = apis["stranger"].call("POST", "/RelationshipTemplates/Peer", {"reference": reference})
    refused(answer, 400, "error.transport.general.notIntendedForYou")


# --- Steps 1 and 2: validate, create


@pytest.mark.parametrize(
    ("peer", "content", "code"),
    [
        ("asker", {}, f"{REQUESTS}.cannotShareRequestWithYourself"),
        ("decider", {"expiresAt": PAST}, f"{REQUESTS}.cannotCreateRequestWithExpirationDateInPast"),
        ("stranger", {}, f"{REQUESTS}.missingRelationship"),
        ("terminated", {}, f"{REQUESTS}.wrongRelationshipStatus"),
        ("leaving", {}, f"{REQUESTS}.peerIsInDeletion"),
        ("gone", {}, f"{REQUESTS}.wrongRelationshipStatus"),  # peerIsDeleted is asked after it, and never reached
        (
            "decider",
            {"items": [create_attribute(relationship_attribute()), create_attribute(relationship_attribute())]},
            f"{REQUESTS}.violatedKeyUniquenessOfRelationshipAttributes",
        ),
    ],
)
def test_what_a_whole_request_can_be_refused_for(apis, asker, peer, content, code):
    body = {"content": {"items": [item()]} | content, "peer": apis[peer].address}
    answer = asker.call("POST", "/Requests/Outgoing/Validate", body)
    assert answer.status_code == 201
    result = answer.json()["result"]
    assert (result["isSuccess"], result["code"]) == (False, code)
    refused(asker.call("POST", "/Requests/Outgoing", body), 400, code)


@pytest.mark.parametrize(
    "faulty",
    [
        form_field(**{"@type": "SelectionFormFieldSettings", "options": []}),
        form_field(**{"@type": "SelectionFormFieldSettings", "options": ["a", "a"]}),
        form_field(**{"@type": "IntegerFormFieldSettings", "min": 5, "max": 3}),
        create_attribute(display_name("ASKER")),
        create_attribute(display_name(STRANGER_ON_THE_BACKBONE)),
        create_attribute(relationship_attribute(STRANGER_ON_THE_BACKBONE)),
        create_attribute(display_name(text="🙂")),
        create_attribute(display_name() | {"tags": ["without a prefix"]}),
        read(tags=["without a prefix"]),
        {"@type": "DeleteAttributeRequestItem", "mustBeAccepted": True, "attributeId": f"ATT{NOBODY}"},
        {
            "@type": "ShareAttributeRequestItem",
            "mustBeAccepted": True,
            "attributeId": f"ATT{NOBODY}",
            "attribute": display_name("ASKER"),
        },
    ],
)
def test_a_faulty_item_is_found_in_the_tree_and_in_a_group(asker, decider, faulty):
    if faulty.get("attribute", {}).get("owner") == "ASKER":
        faulty = faulty | {"attribute": faulty["attribute"] | {"owner": asker.address}}
    for items, depth in ([[item(), faulty], 1], [[group(item(), faulty)], 2]):
        body = {"content": {"items": items}, "peer": decider.address}
        result = asker.ok("POST", "/Requests/Outgoing/Validate", body)
        assert codes(result) == [INHERITED] * depth + [INVALID_ITEM]
        refused(asker.call("POST", "/Requests/Outgoing", body), 400, INHERITED, "canCreate")


@pytest.mark.parametrize(
    ("items", "code", "fragment"),
    [
        ([item(title=None)], DESERIALIZATION, "Value is not defined"),
        ([{"@type": "AuthenticationRequestItem", "title": "x"}], DESERIALIZATION, "Value is not defined"),
        ([item(mustBeAccepted="true")], DESERIALIZATION, "Value is not a boolean"),
        ([item(title="x" * 201)], DESERIALIZATION, "longer than 200"),
        ([], DESERIALIZATION, "may not be empty"),
        (None, DESERIALIZATION, "Value is not defined"),
        ([{"@type": "FreeTextRequestItem", "mustBeAccepted": True}], DESERIALIZATION, "was not found"),
        ([read(valueType="Nonsense")], DESERIALIZATION, ""),
        ([create_attribute(display_name() | {"value": {"@type": "EMailAddress", "value": "x"}})], DESERIALIZATION, ""),
        ([consent(link="no link")], DESERIALIZATION, ""),
        ([consent(linkDisplayText="Terms")], DESERIALIZATION, ""),
        (
            [
                {
                    "@type": "ProposeAttributeRequestItem",
                    "mustBeAccepted": True,
                    "attribute": display_name(),
                    "query": {"@type": "IdentityAttributeQuery", "valueType": "GivenName"},
                }
            ],
            DESERIALIZATION,
            "",
        ),
        ([read(**{"@type": "IQLQuery", "queryString": "((("})], DESERIALIZATION, ""),
        ([{"mustBeAccepted": True}], UNKNOWN, "not iterable"),
        ([group(group(item()))], UNKNOWN, "no processor registered"),
    ],
)
def test_malformed_content_is_no_validation_result(asker, decider, items, code, fragment):
    body = {"content": {} if items is None else {"items": items}, "peer": decider.address}
    for path in ("/Requests/Outgoing/Validate", "/Requests/Outgoing"):
        refused(asker.call("POST", path, body), 400, code, fragment)


def test_an_expiry_that_is_no_date_passes_validation_but_not_creation(asker, decider):
    body = {"content": {"items": [item()], "expiresAt": "tomorrow"}, "peer": decider.address}
    assert asker.ok("POST", "/Requests/Outgoing/Validate", body)["isSuccess"]
    refused(asker.call("POST", "/Requests/Outgoing", body), 400, UNKNOWN, "date is invalid")


def test_without_a_peer_a_request_can_be_checked_but_not_created(asker):
    body = {"content": {"items": [item()]}}
    assert asker.ok("POST", "/Requests/Outgoing/Validate", body)["isSuccess"]
    refused(asker.call("POST", "/Requests/Outgoing", body), 400, DESERIALIZATION)


def test_what_is_silently_ignored(asker, decider):
    faulty = [consent(title="dropped", requireManualDecision=True), group(item()) | {"mustBeAccepted": True}]
    content = {"id": "REQ00000000000000000", "items": faulty, "validFrom": PAST}
    body = {"content": content, "peer": decider.address}
    created = asker.ok("POST", "/Requests/Outgoing", body)["content"]
    assert created["id"] != content["id"]
    assert created["items"] == [consent(), group(item())]
    assert "validFrom" not in created


# --- Steps 3 and 4: send, observe


def test_who_a_message_can_be_sent_to(asker, decider):
    content = asker.create(decider)["content"]
    for recipients in ([], ["nobody"], [decider.address] * 2):
        answer = asker.call("POST", "/Messages", {"recipients": recipients, "content": content})
        refused(answer, 400, INVALID_PROPERTY)


def test_what_a_message_can_hold(asker, decider):
    request = asker.create(decider)

    def send(content: Json) -> httpx.Response:
        return asker.call("POST", "/Messages", {"recipients": [decider.address], "content": content})

    refused(send({"a": 1}), 400, INVALID_PROPERTY, "content of a Message must")
    refused(send(request), 400, INVALID_PROPERTY, "content of a Message must")
    refused(send({"@type": "Nonsense"}), 400, "error.runtime.unknownType")
    content = request["content"]
    without_id = {name: value for name, value in content.items() if name != "id"}
    refused(send(without_id), 400, INVALID_PROPERTY, "must have an id")
    refused(send(content | {"id": f"REQ{NOBODY}"}), 404, NOT_FOUND)
    refused(send(content | {"description": "edited"}), 400, INVALID_PROPERTY, "same content")


def test_a_request_goes_to_one_recipient_and_it_is_its_peer(asker, decider, apis):
    other = apis["stranger"]
    asker.befriend(other)
    content = asker.create(decider)["content"]
    both = asker.call("POST", "/Messages", {"recipients": [decider.address, other.address], "content": content})
    refused(both, 400, INVALID_PROPERTY, "Only one recipient")
    wrong = asker.call("POST", "/Messages", {"recipients": [other.address], "content": content})
    refused(wrong, 400, INVALID_PROPERTY, "does not match")
    asker.ok("PUT", f"/Relationships/{_relationship(asker, other)}/Terminate")


def _relationship(api: Api, peer: Api) -> str:
    return api.ok("GET", f"/Relationships?peer={peer.address}")[0]["id"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("pending", "error.runtime.messages.hasNoActiveRelationship"),
        ("terminated", "error.runtime.messages.hasNoActiveRelationship"),
        ("leaving", "error.runtime.messages.peerIsInDeletion"),
        ("gone", "error.runtime.messages.hasNoActiveRelationship"),  # its end was the end of the Relationship, too
    ],
)
def test_the_peer_must_be_there_for_a_message(asker, apis, name, code):
    content = {"@type": "ArbitraryMessageContent", "value": 1}
    refused(asker.call("POST", "/Messages", {"recipients": [apis[name].address], "content": content}), 400, code)


def test_a_pending_relationship_is_enough_to_create_a_request_but_not_to_send_it(asker, apis):
    request = asker.create(apis["pending"])
    body = {"recipients": [apis["pending"].address], "content": request["content"]}
    refused(asker.call("POST", "/Messages", body), 400, "error.runtime.messages.hasNoActiveRelationship")


def test_an_expired_request_is_not_sent(asker, decider):
    soon = in_seconds(1)
    request = asker.create(decider, expiresAt=soon)
    until(lambda: datetime.now(UTC) > datetime.fromisoformat(soon))
    body = {"recipients": [decider.address], "content": request["content"]}
    refused(asker.call("POST", "/Messages", body), 400, "error.runtime.messages.cannotSendMessageWithExpiredRequest")
    assert asker.ok("GET", f"/Requests/Outgoing/{request['id']}")["status"] == "Expired"


def test_a_request_is_sent_once(asker, decider):
    request = asker.create(decider)
    asker.send(decider, request)
    until(lambda: asker.ok("GET", f"/Requests/Outgoing/{request['id']}")["status"] == "Open")
    body = {"recipients": [decider.address], "content": request["content"]}
    refused(asker.call("POST", "/Messages", body), 400, "error.runtime.messages.cannotSendRequestThatWasAlreadySent")


def test_an_unknown_request(asker):
    refused(asker.call("GET", f"/Requests/Outgoing/REQ{NOBODY}"), 404, NOT_FOUND)


# --- Step 6: decide


def decide(*answers: Json) -> Json:
    return {"items": list(answers)}


YES, NO = {"accept": True}, {"accept": False}


@pytest.mark.parametrize(
    ("items", "verb", "decision", "expected"),
    [
        ([item()], "Accept", decide(NO), [INHERITED, f"{DECIDE}.mustBeAcceptedItemNotAccepted"]),
        ([item()], "Accept", decide(), [f"{DECIDE}.invalidNumberOfItems"]),
        ([item()], "Accept", decide(YES, YES), [f"{DECIDE}.invalidNumberOfItems"]),
        ([group(item())], "Accept", decide(decide()), [INHERITED, f"{DECIDE}.invalidNumberOfItems"]),
        ([item()], "Accept", decide(decide(YES)), [INHERITED, f"{DECIDE}.requestItemAnsweredAsRequestItemGroup"]),
        ([item()], "Reject", decide(YES), [INHERITED, f"{DECIDE}.itemAcceptedButRequestNotAccepted"]),
        (
            [form_field(**{"@type": "IntegerFormFieldSettings"})],
            "Accept",
            decide(YES | {"response": "text"}),
            [INHERITED, INVALID_ACCEPT],
        ),
        (
            [form_field(**{"@type": "IntegerFormFieldSettings"})],
            "Accept",
            decide(YES),
            [INHERITED, f"{REQUESTS}.servalErrorDuringRequestItemProcessing"],
        ),
        (
            [read()],
            "Accept",
            decide(
                YES
                | {
                    "newAttribute": {
                        "@type": "IdentityAttribute",
                        "owner": "",
                        "value": {"@type": "GivenName", "value": "A"},
                    }
                }
            ),
            [INHERITED, f"{REQUESTS}.attributeQueryMismatch"],
        ),
    ],
)
def test_a_decision_that_does_not_fit(asker, decider, items, verb, decision, expected):
    request = asker.ask(decider, *items)
    path = f"/Requests/Incoming/{request}"
    checked = decider.call("PUT", f"{path}/Can{verb}", decision)
    assert checked.status_code == 200
    assert codes(checked.json()["result"]) == expected
    refused(decider.call("PUT", f"{path}/{verb}", decision), 400, UNKNOWN, f"Call 'can{verb}'")
    assert decider.ok("GET", path)["status"] == "ManualDecisionRequired"


@pytest.mark.parametrize(
    ("decision", "fragment"), [(decide(YES), "reading 'length'"), (decide(decide(YES, YES)), "reading 'constructor'")]
)
def test_a_group_answered_as_an_item_or_with_too_many_answers(asker, decider, decision, fragment):
    path = f"/Requests/Incoming/{asker.ask(decider, group(item()))}"
    for action in ("CanAccept", "Accept"):
        refused(decider.call("PUT", f"{path}/{action}", decision), 400, UNKNOWN, fragment)


def test_a_decision_without_items(asker, decider):
    path = f"/Requests/Incoming/{asker.ask(decider)}"
    for action in ("CanAccept", "Accept", "CanReject", "Reject"):
        refused(decider.call("PUT", f"{path}/{action}", {}), 400, DESERIALIZATION)


def test_a_request_is_decided_once(asker, decider):
    path = f"/Requests/Incoming/{asker.ask(decider)}"
    assert decider.ok("PUT", f"{path}/Accept", decide(YES))["status"] == "Decided"
    for action in ("CanAccept", "Accept", "Reject"):
        refused(decider.call("PUT", f"{path}/{action}", decide(YES)), 400, UNKNOWN, "has to be in status")


def test_the_text_false_accepts(asker, decider):
    path = f"/Requests/Incoming/{asker.ask(decider)}"
    decided = decider.ok("PUT", f"{path}/Accept", decide({"accept": "false"}))
    assert decided["response"]["content"]["items"][0]["result"] == "Accepted"


def test_an_unknown_incoming_request(decider):
    path = f"/Requests/Incoming/REQ{NOBODY}"
    refused(decider.call("PUT", f"{path}/CanAccept", decide(YES)), 404, "error.transport.recordNotFound")
    refused(decider.call("PUT", f"{path}/Accept", decide(YES)), 404, NOT_FOUND)


@pytest.mark.parametrize("answer", [NO | {"code": "x" * 201}, NO | {"message": "x" * 1001}])
def test_a_reason_that_is_too_long_is_only_found_by_the_decision_itself(asker, decider, answer):
    path = f"/Requests/Incoming/{asker.ask(decider)}"
    assert decider.ok("PUT", f"{path}/CanReject", decide(answer))["isSuccess"]
    refused(decider.call("PUT", f"{path}/Reject", decide(answer)), 400, UNKNOWN)


def test_an_expired_request_is_not_decided(asker, decider):
    soon = in_seconds(2)
    path = f"/Requests/Incoming/{asker.ask(decider, expiresAt=soon)}"
    until(lambda: datetime.now(UTC) > datetime.fromisoformat(soon))
    refused(decider.call("PUT", f"{path}/Accept", decide(YES)), 400, UNKNOWN)
    assert decider.ok("GET", path)["status"] == "Expired"


def test_without_an_active_relationship_nothing_is_decided(asker, apis):
    stranger = apis["stranger"]
    for old in stranger.ok("GET", f"/Relationships?peer={asker.address}"):
        for api in (asker, stranger):
            api.ok("POST", "/Account/Sync")
            api.call("DELETE", f"/Relationships/{old['id']}")
    asker.ok("POST", "/Account/Sync")
    relationship = asker.befriend(stranger)
    request = asker.ask(stranger)
    asker.ok("PUT", f"/Relationships/{relationship}/Terminate")
    stranger.ok("POST", "/Account/Sync")
    path = f"/Requests/Incoming/{request}"
    checked = stranger.ok("PUT", f"{path}/CanAccept", decide(YES))
    assert checked["code"] == f"{REQUESTS}.wrongRelationshipStatus"
    refused(stranger.call("PUT", f"{path}/Accept", decide(YES)), 400, UNKNOWN)


def test_a_key_that_the_relationship_has_already(asker, decider):
    key = uuid.uuid4().hex
    twice = [create_attribute(relationship_attribute(key=key), must_be_accepted=False)]
    first, second = asker.ask(decider, *twice), asker.ask(decider, *twice)
    decider.ok("PUT", f"/Requests/Incoming/{first}/Accept", decide(YES))
    checked = decider.ok("PUT", f"/Requests/Incoming/{second}/CanAccept", decide(YES))
    assert codes(checked) == [INHERITED, INVALID_ACCEPT]


# --- what other routes say


def test_the_same_attribute_twice(asker):
    body = {"content": {"value": {"@type": "DisplayName", "value": uuid.uuid4().hex}}}
    asker.ok("POST", "/Attributes", body)
    code = "error.runtime.attributes.cannotCreateDuplicateOwnIdentityAttribute"
    refused(asker.call("POST", "/Attributes", body), 400, code)
    checked = asker.ok("PUT", "/Attributes/CanCreate", body)
    assert (checked["isSuccess"], checked["code"]) == (False, code)


def test_tags_need_a_known_prefix(asker):
    body = {"content": {"value": {"@type": "GivenName", "value": "A"}, "tags": ["without a prefix"]}}
    refused(asker.call("POST", "/Attributes", body), 400, "error.consumption.attributes.invalidTags")


def test_a_refusal_of_the_backbone_keeps_its_code(asker, decider):
    body = {"recipients": [decider.address], "code": "NoSuchCode"}
    answer = asker.call("POST", "/BackboneNotifications", body)
    refused(answer, 500, "error.platform.validation.notification.codeDoesNotExist")


def test_metadata_that_was_never_stored(asker, decider):
    path = f"/IdentityMetadata?reference={decider.address}"
    refused(asker.call("GET", path), 400, "error.runtime.identityMetadata.notFound")


def test_a_relationship_in_the_wrong_status(asker, decider):
    relationship = _relationship(asker, decider)
    answer = asker.call("PUT", f"/Relationships/{relationship}/Accept")
    refused(answer, 400, "error.transport.relationships.wrongRelationshipStatus")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/Attributes/ATT{NOBODY}"),
        ("GET", f"/Files/FIL{NOBODY}"),
        ("GET", f"/Messages/MSG{NOBODY}"),
        ("GET", f"/Relationships/REL{NOBODY}"),
        ("GET", f"/RelationshipTemplates/RLT{NOBODY}"),
        ("GET", f"/Tokens/TOK{NOBODY}"),
        ("DELETE", f"/Attributes/ATT{NOBODY}"),
        ("DELETE", f"/Files/FIL{NOBODY}"),
        ("PUT", f"/Relationships/REL{NOBODY}/Accept"),
    ],
)
def test_what_is_not_there(asker, method, path):
    refused(asker.call(method, path), 404, NOT_FOUND)


def test_an_unknown_query_key_is_refused_by_strict_lists_and_dropped_by_lax_ones(asker):
    strict = ["Relationships", "RelationshipTemplates", "Files", "Messages", "Tokens/Own", "Attributes/Own/Identity"]
    for path in strict:
        refused(asker.call("GET", f"/{path}?color=red"), 400, INVALID_PROPERTY, "must NOT have additional properties")
    for path in ("Attributes", "Requests/Incoming", "Requests/Outgoing"):
        assert asker.call("GET", f"/{path}?color=red").status_code == 200


def test_a_missing_property_is_named(asker):
    refused(asker.call("POST", "/RelationshipTemplates/Peer"), 400, INVALID_PROPERTY, "reference")
