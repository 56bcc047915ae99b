"""What `connect()` says of the kernel that it runs in, and whose Connectors it knows."""

import pytest

from enmeshed_nb import connect, network
from enmeshed_nb.localnet import NetworkError
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


def test_the_connector_of_an_address_is_found_also_if_somebody_else_added_it(folder):
    here, elsewhere = connect(folder), connect(folder)
    added = elsewhere.add_connector("newcomer")
    for connector in (here.recipient, here.sender):
        assert here.connector_of(connector.account.identity_info().address) is connector
    address = added.account.identity_info().address
    found = here.connector_of(address)
    assert (found.name, found.account.identity_info().address) == ("newcomer", address)
    assert here.connector_of(address) is found
    with pytest.raises(NetworkError, match="somebody else: what comes next is their turn") as refused:
        here.connector_of(f"{address[:-4]}0000")
    assert "the Recipient" in refused.value.cure
    here.close()
    elsewhere.close()
