"""Results of checks: is a Request valid, can it be accepted, can a Relationship be created?"""

from collections.abc import Iterator
from typing import NamedTuple, Self

from pydantic import Field, StrictBool, StrictStr

from enmeshed_nb.connector.error_codes import INHERITED_FROM_ITEM, describe, without_frame
from enmeshed_nb.connector.errors import ValidationFailed
from enmeshed_nb.content.model import Model

Path = tuple[int, ...]
"""Where an item stands: `()` the whole, `(1,)` the second item, `(1, 0)` the first item of the group at that place."""


def path_text(path: Path) -> str:
    """Return a path as the JSON path of the item: `(1, 0)` → `items[1].items[0]`."""
    return ".".join(f"items[{index}]" for index in path)


class Failure(NamedTuple):
    """A fault: where, the API's code, the API's message."""

    path: Path
    code: str | None
    message: str | None


class ValidationResult(Model):
    """Whether something is allowed; `items` mirror the items of the Request and its groups."""

    is_success: StrictBool
    code: StrictStr | None = None
    message: StrictStr | None = None
    items: list["ValidationResult"] = Field(default_factory=list)

    def failures(self) -> Iterator[Failure]:
        """Yield every fault itself, without those that only say that an item below has one."""
        return self._failures(())

    def _failures(self, path: Path) -> Iterator[Failure]:
        if not self.is_success and not (self.code == INHERITED_FROM_ITEM and self.items):
            yield Failure(path, self.code, self.message)
        for index, item in enumerate(self.items):
            yield from item._failures((*path, index))

    def raise_for_failure(self) -> Self:
        """Return the result if it is positive.

        Raises:
            ValidationFailed: it is not.
        """
        if self.is_success:
            return self
        failures = list(self.failures())
        lines = [
            f"{path_text(path) or 'the whole'}: {code}: {without_frame(message)}" for path, code, message in failures
        ]
        error = ValidationFailed(
            "The check failed.\n" + "\n".join(lines),
            advice=" ".join(dict.fromkeys(describe(failure.code).cure for failure in failures)) or "Read the result.",
        )
        error.code = failures[0].code if failures else self.code
        raise error
