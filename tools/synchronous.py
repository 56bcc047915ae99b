"""Make what waits for answers in threads of what does so in asyncio: `_sync` of `_async`, so that there is one source.

python tools/synchronous.py           write it anew
python tools/synchronous.py --check   say whether it is up to date

The source is checked by mypy (an `await` that is missing is a wrong type), and taking words away never needs to know
what they are about. `unasync` does only half of it: it leaves texts, names in quotes and the layout as they are.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "enmeshed_nb"
WORDS = {
    r"\bAwaitable\[(\w+)\]": r"\1",
    r"\basync (?=def|with|for)": "",
    r"\basync_auth_flow\b": "sync_auth_flow",
    r"\bimport asyncio\b": "import threading",
    r"\basyncio\.Lock\b": "threading.Lock",
    r"\(await ((?:[^()]|\([^()]*\))*)\)(?=\.)": r"\1",
    r"\bawait ": "",
    r"\b_async\b": "_sync",
    r"\b[Aa]n Async(?=[A-Z])": "a ",
    r"\bAn Async(?=[A-Z])": "A ",
    r"\bAsync(?=[A-Z])": "",
    r"\bASYNC_TIME\b": "REAL_TIME",
    r"\b__a(enter|exit)__\b": r"__\1__",
    r"\ba(close|read|iter_bytes)\(": r"\1(",
    r"\btasks of one event loop\b": "threads",
}


def synchronous(source: str) -> str:
    """Return a module without its asyncio."""
    for word, instead in WORDS.items():
        source = re.sub(word, instead, source)
    return source


def formatted(source: str) -> str:
    """Return a module as ruff formats it, with its imports in order and without those that it does not need."""
    for arguments in (["check", "--select=I,F401", "--fix-only"], ["format"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--quiet", f"--stdin-filename={PACKAGE / '_.py'}", "-"]
        source = subprocess.run(command, input=source, text=True, capture_output=True, check=True).stdout
    return source


def made() -> Iterator[tuple[Path, str]]:
    """Yield each file that is made, and what stands in it."""
    for path in sorted(PACKAGE.glob("*/_async/*.py")):
        note = f"# Made of {path.relative_to(PACKAGE.parent).as_posix()} by tools/synchronous.py: change that.\n"
        yield path.parent.with_name("_sync") / path.name, formatted(note + synchronous(path.read_text("utf-8")))


def main() -> int:
    """Write or check the files; the exit code is 1 if one is not up to date."""
    files = dict(made())
    stale = [path for path in PACKAGE.glob("*/_sync/*.py") if path not in files]
    stale += [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(PACKAGE.parent)} is out of date. Run: python tools/synchronous.py")
        return int(bool(stale))
    for path in stale:
        if path in files:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files[path], "utf-8")
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
