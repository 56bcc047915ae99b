"""`enmeshed-nb accept` on Connectors that are reached by URL and key, as if they were deployed."""

import json
import os
import signal
import subprocess

import pytest

from enmeshed_nb.acceptance.record import FILE
from enmeshed_nb.connector import Connector
from enmeshed_nb.ledger import ledger_in
from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import ENMESHED_NB, ROOT, closed_port, end, enmeshed_nb, until

CHECKS = ("guide.validate", "guide.create", "guide.refused", "guide.rejected")
CHOSEN = [word for name in CHECKS for word in ("--check", name)]


def named(folder, sender, recipient):
    """The variables that name own Connectors, and the folder of their ledger."""
    variables = {"ENMESHED_NB_DATA_DIR": str(folder / "data")}
    for role, (url, key) in (("SENDER", sender), ("RECIPIENT", recipient)):
        variables |= {f"ENMESHED_NB_{role}_URL": url, f"ENMESHED_NB_{role}_API_KEY": key}
    return variables


@pytest.fixture
def states(network, sender, recipient):
    """Where the session's Connectors are, which have a Relationship, and their keys."""
    return [(each.url, each.api_key) for each in map(network.state.connector, ("sender", "recipient"))]


@pytest.fixture
def variables(states, tmp_path):
    return named(tmp_path, *states)


def start(*words, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ENMESHED_NB_")}
    return subprocess.Popen(
        [*ENMESHED_NB, "accept", *map(str, words)], cwd=ROOT, env=environment | variables, stderr=subprocess.PIPE
    )


def lines(folder):
    file = folder / FILE
    return file.read_bytes().splitlines() if file.exists() else []


def test_a_run_that_is_broken_off_again_and_again_goes_on_and_tells_no_secret(tmp_path, states, variables):
    out = tmp_path / "report"
    words = [*CHOSEN, "--out", out, "--parallel", "1", "--rate", "3"]
    for break_off, results in ((signal.SIGKILL, 3), (signal.SIGINT, 6)):
        process = start(*words, **variables)
        try:
            until(lambda results=results: len(lines(out)) > results, 120)
            process.send_signal(break_off)
            _, said = process.communicate(timeout=60)
        finally:
            end(process)
    assert process.returncode == 3
    assert b"goes on where this one was" in said
    report = json.loads((out / "report.json").read_text())
    assert not report["complete"]
    before = [json.loads(line) for line in lines(out)][1:]
    done = enmeshed_nb("accept", *CHOSEN, "--out", out, "--json", **variables)
    assert done.returncode == 0, done.stderr
    assert f"{len(before)} results are known" in done.stderr
    after = [json.loads(line) for line in lines(out)]
    assert after[1 : len(before) + 1] == before
    assert after[-1] == {"ended": True}
    report = json.loads(done.stdout)
    assert report["complete"]
    assert report["counts"]["PASSED"] == len(report["results"]) == 16
    assert {each["swapped"] for result in report["results"] for each in result["outcomes"]} == {False, True}
    for file in out.iterdir():
        content = file.read_text()
        assert not any(key in content for _, key in states), file.name


def test_a_profile_names_the_connectors_and_its_keys_are_told_nowhere(tmp_path, states):
    file, out = tmp_path / "profiles.toml", tmp_path / "report"
    sides = ((role, url) for role, (url, _) in zip(("sender", "recipient"), states, strict=True))
    text = "".join(f'[staging.{role}]\nurl = "{url}"\napi_key = {{env = "{role}_key"}}\n' for role, url in sides)
    file.write_text(text)
    file.chmod(0o600)
    keys = {"sender_key": states[0][1], "recipient_key": states[1][1]}
    words = ("accept", "--check", "guide.relationship", "--out", out)
    done = enmeshed_nb(*words, "--profile", "staging", ENMESHED_NB_PROFILES=str(file), **keys)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text())
    assert report["facts"]["name"] == "staging"
    assert not any(key in each.read_text() for key in keys.values() for each in out.iterdir())
    typo = enmeshed_nb(*words, "--profile", "stagin", ENMESHED_NB_PROFILES=str(file), **keys)
    assert typo.returncode == 2
    assert "staging" in typo.stderr


def test_a_wrong_key_is_said_before_anything_is_begun(tmp_path, variables):
    wrong = variables | {"ENMESHED_NB_RECIPIENT_API_KEY": "x" * 30}
    done = enmeshed_nb("accept", *CHOSEN, "--out", tmp_path / "none", **wrong)
    assert done.returncode == 3
    assert "API key" in done.stderr
    assert not lines(tmp_path / "none")


def test_the_same_connector_twice_and_no_relationship_are_said_before_anything_is_changed(network, tmp_path, states):
    same = enmeshed_nb("accept", *CHOSEN, "--out", tmp_path / "same", **named(tmp_path, states[0], states[0]))
    assert same.returncode == 2
    assert "the same Identity" in same.stderr
    with LocalNetwork.open(network.state.data_dir, connectors={"stranger": {}}) as joined:
        stranger = joined.state.connector("stranger")
        own = named(tmp_path, states[0], (stranger.url, stranger.api_key))
        refused = enmeshed_nb("accept", "--check", "guide.create", "--out", tmp_path / "new", **own)
        assert refused.returncode == 2
        assert "--yes" in refused.stderr
        with Connector(stranger.url, stranger.api_key) as connector:
            assert connector.relationships.list() == []
            agreed = enmeshed_nb("accept", "--check", "guide.create", "--out", tmp_path / "new", "--yes", **own)
            assert agreed.returncode == 0, agreed.stderr
            assert [each.status for each in connector.relationships.list()] == ["Active"]
        joined.remove("stranger")
    created = {each.kind for each in ledger_in(tmp_path / "data").entries()}
    assert {"RelationshipTemplate", "Relationship", "Request"} <= created


def test_a_report_on_other_connectors_is_not_written_over(tmp_path, variables):
    out = tmp_path / "report"
    out.mkdir()
    facts = {"name": "staging", "isLocal": False, "connectors": [], "began": "2030-01-01T00:00:00Z", "by": "it"}
    (out / FILE).write_text(json.dumps({"facts": facts}) + "\n")
    refused = enmeshed_nb("accept", "--check", "guide.validate", "--out", out, **variables)
    assert refused.returncode == 2
    assert "staging" in refused.stderr
    step = tmp_path / "step.md"
    step.write_text("before\n")
    done = enmeshed_nb(
        *("accept", "--check", "guide.validate", "--out", out, "--fresh"), **variables, GITHUB_STEP_SUMMARY=str(step)
    )
    assert done.returncode == 0, done.stderr
    assert step.read_text() == "before\n" + (out / "summary.md").read_text()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--plan", "giude"), 2, "Did you mean guide"),
        (("--out", "{file}/report"), 2, "No report can be written"),
        (("--parallel", "0"), 2, "parallel"),
        ((), 3, "No connection to"),
    ],
)
def test_what_is_not_possible_is_said_first(tmp_path, words, code, said):
    """Nobody listens at the URLs, so what is said before that is asked for is said first."""
    (tmp_path / "file").write_text("")
    nobody = (f"http://127.0.0.1:{closed_port()}", "x" * 30)
    given = [word.format(file=tmp_path / "file") for word in words] or ["--out", tmp_path / "report"]
    done = enmeshed_nb("accept", *given, **named(tmp_path, nobody, nobody))
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_a_dry_run_says_what_would_be_left_and_asks_nobody(tmp_path):
    nobody = (f"http://127.0.0.1:{closed_port()}", "x" * 30)
    own = named(tmp_path, nobody, nobody)
    done = enmeshed_nb("accept", "--plan", "guide", "--dry-run", "--out", tmp_path / "none", **own)
    assert done.returncode == 0
    assert "guide.create, in both parts: Create a Request." in done.stdout
    assert "leaves a Request that is not sent" in done.stdout
    assert not (tmp_path / "none").exists()


def test_coverage_lists_requirements_with_their_checks():
    listed = enmeshed_nb("accept", "--plan", "guide", "--coverage")
    assert listed.returncode == 0
    assert "GUIDE-CREATE: A Request that is created is a Draft.\n    guide.create" in listed.stdout
    assert "0 of them without a check" in listed.stdout
    told = json.loads(enmeshed_nb("accept", "--plan", "guide", "--coverage", "--json").stdout)
    assert next(each["checks"] for each in told if each["id"] == "GUIDE-CREATE") == ["guide.create"]
