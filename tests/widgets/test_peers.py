"""Choosing a peer."""

import ast
import os
from types import SimpleNamespace

import pytest
import traitlets
from jupyter_client.manager import start_new_kernel

from enmeshed_nb.connector import Connector
from enmeshed_nb.guide.peers import Peer
from enmeshed_nb.widgets import PeerChooser
from enmeshed_nb.widgets.panel import running_cell
from tests.conftest import ROOT, closed_port
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
    control(crowd, "Search among the peers").value = "peer 42"
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
    with pytest.raises(traitlets.TraitError):
        crowd.value = first  # `select` does it, and refuses who cannot be chosen


def test_the_cell_that_runs_is_known_where_there_are_cells(monkeypatch):
    assert running_cell() == ("", "")
    asked = {"metadata": {"cellId": "c1"}, "header": {"msg_id": "m1"}}
    for parent, cell in ((asked, ("c1", "m1")), ({"header": {"msg_id": "m2"}}, ("", "m2")), ({}, ("", ""))):
        kernel = SimpleNamespace(get_parent={"shell": parent}.get)
        monkeypatch.setattr(
            "enmeshed_nb.widgets.panel.get_ipython", lambda kernel=kernel: SimpleNamespace(kernel=kernel)
        )
        assert running_cell() == cell
    monkeypatch.setattr("enmeshed_nb.widgets.panel.get_ipython", object)  # a shell without a kernel
    assert running_cell() == ("", "")


def test_what_another_run_of_a_cell_follows_ends(crowd, monkeypatch):
    told = []
    for cell, run in (("a", 1), ("b", 2), ("a", 3), ("a", 3), ("", 4), ("", 5)):
        monkeypatch.setattr("enmeshed_nb.widgets.peers.running_cell", lambda cell=cell, run=run: (cell, str(run)))
        crowd.follow(lambda run=run: told.append(run))
    crowd.select(crowd.peers[1].address)
    assert told == [2, 3, 3, 4, 5]


CELL = """
def note(peer=peers):
    told.append((RUN, peer.value))
peers.follow(note)
"""


def test_a_cell_that_is_run_again_follows_once():
    """What a cell made stays in its kernel; only what it made last may still do something."""
    manager, client = start_new_kernel(env=os.environ | {"PYTHONPATH": str(ROOT)})

    def run(code, cell=None):
        content = {"code": code, "silent": False, "store_history": False, "user_expressions": {"told": "told"}}
        message = client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        client.shell_channel.send(message)
        reply = client._recv_reply(message["header"]["msg_id"], timeout=60)["content"]
        assert reply["status"] == "ok", reply
        return reply["user_expressions"]["told"]["data"]["text/plain"]

    try:
        run(
            "import httpx\n"
            "from enmeshed_nb.connector import Connector\n"
            "from enmeshed_nb.widgets import PeerChooser\n"
            "nobody = httpx.MockTransport(lambda _: httpx.Response(200, json={'result': []}))\n"
            "peers, told = PeerChooser(Connector('http://c.test', 'key', transport=nobody)), []"
        )
        for name, cell in (("1", "a"), ("2", "b"), ("3", "a"), ("4", None), ("5", None)):
            run(CELL.replace("RUN", name), cell)
        run(CELL.replace("RUN", "6") + CELL.replace("RUN", "7"), "b")
        told = run("peers.set_trait('value', 'did:e:x')")
        assert ast.literal_eval(told) == [(number, "did:e:x") for number in (3, 4, 5, 6, 7)]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def test_a_connector_that_does_not_answer_is_shown_in_the_widget():
    with Connector(f"http://127.0.0.1:{closed_port()}", "any", retries=0) as nobody:
        chooser = PeerChooser(nobody)
        (problem,) = alerts(chooser)
        assert "Check that the Connector runs" in problem
        assert chooser.trouble is chooser.problem
