"""What a Connector does by itself: synchronise, tell what happens, decide by rules."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from enmeshed_nb.acceptance.checking import check
from enmeshed_nb.acceptance.trial import Trial, expect, expect_equal
from enmeshed_nb.connector import MISSING, Connector, LocalRequest
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    CreateAttributeRequestItem,
    DisplayName,
    IdentityAttribute,
    IdentityAttributeQuery,
    ReadAttributeRequestItem,
    Request,
)
from enmeshed_nb.content.requests import RequestItem
from enmeshed_nb.guide import Event, EventListener, WaitTimeout, wait_for, wait_for_request, wait_for_status

_YES = {"items": [{"accept": True}]}
_NO = {"items": [{"accept": False}]}

_INCOMING = "consumption.incomingRequestStatusChanged"
_OUTGOING = "consumption.outgoingRequestStatusChanged"
_OF_RECIPIENT = (
    "transport.messageReceived",
    "consumption.incomingRequestReceived",
    f"{_INCOMING} DecisionRequired",
    f"{_INCOMING} ManualDecisionRequired",
    "consumption.messageProcessed",
    f"{_INCOMING} Decided",
    "transport.messageSent",
    f"{_INCOMING} Completed",
)
"""What a Recipient's Connector tells of a Request that is decided."""
_OF_SENDER = (
    "consumption.outgoingRequestCreated",
    "transport.messageSent",
    f"{_OUTGOING} Open",
    "transport.messageReceived",
    f"{_OUTGOING} Completed",
)
"""What a Sender's Connector tells of a Request that is answered."""
_FIRST = {"INCOMING": "Open", "OUTGOING": "Draft"}
"""What a Request is at first."""


# --- sync and sse -----------------------------------------------------------------------------------------------------


@check(
    "AUTOMATION-SYNC-REQUEST",
    "AUTOMATION-SYNC-RESPONSE",
    "AUTOMATION-SYNC-INFO",
    needs=("sync",),
    swaps=False,
    creates="two Requests that are answered",
)
def sync(trial: Trial) -> None:
    """Exchange Requests with a Connector that synchronises at intervals, and never call its Sync."""
    other = trial.other("sync")
    patience = 2 * _interval(other) + trial.patience
    _is_told(trial, other, "SYNC", patience)
    with trial.requirement("AUTOMATION-SYNC-INFO"):
        before = _last_sync(other)
        wait_for(lambda: _last_sync(other) != before, what="another synchronisation", timeout=patience)


@check(
    "AUTOMATION-SSE-REQUEST",
    "AUTOMATION-SSE-RESPONSE",
    needs=("sse",),
    swaps=False,
    creates="two Requests that are answered",
)
def sse(trial: Trial) -> None:
    """Exchange Requests with a Connector that is told of news, and never call its Sync."""
    _is_told(trial, trial.other("sse"), "SSE", trial.patience)


def _is_told(trial: Trial, other: Connector, module: str, patience: float) -> None:
    """Send a Request to a Connector and let it send one: both come to it without a call of Sync."""
    sent = _send(trial, trial.sender, other)
    with trial.requirement(f"AUTOMATION-{module}-REQUEST", goes_on=True):
        found = wait_for(
            lambda: other.requests.incoming.list(id=sent.id),
            until=lambda found: [each.status for each in found] == ["ManualDecisionRequired"],
            describe=lambda found: [each.status for each in found] or "no such Request",
            what="the Request to arrive",
            timeout=patience,
        )
        other.requests.incoming.reject(found[0].id, _NO)
    asked = _send(trial, other, trial.sender)
    _decide(trial, trial.sender, asked)
    with trial.requirement(f"AUTOMATION-{module}-RESPONSE", goes_on=True):
        wait_for_status(other.requests.outgoing, asked.id, "Completed", timeout=patience)


def _interval(connector: Connector) -> float:
    """Return every how many seconds a Connector synchronises."""
    answer = connector.call("GET", "/Monitoring/Support", base="")
    configuration = answer.value.get("configuration", {}) if answer.status == 200 else {}
    return float(configuration.get("modules", {}).get("sync", {}).get("interval", 60))


def _last_sync(connector: Connector) -> datetime | None:
    run = connector.account.sync_info().last_sync_run
    return run.completed_at if run else None


# --- webhooks ---------------------------------------------------------------------------------------------------------


@check(
    "AUTOMATION-WEBHOOK-RECEIVED",
    "AUTOMATION-WEBHOOK-JSON",
    "AUTOMATION-WEBHOOK-URL",
    "AUTOMATION-WEBHOOK-HEADERS",
    "AUTOMATION-WEBHOOK-CORRELATION",
    "AUTOMATION-WEBHOOK-TRIGGERS",
    "AUTOMATION-WEBHOOK-PROCESSED",
    "AUTOMATION-WEBHOOK-INCOMING",
    "AUTOMATION-WEBHOOK-INCOMING-ONCE",
    "AUTOMATION-WEBHOOK-INCOMING-CHAIN",
    needs=("webhooks",),
    swaps=False,
    creates="a Request that is accepted",
)
def webhooks_of_recipient(trial: Trial) -> None:
    """Send a Request to a Connector with webhooks, decide it, and see what it tells."""
    listener, other = _listener(trial), trial.other("webhooks")
    sent = _send(trial, trial.sender, other)
    _decide(trial, other, sent)
    wait_for_status(trial.sender.requests.outgoing, sent.id, "Completed", sync=trial.sender, timeout=trial.patience)
    with trial.requirement("AUTOMATION-WEBHOOK-RECEIVED", goes_on=True):
        listener.wait_for("consumption.incomingRequestReceived", timeout=trial.patience, id=sent.id)
    told = _told(trial, listener, sent.id, until=_OF_RECIPIENT)
    with trial.requirement("AUTOMATION-WEBHOOK-JSON", goes_on=True):
        for each in told:
            kind = each.headers.get("content-type", "")
            expect(kind.startswith("application/json"), f"The Content-Type of {each.trigger} is {kind!r}.")
    with trial.requirement("AUTOMATION-WEBHOOK-URL", goes_on=True):
        for each in told:
            expect_equal(each.path.rpartition("/")[2], each.trigger, "The end of the path")
    with trial.requirement("AUTOMATION-WEBHOOK-HEADERS", goes_on=True):
        for each in told:
            expect_equal(each.headers.get("x-acceptance"), "a header of its own", "The header X-Acceptance")
    with trial.requirement("AUTOMATION-WEBHOOK-CORRELATION", goes_on=True):
        for each in told:
            expect(each.correlation_id, f"{each.trigger} has no X-Correlation-ID.")
    with trial.requirement("AUTOMATION-WEBHOOK-TRIGGERS", goes_on=True):
        some = [each for each in listener.events if each.path == "/transport" and sent.id in json.dumps(each.data)]
        others = {each.trigger for each in some if not each.trigger.startswith("transport.")}
        expect(not others, f"A target for transport.* was told of {', '.join(sorted(others))}.")
    with trial.requirement("AUTOMATION-WEBHOOK-PROCESSED", goes_on=True):
        results = [each.data.get("result") for each in told if each.trigger == "consumption.messageProcessed"]
        expect(set(results) <= {"ManualRequestDecisionRequired"}, f"The result is {', '.join(map(str, results))}.")
    _compare(trial, "INCOMING", told, _OF_RECIPIENT)


@check(
    "AUTOMATION-WEBHOOK-OUTGOING",
    "AUTOMATION-WEBHOOK-OUTGOING-ONCE",
    "AUTOMATION-WEBHOOK-OUTGOING-CHAIN",
    "AUTOMATION-WEBHOOK-CALLER",
    needs=("webhooks",),
    swaps=False,
    creates="a Request that is accepted",
)
def webhooks_of_sender(trial: Trial) -> None:
    """Let a Connector with webhooks send a Request, answer it, and see what it tells."""
    listener, other = _listener(trial), trial.other("webhooks")
    caller = trial.mark.replace(" ", "-")
    sent = _send(trial, other.with_options(correlation_id=caller), trial.sender)
    _decide(trial, trial.sender, sent)
    wait_for_status(other.requests.outgoing, sent.id, "Completed", sync=other, timeout=trial.patience)
    told = _told(trial, listener, sent.id, until=_OF_SENDER)
    with trial.requirement("AUTOMATION-WEBHOOK-CALLER", goes_on=True):
        for each in told:
            if each.trigger == "consumption.outgoingRequestCreated":
                expect_equal(each.correlation_id, caller, f"The X-Correlation-ID of {each.trigger}")
    _compare(trial, "OUTGOING", told, _OF_SENDER)


def _listener(trial: Trial) -> EventListener:
    if not trial.ground.listener:
        trial.skip("It needs a listener that the Connector sends its events to.")
    assert trial.ground.listener
    return trial.ground.listener


def _told(trial: Trial, listener: EventListener, request_id: str, until: tuple[str, ...]) -> list[Event]:
    """Return what was told of a Request: when all of it has come, or nothing more does."""

    def look() -> list[Event]:
        everything = [each for each in listener.events if each.path != "/transport"]
        return [each for each in everything if request_id in json.dumps(each.data)]

    try:
        return wait_for(look, until=lambda told: {*map(_name, told)} >= {*until}, timeout=trial.patience)
    except WaitTimeout:
        return look()


def _name(event: Event) -> str:
    """Return what an event is called here: its trigger, and the new status."""
    status = event.data.get("newStatus") if isinstance(event.data, dict) else None
    return f"{event.trigger} {status}" if status else event.trigger


def _compare(trial: Trial, which: str, told: list[Event], expected: tuple[str, ...]) -> None:
    """Hold the events of a Request against those that are expected."""
    names = [name for name in map(_name, told) if name in expected]
    with trial.requirement(f"AUTOMATION-WEBHOOK-{which}"):
        missing = [name for name in expected if name not in names]
        expect(not missing, f"It was not told of {', '.join(missing)}.")
    with trial.requirement(f"AUTOMATION-WEBHOOK-{which}-ONCE", goes_on=True):
        several = [name for name, count in Counter(names).items() if count > 1]
        expect(not several, f"It was told more than once of {', '.join(several)}.")
    with trial.requirement(f"AUTOMATION-WEBHOOK-{which}-CHAIN"):
        changes = {each.data["newStatus"]: each.data.get("oldStatus") for each in told if " " in _name(each)}
        earlier = [changes[name.partition(" ")[2]] for name in expected if " " in name]
        chain = [_FIRST[which], *(name.partition(" ")[2] for name in expected if " " in name)]
        expect_equal(earlier, chain[:-1], "What the Request was before each change")


# --- decider ----------------------------------------------------------------------------------------------------------


@check(
    "AUTOMATION-DECIDER-ACCEPTS",
    "AUTOMATION-DECIDER-SAYS-SO",
    "AUTOMATION-DECIDER-FILTER",
    "AUTOMATION-DECIDER-RESPONSE",
    needs=("decider",),
    swaps=False,
    creates="a Request that is accepted, and by it an Attribute of the Connector “decider”",
)
def decider_accepts(trial: Trial) -> None:
    """Send a Request that a rule accepts."""
    other = trial.other("decider")
    sent = _send(trial, trial.sender, other, _offer(trial, other))
    with trial.requirement("AUTOMATION-DECIDER-ACCEPTS"):
        decided = _decided_by_itself(trial, other, sent)
        expect_equal(decided.response and decided.response.content.result, "Accepted", "The result")
    with trial.requirement("AUTOMATION-DECIDER-SAYS-SO", goes_on=True):
        expect(decided.was_automatically_decided, "It is not said that it was decided automatically.")
    with trial.requirement("AUTOMATION-DECIDER-FILTER", goes_on=True):
        for asked, ids in (("true", [sent.id]), (MISSING, [])):
            found = other.requests.incoming.list({"wasAutomaticallyDecided": asked, "id": sent.id})
            expect_equal([each.id for each in found], ids, f"What is found by wasAutomaticallyDecided={asked}")
    with trial.requirement("AUTOMATION-DECIDER-RESPONSE"):
        wait_for_status(trial.sender.requests.outgoing, sent.id, "Completed", sync=trial.sender, timeout=trial.patience)


@check(
    "AUTOMATION-DECIDER-REJECTS",
    "AUTOMATION-DECIDER-CODE",
    needs=("decider",),
    swaps=False,
    creates="a Request that is rejected",
)
def decider_rejects(trial: Trial) -> None:
    """Send a Request that a rule rejects."""
    other = trial.other("decider")
    query = IdentityAttributeQuery(value_type="DisplayName")
    sent = _send(trial, trial.sender, other, ReadAttributeRequestItem(query=query, must_be_accepted=True))
    with trial.requirement("AUTOMATION-DECIDER-REJECTS"):
        response = _decided_by_itself(trial, other, sent).response
        expect_equal(response and response.content.result, "Rejected", "The result")
    with trial.requirement("AUTOMATION-DECIDER-CODE"):
        item = response.content.items[0] if response else None
        found = getattr(item, "code", None), getattr(item, "message", None)
        expect_equal(found, ("acceptance.refused", "A rule refuses it."), "The code and message")


@check(
    "AUTOMATION-DECIDER-NEVER",
    "AUTOMATION-DECIDER-EVERY-ITEM",
    needs=("decider",),
    swaps=False,
    creates="two Requests that are rejected",
)
def decider_leaves(trial: Trial) -> None:
    """Send Requests that no rule may decide."""
    other = trial.other("decider")
    for name, items in (
        ("AUTOMATION-DECIDER-NEVER", [_question(trial)]),
        ("AUTOMATION-DECIDER-EVERY-ITEM", [_offer(trial, other), _question(trial)]),
    ):
        sent = _send(trial, trial.sender, other, *items)
        with trial.requirement(name, goes_on=True):
            found = wait_for_request(other, sent.id, timeout=trial.patience)
            expect_equal(found.status, "ManualDecisionRequired", "The status")
        other.requests.incoming.reject(sent.id, {"items": [{"accept": False}] * len(items)})


@check("AUTOMATION-BY-HAND", "AUTOMATION-NOT-BY-RULE", creates="a Request that is rejected")
def by_hand(trial: Trial) -> None:
    """Pretend that a rule decides."""
    sent = _send(trial, trial.sender, trial.recipient)
    wait_for_request(trial.recipient, sent.id, timeout=trial.patience)
    with trial.requirement("AUTOMATION-BY-HAND"):
        answer = trial.recipient.call(
            "PUT", f"/Requests/Incoming/{sent.id}/Accept", json=_YES | {"decidedByAutomation": True}
        )
        code = (answer.value or {}).get("error", {}).get("code")
        expect_equal(code, "error.connector.incomingRequests.decidedByAutomation", "The error's code")
    with trial.requirement("AUTOMATION-NOT-BY-RULE"):
        decided = trial.recipient.requests.incoming.reject(sent.id, _NO)
        expect(not decided.was_automatically_decided, "What was decided by hand is said to be decided by a rule.")


# --- what checks share ------------------------------------------------------------------------------------------------


def _question(trial: Trial) -> RequestItem:
    return AuthenticationRequestItem(title=trial.mark, must_be_accepted=True)


def _offer(trial: Trial, peer: Connector) -> RequestItem:
    attribute = IdentityAttribute(owner=trial.address(peer), value=DisplayName(value=trial.mark))
    return CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)


def _send(trial: Trial, sender: Connector, recipient: Connector, *items: Any) -> LocalRequest:
    """Send a Request from one Connector to another; return it."""
    request = Request(title=trial.mark, items=list(items) or [_question(trial)])
    peer = trial.address(recipient)
    created = sender.requests.outgoing.create(request, peer)
    sender.messages.send(peer, created.content)
    return created


def _decide(trial: Trial, recipient: Connector, sent: LocalRequest) -> None:
    """Accept a Request that was sent."""
    wait_for_request(recipient, sent.id, timeout=trial.patience)
    recipient.requests.incoming.accept(sent.id, _YES)


def _decided_by_itself(trial: Trial, other: Connector, sent: LocalRequest) -> LocalRequest:
    """Wait until a Connector has answered a Request."""
    return wait_for_status(other.requests.incoming, sent.id, "Completed", sync=other, timeout=trial.patience)
