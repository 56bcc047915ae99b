"""What the namespaces of a Connector share: endpoints and their table, and common shapes of answers."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MethodType
from typing import Any, TypeVar, cast

from pydantic import BaseModel, StrictStr, ValidationError

from enmeshed_nb.connector.errors import Call, UnexpectedAnswer
from enmeshed_nb.connector.filters import Query
from enmeshed_nb.connector.http import API, PNG, Body, Http, Route
from enmeshed_nb.content.model import Model, iso, read_answer

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_ANYTHING = "*/*"

ENDPOINTS: dict[str, Route] = {}
"""Every endpoint method by its name (`Relationships.get`) with its route."""


def endpoint(method: str, path: str, *, base: str = API) -> Callable[[F], F]:
    """Mark a method as the one that calls `method path` of the API, and list it in `ENDPOINTS`."""

    def mark(function: F) -> F:
        ENDPOINTS[function.__qualname__] = Route(method, path, base)
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
    """The password that opens an object; `password_is_pin` (True or nothing) says that it consists of digits."""

    password: StrictStr
    password_is_pin: bool | None = None
    password_location_indicator: str | int | None = None


def plain(value: Any) -> Any:
    """Return *value* as JSON: models by `model_dump`, datetimes as ISO texts, properties that are None left out."""
    match value:
        case BaseModel():
            return value.model_dump()
        case datetime():
            return iso(value)
        case Mapping():
            return {name: plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case _:
            return value


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
                advice="Check the Connector's version; please report this if it is a Connector 7.",
                call=Call(self._http.name, route.method, route.path),
            ) from None

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
    return None if body is None else {name: plain(value) for name, value in body.items() if value is not None}


def recipients_of(recipients: str | Sequence[str]) -> Sequence[str]:
    """Return the addresses as a list, also for a single one."""
    return [recipients] if isinstance(recipients, str) else list(recipients)
