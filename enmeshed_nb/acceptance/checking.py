"""A check: a function that holds two Connectors against requirements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Body = Callable[..., None]
"""Takes a `Trial`."""


@dataclass(frozen=True)
class Check:
    """A function that holds two Connectors against requirements.

    Attributes:
        name: of the function, with its plan: "guide.create".
        plan: the plan that it belongs to.
        requirements: the ids of those that it decides; it may end before it comes to all.
        body: the function.
        after: the names of checks; if a requirement of theirs does not hold, this one is skipped.
        alone: whether no other may run beside it.
        creates: what it leaves at the Connectors, in words; empty if nothing.
        needs: names of further Connectors (`Ground.others`); without one of them it is skipped.
        swaps: whether it is made a second time, with Sender and Recipient in each other's part.
    """

    name: str
    plan: str
    requirements: tuple[str, ...]
    body: Body = field(repr=False)
    after: tuple[str, ...] = ()
    alone: bool = False
    creates: str = ""
    needs: tuple[str, ...] = ()
    swaps: bool = True

    @property
    def roles(self) -> tuple[bool, ...]:
        """Whether the roles are swapped, for each time that it is made."""
        return (False, True) if self.swaps else (False,)

    @property
    def title(self) -> str:
        """What it does, in words: the first line of the function's docstring."""
        return (self.body.__doc__ or self.name).strip().splitlines()[0]


CHECKS: dict[str, Check] = {}
"""All checks by name, in the order in which they were written."""


def check(
    *requirements: str,
    after: Sequence[str] = (),
    alone: bool = False,
    creates: str = "",
    needs: Sequence[str] = (),
    swaps: bool = True,
) -> Callable[[Body], Body]:
    """Register a function as a check; its module's name (or that of its folder) is that of its plan. See `Check`."""

    def register(body: Body) -> Body:
        plan = body.__module__.rpartition(".checks.")[2].partition(".")[0]
        name = f"{plan}.{body.__name__}"
        assert name not in CHECKS, f"there are two checks {name}"
        CHECKS[name] = Check(name, plan, requirements, body, tuple(after), alone, creates, tuple(needs), swaps)
        return body

    return register
