"""The examples for a CI are what they say, and the commands in them exist."""

import re
import tomllib

import pytest
import yaml
from click.testing import CliRunner

from enmeshed_nb.acceptance.planning import choose
from enmeshed_nb.cli import main
from tests.conftest import ROOT

EXAMPLES = ROOT / "examples" / "acceptance"


def test_the_workflow_for_github_is_one():
    workflow = yaml.safe_load((EXAMPLES / "github-actions.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert workflow[True].keys() == {"schedule", "workflow_dispatch"}  # YAML 1.1 reads `on` so
    assert any("enmeshed-nb accept" in step.get("run", "") for step in job["steps"])
    assert any(step.get("if") == "always()" for step in job["steps"])
    variables = {f"ENMESHED_NB_{side}_{what}" for side in ("SENDER", "RECIPIENT") for what in ("URL", "API_KEY")}
    assert job["env"].keys() == variables
    assert all(value.startswith("${{ secrets.") for value in job["env"].values())


def test_the_pipeline_for_gitlab_is_one():
    (job,) = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text()).values()
    assert job["artifacts"]["when"] == "always"
    assert job["artifacts"]["reports"]["junit"] == f"{job['artifacts']['paths'][0]}/junit.xml"
    assert any("--out report" in line for line in job["script"])


def test_the_plan_is_one():
    file = EXAMPLES / "own-plan.toml"
    assert {each.name for each in choose([str(file)]).checks} == {"guide.create", "guide.accepted", "guide.refused"}
    assert tomllib.loads(file.read_text()).keys() == {"plans", "checks", "requirements", "expect"}


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml", "crontab"])
def test_each_option_exists(name):
    said = CliRunner().invoke(main, ["accept", "--help"]).output
    commands = re.findall(r"enmeshed-nb accept (.*)", (EXAMPLES / name).read_text())
    assert commands
    for option in re.findall(r"(?<!\S)--[a-z-]+", " ".join(commands)):
        assert option in said
