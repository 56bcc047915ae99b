"""What a Token can carry, beside any JSON."""

from typing import Any

from pydantic import StrictStr

from enmeshed_nb.content.model import Typed
from enmeshed_nb.content.rules import Credential
from enmeshed_nb.content.since import Since


class TokenContentVerifiablePresentation(Typed, since=Since("7.4.0")):
    """A credential presented to whoever opens the Token (OpenID4VC).

    Attributes:
        value: the presentation itself.
        type: its format.
        display_information: how the issuer wants it to be shown; None: it does not say.
    """

    value: Credential
    type: StrictStr
    display_information: list[dict[str, Any]] | None = None
