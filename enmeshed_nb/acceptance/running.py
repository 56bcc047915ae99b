"""Runs checks side by side, in both roles, as gently as it was told to."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass

from enmeshed_nb.acceptance import checks  # noqa: F401 - registers them
from enmeshed_nb.acceptance.checking import CHECKS, Check
from enmeshed_nb.acceptance.ground import Ground
from enmeshed_nb.acceptance.outcomes import Outcome, Status
from enmeshed_nb.acceptance.trial import Trial, observe
from enmeshed_nb.clock import REAL_TIME, Clock, until
from enmeshed_nb.connector import Begun, Connector, aside
from enmeshed_nb.errors import UserError

PLANS = ("guide", "items", "api", "automation", "security")
"""What a run looks at, in this order."""
PARALLEL = 4
"""How many checks run side by side."""
RATE = 20.0
"""How many calls each of one's own Connectors gets in a second, at most."""
BACK_WITHIN = 60.0
"""Seconds within which a Connector that was lost must answer again."""

_BAD = (Status.FAILED, Status.SKIPPED)


def checks_of(plans: Sequence[str]) -> list[Check]:
    """Return the checks of plans, in order."""
    return [each for each in CHECKS.values() if each.plan in plans]


def run(
    ground: Ground,
    chosen: Sequence[Check],
    *,
    parallel: int = PARALLEL,
    rate: float | None = None,
    known: Collection[Outcome] = (),
) -> Iterator[Outcome]:
    """Run checks in both roles, and yield what they find as they find it.

    A check begins when those that it comes `after` have ended. One that is to be `alone` runs when no other does.
    A check that fails because a connection was lost is made once more, when the Connector is back.

    Args:
        ground: the Connectors.
        chosen: the checks.
        parallel: how many run side by side.
        rate: how many calls each Connector gets in a second, at most; None for as many as come.
        known: what an earlier run found of them; that is not made again.
    """
    over = threading.Event()
    schedule = _Schedule(chosen, known)
    running: dict[Future[list[Outcome]], Job] = {}
    with ExitStack() as stack:
        for connector in ground.connectors.values():
            stack.callback(connector.observe(observe, Pace(rate) if rate else None))
        pool = stack.enter_context(ThreadPoolExecutor(parallel, thread_name_prefix="check"))
        try:
            while True:
                for job in schedule.startable(beside=bool(running)):
                    running[pool.submit(_make, job, ground, schedule.obstacle(job), over)] = job
                if not running:
                    return
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    outcomes = schedule.ended(running.pop(done), done.result())
                    yield from outcomes
        except BaseException:  # also if nobody wants the rest: what still runs ends at its next call
            over.set()
            for each in running:
                each.cancel()
            for connector in ground.connectors.values():
                connector.close()
            raise


def _make(job: "Job", ground: Ground, obstacle: str, over: threading.Event) -> list[Outcome]:
    """Make a check; once more if a connection was lost meanwhile."""
    trial = Trial(job.check, ground, swapped=job.swapped)
    if obstacle:
        return trial.leave(obstacle)
    outcomes = trial.run()
    if not trial.lost:
        return outcomes
    until(lambda: over.is_set() or all(map(_answers, (ground.sender, ground.recipient))), BACK_WITHIN)
    again = Trial(job.check, ground, swapped=job.swapped)
    outcomes = again.run()
    if not again.lost:
        return outcomes
    said = "It was made twice, and each time a connection was lost."
    return [
        each.model_copy(update={"said": f"{each.said}\n{said}"}) if each.status in _BAD else each for each in outcomes
    ]


def _answers(connector: Connector) -> bool:
    try:
        with aside():
            connector.health()
    except UserError:
        return False
    return True


@dataclass(frozen=True)
class Job:
    """One time that a check is made.

    Attributes:
        check: the check.
        swapped: whether the roles are swapped.
    """

    check: Check
    swapped: bool

    @property
    def key(self) -> tuple[str, bool]:
        """What tells it from others."""
        return self.check.name, self.swapped


class _Schedule:
    """What is still to be made, and what came of what was.

    Args:
        chosen: the checks.
        known: what is known of them already.
    """

    def __init__(self, chosen: Sequence[Check], known: Collection[Outcome]) -> None:
        jobs = [Job(check, swapped) for check in chosen for swapped in check.roles]
        self._ended: dict[tuple[str, bool], list[Outcome]] = {}
        for job in jobs:
            found = [each for each in known if (each.check, each.swapped) == job.key and not each.is_open]
            if {each.requirement for each in found} >= set(job.check.requirements):
                self._ended[job.key] = found
        self._waiting = [job for job in jobs if job.key not in self._ended]
        self._unmade = {job.key for job in self._waiting}

    def startable(self, *, beside: bool) -> list[Job]:
        """Take what can be started now.

        Args:
            beside: whether others run; then nothing is taken that is to be alone.
        """
        ready = [job for job in self._waiting if not self._unmade.intersection(self._before(job))]
        together = [job for job in ready if not job.check.alone]
        taken = together or ([] if beside else ready[:1])
        for job in taken:
            self._waiting.remove(job)
        return taken

    def ended(self, job: Job, outcomes: list[Outcome]) -> list[Outcome]:
        """Remember what came of a job, and return that."""
        self._ended[job.key] = outcomes
        self._unmade.discard(job.key)
        return outcomes

    def obstacle(self, job: Job) -> str:
        """Return why a job need not be made: what a check before it has found; empty if it can be made."""
        for key in self._before(job):
            outcomes = self._ended.get(key, [])
            if failed := next((each for each in outcomes if each.status == Status.FAILED), None):
                return f"{failed.requirement} does not hold."
            if outcomes and all(each.status == Status.SKIPPED for each in outcomes):
                return outcomes[0].said
        return ""

    def _before(self, job: Job) -> Iterator[tuple[str, bool]]:
        """Yield the keys of the jobs that must have ended before; what was not chosen is not waited for."""
        for name in job.check.after:
            yield name, job.swapped and CHECKS[name].swaps


class Pace:
    """Lets the calls of one Connector wait for their turn; an observer of calls that begin.

    Args:
        rate: how many may begin in a second.
        clock: the time.
    """

    def __init__(self, rate: float, clock: Clock = REAL_TIME) -> None:
        self._between, self._clock = 1 / rate, clock
        self._next = clock.now()
        self._lock = threading.Lock()

    def __call__(self, begun: Begun) -> Callable[[], None]:
        """Wait until a call may begin."""
        with self._lock:
            now = self._clock.now()
            turn = max(now, self._next)
            self._next = turn + self._between
        if turn > now:
            self._clock.sleep(turn - now)
        return lambda: None
