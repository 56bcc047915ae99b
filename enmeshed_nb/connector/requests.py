"""Requests that this Connector sends (outgoing) and receives (incoming)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import StrictBool, StrictStr

from enmeshed_nb.connector.errors import InvalidInput
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


def request_content(request: RequestContent) -> RequestContent:
    """Return a Request as it is sent.

    Raises:
        InvalidInput: it is a whole LocalRequest.
    """
    refuse_local_request(request, "this endpoint")
    return request


def decision_body(decision: Decision) -> dict[str, Any]:
    """Return a decision as the API takes it.

    Raises:
        InvalidInput: it is none, or an `accept` is not a bool.
    """
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
