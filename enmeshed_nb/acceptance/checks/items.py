"""Every kind of RequestItem: accepted and rejected, alone, in a group, and optional beside one that is required."""

from collections.abc import Callable, Mapping
from typing import Any

from enmeshed_nb.acceptance.checking import Body, check
from enmeshed_nb.acceptance.kinds import (
    KINDS,
    Kind,
    absent,
    deletion,
    forwarded,
    identity_attribute_is_shared,
    named,
    names,
    numbered,
    own_attribute,
    relationship_attribute_is_shared,
    shared_attribute,
    sharing,
)
from enmeshed_nb.acceptance.trial import Trial, expect, expect_equal
from enmeshed_nb.connector import LocalRequest, ValidationResult
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    BooleanFormFieldSettings,
    CreateAttributeRequestItem,
    DateFormFieldSettings,
    DeleteAttributeRequestItem,
    DoubleFormFieldSettings,
    FormFieldRequestItem,
    FormFieldSettings,
    GivenName,
    IdentityAttribute,
    IdentityAttributeQuery,
    IntegerFormFieldSettings,
    IQLQuery,
    ProposeAttributeRequestItem,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RelationshipAttributeCreationHints,
    RelationshipAttributeQuery,
    Request,
    RequestItem,
    RequestItemGroup,
    SelectionFormFieldSettings,
    StringFormFieldSettings,
)
from enmeshed_nb.guide import Decision, wait_for, wait_for_status

Json = Mapping[str, Any]
GUIDE = ("guide.validate", "guide.create", "guide.accepted", "guide.rejected", "guide.several_items")
"""What holds for every Request; these checks only tell what is of a kind of items."""
DECIDE = "error.consumption.requests.decide.validation"
CODE, MESSAGE = "enmeshed-nb.not-now", "Not now."


def _request(trial: Trial, *items: RequestItem | RequestItemGroup) -> Request:
    return Request(title=trial.mark, items=list(items))


def _validated(trial: Trial, *items: RequestItem | RequestItemGroup) -> ValidationResult:
    peer = trial.address(trial.recipient)
    return trial.sender.requests.outgoing.validate(_request(trial, *items), peer)


def _sent(trial: Trial, *items: RequestItem | RequestItemGroup) -> tuple[LocalRequest, LocalRequest]:
    """Send a Request; return it as it was created, and as it arrived."""
    peer = trial.address(trial.recipient)
    created = trial.sender.requests.outgoing.create(_request(trial, *items), peer)
    trial.sender.messages.send(peer, created.content)
    incoming = trial.recipient.requests.incoming
    return created, wait_for_status(
        incoming, created.id, "ManualDecisionRequired", sync=trial.recipient, timeout=trial.patience
    )


def _completed(trial: Trial, request_id: str) -> tuple[Json, Json]:
    """Return the Response that the Recipient gave, and that the Sender got."""
    incoming, outgoing = trial.recipient.requests.incoming, trial.sender.requests.outgoing
    at_recipient = wait_for_status(incoming, request_id, "Completed", timeout=trial.patience)
    at_sender = wait_for_status(outgoing, request_id, "Completed", sync=trial.sender, timeout=trial.patience)
    given, got = at_recipient.response, at_sender.response
    return (given.content.model_dump() if given else {}), (got.content.model_dump() if got else {})


def _accepted(trial: Trial, incoming: LocalRequest, *parameters: Mapping[str, Any]) -> tuple[Json, Json]:
    """Accept each item of a Request with its parameters; return the Response at both sides."""
    decision = Decision(incoming)
    for index, each in enumerate(parameters):
        decision.accept(index, **each)
    trial.recipient.requests.incoming.accept(incoming.id, decision.to_accept())
    return _completed(trial, incoming.id)


def _expect_item(item: Json, kind: str, answered: Json) -> None:
    expect_equal(item.get("@type"), kind, "The ResponseItem")
    expect_equal(item.get("result"), "Accepted", "Its result")
    for name, value in answered.items():
        expect_equal(item.get(name), value, f"Its {name}")


def accepting(kind: Kind) -> Body:
    """Return the check that sends an item alone and accepts it."""

    def body(trial: Trial) -> None:
        asked = kind.ask(trial)
        with trial.requirement("ITEMS-VALID"):
            _validated(trial, asked.item).raise_for_failure()
        created, incoming = _sent(trial, asked.item)
        with trial.requirement("ITEMS-ARRIVES", goes_on=True):
            expect_equal(incoming.content.model_dump(), created.content.model_dump(), "The Request at the Recipient")
        decision = Decision(created).accept(0, **asked.parameters).to_accept()
        with trial.requirement("ITEMS-CAN-ACCEPT", goes_on=True):
            trial.recipient.requests.incoming.can_accept(created.id, decision).raise_for_failure()
        trial.recipient.requests.incoming.accept(created.id, decision)
        given, got = _completed(trial, created.id)
        with trial.requirement(f"ITEMS-{kind.name}-ACCEPT"):
            _expect_item(given["items"][0], kind.response, asked.answered)
        with trial.requirement("ITEMS-RESPONSE", goes_on=True):
            expect_equal(got, given, "The Response at the Sender")
        if kind.does:
            with trial.requirement(f"ITEMS-{kind.name}-EFFECT"):
                asked.has_effect(given["items"][0])

    return body


def grouping(kind: Kind) -> Body:
    """Return the check that sends an item in a group, beside an optional one of its kind that is rejected."""

    def body(trial: Trial) -> None:
        required, optional = kind.ask(trial), kind.ask(trial)
        waived = optional.item.model_copy(update={"must_be_accepted": False})
        last = AuthenticationRequestItem(must_be_accepted=True, title=trial.mark)
        created, _ = _sent(trial, RequestItemGroup(title=trial.mark, items=[required.item, waived]), last)
        yes, no = {"accept": True}, {"accept": False}
        with trial.requirement("ITEMS-REQUIRED", goes_on=True):
            refused = trial.recipient.requests.incoming.can_accept(created.id, [{"items": [no, no]}, yes])
            codes = [each.code for each in refused.failures()]
            expect(not refused.is_success, "It is found that the Request can be accepted without the item.")
            expect_equal(codes, [f"{DECIDE}.mustBeAcceptedItemNotAccepted"], "What is said of it")
        decision = Decision(created).accept((0, 0), **required.parameters).reject((0, 1)).accept(1)
        trial.recipient.requests.incoming.accept(created.id, decision.to_accept())
        given, _ = _completed(trial, created.id)
        with trial.requirement("ITEMS-GROUP"):
            shape = [[each.get("@type") for each in given["items"][0]["items"]], given["items"][1].get("@type")]
            expect_equal(given["items"][0].get("@type"), "ResponseItemGroup", "What answers the group")
            expect_equal(shape, [[kind.response, "RejectResponseItem"], "AcceptResponseItem"], "What answers the items")
        with trial.requirement("ITEMS-OPTIONAL"):
            expect_equal(given.get("result"), "Accepted", "The Response's result")
            expect_equal(given["items"][0]["items"][1].get("result"), "Rejected", "The optional item's result")

    return body


def rejecting(kind: Kind) -> Body:
    """Return the check that sends an item alone and rejects it."""

    def body(trial: Trial) -> None:
        asked = kind.ask(trial)
        created, _ = _sent(trial, asked.item)
        decision = Decision(created).reject(0, code=CODE, message=MESSAGE).to_reject()
        with trial.requirement("ITEMS-CAN-REJECT", goes_on=True):
            trial.recipient.requests.incoming.can_reject(created.id, decision).raise_for_failure()
        trial.recipient.requests.incoming.reject(created.id, decision)
        given, got = _completed(trial, created.id)
        with trial.requirement("ITEMS-REJECT"):
            expect_equal(given.get("result"), "Rejected", "The Response's result")
            expect_equal(given["items"][0].get("@type"), "RejectResponseItem", "The ResponseItem")
            expect_equal(given["items"][0].get("result"), "Rejected", "Its result")
        with trial.requirement("ITEMS-REJECT-REASON", goes_on=True):
            item = got["items"][0]
            expect_equal((item.get("code"), item.get("message")), (CODE, MESSAGE), "The reason at the Sender")
        if kind.does:
            with trial.requirement("ITEMS-REJECT-NO-EFFECT"):
                asked.has_none()

    return body


def _register(kind: Kind) -> None:
    """Register the checks of a kind."""
    words, effect = kind.name.lower().replace("-", " "), ("an Attribute or File and ", "")[not kind.does]
    alone = ("ITEMS-VALID", "ITEMS-ARRIVES", "ITEMS-CAN-ACCEPT", f"ITEMS-{kind.name}-ACCEPT", "ITEMS-RESPONSE")
    none = ("ITEMS-REJECT-NO-EFFECT",) if kind.does else ()
    made: list[tuple[Callable[[Kind], Body], str, tuple[str, ...]]] = [
        (accepting, "accepted", (*alone, *((f"ITEMS-{kind.name}-EFFECT",) if kind.does else ()))),
        (grouping, "grouped", ("ITEMS-REQUIRED", "ITEMS-GROUP", "ITEMS-OPTIONAL")),
        (rejecting, "rejected", ("ITEMS-CAN-REJECT", "ITEMS-REJECT", "ITEMS-REJECT-REASON", *none)),
    ]
    for make, how, requirements in made:
        body = make(kind)
        body.__name__ = f"{words.replace(' ', '_')}_{how}"
        body.__module__ = __name__
        body.__doc__ = f"An item of the kind “{words}”, {how}."
        check(*requirements, after=GUIDE, creates=f"{effect}a Request and the two Messages that carry it")(body)


for _kind in KINDS:
    _register(_kind)


FIELDS: tuple[tuple[FormFieldSettings, Any, Any], ...] = (
    (BooleanFormFieldSettings(), True, "yes"),
    (DateFormFieldSettings(), "2030-01-31", "some day"),
    (DoubleFormFieldSettings(min=1, max=9.5), 2.5, "2.5"),
    (IntegerFormFieldSettings(min=1, max=9), 3, 3.5),
    (RatingFormFieldSettings(max_rating=10), 10, 11),
    (SelectionFormFieldSettings(options=["tea", "coffee"], allow_multiple_selection=True), ["tea"], ["water"]),
    (StringFormFieldSettings(min=1, max=9), "Ada", 5),
)
"""Each kind of settings, an answer that fits, and one that does not."""


@check(
    "ITEMS-FORM-FIELD-KINDS",
    "ITEMS-FORM-FIELD-MISMATCH",
    after=GUIDE,
    creates="a Request and the two Messages that carry it",
)
def form_fields(trial: Trial) -> None:
    """Each kind of form field, with an answer that fits and with one that does not."""
    items = [FormFieldRequestItem(must_be_accepted=True, title=trial.mark, settings=each) for each, _, _ in FIELDS]
    created, incoming = _sent(trial, *items)
    right = [{"accept": True, "response": fits} for _, fits, _ in FIELDS]
    with trial.requirement("ITEMS-FORM-FIELD-MISMATCH", goes_on=True):
        for index, (settings, _, wrong) in enumerate(FIELDS):
            answers = [*right[:index], {"accept": True, "response": wrong}, *right[index + 1 :]]
            result = trial.recipient.requests.incoming.can_accept(created.id, answers)
            paths = [(each.path, each.code) for each in result.failures()]
            wanted = [((index,), "error.consumption.requests.invalidAcceptParameters")]
            expect_equal(paths, wanted, f"What is said of {wrong!r} for {settings.type_name}")
    given, _ = _accepted(trial, incoming, *({"response": fits} for _, fits, _ in FIELDS))
    with trial.requirement("ITEMS-FORM-FIELD-KINDS"):
        for (settings, fits, _), item in zip(FIELDS, given["items"], strict=True):
            expect_equal(item.get("response"), fits, f"The answer to {settings.type_name}")


@check(
    "ITEMS-READ-EXISTING",
    "ITEMS-READ-ALREADY-SHARED",
    after=GUIDE,
    creates="an Attribute of the Recipient, two Requests, and the Messages that carry them",
)
def read_existing(trial: Trial) -> None:
    """Read an Attribute that the Recipient has already, twice."""
    own = trial.recipient.attributes.create(named(trial).value)
    for requirement, kind, answered in (
        (
            "ITEMS-READ-EXISTING",
            "ReadAttributeAcceptResponseItem",
            {"attributeId": own.id, "attribute": own.content.model_dump()},
        ),
        ("ITEMS-READ-ALREADY-SHARED", "AttributeAlreadySharedAcceptResponseItem", {"attributeId": own.id}),
    ):
        _, incoming = _sent(trial, names())
        given, _ = _accepted(trial, incoming, {"existing_attribute_id": own.id})
        with trial.requirement(requirement):
            _expect_item(given["items"][0], kind, answered)


@check(
    "ITEMS-READ-RELATIONSHIP", after=GUIDE, creates="a RelationshipAttribute, a Request and the Messages that carry it"
)
def read_relationship_attribute(trial: Trial) -> None:
    """Ask for a RelationshipAttribute whose value the Recipient chooses."""
    offered = numbered(trial, trial.address(trial.recipient))
    hints = RelationshipAttributeCreationHints(
        title="A number", value_type="ProprietaryString", confidentiality="public"
    )
    query = RelationshipAttributeQuery(key=offered.key, owner="", attribute_creation_hints=hints)
    _, incoming = _sent(trial, ReadAttributeRequestItem(must_be_accepted=True, query=query))
    given, _ = _accepted(trial, incoming, {"new_attribute": offered})
    with trial.requirement("ITEMS-READ-RELATIONSHIP"):
        _expect_item(given["items"][0], "ReadAttributeAcceptResponseItem", {})
        relationship_attribute_is_shared(trial, given["items"][0], offered)


@check(
    "ITEMS-READ-IQL", after=GUIDE, creates="an Attribute of the Recipient, a Request, and the Messages that carry it"
)
def read_by_iql(trial: Trial) -> None:
    """Ask for an Attribute in the Identity Query Language."""
    own = trial.recipient.attributes.create(named(trial).value)
    query = IQLQuery(query_string="DisplayName")
    _, incoming = _sent(trial, ReadAttributeRequestItem(must_be_accepted=True, query=query))
    given, _ = _accepted(trial, incoming, {"existing_attribute_id": own.id})
    with trial.requirement("ITEMS-READ-IQL"):
        content = own.content.model_dump()
        _expect_item(given["items"][0], "ReadAttributeAcceptResponseItem", {"attribute": content})


@check("ITEMS-READ-MISMATCH", after=GUIDE, creates="a Request that is rejected, and the Messages that carry it")
def read_mismatch(trial: Trial) -> None:
    """Answer a query with an Attribute of another value type."""
    created, incoming = _sent(trial, names())
    wrong = IdentityAttribute(owner=trial.address(trial.recipient), value=GivenName(value="Ada"))
    decision = Decision(incoming).accept(0, new_attribute=wrong).to_accept()
    with trial.requirement("ITEMS-READ-MISMATCH", goes_on=True):
        result = trial.recipient.requests.incoming.can_accept(created.id, decision)
        codes = [each.code for each in result.failures()]
        expect_equal(codes, ["error.consumption.requests.attributeQueryMismatch"], "What is said of it")
    trial.recipient.requests.incoming.reject(created.id, Decision(incoming).reject(0).to_reject())


@check(
    "ITEMS-PROPOSE-CORRECTED",
    after=GUIDE,
    creates="an Attribute of the Recipient, a Request, and the Messages that carry it",
)
def propose_corrected(trial: Trial) -> None:
    """Correct an Attribute that was proposed."""
    proposed, corrected = named(trial), named(trial, trial.address(trial.recipient))
    query = IdentityAttributeQuery(value_type="DisplayName")
    _, incoming = _sent(trial, ProposeAttributeRequestItem(must_be_accepted=True, attribute=proposed, query=query))
    given, _ = _accepted(trial, incoming, {"attribute": corrected})
    with trial.requirement("ITEMS-PROPOSE-CORRECTED"):
        _expect_item(given["items"][0], "ProposeAttributeAcceptResponseItem", {"attribute": corrected.model_dump()})
        identity_attribute_is_shared(trial, given["items"][0], corrected)
        absent(trial.sender, proposed.model_dump()["value"]["value"])


@check(
    "ITEMS-CREATE-IDENTITY",
    after=GUIDE,
    creates="an Attribute of the Recipient, a Request, and the Messages that carry it",
)
def create_identity_attribute(trial: Trial) -> None:
    """Offer an IdentityAttribute that the Recipient shall keep."""
    offered = named(trial)
    _, incoming = _sent(trial, CreateAttributeRequestItem(must_be_accepted=True, attribute=offered))
    given, _ = _accepted(trial, incoming, {})
    with trial.requirement("ITEMS-CREATE-IDENTITY"):
        _expect_item(given["items"][0], "CreateAttributeAcceptResponseItem", {})
        identity_attribute_is_shared(trial, given["items"][0], offered)


@check(
    "ITEMS-KEY-UNIQUE",
    "ITEMS-SHARE-UNCHANGED",
    "ITEMS-DELETE-NOT-SHARED",
    after=GUIDE,
    creates="an Attribute of the Sender",
)
def invalid(trial: Trial) -> None:
    """Validate items that cannot be sent."""
    same, own = numbered(trial), own_attribute(trial)
    twice = [CreateAttributeRequestItem(must_be_accepted=True, attribute=same) for _ in range(2)]
    changed = sharing(own).model_copy(update={"attribute": named(trial, trial.address(trial.sender))})
    unshared = DeleteAttributeRequestItem(must_be_accepted=True, attribute_id=own.id)
    rules = "error.consumption.requests"
    cases: tuple[tuple[str, list[RequestItem], str], ...] = (
        ("ITEMS-KEY-UNIQUE", [*twice], f"{rules}.violatedKeyUniquenessOfRelationshipAttributes"),
        ("ITEMS-SHARE-UNCHANGED", [changed], f"{rules}.invalidRequestItem"),
        ("ITEMS-DELETE-NOT-SHARED", [unshared], f"{rules}.invalidRequestItem"),
    )
    for requirement, items, code in cases:
        with trial.requirement(requirement, goes_on=True):
            result = _validated(trial, *items)
            expect(not result.is_success, "It is found valid.")
            expect_equal([each.code for each in result.failures()], [code], "What is said of it")


@check(
    "ITEMS-SHARE-TWICE",
    "ITEMS-DELETE-NOTIFICATION",
    after=GUIDE,
    creates="an Attribute of the Sender, a Request, and the Messages that carry it and what became of the Attribute",
)
def shared_and_deleted(trial: Trial) -> None:
    """Share an Attribute a second time, and let the Recipient delete it."""
    own = shared_attribute(trial)
    with trial.requirement("ITEMS-SHARE-TWICE", goes_on=True):
        result = _validated(trial, sharing(own))
        codes = [each.code for each in result.failures()]
        expect_equal(codes, ["error.consumption.requests.invalidRequestItem"], "What is said of it")
    trial.recipient.attributes.delete(own.id)
    with trial.requirement("ITEMS-DELETE-NOTIFICATION"):
        wait_for(
            lambda: deletion(forwarded(trial, own.id)),
            until=lambda found: found and found.deletion_status == "DeletedByRecipient",
            describe=lambda found: found.deletion_status if found else "nothing",
            what="the Sender to learn that the Recipient has deleted the Attribute",
            sync_with=trial.sender,
            timeout=trial.patience,
        )


@check("ITEMS-SHARE-CREDENTIAL-OFFER")
def credential_offer(trial: Trial) -> None:
    """Offer a VerifiableCredential."""
    with trial.requirement("ITEMS-SHARE-CREDENTIAL-OFFER"):
        trial.skip("It needs an issuer of OpenID4VC that both Connectors reach, and a new offer of its for each run.")


@check("ITEMS-SHARE-AUTHORIZATION-REQUEST")
def authorization_request(trial: Trial) -> None:
    """Ask for a VerifiableCredential to be presented."""
    with trial.requirement("ITEMS-SHARE-AUTHORIZATION-REQUEST"):
        trial.skip("It needs a verifier of OpenID4VC that both Connectors reach, and a credential that it accepts.")
