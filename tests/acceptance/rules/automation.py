"""Connectors that break what the plan `automation` asks for."""

from typing import Any

from tests.acceptance.proxy import Answer, Call, PassOn, rule, success

_OUTGOING = "GET /Requests/Outgoing/{id}"
_INCOMING = "GET /Requests/Incoming/{id}"
_ALL_INCOMING = "GET /Requests/Incoming"
_EVENT, _EVENT_OF_SOME = "POST /all/{trigger}", "POST /transport"
_CHANGED = "consumption.incomingRequestStatusChanged"
_SENT_CHANGED = "consumption.outgoingRequestStatusChanged"


# --- what arrives by itself -------------------------------------------------------------------------------------------


@rule("AUTOMATION-SYNC-REQUEST", on=_ALL_INCOMING, mild=True)
async def at_intervals_no_request_arrives(call: Call, connector: PassOn) -> Answer:
    return success([]) if call.connector == "sync" else await connector(call)


@rule("AUTOMATION-SYNC-RESPONSE", on=_OUTGOING, mild=True)
async def at_intervals_no_response_arrives(call: Call, connector: PassOn) -> Answer:
    return await _as_if_open("sync", call, connector)


@rule("AUTOMATION-SYNC-INFO", on="GET /Account/SyncInfo")
async def the_last_synchronisation_is_always_the_same(call: Call, connector: PassOn) -> Answer:
    if call.connector != "sync":
        return await connector(call)
    if "result" not in call.memory:
        call.memory["result"] = (await connector(call)).result
    return success(call.memory["result"])


@rule("AUTOMATION-SSE-REQUEST", on=_ALL_INCOMING, mild=True)
async def no_news_of_a_request_comes(call: Call, connector: PassOn) -> Answer:
    return success([]) if call.connector == "sse" else await connector(call)


@rule("AUTOMATION-SSE-RESPONSE", on=_OUTGOING, mild=True)
async def no_news_of_a_response_comes(call: Call, connector: PassOn) -> Answer:
    return await _as_if_open("sse", call, connector)


async def _as_if_open(name: str, call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if call.connector == name and answer.result and answer.result["status"] == "Completed":
        answer.result["status"] = "Open"
    return answer


# --- webhooks ---------------------------------------------------------------------------------------------------------


def _is(event: Any, trigger: str, status: str = "") -> bool:
    return event["trigger"] == trigger and status in ("", event["data"].get("newStatus"))


def _got() -> Answer:
    return Answer(204)


@rule("AUTOMATION-WEBHOOK-RECEIVED", "AUTOMATION-WEBHOOK-INCOMING", on=_EVENT, mild=True)
async def the_event_of_a_request_that_came_in_is_lost(call: Call, listener: PassOn) -> Answer:
    return _got() if _is(call.json, "consumption.incomingRequestReceived") else await listener(call)


@rule("AUTOMATION-WEBHOOK-INCOMING", on=_EVENT, mild=True)
async def the_event_of_a_decision_is_lost(call: Call, listener: PassOn) -> Answer:
    return _got() if _is(call.json, _CHANGED, "Decided") else await listener(call)


@rule("AUTOMATION-WEBHOOK-INCOMING-ONCE", on=_EVENT, mild=True)
async def the_event_of_a_decision_comes_twice(call: Call, listener: PassOn) -> Answer:
    if _is(call.json, _CHANGED, "Decided"):
        await listener(call)
    return await listener(call)


@rule("AUTOMATION-WEBHOOK-INCOMING-CHAIN", on=_EVENT, mild=True)
async def an_event_does_not_tell_the_status_before(call: Call, listener: PassOn) -> Answer:
    event = call.json
    if _is(event, _CHANGED):
        del event["data"]["oldStatus"]
        call.json = event
    return await listener(call)


@rule("AUTOMATION-WEBHOOK-OUTGOING", on=_EVENT, mild=True)
async def the_event_of_a_response_is_lost(call: Call, listener: PassOn) -> Answer:
    return _got() if _is(call.json, _SENT_CHANGED, "Completed") else await listener(call)


@rule("AUTOMATION-WEBHOOK-OUTGOING-ONCE", on=_EVENT, mild=True)
async def the_event_of_a_new_request_comes_twice(call: Call, listener: PassOn) -> Answer:
    if _is(call.json, "consumption.outgoingRequestCreated"):
        await listener(call)
    return await listener(call)


@rule("AUTOMATION-WEBHOOK-OUTGOING-CHAIN", on=_EVENT, mild=True)
async def an_event_tells_another_status_before(call: Call, listener: PassOn) -> Answer:
    event = call.json
    if _is(event, _SENT_CHANGED, "Completed"):
        event["data"]["oldStatus"] = "Draft"
        call.json = event
    return await listener(call)


@rule("AUTOMATION-WEBHOOK-JSON", on=_EVENT, mild=True)
async def an_event_is_said_to_be_plain_text(call: Call, listener: PassOn) -> Answer:
    call.headers["content-type"] = "text/plain"
    return await listener(call)


@rule("AUTOMATION-WEBHOOK-URL", on=_EVENT, mild=True)
async def the_path_does_not_name_the_trigger(call: Call, listener: PassOn) -> Answer:
    if call.path.startswith("/all/"):
        call.path = "/all/trigger"
    return await listener(call)


@rule("AUTOMATION-WEBHOOK-HEADERS", on=_EVENT, mild=True)
async def the_headers_of_a_target_are_left_out(call: Call, listener: PassOn) -> Answer:
    call.headers.pop("x-acceptance", None)
    return await listener(call)


@rule("AUTOMATION-WEBHOOK-CORRELATION", "AUTOMATION-WEBHOOK-CALLER", on=_EVENT, mild=True)
async def an_event_has_no_correlation_id(call: Call, listener: PassOn) -> Answer:
    call.headers.pop("x-correlation-id", None)
    return await listener(call)


@rule("AUTOMATION-WEBHOOK-CALLER", on=_EVENT, mild=True)
async def an_event_has_a_correlation_id_of_its_own(call: Call, listener: PassOn) -> Answer:
    call.headers["x-correlation-id"] = "12345678"
    return await listener(call)


@rule("AUTOMATION-WEBHOOK-TRIGGERS", on=(_EVENT, _EVENT_OF_SOME), mild=True)
async def every_target_gets_every_event(call: Call, listener: PassOn) -> Answer:
    if call.path != "/transport":
        await listener(Call("events", "POST", "/transport", [], call.headers, call.body, call.memory, ""))
    return await listener(call)


@rule("AUTOMATION-WEBHOOK-PROCESSED", on=_EVENT, mild=True)
async def a_message_is_said_to_bring_no_request(call: Call, listener: PassOn) -> Answer:
    event = call.json
    if _is(event, "consumption.messageProcessed"):
        event["data"]["result"] = "NoRequest"
        call.json = event
    return await listener(call)


# --- decider ----------------------------------------------------------------------------------------------------------


async def _at_decider(call: Call, connector: PassOn) -> tuple[Answer, list[Any]]:
    """Return what the decider answers, and the Requests in it."""
    answer = await connector(call)
    if call.connector != "decider" or not answer.result:
        return answer, []
    return answer, answer.result if isinstance(answer.result, list) else [answer.result]


def _decided(request: Any, result: str) -> bool:
    return bool(request.get("response", {}).get("content", {}).get("result") == result)


@rule("AUTOMATION-DECIDER-ACCEPTS", on=_INCOMING)
async def what_a_rule_accepts_is_rejected(call: Call, connector: PassOn) -> Answer:
    answer, requests = await _at_decider(call, connector)
    for request in requests:
        if _decided(request, "Accepted"):
            request["response"]["content"]["result"] = "Rejected"
    return answer


@rule("AUTOMATION-DECIDER-REJECTS", on=_INCOMING)
async def what_a_rule_rejects_is_accepted(call: Call, connector: PassOn) -> Answer:
    answer, requests = await _at_decider(call, connector)
    for request in requests:
        if _decided(request, "Rejected"):
            request["response"]["content"]["result"] = "Accepted"
    return answer


@rule("AUTOMATION-DECIDER-SAYS-SO", on=_INCOMING, mild=True)
async def it_is_not_said_that_a_rule_has_decided(call: Call, connector: PassOn) -> Answer:
    answer, requests = await _at_decider(call, connector)
    for request in requests:
        request.pop("wasAutomaticallyDecided", None)
    return answer


@rule("AUTOMATION-DECIDER-FILTER", on=_ALL_INCOMING, mild=True)
async def the_filter_by_who_decided_is_ignored(call: Call, connector: PassOn) -> Answer:
    if call.connector == "decider":
        call.query = [(key, value) for key, value in call.query if key != "wasAutomaticallyDecided"]
    return await connector(call)


@rule("AUTOMATION-DECIDER-RESPONSE", on=_OUTGOING, mild=True)
async def the_response_of_a_rule_does_not_arrive(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    first = answer.result["content"]["items"][0]["@type"] if answer.result else ""
    if first == "CreateAttributeRequestItem" and len(answer.result["content"]["items"]) == 1:
        title = answer.result["content"].get("title", "")
        if "decider_accepts" in title and answer.result["status"] == "Completed":
            answer.result["status"] = "Open"
    return answer


@rule("AUTOMATION-DECIDER-CODE", on=_INCOMING, mild=True)
async def the_code_of_a_rule_is_lost(call: Call, connector: PassOn) -> Answer:
    answer, requests = await _at_decider(call, connector)
    for request in requests:
        for item in request.get("response", {}).get("content", {}).get("items", []):
            item.pop("code", None)
    return answer


@rule("AUTOMATION-DECIDER-NEVER", on=_ALL_INCOMING, mild=True)
async def an_authentication_is_decided_by_a_rule(call: Call, connector: PassOn) -> Answer:
    answer, requests = await _at_decider(call, connector)
    for request in requests:
        if len(request["content"]["items"]) == 1 and request["status"] == "ManualDecisionRequired":
            request["status"] = "Completed"
    return answer


@rule("AUTOMATION-DECIDER-EVERY-ITEM", on=_ALL_INCOMING, mild=True)
async def one_item_that_a_rule_decides_is_enough(call: Call, connector: PassOn) -> Answer:
    answer, requests = await _at_decider(call, connector)
    for request in requests:
        if len(request["content"]["items"]) > 1 and request["status"] == "ManualDecisionRequired":
            request["status"] = "Completed"
    return answer


@rule("AUTOMATION-BY-HAND", on="PUT /Requests/Incoming/{id}/Accept")
async def a_caller_may_pretend_to_be_a_rule(call: Call, connector: PassOn) -> Answer:
    call.json = {key: value for key, value in call.json.items() if key != "decidedByAutomation"}
    return await connector(call)


@rule("AUTOMATION-NOT-BY-RULE", on="PUT /Requests/Incoming/{id}/Reject")
async def a_callers_decision_is_said_to_be_a_rules(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if answer.result:
        answer.result["wasAutomaticallyDecided"] = True
    return answer
