"""What is published: reproducible, complete, and all that somebody needs who has nothing else.

That is tried in two environments: one has nothing but the wheel and what that brings, from the index; one has the
wheel, and beside it the packages that these tests have, as `pip install "enmeshed-nb[all]"` would bring them.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from enmeshed_nb import AuthenticationRequestItem, Connector, Request, ask, establish_relationship, extras
from enmeshed_nb.localnet import install, node, stop
from enmeshed_nb.localnet.hanging import processes
from enmeshed_nb.localnet.settings import Folder
from tests.conftest import PYTEST, ROOT, connectors_of, end, enmeshed_nb, is_gone, until, up

HERE = "enmeshed_nb/project"
"""Where the wheel has what stands beside the package in a checkout."""
BUILD = (sys.executable, "-m", "hatchling", "build", "-d")
KEPT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("ENMESHED_", "JUPYTER", "PYTEST", "PYTHON", "XDG_"))
}


def run(*words: object, cwd: Path, timeout: float = 380, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, words)],
        cwd=cwd,
        env=KEPT | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def succeed(*words: object, cwd: Path, **variables: str) -> str:
    done = run(*words, cwd=cwd, **variables)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


# What is built


def tracked() -> list[str]:
    """Return the names of all files that are, or are about to be, the project's."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).is_file()]


def copy_to(folder: Path) -> Path:
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_to(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def built(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with sdist and wheel."""
    folder = tmp_path_factory.mktemp("built")
    succeed(*BUILD, folder, cwd=clone)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


def test_another_folder_with_litter_gives_the_same_to_the_bit(built, tmp_path):
    other = copy_to(tmp_path / "elsewhere")
    for name in (
        "enmeshed_nb/__pycache__/cli.cpython-311.pyc",
        "enmeshed_nb/localnet/connector_host/node_modules/express/index.js",
        "enmeshed_nb/localnet/connector_host/.installing/package.json",
        "examples/membership/.pytest_cache/README.md",
        "examples/membership/tests/__pycache__/test_membership.cpython-311.pyc",
        "notebooks/.ipynb_checkpoints/00-start-here-checkpoint.ipynb",
        "notebooks/build/02.ipynb",
        "build/x.ipynb",
        "dist/old.whl",
        ".env",
    ):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).touch()
    (other / "README.md").chmod(0o600)
    succeed(*BUILD, tmp_path / "built", cwd=other)
    assert contents(tmp_path / "built") == contents(built)


def test_the_sdist_gives_the_same_wheel(built, wheel, tmp_path):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    succeed(*BUILD, tmp_path / "built", "-t", "wheel", cwd=unpacked)
    assert contents(tmp_path / "built") == {wheel.name: wheel.read_bytes()}


def test_the_wheel_has_the_package_and_what_readers_get_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("/METADATA"))).decode()
    package = {name for name in tracked() if name.startswith("enmeshed_nb/")}
    readers = {f"{HERE}/{name}" for name in tracked() if name.startswith(("notebooks/", "examples/"))}
    assert names == package | readers | {f"{HERE}/README.md"}
    assert {"enmeshed_nb/py.typed", "enmeshed_nb/localnet/connector_host/package-lock.json"} < names
    for extra in ("network", "lab", "all"):
        assert f"Provides-Extra: {extra}\n" in metadata
    for version in range(11, 15):
        assert f"Classifier: Programming Language :: Python :: 3.{version}\n" in metadata


def test_the_sdist_has_what_the_wheel_is_made_of_and_what_tells_about_it(built):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    made_of = {name for name in tracked() if name.startswith(("enmeshed_nb/", "notebooks/", "examples/"))}
    told = {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "RELIABILITY.md", "SECURITY.md", "LICENSE"}
    assert names == made_of | told | {".gitignore", "pyproject.toml", "tools/hatch_build.py", "PKG-INFO"}


def test_an_editable_installation_has_nothing_twice(clone, tmp_path):
    program = f"from hatchling.build import build_editable; print(build_editable({str(tmp_path)!r}))"
    name = succeed(sys.executable, "-c", program, cwd=clone).strip()
    with zipfile.ZipFile(tmp_path / name) as archive:
        assert [each for each in archive.namelist() if ".dist-info/" not in each] == ["_enmeshed_nb.pth"]
        assert archive.read("_enmeshed_nb.pth").decode() == str(clone)


# Environments


class Environment:
    """A virtual environment with the wheel, and somebody's home folder, both outside of any checkout."""

    def __init__(self, folder: Path, wheel: Path, *options: str, beside: Path | None = None) -> None:
        self.home, self._environment = folder / "home", folder / "environment"
        self.home.mkdir()
        venv.create(self._environment, with_pip=False)
        self.python, self.command = (self._environment / "bin" / name for name in ("python", "enmeshed-nb"))
        (self.packages,) = self._environment.glob("lib/python*/site-packages")
        if beside:
            (self.packages / "beside.pth").write_text(f"{beside}\n")
        pip = [sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check", "install", "-q"]
        succeed(*pip, *options, wheel, cwd=folder)

    def variables(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "200",
            "npm_config_cache": npm_cache(),
            "JUPYTER_PATH": f"{sys.prefix}/share/jupyter",
            "JUPYTERLAB_DIR": f"{sys.prefix}/share/jupyter/lab",
        }

    def succeed(self, *words: object, **variables: str) -> str:
        return succeed(*words, cwd=self.home, **self.variables() | variables)

    def refuse(self, *words: object, **variables: str) -> str:
        done = run(*words, cwd=self.home, **self.variables() | variables)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stderr

    def files(self) -> set[Path]:
        return {file for file in self.packages.rglob("*") if file.is_file()}

    @property
    def network(self) -> Path:
        return self.home / ".local/share/enmeshed-nb"


@cache
def npm_cache() -> str:
    """Return where npm keeps what it has fetched: somebody's first installation shall not fetch it again."""
    npm = [node.node_command(), node.ROOT / "lib/node_modules/npm/bin/npm-cli.js", "config", "get", "cache"]
    return subprocess.run(npm, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def base(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """What `pip install enmeshed-nb` gives."""
    return Environment(tmp_path_factory.mktemp("base"), wheel)


@pytest.fixture(scope="module")
def everything(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """What `pip install "enmeshed-nb[all]"` gives."""
    beside = Path(sysconfig.get_path("purelib"))
    environment = Environment(tmp_path_factory.mktemp("all"), wheel, "--no-deps", beside=beside)
    installed = environment.files()
    yield environment
    stop(environment.network)
    assert environment.files() == installed  # nothing was written there


# The base installation


def test_the_base_installation_has_neither_jupyter_nor_a_server_nor_node(base):
    program = f"from importlib.util import find_spec; print([name for name in {extras.LAB} if find_spec(name)])"
    assert base.succeed(base.python, "-c", program) == "[]\n"
    public = "from enmeshed_nb import *; import enmeshed_nb.content, enmeshed_nb.testing; print(Connector.__name__)"
    assert base.succeed(base.python, "-W", "error", "-c", public) == "Connector\n"


def test_the_base_installation_works_with_a_network_elsewhere(base, network, sender, recipient):
    own = {}
    for role in ("sender", "recipient"):
        state = network.state.connector(role)
        own |= {f"ENMESHED_NB_{role.upper()}_URL": state.url, f"ENMESHED_NB_{role.upper()}_API_KEY": state.api_key}
    program = """
from enmeshed_nb import AuthenticationRequestItem, Request, ask, connect, explain, results_table
network = connect()
request = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
answered = ask(network.sender, network.recipient, request)
print(answered.response.content.result, network.report().parts[0].state, len(str(network)) > 20)
"""
    assert base.succeed(base.python, "-W", "error", "-c", program, **own) == "Accepted healthy True\n"


def test_the_base_installation_joins_a_local_network_that_runs(base, network):
    program = "from enmeshed_nb import connect; print(connect().sender.monitoring.version().version)"
    joined = base.succeed(base.python, "-c", program, ENMESHED_NB_DATA_DIR=network.state.data_dir)
    assert joined.startswith("7.")


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("network", "up"),
        ("network", "install"),
        ("network", "doctor"),
        ("lab", "run 02"),
        ("lab", "lab"),
        ("lab", "play"),
    ],
)
def test_the_base_installation_says_what_a_command_needs(base, extra, words):
    said = base.refuse(base.command, *words.split())
    assert said.startswith(f"Error: `enmeshed-nb {words.split()[0]}` needs packages that are not installed: ")
    assert said.endswith(f'Run: pip install "enmeshed-nb[{extra}]"\n')
    assert not (base.network / "settings.json").exists()  # there may be the ledger of own Connectors


@pytest.mark.parametrize(
    ("extra", "program"),
    [
        ("lab", "import enmeshed_nb.widgets"),
        ("lab", "from enmeshed_nb.runner import plan"),
        ("network", "from enmeshed_nb import connect; connect()"),
        ("network", "from enmeshed_nb.testing import local_network; local_network().__enter__()"),
    ],
)
def test_the_base_installation_says_what_an_import_or_a_call_needs(base, extra, program):
    said = base.refuse(base.python, "-c", program)
    assert said.endswith(f'Run: pip install "enmeshed-nb[{extra}]"\n')
    assert "MissingExtraError: " in said
    assert not (base.network / "settings.json").exists()  # there may be the ledger of own Connectors


# Everything


@pytest.mark.timeout(400)
def test_a_first_network_installs_the_runtime_for_all_environments(everything):
    assert not [*everything.home.iterdir()]
    state = json.loads(everything.succeed(everything.command, "up", "--json"))
    assert state["dataDir"] == str(everything.network)
    (runtime,) = everything.home.glob(".local/share/enmeshed-nb-runtime/runtime-*")
    (host,) = runtime.glob("host-*")
    assert sorted(each.name for each in runtime.iterdir()) == [host.name, "node_modules"]
    again = everything.succeed(everything.command, "install")
    assert again == f"@nmshd/runtime {install.runtime_version()} is installed in {runtime}.\n"
    where = "import enmeshed_nb, sys; print(enmeshed_nb.__file__)"
    assert everything.succeed(everything.python, "-c", where).startswith(str(everything.packages))
    assert "healthy" in everything.succeed(everything.command, "status")
    assert everything.succeed(everything.command, "reset", "--yes") == "Deleted.\n"
    assert runtime.exists()


def test_a_lesson_is_run_by_its_number(everything):
    done = everything.succeed(
        everything.command, "run", "2", "-p", "decision", "reject", "--out", everything.home / "out"
    )
    assert "1 of 1 notebooks succeeded." in done
    assert (everything.home / "out/02-requests-via-messages.ipynb").exists()


def test_lab_opens_a_copy_of_notebooks_and_examples(everything, tmp_path):
    options = ["--no-browser", "--ServerApp.port=0", "--allow-root", "--notebooks-dir", tmp_path / "work"]
    with (tmp_path / "log").open("w") as log:
        lab = subprocess.Popen(
            [*map(str, [everything.command, "lab", *options])],
            cwd=everything.home,
            env=KEPT | everything.variables() | {"JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")},
            stdout=log,
            stderr=log,
        )
    try:
        serves = lambda: [*(tmp_path / "runtime").glob("jpserver-*.json")]  # noqa: E731
        assert until(lambda: serves() or lab.poll() is not None, 120, "JupyterLab")
        assert lab.poll() is None, (tmp_path / "log").read_text()
    finally:
        end(lab)
    copied = {file.relative_to(tmp_path / "work").as_posix() for file in (tmp_path / "work").rglob("*")}
    project = {file.relative_to(everything.packages / HERE) for file in (everything.packages / HERE).rglob("*.*")}
    assert {file.as_posix() for file in project if file.suffix != ".pyc"} <= copied


def test_play_shows_the_playground(everything, tmp_path):
    with (tmp_path / "log").open("w") as log:
        play = subprocess.Popen(
            [everything.command, "play", "--no-browser"],
            cwd=everything.home,
            env=KEPT | everything.variables(),
            stdout=log,
            stderr=log,
        )
    try:
        running = lambda: re.search(r"http://127\S+\?token=\S+", (tmp_path / "log").read_text())  # noqa: E731
        assert until(lambda: running() or play.poll() is not None, 120, "Voilà")
        assert play.poll() is None, (tmp_path / "log").read_text()
    finally:
        end(play)


@contextmanager
def both(state: dict[str, Any]) -> Iterator[list[Connector]]:
    with ExitStack() as stack:
        yield [stack.enter_context(each) for each in connectors_of(state).values()]


def test_the_network_of_an_older_version_goes_on(everything, folder):
    before = up(folder)
    with both(before) as (sender, recipient):
        establish_relationship(sender, recipient)
    stop(folder)
    settings = json.loads((folder / "settings.json").read_bytes())
    for later in ("backboneHosts", "backboneTables", "clockAhead", "durability", "fixedBackbonePort"):
        del settings[later]
    (folder / "settings.json").write_text(json.dumps(settings))
    after = json.loads(everything.succeed(everything.command, "up", "--json", "--data-dir", folder))
    assert after["connectors"] == before["connectors"]
    request = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
    with both(after) as (sender, recipient):
        assert ask(sender, recipient, request).status == "Completed"


def test_another_version_ends_a_network_that_hangs(everything, folder):
    everything.succeed(everything.command, "up", "--data-dir", folder)
    hanging = processes(Folder(folder))
    assert len(hanging) == 2  # the supervisor and Node
    for process in hanging:
        process.suspend()
    assert enmeshed_nb("down", "--force", "--data-dir", folder).returncode == 0
    until(lambda: all(is_gone(each.pid) for each in hanging))


@pytest.mark.timeout(400)
def test_the_example_project_passes_side_by_side(everything, tmp_path):
    project = shutil.copytree(everything.packages / HERE / "examples" / "membership", tmp_path / "membership")
    options = ["-n", "2", f"--rootdir={project}", f"--basetemp={tmp_path / 'temporary'}"]
    done = everything.succeed(everything.python, *PYTEST[1:], *options, project)
    assert re.search(r"^7 passed", done, re.MULTILINE), done
