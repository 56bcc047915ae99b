"""From notebooks, parameters and a matrix to the runs they ask for; everything is checked before anything runs."""

import ast
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import papermill
import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from enmeshed_nb.errors import UserError


class PlanError(UserError):
    """A notebook, a parameter or a matrix that does not exist or does not fit."""


@dataclass(frozen=True)
class PlannedRun:
    """One execution of one notebook.

    Attributes:
        notebook: the notebook's path.
        parameters: what differs from the notebook's own values.
        output: where the executed copy goes.
    """

    notebook: Path
    parameters: Mapping[str, Any]
    output: Path


_TYPES: dict[str, Any] = {"bool": bool, "int": int, "float": float, "str": str}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a notebook, as its cell tagged `parameters` declares it.

    Attributes:
        default: the value that it has there.
        type_name: "bool", "int", "float" or "str".
        meaning: the comment behind it.
    """

    default: Any
    type_name: str
    meaning: str = ""

    def convert(self, name: str, value: Any) -> Any:
        """Return the value in the parameter's type; text is what a command line gives.

        Raises:
            PlanError: the value does not fit.
        """
        adapter = TypeAdapter(_TYPES.get(self.type_name, Any), config=ConfigDict(coerce_numbers_to_str=True))
        try:
            return adapter.validate_python(value)
        except ValidationError:
            raise PlanError(
                f"Parameter {name}: {value!r} is not of type {self.type_name}.",
                f"Its default is {self.default!r}; `enmeshed-nb run NOTEBOOK --help-parameters` lists all.",
            ) from None


def plan(notebooks: Sequence[Path], parameters: Mapping[str, Any], matrix: Path | None, out: Path) -> list[PlannedRun]:
    """Return the runs that are asked for.

    Args:
        notebooks: paths of notebooks.
        parameters: values by name; each notebook gets those that it has.
        matrix: a YAML or JSON file: `{name: [value, …], …}` for every combination, or a list of
            `{name: value, …}` for just these. Without it each notebook runs once.
        out: the folder of the executed copies. They have the notebook's own name; where one notebook runs
            several times, what differs is part of the name.

    Raises:
        PlanError: an unknown notebook or parameter (with those that exist), a value of another type,
            an unreadable matrix.
    """
    known = {notebook: parameters_of(notebook) for notebook in notebooks}
    variants = _variants(matrix)
    names = {*parameters, *itertools.chain.from_iterable(variants)}
    if unknown := sorted(names - set().union(*known.values())):
        listed = "\n".join(f"  {path.name}: {', '.join(sorted(own)) or 'none'}" for path, own in known.items())
        raise PlanError(f"Unknown parameter: {', '.join(unknown)}.", f"Those that exist:\n{listed}")
    runs: dict[Path, PlannedRun] = {}
    for notebook, own in known.items():
        for variant in variants:
            varied = {name: own[name].convert(name, value) for name, value in variant.items() if name in own}
            fixed = {name: own[name].convert(name, value) for name, value in parameters.items() if name in own}
            suffix = "".join(f".{name}-{_slug(value)}" for name, value in varied.items())
            output = out / f"{notebook.stem}{suffix}.ipynb"
            runs[output] = PlannedRun(notebook, fixed | varied, output)
    return list(runs.values())


def parameters_of(notebook: Path) -> dict[str, Parameter]:
    """Return a notebook's parameters by name.

    Raises:
        PlanError: there is no such notebook, or it cannot be read.
    """
    if not notebook.is_file():
        folder = notebook.parent if notebook.parent.is_dir() else Path()
        existing = sorted([*folder.glob("*.ipynb"), *(folder / "notebooks").glob("*.ipynb")])
        names = [path.stem for path in existing]
        like = [name for name in names if name.startswith(notebook.stem)] or get_close_matches(
            notebook.stem, names, n=1
        )
        if meant := " or ".join(str(path) for path in existing if path.stem in like):
            raise PlanError(f"There is no notebook {notebook}.", f"Did you mean {meant}?")
        there = ", ".join(path.name for path in existing) or "none"
        raise PlanError(f"There is no notebook {notebook}.", f"{folder.absolute()} has: {there}.")
    try:
        found = papermill.inspect_notebook(str(notebook))
    except Exception as error:
        raise PlanError(f"{notebook} cannot be read as a notebook: {error}") from error
    parameters = {}
    for name, details in found.items():
        try:
            default = ast.literal_eval(details["default"])
        except (ValueError, SyntaxError):
            default = details["default"]
        declared = details["inferred_type_name"]
        type_name = declared if declared in _TYPES else type(default).__name__
        parameters[name] = Parameter(default, type_name, details["help"].strip())
    return parameters


def _variants(matrix: Path | None) -> list[dict[str, Any]]:
    if matrix is None:
        return [{}]
    try:
        content = yaml.safe_load(matrix.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise PlanError(f"The matrix {matrix} cannot be read: {error}") from error
    if (
        isinstance(content, dict)
        and content
        and all(isinstance(values, list) and values for values in content.values())
    ):
        return [dict(zip(content, values, strict=True)) for values in itertools.product(*content.values())]
    if isinstance(content, list) and content and all(isinstance(variant, dict) for variant in content):
        return content
    raise PlanError(
        f"The matrix {matrix} must map names to lists of values, or list the runs.",
        'Example: {"decision": ["accept", "reject"]}',
    )


def _slug(value: Any) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", str(value)).strip("_")[:40] or "empty"


def parse_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return `-p NAME VALUE` pairs as a mapping.

    Raises:
        PlanError: a name stands twice.
    """
    result: dict[str, str] = {}
    for name, value in pairs:
        if name in result:
            raise PlanError(f"Parameter {name} is given twice.")
        result[name] = value
    return result
