"""What a RelationshipTemplate and the creation of a Relationship carry."""

from typing import Any

from enmeshed_nb.content.model import Typed
from enmeshed_nb.content.requests import Request
from enmeshed_nb.content.responses import Response
from enmeshed_nb.content.rules import Metadata, Text200


class TemplateContent(Typed, family=True):
    """The content of a RelationshipTemplate."""


class RelationshipTemplateContent(TemplateContent):
    """Asks something of whoever loads the template; accepting the Request creates the Relationship.

    Attributes:
        title: what people see.
        metadata: the templator's own JSON.
        on_new_relationship: asked of an Identity with which there is no Relationship yet.
        on_existing_relationship: asked of one with which there is; None: nothing is asked of it.
    """

    title: Text200 | None = None
    metadata: Metadata | None = None
    on_new_relationship: Request
    on_existing_relationship: Request | None = None


class ArbitraryRelationshipTemplateContent(TemplateContent):
    """Any JSON, between Connectors."""

    value: Any


class CreationContent(Typed, family=True):
    """What the initiator of a Relationship gives the templator."""


class RelationshipCreationContent(CreationContent):
    """The Response to the Request of the template; made by the Runtime."""

    response: Response


class ArbitraryRelationshipCreationContent(CreationContent):
    """Any JSON, between Connectors."""

    value: Any
