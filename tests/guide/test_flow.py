"""The guide "Requests via Messages" on the real Runtime."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from enmeshed_nb.connector import Connector, LocalRequest, NotFound, Refused, UnexpectedAnswer
from enmeshed_nb.content import (
    AcceptResponseItem,
    ArbitraryMessageContent,
    AuthenticationRequestItem,
    Consent,
    ConsentRequestItem,
    CreateAttributeAcceptResponseItem,
    CreateAttributeRequestItem,
    DisplayName,
    FormFieldAcceptResponseItem,
    FormFieldRequestItem,
    IdentityAttribute,
    IdentityAttributeQuery,
    IntegerFormFieldSettings,
    ProposeAttributeRequestItem,
    ReadAttributeRequestItem,
    RejectResponseItem,
    RelationshipAttribute,
    Request,
    RequestItemGroup,
    ResponseItemGroup,
    ResponseWrapper,
    SelectionFormFieldSettings,
)
from enmeshed_nb.guide import (
    Decision,
    Journal,
    accept_all,
    active_relationship,
    establish_relationship,
    explain,
    reject_all,
    wait_for_request,
    wait_for_status,
)

AUTHENTICATION = AuthenticationRequestItem(title="The Sender is asking for an authentication.", must_be_accepted=True)


def address(connector: Connector) -> str:
    return connector.account.identity_info().address


def send(sender: Connector, recipient: Connector, request: Request) -> LocalRequest:
    """Create and send a Request and return it as the Recipient has it."""
    peer = address(recipient)
    sender.requests.outgoing.validate(request, peer).raise_for_failure()
    created = sender.requests.outgoing.create(request, peer)
    message = sender.messages.send(peer, created.content)
    received = wait_for_request(recipient, message.id)
    assert received.id == created.id
    return received


def completed(sender: Connector, request: LocalRequest) -> LocalRequest:
    done = wait_for_status(sender.requests.outgoing, request.id, "Completed", sync=sender)
    assert done.response is not None
    return done


def test_a_request_is_accepted(sender: Connector, recipient: Connector) -> None:
    with Journal(sender, recipient) as journal:
        peer = active_relationship(sender, address(recipient)).peer
        request = Request(items=[AUTHENTICATION])
        assert sender.requests.outgoing.validate(request, peer).is_success
        created = sender.requests.outgoing.create(request, peer)
        assert (created.status, created.is_own, created.peer) == ("Draft", True, peer)
        assert created.content.id == created.id
        assert created.content.items == request.items
        message = sender.messages.send(peer, created.content)
        opened = wait_for_status(sender.requests.outgoing, created.id, "Open")
        assert opened.source is not None
        assert (opened.source.type, opened.source.reference) == ("Message", message.id)

        received = wait_for_request(recipient, message.id)
        assert (received.id, received.is_own, received.peer) == (created.id, False, address(sender))
        assert received.content == created.content
        decided = recipient.requests.incoming.accept(received.id, accept_all(received))
        assert decided.status == "Decided"
        answered = wait_for_status(recipient.requests.incoming, received.id, "Completed")
        done = completed(sender, created)

    assert done.response is not None
    assert answered.response is not None
    assert done.response.content == answered.response.content
    assert done.response.content.result == "Accepted"
    assert done.response.content.items == [AcceptResponseItem()]
    assert done.response.source == answered.response.source
    statuses = [each.status for each in journal.history(created.id) if each.connector == sender.name]
    assert statuses[0] == "Draft"
    assert statuses[-1] == "Completed"
    carrier = sender.messages.get(done.response.source.reference)
    assert isinstance(carrier.content, ResponseWrapper)
    assert carrier.content.request_source_reference == message.id


def test_json_goes_out_as_it_is_and_comes_back_with_a_type_and_an_id(sender: Connector, recipient: Connector) -> None:
    """What the guide sends: the Request has no `@type` of its own."""
    request = {"items": [AUTHENTICATION.model_dump()], "title": "Who is there?"}
    peer = address(recipient)
    with Journal(sender) as journal:
        assert sender.requests.outgoing.validate(request, peer).is_success
        created = sender.requests.outgoing.create(request, peer)
    assert [each.request for each in journal.exchanges] == 2 * [{"content": request, "peer": peer}]
    assert created.content.model_dump() == {**request, "@type": "Request", "id": created.id}


def test_a_request_is_rejected_for_a_reason(sender: Connector, recipient: Connector) -> None:
    received = send(sender, recipient, Request(items=[AUTHENTICATION]))
    recipient.requests.incoming.reject(received.id, reject_all(received, code="no.time", message="Not now"))
    done = completed(sender, received)
    assert done.response.content.result == "Rejected"
    assert done.response.content.items == [RejectResponseItem(code="no.time", message="Not now")]


def test_items_of_a_group_are_decided_one_by_one(sender: Connector, recipient: Connector) -> None:
    key = uuid.uuid4().hex
    terms = RelationshipAttribute(owner="", key=key, confidentiality="private", value=Consent(consent="I agree."))
    request = Request(
        title="Welcome",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        metadata={"session": key},
        items=[
            ConsentRequestItem(consent="The newsletter, please.", must_be_accepted=False),
            RequestItemGroup(
                title="More",
                items=[
                    CreateAttributeRequestItem(attribute=terms, must_be_accepted=True),
                    FormFieldRequestItem(
                        title="Colour", must_be_accepted=False, settings=SelectionFormFieldSettings(options=["red"])
                    ),
                    FormFieldRequestItem(
                        title="Age", must_be_accepted=False, settings=IntegerFormFieldSettings(min=18, unit="years")
                    ),
                ],
            ),
        ],
    )
    received = send(sender, recipient, request)
    assert received.content.metadata == {"session": key}
    decision = Decision(received).reject(0).accept((1, 0)).accept((1, 1), response="red").reject((1, 2), code="no")
    assert recipient.requests.incoming.can_accept(received.id, decision.to_accept()).is_success
    recipient.requests.incoming.accept(received.id, decision.to_accept())
    consent, group = completed(sender, received).response.content.items
    assert consent == RejectResponseItem()
    assert isinstance(group, ResponseItemGroup)
    created, colour, age = group.items
    assert isinstance(created, CreateAttributeAcceptResponseItem)
    assert colour == FormFieldAcceptResponseItem(response="red")
    assert age == RejectResponseItem(code="no")
    assert sender.attributes.get(created.attribute_id).content.value == terms.value
    assert recipient.attributes.get(created.attribute_id).type_name == "OwnRelationshipAttribute"


def test_attributes_are_read_and_proposed(sender: Connector, recipient: Connector) -> None:
    name = DisplayName(value=f"Zoë {uuid.uuid4().hex[:8]}")
    own = recipient.attributes.create(name)
    proposed = IdentityAttribute(owner="", value=DisplayName(value=f"Ž {uuid.uuid4().hex[:8]}"))
    query = IdentityAttributeQuery(value_type="DisplayName")
    request = Request(
        items=[
            ReadAttributeRequestItem(query=query, must_be_accepted=True),
            ProposeAttributeRequestItem(query=query, attribute=proposed, must_be_accepted=False),
        ]
    )
    received = send(sender, recipient, request)
    body = accept_all(received, {0: {"existing_attribute_id": own.id}})
    recipient.requests.incoming.accept(received.id, body)
    read, taken = completed(sender, received).response.content.items
    assert read.attribute.value == name
    assert taken.attribute.value == proposed.value
    shared = sender.attributes.list_peer(address(recipient), content__value__at_type="DisplayName")
    assert {read.attribute_id, taken.attribute_id} <= {attribute.id for attribute in shared}


def test_a_wrong_decision_is_explained_by_the_check(sender: Connector, recipient: Connector) -> None:
    received = send(sender, recipient, Request(items=[AUTHENTICATION]))
    result = recipient.requests.incoming.can_accept(received.id, [{"accept": False}])
    (failure,) = result.failures()
    assert failure.path == (0,)
    assert failure.code == "error.consumption.requests.decide.validation.mustBeAcceptedItemNotAccepted"
    assert explain(result, received).startswith("“The Sender is asking")
    (failure,) = recipient.requests.incoming.can_accept(received.id, [{"accept": True}, {"accept": True}]).failures()
    assert failure.code == "error.consumption.requests.decide.validation.invalidNumberOfItems"
    with pytest.raises(Refused) as caught:
        recipient.requests.incoming.accept(received.id, [{"accept": False}])
    assert caught.value.code == "error.runtime.unknown"
    assert "can_accept" in str(caught.value)
    assert recipient.requests.incoming.get(received.id).status == "ManualDecisionRequired"
    recipient.requests.incoming.accept(received.id, accept_all(received))
    with pytest.raises(Refused):
        recipient.requests.incoming.accept(received.id, accept_all(received))
    assert completed(sender, received).response.content.result == "Accepted"


def test_a_request_is_not_sent_twice(sender: Connector, recipient: Connector) -> None:
    peer = address(recipient)
    created = sender.requests.outgoing.create(Request(items=[AUTHENTICATION]), peer)
    first = sender.messages.send(peer, created.content)
    wait_for_status(sender.requests.outgoing, created.id, "Open")
    with pytest.raises(Refused) as caught:
        sender.messages.send(peer, created.content)
    assert caught.value.code == "error.runtime.messages.cannotSendRequestThatWasAlreadySent"
    assert "create a new Request" in str(caught.value)
    received = wait_for_request(recipient, first.id)
    assert [each.id for each in recipient.requests.incoming.list(source__reference=first.id)] == [received.id]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"@type": "AuthenticationRequestItem", "mustBeAccepted": True}, "error.runtime.requestDeserialization"),
        (
            {"@type": "AuthenticationRequestItem", "mustBeAccepted": "true", "title": "x"},
            "error.runtime.requestDeserialization",
        ),
        ({"@type": "FreeTextRequestItem", "mustBeAccepted": True}, "error.runtime.requestDeserialization"),
    ],
)
def test_the_connector_judges_malformed_json(sender: Connector, recipient: Connector, item: dict, code: str) -> None:
    with pytest.raises(Refused) as caught:
        sender.requests.outgoing.validate({"items": [item]}, address(recipient))
    assert caught.value.code == code


def test_a_request_nobody_can_get_is_explained(sender: Connector) -> None:
    result = sender.requests.outgoing.validate(Request(items=[AUTHENTICATION]), address(sender))
    assert result.code == "error.consumption.requests.cannotShareRequestWithYourself"
    stranger = "did:e:localhost:dids:0123456789abcdef012345"
    text = explain(sender.requests.outgoing.validate(Request(items=[AUTHENTICATION]), stranger))
    assert "error.consumption.requests" in text or "Relationship" in text


def test_what_is_not_there_is_not_found(sender: Connector) -> None:
    for get in (
        sender.requests.outgoing.get,
        sender.requests.incoming.get,
        sender.messages.get,
        sender.relationships.get,
        sender.relationship_templates.get,
    ):
        prefix = {"messages": "MSG", "relationships": "REL", "relationship_templates": "RLT"}.get(
            type(get.__self__).__module__.rpartition(".")[2], "REQ"
        )
        with pytest.raises(NotFound):
            get(prefix + "A" * 17)


def test_a_relationship_is_established_once(sender: Connector, recipient: Connector) -> None:
    before = sender.relationships.list()
    again = establish_relationship(sender, recipient)
    turned = establish_relationship(recipient, sender)
    assert again.id == turned.id
    assert again.status == "Active"
    assert [each.id for each in sender.relationships.list()] == [each.id for each in before]


def test_other_messages_travel_too(sender: Connector, recipient: Connector) -> None:
    sent = sender.messages.send(address(recipient), ArbitraryMessageContent(value={"a": [1, None]}))
    recipient.account.sync()
    got = recipient.messages.get(sent.id)
    assert got.content == ArbitraryMessageContent(value={"a": [1, None]})
    assert [each.id for each in recipient.messages.list(participant=address(sender), is_own=False)].count(sent.id) == 1


def test_the_connector_tells_about_itself(sender: Connector) -> None:
    assert sender.health().is_healthy
    assert sender.require_version().version.startswith("7.")
    assert sender.account.sync_info().last_sync_run is not None
    with pytest.raises((NotFound, UnexpectedAnswer, Refused)):
        sender.tokens.get("TOK" + "A" * 17)
