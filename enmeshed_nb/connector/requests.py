"""Requests that this Connector sends (outgoing) and receives (incoming)."""

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import StrictBool, StrictStr

from enmeshed_nb.connector.errors import InvalidInput
from enmeshed_nb.connector.filters import FilterValue, query_of
from enmeshed_nb.connector.http import Http
from enmeshed_nb.connector.resource import Resource, endpoint
from enmeshed_nb.connector.validation import ValidationResult
from enmeshed_nb.content.decisions import DecideRequestParameters
from enmeshed_nb.content.model import Model, Timestamp, to_json
from enmeshed_nb.content.requests import ItemPath, Request, path_text
from enmeshed_nb.content.responses import Response

RequestStatus = (
    Literal["Draft", "Open", "DecisionRequired", "ManualDecisionRequired", "Decided", "Completed", "Expired"] | str
)
RequestContent = Request | Mapping[str, Any]
"""A Request, checked before it is sent; or JSON, sent as it is so that the Connector judges it."""
Decision = DecideRequestParameters | Mapping[str, Any] | Sequence[Any]
"""The decision about a Request, as a model or as JSON: `{"items": […]}` or only the list."""

FILTERS = frozenset(
    {
        *("id", "peer", "createdAt", "status", "content.expiresAt", "content.items.@type", "content.items.items.@type"),
        *("source.type", "source.reference", "response.createdAt", "response.source.type", "response.source.reference"),
        *("response.content.result", "response.content.items.@type", "response.content.items.items.@type"),
    }
)
"""The keys by which outgoing Requests can be filtered (the API ignores others); incoming ones have one more."""


class RequestSource(Model):
    """What brought a Request: the id of a Message or a RelationshipTemplate."""

    type: Literal["Message", "RelationshipTemplate"] | str
    reference: StrictStr


class ResponseSource(Model):
    """What brings a Response: the id of a Message or a Relationship."""

    type: Literal["Message", "Relationship"] | str
    reference: StrictStr


class LocalResponse(Model):
    """A Response with its story at this Connector; `source` is None until it was sent."""

    created_at: Timestamp
    content: Response
    source: ResponseSource | None = None


class LocalRequest(Model):
    """A Request with its story at this Connector.

    A `status` of "Completed" says nothing about the decision: see `response.content.result` and its items' results.

    Attributes:
        id: the same at both sides, if a Message brought it.
        is_own: whether this Connector asks (outgoing), else it is asked (incoming).
        peer: the address of the other side.
        source: what brought it; None as long as it is a Draft.
        response: None until it is decided (incoming) or answered (outgoing).
        was_automatically_decided: True if the Connector's decider decided it; else None.
    """

    id: StrictStr
    is_own: StrictBool
    peer: StrictStr
    created_at: Timestamp
    status: RequestStatus
    content: Request
    source: RequestSource | None = None
    response: LocalResponse | None = None
    was_automatically_decided: StrictBool | None = None


class OutgoingRequests(Resource):
    """`connector.requests.outgoing`; API key scope `core:requests` or `core:requests:outgoing`."""

    @endpoint("POST", "/Requests/Outgoing/Validate")
    def validate(self, request: RequestContent, peer: str | None = None) -> ValidationResult:
        """Check a Request without creating it: `POST /Requests/Outgoing/Validate`.

        Args:
            request: the Request.
            peer: the address of the Recipient; with it, more rules are checked.

        Returns:
            the result, also a negative one (see `ValidationResult.failures` and `guide.explain`).

        Raises:
            Refused: the Request is malformed JSON of its kind; a `Request` model rarely can be.
        """
        return self._call(self.validate, ValidationResult, body={"content": _content(request), "peer": peer})

    @endpoint("POST", "/Requests/Outgoing")
    def create(self, request: RequestContent, peer: str) -> LocalRequest:
        """Create a Request for a peer, with status "Draft": `POST /Requests/Outgoing`. Send its `content` by a Message.

        Raises:
            Refused: it is invalid; `validate` tells more.
        """
        return self._call(self.create, LocalRequest, body={"content": _content(request), "peer": peer})

    @endpoint("GET", "/Requests/Outgoing/{id}")
    def get(self, request_id: str) -> LocalRequest:
        """Return an outgoing Request: `GET /Requests/Outgoing/{id}`.

        Raises:
            NotFound: there is none with this id.
        """
        return self._call(self.get, LocalRequest, request_id)

    @endpoint("GET", "/Requests/Outgoing")
    def list(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[LocalRequest]:
        """Return the outgoing Requests that match: `GET /Requests/Outgoing`. Filters: see `FILTERS`.

        Raises:
            InvalidInput: there is no such filter.
        """
        return self._call(self.list, builtins.list[LocalRequest], query=query_of(filters, keywords, FILTERS))


class IncomingRequests(Resource):
    """`connector.requests.incoming`; API key scope `core:requests` or `core:requests:incoming`."""

    @endpoint("GET", "/Requests/Incoming")
    def list(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[LocalRequest]:
        """Return the incoming Requests that match: `GET /Requests/Incoming`; filters: see `FILTERS`.

        For example `list(source__reference=message.id, status="ManualDecisionRequired")`.

        Raises:
            InvalidInput: there is no such filter.
        """
        known = FILTERS | {"wasAutomaticallyDecided"}
        return self._call(self.list, builtins.list[LocalRequest], query=query_of(filters, keywords, known))

    @endpoint("GET", "/Requests/Incoming/{id}")
    def get(self, request_id: str) -> LocalRequest:
        """Return an incoming Request: `GET /Requests/Incoming/{id}`. It has the same id as at the Sender.

        Raises:
            NotFound: there is none with this id (yet).
        """
        return self._call(self.get, LocalRequest, request_id)

    @endpoint("PUT", "/Requests/Incoming/{id}/CanAccept")
    def can_accept(self, request_id: str, decision: Decision) -> ValidationResult:
        """Check a decision that accepts a Request: `PUT /Requests/Incoming/{id}/CanAccept`. It names the wrong item.

        Raises:
            InvalidInput: an `accept` is not a bool. Nothing was sent.
        """
        return self._call(self.can_accept, ValidationResult, request_id, body=_decision(decision))

    @endpoint("PUT", "/Requests/Incoming/{id}/Accept")
    def accept(self, request_id: str, decision: Decision) -> LocalRequest:
        """Accept a Request: `PUT /Requests/Incoming/{id}/Accept`. Its status becomes "Decided", then "Completed".

        Args:
            request_id: the Request.
            decision: one answer per item in order, e.g. `guide.accept_all(request)`.

        Raises:
            InvalidInput: an `accept` is not a bool (the API would take the text "false" for true). Nothing was sent.
            Refused: the decision does not fit; `can_accept` tells why.
        """
        return self._call(self.accept, LocalRequest, request_id, body=_decision(decision))

    @endpoint("PUT", "/Requests/Incoming/{id}/CanReject")
    def can_reject(self, request_id: str, decision: Decision) -> ValidationResult:
        """Check a decision that rejects a Request: `PUT /Requests/Incoming/{id}/CanReject`.

        Raises:
            InvalidInput: an `accept` is not a bool. Nothing was sent.
        """
        return self._call(self.can_reject, ValidationResult, request_id, body=_decision(decision))

    @endpoint("PUT", "/Requests/Incoming/{id}/Reject")
    def reject(self, request_id: str, decision: Decision) -> LocalRequest:
        """Reject a Request, every item of it: `PUT /Requests/Incoming/{id}/Reject`.

        Raises:
            InvalidInput: an `accept` is not a bool. Nothing was sent.
            Refused: the decision does not fit; `can_reject` tells why.
        """
        return self._call(self.reject, LocalRequest, request_id, body=_decision(decision))


class Requests:
    """`connector.requests`: `outgoing` and `incoming`."""

    def __init__(self, http: Http) -> None:
        self.outgoing = OutgoingRequests(http)
        self.incoming = IncomingRequests(http)


def refuse_local_request(content: object, where: str) -> None:
    """Refuse a whole LocalRequest where only its content belongs.

    Raises:
        InvalidInput: *content* is a LocalRequest, as a model or as JSON.
    """
    as_json = isinstance(content, Mapping) and "@type" not in content and {"content", "status"} <= content.keys()
    if isinstance(content, LocalRequest) or as_json:
        raise InvalidInput(
            f"This is the whole LocalRequest; {where} only takes the Request in its `content`.",
            "Pass `request.content` (JSON: result['content']).",
        )


def _content(request: RequestContent) -> RequestContent:
    refuse_local_request(request, "this endpoint")
    return request


def _decision(decision: Decision) -> dict[str, Any]:
    body: Any = to_json(decision)
    if isinstance(body, list):
        body = {"items": body}
    if not isinstance(body, dict):
        raise InvalidInput(f"{decision!r} is no decision.", "Pass e.g. guide.accept_all(request).")
    _refuse_texts_for_booleans(body.get("items"), ())
    return body


def _refuse_texts_for_booleans(items: Any, path: ItemPath) -> None:
    for index, item in enumerate(items if isinstance(items, list) else []):
        where = (*path, index)
        if not isinstance(item, dict):
            raise InvalidInput(
                f"{path_text(where)} is {item!r}.",
                'Answer each item with {"accept": True} or {"accept": False}.',
                path=where,
            )
        if not isinstance(item.get("accept", False), bool):
            raise InvalidInput(
                f"{path_text(where)}.accept is {item['accept']!r}; the API would take any text for true, even 'false'.",
                "Use the bool True or False.",
                path=where,
            )
        _refuse_texts_for_booleans(item.get("items"), where)
