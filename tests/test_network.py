"""What `connect()` says of the kernel that it runs in."""

import socket
from contextlib import closing

import pytest

from enmeshed_nb import connect, network
from enmeshed_nb.connector import ConnectionFailed
from enmeshed_nb.localnet import NetworkError, running, stop
from enmeshed_nb.widgets import NetworkStatus


@pytest.mark.parametrize(("version", "said"), [("6.29.5", True), ("7.3.0", True), ("7.4.0", False), ("8.0.1", False)])
def test_an_old_kernel_is_named_with_what_to_do(monkeypatch, folder, version, said):
    monkeypatch.setattr(network, "installed", lambda _: version)
    connected = connect(folder)
    text = str(connected)
    assert ("Note: This kernel is ipykernel" in text) is said
    assert ("make lab" in text) is said
    assert connected.report().notes == () or version in connected.report().notes[0]
    html = NetworkStatus(connected)._repr_mimebundle_()["text/html"]
    assert ("This kernel is ipykernel" in html) is said
    connected.close()


def test_the_connector_of_an_identity_is_found_where_it_is_ours(folder):
    with closing(connect(folder)) as connected, closing(connect(folder)) as other:
        added = connected.add_connector("ada")
        ada = added.account.identity_info().address
        recipient = connected.recipient.account.identity_info().address
        assert connected.connector_of(recipient) is connected.recipient
        assert connected.connector_of(ada) is added
        joined = other.connector_of(ada)
        assert joined.account.identity_info().address == ada
        assert other.connector_of(ada) is joined
        assert (other.names[ada], other.names[recipient]) == ("Ada", "Recipient")
        with pytest.raises(NetworkError, match=r"up to did:e:x to go on.*\n.*Ada, Recipient") as nobody:
            other.connector_of("did:e:x")
        assert nobody.value.cure.startswith("Decide there, or choose a peer whose Connector is here")


def test_a_network_that_stopped_is_started_again_and_its_connectors_go_on(folder):
    with closing(connect(folder)) as connected:
        address = connected.sender.account.identity_info().address
        stop(folder)
        with pytest.raises(ConnectionFailed):
            connected.sender.account.identity_info()
        connected.reopen()
        assert connected.sender.account.identity_info().address == address
        assert connected.recipient.account.sync() is None
        connected.reopen()  # it runs: nothing happens
        port = int(connected.sender.url.rpartition(":")[2])
        stop(folder)
        with socket.create_server(("127.0.0.1", port)), pytest.raises(NetworkError, match="listen elsewhere"):
            connected.reopen()
        assert running(folder)


def test_own_connectors_are_started_where_they_run(sender, recipient):
    with pytest.raises(NetworkError, match="start them where they run"):
        network.Network(sender, recipient).reopen()
