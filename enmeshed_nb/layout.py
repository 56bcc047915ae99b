"""Where what belongs to this package is: in a checkout beside it, in an installed wheel inside of it."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_INSIDE = _PACKAGE / "project"

IS_CHECKOUT = not _INSIDE.is_dir()
"""Whether this is the repository. What is made for the package may lie in it; nothing is written beside a wheel's."""
PROJECT = _PACKAGE.parent if IS_CHECKOUT else _INSIDE
"""The folder with the README, `notebooks` and `examples`."""
