"""Decisions: what accepts or rejects a Request, one answer per RequestItem in the Request's order.

`guide.Decision` makes these from a Request and checks that they fit it.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import StrictStr

from enmeshed_nb.content.attributes import Attribute
from enmeshed_nb.content.model import Model, Timestamp, rule
from enmeshed_nb.content.rules import Tags, Text200, Text1000, not_empty


class RejectParameters(Model):
    """Rejects an item, perhaps for a reason: `code` for programs, `message` for people; the peer gets both."""

    accept: Literal[False] = False
    code: Text200 | None = None
    message: Text1000 | None = None


class AcceptParameters(Model):
    """Accepts an item that needs nothing more.

    An Authentication-, Consent-, CreateAttribute-, ShareAttribute-, ShareCredentialOffer- or
    TransferFileOwnershipRequestItem.
    """

    accept: Literal[True] = True


class AcceptFormFieldParameters(AcceptParameters):
    """Accepts a FormFieldRequestItem with the field's answer."""

    response: Any


def _exactly_one(first: tuple[str, object], second: tuple[str, object], tags: object) -> Iterable[tuple[str, str]]:
    if (first[1] is None) == (second[1] is None):
        yield second[0], f"give either {first[0]} or {second[0]}"
    elif tags is not None and first[1] is None:
        yield "tags", f"can only be added to an existing Attribute ({first[0]})"


class AcceptReadAttributeParameters(AcceptParameters):
    """Accepts a ReadAttributeRequestItem.

    With an Attribute that exists (`tags` are added to it), or with a new one.
    """

    existing_attribute_id: StrictStr | None = None
    new_attribute: Attribute | None = None
    tags: Tags | None = None

    def problems(self) -> Iterable[tuple[str, str]]:
        """Refuse both or none of the two."""
        return _exactly_one(
            ("existingAttributeId", self.existing_attribute_id), ("newAttribute", self.new_attribute), self.tags
        )


class AcceptProposeAttributeParameters(AcceptParameters):
    """Accepts a ProposeAttributeRequestItem.

    With an Attribute that exists (`tags` are added to it), or the proposed, perhaps corrected one.
    """

    attribute_id: StrictStr | None = None
    attribute: Attribute | None = None
    tags: Tags | None = None

    def problems(self) -> Iterable[tuple[str, str]]:
        """Refuse both or none of the two."""
        return _exactly_one(("attributeId", self.attribute_id), ("attribute", self.attribute), self.tags)


class AcceptShareAuthorizationRequestParameters(AcceptParameters):
    """Accepts a ShareAuthorizationRequestRequestItem.

    Attributes:
        attribute_id: an own IdentityAttribute whose value is a VerifiableCredential that the verifier asks for.
    """

    attribute_id: StrictStr


class AcceptDeleteAttributeParameters(AcceptParameters):
    """Accepts a DeleteAttributeRequestItem; the Attribute is deleted at a time in the future."""

    deletion_date: Timestamp


ItemParameters = AcceptParameters | RejectParameters


class DecideGroupParameters(Model):
    """The answers to a RequestItemGroup, which has no `accept` of its own."""

    items: Annotated[list[ItemParameters], rule(not_empty)]


class DecideRequestParameters(Model):
    """The body of CanAccept, Accept, CanReject and Reject: one answer per item, in order."""

    items: Annotated[list[ItemParameters | DecideGroupParameters], rule(not_empty)]
