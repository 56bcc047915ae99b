"""All notebooks on one network, in random order: killed in the middle, by papermill with other values, by nbval."""

import json
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from enmeshed_nb import connect
from enmeshed_nb.connector import Connector
from enmeshed_nb.guide.exercises import TASKS
from tests.conftest import closed_port, connectors_of, up
from tests.notebooks.conftest import NOTEBOOKS, compare, in_random_order, run

DIE = f"import os\nos.kill(os.getpid(), {int(signal.SIGKILL)})"

pytestmark = pytest.mark.timeout(1000)


class Varied(NamedTuple):
    """What came of the notebooks with other parameters than their own, and their exercises solved."""

    said: str
    connectors: dict[str, Connector]
    data_dir: Path
    home: Path
    port: int

    def __getattr__(self, name: str) -> Connector:
        return self.connectors[name]


@pytest.fixture(scope="module")
def used_dir(data_dir, tmp_path_factory) -> Path:
    """The folder of a network on which kernels died in the middle of every notebook, two at a time."""
    folder = tmp_path_factory.mktemp("halves")
    for path in NOTEBOOKS.values():
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[len(notebook.cells) // 2 :] = [new_code_cell(DIE)]
        nbformat.write(notebook, folder / path.name)
    names = sorted(folder.glob("*.ipynb"))
    died: list[str] = []
    threads = [
        threading.Thread(target=lambda part=part: died.append(run(*part, data_dir=data_dir, out=folder / "out").stdout))
        for part in (names[::2], names[1::2])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(said.count("✘ failed") for said in died) == len(NOTEBOOKS), died
    copies = [nbformat.read(path, as_version=4) for path in (folder / "out").glob("*.ipynb")]
    failures = [each for copy in copies for cell in copy.cells for each in cell.get("outputs", []) if "ename" in each]
    assert (len(copies), failures) == (len(NOTEBOOKS), []), "no cell failed: the kernels died"
    return data_dir


@pytest.fixture(scope="module")
def varied(used_dir, tmp_path_factory) -> Iterator[Varied]:
    """All notebooks, each with other parameters than its own, and told to solve its exercises."""
    folder = tmp_path_factory.mktemp("varied")
    home, port = folder / "home", closed_port()
    parameters: dict[str, Any] = {
        "greeting": "Good morning.",
        "title": "Really you?",
        "decision": "reject",
        "lifetime_minutes": 5,
        "rating": 2,
        "reason": "Because.",
        "terms": "I agree to it all.",
        "newsletter": "Write me.",
        "accept_newsletter": True,
        "consent": "I do.",
        "withdraw": False,
        "question": "Is it yours?",
        "valid_minutes": 7,
        "name": "Grace",
        "correction": "Hopper",
        "text": "Other words.",
        "filename": "note.txt",
        "transfer": False,
        "answer": "reject",
        "listener_port": port,
        "send_mail": True,
        "subject": "A test",
        "valid_days": 3,
        "people": 4,
        "tour": "summit",
        "lifetime_days": 5,
        "pin": "12345678",
        "number": "0815",
        "share": "home",
        "matter": "Paint the bridge?",
        "needed": 3,
        "grace_days": 5,
        "folder": home,
        "timeout": 20,
        "solve": "true",
    }
    given = [str(word) for name, value in parameters.items() for word in ("-p", name, value)]
    done = run(*in_random_order(), *given, "--junit", folder / "junit.xml", data_dir=used_dir, out=folder / "out")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    connectors = connectors_of(up(used_dir))
    yield Varied(done.stdout, connectors, used_dir, home, port)
    for connector in connectors.values():
        connector.close()


def test_all_succeed_and_that_is_reported(varied):
    assert f"{len(NOTEBOOKS)} of {len(NOTEBOOKS)} notebooks succeeded" in varied.said
    for word in ("Draft", "Open", "ManualDecisionRequired", "Decided", "Completed", "Accepted", "Rejected"):
        assert word in varied.said
    junit = (varied.home.parent / "junit.xml").read_text()
    assert f'tests="{len(NOTEBOOKS)}" failures="0"' in junit


def test_each_lesson_solves_its_exercises_when_it_is_told_to(varied):
    shown = "".join((varied.home.parent / "out" / path.name).read_text() for path in NOTEBOOKS.values())
    assert re.findall(r"Exercise (\d\d-[a-z]): done", shown) == list(TASKS)
    with closing(connect(varied.data_dir)) as network:
        assert [name for name in network.progress if network.progress.get(name).done] == list(TASKS)


def sent_with(connector: Connector, **properties: str) -> list[Any]:
    """Return the outgoing Requests of which an item has these properties."""
    requests = connector.requests.outgoing.list()
    return [each for each in requests if any(vars(item).items() >= properties.items() for item in each.content.items)]


def subjects(connector: Connector) -> list[str]:
    return [getattr(message.content, "subject", "") for message in connector.messages.list()]


def results(request: Any) -> list[str]:
    return [item.result for item in request.response.content.items]


def test_00_the_greeting_arrives(varied):
    assert "Good morning." in subjects(varied.recipient)


def test_01_the_newcomer_rejects_and_remains_unknown(varied):
    incoming = varied.newcomer.requests.incoming.list()
    asked = [each for each in incoming if each.content.items[0].title == "Really you?"]
    assert [each.response.content.result for each in asked] == ["Rejected"]
    peer = varied.newcomer.account.identity_info().address
    assert not varied.sender.relationships.list(peer=peer, status="Active")
    lifetimes = [each.expires_at - each.created_at for each in varied.sender.relationship_templates.list_own()]
    assert [each for each in lifetimes if each <= timedelta(minutes=5)]


def test_02_the_decision_comes_out_at_both_sides(varied):
    asked = [each for each in sent_with(varied.sender, title="Really you?") if each.response]
    refused = [each for each in asked if getattr(each.response.content.items[0], "code", "") == "not.now"]
    (other,) = list(sent_with(varied.sender, title="Another one.")[-1:])
    assert [each.response.content.result for each in (*refused, other)] == ["Rejected", "Accepted"]
    received = varied.recipient.requests.incoming.get(refused[0].id)
    assert (received.status, received.response.content.result) == ("Completed", "Rejected")


def test_03_the_answers_are_the_recipients(varied):
    asked = [each for each in sent_with(varied.sender, title="Really you?") if each.response]
    reasons = [getattr(each.response.content.items[0], "message", "") for each in asked]
    assert "Because." in reasons
    rated = [each for each in sent_with(varied.sender, title="How did you like it?") if "Accepted" in results(each)]
    assert sorted(each.response.content.items[2].response for each in rated)[0] == 2


def test_04_the_second_consent_is_given(varied):
    by_hand, by_program, checked = sent_with(varied.sender, consent="I agree to it all.")
    assert by_hand.content.items[1].consent == "Write me."
    assert results(by_hand) == results(by_program) == ["Accepted", "Accepted"]
    assert varied.recipient.requests.incoming.get(checked.id).response.content.result == "Rejected"


def test_05_a_consent_that_is_not_withdrawn_stays(varied):
    for connector in (varied.sender, varied.recipient):
        given = [each for each in connector.attributes.list() if getattr(each.content.value, "consent", "") == "I do."]
        assert [each.deletion_info for each in given] == [None, None]  # by hand, and by program


def test_06_the_question_is_rejected_and_runs_out_when_told(varied):
    asked = [each for each in sent_with(varied.sender, title="Is it yours?") if each.status == "Completed"]
    assert [each.response.content.items[0].code for each in asked] == ["not.me", "not.me"]
    assert timedelta(minutes=6) < asked[0].content.expires_at - asked[0].created_at <= timedelta(minutes=7)


def test_07_names_are_the_recipients(varied):
    known = [str(getattr(each.content.value, "value", "")) for each in varied.sender.attributes.list()]
    assert any(value.startswith("Grace-") for value in known)
    assert any(value.startswith("Hopper-") for value in known)


def test_08_who_rejects_the_file_does_not_own_it(varied):
    (own,) = varied.sender.files.list_own(filename="note.txt")
    assert varied.sender.files.download(own.id) == b"Other words."
    assert not varied.recipient.files.get(own.id).is_own


def test_09_the_mistakes_are_made_with_other_words(varied):
    optional = list(sent_with(varied.sender, title="Really you?", must_be_accepted=False))
    assert [each.response.content.result for each in optional] == ["Accepted"] * 3
    assert results(optional[0]) == ["Rejected"]


def test_10_the_rule_rejects_and_the_listener_has_its_port(varied):
    decided = [each for each in varied.automated.requests.incoming.list() if each.was_automatically_decided]
    rejected = [each for each in decided if each.response.content.result == "Rejected"]
    assert [each.response.content.items[0].code for each in rejected] == ["no.thanks"]
    settings = json.loads((varied.data_dir / "settings.json").read_text())
    (webhook,) = settings["connectors"]["automated"]["config"]["modules"]["webhooks"]["webhooks"]
    assert webhook["target"]["url"] == f"http://127.0.0.1:{varied.port}"


def test_11_the_mail_is_sent_when_asked_for(varied):
    assert "A test" in subjects(varied.recipient)
    assert "A test of our Connectors" not in subjects(varied.recipient)  # by default nothing is sent


def test_12_the_program_asks_what_it_is_told(varied):
    (asked,) = list(sent_with(varied.sender, consent="I do."))
    assert results(asked) == ["Accepted"]
    assert sorted(path.name for path in varied.home.glob("*.py")) == ["consent.py", "test_consent.py"]


def shown(varied: Varied, name: str) -> list[str]:
    """Return what a notebook showed, as text; those with a network of their own leave nothing else."""
    stored = nbformat.read(varied.home.parent / "out" / NOTEBOOKS[name].name, as_version=4)
    outputs = [output for cell in stored.cells for output in cell.get("outputs", [])]
    return [output.data["text/plain"] if "data" in output else output.text for output in outputs]


def test_13_the_request_is_rejected_and_all_three_expire(varied):
    texts = shown(varied, "13")
    assert any(text.startswith("Request REQ") and "Response: Rejected" in text for text in texts)
    assert "['Expired', 'Expired', 'Expired']" in texts


def test_14_the_form_is_filled_in_as_it_is_set(varied):
    asked = [each for each in sent_with(varied.sender, title="How many of you come?") if "Accepted" in results(each)]
    answers = [[getattr(item, "response", None) for item in each.response.content.items] for each in asked]
    assert [(given[1], given[6]) for given in answers].count((4, "summit")) == 2  # by hand, and by program


def test_15_the_reference_tells_how_long_the_pin_is(varied):
    assert "'pin8'" in shown(varied, "15")


def test_16_the_partner_gets_the_number_and_the_sender_the_address_at_home(varied):
    numbers = varied.partner.attributes.list({"content.value.@type": "ProprietaryString"})
    assert [each.content.value.value for each in numbers].count("0815") == 1
    addresses = varied.sender.attributes.list({"content.value.@type": "EMailAddress"})
    assert [each for each in addresses if each.content.value.value.endswith("@home.example")]


def test_17_one_of_three_rejects(varied):
    by_hand, *asked = sent_with(varied.sender, title="Paint the bridge?")
    assert [results(each) for each in (by_hand, *asked)] == [["Accepted"], ["Rejected"], ["Accepted"], ["Accepted"]]
    assert "'2 of 3 accept, 3 are needed'" in shown(varied, "17")


def test_18_the_identity_is_gone_after_five_days(varied):
    texts = shown(varied, "18")
    assert "('Active', 5)" in texts
    assert "'DecompositionDueToIdentityDeletion'" in texts


def test_the_playground_plays_it_through_as_it_is_set(varied):
    last = shown(varied, "playground")[-1]
    assert "“Really you?”" in last
    assert "It is over: the Request was rejected." in last


def test_all_show_the_same_again_in_random_order(varied):
    with closing(connect(varied.data_dir)) as network:
        network.progress.reset()  # what was done for an exercise before it began does not count
    order = in_random_order()
    compared = compare(varied.data_dir, *order)
    assert compared.returncode == 0, f"{[path.name[:2] for path in order]}\n{compared.stdout[-6000:]}"


def test_each_wrong_stored_output_is_noticed(used_dir, tmp_path):
    alterations = [
        ("02", "StepView(journal)", "GET /Relationships", "GET /Messages"),
        ("02", "StepView(journal)", "cannotShareRequestWithYourself", "missingRelationship"),
        ("02", "StepView(journal, created.id)", '"status": "Decided"', '"status": "Open"'),
        ("02", "StepView(journal, other.id)", '"result": "Rejected"', '"result": "Accepted"'),
        ("02", "ResponseView(completed)", "Response: Accepted", "Response: Rejected"),
        ("02", "when_fetched.compare(", "ManualDecisionRequired", "Decided"),
        ("09", "answered.status", "['Rejected']", "['Rejected', 'Rejected']"),
    ]
    expected = set()
    for number in ("02", "09"):
        notebook = nbformat.read(NOTEBOOKS[number], as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for _, source, shown, other in (each for each in alterations if each[0] == number):
            before, after = (json.dumps(text)[1:-1] for text in (shown, other))
            index = next(
                index for index, cell in enumerate(code) if source in cell.source and before in json.dumps(cell.outputs)
            )
            altered = json.dumps(code[index].outputs).replace(before, after)
            code[index].outputs = [nbformat.from_dict(output) for output in json.loads(altered)]
            expected.add((NOTEBOOKS[number].name, index))
        nbformat.write(notebook, tmp_path / NOTEBOOKS[number].name)
    assert len(expected) == len(alterations)
    compared = compare(used_dir, *sorted(tmp_path.glob("*.ipynb")))
    failed = re.findall(r"^FAILED \S*?([\w-]+\.ipynb)::Cell (\d+)", compared.stdout, re.MULTILINE)
    assert {(name, int(index)) for name, index in failed} == expected
