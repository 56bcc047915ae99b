"""The site: what `make site` leaves, as who reads it offline sees it."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import expect

from enmeshed_nb import cli
from enmeshed_nb.connector import ENDPOINTS
from enmeshed_nb.connector.error_codes import CODES
from enmeshed_nb.content import RequestItem
from enmeshed_nb.guide.examples import EXAMPLES
from enmeshed_nb.guide.playing import STEPS
from tests.browser.conftest import browser  # noqa: F401 (a fixture)
from tests.conftest import ROOT


class Page(HTMLParser):
    """What a page links to, shows, and can be linked at."""

    def __init__(self, path: Path):
        super().__init__()
        self.links, self.anchors, self.titles, self.words = [], set(), {}, []
        self.html = path.read_text(encoding="utf-8")
        self.feed(self.html)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.links += [found[name] for name in ("href", "src") if found.get(name)]
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "a" and found.get("title"):
            self.titles[found["href"]] = found["title"]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "made"
    command = [sys.executable, "-m", "tools.site", "--out", str(out)]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=170)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return out


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site).as_posix(): Page(path) for path in site.rglob("*.html")}


def test_each_lesson_has_a_page_with_what_it_shows(pages):
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        assert "enb" in pages[f"notebooks/{notebook.stem}.html"].html


def test_no_link_leads_nowhere(site, pages):
    def leads_somewhere(name, link):
        parts = urlsplit(link)
        if parts.scheme in ("https", "data") or link.startswith("http://localhost"):
            return True
        target = (site / name).parent.joinpath(unquote(parts.path)).resolve() if parts.path else site / name
        if parts.scheme or not target.is_file():
            return False
        linked = pages.get(target.relative_to(site).as_posix())
        return linked is None or not parts.fragment or unquote(parts.fragment) in linked.anchors

    assert [
        (name, link) for name, page in pages.items() for link in page.links if not leads_somewhere(name, link)
    ] == []


def test_nothing_of_the_machine_or_its_keys_is_told(site, pages):
    for name, page in pages.items():
        assert str(ROOT) not in page.html, name
        assert str(site) not in page.html, name
        assert not re.search(r"/tmp/\w+/site", page.html), name
        assert not re.search(r"X-API-KEY:\s+\w", page.text), name


def test_the_gallery_shows_each_example_and_its_response(pages):
    page = pages["items.html"]
    for example in EXAMPLES:
        assert example.about in page.text
    assert page.text.count('"@type": "Response"') == len(EXAMPLES)
    assert page.text.count("What the Recipient sees") == len(EXAMPLES)
    kinds = {kind.__name__ for kind in RequestItem.__subclasses__()}
    assert len(kinds) == 11
    assert {kind for kind in kinds if f'"{kind}"' not in page.text} == set()


def test_the_way_to_a_deployed_network_has_its_pages(pages):
    assert "growing.html" in pages["index.html"].links
    assert "deploy/README.html" in pages["growing.html"].links
    assert "../growing.html" in pages["deploy/README.html"].links


def straight(text):
    """Undo what typography makes of quotes."""
    return text.translate({0x2019: "'", 0x201C: '"', 0x201D: '"'})


def test_the_catalogue_has_each_code_with_its_cure(pages):
    text = straight(pages["problems.html"].text)
    assert [code for code, (_, cure) in CODES.items() if code not in text or cure.split("`")[0] not in text] == []


def test_the_reference_has_each_method_and_each_command(pages):
    anchors = {
        each.rpartition(".")[0].rpartition(".")[2] + "." + each.rpartition(".")[2]
        for each in pages["reference/connector.html"].anchors
    }
    assert set(ENDPOINTS) <= anchors
    text = pages["command-line.html"].text
    assert [name for name in cli.main.commands if f"enmeshed-nb {name}" not in text] == []


def test_who_points_at_a_term_reads_what_it_means(pages):
    glossary = straight(pages["notebooks/glossary.html"].text)
    titles = pages["items.html"].titles
    for term in ("request", "requestitem"):
        assert straight(titles[f"notebooks/glossary.html#{term}"])[:40] in glossary
    assert pages["notebooks/13-request-lifecycle.html"].titles


@pytest.fixture(params=["light", "dark"])
def reader(request, browser):  # noqa: F811
    """A page of a browser without a network: the site is read from the disk."""
    context = browser.new_context(color_scheme=request.param, viewport={"width": 390, "height": 844}, offline=True)
    page = context.new_page()
    page.problems = []
    page.on("console", lambda said: page.problems.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.scheme = request.param
    yield page
    context.close()


WIDER = "document.documentElement.scrollWidth - window.innerWidth"
BRIGHT = (
    "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).reduce((sum, part) => sum + Number(part), 0) > 382"
)


def test_each_page_fits_a_telephone_in_both_themes(site, pages, reader):
    for name in pages:
        reader.goto(f"file://{site}/{name}")
        assert reader.evaluate(WIDER) <= 0, name
        assert reader.evaluate(BRIGHT) == (reader.scheme == "light"), name
        assert reader.locator("body").get_attribute("data-jp-theme-light") == str(reader.scheme == "light").lower()
    assert reader.problems == []


def test_what_is_looked_for_is_found_without_a_network(site, reader):
    reader.goto(f"file://{site}/search.html?q=ManualDecisionRequired")
    expect(reader.locator("#search-results li a").first).to_be_visible()
    assert reader.get_by_role("link", name="Glossary").count()


def test_a_journey_is_replayed_step_by_step(site, reader):
    reader.goto(f"file://{site}/journey.html")
    replay = reader.locator(".replay").first
    back, on = replay.get_by_label("One step back"), replay.get_by_label("One step on")
    expect(back).to_be_disabled()
    said = []
    for _ in STEPS:
        on.click()
        said.append(replay.locator("output").text_content())
    assert [step.words in words for step, words in zip(STEPS, said, strict=True)] == [True] * len(STEPS)
    expect(on).to_be_disabled()
    expect(replay.locator(".replayed")).to_contain_text("Accepted")
    replay.locator("[data-thing^='request:']").first.click()
    expect(replay.locator(".detail")).to_contain_text("Become a member of the library")
    reader.locator(".replay").last.get_by_role("slider").fill(str(len(STEPS)))
    expect(reader.locator(".replayed").last).to_contain_text("Rejected")
