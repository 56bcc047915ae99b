"""Lessons as a person does them who predicts, composes something else, and decides otherwise than the form begins."""

import re

from playwright.sync_api import Locator, expect

from enmeshed_nb.guide.exercises import TASKS
from tests.browser.conftest import Notebook, change_theme
from tests.browser.test_notebook_02 import CONTRAST

CONSENT, ITEMS = "04-one-time-consent.ipynb", "03-request-items.ipynb"


def readable(notebook: Notebook, shown: Locator, name: str) -> None:
    """Assert in both themes that nothing overflows and that all words stand out; keep pictures."""
    for theme in ("dark", "light"):
        change_theme(notebook.page, theme)
        assert shown.evaluate("(element) => element.scrollWidth <= element.clientWidth + 1")
        for each in shown.locator(".enb p, .enb summary, .enb-state, .enb-muted, .widget-toggle-button:enabled").all():
            if each.is_visible():
                assert each.evaluate(CONTRAST) >= 4.5, f"{theme}: {each.inner_text()}"
        notebook.screenshot(f"{name}-{theme}", shown)


def test_a_prediction_is_compared_with_what_was_decided_otherwise(lab, open_notebook):
    notebook = open_notebook(lab, CONSENT)
    notebook.run_through("composer = RequestComposer")
    composer = notebook.code_cell("composer = RequestComposer").locator(".jp-OutputArea").first
    composer.get_by_role("button", name=re.compile("2 Consent")).click()
    words = composer.get_by_label("Consent *")
    words.fill("Send me everything.")
    words.press("Tab")
    expect(composer.get_by_role("button", name=re.compile("2 Consent · Send me everything."))).to_be_visible()
    notebook.run("sent = send_request")
    form = notebook.run("form = DecisionForm")
    form.get_by_role("button", name="Accept", exact=True).last.click()
    form.get_by_role("button", name="Reject", exact=True).first.click()
    expect(form.get_by_role("alert")).to_contain_text("must be accepted to accept the Request")
    form.get_by_role("button", name="Accept", exact=True).first.click()
    expect(form.get_by_role("status")).to_contain_text("can be accepted like this")

    question = notebook.run("whole = Predict")
    expect(question.get_by_role("status")).to_contain_text("is judged when you run the cell that compares")
    question.get_by_role("button", name="Accepted").focus()
    notebook.page.keyboard.press("Tab")  # the keyboard alone
    notebook.page.keyboard.press("Enter")
    expect(question.get_by_role("status")).to_contain_text("Noted Rejected")
    readable(notebook, question, "predict-noted")
    shown = notebook.run("decided = form.decide()")
    expect(shown).to_contain_text("Send me everything.")
    expect(shown.locator("td .enb-state", has_text="Accepted")).to_have_count(2)

    compared = notebook.run("whole.compare(")
    expect(compared).to_contain_text("Not as you predicted")
    expect(compared.get_by_text("What happened:")).to_be_visible()
    expect(question.get_by_role("status")).to_contain_text("Not as you predicted")
    for each in question.get_by_role("button").all():
        expect(each).to_be_disabled()
    for each, name in ((compared, "compared"), (question, "predict-compared")):
        readable(notebook, each, name)


def test_without_a_prediction_the_comparison_is_folded_and_one_can_still_predict(lab, open_notebook):
    notebook = open_notebook(lab, CONSENT)
    notebook.run_through("whole.compare(")
    compared = notebook.code_cell("whole.compare(").locator(".jp-OutputArea").first
    expect(compared.get_by_text("What happened:")).to_be_hidden()
    readable(notebook, compared, "compared-folded")
    question = notebook.code_cell("whole = Predict").locator(".jp-OutputArea").first
    question.get_by_role("button", name="Accepted").click()
    expect(question.get_by_role("status")).to_contain_text("As you predicted")
    compared.locator("summary").press("Enter")
    expect(compared.get_by_text("What happened:")).to_be_visible()


def test_an_answer_that_is_set_is_changed(lab, open_notebook):
    notebook = open_notebook(lab, ITEMS)
    notebook.run_through("question_form = DecisionForm")
    form = notebook.code_cell("question_form = DecisionForm").locator(".jp-OutputArea").first
    expect(form).to_contain_text("Response: 4")
    readable(notebook, form, "decision-set")
    form.get_by_role("button", name="Change").click()
    rating = form.get_by_label("Rating *")
    expect(rating).to_have_value("4")
    rating.select_option("2")
    expect(form.get_by_role("status")).to_contain_text("can be accepted like this")
    readable(notebook, form, "decision-changed")
    form.get_by_role("button", name="Decide").click()
    expect(form.get_by_role("status")).to_contain_text("This Request is")
    expect(notebook.run("decided = question_form.decide()")).to_contain_text("Response: 2")


def test_an_exercise_is_done_by_code_of_ones_own_and_checked_by_a_click(lab, open_notebook):
    notebook = open_notebook(lab, CONSENT)
    notebook.run_through("NetworkStatus(network)")
    exercise = notebook.run("exercise_a = Exercise")
    exercise.get_by_role("button", name="Begin anew").click()
    expect(exercise).to_contain_text("Only what you have done since then counts.")
    exercise.get_by_role("button", name="Hint", exact=True).click()
    exercise.get_by_role("button", name="Hint (2 left)").click()
    expect(exercise.get_by_text("Hint:")).to_have_count(2)
    exercise.get_by_role("button", name="Check").click()
    expect(exercise.get_by_role("status")).to_contain_text("The Sender has asked the Recipient nothing")
    exercise.get_by_role("button", name="Show the solution").click()
    expect(exercise.locator("pre")).to_contain_text("Decision(incoming).accept(0).reject(1)")
    readable(notebook, exercise, "exercise-begun")
    exercise.get_by_role("button", name="Hide the solution").click()

    notebook.code_cell("# your code").locator(".cm-content").click()
    notebook.page.keyboard.press("Control+A")
    notebook.page.keyboard.insert_text(f"# your code\n{TASKS['04-a'].solution}")
    notebook.run("# your code")
    exercise.get_by_role("button", name="Check").click()
    expect(exercise.get_by_role("status")).to_contain_text("The Sender has the Response.")
    expect(exercise).not_to_contain_text("Only what you have done since then counts.")
    readable(notebook, exercise, "exercise-done")
    checked = notebook.run("exercise_a.check()")
    expect(checked).to_contain_text("✔ Done")
    readable(notebook, checked, "exercise-checked")
