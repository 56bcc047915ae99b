import threading
from typing import Any

import httpx
import pytest

from enmeshed_nb.connector import Connector, LocalRequest, Refused, aside, waiting
from enmeshed_nb.content import ResponseItem
from enmeshed_nb.guide import Journal, results_table, status_table
from enmeshed_nb.guide.results import given, item_results
from enmeshed_nb.guide.steps import Step
from tests.connector.test_exchange import exchange


def local_request(status: str, title: str = "Is it you?", **more: Any) -> dict[str, Any]:
    item = {"@type": "AuthenticationRequestItem", "mustBeAccepted": True, "title": title}
    group = {
        "@type": "RequestItemGroup",
        "items": [{"@type": "ConsentRequestItem", "mustBeAccepted": False, "consent": "c"}],
    }
    return {
        "id": "REQ1",
        "isOwn": True,
        "peer": "did:e:peer",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "status": status,
        "content": {"@type": "Request", "id": "REQ1", "items": [item, group]},
    } | more


def connector(name: str, *answers: httpx.Response) -> Connector:
    rest = list(answers)
    transport = httpx.MockTransport(lambda _: rest.pop(0) if len(rest) > 1 else rest[0])
    return Connector("http://c.test", "key", name=name, transport=transport)


def answer(result: Any) -> httpx.Response:
    return httpx.Response(200, json={"result": result})


def test_the_statuses_of_a_request_are_seen_on_both_sides() -> None:
    sender = connector("sender", *(answer(local_request(status)) for status in ("Draft", "Draft", "Open")))
    recipient = connector("recipient", answer([local_request("ManualDecisionRequired")]))
    journal = Journal(sender, recipient)
    for _ in range(3):
        sender.requests.outgoing.get("REQ1")
    recipient.requests.incoming.list(status="ManualDecisionRequired")
    assert [(each.connector, each.status) for each in journal.history("REQ1")] == [
        ("sender", "Draft"),
        ("sender", "Open"),
        ("recipient", "ManualDecisionRequired"),
    ]
    times = [each.time for each in journal.history()]
    assert times == sorted(times)
    assert journal.history("REQ2") == ()


def test_every_exchange_is_kept_in_order() -> None:
    sender = connector("sender", httpx.Response(204), answer([]))
    with Journal(sender) as journal:
        with pytest.raises(LookupError):
            journal.last()
        sender.account.sync()
        sender.messages.list(participant="did:e:x")
    sender.messages.list()
    assert [each.method for each in journal.exchanges] == ["POST", "GET"]
    assert len(journal) == 2
    assert journal.last().query == (("participant", "did:e:x"),)


def test_it_shows_a_table() -> None:
    error = {"error": {"code": "error.runtime.unknown", "message": "m"}}
    sender = connector(
        "sender",
        answer(local_request("Draft")),
        answer({"isSuccess": True, "items": []}),
        httpx.Response(400, json=error),
        answer([]),
    )
    journal = Journal(sender)
    sender.requests.outgoing.get("REQ1")
    sender.requests.outgoing.validate({"items": []})
    with pytest.raises(Refused):
        sender.relationships.accept("REL1")
    sender.messages.list(is_own=True)
    head, rule, *rows = str(journal).splitlines()
    assert head.split() == ["time", "connector", "call", "HTTP", "ms", "outcome"]
    assert set(rule) == {"-", " "}
    assert "  GET /Requests/Outgoing/REQ1  " in rows[0]
    assert rows[0].endswith("REQ1 Draft")
    assert rows[1].endswith("isSuccess: true")
    assert rows[2].endswith("error.runtime.unknown")
    assert "GET /Messages?isOwn=true" in rows[3]
    assert rows[3].endswith("0 found")


def test_text_of_a_peer_cannot_become_html_or_break_lines() -> None:
    evil = local_request("<script>\x1b[31m\nalert(1)")
    journal = Journal(sender := connector("sender", answer(evil)))
    sender.requests.outgoing.get("REQ1")
    bundle = journal._repr_mimebundle_()
    assert "<script>" not in bundle["text/html"]
    assert "&lt;script&gt;" in bundle["text/html"]
    assert "\x1b" not in bundle["text/plain"]
    assert len(bundle["text/plain"].splitlines()) == 3


def test_a_journal_knows_what_is_under_way_and_tells_when_it_changes() -> None:
    seen: list[list[str]] = []
    journal: Journal

    def answered(_: httpx.Request) -> httpx.Response:
        seen.append([each.call for each in journal.under_way])
        return answer([])

    sender = Connector("http://c.test", "key", name="sender", transport=httpx.MockTransport(answered))
    with Journal(sender) as journal:
        told: list[tuple[int, int]] = []
        stop = journal.observe(lambda: told.append((len(journal), len(journal.under_way))))
        sender.messages.list()
        with aside():
            sender.messages.list()
        assert seen == [["GET /Messages"], []]
        assert told == [(0, 1), (1, 0), (1, 0)]  # begun, ended; asked aside, and answered
        with waiting("the kettle"):
            sender.messages.list()
        assert told[3:] == [(1, 1), (2, 0), (2, 0)]  # begun, ended, and the wait is over
        stop()
        sender.messages.list()
        assert len(told) == 6


def test_threads_may_share_a_journal() -> None:
    sender = connector("sender", answer([]))
    journal = Journal(sender)
    threads = [threading.Thread(target=lambda: [sender.messages.list() for _ in range(20)]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal) == 100


def test_results_say_who_accepted_what() -> None:
    response = {
        "createdAt": "2026-01-01T00:00:00Z",
        "content": {
            "@type": "Response",
            "result": "Accepted",
            "requestId": "REQ1",
            "items": [
                {"@type": "AcceptResponseItem", "result": "Accepted"},
                {"@type": "ResponseItemGroup", "items": [{"@type": "RejectResponseItem", "result": "Rejected"}]},
            ],
        },
    }
    done = LocalRequest.from_api(local_request("Completed", response=response))
    rows = results_table(done).splitlines()[2:]
    assert [row.split()[-1] for row in rows] == ["Accepted", "Rejected"]
    assert rows[1].split("  ")[0] == "c"
    assert "1st in the group at the 2nd place" in rows[1]
    assert status_table([done]).splitlines()[2].split() == ["REQ1", "outgoing", "did:e:peer", "Completed", "Accepted"]
    unanswered = LocalRequest.from_api(local_request("Open"))
    open_rows = results_table(unanswered).splitlines()[2:]
    assert [row.split()[-1] for row in open_rows] == ["-", "-"]
    for request, results in ((done, ["Accepted", "Rejected"]), (unanswered, ["-", "-"])):
        assert [result for _, result in item_results(request)] == results


def test_what_came_with_an_answer_is_told_also_if_it_replaces_something() -> None:
    name = {"@type": "IdentityAttribute", "owner": "did:e:a", "value": {"@type": "DisplayName", "value": "Zoë"}}
    ids = {"predecessorId": "ATT1", "successorId": "ATT2"}
    replaced = {"@type": "AttributeSuccessionAcceptResponseItem", "successorContent": name, **ids}
    created = {
        "@type": "ProposeAttributeAcceptResponseItem",
        "result": "Accepted",
        "attributeId": "A",
        "attribute": name,
    }
    refused = {"@type": "RejectResponseItem", "result": "Rejected", "code": "no", "message": "Not now."}
    assert [given(ResponseItem.from_api(each)) for each in (replaced, created, refused)] == [
        [("Attribute", "Zoë")],
        [("Attribute", "Zoë")],
        [("Code", "no"), ("Message", "Not now.")],
    ]
    assert given(None) == []


def test_how_long_a_call_took_is_told_in_milliseconds() -> None:
    assert "sender: GET /Relationships → ✔ 200 in 2000 ms" in str(Step((exchange(query=(), duration=2.0),), ()))
