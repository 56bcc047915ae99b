"""The playground as `enmeshed-nb play` shows it: by clicking alone, by the keyboard alone, in both themes."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import PATIENCE, SCREENSHOTS
from tests.browser.test_notebook_02 import CONTRAST
from tests.conftest import ENMESHED_NB, end, until
from tests.notebooks.conftest import ALONE

TALLEST = "Math.max(...[...document.querySelectorAll('body, body *')].map((each) => each.scrollHeight))"


class App:
    """`enmeshed-nb play`, with a network of its own."""

    def __init__(self, folder: Path, theme: str) -> None:
        self.theme, log = theme, folder / "play.log"
        command = [*ENMESHED_NB, "play", "--no-browser", "--theme", theme, "--data-dir", str(folder / "network")]
        with log.open("w") as written:
            self.process = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, env=ALONE)
        self.address = until(lambda: re.search(r"http://127\S+\?token=\S+", log.read_text()), 90, "Voilà runs").group()

    def kernels(self) -> set[int]:
        """Return the ids of the kernels that run."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return {each.pid for each in children if self._is_kernel(each)}

    @staticmethod
    def _is_kernel(process: psutil.Process) -> bool:
        try:
            return "ipykernel_launcher" in " ".join(process.cmdline())
        except psutil.Error:  # it has just ended
            return False


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], App]]:
    """The app in a theme."""
    started: dict[str, App] = {}

    def in_theme(theme: str) -> App:
        if theme not in started:
            started[theme] = App(tmp_path_factory.mktemp(theme), theme)
        return started[theme]

    yield in_theme
    for each in started.values():
        end(each.process)


@pytest.fixture
def open_app(browser: Browser, app: Callable[[str], App]) -> Iterator[Callable[..., Page]]:
    """Open the app in a new window of a given width."""
    pages = []

    def open_it(theme: str, width: int) -> Page:
        page = browser.new_page(
            viewport={"width": width, "height": 1000}, permissions=["clipboard-read", "clipboard-write"]
        )
        page.set_default_timeout(PATIENCE)
        pages.append(page)
        page.goto(app(theme).address)
        expect(step(page, "Play it through")).to_be_visible(timeout=90_000)
        return page

    yield open_it
    for page in pages:
        page.close()


def step(page: Page, words: str) -> Locator:
    """Return a button of the playground's."""
    return page.get_by_role("button", name=re.compile(words)).first


def is_next(page: Page, words: str) -> None:
    """Wait until something is said to be next."""
    expect(page.get_by_role("status").filter(has_text=words).first).to_be_visible()
    expect(step(page, "Play it through")).to_be_enabled()


def picture(page: Page, name: str) -> None:
    """Keep a picture of all of the page."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    assert size
    page.set_viewport_size({"width": size["width"], "height": page.evaluate(TALLEST)})
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    page.set_viewport_size(size)


def can_be_read(page: Page) -> None:
    """See to it that nothing is wider than the page, and that texts stand out."""
    for each in page.locator(".enb-playground").all():
        assert each.evaluate("(element) => element.scrollWidth <= element.clientWidth + 1"), "it overflows"
    for readable in (".enb", ".enb-state", ".enb-muted", ".enb td", ".widget-label", ".jupyter-button"):
        for element in page.locator(f".enb-playground {readable}:visible:not([disabled])").all()[:8]:
            if element.inner_text().strip():
                assert element.evaluate(CONTRAST) >= 4.5, f"{readable} {element.inner_text()[:40]}"


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_somebody_who_only_clicks_plays_a_request_with_a_group(app, open_app, theme, width):
    page = open_app(theme, width)
    picture(page, f"playground-{theme}-{width}-first")
    can_be_read(page)
    step(page, "Add group").click()
    expect(page.get_by_label("New in the group")).to_have_count(1)
    page.get_by_label("New in the group").select_option("Consent")
    step(page, "Add item").click()
    expect(step(page, "2.1 Consent")).to_be_visible()
    page.get_by_label("Must be accepted").last.uncheck()
    expect(page.get_by_role("button", name=re.compile(r"2\.1 Consent.*\*"))).to_have_count(0)
    page.get_by_label("New in the group").select_option("Authentication")
    step(page, "Add item").click()
    expect(page.get_by_role("status").filter(has_text="The Request is valid")).to_be_visible()
    picture(page, f"playground-{theme}-{width}-composed")

    for words in ("Check the Request", "Create the Request", "Send the Request", "Fetch the Request"):
        is_next(page, f": {words}.")
        step(page, "Next:").click()
    is_next(page, "Check the decision")
    expect(page.get_by_text("waits").first).to_be_attached()
    decision = page.locator(".enb-choice").nth(1)
    decision.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("status").filter(has_text="can be accepted like this")).to_be_visible()
    picture(page, f"playground-{theme}-{width}-deciding")
    can_be_read(page)
    step(page, "Next:").click()
    is_next(page, "Send the decision")
    step(page, "^Decide$").click()
    is_next(page, "Wait until it is Completed")
    step(page, "Play it through").click()
    is_next(page, "It is over: the Request was accepted.")
    response = page.locator(".enb-card").filter(has_text="Response:")
    expect(response.locator("td .enb-state")).to_have_text([re.compile(each) for each in ("Acc", "Rej", "Acc")])
    picture(page, f"playground-{theme}-{width}-over")
    can_be_read(page)

    page.get_by_text("Copy as Python: ").click()
    page.get_by_role("button", name="Copy").last.click()
    program = page.evaluate("navigator.clipboard.readText()")
    assert "network.connector_of(peer)" in program
    assert "RejectParameters(accept=False)" in program

    step(page, "3 Send the Request").click()  # a second time: the Connector says what that is
    expect(page.get_by_role("alert").filter(has_text="This Request was sent before.")).to_be_visible()
    picture(page, f"playground-{theme}-{width}-refused")
    can_be_read(page)


def test_it_starts_from_an_example_and_from_pasted_json(open_app):
    page = open_app("light", 1440)
    page.get_by_label("Start from").select_option("Membership form")
    step(page, "Start from it").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Become a member of the library")
    expect(page.get_by_role("status").filter(has_text="The Request is valid")).to_be_visible()
    page.get_by_label("Start from").select_option("pasted JSON")
    pasted = page.get_by_label("JSON", exact=True)
    pasted.fill('{"items": [{"@type": "ConsentRequestItem", "mustBeAccepted": true}]}')
    step(page, "Start from it").click()
    expect(page.get_by_role("alert").filter(has_text="items[0].consent: is missing.")).to_be_visible()
    picture(page, "playground-pasted")
    pasted.fill('{"items": [{"@type": "ConsentRequestItem", "mustBeAccepted": true, "consent": "Yes?"}]}')
    step(page, "Start from it").click()
    expect(step(page, "1 Consent · Yes?")).to_be_visible()
    step(page, "Undo: the Request before").click()
    expect(page.get_by_label("Title", exact=True)).to_have_value("Become a member of the library")


def test_a_double_click_is_one_click(open_app):
    page = open_app("light", 1440)
    step(page, "2 Create the Request").dblclick()
    is_next(page, "Send the Request")
    page.get_by_text("What was sent, and what came back: 1 call").first.click()
    page.get_by_text("Copy as Python: ").click()
    program = page.locator("pre", has_text="network.close()").inner_text()
    assert program.count("outgoing.create(") == 1


def test_by_the_keyboard_alone(open_app):
    page = open_app("light", 1440)

    def focus(words: str) -> None:
        """Press Tab until what has these words has the focus."""
        named = """() => {
          const element = document.activeElement;
          return element.matches("button, select, input") ? (element.labels[0] ?? element).innerText : "";
        }"""
        for _ in range(200):
            page.keyboard.press("Tab")
            if re.search(words, page.evaluate(named) or ""):
                return
        raise AssertionError(f"{words} cannot be reached")

    def press(words: str) -> None:
        focus(words)
        page.keyboard.press("Enter")

    page.locator("body").click(position={"x": 2, "y": 2})
    press("Add group")
    expect(page.get_by_label("New in the group")).to_have_count(1)
    focus("New in the group")
    page.keyboard.press("ArrowDown")
    press("Add item")
    expect(step(page, "2.1 Consent")).to_be_visible()
    focus("Must be accepted")
    while not page.evaluate("document.activeElement.matches('[type=checkbox]')"):
        focus("Must be accepted")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name=re.compile(r"2\.1 Consent.*\*"))).to_have_count(0)
    press("Play it through")
    is_next(page, "It is over: the Request was accepted.")
    press("Another Request")
    is_next(page, "Check the Request")
    for words in ("2 Create the Request", "3 Send the Request", "4 Fetch the Request"):
        press(words)
        expect(step(page, f"✔ {words}")).to_be_visible()
        expect(step(page, "Play it through")).to_be_enabled()
    expect(page.locator(".enb-choice")).to_have_count(2)
    focus("^Accept$")  # of the first item, then of the second, which is rejected
    focus("^Accept$")
    press("^Reject$")
    press("6 Send the decision")
    is_next(page, "Wait until it is Completed")
    press("Play it through")
    is_next(page, "It is over")
    response = page.locator(".enb-card").filter(has_text="Response:")
    expect(response.locator("td .enb-state")).to_have_text([re.compile("Accepted"), re.compile("Rejected")])


def test_its_kernel_ends_with_its_page(app, open_app):
    before = app("light").kernels()
    page = open_app("light", 1440)
    (kernel,) = app("light").kernels() - before
    step(page, "Play it through").click()
    is_next(page, "It is over")
    page.goto("about:blank")
    until(lambda: kernel not in app("light").kernels(), 30, "the kernel ends")
