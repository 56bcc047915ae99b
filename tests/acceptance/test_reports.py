"""The files that are made of what was found, as those read them who get them."""

import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from enmeshed_nb.acceptance import Outcome, Status
from enmeshed_nb.acceptance.outcomes import Seen
from enmeshed_nb.acceptance.planning import choose
from enmeshed_nb.acceptance.record import FILE, Facts, FolderError, Place, Record
from enmeshed_nb.acceptance.report import Report, make_report
from enmeshed_nb.acceptance.reports import FILES, badge, junit, summary, write_reports
from tests.browser.conftest import browser  # noqa: F401 (a fixture)

NASTY = "<script>document.title = 'caught'</script> \x1b[31m | `x` \u202e"
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def facts(name="staging", address="did:e:x:dids:1"):
    places = tuple(Place(name=each, url=f"https://{each}.example", address=address, version="7.0.0") for each in "ab")
    return Facts(name=name, is_local=False, connectors=places, began=NOW, by="enmeshed-nb 1")


def outcome(check, requirement, swapped, **more):
    return Outcome(check=check, requirement=requirement, swapped=swapped, **{"status": "PASSED", **more})


def outcomes(choice, **differing):
    """All passed, but what differs: by the requirement's id with '_' for '-'."""
    by_id = {name.replace("_", "-"): more for name, more in differing.items()}
    return [
        outcome(check.name, name, swapped, seconds=0.2, **by_id.get(name, {}))
        for check in choice.checks
        for swapped in check.roles
        for name in check.requirements
    ]


@pytest.fixture
def choice():
    return choose(["guide"])


@pytest.fixture
def failed(choice):
    call = Seen(
        connector="a",
        call="POST /Requests/Outgoing",
        status=201,
        seconds=0.1,
        sent={"title": NASTY},
        received={"result": NASTY},
        curl="curl …",
        time=NOW,
    )
    bad = {"status": "FAILED", "said": f"It is {NASTY}.", "exchanges": (call,)}
    more = {"GUIDE_CREATE": bad, "GUIDE_OPEN": {"status": "WARNING", "said": "Late."}}
    return make_report(facts(), choice, outcomes(choice, **more))


def test_the_headline_and_the_exit_code_say_what_was_found(choice, failed):
    number = len(choice.requirements)
    assert (failed.headline, failed.exit_code) == (f"1 of {number} requirements does not hold.", 1)
    fine = make_report(facts(), choice, outcomes(choice))
    assert (fine.headline, fine.exit_code) == (f"All of {number} requirements hold.", 0)
    needs = make_report(facts(), choice, outcomes(choice, GUIDE_CREATE={"status": "SKIPPED", "said": "It needs x."}))
    assert needs.exit_code == 0
    assert "were looked at" in needs.headline
    unprepared = {"status": "SKIPPED", "said": "?", "is_open": True}
    assert make_report(facts(), choice, outcomes(choice, GUIDE_CREATE=unprepared)).exit_code == 3
    part = make_report(facts(), choice, outcomes(choice)[:5])
    assert part.exit_code == 3
    assert part.headline.endswith("The run is not complete.")


def test_what_is_expected_counts_as_if_it_had_passed_and_nothing_else_does(choice):
    expecting = choice.model_copy(update={"expected": {"GUIDE-CREATE": Status.NOT_SUPPORTED}})
    as_expected = make_report(facts(), expecting, outcomes(choice, GUIDE_CREATE={"status": "NOT SUPPORTED"}))
    assert as_expected.exit_code == 0
    known = choice.model_copy(update={"expected": {"GUIDE-CREATE": Status.FAILED}})
    as_known = make_report(facts(), known, outcomes(choice, GUIDE_CREATE={"status": "FAILED", "said": "Known."}))
    assert as_known.exit_code == 0
    passed = make_report(facts(), expecting, outcomes(choice))
    assert [each.id for each in passed.bad] == ["GUIDE-CREATE"]
    for report, failures in ((as_expected, "0"), (as_known, "0"), (passed, "2")):
        assert ElementTree.fromstring(junit(report)).get("failures") == failures


def test_a_requirement_is_as_good_as_the_worst_that_was_found(choice):
    found = outcomes(choice)
    worst = found[0].model_copy(update={"status": Status.FAILED})
    assert make_report(facts(), choice, [worst, *found[1:]]).results[0].status == Status.FAILED


def test_json_is_what_its_schema_says_and_comes_back(failed, tmp_path):
    write_reports(failed, tmp_path)
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["schemaVersion"] == 1
    assert told["counts"]["FAILED"] == 1
    assert Report.model_validate(told) == failed
    assert {each.name for each in tmp_path.iterdir()} == set(FILES)


def test_junit_has_a_case_for_each_part_and_says_what_to_do(failed):
    root = ElementTree.fromstring(junit(failed))
    suite = root.find("testsuite")
    assert suite.get("name") == "guide"
    cases = suite.findall("testcase")
    assert int(suite.get("tests")) == int(root.get("tests")) == len(cases)
    failures = [each for each in cases if each.find("failure") is not None]
    assert len(failures) == int(root.get("failures")) == 2
    assert [each.get("classname") for each in failures] == ["guide.create"] * 2
    text = failures[0].find("failure").text
    for part in (
        "Must hold: A Request that is created is a Draft.",
        "Likely cause:",
        "What to do:",
        "Source: https://",
    ):
        assert part in text
    names = {each.get("name"): each.get("value") for each in suite.find("properties")}
    assert names["a.url"] == "https://a.example"


def test_the_summary_shows_nothing_that_a_connector_wrote_as_html_or_markdown(failed):
    told = summary(failed)
    assert "<" not in told
    assert "\x1b" not in told
    assert "\\|" in told
    assert "GUIDE-CREATE" in told


def test_the_badge_is_a_picture(failed):
    picture = ElementTree.fromstring(badge(failed))
    number = len(failed.results)
    assert f"{number - 1} of {number}" in "".join(picture.itertext())


def test_the_page_filters_and_loads_nothing(failed, tmp_path, browser):  # noqa: F811
    write_reports(failed, tmp_path)
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    assert asked == [(tmp_path / "report.html").as_uri()]
    assert page.title() == failed.headline  # no script of a Connector ran
    assert page.locator("article.failure").count() == 1
    assert page.get_by_text("curl …").count() == 1
    rows = page.locator("[data-status]:visible")
    assert rows.count() == len(failed.results)
    page.get_by_role("checkbox", name="WARNING").check()
    assert rows.count() == 1
    page.get_by_role("button", name="All").click()
    page.wait_for_function("document.querySelectorAll('[data-status]:not([hidden])').length > 1")
    page.get_by_role("searchbox").fill("draft created is")
    assert rows.count() == 1
    page.get_by_role("searchbox").fill("no such words")
    assert page.get_by_text("Nothing fits the filter.").is_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("searchbox").fill("")
    page.locator(".cell").last.click()
    assert page.locator("details.row[open]").count() == 1


def test_a_torn_line_at_the_end_is_forgiven(choice, tmp_path):
    kept = outcomes(choice)[:3]
    with Record(tmp_path).begin(facts(), kept[:1]) as record:
        for each in kept[1:]:
            record.add(each)
    file = tmp_path / FILE
    assert Record(tmp_path).unfinished() == (facts(), kept)
    whole = file.read_bytes()
    for torn in (whole[:-5], whole + b'{"check": "gui', whole + b"\xc3"):
        file.write_bytes(torn)
        assert Record(tmp_path).unfinished()[1] in (kept, kept[:2])
    file.write_bytes(whole)
    with Record(tmp_path).begin(facts(), kept) as record:
        record.end()
    assert Record(tmp_path).unfinished() == (facts(), [])


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="--out"):
        Record(tmp_path / "file" / "report")


def test_what_was_found_holds_for_the_same_connectors_only():
    assert facts().goes_on_with(facts())
    assert not facts().goes_on_with(facts(address="did:e:x:dids:2"))
    assert not facts().goes_on_with(facts(name="production"))
