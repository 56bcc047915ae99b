"""Exercises of the lesson Goodbye."""

from collections.abc import Callable, Iterator

from enmeshed_nb.connector import Relationship
from enmeshed_nb.guide.exercises.checks import whether
from enmeshed_nb.guide.exercises.task import Check, Finding, Sides, Task, missing, there, wrong


def _with_tenant(judge: Callable[[Sides, Relationship, list[str]], Iterator[Finding]]) -> Check:
    """Return a check of the tenant's Relationship with the Sender, and of what became of it since the beginning.

    The tenant's side is judged: it has the whole story, also when the Sender has decomposed its own.
    """

    def check(sides: Sides) -> Iterator[Finding]:
        if "tenant" not in sides.connectors:
            yield missing(
                "There is no Connector with the name “tenant”.", 'Start it by `network.add_connector("tenant")`.'
            )
            return
        yield there("There is a Connector with the name “tenant”.")
        found = sides.connectors["tenant"].relationships.list(peer=sides.addresses["sender"])
        if not found:
            yield missing(
                "The tenant has no Relationship with the Sender.",
                "`establish_relationship(sender, tenant)` begins one.",
            )
            return
        relationship = max(found, key=lambda each: each.audit_log[0].created_at)
        yield there("The tenant has a Relationship with the Sender.")
        log = [f"{_who(sides, each.created_by)} {each.reason}" for each in relationship.audit_log]
        new = [said for said, each in zip(log, relationship.audit_log, strict=True) if each.created_at >= sides.since]
        yield from judge(sides, relationship, new)

    return check


def _who(sides: Sides, address: str) -> str:
    return next((name for name, each in sides.addresses.items() if each == address), "somebody")


def _left(sides: Sides, relationship: Relationship, log: list[str]) -> Iterator[Finding]:
    at_sender = [each.status for each in sides.sender.relationships.list(peer=sides.addresses["tenant"])]
    if at_sender == ["Active"]:
        yield missing(
            "The Relationship is Active.",
            "Terminate it first: `sender.relationships.terminate(relationship.id)`.",
        )
        return
    yield there("It was terminated.")
    if at_sender:
        yield missing(
            "The Sender still has it.", "It decomposes it: `sender.relationships.decompose(relationship.id)`."
        )
        return
    yield there("The Sender has decomposed it.")
    if relationship.status == "DeletionProposed":
        yield whether(
            "sender Decomposition" in log,
            "The tenant still has it, and sees that its deletion is proposed.",
            "The Sender decomposed it before this exercise began.",
            "Begin a new one: `end_relationship(sender, tenant)`, then `establish_relationship(sender, tenant)`.",
        )
    else:
        yield missing("The tenant does not know of it yet.", "Synchronise the tenant: `tenant.account.sync()`.")


def _stayed(sides: Sides, relationship: Relationship, log: list[str]) -> Iterator[Finding]:
    if not any(each.endswith(" Termination") for each in log):
        yield missing(
            "Nobody has terminated it since the exercise began.",
            "The tenant does: `tenant.relationships.terminate(relationship.id)`.",
        )
        return
    if "tenant Termination" not in log:
        yield wrong("The Sender has terminated it.", "Reactivate it, and let the tenant terminate it.")
        return
    yield there("The tenant has terminated it.")
    since = log[log.index("tenant Termination") :]
    if not any(each.endswith(" ReactivationRequested") for each in since):
        yield missing(
            "Nobody has asked to reactivate it.",
            "The tenant asks: `tenant.relationships.reactivate(relationship.id)`.",
        )
        return
    if "tenant ReactivationRequested" not in since:
        yield wrong(
            "The Sender has asked to reactivate it.",
            "It is the tenant who has changed its mind. Terminate it once more, and let the tenant ask.",
        )
        return
    yield there("The tenant has asked to reactivate it.")
    if "sender AcceptanceOfReactivation" not in since:
        yield missing(
            "The Sender has not accepted that.",
            "Synchronise it, then `sender.relationships.accept_reactivation(relationship.id)`; the tenant must "
            "synchronise, too. (After a no, the tenant asks again.)",
        )
        return
    yield whether(
        relationship.status == "Active",
        "It is Active again.",
        f"It was Active again, and is {relationship.status} now.",
        "Terminate and reactivate it once more, and leave it so.",
    )


_TENANT = """\
sender, tenant = network.sender, network.add_connector("tenant")
end_relationship(sender, tenant)
relationship_id = establish_relationship(sender, tenant).id
"""

TASKS = (
    Task(
        id="18-a",
        title="The Sender moves out",
        text="A Connector with the name “tenant” has a Relationship with the Sender. The Sender ends it and deletes it "
        "at its own side. The tenant still has it, and knows that.",
        hints=(
            'A new Connector is started by `network.add_connector("tenant")`. `establish_relationship` begins a '
            "Relationship, `end_relationship` cleans up an old one.",
            "Before the Sender can decompose it, it has to be terminated.",
            "The tenant sees `DeletionProposed` when it has synchronised, and decomposes nothing.",
        ),
        solution=f"""\
from enmeshed_nb import end_relationship, establish_relationship, wait_for

{_TENANT}
sender.relationships.terminate(relationship_id)
sender.relationships.decompose(relationship_id)
look = lambda: tenant.relationships.get(relationship_id).status
wait_for(look, until=lambda status: status == "DeletionProposed", sync_with=tenant)
""",
        check=_with_tenant(_left),
    ),
    Task(
        id="18-b",
        title="The tenant stays after all",
        text="The tenant has a Relationship with the Sender, and terminates it. Then it changes its mind and asks to "
        "reactivate it. The Sender agrees, and it is Active again.",
        hints=(
            "After 18-a there is no Relationship to terminate: `end_relationship`, then `establish_relationship`.",
            "`tenant.relationships.reactivate(…)` asks, `sender.relationships.accept_reactivation(…)` agrees.",
            "Each side learns what the other one did when it synchronises.",
        ),
        solution=f"""\
from enmeshed_nb import end_relationship, establish_relationship, wait_for

{_TENANT}
tenant.relationships.terminate(relationship_id)
tenant.relationships.reactivate(relationship_id)
look = lambda: sender.relationships.get(relationship_id).audit_log[-1].reason
wait_for(look, until=lambda reason: reason == "ReactivationRequested", sync_with=sender)
sender.relationships.accept_reactivation(relationship_id)
look = lambda: tenant.relationships.get(relationship_id).status
wait_for(look, until=lambda status: status == "Active", sync_with=tenant)
""",
        check=_with_tenant(_stayed),
    ),
)
