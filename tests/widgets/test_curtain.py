"""Behind the curtain: the Backbone has cipher text only."""

import uuid

from enmeshed_nb.content import AuthenticationRequestItem, Request
from enmeshed_nb.guide import wait_for_request
from enmeshed_nb.network import Network
from enmeshed_nb.widgets import Curtain
from tests.widgets.seen import html_of


def test_the_backbone_has_cipher_text_only(network, sender, recipient, peer):
    secret = uuid.uuid4().hex
    request = Request(items=[AuthenticationRequestItem(title=secret, must_be_accepted=True)])
    message = sender.messages.send(peer, sender.requests.outgoing.create(request, peer).content)
    both = Network(sender, recipient, network)
    before = Curtain(both, message.id)
    assert "has not synchronised yet" in str(before)
    assert secret not in before.stored.body
    assert list(before.stored.sealed_keys) == [peer]
    assert secret in html_of(before)
    wait_for_request(recipient, message.id)
    assert html_of(Curtain(both, message.id)).count(secret) == 2
    assert "Only the local network" in html_of(Curtain(Network(sender, recipient), message.id))
