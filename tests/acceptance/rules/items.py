"""Connectors that break what the plan `items` asks for."""

from typing import Any

from tests.acceptance.proxy import Answer, Call, PassOn, changes_result, rule, success

_VALIDATE = "POST /Requests/Outgoing/Validate"
_OUTGOING, _INCOMING = "GET /Requests/Outgoing/{id}", "GET /Requests/Incoming/{id}"
_CAN_ACCEPT, _CAN_REJECT = "PUT /Requests/Incoming/{id}/CanAccept", "PUT /Requests/Incoming/{id}/CanReject"
_ATTRIBUTE, _FILE, _FORWARDING = "GET /Attributes/{id}", "GET /Files/{id}", "GET /Attributes/{id}/ForwardingDetails"
_REFUSED = {"isSuccess": False, "code": "error.nobody", "message": "Nobody.", "items": []}


def _is_of(request: Any, check: str) -> bool:
    return f"items.{check} " in (request["content"].get("title") or "")


def _answers(request: Any) -> list[Any]:
    """The ResponseItems of a Request; none before it is decided."""
    return request["response"]["content"]["items"] if "response" in request else []


async def _is_valid_with(call: Call, connector: PassOn, code: str) -> Answer:
    """Let what would be refused for one reason be found valid."""
    answer = await connector(call)
    if answer.result and code in str(answer.result):
        answer.result = {"isSuccess": True, "items": []}
    return answer


@rule("ITEMS-KEY-UNIQUE", on=_VALIDATE)
async def one_key_may_stand_for_two_attributes(call: Call, connector: PassOn) -> Answer:
    return await _is_valid_with(call, connector, "violatedKeyUniqueness")


@rule("ITEMS-SHARE-TWICE", on=_VALIDATE)
async def an_attribute_may_be_shared_twice(call: Call, connector: PassOn) -> Answer:
    return await _is_valid_with(call, connector, "already shared")


@rule("ITEMS-VALID", on=_VALIDATE)
async def a_form_field_is_never_valid(call: Call, connector: PassOn) -> Answer:
    is_a_field = b"RatingFormFieldSettings" in call.body
    return success(_REFUSED, 201) if is_a_field else await connector(call)


@changes_result("ITEMS-ARRIVES", on=_INCOMING)
def metadata_is_lost_on_the_way(request: Any) -> None:
    for item in request["content"]["items"]:
        item.pop("metadata", None)


@rule("ITEMS-CAN-ACCEPT", on=_CAN_ACCEPT)
async def no_deletion_can_be_accepted(call: Call, connector: PassOn) -> Answer:
    return success(_REFUSED) if b"deletionDate" in call.body else await connector(call)


@rule("ITEMS-REQUIRED", on=_CAN_ACCEPT)
async def what_must_be_accepted_need_not_be_in_a_group(call: Call, connector: PassOn) -> Answer:
    items = call.json.get("items", [])
    if len(items) == 2 and items[0] == {"items": [{"accept": False}, {"accept": False}]}:
        return success({"isSuccess": True, "items": []})
    return await connector(call)


@rule("ITEMS-FORM-FIELD-MISMATCH", on=_CAN_ACCEPT)
async def any_answer_does_for_a_form_field(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    if len(call.json.get("items", [])) == 7 and answer.result:
        answer.result = {"isSuccess": True, "items": []}
    return answer


@rule("ITEMS-READ-MISMATCH", on=_CAN_ACCEPT)
async def any_attribute_answers_a_query(call: Call, connector: PassOn) -> Answer:
    return await _is_valid_with(call, connector, "attributeQueryMismatch")


@rule("ITEMS-CAN-REJECT", on=_CAN_REJECT)
async def nothing_can_be_rejected_for_a_reason(call: Call, connector: PassOn) -> Answer:
    return success(_REFUSED) if b"enmeshed-nb.not-now" in call.body else await connector(call)


@changes_result("ITEMS-FORM-FIELD-ACCEPT", on=_INCOMING)
def the_answer_to_a_rating_is_another(request: Any) -> None:
    if len(answers := _answers(request)) == 1 and "response" in answers[0]:
        answers[0]["response"] = 1


@changes_result("ITEMS-FORM-FIELD-KINDS", on=_INCOMING)
def numbers_become_texts(request: Any) -> None:
    if len(answers := _answers(request)) == 7:
        answers[2]["response"] = str(answers[2]["response"])


@changes_result("ITEMS-CONSENT-ACCEPT", on=_INCOMING)
def a_consent_is_answered_with_another_kind(request: Any) -> None:
    if _is_of(request, "consent_accepted"):
        for answer in _answers(request):
            answer["@type"] = "ConsentAcceptResponseItem"


@changes_result("ITEMS-PROPOSE-ATTRIBUTE-ACCEPT", on=_INCOMING)
def a_proposed_attribute_is_not_told(request: Any) -> None:
    if _is_of(request, "propose_attribute_accepted"):
        for answer in _answers(request):
            answer.pop("attribute")


@changes_result("ITEMS-READ-ALREADY-SHARED", on=_INCOMING)
def what_was_shared_is_sent_again(request: Any) -> None:
    for answer in _answers(request):
        if answer["@type"] == "AttributeAlreadySharedAcceptResponseItem":
            answer["@type"] = "ReadAttributeAcceptResponseItem"


@changes_result("ITEMS-GROUP", on=_INCOMING)
def the_answers_to_a_group_stand_beside_the_others(request: Any) -> None:
    if "_grouped " in (request["content"].get("title") or "") and (answers := _answers(request)):
        answers[:] = [*answers[0]["items"], *answers[1:]]


@changes_result("ITEMS-OPTIONAL", on=_INCOMING)
def an_optional_item_rejects_the_whole(request: Any) -> None:
    if "_grouped " in (request["content"].get("title") or "") and "response" in request:
        request["response"]["content"]["result"] = "Rejected"


@changes_result("ITEMS-REJECT", on=_INCOMING)
def a_rejected_share_is_an_error(request: Any) -> None:
    if _is_of(request, "share_attribute_rejected"):
        for answer in _answers(request):
            answer.update({"@type": "ErrorResponseItem", "result": "Error", "code": "x", "message": "y"})


@changes_result("ITEMS-REJECT-REASON", on=_OUTGOING)
def the_reason_is_lost_on_the_way(request: Any) -> None:
    for answer in _answers(request):
        if answer.get("code") == "enmeshed-nb.not-now":
            del answer["message"]


@changes_result("ITEMS-RESPONSE", on=_OUTGOING)
def the_sender_gets_another_answer(request: Any) -> None:
    for answer in _answers(request):
        if answer["@type"] == "FormFieldAcceptResponseItem":
            answer["response"] = 1


@changes_result("ITEMS-SHARE-ATTRIBUTE-EFFECT", on=_ATTRIBUTE)
def a_shared_attribute_has_another_value(attribute: Any) -> None:
    if "share_attribute_accepted" in str(attribute["content"]["value"]):
        attribute["content"]["value"]["value"] = "Somebody"


@changes_result("ITEMS-CREATE-ATTRIBUTE-EFFECT", on=_ATTRIBUTE)
def a_created_attribute_has_another_key(attribute: Any) -> None:
    if "create_attribute_accepted" in attribute["content"].get("key", ""):
        attribute["content"]["key"] = "key"


@changes_result("ITEMS-READ-ATTRIBUTE-EFFECT", on=_ATTRIBUTE)
def a_read_attribute_is_somebody_elses(attribute: Any) -> None:
    if "read_attribute_accepted" in str(attribute["content"]["value"]):
        attribute["content"]["owner"] = "did:e:localhost:dids:0000000000000000000000"


@changes_result("ITEMS-DELETE-ATTRIBUTE-EFFECT", on=_ATTRIBUTE)
def nothing_is_known_of_a_deletion(attribute: Any) -> None:
    attribute.pop("deletionInfo", None)


@changes_result("ITEMS-DELETE-NOTIFICATION", on=_FORWARDING)
def the_end_of_an_attribute_is_not_told(details: Any) -> None:
    for each in details:
        if each.get("deletionInfo", {}).get("deletionStatus") == "DeletedByRecipient":
            del each["deletionInfo"]


@changes_result("ITEMS-REJECT-NO-EFFECT", on=_FORWARDING)
def a_rejected_deletion_is_planned_nevertheless(details: Any) -> None:
    for each in details:
        if each.get("deletionInfo", {}).get("deletionStatus") == "DeletionRequestRejected":
            each["deletionInfo"]["deletionStatus"] = "ToBeDeletedByRecipient"


@rule("ITEMS-TRANSFER-FILE-OWNERSHIP-EFFECT", on=_FILE)
async def a_file_keeps_its_owner(call: Call, connector: PassOn) -> Answer:
    answer = await connector(call)
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    if is_json and "transfer_file_ownership_accepted" in ((answer.result or {}).get("title") or ""):
        answer.result["owner"] = answer.result["createdBy"]
    return answer
