"""Results of checks: is a Request valid, can it be accepted, can a Relationship be created?"""

from collections.abc import Iterator
from typing import NamedTuple, Self

from pydantic import Field, StrictBool, StrictStr

from enmeshed_nb.connector.error_codes import INHERITED_FROM_ITEM, describe, without_frame
from enmeshed_nb.connector.errors import ValidationFailed
from enmeshed_nb.content.model import Model
from enmeshed_nb.content.requests import ItemPath, path_text

Path = ItemPath
"""Deprecated: `enmeshed_nb.content.ItemPath`."""


class Failure(NamedTuple):
    """A problem that a check found.

    Attributes:
        path: the item that has it; `()` for the whole.
        code: the API's error code.
        message: what the API says.
    """

    path: ItemPath
    code: str | None
    message: str | None


class ValidationResult(Model):
    """Whether something is allowed.

    Attributes:
        is_success: whether it is.
        code: the API's error code, None if it is.
        message: what the API says, None if it is.
        items: the results of the Request's items, in its order; a group's result has those of its items.
    """

    is_success: StrictBool
    code: StrictStr | None = None
    message: StrictStr | None = None
    items: list["ValidationResult"] = Field(default_factory=list)

    def failures(self) -> Iterator[Failure]:
        """Yield every problem itself, without those that only say that an item below has one."""
        return self._failures(())

    def _failures(self, path: ItemPath) -> Iterator[Failure]:
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
            " ".join(dict.fromkeys(describe(failure.code).cure for failure in failures)) or "Read the result.",
            path=failures[0].path if failures else (),
        )
        error.code = failures[0].code if failures else self.code
        error.result = self
        raise error
