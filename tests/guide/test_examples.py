"""The Requests to start from: each is valid at a real Connector, can be sent and be accepted; and pasted JSON."""

import json

import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import Request, walk
from enmeshed_nb.content.since import FIRST
from enmeshed_nb.content.versions import since_of
from enmeshed_nb.guide import ask, establish_relationship
from enmeshed_nb.guide.draft import KINDS, RequestDraft
from enmeshed_nb.guide.examples import EXAMPLES, NEW, ExampleError, request_of
from enmeshed_nb.localnet import LocalNetwork

BY_NAME = {example.name: example for example in EXAMPLES}


@pytest.fixture
def peer(recipient: Connector) -> str:
    return recipient.account.identity_info().address


def test_each_kind_stands_alone_in_one_and_three_are_what_organisations_send():
    alone = [items[0]["@type"] for each in EXAMPLES if len(items := each.written["items"]) == 1]
    assert sorted(alone) == sorted(kind for kind, model in KINDS.items() if since_of(model) == FIRST)
    assert [each.name for each in EXAMPLES][-3:] == [
        "Membership form",
        "E-mail verification",
        "Consent with an attachment",
    ]
    assert len({each.name for each in EXAMPLES}) == len(EXAMPLES)
    assert all(each.about.endswith(".") for each in EXAMPLES)


@pytest.mark.parametrize("name", [name for name in BY_NAME if name != "Delete an Attribute"])
def test_each_is_valid_twice_and_what_it_is_about_is_found_aside(sender, recipient, peer, name):
    with Journal(sender, recipient) as journal:
        for _ in range(2):
            written = BY_NAME[name].for_peer(sender, peer)
            assert RequestDraft(written).check(sender, peer) == []
    assert {each.api_path for each in journal.exchanges} <= {"/Requests/Outgoing/Validate"}
    assert NEW not in json.dumps(written)
    assert NEW in json.dumps(BY_NAME["Membership form"].written)  # the example itself stays as it is
    assert "attributeId" not in BY_NAME["Share an Attribute"].written["items"][0]
    assert RequestDraft(BY_NAME[name].for_peer(sender)).check(sender, peer) == []


def test_what_was_shared_can_be_asked_back(folder):
    with LocalNetwork.open(folder) as network:
        states = [network.state.connector(name) for name in ("sender", "recipient")]
        sender, recipient = (Connector(each.url, each.api_key, name=each.name) for each in states)
        with sender, recipient:
            establish_relationship(sender, recipient)
            peer = recipient.account.identity_info().address
            for address in (peer, None):
                with pytest.raises(ExampleError, match="start from “Share an Attribute”, and have it accepted"):
                    BY_NAME["Delete an Attribute"].for_peer(sender, address)
            first = BY_NAME["Share an Attribute"].for_peer(sender, peer)
            assert BY_NAME["Share an Attribute"].for_peer(sender, peer) == first  # found again
            ask(sender, recipient, Request.model_validate(first))
            shared = first["items"][0]["attributeId"]
            second = BY_NAME["Share an Attribute"].for_peer(sender, peer)
            assert second["items"][0]["attributeId"] != shared
            deleting = BY_NAME["Delete an Attribute"].for_peer(sender, peer)
            assert deleting["items"][0]["attributeId"] == shared
            assert RequestDraft(deleting).check(sender, peer) == []
            file = BY_NAME["Transfer a File"].for_peer(sender, peer)
            assert BY_NAME["Transfer a File"].for_peer(sender, peer) == file
            ask(sender, recipient, Request.model_validate(file))
            assert BY_NAME["Transfer a File"].for_peer(sender, peer) != file


GOOD = Request.model_validate(BY_NAME["Membership form"].written).model_dump()


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOOD),
        json.dumps({"content": GOOD, "peer": "did:e:x"}),
        json.dumps({"result": {"id": "REQ", "status": "Draft", "content": GOOD}}),
        f"\n  {json.dumps(GOOD, indent=4)}\n",
    ],
)
def test_pasted_json_is_taken_as_it_is(text):
    assert request_of(text) == GOOD
    assert len(list(walk(Request.model_validate(request_of(text))))) == 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is nothing to read yet"),
        ('{"items": [\n  {"@type": "ConsentRequestItem",}\n]}', "line 2, character 34"),
        ('{"items": [', "line 1, character 12: Expecting value"),
        ("[1, 2]", 'an object with a list of "items"'),
        ('"text"', 'an object with a list of "items"'),
        ('{"items": "none"}', 'an object with a list of "items"'),
        ('{"content": {"subject": "a Mail"}}', 'an object with a list of "items"'),
        ('{"items": []}', "items: may not be empty."),
        ('{"items": [{"@type": "ConsentRequestItem", "mustBeAccepted": true}]}', "items[0].consent: is missing."),
        ('{"items": [{"@type": "Unheard", "mustBeAccepted": true}]}', "items[0]: '@type' 'Unheard'; known are"),
        (
            '{"items": [{"@type": "AuthenticationRequestItem", "mustBeAccepted": "false", "title": 5}]}',
            "items[0].mustBeAccepted: must be True or False, not a text or number (the text 'false' would count as "
            "true).\nitems[0].title: must be a text.",
        ),
        ('{"title": "\x07"', "line 1, character 12"),
        ("[" * 100_000, "This is no"),
    ],
)
def test_what_is_no_request_is_refused_and_it_is_said_where_it_is_wrong(text, said):
    with pytest.raises(ExampleError) as refused:
        request_of(text)
    assert said in str(refused.value)
    assert refused.value.cure
    assert "\x07" not in str(refused.value)
