"""What ends things, on Connectors that a run has for itself: Relationships of every status, the end of an Identity."""

from enmeshed_nb.acceptance.checking import check
from enmeshed_nb.acceptance.checks.api.answering import (
    BASICS,
    NOTHING,
    answered,
    expect_error,
    expect_gone,
    tomorrow,
)
from enmeshed_nb.acceptance.trial import Trial, expect_equal
from enmeshed_nb.connector import Connector, Relationship
from enmeshed_nb.content import ArbitraryRelationshipCreationContent
from enmeshed_nb.guide import wait_for

NO_DELETION = "error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess"
CREATION = ArbitraryRelationshipCreationContent(value={})


def _only_locally(trial: Trial, what: str) -> None:
    if not trial.ground.is_local:
        trial.skip(f"Not on Connectors of your own: {what}.")


def _pending(trial: Trial, other: Connector) -> Relationship:
    """Create a Relationship of another Connector with the Sender; it is Pending at both."""
    template = trial.sender.relationship_templates.create_own(NOTHING, tomorrow())
    loaded = other.relationship_templates.load_peer(template.reference)
    made = answered(other, lambda it: it.relationships.create(loaded.id, CREATION), 201)
    expect_equal(made.status, "Pending", "The status of a new Relationship")
    _becomes(trial.sender, made.id, "Pending")
    return made


def _becomes(connector: Connector, relationship_id: str, status: str, *reasons: str) -> None:
    """Wait until a Connector knows a Relationship in a status (and by what it came to it, if that is given)."""

    def look() -> Relationship | None:
        return next((each for each in connector.relationships.list() if each.id == relationship_id), None)

    wait_for(
        look,
        until=lambda found: found and found.status == status and (not reasons or found.audit_log[-1].reason in reasons),
        describe=lambda found: found.status if found else "no such Relationship",
        what=f"the Relationship to become {status} at {connector.name}",
        sync_with=connector,
    )


@check(
    "API-RELATIONSHIPS-CREATE",
    "API-RELATIONSHIPS-REJECT",
    "API-RELATIONSHIPS-REVOKE",
    "API-RELATIONSHIPS-ACCEPT",
    "API-RELATIONSHIPS-TERMINATE",
    "API-RELATIONSHIPS-REACTIVATE",
    "API-RELATIONSHIPS-DECOMPOSE",
    after=BASICS,
    alone=True,
    creates="Relationships with a further Connector, which are ended",
    needs=["newcomer"],
    swaps=False,
)
def life_of_relationships(trial: Trial) -> None:
    """Take Relationships with a further Connector through every status."""
    _only_locally(trial, "Relationships would be terminated and decomposed")
    one, other = trial.sender, trial.other("newcomer")
    with trial.requirement("API-RELATIONSHIPS-CREATE"):
        first = _pending(trial, other)
    with trial.requirement("API-RELATIONSHIPS-REJECT"):
        rejected = answered(one, lambda it: it.relationships.reject(first.id))
        expect_equal(rejected.status, "Rejected", "The status")
        _becomes(other, first.id, "Rejected")
    second = _pending(trial, other)
    with trial.requirement("API-RELATIONSHIPS-REVOKE"):
        revoked = answered(other, lambda it: it.relationships.revoke(second.id))
        expect_equal(revoked.status, "Revoked", "The status")
        _becomes(one, second.id, "Revoked")
    third = _pending(trial, other).id
    with trial.requirement("API-RELATIONSHIPS-ACCEPT"):
        expect_equal(answered(one, lambda it: it.relationships.accept(third)).status, "Active", "The status")
        _becomes(other, third, "Active")
    with trial.requirement("API-RELATIONSHIPS-TERMINATE"):
        expect_equal(answered(one, lambda it: it.relationships.terminate(third)).status, "Terminated", "The status")
        _becomes(other, third, "Terminated")
    with trial.requirement("API-RELATIONSHIPS-REACTIVATE"):
        answered(one, lambda it: it.relationships.reactivate(third))
        answered(one, lambda it: it.relationships.revoke_reactivation(third))
        answered(one, lambda it: it.relationships.reactivate(third))
        _becomes(other, third, "Terminated", "ReactivationRequested")
        answered(other, lambda it: it.relationships.reject_reactivation(third))
        _becomes(one, third, "Terminated", "RejectionOfReactivation")
        answered(one, lambda it: it.relationships.reactivate(third))
        _becomes(other, third, "Terminated", "ReactivationRequested")
        again = answered(other, lambda it: it.relationships.accept_reactivation(third))
        expect_equal(again.status, "Active", "The status after a reactivation")
        _becomes(one, third, "Active")
    one.relationships.terminate(third)
    _becomes(other, third, "Terminated")
    with trial.requirement("API-RELATIONSHIPS-DECOMPOSE"):
        answered(one, lambda it: it.relationships.decompose(third), 204)
        expect_gone(trial, f"/Relationships/{third}")
        _becomes(other, third, "DeletionProposed")
        answered(other, lambda it: it.relationships.decompose(third), 204)


@check("API-IDENTITY-DELETION-DEBUG", after=BASICS)
def no_identity_deletion(trial: Trial) -> None:
    """Look whether an Identity could be deleted through the API."""
    with trial.requirement("API-IDENTITY-DELETION-DEBUG"):
        answer = trial.sender.call("GET", "/IdentityDeletionProcess")
        if answer.status != 404:
            expect_error(answer, 400, NO_DELETION)
            trial.warn("API-IDENTITY-DELETION-DEBUG", "The Connector is in debug mode: who has its key can delete it.")
            return
        expect_error(answer, 404, "error.connector.http.routeDoesNotExist")


@check("API-IDENTITY-DELETION", after=BASICS, needs=["debug"], swaps=False)
def identity_deletion(trial: Trial) -> None:
    """Begin the deletion of an Identity, and cancel it."""
    _only_locally(trial, "an Identity would be on its way to be deleted")
    debugged = trial.other("debug")
    with trial.requirement("API-IDENTITY-DELETION"):
        none = debugged.call("GET", "/IdentityDeletionProcess")
        expect_error(none, 400, NO_DELETION)
        begun = answered(debugged, lambda it: it.identity_deletion_process.initiate(7))
        expect_equal(begun.status, "Active", "The status of what was begun")
        expect_equal(answered(debugged, lambda it: it.identity_deletion_process.get()).id, begun.id, "Its id")
        cancelled = answered(debugged, lambda it: it.identity_deletion_process.cancel())
        expect_equal(cancelled.status, "Cancelled", "The status of what was cancelled")
