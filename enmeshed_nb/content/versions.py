"""What of the vocabulary is newer than the first Connector 7, and where it stands in what is to be sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from enmeshed_nb.content.model import Model, Typed
from enmeshed_nb.content.since import FIRST, Since

Location = tuple[str | int, ...]
"""Where something stands in JSON: `("content", "items", 0, "title")`."""


@dataclass(frozen=True)
class Part:
    """A part of something to be sent that not every Connector 7 knows.

    Attributes:
        location: where it stands in the JSON.
        name: what it is: `BankAccount`, `Mail.bodyFormat`.
        since: the version that brought it.
    """

    location: Location
    name: str
    since: Since


def since_of(model: type[Model], name: str | None = None) -> Since:
    """Return since which version a model exists, or its property *name* (as in JSON)."""
    own = getattr(model, "_since", FIRST)
    return own if name is None else _newer_properties(model).get(name, own)


@cache
def _newer_properties(model: type[Model]) -> dict[str, Since]:
    return {
        info.alias or name: each
        for name, info in model.model_fields.items()
        for each in info.metadata
        if isinstance(each, Since)
    }


def newer_parts(value: Any, location: Location = ()) -> Iterator[Part]:
    """Yield what is newer than `FIRST` in *value*: a model, JSON with `@type`, or lists and dicts of these.

    Where any JSON may stand (the value of an ArbitraryMessageContent, `metadata`), nothing is looked for.
    """
    match value:
        case Model():
            yield from _of_model(value, location)
        case {"@type": _}:
            yield from _of_model(Typed.from_api(value), location)
        case Mapping():
            for key, each in value.items():
                if key != "metadata":
                    yield from newer_parts(each, (*location, key))
        case list() | tuple():
            for index, each in enumerate(value):
                yield from newer_parts(each, (*location, index))


def _of_model(model: Model, location: Location) -> Iterator[Part]:
    name = model.type_name if isinstance(model, Typed) else type(model).__name__
    if (since := _since_of_type(name)) is not FIRST:
        yield Part(location, name, since)
    for attribute, info in type(model).model_fields.items():
        value = getattr(model, attribute)
        if value is None:
            continue
        key = info.alias or attribute
        since = since_of(type(model), key)
        if since is not since_of(type(model)) and (not since.values or value in since.values):
            yield Part((*location, key), f"{name}.{key}", since)
        if key == "valueType" and (since := _since_of_type(value)) is not FIRST:
            yield Part((*location, key), value, since)
        for index, each in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(each, Model):
                yield from _of_model(each, (*location, key) if index is None else (*location, key, index))


def _since_of_type(name: str) -> Since:
    return next((since_of(kind) for kind in Typed._types() if kind.__name__ == name), FIRST)
