"""RelationshipTemplates: how a Relationship begins."""

from pydantic import StrictBool, StrictInt, StrictStr

from enmeshed_nb.connector.resource import (
    PasswordProtection,
    Reference,
)
from enmeshed_nb.content.model import Model, Timestamp
from enmeshed_nb.content.relationships import TemplateContent


class RelationshipTemplate(Model):
    """A template; whoever has its `reference` can load it and create a Relationship from it.

    Attributes:
        is_own: whether this Connector created it, else it was loaded.
        created_by: the address of the templator.
        created_by_device: the id of the templator's device.
        for_identity: the address of the only Identity that may load it; None: any may.
        password_protection: the password that loading it takes; None: it takes none.
        expires_at: after this no Relationship can be created from it; None: never.
        max_number_of_allocations: how many Identities may load it; None: any number.
    """

    id: StrictStr
    is_own: StrictBool
    created_by: StrictStr
    created_by_device: StrictStr
    created_at: Timestamp
    for_identity: StrictStr | None = None
    password_protection: PasswordProtection | None = None
    content: TemplateContent
    expires_at: Timestamp | None = None
    max_number_of_allocations: StrictInt | None = None
    reference: Reference
