"""What the namespaces of a Connector share: endpoints and their table, and common shapes of answers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MethodType
from typing import Any, TypedDict, TypeVar, cast

from pydantic import StrictStr
from pydantic.alias_generators import to_camel

from enmeshed_nb.connector.exchange import API
from enmeshed_nb.connector.http import Route
from enmeshed_nb.content.model import Model, to_json
from enmeshed_nb.content.since import FIRST, Since

F = TypeVar("F", bound=Callable[..., Any])

ENDPOINTS: dict[str, Route] = {}
"""Every endpoint method by its name (`Relationships.get`) with its route."""


def endpoint(
    method: str, path: str, *, base: str = API, since: Since = FIRST, newer_keys: Mapping[str, Since] | None = None
) -> Callable[[F], F]:
    """Mark a method as the one that calls `method path` of the API, and list it in `ENDPOINTS`.

    A route that not every Connector 7 has says *since* which version; the method's docstring says so, too.
    """

    def mark(function: F) -> F:
        ENDPOINTS[_name(function)] = Route(method, path, base, since, newer_keys or {})
        if since is not FIRST:
            function.__doc__ = f"{function.__doc__ or ''}\n\nSince {since}.\n"
        return function

    return mark


class Png(bytes):
    """A PNG image, e.g. a QR code; notebooks show it."""

    __slots__ = ()

    def _repr_png_(self) -> bytes:
        return bytes(self)

    def __repr__(self) -> str:
        return f"<{len(self)} bytes, image/png>"


class Reference(Model):
    """How others find an object: `truncated` for other Connectors, `url` for people (a link or a QR code)."""

    truncated: StrictStr
    url: StrictStr


class PasswordProtection(Model):
    """The password that opens an object.

    Attributes:
        password: the password itself.
        password_is_pin: True if it consists of digits, so that an app shows a keypad; else None.
        password_location_indicator: where people find it, by name or by number; None: it is not said.
    """

    password: StrictStr
    password_is_pin: bool | None = None
    password_location_indicator: str | int | None = None


class Access(TypedDict, total=False):
    """Who may open what a reference leads to.

    Attributes:
        for_identity: the address of the only Identity that may; None: anyone who has the reference.
        password_protection: the password that it takes; None: it takes none.
    """

    for_identity: str | None
    password_protection: PasswordProtection | None


class TokenOptions(Access, total=False):
    """The options of a Token for an object.

    Attributes:
        expires_at: a time in the future; None: when the object expires.
        ephemeral: whether the Connector does not store it; None: it does. A QR code's Token is never stored.
    """

    expires_at: datetime | str | None
    ephemeral: bool | None


def options_json(kind: type[Access], options: Access) -> dict[str, Any]:
    """Return options as a part of a body.

    Raises:
        TypeError: one of them is not among those of *kind*.
    """
    if unknown := options.keys() - kind.__annotations__.keys():
        raise TypeError(f"No option {', '.join(sorted(unknown))}; there are {', '.join(kind.__annotations__)}.")
    return {to_camel(name): value for name, value in options.items()}


plain = to_json
"""Deprecated: `enmeshed_nb.content.model.to_json`."""


def reference_of(reference: str | Reference) -> str:
    """Return the text of a reference."""
    return reference.truncated if isinstance(reference, Reference) else reference


def route_of(method: Callable[..., Any]) -> Route:
    """Return the route that a namespace's method calls."""
    return ENDPOINTS[_name(cast(MethodType, method).__func__)]


def _name(function: Callable[..., Any]) -> str:
    return function.__qualname__.removeprefix("Async")


def without_none(body: Mapping[str, Any] | None) -> Any:
    """Return a body as JSON, without what is None."""
    return None if body is None else {name: to_json(value) for name, value in body.items() if value is not None}


def recipients_of(recipients: str | Sequence[str]) -> Sequence[str]:
    """Return the addresses as a list, also for a single one."""
    return [recipients] if isinstance(recipients, str) else list(recipients)
