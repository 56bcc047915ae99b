"""What all exercises have, and what is remembered of them."""

import json
import re
import threading
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest

from enmeshed_nb.guide.exercises import TASKS, ExerciseError, Progress, Record, Task, task_of
from enmeshed_nb.guide.exercises.task import best, is_done, missing, there, wrong
from enmeshed_nb.localnet import reset
from enmeshed_nb.localnet.settings import Folder

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def test_each_has_a_place_a_text_hints_and_a_solution_that_is_short():
    for name, task in TASKS.items():
        assert task.id == name
        assert re.fullmatch(r"\d\d-[a-z]", name)
        assert len(task.hints) >= 2
        assert all(each.endswith(".") and each.count("`") % 2 == 0 for each in (task.text, *task.hints))
        lines = task.solution.splitlines()
        assert len(lines) <= 25
        assert all(len(line) <= 120 for line in lines)
    assert list(TASKS) == sorted(TASKS)


def test_each_lesson_has_two():
    lessons = [name.partition("-")[0] for name in TASKS]
    assert lessons == [f"{number:02}" for number in range(20) for _ in range(2)]


def test_each_is_tried_not_at_all_and_in_three_wrong_ways_or_more():
    for name in TASKS:
        lesson = import_module(f"tests.guide.exercises.test_lesson_{name[:2]}")
        ways = [way for exercise_id, way, *_ in lesson.WAYS if exercise_id == name]
        assert ways.count(None) == 1
        assert len(ways) > 3


def test_an_unknown_one_is_named_with_what_was_meant():
    with pytest.raises(ExerciseError) as refused:
        task_of("02-z")
    assert "no exercise '02-z'" in refused.value.problem
    assert "Meant: 02-" in refused.value.cure
    with pytest.raises(ExerciseError):
        task_of("")


def test_of_several_tries_the_one_counts_that_came_furthest():
    done, half, none = [there("a"), there("b")], [there("a"), wrong("b", "c")], [missing("a", "b")]
    assert list(best([none, half, done, [*half, there("d"), there("e")]])) == done
    assert list(best([half, [there("x"), missing("y", "z")]])) == half
    assert list(best([])) == []
    assert not is_done([])
    assert [is_done(each) for each in (done, half, none)] == [True, False, False]


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([[there("a"), missing("b", "c")], [there("a"), missing("b", "c")], [there("a"), there("b")]], 3),
        ([[missing("a", "b")], []], 1),
        ([[there("a"), wrong("b", "c"), missing("d", "e")], []], 1),
        ([[there("a")], []], 1),
    ],
)
def test_what_follows_a_moment_later_is_waited_for_if_something_is_there_and_nothing_wrong(answers, asked):
    left = iter(answers)
    task = Task("00-z", "", "", (), "", lambda _: next(left))
    assert task.findings(None) == tuple(answers[asked - 1])
    assert len(list(left)) == len(answers) - asked


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path / "exercises", "did:e:localhost:dids:1234")


def test_it_begins_once_is_done_once_and_is_remembered(progress, tmp_path):
    assert (progress.get("02-a"), list(progress)) == (None, [])
    begun = progress.begin("02-a", NOW)
    assert begun == progress.begin("02-a", LATER) == progress.get("02-a") == Record(NOW)
    done = progress.finish("02-a", begun, LATER)
    assert done == progress.finish("02-a", done, LATER + timedelta(days=1)) == progress.get("02-a")
    assert done == Record(NOW, LATER)
    again = Progress(tmp_path / "exercises", "did:e:localhost:dids:1234")
    assert again.begin("02-a", LATER) == done
    progress.begin("01-b", NOW)
    assert list(progress) == ["01-b", "02-a"]
    assert again.begin_anew("02-a", LATER) == progress.get("02-a") == Record(LATER)


def test_another_identity_begins_anew_and_a_reset_forgets_one_of_them(progress, tmp_path):
    progress.begin("02-a", NOW)
    other = Progress(tmp_path / "exercises", "did:e:localhost:dids:5678")
    assert other.get("02-a") is None
    other.begin("02-a", LATER)
    progress.reset()
    progress.reset()
    assert (progress.get("02-a"), other.get("02-a")) == (None, Record(LATER))


def test_nothing_is_written_outside_its_folder_whatever_the_address(tmp_path):
    Progress(tmp_path / "exercises", "../../evil/\0x").begin("02-a", NOW)
    (made,) = (tmp_path / "exercises").iterdir()
    assert [path.name for path in tmp_path.iterdir()] == ["exercises"]
    assert [path.name for path in made.iterdir()] == ["02-a.json"]
    assert (made / "02-a.json").stat().st_mode & 0o077 == 0


def test_it_belongs_to_a_networks_folder_and_goes_with_it(tmp_path):
    folder = Folder(tmp_path / "network")
    Progress(folder.exercises, "did:e:x").begin("02-a", NOW)
    assert folder.foreign() == []
    assert reset(folder.path)
    assert not folder.path.exists()


DAMAGED = [
    "",
    "{",
    "[]",
    "null",
    "3",
    "{}",
    '{"begun": 1, "done": null}',
    '{"begun": "2026-01-01T00:00", "done": null}',
    "\0",
]


@pytest.mark.parametrize("text", [*DAMAGED, b"\xff\xfe"])
def test_a_damaged_file_is_told_and_begins_anew(progress, tmp_path, text):
    progress.begin("02-a", NOW)
    (file,) = tmp_path.rglob("02-a.json")
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert progress.get("02-a") is None
    record = progress.begin("02-a", LATER)
    assert (record.begun, record.done) == (LATER, None)
    assert "damaged" in record.problem
    assert progress.begin("02-a", NOW) == Record(LATER)


@pytest.mark.parametrize("blocked", ["exercises", "exercises/did-e-x"])
def test_what_cannot_be_remembered_is_told_and_stops_nobody(tmp_path, blocked):
    (tmp_path / blocked).parent.mkdir(exist_ok=True)
    (tmp_path / blocked).touch()
    progress = Progress(tmp_path / "exercises", "did:e:x")
    record = progress.begin("02-a", NOW)
    assert record.begun == NOW
    assert "cannot be remembered" in record.problem
    done = progress.finish("02-a", record, LATER)
    assert done.done == LATER
    assert "cannot be remembered" in done.problem
    assert progress.get("02-a") is None
    assert list(progress) == []


def test_a_file_is_whole_also_when_many_write_it(progress, tmp_path):
    def work():
        for _ in range(40):
            record = progress.begin_anew("02-a", NOW)
            assert json.loads(next(tmp_path.rglob("02-a.json")).read_text())["begun"]
            assert not record.problem

    failed = []
    threading.excepthook, kept = failed.append, threading.excepthook
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    threading.excepthook = kept
    assert failed == []
    assert [path.name for path in tmp_path.rglob("*.*")] == ["02-a.json"]
