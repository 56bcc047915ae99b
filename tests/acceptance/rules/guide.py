"""Connectors that break what the guide says."""

from typing import Any

from tests.acceptance.proxy import Answer, Call, PassOn, changes_result, refusal, rule, success

_BOTH = ("sender", "recipient")
_VALIDATE, _CREATE, _SEND = "POST /Requests/Outgoing/Validate", "POST /Requests/Outgoing", "POST /Messages"
_OUTGOING, _INCOMING = "GET /Requests/Outgoing/{id}", "GET /Requests/Incoming/{id}"
_ALL_INCOMING = "GET /Requests/Incoming"
_ACCEPT, _REJECT = "PUT /Requests/Incoming/{id}/Accept", "PUT /Requests/Incoming/{id}/Reject"
_OF_REQUESTS = "error.consumption.requests"


async def _with_code(call: Call, connector: PassOn, code: str) -> Answer:
    """Let one error have another code."""
    answer = await connector(call)
    if answer.json.get("error", {}).get("code") == code:
        answer.json["error"]["code"] = "error.connector.unexpected"
    return answer


@rule("GUIDE-RELATIONSHIP", on="GET /Relationships")
async def active_relationships_are_not_found(call: Call, connector: PassOn) -> Answer:
    return success([]) if call.query == [("status", "Active")] else await connector(call)


@rule("GUIDE-VALIDATE-WITHOUT-PEER", on=_VALIDATE, mild=True)
async def without_a_peer_nothing_is_valid(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if "peer" not in call.json and answer.result and answer.result["isSuccess"]:
        answer.result.update(isSuccess=False, code="error.missing", message="No peer.")
    return answer


@rule("GUIDE-VALIDATE", on=_VALIDATE)
async def with_a_peer_nothing_is_valid(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if "peer" in call.json and answer.result and answer.result["isSuccess"]:
        answer.result.update(isSuccess=False, code="error.nobody", message="Nobody.")
    return answer


@rule("GUIDE-VALIDATE-INVALID", on=_VALIDATE, mild=True)
async def a_request_to_oneself_is_valid(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.result and answer.result.get("code") == f"{_OF_REQUESTS}.cannotShareRequestWithYourself":
        answer.result = {"isSuccess": True, "items": []}
    return answer


@changes_result("GUIDE-CREATE", on=_CREATE)
def a_new_request_is_said_to_be_open(request: Any) -> None:
    request["status"] = "Open"


@changes_result("GUIDE-CREATE-CONTENT", on=_CREATE)
def the_content_of_a_new_request_has_no_id(request: Any) -> None:
    del request["content"]["id"]


@changes_result("GUIDE-CREATE-ITEMS", on=_CREATE)
def the_items_of_a_new_request_need_not_be_accepted(request: Any) -> None:
    for item in request["content"]["items"]:
        item["mustBeAccepted"] = False


@changes_result("GUIDE-CREATE-PEER", on=_CREATE)
def a_new_request_is_said_to_be_a_peers(request: Any) -> None:
    request["isOwn"] = False


@rule("GUIDE-YOURSELF", on=_CREATE, mild=True)
async def a_request_to_oneself_has_another_code(call: Call, connector: PassOn) -> Answer:
    return await _with_code(call, connector, f"{_OF_REQUESTS}.cannotShareRequestWithYourself")


@rule("GUIDE-UNKNOWN-PEER", on=_CREATE, mild=True)
async def a_request_to_nobody_has_another_code(call: Call, connector: PassOn) -> Answer:
    return await _with_code(call, connector, f"{_OF_REQUESTS}.missingRelationship")


@rule("GUIDE-EXPIRED", on=_CREATE, mild=True)
async def a_request_that_has_expired_is_created(call: Call, connector: PassOn) -> Answer:
    call.json = {
        **call.json,
        "content": {key: value for key, value in call.json["content"].items() if key != "expiresAt"},
    }
    return await connector(call)


@rule("GUIDE-NOT-CREATED", on=_SEND, mild=True)
async def an_unknown_request_is_a_bad_request(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 404:
        answer.status = 400
    return answer


@changes_result("GUIDE-SEND", on=_SEND)
def a_message_has_no_recipients(message: Any) -> None:
    if message["content"]["@type"] == "Request":
        message["recipients"] = []


@rule("GUIDE-SEND-TWICE", on=_SEND, mild=True)
async def a_request_that_was_sent_has_another_code(call: Call, connector: PassOn) -> Answer:
    return await _with_code(call, connector, "error.runtime.messages.cannotSendRequestThatWasAlreadySent")


@rule("GUIDE-OPEN", on=_OUTGOING)
async def a_sent_request_remains_a_draft(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if call.connector in _BOTH and answer.result and answer.result["status"] == "Open":
        answer.result["status"] = "Draft"
    return answer


@changes_result("GUIDE-OPEN-SOURCE", on=_OUTGOING, mild=True)
def a_sent_request_names_no_source(request: Any) -> None:
    if request["status"] == "Open":
        request.pop("source", None)


@rule("GUIDE-FETCH", on=_INCOMING)
async def an_incoming_request_is_not_found(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    is_there = call.connector in _BOTH and answer.status == 200
    return refusal(404, "error.runtime.recordNotFound") if is_there else answer


@rule("GUIDE-MANUAL-DECISION", on=_INCOMING)
async def an_incoming_request_gets_not_ready(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.result and answer.result["status"] == "ManualDecisionRequired":
        answer.result["status"] = "DecisionRequired"
    return answer


@changes_result("GUIDE-INCOMING-PEER", on=_INCOMING, mild=True)
def an_incoming_request_is_said_to_be_ones_own(request: Any) -> None:
    request["isOwn"] = True


@changes_result("GUIDE-INCOMING-CONTENT", on=_INCOMING, mild=True)
def an_incoming_request_has_another_title(request: Any) -> None:
    request["content"]["title"] = "Another title"


@changes_result("GUIDE-INCOMING-SOURCE", on=_INCOMING, mild=True)
def an_incoming_request_names_another_message(request: Any) -> None:
    request["source"]["reference"] = "MSG00000000000000000"


@rule("GUIDE-FILTER-SOURCE", on=_ALL_INCOMING, mild=True)
async def the_filter_by_source_is_ignored(call: Call, connector: PassOn) -> Answer:
    call.query = [(key, value) for key, value in call.query if key != "source.reference"]
    return await connector(call)


@rule("GUIDE-FILTER-STATUS", on=_ALL_INCOMING, mild=True)
async def the_filter_by_status_is_ignored(call: Call, connector: PassOn) -> Answer:
    call.query = [(key, value) for key, value in call.query if key != "status"]
    return await connector(call)


@changes_result("GUIDE-ACCEPT", on=_ACCEPT)
def an_accepted_request_still_waits(request: Any) -> None:
    request["status"] = "ManualDecisionRequired"


@changes_result("GUIDE-ACCEPT-RESPONSE", on=_ACCEPT, mild=True)
def the_response_to_an_accepted_request_says_rejected(request: Any) -> None:
    request["response"]["content"]["result"] = "Rejected"


@rule("GUIDE-COMPLETED", "GUIDE-REJECT-COMPLETED", on=_INCOMING)
async def a_decided_request_is_never_completed(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if call.connector in _BOTH and answer.result and answer.result["status"] == "Completed":
        answer.result["status"] = "Decided"
    return answer


@changes_result("GUIDE-RESPONSE-MESSAGE", on=_INCOMING, mild=True)
def a_completed_request_does_not_name_the_message_of_its_response(request: Any) -> None:
    if request["status"] == "Completed":
        request["response"].pop("source", None)


@changes_result("GUIDE-ORDER-RESPONSE", on=_OUTGOING, mild=True)
def the_sender_gets_results_in_another_order(request: Any) -> None:
    if request.get("response"):
        request["response"]["content"]["items"].reverse()
        for item in request["response"]["content"]["items"]:
            if "items" in item:
                item["items"].reverse()


@changes_result("GUIDE-REJECT", on=_REJECT)
def a_rejected_request_still_waits(request: Any) -> None:
    request["status"] = "ManualDecisionRequired"


@changes_result("GUIDE-REJECTED", on=_OUTGOING, mild=True)
def the_sender_is_not_told_why(request: Any) -> None:
    for item in request.get("response", {}).get("content", {}).get("items", []):
        if item["@type"] == "RejectResponseItem":
            item.pop("message", None)


@rule("GUIDE-CAN-ACCEPT", on="PUT /Requests/Incoming/{id}/CanAccept")
async def all_that_must_be_accepted_may_be_rejected(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if "mustBeAcceptedItemNotAccepted" in answer.body.decode():
        answer.result = {"isSuccess": True, "items": []}
    return answer


@rule("GUIDE-TWICE", on=_ACCEPT, mild=True)
async def a_request_is_accepted_twice(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.status == 200:
        call.memory[call.path] = answer.result
    elif call.path in call.memory:
        return success(call.memory[call.path])
    return answer


@rule("GUIDE-NUMBER-OF-ITEMS", on=_ACCEPT, mild=True)
async def a_decision_may_lack_items(call: Call, connector: PassOn) -> Answer:
    items = call.json.get("items", [])
    is_short = len(items) == 2 and "items" in items[1]
    return success({"status": "Decided"}) if is_short else await connector(call)
