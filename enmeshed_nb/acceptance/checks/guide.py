"""The guide *Requests via Messages*, step by step, in both outcomes."""

import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from enmeshed_nb import layout
from enmeshed_nb.acceptance.checking import check
from enmeshed_nb.acceptance.trial import Broken, Trial, expect, expect_equal, expect_refused
from enmeshed_nb.connector import Connector, NotFound
from enmeshed_nb.content import AuthenticationRequestItem, Request, RequestItemGroup
from enmeshed_nb.guide import wait_for, wait_for_status
from enmeshed_nb.runner.execution import execute
from enmeshed_nb.runner.plan import PlannedRun

CREATE = "error.consumption.requests"
MANUAL = "ManualDecisionRequired"
NOBODY = "dids:0000000000000000000000"
NO_REQUEST = "REQaaaaaaaaaaaaaaaaa"


def _item(title: str, *, must_be_accepted: bool = True) -> AuthenticationRequestItem:
    return AuthenticationRequestItem(title=title, must_be_accepted=must_be_accepted)


def _request(trial: Trial) -> Request:
    return Request(title=trial.mark, items=[_item(trial.mark)])


def _sent(trial: Trial, request: Request) -> tuple[str, str, Any]:
    """Send a Request: return its id, the Message's, and the content that was sent."""
    peer = trial.address(trial.recipient)
    created = trial.answer(lambda: trial.sender.requests.outgoing.create(request, peer))
    message = trial.answer(lambda: trial.sender.messages.send(peer, created["content"]))
    return created["id"], message["id"], created["content"]


def _arrived(trial: Trial, request_id: str) -> None:
    """Let the Recipient fetch a Request, up to where it can be decided."""
    incoming = trial.recipient.requests.incoming
    wait_for_status(incoming, request_id, MANUAL, sync=trial.recipient, timeout=trial.patience)


def _becomes(trial: Trial, connector: Connector, request_id: str, status: str, *, syncs: bool = False) -> Any:
    """Wait until a Request of a Connector has a status; return it as JSON."""
    requests = connector.requests.outgoing if connector is trial.sender else connector.requests.incoming
    return wait_for(
        lambda: trial.answer(lambda: requests.get(request_id)),
        until=lambda found: found["status"] == status,
        describe=lambda found: str(found["status"]),
        what=f"the Request to become {status} at the {connector.name}",
        sync_with=connector if syncs else None,
        timeout=trial.patience,
    )


@check("GUIDE-RELATIONSHIP")
def relationship(trial: Trial) -> None:
    """Find the Relationship with the Recipient, and so the Recipient's address."""
    with trial.requirement("GUIDE-RELATIONSHIP"):
        found = trial.answer(lambda: trial.sender.relationships.list(status="Active"))
        peers = [each["peer"] for each in found]
        expect(trial.address(trial.recipient) in peers, f"The peers are {peers}, without the Recipient.")


@check("GUIDE-VALIDATE", "GUIDE-VALIDATE-WITHOUT-PEER", "GUIDE-VALIDATE-INVALID")
def validate(trial: Trial) -> None:
    """Check the validity of a Request, with and without its peer, and of one that cannot be sent."""
    outgoing, own = trial.sender.requests.outgoing, trial.address(trial.sender)
    with trial.requirement("GUIDE-VALIDATE", goes_on=True):
        outgoing.validate(_request(trial), trial.address(trial.recipient)).raise_for_failure()
    with trial.requirement("GUIDE-VALIDATE-WITHOUT-PEER", goes_on=True):
        outgoing.validate(_request(trial)).raise_for_failure()
    with trial.requirement("GUIDE-VALIDATE-INVALID"):
        result = trial.answer(lambda: outgoing.validate(_request(trial), own))
        expect_equal(result["isSuccess"], False, "isSuccess for a Request to oneself")
        expect_equal(result.get("code"), f"{CREATE}.cannotShareRequestWithYourself", "The code")


@check(
    "GUIDE-CREATE",
    "GUIDE-CREATE-CONTENT",
    "GUIDE-CREATE-ITEMS",
    "GUIDE-CREATE-PEER",
    creates="a Request that is not sent",
)
def create(trial: Trial) -> None:
    """Create a Request."""
    peer, request = trial.address(trial.recipient), _request(trial)
    with trial.requirement("GUIDE-CREATE"):
        created = trial.answer(lambda: trial.sender.requests.outgoing.create(request, peer))
        expect_equal(created["status"], "Draft", "The status")
    with trial.requirement("GUIDE-CREATE-CONTENT", goes_on=True):
        expect_equal(created["content"]["@type"], "Request", "The content's @type")
        expect(str(created["id"]).startswith("REQ"), f"{created['id']!r} is no id of a Request.")
        expect_equal(created["content"]["id"], created["id"], "The content's id")
    with trial.requirement("GUIDE-CREATE-ITEMS", goes_on=True):
        expect_equal(created["content"]["items"], request.model_dump()["items"], "The content's items")
    with trial.requirement("GUIDE-CREATE-PEER"):
        expect_equal(created["peer"], peer, "The peer")
        expect_equal(created["isOwn"], True, "isOwn")


@check("GUIDE-YOURSELF", "GUIDE-UNKNOWN-PEER", "GUIDE-EXPIRED", "GUIDE-NOT-CREATED")
def refused(trial: Trial) -> None:
    """Try to create Requests that nobody could answer, and to send one that was not created."""
    own, peer = trial.address(trial.sender), trial.address(trial.recipient)
    outgoing, request = trial.sender.requests.outgoing, _request(trial)
    with trial.requirement("GUIDE-YOURSELF", goes_on=True):
        expect_refused(lambda: outgoing.create(request, own), 400, f"{CREATE}.cannotShareRequestWithYourself")
    with trial.requirement("GUIDE-UNKNOWN-PEER", goes_on=True):
        nobody = f"{own.partition(':dids:')[0]}:{NOBODY}"
        expect_refused(lambda: outgoing.create(request, nobody), 400, f"{CREATE}.missingRelationship")
    with trial.requirement("GUIDE-EXPIRED", goes_on=True):
        late = request.model_copy(update={"expires_at": datetime.now(UTC) - timedelta(days=1)})
        code = f"{CREATE}.cannotCreateRequestWithExpirationDateInPast"
        expect_refused(lambda: outgoing.create(late, peer), 400, code)
    with trial.requirement("GUIDE-NOT-CREATED"):
        unknown = {**request.model_dump(), "id": NO_REQUEST}
        expect_refused(lambda: trial.sender.messages.send(peer, unknown), 404, "error.runtime.recordNotFound")


@check(
    "GUIDE-SEND",
    "GUIDE-OPEN",
    "GUIDE-OPEN-SOURCE",
    "GUIDE-FETCH",
    "GUIDE-MANUAL-DECISION",
    "GUIDE-INCOMING-PEER",
    "GUIDE-INCOMING-CONTENT",
    "GUIDE-INCOMING-SOURCE",
    "GUIDE-FILTER-SOURCE",
    "GUIDE-FILTER-STATUS",
    "GUIDE-ACCEPT",
    "GUIDE-ACCEPT-RESPONSE",
    "GUIDE-COMPLETED",
    "GUIDE-RESPONSE-MESSAGE",
    "GUIDE-SYNC-RESPONSE",
    "GUIDE-RESPONSE",
    "GUIDE-RESPONSE-SOURCE",
    after=("guide.create",),
    creates="a Request, accepted, and the two Messages that bring it and its Response",
)
def accepted(trial: Trial) -> None:
    """Send a Request, fetch it, accept it, and fetch the Response."""
    peer = trial.address(trial.recipient)
    created = trial.answer(lambda: trial.sender.requests.outgoing.create(_request(trial), peer))
    content, request_id = created["content"], created["id"]
    with trial.requirement("GUIDE-SEND"):
        message = trial.answer(lambda: trial.sender.messages.send(peer, content))
        expect_equal([each["address"] for each in message["recipients"]], [peer], "The recipients")
        expect_equal(message["content"], content, "The content")
    with trial.requirement("GUIDE-OPEN"):
        opened = _becomes(trial, trial.sender, request_id, "Open")
    with trial.requirement("GUIDE-OPEN-SOURCE", goes_on=True):
        expect_equal(opened["source"], {"type": "Message", "reference": message["id"]}, "The source")
    incoming = _fetched(trial, request_id, message["id"], content)
    with trial.requirement("GUIDE-ACCEPT"):
        decided = trial.answer(lambda: incoming.accept(request_id, [{"accept": True}]))
        expect_equal(decided["status"], "Decided", "The status")
    with trial.requirement("GUIDE-ACCEPT-RESPONSE", goes_on=True):
        _expect_accepted(decided["response"])
    with trial.requirement("GUIDE-COMPLETED"):
        there = _becomes(trial, trial.recipient, request_id, "Completed")
    with trial.requirement("GUIDE-RESPONSE-MESSAGE", goes_on=True):
        source = there["response"]["source"]
        expect_equal(source["type"], "Message", "The type of the Response's source")
        brought = trial.answer(lambda: trial.recipient.messages.get(source["reference"]))
        expect_equal(brought["content"]["@type"], "ResponseWrapper", "The @type of the Message's content")
        expect_equal(brought["content"]["requestId"], request_id, "The requestId in the Message's content")
    with trial.requirement("GUIDE-SYNC-RESPONSE"):
        here = _becomes(trial, trial.sender, request_id, "Completed", syncs=True)
    with trial.requirement("GUIDE-RESPONSE", goes_on=True):
        _expect_accepted(here["response"])
    with trial.requirement("GUIDE-RESPONSE-SOURCE"):
        source = here["response"]["source"]
        brought = trial.answer(lambda: trial.sender.messages.get(source["reference"]))
        expect_equal(brought["createdBy"], peer, "Who created the Message that brought the Response")


def _fetched(trial: Trial, request_id: str, message_id: str, content: Any) -> Any:
    """Let the Recipient fetch a Request, and look at it there; return the incoming Requests."""
    incoming = trial.recipient.requests.incoming
    with trial.requirement("GUIDE-FETCH"):
        wait_for(
            lambda: _get(trial, request_id),
            what="the Request to arrive at the Recipient",
            sync_with=trial.recipient,
            timeout=trial.patience,
        )
    with trial.requirement("GUIDE-MANUAL-DECISION"):
        there = _becomes(trial, trial.recipient, request_id, MANUAL)
    with trial.requirement("GUIDE-INCOMING-PEER", goes_on=True):
        expect_equal(there["isOwn"], False, "isOwn")
        expect_equal(there["peer"], trial.address(trial.sender), "The peer")
    with trial.requirement("GUIDE-INCOMING-CONTENT", goes_on=True):
        expect_equal(there["content"], content, "The content")
    with trial.requirement("GUIDE-INCOMING-SOURCE", goes_on=True):
        expect_equal(there["source"], {"type": "Message", "reference": message_id}, "The source")
    with trial.requirement("GUIDE-FILTER-SOURCE", goes_on=True):
        found = trial.answer(lambda: incoming.list({"source.reference": message_id}))
        expect_equal([each["id"] for each in found], [request_id], "The ids of those with this source")
    with trial.requirement("GUIDE-FILTER-STATUS", goes_on=True):
        for status, is_found in ((MANUAL, True), ("Completed", False)):
            found = trial.answer(partial(incoming.list, {"id": request_id, "status": status}))
            there_is = request_id in [each["id"] for each in found]
            expect_equal(there_is, is_found, f"Whether it is found by the status {status}")
    return incoming


def _get(trial: Trial, request_id: str) -> Any:
    try:
        return trial.answer(lambda: trial.recipient.requests.incoming.get(request_id))
    except NotFound:
        return None


def _expect_accepted(response: Any) -> None:
    found = response["content"]
    expect_equal(found["result"], "Accepted", "The result")
    items = [{"@type": "AcceptResponseItem", "result": "Accepted"}]
    expect_equal(found["items"], items, "The items of the Response")


@check(
    "GUIDE-SEND-TWICE",
    "GUIDE-REJECT",
    "GUIDE-REJECT-RESPONSE",
    "GUIDE-REJECT-COMPLETED",
    "GUIDE-REJECTED",
    after=("guide.create",),
    creates="a Request, rejected, and the two Messages that bring it and its Response",
)
def rejected(trial: Trial) -> None:
    """Send a Request, reject it with a reason, and fetch the Response."""
    request_id, _, content = _sent(trial, _request(trial))
    peer = trial.address(trial.recipient)
    _becomes(trial, trial.sender, request_id, "Open")
    with trial.requirement("GUIDE-SEND-TWICE"):
        code = "error.runtime.messages.cannotSendRequestThatWasAlreadySent"
        expect_refused(lambda: trial.sender.messages.send(peer, content), 400, code)
    _arrived(trial, request_id)
    no = {"accept": False, "code": "not.now", "message": "Not now."}
    with trial.requirement("GUIDE-REJECT"):
        decided = trial.answer(lambda: trial.recipient.requests.incoming.reject(request_id, [no]))
        expect_equal(decided["status"], "Decided", "The status")
    with trial.requirement("GUIDE-REJECT-RESPONSE", goes_on=True):
        _expect_rejected(decided["response"])
    with trial.requirement("GUIDE-REJECT-COMPLETED"):
        _becomes(trial, trial.recipient, request_id, "Completed")
    with trial.requirement("GUIDE-REJECTED"):
        here = _becomes(trial, trial.sender, request_id, "Completed", syncs=True)
        _expect_rejected(here["response"])


def _expect_rejected(response: Any) -> None:
    found = response["content"]
    expect_equal(found["result"], "Rejected", "The result")
    item = {"@type": "RejectResponseItem", "result": "Rejected", "code": "not.now", "message": "Not now."}
    expect_equal(found["items"], [item], "The items of the Response")


@check(
    "GUIDE-CAN-ACCEPT",
    "GUIDE-MUST-BE-ACCEPTED",
    "GUIDE-NUMBER-OF-ITEMS",
    "GUIDE-REJECT-ALL",
    "GUIDE-ORDER",
    "GUIDE-TWICE",
    "GUIDE-ORDER-RESPONSE",
    after=("guide.create",),
    creates="a Request of four items, accepted, and the two Messages that bring it and its Response",
)
def several_items(trial: Trial) -> None:
    """Decide a Request of several items, one group among them: wrongly in some ways, and then rightly."""
    group = RequestItemGroup(items=[_item("second"), _item("third", must_be_accepted=False)])
    items = [_item("first"), group, _item("fourth", must_be_accepted=False)]
    request_id, _, _ = _sent(trial, Request(title=trial.mark, items=items))
    _arrived(trial, request_id)
    incoming = trial.recipient.requests.incoming
    yes, no = {"accept": True}, {"accept": False}
    without_second = [yes, {"items": [no, yes]}, yes]
    right = [yes, {"items": [yes, no]}, yes]
    with trial.requirement("GUIDE-CAN-ACCEPT", goes_on=True):
        result = trial.answer(lambda: incoming.can_accept(request_id, without_second))
        expect_equal(result["isSuccess"], False, "isSuccess without what must be accepted")
        result = trial.answer(lambda: incoming.can_accept(request_id, right))
        expect_equal(result["isSuccess"], True, "isSuccess with all that must be accepted")
    with trial.requirement("GUIDE-MUST-BE-ACCEPTED"):
        expect_refused(lambda: incoming.accept(request_id, without_second), 400)
    with trial.requirement("GUIDE-NUMBER-OF-ITEMS"):
        expect_refused(lambda: incoming.accept(request_id, right[:2]), 400)
    with trial.requirement("GUIDE-REJECT-ALL"):
        expect_refused(lambda: incoming.reject(request_id, [no, {"items": [no, no]}, yes]), 400)
    results = ["Accepted", ["Accepted", "Rejected"], "Accepted"]
    with trial.requirement("GUIDE-ORDER"):
        decided = trial.answer(lambda: incoming.accept(request_id, right))
        expect_equal(_results(decided["response"]["content"]), results, "The results, in order")
    with trial.requirement("GUIDE-TWICE", goes_on=True):
        expect_refused(lambda: incoming.accept(request_id, right), 400)
    with trial.requirement("GUIDE-ORDER-RESPONSE"):
        here = _becomes(trial, trial.sender, request_id, "Completed", syncs=True)
        expect_equal(_results(here["response"]["content"]), results, "The results, in order")


def _results(content: Any) -> list[Any]:
    return [_results(each) if "items" in each else each["result"] for each in content["items"]]


@check(
    "GUIDE-NOTEBOOK-ACCEPT",
    "GUIDE-NOTEBOOK-REJECT",
    after=tuple(
        f"guide.{name}" for name in ("relationship", "validate", "create", "accepted", "rejected", "several_items")
    ),
    alone=True,
    swaps=False,
    creates="four Requests, two accepted and two rejected, and the Messages that bring them and their Responses",
)
def notebook(trial: Trial) -> None:
    """Run the guide's notebook with these Connectors, once for each outcome."""
    file = layout.PROJECT / "notebooks" / "02-requests-via-messages.ipynb"
    with tempfile.TemporaryDirectory(prefix="enmeshed-nb-accept-") as folder:
        for decision in ("accept", "reject"):
            with trial.requirement(f"GUIDE-NOTEBOOK-{decision.upper()}", goes_on=True):
                parameters = {"decision": decision, "title": trial.mark}
                ran = execute(PlannedRun(file, parameters, Path(folder) / f"{decision}.ipynb"), progress_bar=False)
                if not ran.succeeded:
                    raise Broken(ran.error)
                expect_equal(len(ran.requests), 2, "The number of Requests in the notebook's summary")
