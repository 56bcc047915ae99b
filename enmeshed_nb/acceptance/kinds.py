"""Every kind of RequestItem: one to send, how it is accepted, and what comes of it at both sides."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from enmeshed_nb.acceptance.trial import Trial, expect, expect_equal
from enmeshed_nb.connector import Connector, DeletionInfo, ForwardingDetails, LocalAttribute, NotFound
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    ConsentRequestItem,
    CreateAttributeRequestItem,
    DeleteAttributeRequestItem,
    DisplayName,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityAttributeQuery,
    ProposeAttributeRequestItem,
    ProprietaryString,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RelationshipAttribute,
    Request,
    RequestItem,
    ShareAttributeRequestItem,
    TransferFileOwnershipRequestItem,
)
from enmeshed_nb.guide import ask, wait_for

Json = Mapping[str, Any]


def nothing(*_: Any) -> None:
    """Expect nothing."""


@dataclass(frozen=True)
class Asked:
    """An item to be sent, and what is expected of it.

    Attributes:
        item: the item; it must be accepted.
        parameters: what accepting it needs.
        answered: what stands in its ResponseItem, beside `@type` and `result`.
        has_effect: given the ResponseItem, holds what both sides have then against what they should have.
        has_none: does so after the item was rejected.
    """

    item: RequestItem
    parameters: Mapping[str, Any] = field(default_factory=dict)
    answered: Json = field(default_factory=dict)
    has_effect: Callable[[Json], None] = nothing
    has_none: Callable[[], None] = nothing


@dataclass(frozen=True)
class Kind:
    """A kind of RequestItem.

    Attributes:
        name: as it stands in the ids of requirements: "READ-ATTRIBUTE".
        ask: prepares one that no Request had before.
        response: the kind of ResponseItem that answers it if it is accepted.
        does: whether something comes of it beside the Response.
    """

    name: str
    ask: Callable[[Trial], Asked]
    response: str
    does: bool = True


def unique(trial: Trial) -> str:
    """Return a text that nothing else has, and that tells where it comes from."""
    return f"{trial.mark} {secrets.token_hex(4)}"


def in_days(days: int) -> datetime:
    """Return a time in the future."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)


def numbered(trial: Trial, owner: str = "") -> RelationshipAttribute:
    """Return a RelationshipAttribute with a key of its own."""
    key = unique(trial)
    value = ProprietaryString(title="A number", value=key)
    return RelationshipAttribute(owner=owner, key=key, confidentiality="public", value=value)


def named(trial: Trial, owner: str = "") -> IdentityAttribute:
    """Return an IdentityAttribute with a value of its own."""
    return IdentityAttribute(owner=owner, value=DisplayName(value=unique(trial)))


def names(**more: Any) -> ReadAttributeRequestItem:
    """Return an item that asks for a name."""
    return ReadAttributeRequestItem(
        must_be_accepted=True, query=IdentityAttributeQuery(value_type="DisplayName"), **more
    )


def stored(connector: Connector, attribute_id: str, kind: str, value: Any) -> LocalAttribute:
    """Return an Attribute of a Connector, if it is as it should be there.

    Raises:
        Broken: it is another one.
        NotFound: there is none.
    """
    found = connector.attributes.get(attribute_id)
    expect_equal(found.type_name, kind, f"The @type of {attribute_id} at the {connector.name}")
    expect_equal(_value(found), value, f"The value of {attribute_id} at the {connector.name}")
    return found


def _value(attribute: LocalAttribute) -> Any:
    return attribute.content.model_dump()["value"]


def absent(connector: Connector, key: str) -> None:
    """Expect that a Connector has no Attribute with a value (or key) of a check.

    Raises:
        Broken: it has.
    """
    there = [each for each in connector.attributes.list() if key in str(each.content.model_dump())]
    expect(not there, f"The {connector.name} has an Attribute nevertheless: {there and there[0].id}.")


def _authentication(trial: Trial) -> Asked:
    return Asked(
        AuthenticationRequestItem(
            must_be_accepted=True, title=trial.mark, description="Is it you?", metadata={"session": unique(trial)}
        )
    )


def _consent(trial: Trial) -> Asked:
    link = "https://enmeshed.eu/integrate/request-one-time-consent-of-peer"
    return Asked(ConsentRequestItem(must_be_accepted=True, consent=unique(trial), link=link, link_display_text="Terms"))


def _form_field(trial: Trial) -> Asked:
    item = FormFieldRequestItem(must_be_accepted=True, title=trial.mark, settings=RatingFormFieldSettings(max_rating=5))
    return Asked(item, {"response": 4}, {"response": 4})


def _read_attribute(trial: Trial) -> Asked:
    given = named(trial, trial.address(trial.recipient))
    return Asked(
        names(),
        {"new_attribute": given},
        {"attribute": given.model_dump()},
        lambda response: identity_attribute_is_shared(trial, response, given),
        lambda: absent(trial.sender, given.model_dump()["value"]["value"]),
    )


def _propose_attribute(trial: Trial) -> Asked:
    proposed = named(trial)
    given = proposed.model_copy(update={"owner": trial.address(trial.recipient)})
    query = IdentityAttributeQuery(value_type="DisplayName")
    return Asked(
        ProposeAttributeRequestItem(must_be_accepted=True, attribute=proposed, query=query),
        {"attribute": given},
        {"attribute": given.model_dump()},
        lambda response: identity_attribute_is_shared(trial, response, given),
        lambda: absent(trial.recipient, given.model_dump()["value"]["value"]),
    )


def identity_attribute_is_shared(trial: Trial, response: Json, given: IdentityAttribute) -> None:
    """Expect that the Recipient has an Attribute of its own, and that the Sender has it as that of a peer.

    Raises:
        Broken: it is not so.
    """
    attribute_id, value = response["attributeId"], given.model_dump()["value"]
    stored(trial.recipient, attribute_id, "OwnIdentityAttribute", value)
    theirs = stored(trial.sender, attribute_id, "PeerIdentityAttribute", value)
    expect_equal(theirs.content.owner, trial.address(trial.recipient), "Its owner at the Sender")
    peers = [each.peer for each in trial.recipient.attributes.forwarding_details(attribute_id)]
    expect(trial.address(trial.sender) in peers, f"By its forwarding details it was shared with {peers}.")


def relationship_attribute_is_shared(trial: Trial, response: Json, given: RelationshipAttribute) -> None:
    """Expect that the Recipient owns a RelationshipAttribute, and that the Sender has it, too.

    Raises:
        Broken: it is not so.
    """
    attribute_id, value, owner = response["attributeId"], given.model_dump()["value"], trial.address(trial.recipient)
    for connector, kind in ((trial.recipient, "OwnRelationshipAttribute"), (trial.sender, "PeerRelationshipAttribute")):
        found = stored(connector, attribute_id, kind, value)
        expect_equal(found.content.owner, owner, f"Its owner at the {connector.name}")
        expect_equal(getattr(found.content, "key", None), given.key, f"Its key at the {connector.name}")


def _create_attribute(trial: Trial) -> Asked:
    offered = numbered(trial)
    return Asked(
        CreateAttributeRequestItem(must_be_accepted=True, attribute=offered),
        has_effect=lambda response: relationship_attribute_is_shared(trial, response, offered),
        has_none=lambda: absent(trial.recipient, offered.key),
    )


def own_attribute(trial: Trial) -> LocalAttribute:
    """Create an Attribute of the Sender."""
    return trial.sender.attributes.create(DisplayName(value=unique(trial)))


def sharing(attribute: LocalAttribute) -> ShareAttributeRequestItem:
    """Return the item that shares an Attribute."""
    return ShareAttributeRequestItem(must_be_accepted=True, attribute=attribute.content, attribute_id=attribute.id)


def _share_attribute(trial: Trial) -> Asked:
    own = own_attribute(trial)

    def is_shared(_: Json) -> None:
        stored(trial.recipient, own.id, "PeerIdentityAttribute", _value(own))
        peers = [each.peer for each in trial.sender.attributes.forwarding_details(own.id)]
        expect(trial.address(trial.recipient) in peers, f"By its forwarding details it was shared with {peers}.")

    def is_not_shared() -> None:
        expect(not trial.sender.attributes.forwarding_details(own.id), "By its forwarding details it was shared.")
        expect(not _has(trial.recipient, own.id), f"The {trial.recipient.name} has it nevertheless.")

    return Asked(sharing(own), has_effect=is_shared, has_none=is_not_shared)


def _has(connector: Connector, attribute_id: str) -> bool:
    try:
        connector.attributes.get(attribute_id)
    except NotFound:
        return False
    return True


def shared_attribute(trial: Trial) -> LocalAttribute:
    """Create an Attribute of the Sender and share it with the Recipient."""
    own = own_attribute(trial)
    ask(trial.sender, trial.recipient, Request(title=trial.mark, items=[sharing(own)]), timeout=trial.patience)
    return own


def deletion(found: ForwardingDetails | LocalAttribute | None) -> DeletionInfo | None:
    """Return what is known of an Attribute's deletion."""
    return found.deletion_info if found else None


def forwarded(trial: Trial, attribute_id: str) -> ForwardingDetails | None:
    """Return what the Sender knows of having shared an Attribute with the Recipient."""
    peer = trial.address(trial.recipient)
    return next((each for each in trial.sender.attributes.forwarding_details(attribute_id) if each.peer == peer), None)


def _delete_attribute(trial: Trial) -> Asked:
    shared, date = shared_attribute(trial), in_days(2)

    def is_to_be_deleted(_: Json) -> None:
        here, there = deletion(forwarded(trial, shared.id)), deletion(trial.recipient.attributes.get(shared.id))
        expect(here is not None, "The Sender knows nothing of the deletion.")
        expect_equal(here and here.deletion_status, "ToBeDeletedByRecipient", "The deletion's status at the Sender")
        expect(there is not None, "The Recipient knows nothing of the deletion.")
        expect_equal(there and there.deletion_status, "ToBeDeleted", "The deletion's status at the Recipient")
        expect_equal(there and there.deletion_date, date, "The deletion's date at the Recipient")

    def stays() -> None:
        here, there = deletion(forwarded(trial, shared.id)), deletion(trial.recipient.attributes.get(shared.id))
        expect_equal(here and here.deletion_status, "DeletionRequestRejected", "The deletion's status at the Sender")
        expect_equal(there, None, "The deletion at the Recipient")

    item = DeleteAttributeRequestItem(must_be_accepted=True, attribute_id=shared.id)
    return Asked(item, {"deletion_date": date}, {"deletionDate": _iso(date)}, is_to_be_deleted, stays)


def _iso(date: datetime) -> str:
    return date.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _transfer_file_ownership(trial: Trial) -> Asked:
    content = trial.mark.encode()
    file = trial.sender.files.upload_own(content, in_days(2), filename="enmeshed-nb.txt", title=trial.mark)
    assert file.ownership_token is not None
    owner = trial.address(trial.recipient)

    def has_a_new_owner(_: Json) -> None:
        expect_equal(trial.recipient.files.get(file.id).owner, owner, "The File's owner at the Recipient")
        wait_for(
            lambda: trial.sender.files.get(file.id),
            until=lambda found: found.owner == owner,
            describe=lambda found: f"owned by {found.owner}",
            what="the File to have a new owner at the Sender",
            sync_with=trial.sender,
            timeout=trial.patience,
        )

    def has_the_old_one() -> None:
        expect_equal(trial.sender.files.get(file.id).owner, trial.address(trial.sender), "The File's owner")

    item = TransferFileOwnershipRequestItem(
        must_be_accepted=True, file_reference=file.reference.truncated, ownership_token=file.ownership_token
    )
    return Asked(item, has_effect=has_a_new_owner, has_none=has_the_old_one)


KINDS = (
    Kind("AUTHENTICATION", _authentication, "AcceptResponseItem", does=False),
    Kind("CONSENT", _consent, "AcceptResponseItem", does=False),
    Kind("FORM-FIELD", _form_field, "FormFieldAcceptResponseItem", does=False),
    Kind("READ-ATTRIBUTE", _read_attribute, "ReadAttributeAcceptResponseItem"),
    Kind("PROPOSE-ATTRIBUTE", _propose_attribute, "ProposeAttributeAcceptResponseItem"),
    Kind("CREATE-ATTRIBUTE", _create_attribute, "CreateAttributeAcceptResponseItem"),
    Kind("SHARE-ATTRIBUTE", _share_attribute, "AcceptResponseItem"),
    Kind("DELETE-ATTRIBUTE", _delete_attribute, "DeleteAttributeAcceptResponseItem"),
    Kind("TRANSFER-FILE-OWNERSHIP", _transfer_file_ownership, "TransferFileOwnershipAcceptResponseItem"),
)
"""The kinds that a Connector of any version 7 knows."""
