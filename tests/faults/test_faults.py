"""A short selection of what `make torture` does at length: kills before events of a flow, outages, a full disk.

Each point of a flow at which the host is killed is named by the events around it, which do not depend on how the host
stores things; so these tests stay right when the host changes.
"""

from collections.abc import Iterator

import pytest

from tests.faults import disk, torture
from tests.faults.network import Network
from tests.faults.points import Outcome, Snapshots, run_flow
from tests.faults.run import HARMLESS, Run

FLOW = "accept create IdentityAttribute"


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshots]:
    with Snapshots(tmp_path_factory.mktemp("snapshots")) as ready:
        yield ready


@pytest.fixture(scope="module")
def undisturbed(snapshots: Snapshots) -> Outcome:
    return run_flow(FLOW, snapshots)


def bad(findings: list) -> list[str]:
    return [str(finding) for finding in findings if finding.kind not in HARMLESS]


def between(outcome: Outcome, first: str, last: str) -> list[int]:
    """Return the points after the event `first` up to `last`; `#2` at an event's end means its second time."""

    def find(event: str) -> int:
        label, _, time = event.partition("#")
        return [number for number, each in enumerate(outcome.events, 1) if each == label][int(time or 1) - 1]

    return [number for number in outcome.points if find(first) < number <= find(last)]


@pytest.mark.parametrize("flow", [FLOW, "reject share", "relationship with a Request", "files"])
def test_without_a_fault_there_is_no_finding(flow, snapshots):
    outcome = run_flow(flow, snapshots)
    assert not outcome.findings, outcome
    assert len(outcome.events) > 10


SEND = ("answer 201 to POST /Requests/Outgoing", "answer 201 to POST /Messages")
RECEIVE = ("→ Backbone GET /Messages/…", "answer 204 to POST /Account/Sync")
ACCEPT = ("answer 204 to POST /Account/Sync", "answer 200 to PUT /Requests/Incoming/…/Accept")
ANSWER = ("answer 200 to PUT /Requests/Incoming/…/Accept", "→ Backbone POST /SyncRuns#2")
COMPLETE = ("→ Backbone GET /Messages/…#2", "answer 204 to POST /Account/Sync#2")


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(SEND, id="send"),
        pytest.param(RECEIVE, id="receive"),
        pytest.param(ACCEPT, id="accept"),
        pytest.param(ANSWER, id="answer"),
        pytest.param(COMPLETE, id="complete"),
    ],
)
def test_killed_before_each_event_of(section, undisturbed, snapshots):
    points = between(undisturbed, *section)
    for point in points[::3] if section is RECEIVE else points:
        outcome = run_flow(FLOW, snapshots, point)
        assert outcome.was_killed
        assert not bad(outcome.findings), outcome


@pytest.mark.parametrize("outage", ["500", "answer lost"])
def test_unsent_response(outage, snapshots):
    workload = torture.unsent_response(outage, snapshots)
    assert not bad(workload.findings), workload


def test_unfetched_message(snapshots):
    workload = torture.unfetched_message(snapshots)
    assert not bad(workload.findings), workload


@pytest.mark.parametrize(
    "event",
    [
        pytest.param("← Backbone POST /SyncRuns 201", id="when a run has begun, and nobody knows which"),
        pytest.param("→ Backbone GET /SyncRuns/…/ExternalEvents", id="before anybody knows what the run brings"),
        pytest.param("→ Backbone GET /Messages/…", id="while that is fetched"),
        pytest.param("→ Backbone PUT /SyncRuns/…/FinalizeExternalEventSync", id="before that is confirmed"),
    ],
)
def test_a_message_is_fetched_though_the_backbone_has_given_it_up(event, snapshots):
    workload = torture.unfetched_by_kills(event, snapshots)
    assert not bad(workload.findings), workload


@pytest.mark.skipif(not disk.CAN_MOUNT, reason="only root can mount a small disk")
def test_a_full_disk(snapshots, tmp_path):
    with disk.small_disk(tmp_path / "disk", 16) as small:
        folder = snapshots.of(FLOW, small / "network")
        with Network(folder, snapshots.hosts) as network:
            run = Run(network)
            disk.full(network, run, small)
            assert not bad(run.findings), "\n".join(bad(run.findings))
