"""What must hold, as `requirements.toml` says it."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_FILE = Path(__file__).with_name("requirements.toml")


class Requirement(BaseModel):
    """A sentence of the guide, or of the API's documentation.

    Attributes:
        id: e.g. "GUIDE-CREATE"; the part before the first "-" is the plan that it belongs to.
        text: what must hold.
        source: where that is said.
        since: the version of the Connector that brought it.
        cause: what mostly lies behind it if it does not hold.
        cure: what to do about it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    text: str
    source: str
    since: str = "7.0.0"
    cause: str
    cure: str

    @property
    def plan(self) -> str:
        """The plan that it belongs to."""
        return self.id.partition("-")[0].lower()


@cache
def requirements() -> dict[str, Requirement]:
    """Return all requirements by id, in the order of the file."""
    with _FILE.open("rb") as file:
        return {name: Requirement(id=name, **values) for name, values in tomllib.load(file).items()}
