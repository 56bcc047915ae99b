"""The Response: what was asked, and what became of it."""

import json
import re

from enmeshed_nb.content import DisplayName, IdentityAttributeQuery, ReadAttributeRequestItem, RequestItemGroup
from enmeshed_nb.guide import Decision, wait_for_status
from enmeshed_nb.widgets import ResponseView
from tests.widgets.samples import AUTHENTICATION, OPTIONAL
from tests.widgets.seen import html_of, text_of


def test_each_item_has_its_answer_and_what_came_with_it(incoming, sender, recipient):
    name = recipient.attributes.create(DisplayName(value="Zoë"))
    read = ReadAttributeRequestItem(query=IdentityAttributeQuery(value_type="DisplayName"), must_be_accepted=False)
    group = RequestItemGroup(title="About you", items=[OPTIONAL, read])
    request = incoming(AUTHENTICATION, group, title="Welcome")
    waiting = html_of(ResponseView(request))
    said = text_of(waiting)
    assert f"Welcome ? ManualDecisionRequired no Response yet {request.id}itemrequiredresultwith" in said
    assert said.count("yes-") + said.count("no-") == 3
    assert "as JSON" not in said
    assert "Response: none yet" in str(ResponseView(request))
    decision = Decision(request).accept(0).reject((1, 0), message="Not now.")
    decision.accept((1, 1), existing_attribute_id=name.id)
    recipient.requests.incoming.accept(request.id, decision.to_accept())
    done = wait_for_status(sender.requests.outgoing, request.id, "Completed", sync=sender)
    rows = [text_of(row) for row in re.split("<tr[ >]", html_of(ResponseView(done)))[2:]]
    named = ("Is it you?1st · Authentication", "Newsletter1st in “About you” · Consent")
    for row, words in zip(rows, (*named, "Display name, to read2nd in “About you” · Attribute"), strict=True):
        assert words in row
    for row, words in zip(rows, ("yes✔ Accepted", "no✘ RejectedMessage: Not now.", "no✔ Accepted"), strict=True):
        assert words in row
    assert "Attribute: Zoë" in rows[2]
    assert "RequestItem" not in "".join(rows)
    said = text_of(html_of(ResponseView(done)))
    assert f"Welcome ✔ Completed Response: ✔ Accepted {done.id}item" in said
    assert json.loads(said.partition("as JSON")[2]) == done.response.content.model_dump()
    assert str(ResponseView(done)).splitlines()[0] == f"Request {done.id}: Completed. Response: Accepted"


def test_a_request_without_a_title_is_called_one_and_described(incoming):
    request = incoming(OPTIONAL, description="What we need.")
    said = text_of(html_of(ResponseView(request)))
    assert f"Request ? ManualDecisionRequired no Response yet {request.id}What we need.item" in said
    assert "Newsletter1st · Consentno-" in said
