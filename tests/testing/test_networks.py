"""Networks for tests, without pytest: Connectors come and go, and what they stored with them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from enmeshed_nb import ApiError, AuthenticationRequestItem, Request, accept_all, active_relationship, ask
from enmeshed_nb.connector import ConnectionFailed
from enmeshed_nb.localnet import NetworkError, running
from enmeshed_nb.localnet.settings import Folder
from enmeshed_nb.testing import local_network

REQUEST = Request(items=[AuthenticationRequestItem(title="Who are you?", must_be_accepted=True)])


def test_a_network_for_a_while():
    with local_network() as network:
        sender, recipient = network.related()
        assert ask(sender, recipient, REQUEST, accept_all).response.content.result == "Accepted"
        folder = network.data_dir
        assert {each.name.split("-")[0] for each in network.state.connectors} == {"sender", "recipient"}
    assert not folder.exists()
    with pytest.raises(ConnectionFailed):
        sender.account.identity_info()


def test_what_is_removed_is_gone_and_nothing_else(folder):
    with local_network(folder) as network:
        one, other = network.connector("one"), network.connector("other")
        name = next(each.name for each in network.state.connectors if each.name.startswith("one-"))
        assert any("Started all modules" in line for line in network.last_log_lines(one, 100))
        network.remove(one)
        assert [each.name.split("-")[0] for each in network.state.connectors] == ["other"]
        assert name not in Folder(folder).settings.read_text()
        assert not [*folder.rglob(f"*{name}*")]
        assert other.health().is_healthy
        network.remove(one)  # again: it is gone already
        with pytest.raises(NetworkError, match="cannot be a Connector's name"):
            network._local.remove("../../evil")
        assert running(folder).connectors == network.state.connectors


def test_many_at_once_are_all_there():
    with local_network() as network, ThreadPoolExecutor(4) as pool:
        made = list(pool.map(network.connector, ["one", "two", "three", "four"]))
        addresses = {each.account.identity_info().address for each in made}
        assert addresses == {each.address for each in network.state.connectors}
        assert len(addresses) == 4


def test_a_name_that_no_connector_can_have():
    with local_network() as network:
        with pytest.raises(NetworkError, match="cannot be a Connector's name"):
            network.connector("Not A Name")
        assert network.state.connectors == []


def test_what_runs_on_needs_a_folder():
    with pytest.raises(ValueError, match="needs a folder"), local_network(keep=True):
        pass


class Late:
    """The templates of a Connector; before it loads one, something else happens."""

    def __init__(self, templates, meanwhile):
        self._templates, self._meanwhile = templates, meanwhile

    def __getattr__(self, name):
        return getattr(self._templates, name)

    def load_peer(self, reference):
        return self._templates.load_peer(self._meanwhile(reference))


def test_a_relationship_is_established_also_if_the_time_is_moved_meanwhile(monkeypatch):
    with local_network() as network:
        one, other, third = (network.connector(name) for name in ("one", "other", "third"))

        def move(reference):
            if not network.clock.ahead:
                network.clock.advance(days=31)
            return reference

        monkeypatch.setattr(other, "relationship_templates", Late(other.relationship_templates, move))
        network.relate(one, other)
        assert network.clock.ahead
        assert active_relationship(one, other.account.identity_info().address)
        monkeypatch.setattr(third, "relationship_templates", Late(third.relationship_templates, lambda _: "nothing"))
        with pytest.raises(ApiError):  # nobody moved it: what is wrong is something else
            network.relate(one, third)
