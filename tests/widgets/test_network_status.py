"""The status of the network."""

from contextlib import closing

from enmeshed_nb import connect
from enmeshed_nb.guide import next_step
from enmeshed_nb.localnet import stop
from enmeshed_nb.network import Network
from enmeshed_nb.widgets import NetworkStatus
from tests.widgets.seen import html_of, text_of


def test_the_status_of_the_network_when_all_is_well_and_when_it_is_gone(tmp_path):
    connected = connect(tmp_path / "network")
    status = NetworkStatus(connected)
    assert [part.state for part in status.report.parts] == ["healthy"] * 3
    said = text_of(html_of(status))
    assert f"Local network in {tmp_path / 'network'}whostateaddressversionwhere" in said
    for part in status.report.parts:
        row = f"{part.name.capitalize()}✔ healthy{part.address or '-'}{part.version or '-'}{part.url}"
        assert row in said
    assert "What to do" not in said
    assert str(status) == str(status.report)
    stop(tmp_path / "network")
    gone = NetworkStatus(connected)
    assert [part.state for part in gone.report.parts] == ["down"] * 3
    said = text_of(html_of(gone))
    for part in gone.report.parts:
        assert f"{part.name.capitalize()}✘ down" in said
        assert f"{part.name.capitalize()}: {part.problem}" in said
        assert f"What to do: {part.cure}" in said
    assert "run connect()" in said
    connected.close()


def test_a_connector_that_was_added_has_its_row_and_asks_no_step(folder):
    with closing(connect(folder)) as connected:
        connected.sender.relationships.list()
        connected.add_connector("newcomer")
        status = NetworkStatus(connected)
        assert [part.name for part in status.report.parts] == ["backbone", "sender", "recipient", "newcomer"]
        newcomer = status.report.parts[-1]
        assert (newcomer.state, newcomer.address) == ("healthy", connected.address("newcomer"))
        assert "Newcomer" in text_of(html_of(status))
        connected.add_connector("newcomer")
        assert [part.state for part in NetworkStatus(connected).report.parts] == ["healthy"] * 4
        step = next_step(connected.journal)  # what was asked before the status was shown is still new
        assert [each.call for each in step.exchanges] == ["GET /Relationships"]


def test_own_connectors_are_real(sender, recipient):
    said = text_of(html_of(NetworkStatus(Network(sender, recipient))))
    assert "⚠ Your own Connectors: what you do here is real." in said
    assert "Local network" not in said
