"""Tokens: how an object is handed to someone who is not a peer yet."""

from typing import Any

from pydantic import StrictBool, StrictStr

from enmeshed_nb.connector.resource import (
    PasswordProtection,
    Reference,
)
from enmeshed_nb.content.model import Model, Timestamp


class Token(Model):
    """A Token; its `reference` opens what `content` names.

    Attributes:
        is_own: whether this Connector created it, else it was loaded.
        created_by: the address of whom created it.
        created_by_device: the id of the device that did.
        content: any JSON; with an `@type`, e.g. a TokenContentVerifiablePresentation.
        for_identity: the address of the only Identity that may load it; None: any may.
        password_protection: the password that loading it takes; None: it takes none.
        is_ephemeral: whether the Connector does not store it.
    """

    id: StrictStr
    is_own: StrictBool
    created_by: StrictStr
    created_by_device: StrictStr
    content: Any
    created_at: Timestamp
    expires_at: Timestamp
    for_identity: StrictStr | None = None
    password_protection: PasswordProtection | None = None
    reference: Reference
    is_ephemeral: StrictBool
