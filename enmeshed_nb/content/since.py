"""Since which version something exists: stated where it is defined, always by a `Since`.

A type with `class BankAccount(…, since=Since(…))`, a property with `Annotated[…, Since(…)]`, a route with
`endpoint(…, since=Since(…))`. What says nothing is as old as `FIRST`. `versions.py` reads it.
"""

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Since:
    """The version that brought something.

    Attributes:
        version: e.g. "7.3.0".
        of: whose version: the Connector's, or that of the Runtime in it.
        values: only these values of the property are that new; all of it if empty.
        before: what stands for it in older versions; empty if nothing does.
    """

    version: str
    of: Literal["Connector", "Runtime"] = "Connector"
    values: tuple[str, ...] = ()
    before: str = ""

    def __str__(self) -> str:
        return f"{self.of} {self.version}"

    def is_after(self, version: str) -> bool:
        """Whether it came after *version*; False if *version* has no numbers."""
        numbers = version_numbers(version)
        return bool(numbers) and version_numbers(self.version) > numbers


FIRST = Since("7.0.0")
"""As old as the API."""


def version_numbers(version: str) -> tuple[int, ...]:
    """Return the three numbers with which a version begins, to compare versions by; nothing if it has none.

    For example "7.10.0-rc.1" → (7, 10, 0), "8" → (8, 0, 0), "main" → ().
    """
    found = re.match(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", version)
    return tuple(int(number or 0) for number in found.groups()) if found else ()
