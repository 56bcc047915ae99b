"""Exercises: after each lesson, something to do alone, and a check that asks both Connectors whether it was done."""

from difflib import get_close_matches

from enmeshed_nb.guide.exercises import (
    lesson_00,
    lesson_01,
    lesson_02,
    lesson_03,
    lesson_04,
    lesson_05,
    lesson_06,
    lesson_07,
    lesson_08,
    lesson_09,
    lesson_10,
    lesson_11,
    lesson_12,
    lesson_13,
    lesson_14,
    lesson_15,
    lesson_16,
    lesson_17,
    lesson_18,
    lesson_19,
)
from enmeshed_nb.guide.exercises.progress import Progress, Record
from enmeshed_nb.guide.exercises.task import ExerciseError, Finding, Sides, Task, is_done

__all__ = ["TASKS", "ExerciseError", "Finding", "Progress", "Record", "Sides", "Task", "is_done", "task_of"]

TASKS: dict[str, Task] = {
    task.id: task
    for lesson in (
        lesson_00,
        lesson_01,
        lesson_02,
        lesson_03,
        lesson_04,
        lesson_05,
        lesson_06,
        lesson_07,
        lesson_08,
        lesson_09,
        lesson_10,
        lesson_11,
        lesson_12,
        lesson_13,
        lesson_14,
        lesson_15,
        lesson_16,
        lesson_17,
        lesson_18,
        lesson_19,
    )
    for task in lesson.TASKS
}
"""All exercises by their ids, in the order of the lessons."""


def task_of(exercise_id: str) -> Task:
    """Return an exercise.

    Raises:
        ExerciseError: there is none with this id.
    """
    if task := TASKS.get(exercise_id):
        return task
    close = get_close_matches(exercise_id, TASKS, n=1, cutoff=0)
    raise ExerciseError(f"There is no exercise {exercise_id!r}.", f"There are {', '.join(TASKS)}. Meant: {close[0]}?")
