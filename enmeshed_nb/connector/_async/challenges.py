"""The methods of `Challenges`."""

from enmeshed_nb.connector._async.resource import AsyncResource
from enmeshed_nb.connector.challenges import Challenge, ChallengeType, ChallengeValidation
from enmeshed_nb.connector.resource import endpoint


class AsyncChallenges(AsyncResource):
    """`connector.challenges`; API key scope `core:challenges`."""

    @endpoint("POST", "/Challenges")
    async def create(self, challenge_type: ChallengeType, relationship: str | None = None) -> Challenge:
        """Create a challenge: `POST /Challenges`. *relationship* is the id for the type "Relationship"."""
        body = {"challengeType": challenge_type, "relationship": relationship}
        return await self._call(self.create, Challenge, body=body)

    @endpoint("POST", "/Challenges/Validate")
    async def validate(self, challenge_string: str, signature: str) -> ChallengeValidation:
        """Check a challenge of a peer: `POST /Challenges/Validate`."""
        body = {"challengeString": challenge_string, "signature": signature}
        return await self._call(self.validate, ChallengeValidation, body=body)
