"""Choosing a peer."""

import pytest

from enmeshed_nb.connector import Connector
from enmeshed_nb.guide.peers import Peer
from enmeshed_nb.widgets import PeerChooser
from tests.conftest import closed_port
from tests.widgets.seen import alerts, choose, control, html_of, options, press, read


def address(connector):
    return connector.account.identity_info().address


def test_the_chooser_offers_who_can_receive_a_message(sender, peer):
    chooser = PeerChooser(sender, names={peer: "recipient"})
    assert chooser.value == peer
    assert chooser.peer.name == "recipient"
    assert "recipient" in html_of(chooser)
    with pytest.raises(ValueError, match="no Relationship"):
        chooser.select("did:e:localhost:dids:" + "0" * 22)
    assert chooser.value == peer


def test_who_cannot_receive_a_message_cannot_be_chosen_and_it_says_why(three):
    ada, bo, cy = three
    chooser = PeerChooser(ada, address=address(bo))
    assert chooser.value == address(bo)
    (relationship,) = ada.relationships.list(peer=address(bo))
    ada.relationships.terminate(relationship.id)
    press(chooser, "Refresh")
    assert chooser.value == address(cy)
    assert "the Relationship is terminated" in read(chooser)
    with pytest.raises(ValueError, match="terminated"):
        chooser.select(address(bo))
    (other,) = ada.relationships.list(peer=address(cy))
    ada.relationships.terminate(other.id)
    chooser.refresh()
    assert chooser.value is None
    assert "There is no peer to send to" in html_of(chooser)


@pytest.fixture
def crowd(sender, monkeypatch):
    """A chooser among 500 peers."""
    many = [Peer(f"did:e:x:dids:{n:022x}", f"Peer {n}", "Active", "REL1", "") for n in range(500)]
    monkeypatch.setattr("enmeshed_nb.widgets.peers.peers_of", lambda *_: many)
    return PeerChooser(sender)


def test_500_relationships_can_be_searched(crowd):
    assert len(options(control(crowd, "Peer"))) == 500
    control(crowd, "Search").value = "peer 42"
    wanted = [each for each in crowd.peers if "peer 42" in each.name.lower()]
    assert [words.partition(",")[0] for words in options(control(crowd, "Peer"))] == [each.name for each in wanted]
    assert crowd.value == wanted[0].address
    assert f"{len(wanted)} of 500 peers match" in read(crowd)
    control(crowd, "Search").value = "nobody"
    assert crowd.value is None


def test_each_choice_is_told_once(crowd):
    told = []
    crowd.observe(lambda change: told.append((change["old"], change["new"])), "value")
    first, second, third, fourth = (each.address for each in crowd.peers[:4])
    choose(crowd, "Peer 1,")
    crowd.select(third)
    control(crowd, "Search").value = "peer 3"
    crowd.refresh()
    crowd.select(second)
    crowd.select(second)
    assert told == [(first, second), (second, third), (third, fourth), (fourth, second)]
    assert control(crowd, "Search").value == ""


def test_a_connector_that_does_not_answer_is_shown_in_the_widget():
    with Connector(f"http://127.0.0.1:{closed_port()}", "any", retries=0) as nobody:
        chooser = PeerChooser(nobody)
        (problem,) = alerts(chooser)
        assert "Check that the Connector runs" in problem
        assert chooser.trouble is chooser.problem
