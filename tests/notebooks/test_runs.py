"""Notebooks that were interrupted, run at once, run elsewhere, or meet a network that is not as it should be."""

import re
import secrets
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from enmeshed_nb import connect
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import ArbitraryRelationshipTemplateContent, ConsentRequestItem, GivenName, Request
from enmeshed_nb.guide import establish_relationship, send_request, wait_for_request
from enmeshed_nb.guide.exercises import TASKS
from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import connectors_of, enmeshed_nb, up
from tests.notebooks.conftest import ALONE, NOTEBOOKS, run
from tests.notebooks.test_written import code_of

GUIDE = NOTEBOOKS["02"]


NEED_A_LOCAL_NETWORK = {
    "10": "this lesson configures Connectors, which only a local network lets it do",
    "18": "more of them can only be had on the local network",
}
"""What lessons say that can do nothing with own Connectors, before they do anything."""
WITH_EXERCISES = {task.partition("-")[0] for task in TASKS}
HALVES = [[number for number in sorted(NOTEBOOKS) if number not in NEED_A_LOCAL_NETWORK][half::2] for half in (0, 1)]


def as_own(sender: Connector, recipient: Connector, state: dict[str, Any], folder: Path) -> dict[str, str]:
    """Return the variables that name two Connectors of a network that was started elsewhere."""
    keys = {each["url"]: each["apiKey"] for each in state["connectors"]}
    return {
        "ENMESHED_NB_SENDER_URL": sender.url,
        "ENMESHED_NB_SENDER_API_KEY": keys[sender.url],
        "ENMESHED_NB_RECIPIENT_URL": recipient.url,
        "ENMESHED_NB_RECIPIENT_API_KEY": keys[recipient.url],
        "ENMESHED_NB_DATA_DIR": str(folder),
    }


class Before:
    """What two Connectors had before the lessons, which must be there as it was when they are through."""

    def __init__(self, sender: Connector, recipient: Connector) -> None:
        self._sides = (sender, recipient)
        soon = datetime.now(UTC) + timedelta(days=1)
        establish_relationship(sender, recipient)
        for side in self._sides:
            side.attributes.create(GivenName(value=f"Ada {secrets.token_hex(4)}"))
            side.files.upload_own(b"mine", soon, filename="mine.txt", title="Mine")
            side.relationship_templates.create_own(ArbitraryRelationshipTemplateContent(value={}), soon)
        asked = Request(items=[ConsentRequestItem(consent="Do they leave this alone?", must_be_accepted=True)])
        for one, other in (self._sides, self._sides[::-1]):
            sent = send_request(one, asked, other.account.identity_info().address)
            wait_for_request(other, sent.source.reference)
        self.found = self._look()

    def _look(self) -> list[dict[str, Any]]:
        return [
            {
                each.id: getattr(each, "status", "there")
                for listed in (
                    side.attributes.list_own_identity(),
                    side.files.list_own(),
                    side.relationship_templates.list_own(),
                    side.relationships.list(),
                    side.requests.incoming.list(),
                    side.requests.outgoing.list(),
                )
                for each in listed
            }
            for side in self._sides
        ]

    def is_as_it_was(self) -> bool:
        """Tell whether nothing of it was deleted, decided or ended."""
        return all(before.items() <= now.items() for before, now in zip(self.found, self._look(), strict=True))


@pytest.mark.timeout(900)
def test_all_notebooks_run_against_own_connectors_and_harm_nothing_there(folder, tmp_path):
    """A network that was started in another folder; each half of the lessons has two Connectors of it."""
    state = up(folder, "--connectors", "sender,recipient,ada,bob")
    with ExitStack() as stack:
        clients = {name: stack.enter_context(each) for name, each in connectors_of(state).items()}
        pairs = [(clients["sender"], clients["recipient"]), (clients["ada"], clients["bob"])]
        before = [Before(*pair) for pair in pairs]
        folders = [tmp_path / f"own-{half}" for half in (0, 1)]
        variables = [as_own(*pair, state, place) for pair, place in zip(pairs, folders, strict=True)]

        def run_half(half: int) -> subprocess.CompletedProcess[str]:
            paths = [NOTEBOOKS[number] for number in HALVES[half]]
            out = tmp_path / f"out-{half}"
            return run(*paths, "-p", "solve", "true", data_dir=folders[half], out=out, **variables[half])

        with ThreadPoolExecutor() as pool:
            for half, done in enumerate(pool.map(run_half, (0, 1))):
                assert done.returncode == 0, done.stdout + done.stderr
                assert "No local network is started" in done.stderr
                for number in HALVES[half]:
                    text = (tmp_path / f"out-{half}" / NOTEBOOKS[number].name).read_text(encoding="utf-8")
                    assert "Your own Connectors" in text
                    if number in WITH_EXERCISES:
                        assert len(re.findall(r"Exercise \d\d-[ab]: done", text)) == 2
        for number, said in NEED_A_LOCAL_NETWORK.items():
            refused = run(NOTEBOOKS[number], data_dir=folders[0], out=tmp_path, **variables[0])
            assert refused.returncode == 1
            assert said in refused.stdout
        assert all(each.is_as_it_was() for each in before)

        for half, place in enumerate(folders):
            assert sorted(path.name for path in place.iterdir()) == ["exercises", "own-connectors.jsonl"]  # no network
            cleaned = enmeshed_nb("clean", "--yes", **variables[half])
            assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
            deleted = re.findall(r"(?m)^  delete (\w+) ", cleaned.stdout)
            assert {"Attribute", "File"} <= set(deleted)
            assert f"{len(deleted)} of {len(deleted)} deleted." in cleaned.stdout
        assert all(each.is_as_it_was() for each in before)


def test_the_guide_follows_who_is_chosen(data_dir, tmp_path):
    """Another peer than the Recipient, whose Connector is of this network, too: it decides."""
    title = f"Are you new? {secrets.token_hex(4)}"
    with closing(connect(data_dir)) as network:
        newcomer = network.add_connector("newcomer")
        establish_relationship(network.sender, newcomer)
        address = newcomer.account.identity_info().address
        notebook = nbformat.read(GUIDE, as_version=4)
        (index,) = [number for number, cell in enumerate(notebook.cells) if "peers = PeerChooser" in cell.source]
        notebook.cells.insert(index + 1, new_code_cell(f"peers.select({address!r})"))
        nbformat.write(notebook, tmp_path / "guide.ipynb")
        done = run(tmp_path / "guide.ipynb", "-p", "title", title, data_dir=data_dir, out=tmp_path / "out")
        assert done.returncode == 0, done.stdout + done.stderr
        assert title in done.stdout
        decided = [each for each in newcomer.requests.incoming.list() if each.content.items[0].title == title]
        assert [(each.status, each.response.content.result) for each in decided] == [("Completed", "Accepted")]


SOMETHING_ELSE = {"items": [{"@type": "ConsentRequestItem", "consent": "Something else.", "mustBeAccepted": True}]}
OTHERWISE = {"composer": f"NAME.request = {SOMETHING_ELSE}", "form": "NAME.reject_all(message='No.')"}


@pytest.mark.timeout(500)
@pytest.mark.parametrize(
    ("numbers", "forms"),
    [(("03", "04", "05", "06", "07", "08"), 18), (("13", "14", "15", "16", "17", "18"), 11)],
    ids=["03 to 08", "13 to 18"],
)
def test_a_lesson_goes_on_whatever_is_composed_and_decided_by_hand(data_dir, tmp_path, numbers, forms):
    changed = 0
    for number in numbers:
        notebook, cells = nbformat.read(NOTEBOOKS[number], as_version=4), []
        for cell in notebook.cells:
            name = cell.source.splitlines()[-1]
            change = OTHERWISE.get(name.rpartition("_")[2]) if cell.cell_type == "code" else None
            cells += [cell, new_code_cell(change.replace("NAME", name))] if change else [cell]
        changed += len(cells) - len(notebook.cells)
        notebook.cells = cells
        nbformat.write(notebook, tmp_path / NOTEBOOKS[number].name)
    assert changed == forms
    done = run(*sorted(tmp_path.glob("*.ipynb")), data_dir=data_dir, out=tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 of 6 notebooks succeeded" in done.stdout


def test_half_named_own_connectors_are_refused(tmp_path):
    failed = enmeshed_nb(
        "run", GUIDE, "--data-dir", tmp_path, "--out", tmp_path, ENMESHED_NB_SENDER_URL="http://localhost:1"
    )
    assert failed.returncode == 1
    assert "ENMESHED_NB_SENDER_API_KEY" in failed.stderr


def test_a_terminated_relationship_is_named_and_can_be_taken_up_again(folder, tmp_path):
    """By a copy of a notebook, outside of the repository."""
    copy = Path(shutil.copy(NOTEBOOKS["04"], tmp_path / "mine.ipynb"))
    with LocalNetwork.open(folder):
        connectors = connectors_of(up(folder))
        with connectors["sender"] as sender, connectors["recipient"] as recipient:
            relationship = establish_relationship(sender, recipient)
            sender.relationships.terminate(relationship.id)
            failed = run(copy, data_dir=folder, out=tmp_path / "out")
            assert failed.returncode == 1
            assert f"{relationship.id} of recipient is Terminated. Take it up again" in failed.stdout

            sender.relationships.reactivate(relationship.id)
            recipient.account.sync()
            recipient.relationships.accept_reactivation(relationship.id)
            again = run(copy, data_dir=folder, out=tmp_path / "out")
            assert again.returncode == 0, again.stdout


def test_a_broken_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    failed = enmeshed_nb("run", GUIDE, "--data-dir", tmp_path / "file" / "network")
    assert failed.returncode == 1
    assert str(tmp_path / "file") in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("package", ["", "connect_of_old_times = None"], ids=["another kernel", "an old package"])
def test_a_kernel_without_this_package_says_what_to_do(tmp_path, package):
    """What stands in the first cells, in a kernel that has no (or an older) enmeshed-nb."""
    (tmp_path / "enmeshed_nb").mkdir()
    (tmp_path / "enmeshed_nb" / "__init__.py").write_text(package or "raise ModuleNotFoundError('No module')")
    codes = [[each.source for each in code_of(nbformat.read(path, as_version=4).cells)] for path in NOTEBOOKS.values()]
    assert len({second.partition("\n")[0] for _, second, *_ in codes}) == 1  # so one of them will do
    begin, set_up, *_ = codes[0]
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--quick", "--colors=NoColor", "-c", f"{begin}\n{set_up}"],
        cwd=tmp_path,
        env=ALONE | {"PYTHONPATH": str(tmp_path), "IPYTHONDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "This kernel has no (current) enmeshed-nb: open it by `make lab`" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("number", "name", "value", "said"),
    [
        ("02", "decision", "maybe", "decision must be 'accept' or 'reject', not 'maybe'"),
        ("12", "timeout", "nan", "timeout must be from 1 to 600, not nan"),
    ],
)
def test_a_value_out_of_range_stops_the_notebook_before_anything_happens(data_dir, tmp_path, number, name, value, said):
    failed = run(NOTEBOOKS[number], "-p", name, value, data_dir=data_dir, out=tmp_path)
    assert failed.returncode == 1
    assert said in failed.stdout


def test_unknown_and_ill_typed_parameters_are_refused_before_anything_runs(tmp_path):
    refusals = [
        ("decison", "reject", "Unknown parameter: decison"),
        ("timeout", "soon", "not of type float"),
    ]
    for name, value, said in refusals:
        failed = enmeshed_nb("run", *NOTEBOOKS.values(), "-p", name, value, "--data-dir", tmp_path / "network")
        assert failed.returncode == 1
        assert said in failed.stderr
    assert not list(tmp_path.iterdir())
