"""Each kind of RequestItem, accepted and rejected, alone and in a group, between two real Connectors."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from enmeshed_nb.connector import Connector, LocalRequest
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    BooleanFormFieldSettings,
    ConsentRequestItem,
    CreateAttributeRequestItem,
    DateFormFieldSettings,
    DeleteAttributeRequestItem,
    DisplayName,
    DoubleFormFieldSettings,
    FormFieldRequestItem,
    FormFieldSettings,
    IdentityAttribute,
    IdentityAttributeQuery,
    IntegerFormFieldSettings,
    ProposeAttributeRequestItem,
    ProprietaryString,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RelationshipAttribute,
    RelationshipAttributeCreationHints,
    RelationshipAttributeQuery,
    Request,
    RequestItem,
    RequestItemGroup,
    SelectionFormFieldSettings,
    ShareAttributeRequestItem,
    StringFormFieldSettings,
    TransferFileOwnershipRequestItem,
)
from enmeshed_nb.guide import Decision, accept_all, reject_all, wait_for_request, wait_for_status

LATER = datetime.now(UTC) + timedelta(days=30)


def unique() -> str:
    return uuid.uuid4().hex


def address(connector: Connector) -> str:
    return connector.account.identity_info().address


def authentication(*_: Connector) -> RequestItem:
    return AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)


def consent(*_: Connector) -> RequestItem:
    return ConsentRequestItem(consent="I agree.", link="https://example.org/terms", must_be_accepted=True)


def create_identity_attribute(*_: Connector) -> RequestItem:
    attribute = IdentityAttribute(owner="", value=DisplayName(value=unique()))
    return CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)


def create_relationship_attribute(*_: Connector) -> RequestItem:
    value = ProprietaryString(title="Customer number", value="A-1")
    attribute = RelationshipAttribute(owner="", key=unique(), confidentiality="private", value=value)
    return CreateAttributeRequestItem(attribute=attribute, must_be_accepted=True)


def read_identity_attribute(*_: Connector) -> RequestItem:
    return ReadAttributeRequestItem(query=IdentityAttributeQuery(value_type="DisplayName"), must_be_accepted=True)


def read_relationship_attribute(*_: Connector) -> RequestItem:
    hints = RelationshipAttributeCreationHints(title="Shoe", value_type="ProprietaryString", confidentiality="public")
    query = RelationshipAttributeQuery(key=unique(), owner="", attribute_creation_hints=hints)
    return ReadAttributeRequestItem(query=query, must_be_accepted=True)


def propose(*_: Connector) -> RequestItem:
    attribute = IdentityAttribute(owner="", value=DisplayName(value=unique()))
    query = IdentityAttributeQuery(value_type="DisplayName")
    return ProposeAttributeRequestItem(attribute=attribute, query=query, must_be_accepted=True)


def share(sender: Connector, _: Connector) -> RequestItem:
    created = sender.attributes.create(DisplayName(value=unique()))
    return ShareAttributeRequestItem(attribute=created.content, attribute_id=created.id, must_be_accepted=True)


def delete(sender: Connector, recipient: Connector) -> RequestItem:
    shared = share(sender, recipient)
    assert isinstance(shared, ShareAttributeRequestItem)
    completed(sender, recipient, Request(items=[shared]))
    return DeleteAttributeRequestItem(attribute_id=shared.attribute_id, must_be_accepted=True)


def transfer(sender: Connector, _: Connector) -> RequestItem:
    file = sender.files.upload_own(unique().encode(), LATER, filename="a.txt", title="A file")
    assert file.ownership_token
    return TransferFileOwnershipRequestItem(
        file_reference=file.reference.truncated, ownership_token=file.ownership_token, must_be_accepted=True
    )


def form(settings: FormFieldSettings) -> Callable[..., RequestItem]:
    return lambda *_: FormFieldRequestItem(title="A field", settings=settings, must_be_accepted=True)


class Kind(NamedTuple):
    make: Callable[[Connector, Connector], RequestItem]
    inputs: Callable[[RequestItem, str], dict[str, Any]]
    answer: str


def nothing(*_: object) -> dict[str, Any]:
    return {}


def answered(response: object) -> Callable[..., dict[str, Any]]:
    return lambda *_: {"response": response}


def new_name(_: RequestItem, peer: str) -> dict[str, Any]:
    return {"new_attribute": IdentityAttribute(owner=peer, value=DisplayName(value=unique()))}


def new_shoe(item: Any, peer: str) -> dict[str, Any]:
    value = ProprietaryString(title="Shoe", value="42")
    key = item.query.key
    return {"new_attribute": RelationshipAttribute(owner=peer, key=key, confidentiality="public", value=value)}


def corrected(_: RequestItem, peer: str) -> dict[str, Any]:
    return {"attribute": IdentityAttribute(owner=peer, value=DisplayName(value=unique()))}


def in_a_month(*_: object) -> dict[str, Any]:
    return {"deletion_date": LATER}


FORM = "FormFieldAcceptResponseItem"
KINDS = {
    "authentication": Kind(authentication, nothing, "AcceptResponseItem"),
    "consent": Kind(consent, nothing, "AcceptResponseItem"),
    "create IdentityAttribute": Kind(create_identity_attribute, nothing, "CreateAttributeAcceptResponseItem"),
    "create RelationshipAttribute": Kind(create_relationship_attribute, nothing, "CreateAttributeAcceptResponseItem"),
    "delete": Kind(delete, in_a_month, "DeleteAttributeAcceptResponseItem"),
    "form boolean": Kind(form(BooleanFormFieldSettings()), answered(response=False), FORM),
    "form date": Kind(form(DateFormFieldSettings()), answered("2030-01-31"), FORM),
    "form double": Kind(form(DoubleFormFieldSettings(unit="kg", min=0.5, max=2)), answered(1.25), FORM),
    "form integer": Kind(form(IntegerFormFieldSettings(min=1, max=9)), answered(9), FORM),
    "form rating": Kind(form(RatingFormFieldSettings(max_rating=5)), answered(5), FORM),
    "form selection": Kind(form(SelectionFormFieldSettings(options=["red", "blue"])), answered("blue"), FORM),
    "form selections": Kind(
        form(SelectionFormFieldSettings(options=["red", "blue"], allow_multiple_selection=True)),
        answered(["blue", "red"]),
        FORM,
    ),
    "form string": Kind(form(StringFormFieldSettings(allow_newlines=True, max=20)), answered("two\nlines"), FORM),
    "propose": Kind(propose, nothing, "ProposeAttributeAcceptResponseItem"),
    "propose, corrected": Kind(propose, corrected, "ProposeAttributeAcceptResponseItem"),
    "read IdentityAttribute": Kind(read_identity_attribute, new_name, "ReadAttributeAcceptResponseItem"),
    "read RelationshipAttribute": Kind(read_relationship_attribute, new_shoe, "ReadAttributeAcceptResponseItem"),
    "share": Kind(share, nothing, "AcceptResponseItem"),
    "transfer": Kind(transfer, nothing, "TransferFileOwnershipAcceptResponseItem"),
}


def completed(
    sender: Connector,
    recipient: Connector,
    request: Request,
    *,
    accept: bool = True,
    inputs: dict[Any, dict[str, Any]] | None = None,
) -> LocalRequest:
    """Let a Request travel the guide; return it as the Sender has it in the end."""
    peer = address(recipient)
    sender.requests.outgoing.validate(request, peer).raise_for_failure()
    created = sender.requests.outgoing.create(request, peer)
    message = sender.messages.send(peer, created.content)
    incoming = wait_for_request(recipient, message.id)
    if accept:
        decision = accept_all(incoming, inputs)
        recipient.requests.incoming.can_accept(incoming.id, decision).raise_for_failure()
        recipient.requests.incoming.accept(incoming.id, decision)
    else:
        decision = reject_all(incoming, code="no.time", message="Not now.")
        recipient.requests.incoming.can_reject(incoming.id, decision).raise_for_failure()
        recipient.requests.incoming.reject(incoming.id, decision)
    ended = wait_for_status(sender.requests.outgoing, created.id, "Completed", sync=sender)
    theirs = recipient.requests.incoming.get(created.id)
    assert ended.response is not None
    assert theirs.response is not None
    assert theirs.status == "Completed"
    assert ended.response.content == theirs.response.content
    if accept:  # after a rejection, the Sender's Runtime alone fills in who `owner=""` was
        assert ended.content == theirs.content
    return ended


def response_items(request: LocalRequest) -> list[Any]:
    assert request.response is not None
    return list(request.response.content.items)


def check_effect(
    name: str, item: Any, answer: Any, inputs: dict[str, Any], parties: tuple[Connector, Connector]
) -> None:
    """What an accepted item leaves behind at the two Connectors."""
    sender, recipient = parties
    if name.startswith("form"):
        assert answer.response == inputs["response"]
    elif name.startswith(("create", "read", "propose", "transfer")):
        mine, theirs = sender.attributes.get(answer.attribute_id), recipient.attributes.get(answer.attribute_id)
        assert mine.content == theirs.content
        given = inputs.get("new_attribute") or inputs.get("attribute") or getattr(item, "attribute", None)
        if given:
            assert theirs.content.value == given.value
        if name == "transfer":
            assert [file.is_own for file in recipient.files.list() if file.reference.truncated == item.file_reference]
    elif name == "share":
        assert recipient.attributes.get(item.attribute_id).content == item.attribute
    elif name == "delete":
        assert recipient.attributes.get(item.attribute_id).deletion_info.deletion_status == "ToBeDeleted"


@pytest.mark.parametrize("name", KINDS)
def test_accepted_alone_and_in_a_group(name, sender, recipient):
    make, inputs_of, answer_type = KINDS[name]
    for in_group in (False, True):
        item = make(sender, recipient)
        inputs = inputs_of(item, address(recipient))
        items, path = ([RequestItemGroup(title="g", items=[item])], (0, 0)) if in_group else ([item], (0,))
        ended = completed(sender, recipient, Request(items=items), inputs={path: inputs})
        (answer,) = response_items(ended)
        if in_group:
            assert answer.type_name == "ResponseItemGroup"
            (answer,) = answer.items
        assert (answer.type_name, answer.result) == (answer_type, "Accepted")
        assert ended.response.content.result == "Accepted"
        check_effect(name, item, answer, inputs, (sender, recipient))


@pytest.mark.parametrize("name", KINDS)
def test_rejected_alone_and_in_a_group(name, sender, recipient):
    item = KINDS[name].make(sender, recipient)
    for items in ([item], [RequestItemGroup(items=[item])]):
        ended = completed(sender, recipient, Request(items=items), accept=False)
        assert ended.response.content.result == "Rejected"
        (answer,) = response_items(ended)
        if answer.type_name == "ResponseItemGroup":
            (answer,) = answer.items
        assert (answer.type_name, answer.result) == ("RejectResponseItem", "Rejected")
        assert (answer.code, answer.message) == ("no.time", "Not now.")


def test_all_kinds_in_one_request_some_in_a_group_some_rejected(sender, recipient):
    made = {name: kind.make(sender, recipient) for name, kind in KINDS.items()}
    optional = [item.model_copy(update={"must_be_accepted": False}) for item in made.values()]
    half = len(optional) // 2
    request = Request(title="Everything", items=[*optional[:half], RequestItemGroup(items=optional[half:])])
    peer = address(recipient)
    created = sender.requests.outgoing.create(request, peer)
    message = sender.messages.send(peer, created.content)
    incoming = wait_for_request(recipient, message.id)
    paths = [*((index,) for index in range(half)), *((half, index) for index in range(len(optional) - half))]
    decision = Decision(incoming)
    for number, (path, (name, item)) in enumerate(zip(paths, made.items(), strict=True)):
        if number % 2:
            decision.reject(path)
        else:
            decision.accept(path, **KINDS[name].inputs(item, peer))
    recipient.requests.incoming.accept(incoming.id, decision.to_accept())
    ended = wait_for_status(sender.requests.outgoing, created.id, "Completed", sync=sender)
    *alone, group = response_items(ended)
    results = [answer.result for answer in (*alone, *group.items)]
    assert results == ["Rejected" if number % 2 else "Accepted" for number in range(len(optional))]
    assert ended.response.content.result == "Accepted"


RESPONSES: list[Any] = [
    *(True, False, 0, 1, 3, 4, 5, 5.0, 2.5, -1, 10**6, "", "x", "true", "5", "xxxx", "x" * 4096),
    *("2030-01-31", "2030-01-31T10:00:00Z", "2030-13-01", "tomorrow"),
    *("red", ["red"], ["red", "blue"], ["red", "red"], [], ["green"], {"a": 1}, "two\nlines"),
]
SETTINGS: list[FormFieldSettings] = [
    BooleanFormFieldSettings(),
    DateFormFieldSettings(),
    DoubleFormFieldSettings(min=1, max=4.5),
    IntegerFormFieldSettings(min=1, max=4),
    RatingFormFieldSettings(max_rating=5),
    SelectionFormFieldSettings(options=["red", "blue"]),
    SelectionFormFieldSettings(options=["red", "blue"], allow_multiple_selection=True),
    StringFormFieldSettings(min=2, max=10, allow_newlines=True),  # without it, the Connector takes newlines as well
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.type_name)
def test_what_a_field_takes_here_the_connector_takes_too(settings, sender, recipient):
    request = Request(items=[FormFieldRequestItem(title="x", settings=settings, must_be_accepted=True)])
    peer = address(recipient)
    created = sender.requests.outgoing.create(request, peer)
    incoming = wait_for_request(recipient, sender.messages.send(peer, created.content).id)

    def takes(response: Any) -> bool:
        decision = {"items": [{"accept": True, "response": response}]}
        return recipient.requests.incoming.can_accept(incoming.id, decision).is_success

    here = [response for response in RESPONSES if settings.refusal(response) is None]
    there = [response for response in RESPONSES if takes(response)]
    assert [repr(response) for response in here] == [repr(response) for response in there]
