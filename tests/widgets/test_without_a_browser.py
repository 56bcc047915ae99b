"""What the widgets know and do, set from Python, on the real network."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import ipywidgets
import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    ConsentRequestItem,
    DateFormFieldSettings,
    DisplayName,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityAttributeQuery,
    IntegerFormFieldSettings,
    ProposeAttributeRequestItem,
    ReadAttributeRequestItem,
    Request,
    RequestItemGroup,
)
from enmeshed_nb.content.since import FIRST
from enmeshed_nb.content.versions import since_of
from enmeshed_nb.guide import DecisionError, wait_for_request, wait_for_status
from enmeshed_nb.guide.draft import GROUP, KINDS, NEW, RequestDraft
from enmeshed_nb.localnet import LocalNetwork
from enmeshed_nb.network import Network
from enmeshed_nb.widgets import (
    Curtain,
    DecisionForm,
    Exchanges,
    Journey,
    NetworkStatus,
    PeerChooser,
    RequestComposer,
    ResponseView,
    StepView,
)
from tests.conftest import closed_port

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\x07"


def find(widget, kind, **traits):
    """All widgets of a kind below another one with these traits."""
    found = []
    if isinstance(widget, kind) and all(getattr(widget, name) == value for name, value in traits.items()):
        found.append(widget)
    for child in getattr(widget, "children", ()):
        found += find(child, kind, **traits)
    return found


def labelled(widget, words):
    (found,) = [each for each in find(widget, ipywidgets.DOMWidget) if getattr(each, "description", "") == words]
    return found


def press(widget, words, nth=0):
    [each for each in find(widget, ipywidgets.Button) if words in (each.description, each.tooltip)][nth].click()


def html_of(shown):
    return shown._repr_mimebundle_()["text/html"]


@pytest.fixture
def peer(recipient):
    return recipient.account.identity_info().address


@pytest.fixture
def incoming(sender, recipient, peer):
    def send(*items, **more):
        created = sender.requests.outgoing.create(Request(items=list(items), **more), peer)
        message = sender.messages.send(peer, created.content)
        return wait_for_request(recipient, message.id)

    return send


AUTHENTICATION = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
OPTIONAL = ConsentRequestItem(consent="Newsletter", must_be_accepted=False)


# --- peers


def test_the_chooser_offers_who_can_receive_a_message(sender, peer):
    chooser = PeerChooser(sender, names={peer: "recipient"})
    assert chooser.value == peer
    assert chooser.peer.name == "recipient"
    assert "recipient" in html_of(chooser)
    with pytest.raises(ValueError, match="no Relationship"):
        chooser.select("did:e:localhost:dids:" + "0" * 22)


def test_the_chooser_says_why_others_cannot_be_chosen(tmp_path):
    names = {"sender": {}, "recipient": {}, "third": {}}
    with LocalNetwork.open(tmp_path / "network", connectors=names) as network:
        made = [Connector(each.url, each.api_key, name=each.name) for each in network.state.connectors]
        sender, recipient, third = made
        chooser = PeerChooser(sender)
        assert chooser.value is None
        assert "There is no peer to send to" in html_of(chooser)
        from enmeshed_nb.guide import establish_relationship

        relationship = establish_relationship(sender, recipient)
        establish_relationship(sender, third)
        sender.relationships.terminate(relationship.id)
        chooser.refresh()
        third_address = third.account.identity_info().address
        assert chooser.value == third_address
        assert "the Relationship is terminated" in chooser._others.value
        composer = RequestComposer(
            sender, recipient.account.identity_info().address, request=Request(items=[AUTHENTICATION])
        )
        assert "The Relationship with the peer has the wrong status." in composer.faults[0].what
        with pytest.raises(ValueError, match="terminated"):
            chooser.select(recipient.account.identity_info().address)
        for connector in made:
            connector.close()


def test_500_relationships_can_be_searched(sender, peer, monkeypatch):
    from enmeshed_nb.guide.peers import Peer

    many = [Peer(f"did:e:x:dids:{n:022x}", f"Peer {n}", "Active", "REL1", "") for n in range(500)]
    monkeypatch.setattr("enmeshed_nb.widgets.peers.peers_of", lambda *_: many)
    chooser = PeerChooser(sender)
    assert len(chooser._list.options) == 500
    labelled(chooser, "Search").value = "peer 42"
    assert [address for _, address in chooser._list.options] == [
        peer.address for peer in many if "peer 42" in peer.name.lower()
    ]


def test_a_connector_that_does_not_answer_is_shown_in_the_widget():
    with Connector(f"http://127.0.0.1:{closed_port()}", "any", retries=0) as nobody:
        chooser = PeerChooser(nobody)
        assert "Check that the Connector runs" in chooser.trouble.value


# --- composing


def test_what_is_composed_is_the_request(sender, peer):
    composer = RequestComposer(sender, peer)
    assert composer.faults[0].what == "A Request needs at least one item."
    composer.add("AuthenticationRequestItem")
    labelled(composer._items, "Title *").value = "Who are you?"
    composer.add(GROUP)
    composer.add("ConsentRequestItem", group=1)
    assert composer.faults == []
    request = composer.request
    assert request.items[0].title == "Who are you?"
    assert request.items[1].items[0].consent == "I agree to the terms."
    assert sender.requests.outgoing.validate(request, peer).is_success


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_can_be_added_edited_and_set_from_python(sender, peer, kind):
    composer = RequestComposer(sender, peer)
    composer.add(kind)
    node = composer.draft.json["items"][0]
    before = dict(node)
    labelled(composer._items, "Description").value = "for people"
    assert composer.draft.json["items"][0] is node
    assert node == before | {"description": "for people"}
    again = RequestComposer(sender, peer, request={"items": [node]})
    assert again.draft.json["items"] == [node]
    since = since_of(KINDS[kind])
    if since != FIRST:  # the local network cannot run it, and says so
        ((path, what),) = [(each.path, each.what) for each in again.faults]
        assert path == (0,)
        assert f"{kind} (items[0]) needs {since}" in what
    elif kind not in ("DeleteAttributeRequestItem", "ShareAttributeRequestItem", "TransferFileOwnershipRequestItem"):
        assert again.faults == []


def test_a_fault_is_shown_at_its_item_and_goes_when_it_is_mended(sender, peer):
    composer = RequestComposer(sender, peer, request=Request(items=[AUTHENTICATION, OPTIONAL]))
    composer._cards[id(composer.draft.json["items"][1])].open()
    labelled(composer._items, "Link display text").value = "x"
    assert {fault.path for fault in composer.faults} == {(1,)}
    assert "linkDisplayText" in composer._cards[id(composer.draft.json["items"][1])]._fault.value
    with pytest.raises(ValueError, match="linkDisplayText"):
        _ = composer.request
    labelled(composer._items, "Link display text").value = ""
    assert composer.faults == []


def test_what_only_the_connector_knows_is_found_too(sender, recipient, peer):
    own = sender.account.identity_info().address
    composer = RequestComposer(sender, own, request=Request(items=[AUTHENTICATION]))
    assert [fault.path for fault in composer.faults] == [()]
    assert "The peer is this Connector itself." in composer.faults[0].what
    assert "The peer is this Connector itself." in html_of(composer)


def test_a_text_in_a_number_field_stays_and_is_told(sender, peer):
    form = FormFieldRequestItem(title="Age", settings=IntegerFormFieldSettings(), must_be_accepted=True)
    composer = RequestComposer(sender, peer, request=Request(items=[form]))
    composer._cards[id(composer.draft.json["items"][0])].open()
    labelled(composer._items, "Min").value = "many"
    assert labelled(composer._items, "Min").value == "many"
    assert "settings.min" in composer.faults[0].what


def test_items_are_moved_duplicated_and_removed(sender, peer):
    composer = RequestComposer(sender, peer, request=Request(items=[AUTHENTICATION, OPTIONAL]))

    def kinds():
        return [item.type_name for item in composer.request.items]

    press(composer._items, "Move down")
    assert kinds() == ["ConsentRequestItem", "AuthenticationRequestItem"]
    press(composer._items, "Duplicate", 1)
    assert kinds() == ["ConsentRequestItem", "AuthenticationRequestItem", "AuthenticationRequestItem"]
    press(composer._items, "Remove", 0)
    assert kinds() == ["AuthenticationRequestItem", "AuthenticationRequestItem"]
    press(composer._items, "Move up", 0)
    assert kinds() == ["AuthenticationRequestItem", "AuthenticationRequestItem"]


def test_attributes_and_files_are_picked_from_what_the_connector_has(sender, recipient, peer):
    name = uuid.uuid4().hex
    attribute = sender.attributes.create(DisplayName(value=name))
    file = sender.files.upload_own(b"x", datetime.now(UTC) + timedelta(days=1), filename="a.txt", title=name)
    composer = RequestComposer(sender, peer)
    for kind, what in (("ShareAttributeRequestItem", "Attribute"), ("TransferFileOwnershipRequestItem", "File")):
        composer.add(kind)
        picker = [each for each in find(composer._items, ipywidgets.Dropdown) if each.description == what][-1]
        picker.value = next(option for _, option in picker.options if name in option)
    assert composer.faults == []
    shared, transferred = composer.request.items
    assert (shared.attribute_id, transferred.file_reference) == (attribute.id, file.reference.truncated)


def test_copies_make_the_same_request(sender, peer):
    request = Request(
        title="T'\"",
        expires_at=datetime(2099, 1, 1, tzinfo=UTC),
        items=[AUTHENTICATION, RequestItemGroup(items=[OPTIONAL])],
    )
    draft = RequestDraft(request)
    assert Request.model_validate(json.loads(draft.as_json())) == request
    scope = {}
    exec(draft.as_python(), scope)
    assert scope["request"] == request
    import shlex

    command = shlex.split(draft.as_curl("http://localhost", peer).replace("\\\n", ""))
    assert json.loads(command[-1]) == {"content": request.model_dump(), "peer": peer}
    assert json.dumps(peer) in draft.as_typescript("http://localhost", peer)


def test_100_items_and_long_titles(sender, peer):
    items = [AuthenticationRequestItem(title=f"Item {n}", must_be_accepted=True) for n in range(100)]
    composer = RequestComposer(sender, peer, request=Request(items=items))
    assert composer.faults == []
    composer._cards[id(composer.draft.json["items"][99])].open()
    labelled(composer._items, "Title *").value = "x" * 10_000
    assert [fault.path for fault in composer.faults] == [(99,)]
    assert labelled(composer._items, "Title *").value == "x" * 10_000


@pytest.mark.parametrize("kind", NEW)
def test_what_a_new_item_begins_with_is_of_its_kind(kind):
    draft = RequestDraft()
    draft.add(kind)
    assert draft.json["items"][0]["@type"] == kind


# --- deciding


def test_a_required_item_is_chosen_an_optional_one_must_be(incoming, recipient, sender):
    request = incoming(AUTHENTICATION, RequestItemGroup(items=[OPTIONAL]))
    form = DecisionForm(recipient, request)
    assert "Not decided yet" in form._cards[(1, 0)]._fault.value
    assert form._decide.disabled
    find(form._cards[(1, 0)].widget, ipywidgets.ToggleButtons)[0].value = "reject"
    assert "can be accepted like this" in form._state.value
    press(form, "Decide")
    assert form.request.status == "Decided"
    done = wait_for_status(sender.requests.outgoing, request.id, "Completed", sync=sender)
    assert [item.result for item in done.response.content.items[1].items] == ["Rejected"]
    assert form.decide().status in ("Decided", "Completed")
    assert "This Request is" in form._state.value


def test_a_required_item_that_is_rejected_is_named(incoming, recipient):
    form = DecisionForm(recipient, incoming(AUTHENTICATION))
    find(form._cards[(0,)].widget, ipywidgets.ToggleButtons)[0].value = "reject"
    assert "must be accepted" in form._cards[(0,)]._fault.value
    with pytest.raises(DecisionError, match="must be accepted"):
        form.decide()


def test_a_whole_request_is_rejected(incoming, recipient, sender):
    request = incoming(AUTHENTICATION, OPTIONAL)
    form = DecisionForm(recipient, request)
    form.reject_all(code="not.now", message="Not now.")
    assert "can be rejected like this" in form._state.value
    form.decide()
    done = wait_for_status(sender.requests.outgoing, request.id, "Completed", sync=sender)
    assert [item.code for item in done.response.content.items] == ["not.now"] * 2


FIELDS = [
    (IntegerFormFieldSettings(min=1, max=3), "Answer *", "text", "2", 2),
    (DateFormFieldSettings(), "Answer *", "tomorrow", "2030-01-31", "2030-01-31"),
]


@pytest.mark.parametrize(("settings", "words", "wrong", "right", "expected"), FIELDS)
def test_an_answer_of_a_field_is_checked_and_kept(incoming, recipient, settings, words, wrong, right, expected):
    form = DecisionForm(recipient, incoming(FormFieldRequestItem(title="x", settings=settings, must_be_accepted=True)))
    labelled(form, words).value = wrong
    assert "needs" in form._cards[(0,)]._fault.value
    assert labelled(form, words).value == wrong
    labelled(form, words).value = right
    assert form._cards[(0,)]._fault.value == ""
    assert form.decision.model_dump() == {"items": [{"accept": True, "response": expected}]}
    form.accept(0, response=expected)
    assert form.decision.model_dump() == {"items": [{"accept": True, "response": expected}]}


def test_a_query_is_answered_with_a_new_value_and_with_an_existing_one(incoming, recipient, peer):
    query = IdentityAttributeQuery(value_type="DisplayName")
    request = incoming(ReadAttributeRequestItem(query=query, must_be_accepted=True))
    existing = recipient.attributes.create(DisplayName(value=uuid.uuid4().hex))
    form = DecisionForm(recipient, request)
    source = labelled(form, "Answer with")
    source.value = existing.id
    assert form.decision.model_dump()["items"] == [{"accept": True, "existingAttributeId": existing.id}]
    source.value = ""
    labelled(form, "Value *").value = "New"
    (item,) = form.decision.model_dump()["items"]
    assert item["newAttribute"] == IdentityAttribute(owner=peer, value=DisplayName(value="New")).model_dump()
    labelled(form, "Value *").value = "🙂"
    assert "DIN 91379" in form._cards[(0,)]._fault.value


def test_a_proposal_can_be_corrected(incoming, recipient, peer):
    proposed = ProposeAttributeRequestItem(
        attribute=IdentityAttribute(owner="", value=DisplayName(value=uuid.uuid4().hex)),
        query=IdentityAttributeQuery(value_type="DisplayName"),
        must_be_accepted=True,
    )
    form = DecisionForm(recipient, incoming(proposed))
    labelled(form, "Value *").value = "Corrected"
    (item,) = form.decision.model_dump()["items"]
    assert item["attribute"]["value"]["value"] == "Corrected"
    assert form.decide().status == "Decided"


def test_a_request_that_was_decided_elsewhere_is_told(incoming, recipient):
    request = incoming(AUTHENTICATION)
    form = DecisionForm(recipient, request)
    recipient.requests.incoming.reject(request.id, [{"accept": False}])
    assert form.decide().response.content.result == "Rejected"
    assert "Rejected" in form._state.value
    assert form._decide.disabled


def test_an_expired_request_is_told(incoming, recipient):
    from tests.conftest import until

    request = incoming(AUTHENTICATION, expires_at=datetime.now(UTC) + timedelta(seconds=2))
    form = DecisionForm(recipient, request)
    until(lambda: datetime.now(UTC) > request.content.expires_at)
    press(form, "Decide")
    assert form.request.status == "Expired"
    assert "Expired" in form._state.value


# --- views


def test_what_a_peer_wrote_is_text_and_nothing_else(incoming, recipient, sender):
    request = incoming(AuthenticationRequestItem(title=EVIL[:60], must_be_accepted=True), title=EVIL, description=EVIL)
    form = DecisionForm(recipient, request)
    form.reject_all(message=EVIL)
    form.decide()
    done = wait_for_status(sender.requests.outgoing, request.id, "Completed", sync=sender)
    with Journal(sender, recipient) as journal:
        sender.requests.outgoing.get(request.id)
        recipient.requests.incoming.get(request.id)
        shown = [form, ResponseView(done), StepView(journal), Journey(journal), Exchanges(journal.exchanges)]
        pieces = [html_of(each) for each in shown]
    pieces += [each.value for each in find(form, ipywidgets.HTML)]
    for piece in pieces:
        assert "<script" not in piece
        assert "<img" not in piece
        assert "\x07" not in piece
    assert "&lt;script&gt;" in pieces[0]


def test_the_journey_tells_both_sides(sender, recipient, peer):
    with Journal(sender, recipient) as journal:
        created = sender.requests.outgoing.create(Request(items=[AUTHENTICATION]), peer)
        message = sender.messages.send(peer, created.content)
        wait_for_status(sender.requests.outgoing, created.id, "Open")
        request = wait_for_request(recipient, message.id)
        recipient.requests.incoming.accept(request.id, [{"accept": True}])
        wait_for_status(recipient.requests.incoming, request.id, "Completed")
        wait_for_status(sender.requests.outgoing, created.id, "Completed", sync=sender)
        journey = Journey(journal, created.id)
    told = [(each.side, each.kind, each.text) for each in journey.events if each.kind != "call"]
    of_sender = [(kind, words) for side, kind, words in told if side == "sender" and kind != "sync"]
    of_recipient = [(kind, words) for side, kind, words in told if side == "recipient" and kind != "sync"]
    assert of_sender == [
        ("status", "Draft"),
        ("message", "Message with a Request"),
        ("status", "Open"),
        ("status", "Completed"),
    ]
    assert of_recipient == [
        ("status", "ManualDecisionRequired"),
        ("status", "Decided"),
        ("message", "Message with the Response"),
        ("status", "Completed"),
    ]
    html = html_of(journey)
    assert html.count("<svg") == 1
    assert "Message with the Response" in html
    assert "Completed" in str(journey)


def test_an_empty_journey_says_so():
    assert "Nothing has happened yet" in html_of(Journey(Journal()))


def test_the_backbone_has_cipher_text_only(network, sender, recipient, peer):
    secret = uuid.uuid4().hex
    request = Request(items=[AuthenticationRequestItem(title=secret, must_be_accepted=True)])
    message = sender.messages.send(peer, sender.requests.outgoing.create(request, peer).content)
    both = Network(sender, recipient, network)
    before = Curtain(both, message.id)
    assert "has not synchronised yet" in str(before)
    assert secret not in before.stored.body
    assert list(before.stored.sealed_keys) == [peer]
    assert secret in html_of(before)
    wait_for_request(recipient, message.id)
    assert html_of(Curtain(both, message.id)).count(secret) == 2
    assert "Only the local network" in html_of(Curtain(Network(sender, recipient), message.id))


def test_the_status_of_the_network_when_all_is_well_and_when_it_is_gone(tmp_path):
    from enmeshed_nb import connect
    from enmeshed_nb.localnet import stop

    connected = connect(tmp_path / "network")
    status = NetworkStatus(connected)
    assert [part.state for part in status.report.parts] == ["healthy"] * 3
    assert str(tmp_path) in html_of(status)
    stop(tmp_path / "network")
    gone = NetworkStatus(connected)
    assert [part.state for part in gone.report.parts] == ["down"] * 3
    assert "run connect()" in html_of(gone)
    connected.close()


def test_widgets_have_a_form_without_a_kernel(sender, peer, incoming, recipient):
    for widget in (
        PeerChooser(sender),
        RequestComposer(sender, peer, request=Request(items=[AUTHENTICATION])),
        DecisionForm(recipient, incoming(AUTHENTICATION)),
    ):
        bundle = widget._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
        assert "<svg" not in bundle["text/html"]
        assert bundle["text/plain"] == repr(widget)
