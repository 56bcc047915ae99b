"""What `connect()` says of the kernel that it runs in."""

import pytest

from enmeshed_nb import connect, network
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
