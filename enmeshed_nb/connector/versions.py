"""Which Connector answers, and what is not sent to it because it is too old."""

from collections.abc import Sequence
from typing import Any

from pydantic import StrictStr

from enmeshed_nb.connector.errors import Call, ConnectorTooOld, UnsupportedVersion
from enmeshed_nb.connector.exchange import API
from enmeshed_nb.content.model import Model
from enmeshed_nb.content.requests import item_path, location_text
from enmeshed_nb.content.since import version_numbers
from enmeshed_nb.content.versions import Part

_CURE = (
    "Leave it out, or use a newer Connector. A local network cannot be newer than the Runtime on npm: "
    "`enmeshed-nb doctor` shows which one it runs."
)


class Version(Model):
    """Which Connector it is.

    Attributes:
        version: of the Connector, e.g. "7.0.0".
        build: the number of its build.
        date: when it was built.
        commit: the commit from which it was built.
        runtime_version: of the Runtime in it; often newer than the Connector's.
        modules: the versions of further modules, by name.
    """

    version: StrictStr
    build: StrictStr | None = None
    date: StrictStr | None = None
    commit: StrictStr | None = None
    runtime_version: StrictStr | None = None
    modules: dict[str, Any] | None = None

    def lacks(self, part: Part) -> bool:
        """Whether a part of the API came after this version; False if that cannot be told."""
        own = self.version if part.since.of == "Connector" else self.runtime_version
        return part.since.is_after(own or "")

    def __str__(self) -> str:
        return f"{self.version}{f' with Runtime {self.runtime_version}' if self.runtime_version else ''}"


def require_version_7(version: str, call: Call | None = None) -> None:
    """Refuse a Connector that is not of version 7.

    Raises:
        UnsupportedVersion: *version* does not begin with 7.
    """
    numbers = version_numbers(version)
    if numbers[:1] != (7,):
        raise UnsupportedVersion(
            f"The Connector has version {version}; this client speaks the API of version 7 ({API}).",
            "Use a client for that version." if numbers > (7,) else "Use a Connector 7.",
            call=call,
        )


def refuse_newer_parts(parts: Sequence[Part], version: Version, call: Call) -> None:
    """Refuse to send what a Connector does not know yet.

    Raises:
        ConnectorTooOld: it lacks one of *parts*. Nothing was sent.
    """
    missing = [part for part in parts if version.lacks(part)]
    if not missing:
        return
    needed = [f"{part.name}{_place(part)} needs {part.since}" for part in missing]
    instead = [f"Before, {part.since.before!r} stood for it." for part in missing if part.since.before]
    raise ConnectorTooOld(
        f"{'; '.join(dict.fromkeys(needed))}. This is Connector {version}; nothing was sent.",
        " ".join([*dict.fromkeys(instead), _CURE]),
        call=call,
        path=item_path(_in_content(missing[0])),
    )


def _in_content(part: Part) -> tuple[str | int, ...]:
    return part.location[1:] if part.location[:1] == ("content",) else part.location


def _place(part: Part) -> str:
    place = location_text(_in_content(part))
    return f" ({place})" if place else ""
