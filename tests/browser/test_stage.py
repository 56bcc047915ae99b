"""The stage as a person sees it: beside the notebook and below the cell, live, by mouse and by keyboard."""

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Locator, Page, expect

from enmeshed_nb.connector import Connector
from enmeshed_nb.guide import establish_relationship
from enmeshed_nb.localnet import LocalNetwork
from enmeshed_nb.localnet.settings import DATA_DIR_VARIABLE
from tests.browser.conftest import SCREENSHOTS, Lab, Notebook, started
from tests.conftest import ROOT, until
from tests.views.conftest import Server
from tools.notebooks import METADATA

LOOK = (ROOT / "tests" / "views" / "look.js").read_text(encoding="utf-8")
NAME = "stage.ipynb"
JOURNAL = """
import pathlib
from enmeshed_nb import *
from enmeshed_nb.widgets import Stage
network = connect()
sender, recipient = network.sender, network.recipient
peer = recipient.account.identity_info().address
journal = Journal(sender, recipient)
"""
CREATE = """
items = [AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)]
created = sender.requests.outgoing.create(Request(title="Membership", items=items), peer)
"""
SEND = "message = sender.messages.send(peer, created.content)"
FETCH = "incoming = wait_for_request(recipient, message.id)"
WAIT = """
def kettle():
    return (recipient.account.identity_info(), pathlib.Path("arrived").exists())[1]
wait_for(kettle, what="the kettle")
"""
ANSWER = "_ = recipient.requests.incoming.accept(incoming.id, accept_all(incoming))"
SYNC = "_ = sender.account.sync()"
MANY = "for _ in range(500): sender.monitoring.version()"
STEPS = (CREATE, SEND, FETCH, ANSWER, SYNC)
FLOWN = """
() => {
  window.flown = 0;
  const count = (records) => records.forEach((each) => {
    window.flown += [...each.addedNodes].filter((node) => node.parentElement?.className === "sky").length;
  });
  new MutationObserver(count).observe(document.body, { childList: true, subtree: true });
}
"""


def words(cell: str) -> str:
    """The line by which a cell is found."""
    return cell.strip().splitlines()[-1]


def write(folder: Path, *cells: str, name: str = NAME) -> None:
    nbformat.write(new_notebook(cells=[new_code_cell(each) for each in cells], metadata=METADATA), folder / name)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, and a network on which nothing is under way but what these tests begin."""
    opened = started(tmp_path_factory.mktemp("stage"))
    yield opened
    opened.close()


@pytest.fixture
def open_stage(browser: Browser) -> Iterator[Callable[..., Notebook]]:
    """Open a notebook with a stage in a window of its own."""
    pages: list[Page] = []

    def open_it(lab: Lab, *cells: str, width: int = 1440, **more: Any) -> Notebook:
        name = f"stage-{secrets.token_hex(4)}.ipynb"  # of no kernel that runs
        write(lab.folder / "work" / "notebooks", JOURNAL, *cells, name=name)
        page = browser.new_page(viewport={"width": width, "height": 1000}, **more)
        pages.append(page)
        notebook = Notebook(page, lab, name)
        notebook.run(words(JOURNAL))
        page.evaluate(FLOWN)
        return notebook

    yield open_it
    for page in pages:
        page.close()


def beside(notebook: Notebook) -> Locator:
    return notebook.page.locator(".jupyterlab-sidecar .enb-stage")


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.dataset.thing ?? document.activeElement.className")


def looks_right(page: Page) -> None:
    assert page.evaluate(LOOK, ".enb-stage") == []


def test_beside_the_notebook_it_shows_what_happens_while_it_happens(lab, open_stage):
    notebook = open_stage(lab, "stage = Stage(journal)\nstage", *STEPS[:3], WAIT, *STEPS[3:])
    line = notebook.run("stage = Stage")
    stage, page = beside(notebook), notebook.page
    expect(stage.locator(".who")).to_have_text([re.compile("Sender"), re.compile("Backbone"), re.compile("Recipient")])
    expect(line).to_contain_text("The stage stands beside the notebook.", use_inner_text=True)
    expect(stage.locator(".about")).to_have_text("Nothing is under way")
    assert "jp-Cell" in focused(page)  # the notebook keeps it

    notebook.run(words(CREATE))
    expect(stage.locator(".turn")).to_have_text("▸ The Sender sends the Request next")
    notebook.run(SEND)
    expect(stage.locator(".middle .envelope")).to_contain_text("the Recipient")
    expect(stage.locator(".chip")).to_have_text([re.compile("➤ Open")])
    page.wait_for_function("document.querySelectorAll('.sky .paper').length === 0")
    notebook.screenshot("stage-sent-light", stage)
    notebook.run(FETCH)
    expect(stage.locator(".middle .envelope")).to_have_count(0)
    expect(stage.locator(".chip")).to_have_text([re.compile("Open"), re.compile("Manual.?Decision.?Required")])
    expect(stage.locator(".is-next")).to_have_attribute("aria-label", "Recipient")

    kettle = notebook.code_cell("wait_for(kettle")
    kettle.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    running = stage.locator(".calls li[data-kind=busy]")
    expect(running).to_have_count(1)
    expect(running.locator(".outcome")).to_have_text(re.compile(r"runs · [1-9] s"))
    expect(stage.locator('[data-accent="recipient"] .doing')).to_have_text("waits for the kettle")
    expect(kettle.locator(".jp-InputPrompt")).to_have_text("[*]:")
    notebook.screenshot("stage-waits-light")
    (lab.folder / "work" / "notebooks" / "arrived").touch()
    expect(running).to_have_count(0)
    (lab.folder / "work" / "notebooks" / "arrived").unlink()

    notebook.run(ANSWER)
    expect(stage.locator(".middle .envelope")).to_contain_text("the Sender")
    notebook.run(SYNC)
    expect(stage.locator(".turn")).to_have_text("It is over: accepted")
    until(lambda: page.evaluate("window.flown") == 4, what="both Messages have travelled to the Backbone, and from it")
    page.wait_for_function("document.querySelectorAll('.sky .paper').length === 0")
    looks_right(page)


def test_by_mouse_and_by_keyboard_everything_tells_its_detail(lab, open_stage):
    notebook = open_stage(lab, "stage = Stage(journal)\nstage", *STEPS, color_scheme="dark", reduced_motion="reduce")
    notebook.run("stage = Stage")
    for cell in STEPS[:3]:
        notebook.run(words(cell))
    stage, page = beside(notebook), notebook.page
    detail = stage.locator(".detail")
    stage.locator(".request").last.click()
    expect(detail.locator("h3")).to_have_text("Membership")
    expect(detail.locator("ins", has_text='"isOwn": false')).to_have_count(1)
    pieces = detail.locator(".piece b").all_inner_texts()
    assert pieces == ["sent", "came back", "what the Sender has", "what the Recipient has"]
    sent, back = (each.bounding_box() for each in detail.locator(".piece").all()[:2])
    assert sent["y"] == back["y"]
    assert sent["x"] < back["x"]
    looks_right(page)
    notebook.screenshot("stage-detail-dark")

    notebook.run(ANSWER)  # what is shown follows
    expect(detail.locator("h4")).to_contain_text([re.compile("Outgoing"), re.compile("Accept"), re.compile("recorded")])
    notebook.run(SYNC)
    expect(detail.locator("ins", has_text='"status": "Completed"')).to_have_count(0)
    expect(stage.locator(".turn")).to_have_text("It is over: accepted")
    detail.get_by_role("button", name="Close").click()
    expect(detail).to_be_hidden()

    assert focused(page).startswith("request:")
    assert stage.locator('[data-thing][tabindex="0"]').count() == 1
    path = [
        ("Home", "side:sender"),
        ("ArrowRight", "backbone"),
        ("ArrowRight", "side:recipient"),
        ("ArrowLeft", "backbone"),
    ]
    for key, thing in path:
        page.keyboard.press(key)
        assert focused(page) == thing
    page.keyboard.press("Enter")
    expect(detail.locator("h3")).to_have_text("The Backbone carries Messages")
    page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    assert focused(page) == "backbone"
    page.keyboard.press("End")
    assert focused(page).startswith("call:")
    page.keyboard.press("Enter")
    expect(detail.locator("pre").last).to_contain_text("curl -X")
    page.keyboard.press("Escape")
    assert page.evaluate("window.flown") == 0  # reduced motion


def test_closed_it_costs_nothing_and_a_restart_brings_it_back(lab, open_stage):
    followed = "print('followed' if stage.is_followed else 'rests', len(journal._observers))"
    notebook = open_stage(lab, "stage = Stage(journal)\nstage", CREATE, SEND, FETCH, followed)
    line = notebook.run("stage = Stage")
    stage, page = beside(notebook), notebook.page
    expect(stage).to_be_visible()
    expect(notebook.run("followed")).to_have_text(re.compile("followed 1"))
    page.get_by_title("Close Stage", exact=True).click()
    expect(line).to_contain_text("The stage is closed.")
    expect(notebook.run("followed")).to_have_text(re.compile("rests 0"))
    notebook.run(words(CREATE))

    line.get_by_role("button", name="Open it beside the notebook").click()
    expect(stage.locator(".chip")).to_have_text([re.compile("Draft")])
    expect(line).to_contain_text("The stage stands beside the notebook.", use_inner_text=True)
    page.get_by_title("Close Stage", exact=True).click()
    line.get_by_role("button", name="Show it here").click()
    expect(line.locator(".enb-stage .request")).to_contain_text("Membership")
    notebook.run("stage = Stage")  # once more: one stage, not two
    expect(stage).to_have_count(1)
    notebook.run(SEND)
    notebook.run(FETCH)
    expect(stage.locator(".turn")).to_have_text("▸ The Recipient decides next")

    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).click()
    page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()
    notebook.wait_for_kernel()
    expect(stage).to_have_count(0)
    expect(notebook.code_cell("stage = Stage").locator(".jp-OutputArea")).to_contain_text("Run the cell again")
    notebook.clear()
    notebook.run(words(JOURNAL))
    notebook.run("stage = Stage")
    expect(stage.locator(".turn")).to_have_text("▸ The Recipient decides next")
    page.reload()
    expect(stage.locator(".turn")).to_have_text("▸ The Recipient decides next", timeout=60_000)


def test_in_a_narrow_window_it_is_below_the_cell(lab, open_stage):
    notebook = open_stage(lab, "Stage(journal)", CREATE, width=760, color_scheme="dark")
    shown = notebook.run("Stage(journal)")
    expect(shown.locator(".enb-stage")).to_be_visible()
    expect(notebook.page.locator(".jupyterlab-sidecar")).to_have_count(0)
    before = shown.locator(".request").count()  # what other tests have begun
    notebook.run(words(CREATE))
    expect(shown.locator(".request")).to_have_count(before + 1)
    expect(shown.locator(".request").last).to_contain_text("Membership")
    looks_right(notebook.page)
    notebook.screenshot("stage-narrow-dark")


def test_two_stages_and_five_hundred_events(lab, open_stage):
    other = "alone = Journal(sender)\nStage(alone)"
    notebook = open_stage(lab, "stage = Stage(journal)\nstage", other, MANY, "alone.close()", CREATE)
    notebook.run("stage = Stage")
    notebook.run("Stage(alone)")
    stages = beside(notebook)
    expect(stages).to_have_count(2)
    notebook.run(MANY)
    expect(stages.first.locator(".count")).to_have_text("· 60")
    expect(stages.first.locator(".calls li")).to_have_count(60)
    assert stages.first.locator("*").count() < 600
    expect(stages.nth(1).locator(".lane")).to_have_count(2)
    notebook.run("alone.close()")
    notebook.run(words(CREATE))
    expect(stages.first.locator(".calls li").first).to_contain_text("POST /Requests/Outgoing")
    expect(stages.nth(1).locator(".calls li").first).to_contain_text("GET /Monitoring/Version")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a notebook whose network runs."""
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path / "network"))
    with LocalNetwork.open(tmp_path / "network") as network:
        states = [network.state.connector(name) for name in ("sender", "recipient")]
        sender, recipient = (Connector(each.url, each.api_key, name=each.name) for each in states)
        with sender, recipient:
            establish_relationship(sender, recipient)
        yield tmp_path


@pytest.mark.parametrize(("command", "path"), [("notebook", f"notebooks/{NAME}"), ("voila", "")])
def test_below_the_cell_where_nothing_can_stand_beside(elsewhere, browser, command, path):
    write(elsewhere, JOURNAL, "Stage(journal)", *STEPS[:3])
    server = Server(elsewhere, *((command, NAME) if command == "voila" else (command,)))
    page = browser.new_page(viewport={"width": 390, "height": 1400})
    try:
        if command == "voila":
            page.goto(server.url(path))
        else:
            with page.expect_websocket(lambda each: "/channels" in each.url):  # the kernel's
                page.goto(server.url(path))
            expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")
            for cell in page.locator(".jp-CodeCell").all():
                cell.locator(".cm-content").click()
                page.keyboard.press("Shift+Enter")
                expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d\]:"))
        stage = page.locator(".enb-stage")
        expect(stage.locator(".turn")).to_have_text("▸ The Recipient decides next", timeout=60_000)
        expect(stage).to_have_count(1)
        stage.locator(".request").first.click()
        expect(stage.locator(".detail h3")).to_have_text("Membership")
        expect(stage.locator(".detail pre")).to_have_count(4)
        assert page.evaluate(LOOK, ".enb-stage") == []
        page.screenshot(path=SCREENSHOTS / f"stage-{command}-390.png", full_page=True)
    finally:
        page.close()
        server.close()
