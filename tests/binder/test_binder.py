"""What Binder does with `binder/`: its recipe, and the recipe's steps in an empty environment."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.sign import NotebookNotary

from enmeshed_nb.localnet import stop
from tests.conftest import ROOT, closed_port, until

MOST_MEMORY = 700_000_000  # bytes
NOTEBOOKS = ("00-start-here", "02-requests-via-messages")


def test_the_badge_opens_the_first_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (badge,) = re.findall(r"https://mybinder\.org/v2/gh/[\w-]+/[\w-]+/(\S+?)\)", readme)
    assert badge == "HEAD/?urlpath=lab/tree/notebooks/00-start-here.ipynb"


def test_repo2docker_makes_a_recipe_of_it():
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    recipe = done.stdout + done.stderr
    assert done.returncode == 0, recipe
    assert '/pip install --no-cache-dir -r "binder/requirements.txt"' in recipe
    assert "RUN ./binder/postBuild" in recipe
    assert "/binder/start" in recipe
    whole = re.search(r"^COPY \S+ src/ \$\{REPO_DIR\}/$", recipe, re.MULTILINE)
    assert whole  # the lock file is outside of binder/: all is copied before pip needs it
    assert whole.start() < recipe.index("pip install --no-cache-dir")
    assert "python=3.12" in recipe


def test_a_session_begins_in_a_working_copy_that_is_trusted(tmp_path):
    home = tmp_path / "home"
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ENMESHED_NB_", "XDG_", "JUPYTER"))
    }
    try:
        done = subprocess.run(
            ["binder/start", "pwd"],
            cwd=ROOT,
            env=kept | {"HOME": str(home), "PATH": path, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        copy = home / "Documents/enmeshed-nb"
        assert done.stdout == f"{copy}\n"
        notary = NotebookNotary(data_dir=str(home / ".local/share/jupyter"))
        with closing(notary.store):
            for name in NOTEBOOKS:
                assert notary.check_signature(nbformat.read(copy / "notebooks" / f"{name}.ipynb", as_version=4))
    finally:
        until(lambda: stop(home / ".local/share/enmeshed-nb"), 60, "the network, to be stopped")


class Session:
    """A copy of the repository, an environment and a home folder, all new."""

    def __init__(self, folder: Path) -> None:
        self.repository, self.home, self.environment = (folder / name for name in ("repository", "home", "environment"))
        files = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        for name in subprocess.run(files, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
            if (ROOT / name).is_file():
                (self.repository / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.repository / name)
        self.home.mkdir()
        venv.create(self.environment, with_pip=True)

    def variables(self, **more: str) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ENMESHED_NB_", "XDG_", "JUPYTER"))
        }
        path = f"{self.environment / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        return kept | {"HOME": str(self.home), "PATH": path} | more

    def run(self, *command: str, **variables: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.repository,
            env=self.variables(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def processes(self) -> list[psutil.Process]:
        """Return what runs of this session: whatever has its environment's files on its command line."""
        mine = str(self.environment.parent)
        return [each for each in psutil.process_iter(["cmdline"]) if mine in " ".join(each.info["cmdline"] or [])]

    def memory(self) -> int:
        """Return the memory that these processes take, in bytes; what several share counts once for each."""
        total = 0
        for process in self.processes():
            try:
                total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
        return total


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """What Binder builds: requirements.txt, then postBuild."""
    built = Session(tmp_path_factory.mktemp("binder"))
    built.run("pip", "install", "--quiet", "--no-cache-dir", "-r", "binder/requirements.txt")
    built.run("binder/postBuild")
    yield built
    stop(built.home / ".local/share/enmeshed-nb")


@pytest.mark.timeout(600)
def test_its_steps_make_a_session_that_downloads_nothing_and_stays_small(session):
    nowhere = f"http://127.0.0.1:{closed_port()}"
    offline = {"HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere, "http_proxy": nowhere, "https_proxy": nowhere}
    offline |= {"NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1"}
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            peak[0] = max(peak[0], session.memory())

    lab = [
        *("binder/start", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.port=0"),
        "--ServerApp.token=x",
    ]
    with (session.home / "lab.log").open("w") as log:
        server = subprocess.Popen(lab, cwd=session.repository, env=session.variables(**offline), stdout=log, stderr=log)
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        until(lambda: "is running at" in (session.home / "lab.log").read_text(), 60, "JupyterLab")
        notebooks = [f"notebooks/{name}.ipynb" for name in NOTEBOOKS]
        said = session.run("enmeshed-nb", "run", *notebooks, "--out", str(session.home / "out"), **offline)
        assert "2 of 2 notebooks succeeded" in said
        status = json.loads(session.run("enmeshed-nb", "status", "--json", **offline))
        assert (status["running"], status["kept"]) == (True, True)
    finally:
        ended.set()
        watcher.join()
        server.terminate()
        server.wait()
    for name in NOTEBOOKS:
        assert nbformat.read(session.home / "out" / f"{name}.ipynb", as_version=4).cells
    print(f"JupyterLab, papermill with a kernel, and the network took {peak[0] / 1e6:.0f} MB at most.")
    assert 0 < peak[0] < MOST_MEMORY
