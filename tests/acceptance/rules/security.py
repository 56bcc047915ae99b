"""Connectors that break what the plan `security` asks for."""

from tests.acceptance.proxy import Answer, Call, PassOn, refusal, rule, success

_MINE = "GET /Account/IdentityInfo"
_NOBODY = {"address": "did:e:localhost:dids:0000000000000000000000", "publicKey": ""}


# --- who gets in ------------------------------------------------------------------------------------------------------


def _key(call: Call) -> str | None:
    return call.headers.get("x-api-key")


@rule("SECURITY-NO-KEY", on=_MINE, mild=True)
async def no_key_is_needed(call: Call, connector: PassOn) -> Answer:
    if _key(call) is None and "authorization" not in call.headers:
        return success(_NOBODY)
    return await connector(call)


@rule("SECURITY-UNAUTHORIZED", on=_MINE)
async def a_login_page_is_shown_instead(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 401 and _key(call) is None:
        answer.body = b"<h1>Who are you?</h1>"
    return answer


@rule("SECURITY-WRONG-KEY", on=_MINE, mild=True)
async def a_wrong_key_opens(call: Call, connector: PassOn) -> Answer:
    return success(_NOBODY) if (_key(call) or "").startswith("Wrong-") else await connector(call)


@rule("SECURITY-LATE", on=_MINE)
async def a_wrong_key_is_refused_at_once(call: Call, connector: PassOn) -> Answer:
    wrong = (_key(call) or "").startswith("Wrong-")
    return refusal(401, "error.connector.unauthorized") if wrong else await connector(call)


@rule("SECURITY-EMPTY-KEY", on=_MINE, mild=True)
async def an_empty_key_opens(call: Call, connector: PassOn) -> Answer:
    return success(_NOBODY) if _key(call) == "" else await connector(call)


@rule("SECURITY-UNSIGNED-TOKEN", on=_MINE, mild=True)
async def an_unsigned_token_opens(call: Call, connector: PassOn) -> Answer:
    return success(_NOBODY) if "authorization" in call.headers else await connector(call)


@rule("SECURITY-UNKNOWN-ROUTE", on="GET /NoSuchRoute")
async def strangers_are_told_which_routes_there_are(_call: Call, _connector: PassOn) -> Answer:
    return refusal(404, "error.connector.http.routeDoesNotExist")


@rule("SECURITY-NO-DOCS", on="GET /docs/json")
async def strangers_get_the_documentation(_call: Call, _connector: PassOn) -> Answer:
    return success({"openapi": "3.0.0"})


@rule("SECURITY-HEALTH-OPEN", on="GET /health")
async def the_health_needs_a_key(call: Call, connector: PassOn) -> Answer:
    return await connector(call) if _key(call) else refusal(401, "error.connector.unauthorized")


@rule("SECURITY-HEALTH-SAYS-LITTLE", on="GET /health")
async def the_health_tells_where_the_database_is(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    answer.json["services"]["database"] = "healthy at mongodb://db.internal"
    return answer


@rule("SECURITY-SCOPE-ALLOWS", on="GET /IdentityMetadata")
async def a_scope_is_not_known(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    return refusal(403, "error.connector.forbidden") if ("reference", "none") in call.query else answer


@rule("SECURITY-SCOPE-FORBIDS", on="GET /Tokens/{id}")
async def each_key_is_good_for_tokens(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    return refusal(404, "error.runtime.recordNotFound") if answer.status == 403 else answer


@rule("SECURITY-FORBIDDEN", on="GET /Files/{id}")
async def a_missing_scope_has_another_code(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    return refusal(403, "error.proxy.forbidden") if answer.status == 403 else answer


@rule("SECURITY-EXPIRED-KEY", "SECURITY-DISABLED-KEY", on=_MINE, mild=True)
async def old_keys_open(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    is_old = answer.status == 401 and _key(call) and not (_key(call) or "").startswith("Wrong-")
    return success(_NOBODY) if is_old else answer


# --- what answers tell ------------------------------------------------------------------------------------------------


@rule("SECURITY-REDACTED", on="GET /Monitoring/Support")
async def support_is_told_a_secret(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 200:
        answer.json["configuration"]["transportLibrary"]["platformClientSecret"] = "s3cret"
    return answer


@rule("SECURITY-HEADERS", on=_MINE, mild=True)
async def answers_lose_a_header(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    answer.headers.pop("content-security-policy", None)
    return answer


@rule("SECURITY-NOT-POWERED-BY", on=_MINE, mild=True)
async def answers_say_what_they_are_made_with(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    answer.headers["x-powered-by"] = "Express"
    return answer


@rule("SECURITY-ERROR-HEADERS", on="GET /Messages/{id}", mild=True)
async def errors_lose_a_header(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    answer.headers.pop("x-content-type-options", None)
    return answer


@rule("SECURITY-NO-STACK", on="GET /Messages/{id}", mild=True)
async def errors_tell_the_stack(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 404:
        answer.json["error"]["stacktrace"] = ["Error", "at Object.<anonymous> (/usr/app/index.js:1:1)"]
    return answer


@rule("SECURITY-CORS", on=_MINE, mild=True)
async def pages_of_all_origins_may_read(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if "origin" in call.headers:
        answer.headers["access-control-allow-origin"] = call.headers["origin"]
    return answer


@rule("SECURITY-PREFLIGHT", on="OPTIONS /Messages")
async def pages_of_all_origins_may_call(_call: Call, _connector: PassOn) -> Answer:
    answer = Answer(204)
    answer.headers["access-control-allow-origin"] = "*"
    return answer


# --- calls that nobody means well -------------------------------------------------------------------------------------


@rule("SECURITY-TRACE", on="TRACE /")
async def what_is_sent_is_echoed(call: Call, _connector: PassOn) -> Answer:
    answer = Answer(200)
    answer.body = "\r\n".join(f"{name}: {value}" for name, value in call.headers.items()).encode()
    return answer


@rule("SECURITY-LARGE-BODY", "API-ERROR-TOO-LARGE", on="POST /Requests/Outgoing/Validate", mild=True)
async def a_large_body_is_read(call: Call, connector: PassOn) -> Answer:
    if len(call.body) > 2_000_000:
        return success({"isSuccess": True, "items": []}, 201)
    return await connector(call)


@rule("SECURITY-LARGE-BODY-SURVIVED", on="GET /Files/{id}", mild=True)
async def after_a_large_body_nothing_is_answered(call: Call, connector: PassOn) -> Answer:
    is_next = call.path.endswith("1" * 17)
    return refusal(500, "error.connector.unexpected") if is_next else await connector(call)


@rule("SECURITY-TRAVERSAL", on="GET /Files/{id}/Download", mild=True)
async def paths_lead_elsewhere(call: Call, connector: PassOn) -> Answer:
    if "%2f" not in call.path:
        return await connector(call)
    answer = Answer(200)
    answer.body = b"root:x:0:0"
    return answer


@rule("SECURITY-QUERY-OPERATORS", on="GET /Messages")
async def operators_in_queries_are_dropped(call: Call, connector: PassOn) -> Answer:
    call.query = [(key, value) for key, value in call.query if "[" not in key and "$" not in key]
    return await connector(call)


@rule("SECURITY-FILE-NAME", on="GET /Files/{id}/Download")
async def a_download_is_saved_elsewhere(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if "X-Injected" in answer.headers.get("content-disposition", ""):
        answer.headers["content-disposition"] = "attachment;filename=../../.bashrc"
    return answer


@rule("SECURITY-FILE-HEADER", on="GET /Files/{id}/Download", mild=True)
async def a_files_name_adds_a_header(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if "X-Injected" in answer.headers.get("content-disposition", ""):
        answer.headers["x-injected"] = "yes.txt"
    return answer


# --- an Identity and what is not its own ------------------------------------------------------------------------------


async def _lets_the_attacker(call: Call, connector: PassOn) -> Answer:
    """Let the attacker do what is refused to it."""
    answer = await connector(call)
    return success({}) if call.connector == "attacker" and answer.status >= 400 else answer


@rule("SECURITY-FOREIGN-REQUEST", on="GET /Requests/Incoming/{id}", mild=True)
async def a_foreign_request_can_be_read(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)


@rule("SECURITY-FOREIGN-DECISION", on="PUT /Requests/Incoming/{id}/Accept", mild=True)
async def a_foreign_request_can_be_accepted(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)


@rule("SECURITY-FOREIGN-MESSAGE", on="GET /Messages/{id}", mild=True)
async def a_foreign_message_can_be_read(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)


@rule("SECURITY-REPLAY", on="POST /Messages", mild=True)
async def a_request_can_be_sent_back(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    is_replayed = answer.status >= 400 and "foreign_requests" in call.body.decode()
    return success({}, 201) if is_replayed else answer


@rule("SECURITY-STRANGER-REQUEST", on="POST /Requests/Outgoing", mild=True)
async def a_stranger_can_make_a_request(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)


@rule("SECURITY-STRANGER-MESSAGE", on="POST /Messages", mild=True)
async def a_stranger_can_send_a_message(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)


@rule("SECURITY-FOR-IDENTITY-TEMPLATE", on="POST /RelationshipTemplates/Peer", mild=True)
async def a_template_for_one_opens_for_all(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    is_refused = "notIntendedForYou" in answer.body.decode(errors="ignore")
    return success({}, 201) if is_refused and call.connector == "attacker" else answer


@rule("SECURITY-FOR-IDENTITY-TOKEN", on="POST /Tokens/Peer", mild=True)
async def a_token_for_one_opens_for_all(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)


@rule("SECURITY-FOR-IDENTITY-FILE", on="POST /Files/Peer", mild=True)
async def a_file_for_one_opens_for_all(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    is_refused = "notIntendedForYou" in answer.body.decode(errors="ignore")
    return success({}, 201) if is_refused else answer


@rule("SECURITY-FOR-IDENTITY-OPENS", on="POST /Tokens/Peer", mild=True)
async def a_token_for_one_opens_for_nobody(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    mine = answer.status == 201 and "personalised" in answer.body.decode(errors="ignore")
    return refusal(400, "error.transport.general.notIntendedForYou") if mine else answer


@rule("SECURITY-NO-PASSWORD", "API-ERROR-PASSWORD", on="POST /RelationshipTemplates/Peer", mild=True)
async def a_password_can_be_left_out(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    is_refused = "noPasswordProvided" in answer.body.decode(errors="ignore")
    return success({}, 201) if is_refused else answer


@rule("SECURITY-WRONG-PASSWORD", "API-ERROR-PASSWORD", on="POST /RelationshipTemplates/Peer", mild=True)
async def any_password_opens(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    return success({}, 201) if answer.status >= 400 and call.json.get("password") else answer


@rule("SECURITY-WRONG-PIN", on="POST /Tokens/Peer", mild=True)
async def any_pin_opens(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    return success({}, 201) if answer.status >= 400 and call.json.get("password") else answer


@rule("SECURITY-PASSWORD-OPENS", on="POST /RelationshipTemplates/Peer")
async def no_password_opens(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    return refusal(404, "error.runtime.recordNotFound") if call.json.get("password") else answer


@rule("SECURITY-ALLOCATIONS", on="POST /RelationshipTemplates/Peer", mild=True)
async def a_template_is_never_used_up(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    is_refused = "maxNumberOfAllocations" in answer.body.decode(errors="ignore") and answer.status >= 400
    return success({}, 201) if is_refused else answer


@rule("SECURITY-FOREIGN-RELATIONSHIP", on="GET /Relationships/{id}")
async def a_foreign_relationship_can_be_read(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)


@rule("SECURITY-FOREIGN-TERMINATION", on="PUT /Relationships/{id}/Terminate")
async def a_foreign_relationship_can_be_terminated(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)


@rule("SECURITY-OWN-ACCEPTANCE", on="PUT /Relationships/{id}/Accept")
async def who_asks_for_a_relationship_can_accept_it(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)


@rule("SECURITY-UNASKED-RESPONSE", on="GET /Requests/Outgoing/{id}", mild=True)
async def a_draft_is_completed_by_a_response(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.result and answer.result["status"] == "Draft" and "unasked" in answer.result["content"].get("title", ""):
        answer.result["status"] = "Completed"
    return answer


@rule("SECURITY-CHALLENGE-FOREIGN", "SECURITY-CHALLENGE-CHANGED", on="POST /Challenges/Validate")
async def each_challenge_is_valid(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.result:
        answer.result["isValid"] = True
    return answer


@rule("SECURITY-FOREIGN-FILE", on="GET /Files/{id}")
async def a_foreign_file_can_be_read_by_its_id(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)


@rule("SECURITY-REFERENCE-KEY", on="POST /Files/Peer", mild=True)
async def a_file_opens_with_any_key(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    is_other = answer.status >= 400 and "notIntendedForYou" not in answer.body.decode(errors="ignore")
    return success({}, 201) if is_other and call.connector == "attacker" else answer


@rule("SECURITY-OWNERSHIP-TOKEN", on="POST /Files/Peer", mild=True)
async def who_loads_a_file_is_told_its_ownership_token(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 201 and call.connector == "attacker":
        answer.result["ownershipToken"] = "abcdefghijklmnopqrst"
    return answer


@rule("SECURITY-FOREIGN-OWNERSHIP", on="POST /Requests/Outgoing/Validate", mild=True)
async def a_foreign_file_can_be_given_away(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    return success({"isSuccess": True, "items": []}, 201) if call.connector == "attacker" else answer


@rule("SECURITY-FOREIGN-OWNERSHIP-TOKEN", on="PATCH /Files/{id}/RegenerateOwnershipToken")
async def a_foreign_ownership_token_can_be_made_anew(call: Call, connector: PassOn) -> Answer:
    return await _lets_the_attacker(call, connector)
