"""Connectors that break what the guide says."""

from typing import Any

from tests.acceptance.proxy import Answer, Call, PassOn, changes_result, refusal, rule


@rule("GUIDE-VALIDATE", on="POST /Requests/Outgoing/Validate")
async def a_valid_request_is_refused(_: Call, _connector: PassOn) -> Answer:
    return refusal(400, "error.runtime.requestDeserialization")


@changes_result("GUIDE-CREATE", on="POST /Requests/Outgoing")
def a_new_request_is_said_to_be_open(request: Any) -> None:
    request["status"] = "Open"
