"""Something to do alone after a lesson, and a check that asks both Connectors whether it was done."""

from collections.abc import Sequence
from itertools import groupby

import htpy
import ipywidgets
from htpy import Node

from enmeshed_nb.guide.exercises import TASKS, Finding, Progress, Task, is_done, task_of
from enmeshed_nb.guide.text import table
from enmeshed_nb.network import Network
from enmeshed_nb.widgets.panel import Panel, button, note
from enmeshed_nb.widgets.view import View, copyable, folded, mark, page, rows, text

_HEAD = ("lesson", "first exercise", "second exercise")
_MARKS = {"there": ("good", "✔ there"), "missing": ("warn", "… missing"), "wrong": ("bad", "✘ wrong")}


class Exercise(Panel):
    """A task with hints, a check and a solution.

        refusal = Exercise("02-a", network)      # it begins now: what is done from now on counts
        refusal.check()                          # in a later cell: what is there, what is missing, what is wrong
        refusal.solve()                          # does it

    How it is done does not matter: in a form or by a program, in any order. The check asks the Connectors what they
    have recorded. When it first finds everything, the exercise is done, and that is remembered in the network's folder.

    Args:
        exercise_id: the lesson's number and a letter: "02-a".
        network: the Sender and the Recipient.

    Attributes:
        task: what is to be done.
        record: when it began, and when it was done.

    Raises:
        ExerciseError: there is no such exercise.
        NetworkError: the local network does not run.
    """

    def __init__(self, exercise_id: str, network: Network) -> None:
        self.task: Task = task_of(exercise_id)
        self._network = network
        self._hints = 0
        self._is_solution_shown = False
        self._findings: Sequence[Finding] = ()
        self.record = network.progress.begin(exercise_id, network.now())
        self._state, self._told = note(None), note(None)
        self._hint = button("Hint", self._show_hint)
        self._solution = button("Show the solution", self._show_solution)
        buttons = [
            self._hint,
            button("Check", lambda: self.attempt(self._check), style="primary"),
            self._solution,
            button(
                "Begin anew", lambda: self.attempt(self.begin_anew), tooltip="What was done so far no longer counts"
            ),
        ]
        super().__init__()
        row = ipywidgets.HBox(buttons, layout=ipywidgets.Layout(flex_flow="row wrap"))
        self.children = [note(_task(self.task)), self._state, row, self.problem, self._told]
        self.changed()

    @property
    def is_done(self) -> bool:
        """Whether a check has found everything, now or earlier."""
        return self.record.done is not None

    def check(self) -> "CheckView":
        """Find out what is there, what is missing and what is wrong; it changes nothing at the Connectors.

        Raises:
            ConnectorError: a Connector cannot be asked.
        """
        self._check()
        return CheckView(self.task, self._findings)

    def solve(self) -> None:
        """Do what the solution does."""
        names = {"network": self._network, "sender": self._network.sender, "recipient": self._network.recipient}
        exec(compile(self.task.solution, f"<solution of {self.task.id}>", "exec"), dict(names))  # noqa: S102 - our own

    def begin_anew(self) -> None:
        """Forget what was done for it: only what is done from now on counts."""
        self.record = self._network.progress.begin_anew(self.task.id, self._network.now())
        self._findings, self._hints, self._is_solution_shown = (), 0, False
        self.changed()

    def after_change(self) -> None:
        """Show how far it is, and what was asked for: hints, what the check found, the solution."""
        left = len(self.task.hints) - self._hints
        self._hint.disabled = not left
        self._hint.description = f"Hint ({left} left)" if self._hints else "Hint"
        self._solution.description = "Hide the solution" if self._is_solution_shown else "Show the solution"
        self._state.value = page(self._said())
        self._told.value = page(
            [htpy.p["Hint: ", _words(each)] for each in self.task.hints[: self._hints]],
            htpy.div(role="status")[htpy.p[_verdict(self._findings)], _found(self._findings)]
            if self._findings
            else None,
            copyable(self.task.solution, "python") if self._is_solution_shown else None,
        )

    def static(self) -> Node:
        """Return the task; hints and solution are folded."""
        return htpy.div(".enb-card")[
            _task(self.task),
            (folded(f"Hint {number}", htpy.p[_words(each)]) for number, each in enumerate(self.task.hints, 1)),
            folded("Solution", copyable(self.task.solution, "python")),
        ]

    def _check(self) -> None:
        self._findings = self.task.findings(self._network.sides(since=self.record.begun))
        if is_done(self._findings):
            self.record = self._network.progress.finish(self.task.id, self.record, self._network.now())
        self.changed()

    def _show_hint(self) -> None:
        self._hints = min(self._hints + 1, len(self.task.hints))
        self.changed()

    def _show_solution(self) -> None:
        self._is_solution_shown = not self._is_solution_shown
        self.changed()

    def _said(self) -> Node:
        trouble = (
            htpy.p(role="alert")[mark("warn", "⚠"), " ", text(self.record.problem)] if self.record.problem else None
        )
        if self.is_done:
            return [trouble, htpy.p[mark("good", "✔ Done")]]
        when = f"{self.record.begun:%Y-%m-%d %H:%M} UTC"
        return [trouble, htpy.p[mark("busy", "✎ Begun"), f" {when}. Only what you have done since then counts."]]

    def __str__(self) -> str:
        return "\n".join([f"Exercise {self.task.id}: {self.task.title}", self.task.text])


class CheckView(View):
    """What a check of an exercise found.

    Args:
        task: the exercise.
        findings: what was found.

    Attributes:
        task: the exercise.
        findings: what was found.
    """

    def __init__(self, task: Task, findings: Sequence[Finding]) -> None:
        self.task = task
        self.findings = findings

    @property
    def is_done(self) -> bool:
        """Whether everything is there."""
        return is_done(self.findings)

    def __str__(self) -> str:
        lines = [f"Exercise {self.task.id}: {'done' if self.is_done else 'not yet'}"]
        for each in self.findings:
            lines += [f"  {_MARKS[each.state][1]}: {each.what}", *([f"      {each.hint}"] if each.hint else ())]
        return "\n".join(lines)

    def html(self) -> Node:
        """Return each finding with its mark, and what to do about it."""
        title = htpy.b[f"Exercise {self.task.id}: {self.task.title}"]
        return htpy.div(".enb-card")[htpy.p[_verdict(self.findings), " ", title], _found(self.findings)]


class ProgressView(View):
    """Which exercises are done, lesson by lesson.

    Args:
        progress: what is remembered of them: `network.progress`.

    Attributes:
        done: the ids of those that are done.
    """

    def __init__(self, progress: Progress) -> None:
        records = {each: progress.get(each) for each in TASKS}
        self.done = [each for each, record in records.items() if record and record.done]

    def __str__(self) -> str:
        return f"{self._summary()}\n{table([_HEAD, *self._lessons()])}"

    def html(self) -> Node:
        """Return a row for each lesson, with what is done and what is not."""
        body: list[tuple[Node, ...]] = [(htpy.b[lesson], *map(text, titles)) for lesson, *titles in self._lessons()]
        return htpy.div(".enb-card")[htpy.p[htpy.b[self._summary()]], rows(_HEAD, body)]

    def _summary(self) -> str:
        return f"{len(self.done)} of {len(TASKS)} exercises are done."

    def _lessons(self) -> list[tuple[str, ...]]:
        lessons = groupby(TASKS.values(), key=lambda task: task.id.partition("-")[0])
        return [(lesson, *(self._marked(each) for each in tasks)) for lesson, tasks in lessons]

    def _marked(self, task: Task) -> str:
        return f"{'✔' if task.id in self.done else '○'} {task.title}"


def _task(task: Task) -> Node:
    return [htpy.p[htpy.b[f"Exercise {task.id}: {task.title}"]], htpy.p[_words(task.text)]]


def _verdict(findings: Sequence[Finding]) -> Node:
    return mark("good", "✔ Done") if is_done(findings) else mark("warn", "… Not yet")


def _found(findings: Sequence[Finding]) -> Node:
    """Return each finding with its mark, and what to do about it."""
    return [
        htpy.p[mark(*_MARKS[each.state]), " ", _words(each.what), [htpy.br, _words(each.hint)] if each.hint else None]
        for each in findings
    ]


def _words(words: str) -> Node:
    """Return a text in which code stands between backticks."""
    pieces = text(words).split("`")
    return [htpy.code(".enb-mono")[each] if number % 2 else each for number, each in enumerate(pieces)]
