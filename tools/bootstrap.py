"""Set up the virtual environment `.venv`: Python packages by the lock file, Node, the enmeshed Runtime.

    python3 tools/bootstrap.py runtime|dev|test

`runtime` is what running the notebooks needs, `dev` adds what tests and checks need (of Python and of JavaScript),
`test` a Chromium for the browser tests: as root on Debian it is installed, elsewhere it must be there. What is done
already is not done again.
The file is written so that an old Python 3 can read it, too: it gets a sentence, not a traceback.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
OLDEST = (3, 11)
FLAVOURS = ("runtime", "dev")
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def fail(problem: str, cure: str) -> None:
    """Say what is wrong and what to do, and end with exit code 1."""
    sys.exit(f"\nSet-up failed: {problem}\n{cure}")


def check_python(version: "tuple[int, ...]" = sys.version_info) -> None:
    """Fail if this Python is too old."""
    if version < OLDEST:
        fail(
            f"this is Python {'.'.join(map(str, version[:3]))}, and enmeshed-nb needs 3.11 or newer.",
            "Install a newer Python and name it: make run PYTHON=python3.12",
        )


def step(doing: str, command: list, problem: str, cure: str) -> None:
    """Run one step; its own output is shown, a failure ends the set-up with a message."""
    print(f"{doing} …", flush=True)
    if subprocess.call([str(word) for word in command], cwd=str(ROOT)):
        fail(problem, cure)


def lock_file(flavour: str) -> Path:
    """Return the lock file of a flavour."""
    return ROOT / "requirements" / f"{flavour}.lock"


def stamp(flavour: str) -> Path:
    """Return the file that says what was installed completely."""
    return VENV / f"enmeshed-nb-{flavour}.stamp"


def fingerprint(flavour: str) -> str:
    """Return what the installed packages depend on."""
    content = lock_file(flavour).read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    return f"{sys.version_info[:2]} {hashlib.sha256(content).hexdigest()}"


def is_done(flavour: str) -> bool:
    """Tell whether the Python packages of a flavour are installed already."""
    return PYTHON.exists() and stamp(flavour).exists() and stamp(flavour).read_text() == fingerprint(flavour)


def create_venv() -> None:
    """Create `.venv`, in place of one of another Python version or a broken one."""
    version = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    if PYTHON.exists() and subprocess.call([str(PYTHON), "-m", "pip", "--version"], stdout=subprocess.DEVNULL) == 0:
        if subprocess.call([str(PYTHON), "-c", version]) == 0:
            return
    shutil.rmtree(VENV, ignore_errors=True)
    step(
        "Creating the virtual environment .venv",
        [sys.executable, "-m", "venv", VENV],
        "this Python cannot create a virtual environment.",
        "On Debian or Ubuntu: apt-get install python3-venv",
    )


def install_packages(flavour: str) -> None:
    """Install the packages of the lock file, then this project."""
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--progress-bar=on"]
    offline = "Is PyPI reachable (a proxy, pip's configuration)? Then run the same command again: it goes on."
    step(
        "Installing Python packages: JupyterLab, Node and more, about 600 MB, once (a minute or two)",
        [*pip, "--require-hashes", "-r", lock_file(flavour)],
        f"pip could not install the packages of requirements/{flavour}.lock.",
        offline,
    )
    step(
        "Installing enmeshed-nb itself",
        [*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT],
        "pip could not install this project.",
        offline,
    )
    for contained in FLAVOURS[: FLAVOURS.index(flavour) + 1]:
        stamp(contained).write_text(fingerprint(contained))


def find_chromium() -> "str | None":
    """Return `$CHROMIUM`, else a Chromium or Chrome that is installed, None if there is none."""
    found = (shutil.which(name) for name in (os.environ.get("CHROMIUM", ""), *BROWSERS) if name)
    return next((path for path in found if path), None)


def chromium() -> str:
    """Return the Chromium for the browser tests; fail if there is none."""
    return find_chromium() or fail(
        "the browser tests need Chromium (or Chrome), and there is none.",
        "On Debian: apt-get install chromium. Elsewhere install Chromium or Chrome, or name it: CHROMIUM=/path/to/it",
    )


def install_chromium() -> None:
    """Install Debian's Chromium if there is none, this is Debian, and root may do it; fail if there is none then."""
    is_debian = Path("/etc/debian_version").exists() and shutil.which("apt-get")
    if not find_chromium() and is_debian and hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet = ["apt-get", "-q", "-y", "-o=Dpkg::Use-Pty=0"]
        problem, cure = "apt-get could not install chromium.", "Are Debian's package archives reachable?"
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        step("Updating the list of Debian's packages", [*quiet, "update"], problem, cure)
        packages = ["chromium", "fonts-dejavu-core"]
        step(
            "Installing Debian's Chromium for the browser tests, once",
            [*quiet, "install", "--no-install-recommends", *packages],
            problem,
            cure,
        )
    chromium()


def main(flavour: str) -> int:
    """Set up, or do nothing if that is done; return the exit code."""
    check_python()
    if flavour == "test":
        install_chromium()
        flavour = "dev"
    if not is_done(flavour):
        create_venv()
        install_packages(flavour)
    if flavour == "dev":
        step(
            "Looking for what checks the JavaScript",
            [PYTHON, "tools/javascript/check.py", "install"],
            "npm could not install the packages of tools/javascript.",
            "Is the npm registry reachable (a proxy, `npm config get registry`; behind a company's certificate: "
            "export NODE_EXTRA_CA_CERTS=/path/to/company.pem)? Then run the same command again.",
        )
    return subprocess.call([str(PYTHON), "-P", "-m", "enmeshed_nb.cli", "install"], cwd=str(ROOT))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in (*FLAVOURS, "test"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
