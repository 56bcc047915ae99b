"""The time, and the one place where this package sleeps; a linter's rule sees to it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.2  # seconds


@dataclass(frozen=True)
class Clock:
    """The time for waiting; tests have one of their own.

    Attributes:
        now: tells the time, in seconds since some moment.
        sleep: does nothing for so many seconds.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


REAL_TIME = Clock()


async def _sleep(seconds: float) -> None:
    import asyncio  # noqa: PLC0415 - only who uses it waits for its import

    await asyncio.sleep(seconds)


@dataclass(frozen=True)
class AsyncClock:
    """The same for asyncio."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = _sleep


ASYNC_TIME = AsyncClock()


def until(condition: Callable[[], T], timeout: float, clock: Clock = REAL_TIME) -> T:
    """Wait until a condition is true.

    Args:
        condition: is asked again and again, often at first.
        timeout: when to give up, in seconds; 0 to ask once.
        clock: the time.

    Returns:
        what the condition returned last: something true, or something false if it did not become true in time.
    """
    deadline = clock.now() + timeout
    pause = _FIRST_PAUSE
    while not (value := condition()) and (rest := deadline - clock.now()) > 0:
        clock.sleep(min(pause, rest))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    return value
