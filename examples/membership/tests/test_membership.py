"""The club's program on a real network: the tests play the people who are invited.

The fixtures come with enmeshed-nb. All tests of a run share one network, also with `pytest -n 4`; `sender` and
`recipient` are new for each test.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from membership import Standing, invite, standing, takes_newsletter

from enmeshed_nb import Connector, Decision, reject_all, wait_for, wait_for_request
from enmeshed_nb.connector import LocalRequest, ValidationFailed
from enmeshed_nb.testing import NetworkForTests, Pair

TERMS = "I keep the pool clean."


def address(connector: Connector) -> str:
    """Return the address of a Connector's Identity."""
    return connector.account.identity_info().address


def received(person: Connector, invitation: LocalRequest) -> LocalRequest:
    """Wait for an invitation and return it as the person has it."""
    assert invitation.source
    return wait_for_request(person, invitation.source.reference)


@pytest.mark.parametrize("newsletter", [True, False])
def test_who_agrees_becomes_a_member_with_or_without_the_newsletter(
    sender: Connector, recipient: Connector, newsletter: bool
) -> None:
    """What is optional is answered by itself."""
    invitation = invite(sender, address(recipient), TERMS)
    assert standing(sender, invitation.id) is Standing.INVITED
    request = received(recipient, invitation)
    decision = Decision(request).accept(0)
    decision = decision.accept(1) if newsletter else decision.reject(1)
    recipient.requests.incoming.accept(request.id, decision.to_accept())
    assert wait_for(lambda: standing(sender, invitation.id) is Standing.MEMBER)
    assert takes_newsletter(sender, invitation.id) is newsletter


def test_who_declines_is_no_member(sender: Connector, recipient: Connector) -> None:
    """A no is an answer, too."""
    invitation = invite(sender, address(recipient), TERMS)
    request = received(recipient, invitation)
    recipient.requests.incoming.reject(request.id, reject_all(request))
    assert wait_for(lambda: standing(sender, invitation.id) is Standing.DECLINED)
    assert not takes_newsletter(sender, invitation.id)


def test_an_invitation_expires(enmeshed_network: NetworkForTests, sender: Connector, recipient: Connector) -> None:
    """A month is over in a moment. The time is that of all tests, so they look at the network's clock."""
    until = enmeshed_network.clock.now() + timedelta(days=30)
    invitation = invite(sender, address(recipient), TERMS, until)
    received(recipient, invitation)
    assert standing(sender, invitation.id) is Standing.INVITED
    enmeshed_network.clock.advance(days=31)
    assert standing(sender, invitation.id) is Standing.EXPIRED


def test_each_answers_for_themselves(sender: Connector, connector_factory: Callable[..., Connector]) -> None:
    """A club has more than one member."""
    people = [connector_factory(name, related_to=sender) for name in ("ada", "bert")]
    invitations = [invite(sender, address(person), TERMS) for person in people]
    request = received(people[0], invitations[0])
    people[0].requests.incoming.reject(request.id, reject_all(request))
    assert wait_for(lambda: standing(sender, invitations[0].id) is Standing.DECLINED)
    assert standing(sender, invitations[1].id) is Standing.INVITED


def test_an_invitation_that_is_over_is_not_sent(enmeshed_network: NetworkForTests, related_connectors: Pair) -> None:
    """Nothing is stored by this test, so it can share its Connectors with others: none has to be started."""
    club, person = related_connectors
    with pytest.raises(ValidationFailed):
        invite(club, address(person), TERMS, enmeshed_network.clock.now() - timedelta(days=1))


def test_a_stranger_is_not_invited(related_connectors: Pair, connector_factory: Callable[..., Connector]) -> None:
    """Without a Relationship there is nobody to ask."""
    stranger = connector_factory("stranger")
    with pytest.raises(ValidationFailed):
        invite(related_connectors.sender, address(stranger), TERMS)
