"""The Response: what was asked, and what became of it."""

import re

from enmeshed_nb.content import DisplayName, IdentityAttributeQuery, ReadAttributeRequestItem, RequestItemGroup
from enmeshed_nb.guide import Decision, wait_for_status
from enmeshed_nb.widgets import ResponseView
from tests.widgets.samples import AUTHENTICATION, OPTIONAL
from tests.widgets.seen import html_of, text_of


def test_each_item_has_its_answer_and_what_came_with_it(incoming, sender, recipient):
    name = recipient.attributes.create(DisplayName(value="Zoë"))
    read = ReadAttributeRequestItem(query=IdentityAttributeQuery(value_type="DisplayName"), must_be_accepted=False)
    request = incoming(AUTHENTICATION, RequestItemGroup(title="About you", items=[OPTIONAL, read]), title="Welcome")
    waiting = html_of(ResponseView(request))
    assert "no Response yet" in waiting
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
    assert "Welcome" in str(html_of(ResponseView(done)))
    assert str(ResponseView(done)).splitlines()[0] == f"Request {done.id}: Completed. Response: Accepted"
