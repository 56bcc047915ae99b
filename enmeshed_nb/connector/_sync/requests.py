# Made of enmeshed_nb/connector/_async/requests.py by tools/synchronous.py: change that.
"""The methods of `Requests`."""

import builtins
from collections.abc import Mapping

from enmeshed_nb.connector._sync.http import Http
from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.filters import FilterValue, query_of
from enmeshed_nb.connector.requests import (
    FILTERS,
    Decision,
    LocalRequest,
    RequestContent,
    decision_body,
    request_content,
)
from enmeshed_nb.connector.resource import endpoint
from enmeshed_nb.connector.validation import ValidationResult


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
        return self._call(self.validate, ValidationResult, body={"content": request_content(request), "peer": peer})

    @endpoint("POST", "/Requests/Outgoing")
    def create(self, request: RequestContent, peer: str) -> LocalRequest:
        """Create a Request for a peer, with status "Draft": `POST /Requests/Outgoing`. Send its `content` by a Message.

        Raises:
            Refused: it is invalid; `validate` tells more.
        """
        return self._call(self.create, LocalRequest, body={"content": request_content(request), "peer": peer})

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
        return self._call(self.can_accept, ValidationResult, request_id, body=decision_body(decision))

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
        return self._call(self.accept, LocalRequest, request_id, body=decision_body(decision))

    @endpoint("PUT", "/Requests/Incoming/{id}/CanReject")
    def can_reject(self, request_id: str, decision: Decision) -> ValidationResult:
        """Check a decision that rejects a Request: `PUT /Requests/Incoming/{id}/CanReject`.

        Raises:
            InvalidInput: an `accept` is not a bool. Nothing was sent.
        """
        return self._call(self.can_reject, ValidationResult, request_id, body=decision_body(decision))

    @endpoint("PUT", "/Requests/Incoming/{id}/Reject")
    def reject(self, request_id: str, decision: Decision) -> LocalRequest:
        """Reject a Request, every item of it: `PUT /Requests/Incoming/{id}/Reject`.

        Raises:
            InvalidInput: an `accept` is not a bool. Nothing was sent.
            Refused: the decision does not fit; `can_reject` tells why.
        """
        return self._call(self.reject, LocalRequest, request_id, body=decision_body(decision))


class Requests:
    """`connector.requests`: `outgoing` and `incoming`."""

    def __init__(self, http: Http) -> None:
        self.outgoing = OutgoingRequests(http)
        self.incoming = IncomingRequests(http)
