"""Attributes: a value with its owner. `owner=""` stands for "whoever receives this"."""

from pydantic import StrictStr

from enmeshed_nb.content.model import Typed
from enmeshed_nb.content.rules import Confidentiality, Flag, Label, Tags
from enmeshed_nb.content.values import IdentityAttributeValue, RelationshipAttributeValue


class Attribute(Typed, family=True):
    """An IdentityAttribute or a RelationshipAttribute."""

    owner: StrictStr


class IdentityAttribute(Attribute):
    """Says something about its owner; may be shared with anyone.

    Tags carry a prefix (`x:`, `bkb:`, `urn:`, `language:`, `mimetype:`), else the Connector refuses them.
    """

    value: IdentityAttributeValue
    tags: Tags | None = None


class RelationshipAttribute(Attribute):
    """Exists within one Relationship, found by its key."""

    value: RelationshipAttributeValue
    key: Label
    is_technical: Flag | None = None
    confidentiality: Confidentiality
