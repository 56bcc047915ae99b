"""The pytest plugin, as a project of somebody else uses it: in pytest runs of its own, on real networks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from enmeshed_nb.localnet import LocalNetwork, running, stop
from enmeshed_nb.localnet.settings import Folder
from tests.conftest import until

TIMEOUT = 150
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis")


class Project:
    """Tests of somebody else, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, tests: str, *options: str, **variables: str) -> tuple[int, str]:
        """Run pytest on a file of tests; return its exit code and what it prints."""
        (self.folder / "test_it.py").write_text(f"import json, os\nfrom pathlib import Path\n\n{tests}")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("ENMESHED_", "PYTEST"))
        }
        environment |= {"COLUMNS": "200", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": ""} | variables
        done = subprocess.run(
            [*PYTEST, f"--basetemp={self.folder / 'temporary'}", *options],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    @property
    def network(self) -> Path:
        return self.folder / "temporary" / "enmeshed"

    def written(self, name: str) -> list[dict[str, str]]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    yield made
    if made.network.exists():
        stop(made.network)


ASKING = """
from enmeshed_nb import AuthenticationRequestItem, Request, accept_all, ask

REQUEST = Request(items=[AuthenticationRequestItem(title="Who are you?", must_be_accepted=True)])

def write(**what):
    with Path("written").open("a") as file:
        file.write(json.dumps(what) + "\\n")

def asked(sender, recipient):
    return ask(sender, recipient, REQUEST, accept_all).response.content.result
"""


def test_each_test_has_two_new_related_connectors_and_they_are_gone_afterwards(project):
    code, said = project.run(
        ASKING
        + """
import pytest

@pytest.mark.parametrize("number", [1, 2])
def test_asking(sender, recipient, number, enmeshed_network):
    assert (sender.name, recipient.name) == ("sender", "recipient")
    assert sender.requests.outgoing.list() == recipient.requests.incoming.list() == []
    assert asked(sender, recipient) == "Accepted"
    write(address=sender.account.identity_info().address, running=len(enmeshed_network.state.connectors))
"""
    )
    assert code == 0, said
    first, second = project.written("written")
    assert first["address"] != second["address"]
    assert first["running"] == second["running"] == 2
    assert running(project.network) is None
    assert list((project.network / "connectors").iterdir()) == []
    assert [
        path.name for path in (project.network / "logs").iterdir() if path.stem not in ("backbone", "network")
    ] == []


def test_a_factory_makes_as_many_as_one_needs_and_shared_ones_stay(project):
    code, said = project.run(
        ASKING
        + """
def test_one(connector_factory, related_connectors):
    write(address=related_connectors.sender.account.identity_info().address)
    other = connector_factory("other")
    with_events = {"modules": {"sse": {"enabled": True}}}
    third = connector_factory(config=with_events, related_to=[other, related_connectors.sender])
    assert asked(other, third) == asked(related_connectors.sender, third) == asked(*related_connectors) == "Accepted"
    assert (other.name, third.name) == ("other", "connector")

def test_two(related_connectors):
    write(address=related_connectors.sender.account.identity_info().address)
"""
    )
    assert code == 0, said
    first, second = project.written("written")
    assert first == second


def test_a_test_that_fails_shows_what_happened_and_the_logs(project):
    failing = ASKING + "def test_it(sender, recipient):\n    asked(sender, recipient)\n    assert 'this' == 'that'\n"
    code, said = project.run(failing, "--enmeshed-log", "3")
    assert code == 1
    story, *logs = said.partition("enmeshed: sender and recipient")[2].split("log of ")
    assert "ManualDecisionRequired" in story
    assert [log.split()[0] for log in logs] == ["sender", "recipient"]
    assert [log.partition("short test summary")[0].count("INFO") for log in logs] == [3, 3]
    code, said = project.run(failing.replace("'that'", "'this'"))
    assert (code, "enmeshed:" in said) == (0, False), said


def test_all_processes_have_one_network_and_it_stops_with_the_last(project):
    (project.folder / "test_more.py").write_text(
        "import os\ndef test_elsewhere(sender, recipient, enmeshed_network):\n"
        "    from test_it import write, asked\n    assert asked(sender, recipient) == 'Accepted'\n"
        "    write(pid=os.getpid(), backbone=enmeshed_network.state.backbone.url)\n"
    )
    code, said = project.run(
        ASKING
        + """
def test_here(sender, recipient, enmeshed_network):
    assert asked(sender, recipient) == "Accepted"
    write(pid=os.getpid(), backbone=enmeshed_network.state.backbone.url)
""",
        *("-n", "2", "--dist", "loadfile"),
    )
    assert code == 0, said
    here, elsewhere = project.written("written")
    assert here["pid"] != elsewhere["pid"]
    assert here["backbone"] == elsewhere["backbone"]
    until(lambda: running(project.network) is None, 20, "the network is gone")


def test_a_process_that_is_killed_leaves_nothing(project):
    code, said = project.run(
        ASKING
        + """
import signal

def test_it(sender, recipient):
    os.kill(os.getpid(), signal.SIGKILL)
""",
        *("-n", "1"),
    )
    assert code == 1
    assert "crashed" in said
    until(lambda: running(project.network) is None, 20, "the network is gone")


def test_after_the_network_was_killed_the_next_test_has_a_sound_one(project):
    code, said = project.run(
        ASKING
        + """
import signal

def test_kills(related_connectors, enmeshed_network):
    os.killpg(enmeshed_network.state.pid, signal.SIGKILL)

def test_next(related_connectors, sender, recipient):
    assert asked(*related_connectors) == asked(sender, recipient) == "Accepted"
"""
    )
    assert code == 0, said


def test_after_a_fault_was_left_on_the_next_test_is_clean(project):
    code, said = project.run(
        ASKING
        + """
from enmeshed_nb.localnet.faults import BackboneAway, ConnectorKilled, Status

def test_leaves_them_on(sender, recipient, related_connectors, enmeshed_network):
    peer = related_connectors.sender
    enmeshed_network.faults.inject(Status(connector=peer), ConnectorKilled(connector=sender), BackboneAway())
    assert len(enmeshed_network.faults.active) == 3

def test_next(sender, recipient, related_connectors, enmeshed_network):
    assert enmeshed_network.faults.active == []
    assert asked(sender, recipient) == asked(*related_connectors) == "Accepted"
"""
    )
    assert code == 0, said


def test_faults_of_one_process_are_none_of_the_others(project):
    (project.folder / "test_more.py").write_text(
        "from pathlib import Path\n"
        "def test_elsewhere(sender, enmeshed_network):\n"
        "    from enmeshed_nb import wait_for\n    from enmeshed_nb.localnet.faults import Status\n"
        "    with enmeshed_network.faults.inject(Status(connector=sender, route='/Nowhere')):\n"
        "        Path('injected').touch()\n"
        "        assert wait_for(Path('over').exists, timeout=60)\n"
        "        assert len(enmeshed_network.faults.active) == 1\n"
    )
    code, said = project.run(
        ASKING
        + """
from enmeshed_nb import wait_for

def test_here(enmeshed_network):
    assert wait_for(Path("injected").exists, timeout=60)

def test_over():
    Path("over").touch()
""",
        *("-n", "2", "--dist", "loadfile"),
    )
    assert code == 0, said


@pytest.mark.parametrize(
    "harm",
    [
        "enmeshed_network.remove(related_connectors.sender)",
        "related_connectors.recipient.relationships.terminate(related_connectors.recipient.relationships.list()[0].id)",
        "enmeshed_network.snapshots.restore('before')",
    ],
)
def test_after_a_shared_connector_was_harmed_the_next_test_has_sound_ones(project, harm):
    code, said = project.run(
        ASKING
        + f"""
def test_saves(enmeshed_network):
    enmeshed_network.snapshots.save("before")

def test_harms(related_connectors, enmeshed_network):
    assert asked(*related_connectors) == "Accepted"
    {harm}

def test_next(related_connectors):
    assert asked(*related_connectors) == "Accepted"
    write(address=related_connectors.sender.account.identity_info().address)

def test_over_next(related_connectors):
    write(address=related_connectors.sender.account.identity_info().address)
"""
    )
    assert code == 0, said
    first, second = project.written("written")
    assert first == second  # and they are shared again


def test_a_snapshot_is_where_a_test_begins(project):
    code, said = project.run(
        ASKING
        + """
import pytest

@pytest.fixture(scope="module")
def shared():
    from enmeshed_nb.testing import local_network
    with local_network() as network:
        pair = network.related()
        network.snapshots.save("related")
        yield network, pair

@pytest.mark.parametrize("number", [1, 2, 3])
def test_it(shared, number):
    network, pair = shared
    network.snapshots.restore("related")
    assert pair.sender.requests.outgoing.list() == []
    assert asked(*pair) == "Accepted"
"""
    )
    assert code == 0, said


def test_connectors_of_ones_own_take_their_place(project, tmp_path_factory):
    with LocalNetwork.open(tmp_path_factory.mktemp("own")) as own:
        variables = {
            f"ENMESHED_NB_{each.name.upper()}_{what}": value
            for each in own.state.connectors
            for what, value in (("URL", each.url), ("API_KEY", each.api_key))
        }
        code, said = project.run(
            ASKING
            + """
def test_it(sender, recipient):
    assert asked(sender, recipient) == "Accepted"
    write(address=sender.account.identity_info().address)

def test_more(connector_factory):
    assert False
""",
            **variables,
        )
        assert (code, "1 passed, 1 skipped" in said) == (0, True), said
        assert project.written("written") == [{"address": own.state.connector("sender").address}]

        profile = "".join(
            f'[here.{each.name}]\nurl = "{each.url}"\napi_key = {{env = "ENMESHED_NB_{each.name.upper()}_API_KEY"}}\n'
            for each in own.state.connectors
        )
        file = tmp_path_factory.mktemp("profiles") / "profiles.toml"
        file.write_text(profile)
        keys = {name: value for name, value in variables.items() if name.endswith("_KEY")}
        code, said = project.run(
            f"def test_it(sender):\n    assert sender.url == {own.state.connector('sender').url!r}\n",
            "--enmeshed-profile=here",
            ENMESHED_NB_PROFILES=str(file),
            **keys,
        )
        assert (code, "1 passed" in said) == (0, True), said
        code, said = project.run(
            "def test_it(): pass", "--enmeshed-profile=her", ENMESHED_NB_PROFILES=str(file), **keys
        )
        assert (code, "Did you mean 'here'?" in said) == (pytest.ExitCode.USAGE_ERROR, True), said
    assert not project.network.exists()


def test_a_folder_that_stays_and_a_network_that_runs_on(project):
    (project.folder / "pytest.ini").write_text("[pytest]\nenmeshed_data_dir = kept\nenmeshed_keep = true\n")
    folder = project.folder / "kept"
    try:
        code, said = project.run("def test_it(related_connectors):\n    pass\n")
        assert code == 0, said
        assert running(folder)
    finally:
        assert stop(folder)


@pytest.mark.parametrize(
    ("options", "ini", "problem"),
    [
        (["--enmeshed-keep"], "", "--enmeshed-keep needs a folder that stays: --enmeshed-data-dir DIR"),
        ([], "enmeshed_log = many\n", "enmeshed_log must be a number, not 'many'"),
    ],
)
def test_what_cannot_be_is_said_at_once(project, options, ini, problem):
    (project.folder / "pytest.ini").write_text(f"[pytest]\n{ini}")
    code, said = project.run("def test_it(): pass\n", *options)
    assert code == 4
    assert problem in said


def test_nobody_waits_for_a_plugin_that_is_not_used():
    program = (
        "import sys, enmeshed_nb.testing.plugin; print({'httpx', 'pydantic', 'enmeshed_nb.guide'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_folder_of_a_network_that_another_version_made_is_told(project):
    folder = project.folder / "newer"
    Folder(folder).make()
    Folder(folder).settings.write_text(json.dumps({"version": 99}))
    code, said = project.run("def test_it(sender): pass\n", "--enmeshed-data-dir", "newer")
    assert code == 1
    assert "was written by a newer enmeshed-nb" in said


def test_without_the_network_s_packages_a_fixture_says_what_to_install(project):
    (project.folder / "conftest.py").write_text(
        "from enmeshed_nb import extras\nextras.find_spec = lambda name: None if name == 'uvicorn' else name\n"
    )
    code, said = project.run("def test_it(sender):\n    pass\n")
    assert code == 1, said
    assert "The local network needs packages that are not installed: uvicorn." in said
    assert 'pip install "enmeshed-nb[network]"' in said
    assert not project.network.exists()
