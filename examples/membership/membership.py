"""A club invites people over enmeshed, and learns who became a member.

The club and whoever it invites have a Relationship. An invitation is a Request: the person must consent to the club's
terms to become a member, and may take its newsletter, too.
"""

from datetime import datetime
from enum import StrEnum

from enmeshed_nb import Connector, ConsentRequestItem, Request, send_request
from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import AcceptResponseItem


class Standing(StrEnum):
    """How it stands between the club and somebody whom it has invited."""

    INVITED = "invited"
    MEMBER = "member"
    DECLINED = "declined"
    EXPIRED = "expired"


def invite(club: Connector, person: str, terms: str, until: datetime | None = None) -> LocalRequest:
    """Invite somebody.

    Args:
        club: the club's Connector.
        person: the address of the person's Identity.
        terms: what a member agrees to.
        until: when the invitation expires; never without it.

    Returns:
        the Request that is the invitation; the club remembers its id.

    Raises:
        ValidationFailed: there is no Relationship with this person, or *until* is over.
    """
    consents = [
        ConsentRequestItem(consent=terms, must_be_accepted=True),
        ConsentRequestItem(consent="Send me the newsletter.", must_be_accepted=False),
    ]
    return send_request(club, Request(title="Become a member", items=consents, expires_at=until), person)


def standing(club: Connector, invitation: str) -> Standing:
    """Return how it stands with an invitation, by its id."""
    request = _now(club, invitation)
    if request.response:
        return Standing.MEMBER if request.response.content.result == "Accepted" else Standing.DECLINED
    return Standing.EXPIRED if request.status == "Expired" else Standing.INVITED


def takes_newsletter(club: Connector, invitation: str) -> bool:
    """Return whether a member wants the newsletter: "Accepted" as a whole says nothing of what is optional."""
    request = _now(club, invitation)
    return request.response is not None and isinstance(request.response.content.items[1], AcceptResponseItem)


def _now(club: Connector, invitation: str) -> LocalRequest:
    club.account.sync()
    return club.requests.outgoing.get(invitation)
