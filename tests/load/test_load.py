"""A load of Requests on the real network, and what its report says."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import islice

import pytest

from enmeshed_nb.connector import Connector, ServerError
from enmeshed_nb.content import Mail
from enmeshed_nb.ledger import ledger_in
from enmeshed_nb.load import Asked, LoadError, Mix, Pair, read, run, stated, succeeded, text, write
from enmeshed_nb.load.driving import STEPS
from enmeshed_nb.load.figures import distribution, percentile
from enmeshed_nb.load.report import page
from enmeshed_nb.load.workload import KINDS, planned
from tests.conftest import ENMESHED_NB, ROOT, closed_port, connectors_of, enmeshed_nb, until, up

ALL = Mix(dict.fromkeys(KINDS, 1), reject=0.3)


@pytest.fixture
def pair(sender, recipient) -> Pair:
    for each in (sender, recipient):
        each.account.sync()  # what other tests have left
    return Pair(sender, recipient, "a network of tests", is_own=False)


@pytest.fixture(scope="session")
def report(_parties) -> dict:
    """What a small load of all kinds came to."""
    pair = Pair(*_parties, "a network of tests", is_own=False)
    return run(pair, Asked(seed=3, mix=ALL, requests=14, parallel=4, warm_up=1))


@pytest.fixture
def own(network, tmp_path, monkeypatch) -> dict[str, str]:
    """The variables that make the Connectors of the session's network somebody's own."""
    monkeypatch.chdir(tmp_path)
    states = network.state.connector("sender"), network.state.connector("recipient")
    return {"ENMESHED_NB_DATA_DIR": str(tmp_path / "data")} | {
        f"ENMESHED_NB_{state.name.upper()}_{what}": value
        for state in states
        for what, value in (("URL", state.url), ("API_KEY", state.api_key))
    }


def ids(connector: Connector, side: str) -> set[str]:
    return {each.id for each in getattr(connector.requests, side).list()}


def test_every_request_goes_the_whole_way_and_is_decided_as_the_seed_says(sender, recipient, report):
    assert succeeded(report), report["errors"]
    assert (report["sent"], report["completed"], report["failed"], report["lost"]) == (14, 14, 0, 0)
    assert report["warmUp"]["count"] == 1
    wanted = [*islice(planned(3, ALL, "any"), 14)]
    assert {each.kind for each in wanted} == set(KINDS)
    assert {each.accept for each in wanted} == {True, False}
    by_title = {each.request.title: each for each in wanted}
    found = [each for each in sender.requests.outgoing.list() if each.content.title in by_title]
    assert len(found) == 14
    for each in found:
        asked = by_title[each.content.title]
        assert each.response.content.result == ("Accepted" if asked.accept else "Rejected")
        assert type(each.content.items[0]) is type(asked.request.items[0])
        assert recipient.requests.incoming.get(each.id).status == "Completed"


def test_each_step_is_measured_and_they_add_up_to_the_round_trip(report):
    for trip in report["trips"]:
        assert tuple(trip["steps"]) == STEPS
        assert sum(trip["steps"].values()) == pytest.approx(trip["roundTrip"], abs=0.1)
    whole = report["steps"]["round trip"]
    assert whole["count"] == 14
    assert whole["p50"] <= whole["p90"] <= whole["p95"] <= whole["p99"] <= whole["max"]
    assert whole["max"] == max(trip["roundTrip"] for trip in report["trips"])
    assert report["throughput"] == pytest.approx(14 / report["seconds"], rel=0.01)


def test_the_same_seed_is_the_same_requests():
    def written(seed, mix=ALL, mark="x"):
        return [
            (each.request.model_dump_json(), each.accept, each.given) for each in islice(planned(seed, mix, mark), 60)
        ]

    assert written(1) == written(1)
    assert written(1) != written(2)
    differing = [a for a, b in zip(written(1), written(1, mark="y"), strict=True) if a != b]
    assert differing
    assert all("load-x-" in each[0] or "load-x-" in str(each[2]) for each in differing)


def test_shares_are_those_of_the_mix():
    found = [*islice(planned(5, Mix.read("authentication=3,form=1,reject=0.25"), "x"), 2000)]
    assert sum(each.kind == "authentication" for each in found) / 2000 == pytest.approx(0.75, abs=0.05)
    assert {each.kind for each in found} == {"authentication", "form"}
    assert sum(not each.accept for each in found) / 2000 == pytest.approx(0.25, abs=0.05)
    assert all(each.accept for each in islice(planned(5, Mix.read("form"), "x"), 50))


@pytest.mark.parametrize(
    ("mix", "said"),
    [
        ("", "no kind ''"),
        ("consnt=1", "no kind 'consnt'"),
        ("form=1,form=2", "form stands twice"),
        ("form=x", "'x' is no number"),
        ("form=-1", "too little"),
        ("form=nan", "too little"),
        ("form=1,reject=2", "reject=2"),
        ("form=0", "asks nothing"),
        ("reject=0.5", "asks nothing"),
    ],
)
def test_a_mix_that_is_none_is_refused(mix, said):
    with pytest.raises(LoadError, match="Kinds are authentication, ") as refused:
        Mix.read(mix)
    assert said in refused.value.problem


def test_a_mix_can_be_read_again():
    assert Mix.read(str(ALL)) == ALL


def test_a_percentile_is_one_of_the_values():
    values = [float(each) for each in range(1, 101)]
    assert [percentile(values, each) for each in (50, 90, 95, 99, 100, 0.1)] == [50, 90, 95, 99, 100, 1]
    assert percentile([7.0], 50) == 7
    assert distribution([]) == {"count": 0}
    assert distribution([0.003, 0.001, 0.002]) == {"count": 3, "p50": 2, "p90": 3, "p95": 3, "p99": 3, "max": 3}


def test_an_open_loop_counts_from_when_a_request_was_due(pair):
    """At a rate that nobody keeps up with, waiting for the turn is a part of the round trip."""
    found = run(pair, Asked(requests=30, rate=10_000, warm_up=0))
    assert (found["completed"], found["workload"]["rate"]) == (30, 10_000)
    assert [trip["due"] for trip in found["trips"]] == [pytest.approx(index / 10, abs=0.01) for index in range(30)]
    waited = found["trips"][-1]
    assert waited["steps"]["its turn"] > 0
    first = min(trip["roundTrip"] for trip in found["trips"])
    assert waited["steps"]["its turn"] > first / 2


def test_a_duration_ends_it(pair):
    found = run(pair, Asked(duration=0.5, warm_up=0))
    assert (found["sent"], found["interrupted"]) == (found["completed"], False)
    assert all(trip["due"] < 500 for trip in found["trips"])


def test_what_is_too_much_is_refused():
    for asked in ({"requests": 10_001}, {"rate": 5000.0, "duration": 60.0}, {"parallel": 17}, {"parallel": 0}):
        with pytest.raises(LoadError):
            Asked(**asked)
    assert Asked(rate=10, duration=5).most == 51
    assert Asked(rate=10, duration=5, requests=20).most == 20
    assert (Asked().most, Asked(duration=5).most) == (100, 10_000)


def test_what_fails_is_counted_by_step_and_code(pair, network):
    from enmeshed_nb.localnet.faults import Status

    with network.faults.inject(Status(status=503, connector="sender", route="POST /Messages", times=2)):
        found = run(pair, Asked(requests=6, warm_up=0))
    assert (found["completed"], found["failed"], found["lost"]) == (4, 2, 0)
    assert [(each["step"], each["count"]) for each in found["errors"]] == [("send", 2)]
    assert not succeeded(found)
    assert "send" in text(found)
    assert found["errors"][0]["code"] in text(found)
    assert found["errors"][0]["code"] in page(found)


def test_what_is_sent_and_does_not_come_back_is_lost(pair):
    """Nobody synchronises, as `--no-sync` on Connectors without such modules."""
    found = run(pair, Asked(requests=2, parallel=2, warm_up=0, patience=0.3, sync=False))
    assert (found["completed"], found["lost"]) == (0, 2)
    assert [(each["step"], each["count"]) for each in found["errors"]] == [("until received", 2)]
    pair.recipient.account.sync()


def test_what_somebody_else_decides_is_no_success(folder, tmp_path):
    """Here it is the Recipient's own decider."""
    rule = {"requestConfig": {"content.item.@type": "CreateAttributeRequestItem"}, "responseConfig": {"accept": True}}
    config = {"connectors": {"sender": {}, "recipient": {"modules": {"decider": {"automationConfig": [rule]}}}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    found = connectors_of(up(folder, "--config", tmp_path / "config.json"))
    with found["sender"] as sender, found["recipient"] as recipient:
        pair = Pair(sender, recipient, "a network with a decider", is_own=False)
        mix = Mix.read("create=1,form=1")
        report = run(pair, Asked(mix=mix, requests=8, warm_up=0))
        of_kind = {kind: [trip for trip in report["trips"] if trip["kind"] == kind] for kind in mix.weights}
        assert all(trip["code"] == "decided by somebody else" for trip in of_kind["create"])
        assert {trip["outcome"] for trip in of_kind["create"]} == {"failed"}
        assert {trip["outcome"] for trip in of_kind["form"]} == {"completed"}
        assert not succeeded(report)


def test_a_load_is_not_begun_if_the_warm_up_fails(pair, network):
    from enmeshed_nb.localnet.faults import Status

    before = ids(pair.sender, "outgoing")
    with (
        network.faults.inject(Status(status=503, connector="sender", route="PUT /Requests/Outgoing/Validate")),
        network.faults.inject(Status(status=503, connector="sender", route="POST /Requests/Outgoing/Validate")),
        pytest.raises(LoadError, match=r"at “validate”(?s:.)*not begun"),
    ):
        run(pair, Asked(requests=5, warm_up=1))
    assert ids(pair.sender, "outgoing") == before


def test_messages_that_wait_already_are_fetched_before(pair):
    peer = pair.recipient.account.identity_info().address
    send = partial(pair.sender.messages.send, peer, Mail(to=[peer], subject="It waits.", body="It waits."))
    for _ in range(20):
        send()
    with pytest.raises(ServerError, match="has not fetched 20 Messages of this Connector"):
        send()
    assert succeeded(run(pair, Asked(requests=1, warm_up=1)))


def test_a_warm_up_that_nobody_fetches_says_what_is_needed(pair):
    with pytest.raises(LoadError, match=r"at “until received”(?s:.)*need the module sync or sse"):
        run(pair, Asked(requests=5, warm_up=1, patience=0.3, sync=False))
    pair.recipient.account.sync()


def test_the_report_is_one_file_without_keys(report, pair, network, tmp_path):
    files = write(report, tmp_path / "new" / "folder", old=report)
    assert read(files[0]) == report
    html = files[1].read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert html.count("<svg") == 2
    assert html.count("<circle") == 14
    assert html.count("<polyline") == 2
    assert "http" not in html.replace("http://www.w3.org/", "")
    for state in network.state.connectors:
        for file in files:
            assert state.api_key not in file.read_text(encoding="utf-8")
    for step in (*STEPS, "round trip"):
        assert step in html


def test_two_loads_are_compared_step_by_step(report):
    twice = json.loads(json.dumps(report))
    for found in twice["steps"].values():
        found.update({key: 2 * value for key, value in found.items() if key != "count"})
    lines = text(twice, old=report).splitlines()
    (compared,) = [line for line in lines[lines.index("Compared with then:") :] if line.startswith("round trip")]
    assert compared.split()[-1] == "2.00"
    assert "workloads differ" not in text(twice, old=report)
    other = replace(Asked(seed=3, mix=ALL, requests=14, parallel=4), seed=4).workload()
    assert "seed: 3 then, 4 now" in text(twice | {"workload": other}, old=report)
    assert "<polyline" in page({**report, "trips": []}, old=report)
    assert page({**report, "trips": [], "steps": {"round trip": {"count": 0}}}).count("<polyline") == 0


def test_a_report_that_somebody_spoiled_is_refused_with_its_place(report, tmp_path):
    for spoiled, place in (
        ({"steps": {"validate": {"p50": "soon"}}}, "steps.validate.p50"),
        ({"trips": [{"number": 1}]}, "trips.0.roundTrip"),
        ({"workload": None}, "workload"),
    ):
        (tmp_path / "load.json").write_text(json.dumps(report | spoiled))
        with pytest.raises(LoadError, match="is damaged") as refused:
            read(tmp_path / "load.json")
        assert f"damaged: {place}: " in refused.value.problem


@pytest.mark.parametrize("content", [None, "{", "[]", '{"format": 99}', '{"format": 1}', '{"format": 1, "steps": []}'])
def test_what_cannot_be_compared_with_is_refused_before_anything_is_sent(content, folder, tmp_path):
    file = tmp_path / "load.json"
    if content is not None:
        file.write_text(content)
    refused = enmeshed_nb("load", "--against", file, "--out", tmp_path / "out", "--data-dir", folder)
    assert refused.returncode == 1
    assert str(file) in refused.stderr
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_sent(folder, tmp_path):
    (tmp_path / "out").write_text("a file")
    refused = enmeshed_nb("load", "--out", tmp_path / "out", "--data-dir", folder)
    assert (refused.returncode, "--out DIR" in refused.stderr) == (1, True)
    assert not folder.exists()


def test_the_command_on_own_connectors_says_first_what_it_creates(own, sender, recipient, tmp_path):
    before = ids(recipient, "incoming")
    refused = enmeshed_nb("load", "--requests", "201", **own)
    assert refused.returncode == 1
    assert "up to 206 Requests and 412 Messages" in refused.stderr
    assert sender.url in refused.stderr
    assert "--yes" in refused.stderr
    assert ids(recipient, "incoming") == before
    done = enmeshed_nb("load", "--requests", "2", "--warm-up", "0", "--json", "--mix", "form", **own)
    assert done.returncode == 0, done.stderr
    assert "up to 2 Requests and 4 Messages" in done.stderr
    assert json.loads(done.stdout)["completed"] == 2
    assert json.loads(done.stdout) == read(tmp_path / "build" / "load" / "load.json")
    assert len(ids(recipient, "incoming") - before) == 2
    created = [each.kind for each in ledger_in(tmp_path / "data").entries()]
    assert (created.count("Request"), created.count("Message")) == (2, 2)


def test_what_is_created_names_attributes_and_a_relationship(pair, sender):
    assert "an Attribute for each accepted one of the kinds read, propose and create" in stated(pair, Asked(mix=ALL))
    assert "a Relationship" not in stated(pair, Asked())


def test_own_connectors_that_are_away_are_named(own, tmp_path):
    gone = own | {"ENMESHED_NB_SENDER_URL": f"http://localhost:{closed_port()}"}
    refused = enmeshed_nb("load", **gone)
    assert refused.returncode == 1
    assert gone["ENMESHED_NB_SENDER_URL"] in refused.stderr
    assert "Traceback" not in refused.stderr


def test_loss_is_an_exit_code_of_its_own(own):
    done = enmeshed_nb("load", "--requests", "1", "--warm-up", "0", "--timeout", "0.2", "--no-sync", **own)
    assert done.returncode == 3
    assert "1 lost" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to send")
def test_ctrl_c_ends_it_with_what_was_measured(own, pair, tmp_path):
    completed = lambda: len(pair.sender.requests.outgoing.list(status="Completed"))  # noqa: E731
    before = completed()
    process = subprocess.Popen(
        [*ENMESHED_NB, "load", "--rate", "2", "--duration", "90", "--warm-up", "0"],
        cwd=tmp_path,
        env=os.environ | own | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: completed() >= before + 2, 60)
        process.send_signal(signal.SIGINT)
        said, wrong = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, wrong
    assert "broken off after" in said
    report = read(tmp_path / "build" / "load" / "load.json")
    assert report["interrupted"]
    assert report["completed"] >= 2
    assert (report["failed"], report["lost"], report["unfinished"]) == (0, 0, 0)
