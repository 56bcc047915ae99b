"""What the namespaces of a Connector share: endpoints and their table, and common shapes of answers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MethodType
from typing import Any, TypedDict, TypeVar, cast

from pydantic import StrictStr, ValidationError
from pydantic.alias_generators import to_camel

from enmeshed_nb.connector.errors import Call, UnexpectedAnswer
from enmeshed_nb.connector.exchange import API
from enmeshed_nb.connector.filters import Query
from enmeshed_nb.connector.http import PNG, Body, Http, Route
from enmeshed_nb.connector.versions import refuse_newer_parts
from enmeshed_nb.content.model import Model, read_answer, to_json
from enmeshed_nb.content.since import FIRST, Since
from enmeshed_nb.content.versions import Part, newer_parts

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_ANYTHING = "*/*"

ENDPOINTS: dict[str, Route] = {}
"""Every endpoint method by its name (`Relationships.get`) with its route."""


def endpoint(
    method: str, path: str, *, base: str = API, since: Since = FIRST, newer_keys: Mapping[str, Since] | None = None
) -> Callable[[F], F]:
    """Mark a method as the one that calls `method path` of the API, and list it in `ENDPOINTS`.

    A route that not every Connector 7 has says *since* which version; the method's docstring says so, too.
    """

    def mark(function: F) -> F:
        ENDPOINTS[function.__qualname__] = Route(method, path, base, since, newer_keys or {})
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


class Resource:
    """A namespace of a Connector, such as `connector.messages`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def _call(
        self,
        method: Callable[..., Any],
        answer: type[T],
        *path_values: str,
        query: Query | None = None,
        body: Mapping[str, Any] | Body | None = None,
    ) -> T:
        """Call the endpoint of *method* (one of the namespace's own methods) and read the answer as *answer*.

        Properties of *body* that are None are left out.
        """
        route = _route(method)
        self._refuse_newer(route, query or [], body)
        if not isinstance(body, Body):
            body = Body(json=_without_none(body))
        if answer is Png:
            png = self._http.call(route, path_values, query=query or (), body=body, accept=PNG)
            return cast(T, Png(png))
        json = self._http.call(route, path_values, query=query or (), body=body)
        try:
            return read_answer(answer, json)
        except ValidationError as error:
            raise UnexpectedAnswer(
                f"The answer has an unexpected shape: {error}",
                "Check the Connector's version; please report this if it is a Connector 7.",
                call=Call(self._http.name, route.method, route.path),
            ) from None

    def _refuse_newer(self, route: Route, query: Query, body: Mapping[str, Any] | Body | None) -> None:
        """Send nothing that the Connector is too old for; its version is only asked for if something could be."""
        parts = [Part((), f"{route.method} {route.path}", route.since)] if route.since is not FIRST else []
        parts += [Part((), f"the filter {key!r}", route.newer_keys[key]) for key, _ in query if key in route.newer_keys]
        parts += newer_parts(body)
        if parts and (version := self._http.version()):
            refuse_newer_parts(parts, version, Call(self._http.name, route.method, route.path))

    def _download(self, method: Callable[..., Any], *path_values: str) -> bytes:
        return cast(bytes, self._http.call(_route(method), path_values, accept=_ANYTHING))

    def _download_to(self, path: Path | str, method: Callable[..., Any], *path_values: str) -> Path:
        target = Path(path)
        unfinished = target.with_name(f"{target.name}.part")
        try:
            with unfinished.open("wb") as file:
                self._http.call(_route(method), path_values, accept=_ANYTHING, sink=file)
            return unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)


def _route(method: Callable[..., Any]) -> Route:
    return ENDPOINTS[cast(MethodType, method).__func__.__qualname__]


def _without_none(body: Mapping[str, Any] | None) -> Any:
    return None if body is None else {name: to_json(value) for name, value in body.items() if value is not None}


def recipients_of(recipients: str | Sequence[str]) -> Sequence[str]:
    """Return the addresses as a list, also for a single one."""
    return [recipients] if isinstance(recipients, str) else list(recipients)
