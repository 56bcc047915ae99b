"""The status of the network."""

from enmeshed_nb import connect
from enmeshed_nb.localnet import stop
from enmeshed_nb.widgets import NetworkStatus
from tests.widgets.seen import html_of


def test_the_status_of_the_network_when_all_is_well_and_when_it_is_gone(tmp_path):
    connected = connect(tmp_path / "network")
    status = NetworkStatus(connected)
    assert [part.state for part in status.report.parts] == ["healthy"] * 3
    assert str(tmp_path) in html_of(status)
    stop(tmp_path / "network")
    gone = NetworkStatus(connected)
    assert [part.state for part in gone.report.parts] == ["down"] * 3
    assert "run connect()" in html_of(gone)
    connected.close()
