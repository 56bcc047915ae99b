"""Tell whether the tests bite: change the code in one place at a time, and see whether a test fails.

    python tools/mutants.py [PATH…] [--tests PATH…] [--sample 800] [--seed 1] [--at-least 90]

PATHs are files or folders below `enmeshed_nb`; without any, all those that hold logic. Each change is a *mutant*. It is
*killed* by a test that fails, and *survives* otherwise. The mutations are mutmut's, and two more; they reach constants,
models and decorated methods, too, because each mutant is a process of its own that imports the code anew. It runs just
those tests that ran the changed line (quick ones first) until one fails, on a network that outlives it. `build/mutants`
then has `report.md` (the table, each survivor with its change) and `results.json`; the exit code is 1 if fewer than
`--at-least` percent were killed.

Not changed is what no test should notice:

* prose: the wording of a text with a blank. That it is there, and where, is changed;
* looks: keyword arguments of style (`QUIET`), CSS classes, what is assigned to a `layout` but for its `display`;
* drawings, in a module that has `svg_text`: shapes, the arguments of the drawing's elements, and measures (numbers
  above 1, constants in capitals, what is computed with either). What is written, and at which side, is changed;
* types, decorators, what is exported, for how long something waits if it is not told (`timeout`);
* what stays the same: `XXXX` for an empty text and `""` for None (defaults that are asked for their truth), arguments
  that only guard against the impossible (`strict`), or against systems that no test runs on (`encoding`).
"""

import argparse
import collections
import contextlib
import difflib
import importlib
import itertools
import json
import multiprocessing
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, NamedTuple

import coverage
import libcst as cst
import libcst.matchers as m
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_arg_removal, operator_assignment, operator_string

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "mutants"
AREAS = ("content", "connector", "guide", "runner", "widgets")
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
WORKERS = os.cpu_count() or 1
BUDGET = 30.0
"""Seconds of tests that a mutant must stand at most: quick ones first, those of its own area before others."""
PATIENCE = 20.0
"""Seconds that a mutant may take beyond four times what its tests take without it."""


# What is not changed

QUIET = {"button_style", "class_", "encoding", "height", "icon", "layout", "rows", "strict", "style", "width"}
SHAPES = {"circle", "g", "path", "rect", "svg"}


def _named(names: set[str]) -> m.Name:
    return m.Name(value=m.MatchIfTrue(names.__contains__))


EMPTY = m.SimpleString(value='""')
CSS_CLASS = m.SimpleString(value=m.MatchRegex(r"""["'](\.[a-z][\w.-]*|enb-[\w-]+)["']"""))
QUIET_ARGUMENT = m.Arg(keyword=_named(QUIET)) | m.Arg(keyword=None, value=CSS_CLASS)
SHAPE = m.Call(func=_named(SHAPES))
_DECLARATION = _named({"ConfigDict", "Layout", "Literal", "TypeVar"})
_LAYOUT = m.Attribute(attr=m.Name("layout"))
NOT_CHANGED = m.OneOf(
    *(m.Annotation(), m.Decorator(), m.Import(), m.ImportFrom(), m.Subscript(value=_DECLARATION)),
    *(m.Call(func=_DECLARATION), m.Call(func=m.Attribute(attr=_DECLARATION))),
    m.Assign(targets=[m.AssignTarget(target=_named({"__all__", "__slots__"}))]),
    m.Assign(targets=[m.AssignTarget(target=m.Attribute(attr=_named(QUIET)))]),
    m.Assign(targets=[m.AssignTarget(target=m.Attribute(value=_LAYOUT, attr=m.DoesNotMatch(m.Name("display"))))]),
    m.Expr(value=m.Call(func=m.Attribute(attr=m.Name("add_class")))),
    m.Param(name=m.Name("timeout")),
    m.DictElement(key=m.SimpleString(value=m.MatchIfTrue({f'"{name}"' for name in QUIET}.__contains__))),
    *(EMPTY, QUIET_ARGUMENT),
)


def is_measure(node: cst.CSTNode) -> bool:
    """Tell whether an expression in a module that draws is a number of pixels."""
    match node:
        case cst.Integer() | cst.Float():
            return isinstance(node, cst.Float) or node.evaluated_value > 1
        case cst.Name(value=name):
            return name.isupper()
        case cst.UnaryOperation(expression=inner):
            return is_measure(inner)
        case cst.BinaryOperation(left=left, right=right):
            return is_measure(left) or is_measure(right)
    return False


# What is changed


class Mutant(NamedTuple):
    """One change of one place.

    Attributes:
        path: the file, below the root.
        line: where the change is.
        ran: the lines of the statement, up to where the change ends: who runs them, may notice it.
        at_import: whether it is outside of any function.
        tree: the module that it changes.
        old: the node that is replaced.
        new: what replaces it.
    """

    path: str
    line: int
    ran: range
    at_import: bool
    tree: cst.Module
    old: cst.CSTNode
    new: cst.CSTNode

    def code(self) -> str:
        """Return the changed module."""
        return self.tree.deep_replace(self.old, self.new).code  # type: ignore[attr-defined]

    def diff(self) -> str:
        """Return the change as a diff without context."""
        lines = difflib.unified_diff(self.tree.code.splitlines(), self.code().splitlines(), lineterm="", n=0)
        return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


def changed_text(node: cst.BaseString) -> Iterator[cst.CSTNode]:
    """Change a text that programs read. What has a blank is prose: its wording is no logic."""
    if isinstance(node, cst.SimpleString) and " " not in node.value:
        yield from list(operator_string(node))[:1]


def changed_arguments(node: cst.Call) -> Iterator[cst.CSTNode]:
    """Change or leave out each argument, but for quiet ones."""

    def quiet(call: cst.Call) -> list[cst.Arg]:
        return [each for each in call.args if m.matches(each, QUIET_ARGUMENT)]

    yield from (new for new in operator_arg_removal(node) if quiet(new) == quiet(node))


def changed_assignment(node: cst.Assign | cst.AnnAssign) -> Iterator[cst.CSTNode]:
    """Assign something else, but to a name for a type, and nothing that is as false as what is there."""
    same = m.Subscript() | m.BinaryOperation(operator=m.BitOr()) | m.Name("None") | EMPTY
    if node.value and not m.matches(node.value, same):
        yield from operator_assignment(node)


def without_an_element(node: cst.List | cst.Tuple | cst.Set | cst.Dict) -> Iterator[cst.CSTNode]:
    """Leave out each element of a literal that has several, but for shapes."""
    for index, each in enumerate(node.elements):
        if len(node.elements) > 1 and not m.matches(each, m.Element(SHAPE | m.GeneratorExp(elt=SHAPE))):
            yield node.with_changes(elements=[*node.elements[:index], *node.elements[index + 1 :]])


def without_the_call(node: cst.Expr) -> Iterator[cst.CSTNode]:
    """Do nothing instead of calling something for its effect."""
    if isinstance(node.value, cst.Call):
        yield cst.Pass()


OWN: dict[Any, Any] = {
    operator_string: changed_text,
    operator_arg_removal: changed_arguments,
    operator_assignment: changed_assignment,
}
OPERATORS: list[tuple[Any, Any]] = [
    *((kind, OWN.get(operator, operator)) for kind, operator in mutation_operators),
    (cst.List, without_an_element),
    (cst.Tuple, without_an_element),
    (cst.Set, without_an_element),
    (cst.Dict, without_an_element),
    (cst.Expr, without_the_call),
]


class Finder(cst.CSTVisitor):
    """Finds the mutants of a module, but for what no test should notice."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path: str, tree: cst.Module) -> None:
        super().__init__()
        self.path, self.tree, self.found = path, tree, []
        self.draws = bool(re.search(r"\bsvg_text\b", tree.code))
        self.within: list[cst.CSTNode] = []

    def on_leave(self, original_node: cst.CSTNode) -> None:
        """Forget the statement that ends here."""
        if self.within and self.within[-1] is original_node:
            self.within.pop()

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Add the mutants of a node; tell whether those within it count, too."""
        is_drawn = self.draws and (is_measure(node) or m.matches(node, SHAPE | m.Call(func=m.Name("svg_text"))))
        if is_drawn or m.matches(node, NOT_CHANGED):
            return False
        if isinstance(node, cst.BaseCompoundStatement | cst.SimpleStatementLine):
            self.within.append(node)
        news = [new for kind, operator in OPERATORS if isinstance(node, kind) for new in operator(node)]
        if news:
            where, statement = (self.get_metadata(PositionProvider, each) for each in (node, self.within[-1]))
            ran = range(statement.start.line, where.end.line + 1)
            at_import = not any(isinstance(each, cst.FunctionDef) for each in self.within)
            self.found += [Mutant(self.path, where.start.line, ran, at_import, self.tree, node, new) for new in news]
        return True


def mutants_of(path: Path) -> list[Mutant]:
    """Return all mutants of a file."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")))
    finder = Finder(str(path.relative_to(ROOT)), wrapper.module)
    wrapper.visit(finder)
    return finder.found


# What the tests do without a mutant


class Observer:
    """A pytest plugin: which test runs which lines, how long, on the network or not."""

    def __init__(self) -> None:
        self.coverage = coverage.Coverage(data_file=None, source=[str(ROOT / "enmeshed_nb")])
        self.tests: dict[str, dict[str, Any]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Measure one test, with its fixtures."""
        self.coverage.switch_context(item.nodeid)
        begun = time.monotonic()
        result = yield
        on_network = "network" in getattr(item, "fixturenames", ())
        self.tests[item.nodeid] = {"seconds": time.monotonic() - begun, "network": on_network}
        self.coverage.switch_context("")
        return result


def observe(tests: list[str], into: Path) -> None:
    """Run the tests once, write what they do, and end with pytest's exit code."""
    observer = Observer()
    observer.coverage.start()
    code = pytest.main([*PYTEST, *tests], plugins=[observer, Quick()])
    observer.coverage.stop()
    data = observer.coverage.get_data()
    lines = {
        str(Path(file).relative_to(ROOT)): {
            str(line): [context for context in contexts if context]
            for line, contexts in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    modules = [name for name in sys.modules if name.split(".")[0] not in {"enmeshed_nb", "tests", "__main__"}]
    into.write_text(json.dumps({"tests": observer.tests, "lines": lines, "modules": modules}))
    sys.exit(code)


class Quick:
    """A pytest plugin: the property tests try the same examples each time, and do not shrink them."""

    def pytest_configure(self) -> None:
        """Take a profile of hypothesis for that."""
        from hypothesis import Phase, settings  # noqa: PLC0415

        phases = [Phase.explicit, Phase.generate]
        settings.register_profile("mutants", phases=phases, derandomize=True, database=None, deadline=None)
        settings.load_profile("mutants")


# What the tests do with a mutant


class Chosen(Quick):
    """A pytest plugin: just these tests, in this order; the first that fails is kept."""

    def __init__(self, tests: list[str]) -> None:
        self.order = {test: index for index, test in enumerate(tests)}
        self.failed = ""

    @pytest.hookimpl(wrapper=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Iterator[None]:
        """Choose and order."""
        yield
        items[:] = sorted((item for item in items if item.nodeid in self.order), key=lambda i: self.order[i.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what failed."""
        if report.failed and not self.failed:
            self.failed = report.nodeid


def run_tests(tests: list[str], seconds: float, code: str | None = None, path: str = "") -> tuple[str, str]:
    """Run tests that take so many seconds in a process of their own, with the code of one file replaced.

    Returns:
        "passed", "failed" or "timeout", and the test that failed.
    """
    limit = PATIENCE + 4 * seconds
    reading, writing = os.pipe()
    if not (child := os.fork()):
        with contextlib.suppress(BaseException):
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDWR), 0)
            log = os.open(BUILD / f"worker-{os.getppid()}.log", os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
            os.dup2(log, 1)
            os.dup2(log, 2)
            if code is not None:
                _replace(str(ROOT / path), code)
            chosen = Chosen(tests)
            files = sorted({str(ROOT / test.split("::")[0]) for test in tests})
            result = pytest.main([*PYTEST, f"--timeout={limit}", *files], plugins=[chosen])
            os.write(writing, f"{'failed' if result else 'passed'} {chosen.failed}".encode())
        os._exit(0)
    os.close(writing)
    try:
        ended, _, _ = select.select([reading], [], [], limit)
        verdict, _, failed = os.read(reading, 4096).decode().partition(" ") if ended else ("timeout", "", "")
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return verdict or "failed", failed  # a process that died without a word failed


def _replace(file: str, code: str) -> None:
    original = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> Any:
        if loader.path == file:
            return compile(code, file, "exec", dont_inherit=True)
        return original(loader, name)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]


def network(command: str, folder: Path, *, check: bool = True) -> None:
    """Start (`up`) or stop (`down`) the network in a folder."""
    words = [sys.executable, "-m", "enmeshed_nb.cli", command, "--data-dir", str(folder)]
    subprocess.run(words, check=check, cwd=ROOT, stdout=subprocess.DEVNULL)


class Judge:
    """Judges mutants, one at a time, on a network of its own."""

    def __init__(self, mutants: list[Mutant], observed: dict[str, Any], folder: Path) -> None:
        self.mutants, self.observed, self.folder = mutants, observed, folder
        self.known: dict[str, dict[str, Any]] = observed["tests"]
        self.fit: set[str] = set()
        self.unfit: set[str] = set()
        os.environ["ENMESHED_NB_TEST_NETWORK"] = str(folder)
        network("up", self.folder)

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Return the tests that run the changed lines.

        What runs at the import belongs to no test: then they are all that run anything in the file, and all of the area
        (a model or a table is used without a line of it being run).
        """
        lines, area = self.observed["lines"].get(mutant.path, {}), f"tests/{mutant.path.split('/')[1]}/"
        found = {test for line in mutant.ran for test in lines.get(str(line), ())}
        if mutant.at_import or (not found and str(mutant.ran[0]) in lines):
            found = {test for tests in lines.values() for test in tests}
            found |= {test for test in self.known if test.startswith(area)}
        own = f"/test_{Path(mutant.path).stem}.py"

        def rank(test: str) -> tuple[bool, bool, bool, float]:
            known = self.known[test]
            return not test.startswith(area), own not in test, known["network"], known["seconds"]

        chosen = sorted(found - self.unfit, key=rank)
        spent = list(itertools.accumulate(self.known[test]["seconds"] for test in chosen))
        return [test for test, until in zip(chosen, spent, strict=True) if until < max(BUDGET, spent[0] + 1)]

    def run(self, tests: list[str], code: str | None = None, path: str = "") -> tuple[str, str]:
        """Run tests; see `run_tests`."""
        return run_tests(tests, sum(self.known[test]["seconds"] for test in tests), code, path)

    def judge(self, index: int) -> dict[str, Any]:
        """Return what becomes of a mutant. That a test failed counts only if it passes without the mutant."""
        mutant = self.mutants[index]
        begun, verdict, failed = time.monotonic(), "untested", ""
        code, tests = mutant.code(), []
        for _ in range(3):
            if tests := self.tests_of(mutant):
                verdict, failed = self.run(tests, code, mutant.path)
            if verdict != "failed" or self.is_fit(failed):
                break
        return {
            "path": mutant.path,
            "line": mutant.line,
            "verdict": verdict,
            "killed": verdict in {"failed", "timeout"},
            "by": failed,
            "tests": len(tests),
            "seconds": round(time.monotonic() - begun, 2),
            "diff": mutant.diff(),
        }

    def is_fit(self, test: str) -> bool:
        """Tell whether a test passes without any mutant.

        It may not because a mutant left the network unusable: then there is a new one; else it is not used again.
        """
        if test in self.fit or test not in self.known:
            return True
        if self.run([test])[0] == "passed":
            if not self.known[test]["network"]:
                self.fit.add(test)
            return True
        if self.known[test]["network"]:
            network("down", self.folder)
            shutil.rmtree(self.folder)
            network("up", self.folder)
        if self.run([test])[0] != "passed":
            self.unfit.add(test)
            print(f"\n{test} fails alone, without any mutant: it is not used.")
        return False


_judge: list[Judge] = []


def _begin(mutants: list[Mutant], observed: dict[str, Any], folders: Any) -> None:
    _judge.append(Judge(mutants, observed, folders.get()))


def _judged(index: int) -> dict[str, Any]:
    return _judge[0].judge(index)


# The whole


def judge_all(mutants: list[Mutant], observed: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Judge the mutants side by side; yield what becomes of each, in any order."""
    for name in observed["modules"]:  # once here instead of once for each mutant
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    fork = multiprocessing.get_context("fork")
    folders = fork.Queue()
    networks = [BUILD / f"network-{number}" for number in range(WORKERS)]
    for folder in networks:
        folders.put(folder)
    try:
        with fork.Pool(WORKERS, _begin, (mutants, observed, folders)) as pool:
            yield from pool.imap_unordered(_judged, range(len(mutants)))
    finally:
        for folder in networks:
            network("down", folder, check=False)


def report(results: list[dict[str, Any]], head: str) -> str:
    """Return the report as Markdown: a table by module, then each survivor."""
    rows = ["| module | mutants | killed | survived | % |", "|---|--:|--:|--:|--:|"]
    modules = collections.defaultdict(list)
    for result in results:
        modules[result["path"]].append(result["killed"])
    areas = {area: [r["killed"] for r in results if r["path"].split("/")[1] == area] for area in AREAS}
    named = {**modules, **{f"**{area}**": killed for area, killed in areas.items() if killed}}
    for name, killed in [*named.items(), ("**all**", [result["killed"] for result in results])]:
        count = len(killed)
        rows.append(f"| {name} | {count} | {sum(killed)} | {count - sum(killed)} | {percent(killed):.1f} |")
    survivors = [
        f"{each['path']}:{each['line']} ({each['tests'] or 'no'} tests run it)\n\n```diff\n{each['diff']}\n```\n"
        for each in results
        if not each["killed"]
    ]
    return "\n".join(["# Mutants", "", head, "", *rows, "", "## Survivors", "", *survivors])


def percent(killed: list[bool]) -> float:
    """Return how many were killed, in percent."""
    return 100 * sum(killed) / max(len(killed), 1)


def main() -> int:
    """Do all of it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument(
        "--tests", nargs="*", default=[f"tests/{area}" for area in AREAS], help="those that should bite"
    )
    parser.add_argument("--sample", type=int, default=0, help="so many of the mutants, at random; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--at-least", type=float, default=90, help="percent that must be killed")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the networks are stopped in any case
    os.chdir(ROOT)
    os.environ["PYTHONPATH"] = str(ROOT)
    sys.path.insert(0, str(ROOT))
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    print("The tests without a mutant …", flush=True)
    observed_file = BUILD / "observed.json"
    watching = multiprocessing.get_context("spawn").Process(target=observe, args=(given.tests, observed_file))
    watching.start()
    watching.join()
    if watching.exitcode:
        sys.exit("They fail without any mutant; nothing can be said.")
    observed = json.loads(observed_file.read_text())
    paths = [path.resolve() for path in given.paths] or [ROOT / "enmeshed_nb" / area for area in AREAS]
    files = sorted(file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path]))
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    total = len(mutants)
    if given.sample and given.sample < total:
        mutants = random.Random(given.seed).sample(mutants, given.sample)  # noqa: S311
    results: list[dict[str, Any]] = []
    try:
        for result in judge_all(mutants, observed):
            results.append(result)
            if not result["killed"]:
                print(f"\n{result['path']}:{result['line']} {result['verdict']}\n{result['diff']}")
            print(f"{len(results)}/{len(mutants)}", end="\r", flush=True)
    finally:  # what an interrupted run found is not lost
        results.sort(key=lambda result: (result["path"], result["line"]))
        share = percent([result["killed"] for result in results])
        chosen = (
            f"{len(results)} of {total} mutants, seed {given.seed}" if len(results) < total else f"All {total} mutants"
        )
        head = f"{chosen}: {share:.1f} % killed, in {(time.monotonic() - begun) / 60:.0f} minutes."
        (BUILD / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
        (BUILD / "report.md").write_text(report(results, head), encoding="utf-8")
        print(f"\n{head} {(BUILD / 'report.md').relative_to(ROOT)} names the survivors.")
    return int(share < given.at_least)


if __name__ == "__main__":
    sys.exit(main())
