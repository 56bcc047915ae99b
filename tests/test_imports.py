"""What is imported when: names are there at once, and what they need when they are used."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import enmeshed_nb
import enmeshed_nb.localnet

HEAVY = ("enmeshed_nb.content", "enmeshed_nb.connector", "httpx", "fastapi", "sqlalchemy", "uvicorn", "psutil")
COMMAND = """
import sys
from enmeshed_nb import cli
sys.argv = ["enmeshed-nb", *{words}]
try:
    cli.main()
except SystemExit:
    pass
"""
LIGHT = {
    "import enmeshed_nb": "import enmeshed_nb",
    "--help": COMMAND.format(words=["--help"]),
    "down": COMMAND.format(words=["down", "--data-dir", "/nowhere"]),
}


def written_exports(package) -> set[tuple[str, str]]:
    """Return what stands in a package's imports for who checks types: from which module which name."""
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    (block,) = [each for each in tree.body if isinstance(each, ast.If) and ast.unparse(each.test) == "TYPE_CHECKING"]
    return {(each.module, alias.name) for each in block.body for alias in each.names}


@pytest.mark.parametrize("package", [enmeshed_nb, enmeshed_nb.localnet], ids=lambda package: package.__name__)
def test_each_exported_name_is_what_its_import_says(package):
    written = written_exports(package)
    assert {name for _, name in written} == set(package.__all__)
    for module, name in written:
        assert getattr(package, name) is getattr(import_module(module), name)
    assert set(package.__all__) <= set(dir(package))
    everything = {}
    exec(f"from {package.__name__} import *", everything)
    assert set(package.__all__) <= set(everything)


def test_parts_can_be_had_by_their_names():
    program = "import enmeshed_nb; print(enmeshed_nb.content.Request is enmeshed_nb.Request)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_a_name_that_does_not_exist_is_refused_as_ever():
    with pytest.raises(AttributeError, match="module 'enmeshed_nb' has no attribute 'Conector'") as refused:
        enmeshed_nb.Conector  # noqa: B018
    assert (refused.value.name, refused.value.obj) == ("Conector", enmeshed_nb)
    with pytest.raises(ImportError, match="cannot import name 'Conector' from 'enmeshed_nb'"):
        exec("from enmeshed_nb import Conector")


@pytest.mark.parametrize("program", LIGHT.values(), ids=LIGHT)
def test_who_needs_little_imports_little(program):
    program = (
        f"import sys\n{program}\nprint(*[each for each in {HEAVY} if each in sys.modules], sep=', ', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == "\n"


def test_models_that_are_used_first_by_many_threads_at_once_are_built_once():
    program = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from enmeshed_nb.content import Request
together = Barrier(8)
def read(_):
    together.wait()
    item = {"@type": "AuthenticationRequestItem", "mustBeAccepted": True, "title": "Hi"}
    return Request.from_api({"@type": "Request", "items": [item]}).model_dump()
with ThreadPoolExecutor(8) as pool:
    (one, *others) = pool.map(read, range(8))
assert all(other == one for other in others), (one, others)
assert one["items"][0]["title"] == "Hi", one
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_model_can_be_built():
    import_module("enmeshed_nb.guide")
    from enmeshed_nb.content.model import Model

    def below(kind):
        return {kind, *(each for child in kind.__subclasses__() for each in below(child))}

    for model in below(Model):
        assert model.model_rebuild() is not False
