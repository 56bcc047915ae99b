"""Behind the curtain: the Backbone has cipher text only."""

import html
import uuid

from enmeshed_nb.content import ArbitraryMessageContent, AuthenticationRequestItem, Request
from enmeshed_nb.guide import wait_for_request
from enmeshed_nb.guide.peers import shortened
from enmeshed_nb.localnet import LocalNetwork
from enmeshed_nb.network import Network
from enmeshed_nb.widgets import Curtain
from tests.widgets.seen import html_of, text_of


def test_the_backbone_has_cipher_text_only(network, sender, recipient, peer):
    secret = uuid.uuid4().hex
    request = Request(items=[AuthenticationRequestItem(title=secret, must_be_accepted=True)])
    message = sender.messages.send(peer, sender.requests.outgoing.create(request, peer).content)
    both = Network(sender, recipient, network)
    before = Curtain(both, message.id)
    assert "has not synchronised yet" in str(before)
    assert "The Recipient has not synchronised yet" in text_of(html_of(before))
    assert secret not in before.stored.body
    assert list(before.stored.sealed_keys) == [peer]
    assert secret in html_of(before)
    body, key = before.stored.body, before.stored.sealed_keys[peer]
    for cipher, most in ((body, 420), (key, 140)):
        rest = f"… and {len(cipher) - most} more characters" if len(cipher) > most else ""
        assert f"{cipher[:most]}{rest}<" in html.unescape(html_of(before))
    assert len(body) > 420
    wait_for_request(recipient, message.id)
    assert html_of(Curtain(both, message.id)).count(secret) == 2
    assert "Only the local network" in html_of(Curtain(Network(sender, recipient), message.id))


def test_a_message_that_is_sealed_for_somebody_else_is_told_as_such(three, folder):
    ada, bo, cy = three
    addresses = [each.account.identity_info().address for each in (bo, cy)]
    with LocalNetwork.open(folder, connectors={"ada": {}, "bo": {}, "cy": {}}) as local:
        to_cy = ada.messages.send(addresses[1], ArbitraryMessageContent(value={"a": 1}))
        both = Network(ada, bo, local)
        shown = Curtain(both, to_cy.id)
        sealed_for = shortened(next(iter(shown.stored.sealed_keys)))
        for told in (str(shown), text_of(html_of(shown))):
            assert f"does not get it: it is sealed for {sealed_for}" in told
            assert "synchronised" not in told
        assert both.journal.exchanges == ()  # the curtain looks for itself
        to_bo = ada.messages.send(addresses[0], ArbitraryMessageContent(value={"a": 1}))
        assert "has not synchronised yet" in str(Curtain(both, to_bo.id))
        third = Network(bo, cy, local)
        assert "the Sender does not get it: it is sealed for the Cy" in str(Curtain(third, to_cy.id))
