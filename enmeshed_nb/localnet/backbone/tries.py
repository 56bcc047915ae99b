"""How often somebody may try a password."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

FREE_TRIES = 5
"""So many tries need not wait."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 2.0
"""Seconds after the first try that is not free, and at most; each pause is twice the one before it."""
LONGEST_QUEUE = 10.0
"""Seconds that a try waits for its turn; when it would have to wait longer it is refused."""
MEMORY = 15 * 60.0
"""Seconds after which what was tried is forgotten."""
MOST_KNOWN = 10_000
"""So many are remembered."""


@dataclass
class _Known:
    tries: int
    next: float  # when the next try has its turn


class TooManyTriesError(Exception):
    """Others wait for their turn already; `seconds` tells how long that takes."""

    def __init__(self, seconds: float) -> None:
        super().__init__("There are too many tries.")
        self.seconds = seconds


class Tries:
    """Slows down whoever guesses: each try that fails makes the next one wait for its turn, up to a few seconds.

    It is told apart for whom and from where something is tried, so who guesses elsewhere does not slow down who knows.
    Nobody is ever locked out: a try waits, and a right one ends all waiting.

    Args:
        now: tells the time in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()

    def next_turn(self, who: Hashable) -> float:
        """Return how many seconds a try has to wait for its turn; it counts as failed until `succeeded` is called.

        Raises:
            TooManyTriesError: so many wait already that it shall not.
        """
        now = self._now()
        known = self._known.get(who)
        if known is None or known.next + MEMORY < now:
            known = self._known[who] = _Known(0, now)
        turn = max(now, known.next)
        if turn - now > LONGEST_QUEUE:
            raise TooManyTriesError(turn - now)
        known.tries += 1
        self._known.move_to_end(who)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        known.next = turn
        if known.tries >= FREE_TRIES:
            known.next += min(FIRST_PAUSE * 2 ** min(known.tries - FREE_TRIES, 30), LONGEST_PAUSE)
        return turn - now

    def succeeded(self, who: Hashable) -> None:
        """Forget what was tried before."""
        self._known.pop(who, None)
