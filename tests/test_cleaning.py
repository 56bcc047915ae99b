"""What was created at own Connectors is in the ledger, and `enmeshed-nb clean` deletes that and nothing else."""

import secrets
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enmeshed_nb import connect
from enmeshed_nb.cleaning import delete_all, plan
from enmeshed_nb.connector import Connector, NotFound
from enmeshed_nb.content import (
    ArbitraryRelationshipTemplateContent,
    ConsentRequestItem,
    CreateAttributeRequestItem,
    GivenName,
    ProprietaryString,
    RelationshipAttribute,
    Request,
)
from enmeshed_nb.guide import accept_all, ask
from enmeshed_nb.ledger import Entry, Ledger
from enmeshed_nb.localnet import NetworkFaults
from enmeshed_nb.localnet.faults import Status
from enmeshed_nb.localnet.settings import Folder
from tests import strange_servers as servers
from tests.conftest import enmeshed_nb


@pytest.fixture
def variables(network, tmp_path, monkeypatch):
    """What names the network's Connectors as own ones; they are named in this process, too."""
    monkeypatch.chdir(tmp_path)
    named = {"ENMESHED_NB_DATA_DIR": str(tmp_path / "data")}
    for name in ("sender", "recipient"):
        state = network.state.connector(name)
        named |= {f"ENMESHED_NB_{name.upper()}_URL": state.url, f"ENMESHED_NB_{name.upper()}_API_KEY": state.api_key}
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    return named


@pytest.fixture
def own(variables, sender, recipient):
    """The Connectors as `connect()` gives them: what they create is in the ledger."""
    with closing(connect()) as connected:
        yield connected


@pytest.fixture
def ledger(tmp_path):
    return Ledger(Folder(tmp_path / "data").ledger)


def upload(connector, title):
    return connector.files.upload_own(b"x", soon(), filename="a.txt", title=title)


def soon():
    return datetime.now(UTC) + timedelta(hours=1)


def there(look, found_id):
    try:
        look(found_id)
    except NotFound:
        return False
    return True


def test_what_was_created_is_deleted_and_nothing_else(own, ledger, variables, sender, recipient):
    before = sender.attributes.create(GivenName(value=f"Ada {secrets.token_hex(4)}"))
    file_before = upload(sender, "Was there before")
    unchanged = sender.identity_metadata.upsert(f"{own.address('recipient')}", "mine", "before")
    assert not ledger.path.exists()

    file = upload(own.sender, "Made by the run\x1b[31m")
    first = own.sender.attributes.create(GivenName(value=f"Bob {secrets.token_hex(4)}"))
    second = own.sender.attributes.succeed(first.id, GivenName(value=f"Bo {secrets.token_hex(4)}")).successor
    newer = own.sender.attributes.succeed(before.id, GivenName(value=f"A. {secrets.token_hex(4)}")).successor
    note = own.sender.identity_metadata.upsert(own.address("recipient"), {"a": 1}, "run")
    over = own.sender.identity_metadata.upsert(own.address("recipient"), {"a": 1}, "overwritten")
    sender.identity_metadata.upsert(own.address("recipient"), "by somebody else", "overwritten")
    template = own.sender.relationship_templates.create_own(ArbitraryRelationshipTemplateContent(value={}), soon())
    token = own.sender.files.create_token(file.id)
    value = ProprietaryString(title="Member", value="Gold")
    attribute = RelationshipAttribute(
        owner="", key=f"member-{secrets.token_hex(4)}", confidentiality="private", value=value
    )
    offer = CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)
    answered = ask(own.sender, own.recipient, Request(items=[offer]), accept_all)
    (given,) = [each.attribute_id for each in answered.response.content.items]

    shown = enmeshed_nb("clean", "--dry-run", **variables)
    assert shown.returncode == 0, shown.stderr
    assert f"delete File {file.id} (Made by the run\\u001b[31m)" in shown.stdout
    assert "stays: 1 Token, 1 RelationshipTemplate: a Connector 7.0.0 cannot delete them" in shown.stdout
    assert "1 Message: the API deletes no Messages" in shown.stdout
    assert "1 Request: the API deletes no Requests" in shown.stdout
    assert "1 Attribute: they are versions of Attributes that were there before" in shown.stdout
    assert "1 IdentityMetadata: somebody has written something else there since" in shown.stdout
    for untouched in (before.id, file_before.id, newer.id):
        assert untouched not in shown.stdout
    assert f"Sender ({own.sender.url})\n" in shown.stdout
    assert f"Recipient ({own.recipient.url})\n  delete Attribute {given} (ProprietaryString)" in shown.stdout

    refused = enmeshed_nb("clean", **variables)  # nobody answers the question
    assert refused.returncode == 1
    assert "Delete these 5 for good?" in refused.stdout
    assert there(sender.files.get, file.id)

    cleaned = enmeshed_nb("clean", "--yes", **variables)
    assert (cleaned.returncode, cleaned.stdout.splitlines()[-1]) == (0, "5 of 5 deleted.")
    assert not there(sender.files.get, file.id)
    assert not any(there(sender.attributes.get, each.id) for each in (first, second))
    assert not there(recipient.attributes.get, given)
    assert there(sender.files.get, file_before.id)
    assert all(there(sender.attributes.get, each.id) for each in (before, newer))
    assert sender.identity_metadata.get(unchanged.reference, "before").value == "mine"
    assert sender.identity_metadata.get(over.reference, over.key).value == "by somebody else"
    assert note.key not in [entry.key for entry in ledger.entries()]
    assert there(sender.relationship_templates.get, template.id)
    assert there(sender.tokens.get, token.id)

    again = enmeshed_nb("clean", "--yes", **variables)
    assert again.returncode == 0
    assert "delete " not in again.stdout.replace("cannot delete", "")
    assert "stays: 1 Token, 1 RelationshipTemplate" in again.stdout


def test_an_attribute_with_which_a_request_was_accepted_stays(own, ledger, sender, recipient):
    """The same value was there before: accepting used it, and did not create it."""
    value = GivenName(value=f"Ada {secrets.token_hex(4)}")
    before = recipient.attributes.create(value)
    ledger.path.parent.mkdir()
    ledger.record(_accepted(own.recipient, before.id, datetime.now(UTC)))
    planned = plan(own.recipient, ledger)
    assert not planned.deletes
    assert list(planned.stays) == ["they were there before; a Request was accepted with them"]
    assert there(recipient.attributes.get, before.id)


def _accepted(connector, attribute_id, created_at):
    """Return the exchange by which a Request was accepted with an Attribute, in a group."""
    from enmeshed_nb.connector import Exchange

    items = [{"@type": "ResponseItemGroup", "items": [{"result": "Accepted", "attributeId": attribute_id}]}]
    result = {"id": "REQ1", "createdAt": created_at.isoformat(), "response": {"content": {"items": items}}}
    path = "/api/core/v1/Requests/Incoming/REQ1/Accept"
    return Exchange("recipient", "PUT", path, (), 200, 0.1, {}, {"result": result}, url=connector.url)


def test_what_a_newer_connector_can_delete_is_deleted(own, ledger, variables, sender):
    template = own.sender.relationship_templates.create_own(ArbitraryRelationshipTemplateContent(value={}), soon())
    token = own.sender.tokens.create_own({"a": 1}, soon())
    own.sender.tokens.create_own({"a": 2}, soon(), ephemeral=True)
    assert [entry.kind for entry in ledger.entries()] == ["RelationshipTemplate", "Token"]
    with servers.answering(servers.before(own.sender.url, servers.of_version("7.4.6"))) as port:
        url = f"http://{servers.HOST}:{port}"
        elsewhere = Ledger(ledger.path.with_name("elsewhere"))
        for entry in ledger.entries():
            elsewhere._append({"created": {"kind": entry.kind, "id": entry.id, "url": url}})
        with Connector(url, variables["ENMESHED_NB_SENDER_API_KEY"], name="sender") as newer:
            planned = plan(newer, elsewhere)
            assert [found.entry.kind for found in planned.deletes] == ["Token", "RelationshipTemplate"]
            assert [error for _, error in delete_all([planned], elsewhere)] == [None, None]
    assert not there(sender.tokens.get, token.id)
    assert not there(sender.relationship_templates.get, template.id)
    assert not elsewhere.entries()


def test_an_interrupted_clean_goes_on(own, ledger, sender):
    files = [upload(own.sender, f"File {number}") for number in range(3)]
    deleting = delete_all([plan(own.sender, ledger)], ledger)
    assert next(deleting)[1] is None
    deleting.close()  # as Ctrl-C does
    assert [there(sender.files.get, each.id) for each in files] == [False, True, True]
    sender.files.delete(files[2].id)  # and somebody deletes another one
    planned = plan(own.sender, ledger)
    assert [found.entry.id for found in planned.deletes] == [files[1].id]
    sender.files.delete(files[1].id)  # after we have looked
    assert [error for _, error in delete_all([planned], ledger)] == [None]
    assert not plan(own.sender, ledger).deletes


def test_what_cannot_be_deleted_now_is_said_and_the_rest_goes_on(network, own, variables, sender):
    files = [upload(own.sender, f"File {number}") for number in range(2)]
    fault = Status(connector="sender", route=f"DELETE /Files/{files[1].id}", status=503)
    with NetworkFaults(network.state.data_dir).inject(fault):
        cleaned = enmeshed_nb("clean", "--yes", **variables)
    assert cleaned.returncode == 1
    assert f"File {files[1].id} (File 1) was not deleted: 503" in cleaned.stderr
    assert cleaned.stdout.endswith("1 of 2 deleted.\n")
    assert enmeshed_nb("clean", "--yes", **variables).stdout.endswith("1 of 1 deleted.\n")
    assert not any(there(sender.files.get, each.id) for each in files)
    assert enmeshed_nb("clean", "--yes", **variables).stdout.startswith("Nothing was created there")


def test_what_was_deleted_again_is_not_in_the_ledger(own, ledger):
    file = upload(own.sender, "For a moment")
    assert [entry.id for entry in ledger.entries()] == [file.id]
    own.sender.files.delete(file.id)
    assert not ledger.entries()
    assert (ledger.path.stat().st_mode & 0o777) == 0o600


def test_a_line_that_was_cut_off_or_says_what_we_do_not_know_spoils_no_other(ledger):
    first, second = (Entry("File", name, "http://a") for name in ("FIL1", "FIL2"))
    for number, entry in enumerate((first, second)):
        ledger.path.parent.mkdir(exist_ok=True)
        ledger._append({"created": {"kind": entry.kind, "id": entry.id, "url": entry.url}})
        if number == 0:
            with ledger.path.open("a") as file:
                file.write('{"created": {"kind": "Device", "id": "DVC1", "url": "http://a"}}\n')
                file.write('[]\n{"created": {"kind": ["File"], "id": "FIL3"}}\n{"created": {"kind": "Fi')
    assert ledger.entries() == [first, second]
    ledger.forget(first)
    assert ledger.entries() == [second]


def test_a_ledger_that_cannot_be_written_stops_no_call(own, ledger, sender):
    ledger.path.parent.mkdir()
    ledger.path.mkdir()
    with pytest.warns(UserWarning, match="cannot be written: Is a directory"):
        file = upload(own.sender, "Done nevertheless")
    assert there(sender.files.get, file.id)


def test_others_are_named_and_left_alone(own, ledger, variables):
    ledger.path.parent.mkdir()
    ledger._append({"created": {"kind": "File", "id": "FIL1", "url": "http://other.example"}})
    shown = enmeshed_nb("clean", "--yes", **variables)
    assert shown.stdout == "Something was created at http://other.example, too: name that Connector to clean it.\n"
    assert len(ledger.entries()) == 1


def test_without_own_connectors_there_is_nothing_to_clean(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = enmeshed_nb("clean", "--data-dir", tmp_path)
    assert refused.returncode == 1
    assert "No Connectors of your own are named" in refused.stderr


def test_local_networks_keep_no_ledger(network):
    with closing(connect(network.state.data_dir)) as connected:
        upload(connected.sender, "Local")
    assert not Folder(Path(network.state.data_dir)).ledger.exists()


def test_requests_that_were_sent_say_nothing_of_attributes(own, ledger):
    ask(
        own.sender,
        own.recipient,
        Request(items=[ConsentRequestItem(consent="Yes?", must_be_accepted=True)]),
        accept_all,
    )
    assert [entry.kind for entry in ledger.entries()] == ["Request", "Message"]
