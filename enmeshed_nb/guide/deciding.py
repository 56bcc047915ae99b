"""Deciding: from an incoming Request to the body that accepts or rejects it (guide: "Answer the Request").

The API matches answers to RequestItems by their place alone. Here every answer is given to an item that exists, with
what that item needs; whatever cannot be is refused before anything is sent, naming the item.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from pydantic import ValidationError

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import (
    AcceptDeleteAttributeParameters,
    AcceptFormFieldParameters,
    AcceptParameters,
    AcceptProposeAttributeParameters,
    AcceptReadAttributeParameters,
    AcceptShareAuthorizationRequestParameters,
    AuthenticationRequestItem,
    ConsentRequestItem,
    CreateAttributeRequestItem,
    DecideGroupParameters,
    DecideRequestParameters,
    DeleteAttributeRequestItem,
    FormFieldRequestItem,
    ItemParameters,
    ItemPath,
    ProposeAttributeRequestItem,
    ReadAttributeRequestItem,
    RejectParameters,
    Request,
    RequestItem,
    RequestItemGroup,
    ShareAttributeRequestItem,
    ShareAuthorizationRequestRequestItem,
    ShareCredentialOfferRequestItem,
    TransferFileOwnershipRequestItem,
    walk,
)
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide.naming import label, shown
from enmeshed_nb.guide.text import listed, quoted, said_of

Place = int | ItemPath
"""An item's path as people may write it: `2` for `(2,)`."""

UNDECIDED = ("DecisionRequired", "ManualDecisionRequired")
"""The statuses in which an incoming Request can be decided."""

_PARAMETERS: dict[type[RequestItem], type[AcceptParameters]] = {
    AuthenticationRequestItem: AcceptParameters,
    ConsentRequestItem: AcceptParameters,
    CreateAttributeRequestItem: AcceptParameters,
    ShareAttributeRequestItem: AcceptParameters,
    ShareCredentialOfferRequestItem: AcceptParameters,
    TransferFileOwnershipRequestItem: AcceptParameters,
    FormFieldRequestItem: AcceptFormFieldParameters,
    ReadAttributeRequestItem: AcceptReadAttributeParameters,
    ProposeAttributeRequestItem: AcceptProposeAttributeParameters,
    DeleteAttributeRequestItem: AcceptDeleteAttributeParameters,
    ShareAuthorizationRequestRequestItem: AcceptShareAuthorizationRequestParameters,
}
_NEEDS: dict[type[RequestItem], tuple[str, str]] = {
    FormFieldRequestItem: ("an answer", "response=…"),
    ReadAttributeRequestItem: ("an Attribute", "existing_attribute_id=… or new_attribute=…"),
    DeleteAttributeRequestItem: ("a date", "deletion_date=…"),
    ShareAuthorizationRequestRequestItem: ("an Attribute", "attribute_id=…"),
}
"""What accepting an item needs, in words, and the parameters that give it."""


class DecisionError(UserError, ValueError):
    """The decision does not fit the Request; the problem names the item.

    Attributes:
        path: where the item stands (of several, the first); as it was asked for, if there is no such item.
    """

    def __init__(self, problem: str, cure: str = "", *, path: ItemPath = ()) -> None:
        super().__init__(problem, cure)
        self.path = path


def path_of(place: Place) -> ItemPath:
    """Return the path of an item as it is written everywhere else."""
    return (place,) if isinstance(place, int) else tuple(place)


class Decision:
    """The decision about one Request, item by item.

        decision = Decision(request).accept(0).accept((1, 0), response="blue").reject((1, 1), message="Not now.")
        recipient.requests.incoming.accept(request.id, decision.to_accept())

    An item may be decided again; the last word counts. Items that nobody decided are an error, not a "no".

    Attributes:
        request: the Request that is decided.
    """

    def __init__(self, request: LocalRequest | Request) -> None:
        """Begin a decision about *request*, with every item undecided."""
        self.request = request.content if isinstance(request, LocalRequest) else request
        self._items = dict(walk(self.request))
        self._answers: dict[ItemPath, ItemParameters] = {}

    def accept(self, path: Place, **parameters: Any) -> Self:
        """Accept an item, with what it needs.

        Args:
            path: the item's place: `2`, or `(1, 0)` for the first item of the group at place 1; counted from 0.
            parameters: `response` for a form field; `existing_attribute_id` (and `tags`) or `new_attribute` for a
                ReadAttributeRequestItem; `attribute_id` (and `tags`) or `attribute` for a ProposeAttributeRequestItem,
                which takes the proposed Attribute without either; `deletion_date` for a DeleteAttributeRequestItem;
                `attribute_id` for a ShareAuthorizationRequestRequestItem.

        Raises:
            DecisionError: there is no such item, or the parameters do not fit it.
        """
        place, item = self._find(path)
        if isinstance(item, ProposeAttributeRequestItem) and not parameters:
            parameters = {"attribute": item.attribute}
        needed = _NEEDS.get(type(item))
        if needed and not parameters:
            what, parameter = needed
            raise DecisionError(
                f"{label(self.request, place)} cannot be accepted without {what}.", f"Give {parameter}.", path=place
            )
        kind = _PARAMETERS.get(type(item))
        try:
            answer = kind(**parameters) if kind else AcceptParameters.from_api({"accept": True, **parameters})
        except ValidationError as error:
            raise DecisionError(f"{label(self.request, place)}: {_first(error)}.", path=place) from None
        if isinstance(item, FormFieldRequestItem) and (refusal := item.settings.refusal(parameters["response"])):
            raise DecisionError(f"{label(self.request, place)} {refusal}{_not(parameters['response'])}.", path=place)
        if isinstance(answer, AcceptDeleteAttributeParameters) and answer.deletion_date <= datetime.now(UTC):
            raise DecisionError(f"{label(self.request, place)}: the deletion date must be in the future.", path=place)
        self._answers[place] = answer
        return self

    def reject(self, path: Place, *, code: str | None = None, message: str | None = None) -> Self:
        """Reject an item, perhaps for a reason (*code* ≤ 200, *message* ≤ 1000 characters).

        Raises:
            DecisionError: there is no such item, or a text is too long.
        """
        place, _ = self._find(path)
        try:
            self._answers[place] = RejectParameters(code=code, message=message)
        except ValidationError as error:
            raise DecisionError(f"{label(self.request, place)}: {_first(error)}.", path=place) from None
        return self

    def to_accept(self) -> DecideRequestParameters:
        """Return the body for `can_accept` and `accept`.

        Raises:
            DecisionError: an item is undecided, or one that must be accepted is rejected.
        """
        for place, item in self._decided():
            if item.must_be_accepted and isinstance(self._answers[place], RejectParameters):
                raise DecisionError(
                    f"{label(self.request, place)} must be accepted to accept the Request.",
                    "Accept it, or reject every item.",
                    path=place,
                )
        return self._body()

    def to_reject(self) -> DecideRequestParameters:
        """Return the body for `can_reject` and `reject`.

        Raises:
            DecisionError: an item is undecided, or one is accepted.
        """
        for place, _ in self._decided():
            if isinstance(self._answers[place], AcceptParameters):
                raise DecisionError(
                    f"{label(self.request, place)} is accepted.", "To reject a Request, reject every item.", path=place
                )
        return self._body()

    def _find(self, path: Place) -> tuple[ItemPath, RequestItem]:
        place = path_of(path)
        if place in self._items:
            return place, self._items[place]
        if len(place) == 1 and 0 <= place[0] < len(self.request.items):
            raise DecisionError(
                f"{label(self.request, place)} has no answer of its own.",
                f"Answer its items: {listed(str(each) for each in self._items if each[0] == place[0])}.",
                path=place,
            )
        raise DecisionError(
            f"There is no item {place}.", f"The items are: {', '.join(map(str, self._items))}.", path=place
        )

    def _decided(self) -> list[tuple[ItemPath, RequestItem]]:
        if missing := [place for place in self._items if place not in self._answers]:
            names = listed(label(self.request, place) for place in missing)
            raise DecisionError(f"Not decided yet: {names}.", path=missing[0])
        return list(self._items.items())

    def _body(self) -> DecideRequestParameters:
        return DecideRequestParameters(
            items=[
                DecideGroupParameters(items=[self._answers[index, inner] for inner in range(len(node.items))])
                if isinstance(node, RequestItemGroup)
                else self._answers[(index,)]
                for index, node in enumerate(self.request.items)
            ]
        )


def accept_all(
    request: LocalRequest | Request, inputs: Mapping[Place, Mapping[str, Any]] | None = None
) -> DecideRequestParameters:
    """Return the decision that accepts every item of *request*.

    Args:
        request: the Request.
        inputs: what items need, e.g. `{0: {"response": 5}, (1, 0): {"existing_attribute_id": "ATT…"}}`.

    Raises:
        DecisionError: an item needs an input that is not there, or an input does not fit or has no item.
    """
    decision = Decision(request)
    given = {decision._find(path)[0]: parameters for path, parameters in (inputs or {}).items()}
    for path in decision._items:
        decision.accept(path, **given.get(path, {}))
    return decision.to_accept()


def reject_all(
    request: LocalRequest | Request, *, code: str | None = None, message: str | None = None
) -> DecideRequestParameters:
    """Return the decision that rejects every item of *request*, all for the same reason.

    Raises:
        DecisionError: *code* is longer than 200 or *message* longer than 1000 characters.
    """
    decision = Decision(request)
    for path in decision._items:
        decision.reject(path, code=code, message=message)
    return decision.to_reject()


def _not(response: Any) -> str:
    """Say what was given instead; nothing if nothing was."""
    if response is None or response in ("", []):
        return ""
    return f", not {quoted(response) if isinstance(response, str) else shown(response)}"


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {said_of(first)}" if where else said_of(first)
