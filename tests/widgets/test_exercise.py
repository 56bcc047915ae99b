"""An exercise as a reader sees it: by clicks, by cells, and where no kernel runs."""

import re
from contextlib import closing

import pytest

from enmeshed_nb import ConsentRequestItem, Request, connect, send_request, wait_for_request, wait_for_status
from enmeshed_nb.connector import ConnectorError
from enmeshed_nb.guide.exercises import TASKS, ExerciseError, Finding, task_of
from enmeshed_nb.widgets import CheckView, DecisionForm, Exercise, ProgressView, RequestComposer
from tests.widgets.samples import EVIL
from tests.widgets.seen import alerts, control, html_of, press, read, status, text_of


@pytest.fixture
def joined(network, sender):
    with closing(connect(network.state.data_dir)) as opened:
        opened.progress.reset()
        yield opened
        opened.progress.reset()


def test_it_is_done_when_the_check_finds_everything_and_stays_so(joined):
    exercise = Exercise("02-a", joined)
    assert "May we call you?" in read(exercise)
    assert "✎ Begun" in read(exercise)
    view = exercise.check()
    assert not view.is_done
    assert "… missing" in text_of(html_of(view))
    assert not exercise.is_done
    exercise.solve()
    press(exercise, "Check")
    assert alerts(exercise) == []
    assert "✔ Done" in status(exercise)
    assert "✎ Begun" not in read(exercise)
    assert exercise.check().is_done
    again = Exercise("02-a", joined)
    assert again.is_done
    assert again.record == exercise.record
    assert again.check().is_done


def test_it_can_be_done_in_forms(joined, peer):
    exercise = Exercise("04-a", joined)
    use = ConsentRequestItem(consent="You may use the pictures.", must_be_accepted=True)
    mail = ConsentRequestItem(consent="Send me the newsletter.", must_be_accepted=False)
    composer = RequestComposer(joined.sender, peer, Request(title="Your photos", items=[mail, use]))
    sent = send_request(joined.sender, composer.request, composer.peer)
    form = DecisionForm(joined.recipient, wait_for_request(joined.recipient, sent.source.reference))
    form.prefill(reject={0: ""})
    press(form, "Decide")
    assert "✔ there: It asks for two consents." in str(exercise.check())
    assert not exercise.is_done
    wait_for_status(joined.sender.requests.outgoing, sent.id, "Completed", sync=joined.sender)
    press(exercise, "Check")
    assert exercise.is_done


def test_begun_anew_nothing_of_before_counts(joined):
    exercise = Exercise("02-a", joined)
    exercise.solve()
    assert exercise.check().is_done
    press(exercise, "What was done so far no longer counts")
    assert not exercise.is_done
    assert status(exercise) == ""
    assert [each.state for each in exercise.check().findings] == ["missing"]
    assert not Exercise("02-a", joined).is_done


def test_hints_come_one_by_one_and_the_solution_on_demand(joined):
    exercise = Exercise("02-b", joined)
    hints = exercise.task.hints
    for number in range(len(hints)):
        assert read(exercise).count("Hint: ") == number
        press(exercise, "Hint")
    assert read(exercise).count("Hint: ") == len(hints)
    assert control(exercise, "Hint").disabled
    assert "RequestItemGroup(items=[here, parking])" not in read(exercise)
    press(exercise, "Show the solution")
    assert "RequestItemGroup(items=[here, parking])" in read(exercise)
    press(exercise, "Hide the solution")
    assert "RequestItemGroup(items=[here, parking])" not in read(exercise)


def test_a_check_is_no_step_of_the_guide_and_a_solution_is(joined):
    exercise = Exercise("02-a", joined)
    exercise.check()
    assert joined.journal.exchanges == ()
    exercise.solve()
    assert "POST /Requests/Outgoing" in {each.call for each in joined.journal.exchanges}


def test_without_a_kernel_everything_is_there_and_folded(joined):
    exercise = Exercise("02-a", joined)
    kept = html_of(exercise)
    exercise.solve()
    exercise.check()
    assert html_of(Exercise("02-a", joined)) == kept  # how far one is, is not stored in notebooks
    assert "May we call you?" in text_of(kept)
    assert kept.count("<details") == len(exercise.task.hints) + 1
    assert not re.search(r"<details[^>]* open", kept)
    assert repr(exercise).startswith("Exercise 02-a: A no with a reason")


def test_what_is_wrong_with_what_is_remembered_is_told(joined):
    exercise = Exercise("02-a", joined)
    (file,) = [each for each in exercise._network.progress._folder.iterdir() if each.stem == "02-a"]
    file.write_text("{")
    again = Exercise("02-a", joined)
    assert any("damaged" in each for each in alerts(again))
    assert "✎ Begun" in read(again)
    press(again, "Begin anew")
    assert alerts(again) == []


def test_a_connector_that_cannot_be_asked_is_told_in_place(joined):
    exercise = Exercise("02-a", joined)
    joined.recipient.close()
    joined.sender.close()
    press(exercise, "Check")
    assert len(alerts(exercise)) == 1
    with pytest.raises(ConnectorError):
        exercise.check()
    assert not exercise.is_done


def test_the_table_of_all_lessons_marks_what_is_done(joined):
    exercise = Exercise("02-a", joined)
    Exercise("02-b", joined)
    before = ProgressView(joined.progress)
    assert before.done == []
    assert f"0 of {len(TASKS)} exercises are done." in repr(before)
    exercise.solve()
    exercise.check()
    view = ProgressView(joined.progress)
    assert view.done == ["02-a"]
    for shown in (repr(view), text_of(html_of(view))):
        assert f"1 of {len(TASKS)} exercises are done." in shown
        assert "✔ A no with a reason" in shown
        assert "○ Yes to a part" in shown
        assert shown.count("✔") == 1
        assert all(task.title in shown for task in TASKS.values())
    exercise.begin_anew()
    assert ProgressView(joined.progress).done == []


def test_an_unknown_exercise_is_refused(joined):
    with pytest.raises(ExerciseError, match="There is no exercise '99-a'"):
        Exercise("99-a", joined)


def test_what_a_peer_wrote_is_text_and_code_is_code():
    view = CheckView(task_of("02-a"), [Finding("wrong", EVIL, f"`{EVIL}` and `code`")])
    page = html_of(view)
    assert "<script" not in page
    assert "\x07" not in page + repr(view)
    assert re.search(r"<code[^>]*>code</code>", page)
    assert "✘ wrong" in repr(view)
