"""What a model's properties take, for who makes a form of them: kind, limits, choices; read from the models."""

import inspect
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator

from enmeshed_nb.content.model import Model, Typed
from enmeshed_nb.content.rules import Among, Between, Length, ReferenceLength

_ATTRIBUTE = re.compile(r"^    (\w+): (.*\n(?:     +.*\n)*)", re.MULTILINE)

Kind = Literal["text", "file", "flag", "integer", "number", "time", "texts", "json", "object"]


@dataclass(frozen=True)
class Field:
    """One property.

    Attributes:
        name: its Python name.
        key: its name in JSON.
        kind: what it takes; "file" is a File's reference, "texts" a list of texts, "object" one of `types`.
        required: whether it must be there.
        least: of a text's length, or of a number; None without a limit.
        most: likewise.
        choices: the texts that it takes; empty if any.
        types: the models that it takes.
        help: what it means, as the model's docstring says; empty if it says nothing.
    """

    name: str
    key: str
    kind: Kind
    required: bool
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    types: tuple[type[Model], ...] = ()
    help: str = ""


@cache
def fields_of(model: type[Model]) -> tuple[Field, ...]:
    """Return the properties of a model, those that are required first."""
    told = _told(model)
    found = [
        replace(
            _field(name, info.alias or name, [info.annotation, *info.metadata], required=info.is_required()),
            help=told.get(name, ""),
        )
        for name, info in model.model_fields.items()
    ]
    return tuple(sorted(found, key=lambda field: not field.required))


def _told(model: type[Model]) -> dict[str, str]:
    """Return what the docstrings of a model and of those that it inherits from say of its properties."""
    told: dict[str, str] = {}
    for each in reversed(model.__mro__):
        _, _, section = inspect.cleandoc(each.__doc__ or "").partition("\nAttributes:\n")
        told |= {name: " ".join(words.split()) for name, words in _ATTRIBUTE.findall(section.split("\n\n")[0] + "\n")}
    return told


def _field(name: str, key: str, parts: list[Any], *, required: bool) -> Field:
    core, rules = _unwrapped(parts[0])
    rules += [_rule(part) for part in parts[1:]]
    kind, types = _kind(core)
    limits = next((rule for rule in rules if isinstance(rule, Length | Between)), None)
    among: Collection[str] = next((rule.values for rule in rules if isinstance(rule, Among)), ())
    return Field(
        name,
        key,
        "file" if isinstance(limits, ReferenceLength) else kind,
        required,
        limits.least if limits else None,
        limits.most if limits else None,
        tuple(among) if isinstance(among, tuple) else tuple(sorted(among)),
        types,
    )


def _unwrapped(annotation: Any) -> tuple[Any, list[Any]]:
    """Return what an annotation is about, without None, and the rules in it."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        core, rules = _unwrapped(inner)
        return core, [*rules, *map(_rule, metadata)]
    if get_origin(annotation) in (Union, UnionType):
        options = [option for option in get_args(annotation) if option is not NoneType]
        if len(options) == 1:
            return _unwrapped(options[0])
        cores = [_unwrapped(option)[0] for option in options]
        return (float, []) if float in cores else (cores[-1], [])
    return annotation, []


def _rule(metadata: Any) -> Any:
    return getattr(metadata.func, "problem_of", None) if isinstance(metadata, AfterValidator) else None


def _kind(core: Any) -> tuple[Kind, tuple[type[Model], ...]]:
    if isinstance(core, type) and issubclass(core, Model):
        return "object", tuple(core._types()) if issubclass(core, Typed) else (core,)
    if get_origin(core) is list:
        return ("texts", ()) if _unwrapped(get_args(core)[0])[0] is str else ("json", ())
    if get_origin(core) is Literal:
        return ("flag", ()) if True in get_args(core) else ("text", ())
    kinds: Mapping[Any, Kind] = {
        bool: "flag",
        int: "integer",
        float: "number",
        str: "text",
        datetime: "time",
    }
    return kinds.get(core, "json"), ()
