# Made of enmeshed_nb/connector/_async/challenges.py by tools/synchronous.py: change that.
"""The methods of `Challenges`."""

from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.challenges import Challenge, ChallengeType, ChallengeValidation
from enmeshed_nb.connector.resource import endpoint


class Challenges(Resource):
    """`connector.challenges`; API key scope `core:challenges`."""

    @endpoint("POST", "/Challenges")
    def create(self, challenge_type: ChallengeType, relationship: str | None = None) -> Challenge:
        """Create a challenge: `POST /Challenges`. *relationship* is the id for the type "Relationship"."""
        body = {"challengeType": challenge_type, "relationship": relationship}
        return self._call(self.create, Challenge, body=body)

    @endpoint("POST", "/Challenges/Validate")
    def validate(self, challenge_string: str, signature: str) -> ChallengeValidation:
        """Check a challenge of a peer: `POST /Challenges/Validate`."""
        body = {"challengeString": challenge_string, "signature": signature}
        return self._call(self.validate, ChallengeValidation, body=body)
