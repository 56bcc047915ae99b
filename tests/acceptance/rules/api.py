"""Connectors that break what the plan `api` asks for."""

from typing import Any

from tests.acceptance.proxy import Answer, Call, PassOn, changes_result, refusal, rule, success

_IDENTITY, _METADATA, _MESSAGES = "GET /Account/IdentityInfo", "GET /IdentityMetadata", "GET /Messages"
_ATTRIBUTES, _OWN_FILES = "POST /Attributes", "GET /Files/Own"
_CREATE, _SEND = "POST /Requests/Outgoing", "POST /Messages"
_NOTHING_LIKE_IT = "error.connector.unexpected"
_BOTH = ("sender", "recipient")


def _without(call: Call, *keys: str) -> Call:
    """Let a call lose keys of its query."""
    call.query = [(key, value) for key, value in call.query if key not in keys]
    return call


def _rewritten(call: Call, begins: str, instead: str) -> Call:
    """Let values of a query that begin with something begin with something else."""
    call.query = [
        (key, instead + value.removeprefix(begins) if value.startswith(begins) and value != begins else value)
        for key, value in call.query
    ]
    return call


async def _with_status(call: Call, connector: PassOn, status: int) -> Answer:
    """Let successes have another status."""
    answer = await connector(call)
    if answer.status < 300:
        answer.status = status
    return answer


async def _with_code(call: Call, connector: PassOn, code: str, instead: str = _NOTHING_LIKE_IT) -> Answer:
    """Let one error have another code."""
    answer = await connector(call)
    if answer.status >= 400 and answer.json["error"]["code"] == code:
        answer.json["error"]["code"] = instead
    return answer


# --- what is the same for all routes ----------------------------------------------------------------------------------


@rule("API-ENVELOPE", on=_IDENTITY)
async def something_stands_beside_the_result(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 200:
        answer.json["took"] = 5
    return answer


@rule("API-ERROR-ENVELOPE", on="GET /Messages/{id}")
async def errors_do_not_lead_to_their_documentation(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status >= 400:
        del answer.json["error"]["docs"]
    return answer


@rule("API-CONTENT-TYPE", on=_IDENTITY)
async def nobody_says_that_it_is_json(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    answer.headers["content-type"] = "application/octet-stream"
    return answer


@rule("API-RESPONSE-TIME", on=_IDENTITY)
async def the_time_of_an_answer_is_lost(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    answer.headers.pop("x-response-time", None)
    return answer


@rule("API-RESPONSE-DURATION", on=_IDENTITY)
async def the_duration_has_a_unit(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    answer.headers["x-response-duration-ms"] = "5 ms"
    return answer


@rule("API-CORRELATION-ID", on=_IDENTITY)
async def the_correlation_id_comes_back(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    answer.headers["x-correlation-id"] = call.headers.get("x-correlation-id", "")
    return answer


@rule("API-COMPRESSION", on=_METADATA)
async def nothing_is_compressed(call: Call, connector: PassOn) -> Answer:
    call.headers.pop("accept-encoding", None)
    return await connector(call)


@rule("API-HEAD", on="HEAD /Messages")
async def head_is_not_allowed(_call: Call, _connector: PassOn) -> Answer:
    return Answer(405)


@rule("API-PATHS", on="GET /account/IDENTITYINFO")
async def the_case_of_a_path_matters(_call: Call, _connector: PassOn) -> Answer:
    return refusal(404, "error.connector.http.routeDoesNotExist")


@rule("API-FORM-BODY", on="PUT /IdentityMetadata")
async def a_form_is_no_body(call: Call, connector: PassOn) -> Answer:
    is_form = "form" in call.headers.get("content-type", "")
    return refusal(400, _NOTHING_LIKE_IT) if is_form else await connector(call)


@rule("API-ERROR-INVALID-JSON", on=_SEND)
async def what_is_no_json_is_unexpected(call: Call, connector: PassOn) -> Answer:
    return refusal(500, _NOTHING_LIKE_IT) if call.body == b"{" else await connector(call)


@rule("API-ERROR-UNKNOWN-ROUTE", on="GET /Nothing")
async def an_unknown_route_is_a_page(_call: Call, _connector: PassOn) -> Answer:
    answer = Answer(404)
    answer.body = b"<h1>Not found</h1>"
    return answer


@rule("API-ERROR-METHOD", on="PATCH /Messages")
async def another_method_is_another_route(_call: Call, _connector: PassOn) -> Answer:
    return refusal(404, "error.connector.http.routeDoesNotExist")


@rule("API-ERROR-NOT-ACCEPTABLE", on="GET /Relationships")
async def who_wants_xml_gets_json(call: Call, connector: PassOn) -> Answer:
    call.headers["accept"] = "application/json"
    return await connector(call)


# --- routes -----------------------------------------------------------------------------------------------------------


@rule("API-MONITORING-REQUESTS", on="GET /Monitoring/Requests")
async def nobody_counts(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 200:
        answer.json["requestCount"] = 5
    return answer


@rule("API-ACCOUNT-SYNC", on="POST /Account/Sync")
async def a_synchronisation_has_a_result(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    return success(None) if answer.status == 204 else answer


@rule("API-ACCOUNT-SYNC-INFO", on="GET /Account/SyncInfo")
async def nothing_is_known_of_the_last_synchronisation(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    return success({}) if call.connector in _BOTH and answer.status == 200 else answer


@changes_result("API-ANNOUNCEMENTS", on="GET /Announcements")
def announcements_are_no_list(_: Any) -> Any:
    return {}


@rule("API-ATTRIBUTES-CREATE", on=_ATTRIBUTES)
async def an_attribute_is_created_with_200(call: Call, connector: PassOn) -> Answer:
    return await _with_status(call, connector, 200)


@changes_result("API-ATTRIBUTES-GET", on="GET /Attributes/{id}")
def an_attribute_says_more_than_before(attribute: Any) -> None:
    attribute["numberOfForwards"] = 99


@rule("API-ATTRIBUTES-LISTS", on="GET /Attributes")
async def there_are_no_attributes_at_all(call: Call, connector: PassOn) -> Answer:
    return await connector(call) if call.query else success([])


@rule("API-ATTRIBUTES-LATEST", on="GET /Attributes/Own/Identity")
async def outdated_versions_are_listed(call: Call, connector: PassOn) -> Answer:
    call.query = [(key, "false" if key == "onlyLatestVersions" else value) for key, value in call.query]
    return await connector(call)


@changes_result("API-ATTRIBUTES-SUCCEED", on="POST /Attributes/{id}/Succeed")
def a_predecessor_does_not_know_its_successor(succession: Any) -> None:
    succession["predecessor"].pop("succeededBy", None)


@changes_result("API-ATTRIBUTES-VERSIONS", on="GET /Attributes/{id}/Versions")
def there_is_one_version(versions: Any) -> Any:
    return versions[:1]


@rule("API-ATTRIBUTES-DELETE", on="DELETE /Attributes/{id}")
async def a_deletion_has_no_result(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    return Answer(204) if answer.status == 200 else answer


@changes_result("API-ATTRIBUTES-QUERY-IDENTITY", on="POST /Attributes/ExecuteIdentityAttributeQuery")
def a_query_finds_nothing(_: Any) -> Any:
    return []


@changes_result("API-ATTRIBUTES-NOTIFY", on="POST /Attributes/{id}/NotifyPeer")
def a_notification_has_no_id(succession: Any) -> None:
    succession.pop("notificationId", None)


@changes_result("API-CHALLENGES-CREATE", on="POST /Challenges")
def a_challenge_of_a_device_is_not_signed(challenge: Any) -> None:
    if challenge["type"] == "Device":
        del challenge["signature"]


@changes_result("API-CHALLENGES-VALIDATE", on="POST /Challenges/Validate")
def who_signed_a_challenge_is_not_known(validation: Any) -> None:
    validation.pop("correspondingRelationship", None)


@changes_result("API-FILES-UPLOAD", on="POST /Files/Own")
def the_name_of_a_file_is_spoiled(file: Any) -> None:
    file["filename"] = file["filename"].encode("utf-8").decode("latin-1")


@rule("API-FILES-PNG", on="GET /Files/{id}")
async def a_picture_is_none(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.headers.get("content-type") == "image/png":
        answer.body = b"GIF89a"
    return answer


@rule("API-FILES-DOWNLOAD", on="GET /Files/{id}/Download")
async def a_download_has_no_name(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    answer.headers.pop("content-disposition", None)
    return answer


@rule("API-FILES-LISTS", on="GET /Files/Peer")
async def nobody_has_files_of_others(call: Call, connector: PassOn) -> Answer:
    return await connector(call) if call.query else success([])


@rule("API-FILES-OWNERSHIP-TOKEN", on="PATCH /Files/{id}/RegenerateOwnershipToken")
async def patch_is_not_let_through(_call: Call, _connector: PassOn) -> Answer:
    return refusal(405, "error.connector.http.methodNotAllowed")


@rule("API-FILES-DELETE", on="DELETE /Files/{id}")
async def a_file_stays(call: Call, connector: PassOn) -> Answer:
    return await connector(call) if "XXXX" in call.path else Answer(204)


@rule("API-METADATA-GET", on=_METADATA)
async def a_note_is_another(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 200 and "api.identity_metadata " in str(call.query):
        answer.result["value"] = None
    return answer


@changes_result("API-MESSAGES-GET", on="GET /Messages/{id}")
def attachments_are_ids_alone(message: Any) -> None:
    if message["isOwn"]:
        message["attachments"] = [each["id"] for each in message["attachments"]]


@changes_result("API-MESSAGES-LIST", on=_MESSAGES)
def what_was_sent_is_not_listed(messages: Any) -> Any:
    return [each for each in messages if "api.messages " not in str(each["content"].get("subject"))]


@rule("API-MESSAGES-ATTACHMENT-DOWNLOAD", on="GET /Messages/{id}/Attachments/{id}/Download")
async def an_attachment_breaks_off(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    answer.body = answer.body[:3]
    return answer


@changes_result("API-MESSAGES-ARBITRARY", on=_SEND)
def what_is_arbitrary_is_lost(message: Any) -> None:
    if message["content"]["@type"] == "ArbitraryMessageContent" and "mark" in str(message["content"]["value"]):
        message["content"]["value"] = {}


@changes_result("API-RELATIONSHIPS-CAN-CREATE", on="PUT /Relationships/CanCreate")
def a_second_relationship_could_be_created(_: Any) -> Any:
    return {"isSuccess": True}


@rule("API-TEMPLATES-LOAD", on="POST /RelationshipTemplates/Peer")
async def a_template_is_loaded_with_200(call: Call, connector: PassOn) -> Answer:
    return await _with_status(call, connector, 200)


@rule("API-TEMPLATES-TOKEN-PNG", on="POST /RelationshipTemplates/Own/{id}/Token")
async def a_picture_of_a_token_is_json(call: Call, connector: PassOn) -> Answer:
    call.headers["accept"] = "application/json"
    return await connector(call)


@changes_result("API-TOKENS-CREATE", on="POST /Tokens/Own")
def each_token_is_ephemeral(token: Any) -> None:
    token["isEphemeral"] = True


@rule("API-TOKENS-EPHEMERAL", on="POST /Tokens/Own")
async def each_token_is_stored(call: Call, connector: PassOn) -> Answer:
    call.json = {key: value for key, value in call.json.items() if key != "ephemeral"}
    return await connector(call)


@rule("API-REQUESTS-VALIDATE", on="POST /Requests/Outgoing/Validate")
async def a_validation_is_answered_with_200(call: Call, connector: PassOn) -> Answer:
    return await _with_status(call, connector, 200)


@rule("API-REQUESTS-OUTGOING", on="GET /Requests/Outgoing")
async def there_are_no_requests(call: Call, connector: PassOn) -> Answer:
    return await connector(call) if call.query else success([])


# --- filters ----------------------------------------------------------------------------------------------------------


@rule("API-FILTER-MESSAGES", on=_MESSAGES)
async def no_subject_is_looked_for(call: Call, connector: PassOn) -> Answer:
    return await connector(_without(call, "content.subject"))


@rule("API-FILTER-TEMPLATES", on="GET /RelationshipTemplates")
async def no_password_is_looked_for(call: Call, connector: PassOn) -> Answer:
    return await connector(_without(call, "passwordProtection.password"))


@rule("API-FILTER-TOKENS", on="GET /Tokens/Peer")
async def a_filter_finds_the_opposite(call: Call, connector: PassOn) -> Answer:
    call.query = [(key, f"!{value}" if key == "forIdentity" else value) for key, value in call.query]
    return await connector(call)


@rule("API-FILTER-RELATIONSHIPS", on="GET /Relationships")
async def no_template_is_looked_for(call: Call, connector: PassOn) -> Answer:
    return await connector(_without(call, "templateId"))


@rule("API-FILTER-REQUESTS", on="GET /Requests/Incoming")
async def no_expiry_is_looked_for(call: Call, connector: PassOn) -> Answer:
    return await connector(_without(call, "content.expiresAt"))


@rule("API-FILTER-ATTRIBUTES", on="GET /Attributes")
async def no_tag_is_looked_for(call: Call, connector: PassOn) -> Answer:
    return await connector(_without(call, "content.tags"))


@rule("API-FILTER-FILES", on="GET /Files")
async def no_size_is_looked_for(call: Call, connector: PassOn) -> Answer:
    return await connector(_without(call, "filesize"))


@rule("API-FILTER-NOT", on=_OWN_FILES)
async def not_is_not_heard(call: Call, connector: PassOn) -> Answer:
    return await connector(_rewritten(call, "!", ""))


@rule("API-FILTER-EXISTS", on=_OWN_FILES)
async def empty_values_are_dropped(call: Call, connector: PassOn) -> Answer:
    call.query = [(key, value) for key, value in call.query if value]
    return await connector(call)


@rule("API-FILTER-PARTS", on=_OWN_FILES)
async def a_beginning_may_stand_anywhere(call: Call, connector: PassOn) -> Answer:
    return await connector(_rewritten(call, "^", "~"))


@rule("API-FILTER-COMPARED", on=_OWN_FILES)
async def the_same_is_not_at_least_the_same(call: Call, connector: PassOn) -> Answer:
    return await connector(_rewritten(call, ">=", ">"))


@rule("API-FILTER-ANY-OF", on=_OWN_FILES)
async def the_last_of_several_values_counts(call: Call, connector: PassOn) -> Answer:
    if not any(value.startswith("!") for _, value in call.query):
        call.query = list(dict(call.query).items())
    return await connector(call)


@rule("API-FILTER-ALL-OF", on=_OWN_FILES)
async def one_key_is_enough(call: Call, connector: PassOn) -> Answer:
    if len({key for key, _ in call.query}) == 2:
        call.query = call.query[:1]
    return await connector(call)


@rule("API-FILTER-UNKNOWN-STRICT", on="GET /Tokens/Own")
async def unknown_keys_are_dropped(call: Call, connector: PassOn) -> Answer:
    return await connector(_without(call, "colour"))


@rule("API-FILTER-UNKNOWN-LAX", on="GET /Requests/Outgoing")
async def unknown_keys_are_refused(call: Call, connector: PassOn) -> Answer:
    is_known = "colour" not in dict(call.query)
    return await connector(call) if is_known else refusal(400, "error.runtime.validation.invalidPropertyValue")


# --- errors -----------------------------------------------------------------------------------------------------------


@rule("API-ERROR-UNKNOWN-ID", on="GET /Tokens/{id}")
async def an_unknown_token_is_a_bad_request(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 404 and "XXXX" in call.path:
        answer.status = 400
    return answer


@rule("API-ERROR-WRONG-ID", on="GET /Messages/MSG1")
async def what_is_no_id_is_not_found(_call: Call, _connector: PassOn) -> Answer:
    return refusal(404, "error.runtime.recordNotFound")


@rule("API-ERROR-MISSING-PROPERTY", on="POST /Files/Peer")
async def what_is_missing_is_unexpected(call: Call, connector: PassOn) -> Answer:
    return await connector(call) if call.json else refusal(500, _NOTHING_LIKE_IT)


@rule("API-ERROR-ADDITIONAL-PROPERTY", on="POST /RelationshipTemplates/Own")
async def what_is_unknown_is_dropped(call: Call, connector: PassOn) -> Answer:
    call.json = {key: value for key, value in call.json.items() if key != "colour"}
    return await connector(call)


@rule("API-ERROR-PAST-TIME", on="POST /RelationshipTemplates/Own")
async def a_template_may_have_ended(call: Call, connector: PassOn) -> Answer:
    return success({}, 201) if call.json.get("expiresAt", "").startswith("2020") else await connector(call)


@rule("API-ERROR-MALFORMED-REQUEST", on=_CREATE)
async def what_is_no_request_has_another_code(call: Call, connector: PassOn) -> Answer:
    if call.json.get("peer") and call.json["content"].get("items") == []:
        return await _with_code(call, connector, "error.runtime.requestDeserialization")
    return await connector(call)


@rule("API-ERROR-WITHOUT-PEER", on=_CREATE)
async def a_request_needs_no_peer(call: Call, connector: PassOn) -> Answer:
    return await connector(call) if call.json.get("peer") else success({"id": "REQ"}, 201)


@rule("API-ERROR-MESSAGE-CONTENT", on=_SEND)
async def an_unknown_kind_of_content_has_another_code(call: Call, connector: PassOn) -> Answer:
    return await _with_code(call, connector, "error.runtime.unknownType")


@rule("API-ERROR-DUPLICATE-ATTRIBUTE", on=_ATTRIBUTES)
async def the_same_attribute_is_a_conflict(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 400 and "Duplicate" in answer.json["error"]["code"]:
        answer.status = 409
    return answer


@rule("API-ERROR-TAGS", on=_ATTRIBUTES)
async def bad_tags_have_another_code(call: Call, connector: PassOn) -> Answer:
    return await _with_code(call, connector, "error.consumption.attributes.invalidTags")


@rule("API-ERROR-PASSWORD", on="POST /RelationshipTemplates/Peer")
async def a_missing_password_has_another_code(call: Call, connector: PassOn) -> Answer:
    return await _with_code(call, connector, "error.transport.noPasswordProvided")


@rule("API-ERROR-AUTOMATION", on="PUT /Requests/Incoming/{id}/Reject")
async def anybody_is_the_automation(call: Call, connector: PassOn) -> Answer:
    call.json = {key: value for key, value in call.json.items() if key != "decidedByAutomation"}
    return await connector(call)


@rule("API-ERROR-RELATIONSHIP-STATUS", on="PUT /Relationships/{id}/Revoke")
async def the_wrong_status_is_a_conflict(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 400:
        answer.status = 409
    return answer
