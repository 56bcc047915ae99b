"""The notebooks, a network for them, and how they are compared with what they store."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from enmeshed_nb.localnet import LocalNetwork, stop
from tests.conftest import ROOT, enmeshed_nb_process

NOTEBOOKS = {path.stem.partition("-")[0]: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
"""The lessons by their numbers, and the playground by its name."""
ALONE = {name: value for name, value in os.environ.items() if not name.startswith("ENMESHED_NB_")}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a running network."""
    folder = tmp_path_factory.mktemp("notebooks") / "network"
    with LocalNetwork.open(folder):
        yield folder
        stop(folder)


def compare(data_dir: Path, *notebooks: Path) -> subprocess.CompletedProcess[str]:
    """Execute notebooks by nbval and compare each output with the stored one."""
    sanitize = ["--nbval", "--nbval-sanitize-with", ROOT / "tests/notebooks/sanitize.cfg"]
    quiet = [
        "-q",
        "--color=no",
        "--rootdir",
        notebooks[0].parent,
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--nbval-cell-timeout",
        "120",
    ]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, [*quiet, *sanitize, *notebooks])],
        cwd=ROOT,
        env=ALONE | {"ENMESHED_NB_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def run(*arguments: Path | str, data_dir: Path, out: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Execute notebooks by `enmeshed-nb run`; the answer's texts have their line breaks taken out."""
    done = enmeshed_nb_process("run", *arguments, "--data-dir", data_dir, "--out", out, timeout=900, **variables)
    done.stdout, done.stderr = (" ".join(text.split()) for text in (done.stdout, done.stderr))
    return done


def in_random_order() -> list[Path]:
    """Return all notebooks."""
    return random.sample(list(NOTEBOOKS.values()), len(NOTEBOOKS))
