"""Notebook 02 as a person does it: clicking and typing in JupyterLab."""

import re
from itertools import product

from playwright.sync_api import expect

from enmeshed_nb.localnet import stop
from tests.browser.conftest import change_theme, started

GUIDE = "02-requests-via-messages.ipynb"
COMPOSER, DECISION = "composer = RequestComposer", "form = DecisionForm"

CONTRAST = """
(element) => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opaque = (color) => color.startsWith("rgb(");
  let behind = element;
  while (behind && !opaque(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
  const below = getComputedStyle(behind ?? document.body).backgroundColor;
  const [dark, light] = [luminance(getComputedStyle(element).color), luminance(below)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
"""


def test_somebody_who_only_clicks_finishes_the_guide(lab, open_notebook):
    notebook = open_notebook(lab, GUIDE)
    notebook.run_through(COMPOSER)
    peers = notebook.code_cell("peers = PeerChooser").locator(".jp-OutputArea").first
    expect(peers.locator("select option")).to_have_text(re.compile(r"Recipient,\sdid:e:localhost"))

    composer = notebook.code_cell(COMPOSER).locator(".jp-OutputArea").first
    composer.get_by_role("button", name=re.compile("1 Authentication")).click()
    title = composer.get_by_label("Title *")
    title.fill("Who are you?")
    title.press("Tab")
    expect(composer.get_by_role("button", name=re.compile("1 Authentication · Who are you?"))).to_be_visible()

    composer.get_by_label("New item").select_option("Consent")
    composer.get_by_role("button", name="Add item").click()
    words = composer.get_by_label("Link display text")
    words.fill("x")
    words.press("Tab")
    problem = composer.get_by_role("alert")
    expect(problem).to_contain_text("Has 1 character; at least 3 are needed.")
    expect(composer.get_by_role("status")).to_contain_text("1 item has a problem")
    notebook.screenshot("composer-problem-light", composer)
    words.fill("")
    words.press("Tab")
    expect(problem).to_have_count(0)
    expect(composer.get_by_role("status")).to_contain_text("The Request is valid")

    composer.get_by_text("as Python").click()
    composer.get_by_role("button", name="Copy").click()
    expect(composer.get_by_role("button", name="Copied")).to_be_visible()
    assert 'title="Who are you?"' in notebook.page.evaluate("navigator.clipboard.readText()")

    composer.get_by_role("button", name="Add group").press("Enter")
    composer.get_by_label("New in the group").select_option("FormField")
    composer.get_by_role("button", name="Add item").first.click()
    expect(composer.get_by_role("button", name=re.compile("3.1 Question"))).to_be_visible()
    expect(composer.get_by_label("Must be accepted")).to_have_count(3)
    composer.get_by_label("Must be accepted").last.uncheck()
    expect(composer.get_by_role("button", name=re.compile(r"3.1 Question.*\*"))).to_have_count(0)
    expect(composer.get_by_role("status")).to_contain_text("The Request is valid")
    notebook.screenshot("composer-light", composer)

    for cell in (
        "request = composer.request",
        "created =",
        "message = sender.messages",
        "Curtain(",
        "incoming = wait_for",
    ):
        shown = notebook.run(cell)
    notebook.screenshot("curtain-light", notebook.code_cell("Curtain(").locator(".jp-OutputArea").first)
    form = notebook.run(DECISION)
    expect(form.get_by_role("alert")).to_contain_text("Needs a text")
    expect(form.get_by_role("button", name="Decide")).to_be_disabled()
    notebook.screenshot("decision-light", form)
    form.get_by_role("button", name="Reject", exact=True).last.click()
    expect(form.get_by_role("status")).to_contain_text("can be accepted like this")
    form.get_by_role("button", name="Decide").press("Enter")
    expect(form.get_by_role("status")).to_contain_text("This Request is")

    rest = [
        "decided = form.decide()",
        "other_incoming = wait_for",
        'if decision == "accept":',
        "for each in (incoming,",
    ]
    for cell in [*rest, "completed = wait_for_status"]:
        notebook.run(cell)
    shown = notebook.run("ResponseView(completed)")
    expect(shown).to_contain_text("Who are you?")
    expect(shown.locator(".enb-state", has_text="Rejected")).to_have_count(1)
    expect(shown.locator("td .enb-state", has_text="Accepted")).to_have_count(2)
    notebook.screenshot("response-light", shown)
    summary = notebook.run("SummaryView(")
    expect(summary.locator("img.enb-picture")).to_have_count(2)  # a Request each
    for outcome in ("Accepted", "Rejected"):
        expect(summary).to_contain_text(outcome)


def test_every_view_can_be_read_in_both_themes_and_narrow(lab, open_notebook):
    notebook = open_notebook(lab, GUIDE)
    notebook.run_through("SummaryView(")
    for theme, width in product(("light", "dark"), (1366, 760)):
        change_theme(notebook.page, theme)
        notebook.page.set_viewport_size({"width": width, "height": 1400})
        every_view_can_be_read(notebook, f"{theme}-{width}")


def every_view_can_be_read(notebook, medium):
    for cell, name in [
        ("NetworkStatus(network)", "network-status"),
        ("peers = PeerChooser", "peers"),
        (COMPOSER, "composer-plain"),
        ("Curtain(", "curtain"),
        (DECISION, "decision-done"),
        ("ResponseView(completed)", "response"),
        ("SummaryView(", "summary"),
    ]:
        output = notebook.code_cell(cell).locator(".jp-OutputArea").first
        output.scroll_into_view_if_needed()
        notebook.screenshot(f"{name}-{medium}", output)
        assert output.evaluate("(element) => element.scrollWidth <= element.clientWidth + 1"), f"{name} overflows"
        for readable in (".enb", ".enb-state", ".enb-muted", ".enb td", ".widget-label"):
            for element in output.locator(readable).all()[:5]:
                if element.is_visible():
                    assert element.evaluate(CONTRAST) >= 4.5, f"{name}: {readable} {element.inner_text()[:40]}"
    journey = notebook.page.locator(".jp-OutputArea img.enb-picture").nth(-3)  # the last two are the summary
    journey.scroll_into_view_if_needed()
    notebook.screenshot(f"journey-{medium}", journey)


def test_after_an_interrupt_and_a_restart_of_the_kernel_it_goes_on(lab, open_notebook):
    notebook = open_notebook(lab, GUIDE)
    notebook.run_through("created = sender")
    notebook.code_cell("created = sender").locator(".jp-InputPrompt").click()
    notebook.page.keyboard.press("b")
    notebook.page.keyboard.press("Enter")
    notebook.page.keyboard.type("wait_for(lambda: False, timeout=600)  # never")
    notebook.page.keyboard.press("Shift+Enter")
    waiting = notebook.code_cell("# never")
    expect(waiting.locator(".jp-InputPrompt")).to_have_text("[*]:")
    notebook.page.get_by_role("menuitem", name="Kernel", exact=True).click()
    notebook.page.get_by_role("menuitem", name="Interrupt Kernel").click()
    expect(waiting).to_contain_text("KeyboardInterrupt")
    notebook.run("message = sender.messages")
    waiting.locator(".jp-InputPrompt").click()
    notebook.page.keyboard.press("d")
    notebook.page.keyboard.press("d")

    notebook.restart_kernel()
    notebook.run_through("ResponseView(completed)")
    shown = notebook.code_cell("ResponseView(completed)").locator(".jp-OutputArea").first
    expect(shown).to_contain_text("Accepted")


def test_a_cell_run_twice_says_what_to_do_or_changes_nothing(lab, open_notebook):
    notebook = open_notebook(lab, GUIDE)
    notebook.run_through("message = sender.messages")
    again = notebook.run("message = sender.messages")
    expect(again).to_contain_text("This Request was sent before.")
    expect(again).to_contain_text("create a new Request to ask again")
    notebook.run("incoming = wait_for")
    notebook.run("incoming = wait_for")
    notebook.run(DECISION)
    notebook.run("decided = form.decide()")
    notebook.run("decided = form.decide()")
    expect(notebook.run(DECISION)).to_contain_text("This Request is")


def test_two_notebooks_at_once(lab, open_notebook):
    guide = open_notebook(lab, GUIDE)
    other = open_notebook(lab, "01-establish-a-relationship.ipynb")
    guide.run_through("created = sender")
    other.run_through("relationship = establish_relationship")
    guide.run("message = sender.messages")
    expect(other.code_cell("relationship = establish").locator(".jp-OutputArea").first).to_contain_text("Active")
    expect(guide.run("incoming = wait_for")).not_to_contain_text("Error")


def test_when_the_connectors_stop_the_widgets_say_so_and_what_was_typed_stays(tmp_path, open_notebook):
    own = started(tmp_path)
    try:
        notebook = open_notebook(own, GUIDE)
        notebook.run_through(COMPOSER)
        stop(own.data_dir)
        composer = notebook.code_cell(COMPOSER).locator(".jp-OutputArea").first
        title = composer.get_by_label("Title", exact=True)
        title.fill("Still here")
        title.press("Tab")
        expect(composer.get_by_role("status")).to_contain_text("Check that the Connector runs")
        expect(title).to_have_value("Still here")
        peers = notebook.code_cell("peers = PeerChooser").locator(".jp-OutputArea").first
        peers.get_by_role("button", name="Refresh").click()
        expect(peers.get_by_role("alert")).to_contain_text("Check that the Connector runs")
        notebook.screenshot("composer-connector-down", composer)
        expect(notebook.run("NetworkStatus(network)")).to_contain_text("healthy")  # connect() started it again
        notebook.run("peers = PeerChooser")
        expect(notebook.run(COMPOSER).get_by_role("status")).to_contain_text("The Request is valid")
    finally:
        own.close()
