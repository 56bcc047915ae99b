"""What two Connectors do with each other, step by step: each flow is a generator that stops between two calls.

So several flows can be under way at once, and each can be killed anywhere.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from enmeshed_nb.connector import Connector, LocalRequest, NotFound
from enmeshed_nb.content import (
    ArbitraryRelationshipCreationContent,
    ArbitraryRelationshipTemplateContent,
    AuthenticationRequestItem,
    CreateAttributeRequestItem,
    DisplayName,
    IdentityAttribute,
    RelationshipTemplateContent,
    Request,
    RequestItemGroup,
    ShareAttributeRequestItem,
)
from enmeshed_nb.guide import accept_all, reject_all
from tests.faults.run import Finding, GivenUpError, Run
from tests.guide.test_items import KINDS, check_effect, response_items

Steps = Iterator[None]
Flow = Callable[[Run], Steps]
LATER = datetime.now(UTC) + timedelta(days=30)


def first(items: Any) -> Any:
    """Return the first item, None without one."""
    return next(iter(items), None)


def by_id(items: Any, wanted: str) -> Any:
    """Return the item with an id, None without one."""
    return first(each for each in items if each.id == wanted)


def request(kind: str, *, accept: bool = True, in_group: bool = False) -> Flow:
    """A Request with one item: created, sent, received, decided, its Response received."""

    def flow(run: Run) -> Steps:
        make, inputs_of, answer_type = KINDS[kind]
        item = make(run.connector("sender"), run.connector("recipient"))  # what it needs exists before the faults begin
        inputs = inputs_of(item, run.address("recipient"))
        path = (0, 0) if in_group else (0,)
        title = run.mark()
        content = Request(title=title, items=[RequestItemGroup(items=[item])] if in_group else [item])
        yield
        created = run.call(
            "POST /Requests/Outgoing",
            "sender",
            lambda c: c.requests.outgoing.create(content, run.address("recipient")),
            lambda c: first(each for each in c.requests.outgoing.list() if each.content.title == title),
        )
        yield
        run.call(
            "POST /Messages with the Request",
            "sender",
            lambda c: c.messages.send(run.address("recipient"), created.content),
            lambda c: first(m for m in c.messages.list(is_own=True) if getattr(m.content, "id", None) == created.id),
        )
        yield
        incoming = run.until(
            "the Request waits for a decision",
            "recipient",
            lambda c: first(c.requests.incoming.list(id=created.id, status="ManualDecisionRequired")),
            sync=("recipient",),
        )
        yield
        decide(run, incoming, accept=accept, inputs={path: inputs})
        yield
        run.until(
            "the decided Request is Completed at the Recipient",
            "recipient",
            completed_incoming(created.id),
            then_sync=("recipient",),
        )
        yield
        run.until(
            "the decided Request is Completed at the Sender",
            "sender",
            lambda c: first(c.requests.outgoing.list(id=created.id, status="Completed")),
            sync=("sender",),
        )

        def check() -> Iterator[Finding]:
            mine = run.connector("sender").requests.outgoing.get(created.id)
            theirs = run.connector("recipient").requests.incoming.get(created.id)
            yield from same_response(mine, theirs)
            if mine.response is None:
                return
            (answer,) = response_items(mine)
            answer = answer.items[0] if in_group else answer
            expected = answer_type if accept else "RejectResponseItem"
            if answer.type_name != expected:
                yield Finding("half", f"the Sender got a {answer.type_name} instead of a {expected}")
                return
            if accept:
                try:
                    check_effect(kind, item, answer, inputs, (run.connector("sender"), run.connector("recipient")))
                except (AssertionError, NotFound) as error:
                    yield Finding("half", f"what was accepted is not there: {error}")

        run.checks.append(check)

    return flow


def decide(run: Run, incoming: LocalRequest, *, accept: bool, inputs: dict[Any, dict[str, Any]]) -> None:
    """Accept or reject an incoming Request; what a cut-off accept leaves behind must fit its status."""
    decision = accept_all(incoming, inputs) if accept else reject_all(incoming, code="no.time")
    action = "Accept" if accept else "Reject"
    before = run.read("recipient", belongings)

    def call(connector: Connector) -> LocalRequest:
        method = connector.requests.incoming.accept if accept else connector.requests.incoming.reject
        return method(incoming.id, decision)

    def look(connector: Connector) -> LocalRequest | None:
        found = connector.requests.incoming.get(incoming.id)
        if found.status in ("Decided", "Completed"):
            return found
        if new := belongings(connector) - before:
            kinds = ", ".join(sorted(kind for kind, _ in new))
            run.find("half", f"the Request is {found.status}, but what its accept makes is there: {kinds}")
        return None

    run.call(f"PUT /Requests/Incoming/…/{action}", "recipient", call, look)
    run.decided.add(incoming.id)


def belongings(connector: Connector) -> set[tuple[str, str]]:
    """Return the Attributes and own Files of a Connector; a peer's File is loaded by any check of a Request already."""
    attributes = {(each.type_name, each.id) for each in connector.attributes.list()}
    return attributes | {("own File", each.id) for each in connector.files.list() if each.is_own}


def completed_incoming(request_id: str) -> Callable[[Connector], LocalRequest | None]:
    """Return the condition that an incoming Request is Completed."""
    return lambda c: first(c.requests.incoming.list(id=request_id, status="Completed"))


def same_response(mine: LocalRequest, theirs: LocalRequest) -> Iterator[Finding]:
    """A Request has the same Response at both sides."""
    if mine.response is None or theirs.response is None:
        yield Finding("half", "a Completed Request has no Response")
    elif mine.response.content != theirs.response.content:
        yield Finding("half", "the Sender has another Response than the Recipient")


def relationship(run: Run) -> Steps:
    """Two strangers: a template, loaded, a Relationship from it, accepted."""
    marked = ArbitraryRelationshipTemplateContent(value={"mark": run.mark()})
    yield
    template = run.call(
        "POST /RelationshipTemplates/Own",
        "sender",
        lambda c: c.relationship_templates.create_own(marked, expires_at=LATER),
        lambda c: first(each for each in c.relationship_templates.list_own() if each.content == marked),
    )
    yield
    loaded = run.call(
        "POST /RelationshipTemplates/Peer",
        "recipient",
        lambda c: c.relationship_templates.load_peer(template.reference),
        lambda c: by_id(c.relationship_templates.list_peer(), template.id),
    )
    yield
    created = run.call(
        "POST /Relationships",
        "recipient",
        lambda c: c.relationships.create(loaded.id, ArbitraryRelationshipCreationContent(value={})),
        lambda c: first(each for each in c.relationships.list() if each.template_id == template.id),
    )
    yield from accept_relationship(run, created.id)


def accept_relationship(run: Run, relationship_id: str) -> Steps:
    """The Sender accepts a Relationship; both have it in the end."""
    yield
    run.until("the Relationship is Pending", "sender", at(relationship_id, "Pending"), sync=("sender",))
    yield
    change(run, "sender", relationship_id, "accept", "Active")
    yield
    run.until("the Relationship is Active", "recipient", at(relationship_id, "Active"), sync=("recipient",))


def at(relationship_id: str, *statuses: str) -> Callable[[Connector], Any]:
    """Return the condition that a Relationship has a status."""
    return lambda c: first(
        each for each in c.relationships.list() if each.id == relationship_id and each.status in statuses
    )


def change(run: Run, name: str, relationship_id: str, action: str, status: str) -> None:
    """Change a Relationship's status."""
    run.call(
        f"Relationship: {action}",
        name,
        lambda c: getattr(c.relationships, action)(relationship_id),
        at(relationship_id, status),
    )


def relationship_with_request(run: Run) -> Steps:
    """Two strangers: a template with a Request; its accept makes the Relationship, which the Sender accepts."""
    value = DisplayName(value=run.mark())
    item = CreateAttributeRequestItem(attribute=IdentityAttribute(owner="", value=value), must_be_accepted=True)
    login = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
    content = RelationshipTemplateContent(title=value.value, on_new_relationship=Request(items=[item, login]))
    yield
    template = run.call(
        "POST /RelationshipTemplates/Own",
        "sender",
        lambda c: c.relationship_templates.create_own(content, expires_at=LATER),
        lambda c: first(
            t for t in c.relationship_templates.list_own() if getattr(t.content, "title", "") == value.value
        ),
    )
    yield
    run.call(
        "POST /RelationshipTemplates/Peer",
        "recipient",
        lambda c: c.relationship_templates.load_peer(template.reference),
        lambda c: by_id(c.relationship_templates.list_peer(), template.id),
    )
    yield
    incoming = run.until(
        "the template's Request waits for a decision",
        "recipient",
        lambda c: first(c.requests.incoming.list(source__reference=template.id, status="ManualDecisionRequired")),
    )
    yield
    decide(run, incoming, accept=True, inputs={})
    yield
    run.until(
        "the decided Request is Completed at the Recipient",
        "recipient",
        completed_incoming(incoming.id),
        then_sync=("recipient",),
    )
    created = run.until(
        "the Relationship is there",
        "recipient",
        lambda c: first(each for each in c.relationships.list() if each.template_id == template.id),
    )
    yield from accept_relationship(run, created.id)
    mine = run.until(
        "the template's Request is Completed at the Sender",
        "sender",
        lambda c: first(c.requests.outgoing.list(source__reference=template.id, status="Completed")),
        sync=("sender",),
    )

    def check() -> Iterator[Finding]:
        yield from same_response(mine, run.connector("recipient").requests.incoming.get(incoming.id))
        for name in ("sender", "recipient"):
            count = len(
                [a for a in run.connector(name).attributes.list() if getattr(a.content, "value", None) == value]
            )
            if count != 1:
                yield Finding("duplicate" if count else "half", f"the {name} has the Attribute {count} times")

    run.checks.append(check)


def end_of_a_relationship(run: Run) -> Steps:
    """Terminated, reactivated, terminated again, decomposed by both."""
    (known,) = run.connector("sender").relationships.list(status="Active")
    yield
    for _ in range(2):
        change(run, "sender", known.id, "terminate", "Terminated")
        yield
        run.until("it is Terminated", "recipient", at(known.id, "Terminated"), sync=("recipient",))
        yield
        if _:
            break

        def reactivation(connector: Connector) -> Any:
            log = connector.relationships.get(known.id).audit_log
            return log[-1].reason == "ReactivationRequested" or None

        run.call("Relationship: reactivate", "recipient", lambda c: c.relationships.reactivate(known.id), reactivation)
        yield
        run.until("the reactivation is asked for", "sender", reactivation, sync=("sender",))
        yield
        change(run, "sender", known.id, "accept_reactivation", "Active")
        yield
        run.until("it is Active", "recipient", at(known.id, "Active"), sync=("recipient",))
        yield

    def gone(connector: Connector) -> bool | None:
        return None if by_id(connector.relationships.list(), known.id) else True

    for name, other in (("sender", "recipient"), ("recipient", "sender")):
        run.call("Relationship: decompose", name, lambda c: c.relationships.decompose(known.id) or True, gone)
        yield
        if name == "sender":
            run.until("it is DeletionProposed", other, at(known.id, "DeletionProposed"), sync=(other,))
            yield

    def check() -> Iterator[Finding]:
        for name in ("sender", "recipient"):
            left: list[Any] = [*run.connector(name).messages.list()]
            left += [*run.connector(name).requests.outgoing.list(), *run.connector(name).requests.incoming.list()]
            if left:
                yield Finding("half", f"the {name} decomposed the Relationship and still has {len(left)} things of it")

    run.checks.append(check)


def files(run: Run) -> Steps:
    """A File is uploaded, loaded by the peer, downloaded by it, and deleted."""
    title, content = run.mark(), run.mark().encode() * 100
    yield
    uploaded = run.call(
        "POST /Files/Own",
        "sender",
        lambda c: c.files.upload_own(content, LATER, filename="a.txt", title=title),
        lambda c: first(each for each in c.files.list_own() if each.title == title),
    )
    yield
    run.call(
        "POST /Files/Peer",
        "recipient",
        lambda c: c.files.load_peer(uploaded.reference),
        lambda c: by_id(c.files.list(), uploaded.id),
    )
    if run.read("recipient", lambda c: c.files.download(uploaded.id)) != content:
        run.find("lost", "the peer downloads something else than was uploaded")
    count = len([each for each in run.read("sender", lambda c: c.files.list()) if each.title == title])
    if count != 1:
        run.find("duplicate", f"the Sender has {count} Files")
    ((stored,),) = run.network.backbone_rows("SELECT count(*) FROM files")
    if stored != len(run.read("sender", lambda c: c.files.list())):
        run.find("orphan", "the Backbone has a File that the Sender does not know")
    yield
    run.call(
        "DELETE /Files/…",
        "sender",
        lambda c: c.files.delete(uploaded.id) or True,
        lambda c: None if by_id(c.files.list(), uploaded.id) else True,
    )


def succession_and_deletion(run: Run) -> Steps:
    """A shared Attribute gets a newer version, the peer is told, deletes its copy, and the owner deletes its own."""
    old, new = DisplayName(value=run.mark()), DisplayName(value=run.mark())
    peer = run.address("recipient")
    sender = run.connector("sender")
    shared = sender.attributes.create(old)
    item = ShareAttributeRequestItem(attribute=shared.content, attribute_id=shared.id, must_be_accepted=True)
    from tests.guide.test_items import completed  # what is needed exists before the faults begin

    completed(sender, run.connector("recipient"), Request(items=[item]))
    yield

    def having(value: Any) -> Callable[[Connector], Any]:
        return lambda c: first(a for a in c.attributes.list() if getattr(a.content, "value", None) == value)

    run.call(
        "POST /Attributes/…/Succeed", "sender", lambda c: c.attributes.succeed(shared.id, new) and None, having(new)
    )
    newer = run.read("sender", having(new))
    assert newer
    yield
    run.call(
        "POST /Attributes/…/NotifyPeer",
        "sender",
        lambda c: c.attributes.notify_peer(newer.id, peer) or True,
        lambda c: True if c.attributes.forwarding_details(newer.id, peer=peer) else None,
    )
    yield
    theirs = run.until("the peer has the newer version", "recipient", having(new), sync=("recipient",))
    for name in ("sender", "recipient"):
        for value in (old, new):
            attributes = run.read(name, lambda c: c.attributes.list())
            count = len([a for a in attributes if getattr(a.content, "value", None) == value])
            if count != 1:
                run.find("duplicate" if count else "half", f"the {name} has a version {count} times")
    yield

    def deleted(connector: Connector) -> bool | None:
        return None if by_id(connector.attributes.list(), theirs.id) or having(new)(connector) else True

    run.call("DELETE /Attributes/… by the peer", "recipient", lambda c: c.attributes.delete(theirs.id) or True, deleted)
    yield

    def told(connector: Connector) -> bool | None:
        details = connector.attributes.forwarding_details(newer.id, peer=peer)
        return any(each.deletion_info for each in details) or None

    run.until("the owner learns of the deletion", "sender", told, sync=("sender",))
    yield
    run.call("DELETE /Attributes/… by the owner", "sender", lambda c: c.attributes.delete(newer.id) or True, deleted)


def all_requests() -> dict[str, Flow]:
    """Return a flow for each kind of item: accepted, rejected, in a group."""
    flows = {}
    for kind in KINDS:
        flows[f"accept {kind}"] = request(kind)
        flows[f"reject {kind}"] = request(kind, accept=False)
        flows[f"accept {kind} in a group"] = request(kind, in_group=True)
    return flows


STRANGERS: dict[str, Flow] = {"relationship": relationship, "relationship with a Request": relationship_with_request}
RELATED: dict[str, Flow] = {
    **all_requests(),
    "end of a Relationship": end_of_a_relationship,
    "files": files,
    "succession and deletion": succession_and_deletion,
}
FLOWS = STRANGERS | RELATED
NOT_TWICE = {*STRANGERS, "end of a Relationship"}
"""Flows that leave another state behind than they find, so that each run needs a new network."""


def finish(steps: Steps) -> None:
    """Do all steps that are left, as far as that is possible."""
    try:
        for _ in steps:
            pass
    except GivenUpError:
        pass
