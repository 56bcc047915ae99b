"""Attributes: a value with its owner. `owner=""` stands for "whoever receives this"."""

from pydantic import StrictStr

from enmeshed_nb.content.model import Typed
from enmeshed_nb.content.rules import Confidentiality, Flag, Label, Tags
from enmeshed_nb.content.values import IdentityAttributeValue, RelationshipAttributeValue


class Attribute(Typed, family=True):
    """An IdentityAttribute or a RelationshipAttribute.

    Attributes:
        owner: the address of whom it belongs to; empty ("") for whoever receives it.
    """

    owner: StrictStr


class IdentityAttribute(Attribute):
    """Says something about its owner; may be shared with anyone.

    Tags carry a prefix (`x:`, `bkb:`, `urn:`, `language:`, `mimetype:`), else the Connector refuses them.
    """

    value: IdentityAttributeValue
    tags: Tags | None = None


class RelationshipAttribute(Attribute):
    """Exists within one Relationship, found by its key.

    Attributes:
        key: tells it apart from others with the same owner and value type in the Relationship.
        is_technical: whether it is for programs, not to be shown to people; None: it is for people.
        confidentiality: who may know it: "public" anyone, "protected" whom the peer allows, "private" nobody else.
    """

    value: RelationshipAttributeValue
    key: Label
    is_technical: Flag | None = None
    confidentiality: Confidentiality
