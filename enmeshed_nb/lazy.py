"""Packages whose names are imported when they are first used (PEP 562), so that nobody waits for what others need."""

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any


def lazily(
    package: str, names: Sequence[str], parts: Sequence[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a package that imports its names when they are first used.

    Args:
        package: its name.
        names: what it exports: its `__all__`.
        parts: the modules in it that have these names; asked in this order, and to be had by their names, too.
    """
    module = sys.modules[package]

    def get(name: str) -> Any:
        if name in parts:
            return import_module(f"{package}.{name}")
        if name in names:
            for part in parts:
                found = import_module(f"{package}.{part}")
                if hasattr(found, name):
                    value = getattr(found, name)
                    setattr(module, name, value)
                    return value
        raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=module)

    def known() -> list[str]:
        return sorted({*vars(module), *names, *(part for part in parts if not part.startswith("_"))})

    return get, known
