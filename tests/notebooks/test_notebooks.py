"""The notebooks are tests: compared with what they store, and executed with other parameters."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import ROOT, connectors_of, enmeshed_nb, up

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ESTABLISH, GUIDE = NOTEBOOKS


def compare(folder: Path, *notebooks: Path) -> subprocess.CompletedProcess[str]:
    """Execute notebooks and compare each output with the stored one."""
    arguments = [
        "--nbval",
        "--nbval-sanitize-with",
        ROOT / "tests/notebooks/sanitize.cfg",
        "--nbval-cell-timeout",
        "60",
    ]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *map(str, [*arguments, *notebooks])],
        cwd=ROOT,
        env={**os.environ, "ENMESHED_NB_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_notebooks_do_what_they_show(tmp_path):
    with LocalNetwork.open(tmp_path / "network"):
        compared = compare(tmp_path / "network", *NOTEBOOKS)
    assert compared.returncode == 0, compared.stdout[-4000:]


@pytest.mark.parametrize(
    ("shown", "other"),
    [
        ('"status": "Decided"', '"status": "Open"'),
        ('"result": "Rejected"', '"result": "Accepted"'),
        ("cannotShareRequestWithYourself", "missingRelationship"),
        ("PUT /Requests/Incoming", "GET /Requests/Incoming"),
    ],
)
def test_a_wrong_stored_output_is_noticed(tmp_path, peers_network, shown, other):
    text = GUIDE.read_text(encoding="utf-8")
    escaped, replaced = (each.replace('"', '\\"') for each in (shown, other))
    assert escaped in text
    altered = tmp_path / GUIDE.name
    altered.write_text(text.replace(escaped, replaced), encoding="utf-8")
    compared = compare(peers_network, altered)
    assert compared.returncode == 1
    assert "did not match" in compared.stdout or "disagree" in compared.stdout or "mismatch" in compared.stdout


@pytest.fixture(scope="module")
def peers_network(tmp_path_factory):
    """The folder of a network on which notebook 01 has run."""
    folder = tmp_path_factory.mktemp("peers") / "network"
    with LocalNetwork.open(folder):
        done = enmeshed_nb("run", ESTABLISH, "--data-dir", folder, "--out", folder.parent / "out")
        assert done.returncode == 0, done.stdout + done.stderr
        yield folder


@pytest.mark.parametrize(("decision", "result"), [("accept", "Accepted"), ("reject", "Rejected")])
def test_the_decision_is_a_parameter_and_comes_out_at_both_sides(tmp_path, peers_network, decision, result):
    title = f"Do you {decision} this?"
    done = enmeshed_nb(
        *("run", GUIDE, "-p", "decision", decision, "-p", "title", title, "-p", "timeout", "20"),
        *("--data-dir", peers_network, "--out", tmp_path, "--junit", tmp_path / "junit.xml"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    connectors = connectors_of(up(peers_network))
    with connectors["sender"] as sender, connectors["recipient"] as recipient:
        (sent,) = [each for each in sender.requests.outgoing.list() if each.content.items[0].title == title]
        received = recipient.requests.incoming.get(sent.id)
    assert (sent.status, received.status) == ("Completed", "Completed")
    assert sent.response.content.result == received.response.content.result == result
    for word in (sent.id, "Draft", "Open", "ManualDecisionRequired", "Decided", "Completed", "Accepted", "Rejected"):
        assert word in done.stdout
    assert (tmp_path / GUIDE.name).exists()
    assert 'failures="0"' in (tmp_path / "junit.xml").read_text()


def test_establishing_the_relationship_again_changes_nothing(tmp_path, peers_network):
    def relationships():
        connectors = connectors_of(up(peers_network))
        with connectors["sender"] as sender:
            return sender.relationships.list(), sender.relationship_templates.list()

    before = relationships()
    again = enmeshed_nb("run", ESTABLISH, "--data-dir", peers_network, "--out", tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert relationships() == before


def test_without_a_relationship_the_guide_says_what_to_run_first(tmp_path):
    failed = enmeshed_nb("run", GUIDE, "--data-dir", tmp_path / "network", "--out", tmp_path)
    assert failed.returncode == 1
    assert "has no Relationship" in failed.stdout
    assert "0 of 1 notebooks succeeded" in failed.stdout
    executed = nbformat.read(tmp_path / GUIDE.name, as_version=4)
    assert any(output.output_type == "error" for cell in executed.cells for output in cell.get("outputs", []))


def test_an_unknown_decision_is_refused_in_words(tmp_path, peers_network):
    failed = enmeshed_nb("run", GUIDE, "-p", "decision", "maybe", "--data-dir", peers_network, "--out", tmp_path)
    assert failed.returncode == 1
    assert "decision must be 'accept' or 'reject', not 'maybe'" in failed.stdout


def test_the_same_notebooks_run_against_own_connectors_and_say_so(tmp_path, peers_network):
    state = up(peers_network)
    variables = {
        f"ENMESHED_NB_{each['name'].upper()}_{what}": each[key]
        for each in state["connectors"]
        for what, key in (("URL", "url"), ("API_KEY", "apiKey"))
    }
    unused = tmp_path / "unused"
    done = enmeshed_nb("run", *NOTEBOOKS, "--data-dir", unused, "--out", tmp_path, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No local network is started" in done.stderr
    assert "Your own Connectors" in (tmp_path / GUIDE.name).read_text(encoding="utf-8")
    assert not unused.exists()


def test_half_named_own_connectors_are_refused(tmp_path):
    failed = enmeshed_nb("run", GUIDE, "--out", tmp_path, ENMESHED_NB_SENDER_URL="http://localhost:1")
    assert failed.returncode == 1
    assert "ENMESHED_NB_SENDER_API_KEY" in failed.stderr
