"""Composing a Request, and what is said of it meanwhile."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from enmeshed_nb import Journal
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    CreateAttributeRequestItem,
    DisplayName,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityFileReference,
    IntegerFormFieldSettings,
    Request,
    RequestItemGroup,
    ShareAttributeRequestItem,
)
from enmeshed_nb.content.since import FIRST
from enmeshed_nb.content.versions import since_of
from enmeshed_nb.guide import ask
from enmeshed_nb.guide.draft import GROUP, KINDS
from enmeshed_nb.guide.examples import EXAMPLES
from enmeshed_nb.widgets import PeerChooser, RequestComposer
from tests.conftest import closed_port
from tests.widgets.samples import AUTHENTICATION, EVIL, OPTIONAL
from tests.widgets.seen import (
    alerts,
    choose,
    control,
    controls,
    html_of,
    options,
    part,
    pieces,
    press,
    read,
    status,
    text_of,
)


@pytest.fixture
def compose(sender, peer):
    return lambda *items: RequestComposer(sender, peer, request=Request(items=list(items)) if items else None)


def test_what_is_composed_is_the_request(compose, sender, peer):
    composer = compose()
    assert [each.what for each in composer.problems] == ["A Request needs at least one item."]
    assert "A Request needs at least one item." in status(composer)
    composer.add("AuthenticationRequestItem")
    control(composer, "Title *").value = "Who are you?"
    composer.add(GROUP)
    composer.add("ConsentRequestItem", group=1)
    assert composer.problems == []
    assert "The Request is valid" in status(composer)
    request = composer.request
    assert request.items[0].title == "Who are you?"
    assert request.items[1].items[0].consent == "I agree to the terms."
    assert sender.requests.outgoing.validate(request, peer).is_success


def test_it_is_told_for_whom_the_request_is_checked(sender, peer):
    request = Request(title="Welcome", items=[AUTHENTICATION])
    nobody = RequestComposer(sender, request=request)
    assert status(nobody) == "✔ The Request is valid (without a peer; choose one to check more)."
    assert "<address of the peer>" in read(nobody)
    assert status(RequestComposer(sender, peer, request)) == "✔ The Request is valid."
    chooser = PeerChooser(sender, names={peer: "Bo"}, address=peer)
    assert status(RequestComposer(sender, chooser, request)) == "✔ The Request is valid for Bo."
    kept = text_of(html_of(nobody))
    assert "Request: Welcome" in kept
    assert "itemwhatrequiredchecked1Is it you?Authenticationyes✔✔ The Request is valid (without" in kept
    assert [each for each in ("as JSON", "as Python", "as curl", "as TypeScript") if each not in kept] == []


def test_an_item_is_added_to_a_group_by_clicks(compose):
    composer = compose(AUTHENTICATION)
    press(composer, "Add group")
    control(composer, "New in the group").value = "ConsentRequestItem"
    press(part(composer, "2 Group"), "Add item")
    assert [item.type_name for item in composer.request.items[1].items] == ["ConsentRequestItem"]
    with pytest.raises(IndexError):
        composer.add("ConsentRequestItem", group=0)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_can_be_added_edited_and_set_from_python(sender, peer, kind):
    composer = RequestComposer(sender, peer)
    composer.add(kind)
    (before,) = composer.draft.json["items"]
    control(part(composer, "1 "), "Description").value = "for people"
    (after,) = composer.draft.json["items"]
    assert after == before | {"description": "for people"}
    again = RequestComposer(sender, peer, request={"items": [after]})
    assert again.draft.json["items"] == [after]
    since = since_of(KINDS[kind])
    if since != FIRST:  # the local network cannot run it, and says so
        ((path, what),) = again.problems
        assert path == (0,)
        assert f"{kind} (items[0]) needs {since}" in what
        return
    to_choose = kind in ("DeleteAttributeRequestItem", "ShareAttributeRequestItem", "TransferFileOwnershipRequestItem")
    assert [each.what.partition(" ")[0] for each in again.problems] == ["Choose"] * to_choose


def test_a_problem_is_shown_at_its_item_and_goes_when_it_is_cured(compose):
    composer = compose(AUTHENTICATION, OPTIONAL)
    press(composer, "2 Consent")
    words = control(composer, "Link display text")
    words.value = "Read it"
    assert {each.path for each in composer.problems} == {(1,)}
    assert alerts(part(composer, "1 Authentication")) == []
    (problem,) = alerts(part(composer, "2 Consent"))
    assert problem == "✘ Needs a link."
    assert "1 item has a problem: see there." in status(composer)
    assert str(composer).splitlines() == [
        "A Request with problems:",
        "  1 Authentication · Is it you?",
        "  2 Consent · Newsletter",
        "  ✘ 2 Link display text: Needs a link.",
    ]
    with pytest.raises(ValueError, match="linkDisplayText"):
        _ = composer.request
    assert composer.faults is composer.problems  # its old name
    words.value = ""
    assert composer.problems == alerts(composer) == []
    assert str(composer).splitlines() == [
        "A valid Request:",
        "  1 Authentication · Is it you?",
        "  2 Consent · Newsletter",
    ]


def test_what_must_be_accepted_is_marked(compose):
    composer = compose(AUTHENTICATION, OPTIONAL)
    assert control(composer, "▸ 1 Authentication · Is it you? *")
    press(composer, "▸ 2 Consent · Newsletter")
    control(composer, "Must be accepted").value = True
    assert control(composer, "▾ 2 Consent · Newsletter *")
    assert text_of(html_of(composer)).count("yes") == 2
    control(composer, "Must be accepted").value = False
    assert control(composer, "▾ 2 Consent · Newsletter").description.endswith("Newsletter")
    assert "NewsletterConsentno✔" in text_of(html_of(composer))


def test_two_items_that_are_the_same_are_two(compose):
    composer = compose(OPTIONAL, OPTIONAL)
    press(composer, "2 Consent")
    control(composer, "Link display text").value = "x"
    assert [each.path for each in composer.problems] == [(1,)]
    press(composer, "Remove", 1)
    assert composer.request.items == [OPTIONAL]


def test_what_only_the_connector_knows_is_found_too(sender, recipient):
    own = sender.account.identity_info().address
    composer = RequestComposer(sender, own, request=Request(items=[AUTHENTICATION]))
    (problem,) = composer.problems
    assert problem.path == ()
    assert problem.what.startswith("The peer is this Connector itself. Use the address of the other one. (")
    assert "The peer is this Connector itself." in status(composer)
    assert "The peer is this Connector itself." in html_of(composer)


def test_a_text_in_a_number_field_stays_and_is_told(compose):
    composer = compose(FormFieldRequestItem(title="Age", settings=IntegerFormFieldSettings(), must_be_accepted=True))
    press(composer, "1 Question")
    control(composer, "Min").value = "many"
    assert control(composer, "Min").value == "many"
    assert alerts(composer) == ["✘ Must be a whole number."]


def test_items_are_moved_duplicated_and_removed(compose):
    composer = compose(AUTHENTICATION, OPTIONAL)

    def kinds():
        return [item.type_name for item in composer.request.items]

    press(composer, "Move down")
    assert kinds() == ["ConsentRequestItem", "AuthenticationRequestItem"]
    press(composer, "Move down", 1)
    assert kinds() == ["ConsentRequestItem", "AuthenticationRequestItem"]
    press(composer, "Duplicate", 1)
    assert kinds() == ["ConsentRequestItem", "AuthenticationRequestItem", "AuthenticationRequestItem"]
    press(composer, "2 Authentication")
    control(composer, "Title *").value = "Only one of them"
    assert [item.title for item in composer.request.items[1:]] == ["Only one of them", "Is it you?"]
    press(composer, "Move up", 2)
    assert [item.title for item in composer.request.items[1:]] == ["Is it you?", "Only one of them"]
    press(composer, "Remove", 0)
    press(composer, "Move up", 0)
    assert kinds() == ["AuthenticationRequestItem", "AuthenticationRequestItem"]


def test_what_was_removed_comes_back(compose):
    composer = compose(AUTHENTICATION, OPTIONAL)
    assert controls(composer, "Undo") == []
    press(composer, "Remove", 1)
    assert composer.request.items == [AUTHENTICATION]
    press(composer, "Undo: put “Newsletter” back")
    assert composer.request.items == [AUTHENTICATION, OPTIONAL]
    assert controls(composer, "Undo") == []


def test_problems_of_the_request_itself_are_shown_at_their_fields(compose):
    composer = compose(AUTHENTICATION)
    control(composer, "Title").value = "x" * 201
    assert alerts(composer) == ["✘ Has 201 characters; at most 200 are allowed."]
    assert "Title: Has 201 characters" in status(composer)
    control(composer, "Title").value = ""
    control(composer, "Expires at").value = datetime(2000, 1, 1, tzinfo=UTC)
    assert composer.problems != []
    control(composer, "Expires at").value = later = datetime(2999, 1, 1, tzinfo=UTC)
    assert composer.request.expires_at == later
    assert alerts(composer) == []


def test_nothing_stray_is_said_of_an_empty_request(compose):
    assert status(compose()) == "✘ A Request needs at least one item."


def test_a_field_says_what_it_means(compose):
    composer = compose(OPTIONAL)
    press(composer, "1 Consent")
    assert "What to show in place of the link." in read(composer)


def test_a_file_is_uploaded_where_one_is_needed(compose, sender):
    composer = compose()
    composer.add("TransferFileOwnershipRequestItem")
    name = f"{uuid.uuid4().hex}.txt"
    uploaded = {"name": name, "type": "text/plain", "size": 6, "content": b"a file", "last_modified": datetime.now(UTC)}
    control(composer, "Upload a File").value = (uploaded,)
    (file,) = sender.files.list_own(filename=name)
    assert composer.problems == alerts(composer) == []
    assert composer.request.items[0].file_reference == file.reference.truncated
    assert sender.files.download(file.id) == b"a file"


def test_a_file_is_uploaded_to_be_the_value_of_an_attribute(compose, sender):
    value = IdentityFileReference(value="R" * 30)
    attribute = IdentityAttribute(owner="", value=value)
    composer = compose(CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True))
    press(composer, "1 Attribute")
    name = f"{uuid.uuid4().hex}.txt"
    uploaded = {"name": name, "type": "text/plain", "size": 6, "content": b"a file", "last_modified": datetime.now(UTC)}
    control(composer, "Upload a File").value = (uploaded,)
    (file,) = sender.files.list_own(filename=name)
    assert composer.request.items[0].attribute.value.value == file.reference.truncated
    assert controls(composer, "Value *")[-1].value == file.reference.truncated
    assert sender.files.download(file.id) == b"a file"
    control(composer, "Upload a File").value = ({**uploaded, "name": ""},)
    assert alerts(composer) != []  # it has no name; what was there stays
    assert controls(composer, "Value *")[-1].value == file.reference.truncated


def test_an_item_is_opened_and_folded(compose):
    composer = compose(AUTHENTICATION)
    assert controls(composer, "Title *") == []
    press(composer, "▸ 1 Authentication")
    assert control(composer, "Title *").value == "Is it you?"
    press(composer, "▾ 1 Authentication")
    assert controls(composer, "Title *") == []
    assert "▸ 1 Authentication" in read(composer)


def test_a_whole_request_is_taken_over(compose):
    composer = compose(AUTHENTICATION)
    control(composer, "Title").value = "Welcome"
    assert composer.request == Request(title="Welcome", items=[AUTHENTICATION])
    wanted = Request(title="Other", metadata={"a": 1}, items=[RequestItemGroup(title="g", items=[OPTIONAL])])
    composer.request = wanted
    assert composer.request == wanted
    assert control(composer, "Title").value == "Other"
    control(composer, "Title").value = ""
    assert composer.request == wanted.model_copy(update={"title": None})


def test_attributes_and_files_are_picked_from_what_the_connector_has(compose, sender):
    name = uuid.uuid4().hex
    attribute = sender.attributes.create(DisplayName(value=name))
    file = sender.files.upload_own(b"x", datetime.now(UTC) + timedelta(days=1), filename="a.txt", title=name)
    composer = compose()
    for number, kind in enumerate(("ShareAttributeRequestItem", "TransferFileOwnershipRequestItem"), 1):
        composer.add(kind)
        assert "Choose the" in alerts(part(composer, f"{number} "))[0]
        choose(part(composer, f"{number} "), name)
    assert composer.problems == []
    shared, transferred = composer.request.items
    assert (shared.attribute_id, transferred.file_reference) == (attribute.id, file.reference.truncated)


def test_100_items_and_long_titles(compose):
    items = [AuthenticationRequestItem(title=f"Item {n}", must_be_accepted=True) for n in range(100)]
    composer = compose(*items)
    assert composer.problems == []
    press(composer, "100 Authentication")
    control(composer, "Title *").value = "x" * 10_000
    assert [each.path for each in composer.problems] == [(99,)]
    assert control(composer, "Title *").value == "x" * 10_000


def test_another_peer_is_checked_copied_and_asked_for_what_it_has(three):
    ada, bo, cy = three
    of_bo, of_cy = (each.account.identity_info().address for each in (bo, cy))
    name = uuid.uuid4().hex
    shared = ada.attributes.create(DisplayName(value=name))
    ask(
        ada,
        bo,
        Request(
            items=[ShareAttributeRequestItem(attribute=shared.content, attribute_id=shared.id, must_be_accepted=True)]
        ),
    )
    chooser = PeerChooser(ada, address=of_cy)
    composer = RequestComposer(ada, chooser)
    composer.add("DeleteAttributeRequestItem")
    assert "has no Attribute for this yet" in read(composer)
    assert of_cy in read(composer)
    chooser.select(of_bo)
    assert any(name in words for words in options(control(composer, "Attribute")))
    choose(composer, name)
    assert composer.problems == []
    copied = html_of(composer)
    assert of_bo in copied
    assert of_cy not in copied
    assert of_cy not in read(composer)

    (relationship,) = ada.relationships.list(peer=of_cy)
    cy.relationships.terminate(relationship.id)
    ada.account.sync()
    choose(chooser, of_cy[-4:])  # the chooser does not know yet
    assert "The Relationship with the peer has the wrong status." in status(composer)
    chooser.select(of_bo)
    assert composer.problems == []


def test_a_connector_that_does_not_answer_is_told_and_what_was_typed_stays():
    with Connector(f"http://127.0.0.1:{closed_port()}", "any", retries=0) as nobody:
        composer = RequestComposer(nobody, "did:e:x:dids:1", request=Request(items=[AUTHENTICATION]))
        assert "Check that the Connector runs" in status(composer)
        composer.add("ShareAttributeRequestItem")
        (cannot_choose, choose_first) = sorted(alerts(part(composer, "2 Attribute")), key=len, reverse=True)
        assert "Check that the Connector runs" in cannot_choose
        assert choose_first == "✘ Choose the Attribute first."
        control(part(composer, "2 Attribute"), "Description").value = "Still here"
        assert composer.draft.json["items"][1]["description"] == "Still here"


def test_one_change_is_validated_once(sender, peer):
    composer = None

    def compose():
        nonlocal composer
        composer = RequestComposer(sender, peer, request=Request(items=[AUTHENTICATION]))

    def take_over():
        composer.request = Request(items=[AUTHENTICATION, OPTIONAL])

    def set_value(words, value):
        control(composer, words).value = value

    changes = {
        "begin": compose,
        "a title": lambda: set_value("Title", "Welcome"),
        "an item from Python": lambda: composer.add("ConsentRequestItem"),
        "an item by a click": lambda: press(composer, "Add item"),
        "a text in an item": lambda: set_value("Consent *", "I agree."),
        "move": lambda: press(composer, "Move down"),
        "duplicate": lambda: press(composer, "Duplicate"),
        "remove": lambda: press(composer, "Remove", 1),
        "a whole Request": take_over,
        "another type": lambda: (press(composer, "2 Consent"), set_value("Must be accepted", value=True)),
    }
    with Journal(sender) as journal:
        calls = {}
        for name, change in changes.items():
            before = len(journal.asides)
            change()
            calls[name] = [each.path.removeprefix("/api/core/v1") for each in journal.asides[before:]]
        assert [each.what for each in composer.problems] == []
        assert calls == {name: ["/Requests/Outgoing/Validate"] for name in changes}
        press(composer, "1 Authentication")  # to look at it is no change
        press(composer, "Add group")  # that it is empty is found without asking
        assert len(journal.asides) == len(changes)


def test_another_peer_is_one_change(three):
    ada, *others = three
    addresses = [each.account.identity_info().address for each in others]
    chooser = PeerChooser(ada, address=addresses[0])
    composer = RequestComposer(ada, chooser, request=Request(items=[AUTHENTICATION]))
    with Journal(ada) as journal:
        chooser.select(addresses[1])
        (validated,) = journal.asides
        assert validated.request["peer"] == addresses[1] == composer.peer
        choose(chooser, addresses[0][-4:])
        assert [each.request["peer"] for each in journal.asides] == [addresses[1], addresses[0]]
        assert json.dumps(addresses[0]) in text_of(html_of(composer))


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.name != "Delete an Attribute"])
def test_it_starts_from_each_example_and_what_was_there_comes_back(sender, recipient, peer, example):
    with Journal(sender, recipient) as journal:
        composer = RequestComposer(sender, peer, request=Request(title="Mine", items=[AUTHENTICATION]))
        assert control(composer, "Start from it").disabled
        control(composer, "Start from").value = example
        assert example.about in read(composer)
        assert not control(composer, "Start from it").disabled
        press(composer, "Start from it")
    assert composer.problems == alerts(composer) == []
    assert "✔ The Request is valid." in status(composer)
    assert [item["@type"] for item in composer.draft.json["items"]] == [
        item["@type"] for item in example.written["items"]
    ]
    assert control(composer, "Title").value == example.written.get("title", "")
    assert journal.exchanges == ()
    started = composer.draft.json
    press(composer, "Undo: the Request before")
    assert control(composer, "Title").value == "Mine"
    assert composer.request == Request(title="Mine", items=[AUTHENTICATION])
    press(composer, "Undo: the Request before")  # nothing is lost either way
    assert composer.draft.json == started


def test_with_nothing_there_before_an_example_leaves_nothing_to_undo(compose):
    composer = compose()
    choose(composer, "E-mail verification")
    press(composer, "Start from it")
    assert "Undo" not in read(composer)
    press(part(composer, "1 Attribute"), "Remove")
    press(composer, "Undo: put")
    assert len(composer.request.items) == 2


def test_an_example_that_cannot_be_made_yet_says_what_to_do_and_changes_nothing(three):
    ada, bo, _ = three
    composer = RequestComposer(ada, bo.account.identity_info().address, Request(items=[AUTHENTICATION]))
    choose(composer, "Delete an Attribute")
    press(composer, "Start from it")
    assert "Share one first" in " ".join(alerts(composer))
    assert composer.request == Request(items=[AUTHENTICATION])
    choose(composer, "Membership form")
    assert alerts(composer) == []


def test_pasted_json_replaces_the_request_once_it_is_one_and_stays_until_then(compose):
    composer = compose(AUTHENTICATION)
    control(composer, "Start from").value = "pasted JSON"
    pasted = control(composer, "JSON")
    wrong = json.dumps({"content": {"title": "Pasted", "items": [{**OPTIONAL.model_dump(), "consent": EVIL, "a": 1}]}})
    for text, said in [
        ("", "There is nothing to read yet"),
        (wrong[:-1], "This is no JSON: line 1, character"),
        (wrong, "items[0].a: is unknown here"),
    ]:
        pasted.value = text
        press(composer, "Start from it")
        assert said in " ".join(alerts(composer))
        assert (composer.request, pasted.value) == (Request(items=[AUTHENTICATION]), text)
    pasted.value = wrong.replace(', "a": 1', "")
    press(composer, "Start from it")
    assert alerts(composer) == []
    assert (composer.request.title, composer.request.items[0].consent) == ("Pasted", EVIL)
    assert "<script>" not in "".join(pieces(composer))
    control(composer, "Start from").value = ""
    assert controls(composer, "JSON") == []
