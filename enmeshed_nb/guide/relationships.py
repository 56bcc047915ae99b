"""What keeps a Relationship from being used; how one is made and ended is in `_sync` and `_async`."""

from enmeshed_nb.connector import Relationship
from enmeshed_nb.errors import UserError


class RelationshipError(UserError):
    """There is no Relationship, or it is in a state in which it cannot be used."""


def not_usable(name: str, relationship: Relationship) -> RelationshipError:
    """Return the error for a Relationship of the Connector *name* that is not Active."""
    cure = {
        "Pending": "Accept it on the other side (relationships.accept), or call establish_relationship(…).",
        "Terminated": "Take it up again (relationships.reactivate, then accept_reactivation by the peer), or delete it "
        "on both sides (relationships.decompose) and establish a new one.",
        "DeletionProposed": "The peer deleted it. Delete it here, too (relationships.decompose); establish a new one.",
    }.get(relationship.status, "Look at its audit_log.")
    return RelationshipError(f"The Relationship {relationship.id} of {name} is {relationship.status}.", cure)
