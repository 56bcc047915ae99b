"""Notebooks that were interrupted, run at once, run elsewhere, or meet a network that is not as it should be."""

import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import pytest

from enmeshed_nb.guide import establish_relationship
from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import connectors_of, enmeshed_nb, up
from tests.notebooks.conftest import NOTEBOOKS

GUIDE = NOTEBOOKS["02"]


def run(*notebooks: Path, data_dir: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return enmeshed_nb("run", *notebooks, "--data-dir", data_dir, "--out", out, timeout=300)


@pytest.mark.timeout(400)
def test_after_kernels_died_in_the_middle_all_run_in_any_order(data_dir, tmp_path):
    halves = tmp_path / "halves"
    halves.mkdir()
    for path in NOTEBOOKS.values():
        notebook = nbformat.read(path, as_version=4)
        die = nbformat.v4.new_code_cell("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
        notebook.cells[len(notebook.cells) // 2 :] = [die]
        nbformat.write(notebook, halves / path.name)
    names = sorted(halves.glob("*.ipynb"))
    died = []
    threads = [
        threading.Thread(target=lambda part=part: died.append(run(*part, data_dir=data_dir, out=tmp_path)))
        for part in (names[::2], names[1::2])  # at the same time, on the same network
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in died:
        assert "DeadKernelError" in one.stdout, one.stdout
        assert one.stdout.count("Kernel died") == one.stdout.count("✘ failed") > 5
    order = list(NOTEBOOKS.values())
    random.shuffle(order)
    done = run(*order, data_dir=data_dir, out=tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "13 of 13 notebooks succeeded" in done.stdout


def test_it_reports_the_requests_for_people_and_for_a_ci(data_dir, tmp_path):
    done = enmeshed_nb("run", GUIDE, "--data-dir", data_dir, "--out", tmp_path, "--junit", tmp_path / "junit.xml")
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("Draft", "Open", "ManualDecisionRequired", "Decided", "Completed", "Accepted", "Rejected"):
        assert word in done.stdout
    assert 'failures="0"' in (tmp_path / "junit.xml").read_text()


def test_a_copy_outside_the_repository_runs(data_dir, tmp_path):
    copy = Path(shutil.copy(GUIDE, tmp_path / "mine.ipynb"))
    done = enmeshed_nb("run", copy, "--data-dir", data_dir, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_same_notebooks_run_against_own_connectors_and_say_so(tmp_path, data_dir):
    state = up(data_dir)
    variables = {
        f"ENMESHED_NB_{each['name'].upper()}_{what}": each[key]
        for each in state["connectors"]
        for what, key in (("URL", "url"), ("API_KEY", "apiKey"))
    }
    own = [path for number, path in NOTEBOOKS.items() if number in ("01", "02", "09", "11", "12")]
    unused = tmp_path / "unused"
    done = enmeshed_nb("run", *own, "--data-dir", unused, "--out", tmp_path, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No local network is started" in done.stderr
    for path in own:
        assert "Your own Connectors" in (tmp_path / path.name).read_text(encoding="utf-8")
    assert not unused.exists()

    refused = enmeshed_nb("run", NOTEBOOKS["10"], "--data-dir", unused, "--out", tmp_path, **variables)
    assert refused.returncode == 1
    assert "more of them can only be had on the local network" in " ".join(refused.stdout.split())


def test_half_named_own_connectors_are_refused(tmp_path):
    failed = enmeshed_nb("run", GUIDE, "--out", tmp_path, ENMESHED_NB_SENDER_URL="http://localhost:1")
    assert failed.returncode == 1
    assert "ENMESHED_NB_SENDER_API_KEY" in failed.stderr


def test_a_terminated_relationship_is_named_and_can_be_taken_up_again(folder, tmp_path):
    with LocalNetwork.open(folder):
        connectors = connectors_of(up(folder))
        with connectors["sender"] as sender, connectors["recipient"] as recipient:
            relationship = establish_relationship(sender, recipient)
            sender.relationships.terminate(relationship.id)
            run = ("run", NOTEBOOKS["04"], "--data-dir", folder, "--out", tmp_path)
            failed = enmeshed_nb(*run)
            assert failed.returncode == 1
            said = " ".join(failed.stdout.split())
            assert f"{relationship.id} of sender is Terminated. Take it up again" in said

            sender.relationships.reactivate(relationship.id)
            recipient.account.sync()
            recipient.relationships.accept_reactivation(relationship.id)
            again = enmeshed_nb(*run)
            assert again.returncode == 0, again.stdout


def test_a_broken_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    failed = enmeshed_nb("run", GUIDE, "--data-dir", tmp_path / "file" / "network", "--out", tmp_path / "out")
    assert failed.returncode == 1
    assert str(tmp_path / "file") in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("package", ["", "connect_of_old_times = None"], ids=["another kernel", "an old package"])
def test_a_kernel_without_this_package_says_what_to_do(tmp_path, package):
    """What stands in the first cells, in a Python that has no (or an older) enmeshed-nb."""
    (tmp_path / "enmeshed_nb").mkdir()
    (tmp_path / "enmeshed_nb" / "__init__.py").write_text(package or "raise ModuleNotFoundError('No module')")
    for path in NOTEBOOKS.values():
        first, second = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"][:2]
        done = subprocess.run(
            [sys.executable, "-c", f"{first.source}\n{second.source}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "ImportError: This kernel has no (current) enmeshed-nb: `make lab`" in done.stderr
