"""Challenges: proof that someone holds the keys of an Identity."""

from typing import Literal

from pydantic import StrictBool, StrictStr

from enmeshed_nb.connector.relationships import Relationship
from enmeshed_nb.content.model import Model, Timestamp

ChallengeType = Literal["Identity", "Device", "Relationship"] | str


class Challenge(Model):
    """A text signed by the Connector, for the other side to validate.

    Attributes:
        created_by: the address of whom signed it; None if that is not to be known (type "Relationship").
        created_by_device: the id of the device that did; None if that is not to be known.
        type: which key signed it: of the Identity, of the device, or of the Relationship.
        signature: pass it on together with `challenge_string`.
        challenge_string: what was signed, exactly.
    """

    id: StrictStr
    expires_at: Timestamp
    created_by: StrictStr | None = None
    created_by_device: StrictStr | None = None
    type: ChallengeType
    signature: StrictStr
    challenge_string: StrictStr


class ChallengeValidation(Model):
    """Whether a challenge is valid, and the Relationship with whom signed it; None if there is none."""

    is_valid: StrictBool
    corresponding_relationship: Relationship | None = None
