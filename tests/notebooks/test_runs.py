"""Notebooks that were interrupted, run at once, run elsewhere, or meet a network that is not as it should be."""

import re
import secrets
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from enmeshed_nb import connect
from enmeshed_nb.guide import establish_relationship
from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import connectors_of, enmeshed_nb, up
from tests.notebooks.conftest import ALONE, NOTEBOOKS, run
from tests.notebooks.test_written import code_of

GUIDE = NOTEBOOKS["02"]


@pytest.mark.timeout(600)
def test_the_same_notebooks_run_against_own_connectors_and_say_so(tmp_path, data_dir):
    state = up(data_dir)
    variables = {
        f"ENMESHED_NB_{each['name'].upper()}_{what}": each[key]
        for each in state["connectors"]
        for what, key in (("URL", "url"), ("API_KEY", "apiKey"))
    }
    own = [NOTEBOOKS[number] for number in ("01", "02", "11", "13", "14", "15", "16", "17", "19")]
    unused = tmp_path / "unused"
    variables["ENMESHED_NB_DATA_DIR"] = str(unused)
    done = run(*own, "-p", "solve", "true", data_dir=unused, out=tmp_path, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No local network is started" in done.stderr
    for path in own:
        text = (tmp_path / path.name).read_text(encoding="utf-8")
        assert "Your own Connectors" in text
        assert len(re.findall(r"Exercise \d\d-[ab]: done", text)) == 2
    assert [path.name for path in unused.iterdir()] == ["exercises"]  # how far the reader is; no network

    for number in ("10", "18"):
        refused = run(NOTEBOOKS[number], data_dir=unused, out=tmp_path, **variables)
        assert refused.returncode == 1
        assert "more of them can only be had on the local network" in refused.stdout


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
