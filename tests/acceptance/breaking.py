"""Are broken Connectors found? Runs the plans on Connectors that break one rule each, and tells what was found.

    python -m tests.acceptance.breaking                # the rules
    python -m tests.acceptance.breaking --rule NAME    # one of them, or several
    python -m tests.acceptance.breaking --together     # all, many at once
    python -m tests.acceptance.breaking --all          # each alone, in both roles: takes an hour

A rule is found if each requirement that it breaks is FAILED, and nothing else is.
"""

import sys
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

import click

from enmeshed_nb.acceptance import Check, Ground, Outcome, Status, run
from enmeshed_nb.acceptance.checking import CHECKS
from enmeshed_nb.acceptance.ground import open_ground
from enmeshed_nb.acceptance.trial import current
from enmeshed_nb.connector import Exchange
from tests.acceptance import rules as _registers_them  # noqa: F401
from tests.acceptance.proxy import RULES, Proxies, Rule

_LEFT_OUT = ("guide.notebook",)
"""Checks that take long and hold what others hold, too: they repeat what the checks before them found."""


@dataclass(frozen=True)
class Verdict:
    """What was found while rules were broken.

    Attributes:
        rules: these.
        outcomes: what the checks found.
        seconds: how long it took.
    """

    rules: tuple[Rule, ...]
    outcomes: tuple[Outcome, ...]
    seconds: float

    def said(self, status: Status) -> dict[str, str]:
        """Return the ids of the requirements that were found in a status, with what was said."""
        return {each.requirement: each.said for each in self.outcomes if each.status == status}

    @property
    def failed(self) -> dict[str, str]:
        """What did not hold."""
        return self.said(Status.FAILED)

    @property
    def others(self) -> dict[str, str]:
        """What failed and should not."""
        broken = frozenset[str]().union(*(each.breaks for each in self.rules))
        return {name: said for name, said in self.failed.items() if name not in broken}

    def has_found(self, rule: Rule) -> bool:
        """Tell whether all that a rule breaks was found."""
        return rule.breaks <= self.failed.keys()


class Proof:
    """Connectors behind proxies, and what checks ask of them. Made by `proof`.

    Attributes:
        ground: the Connectors.
        whole: what is found while nothing is broken.
    """

    def __init__(self, ground: Ground, proxies: Proxies) -> None:
        self.ground, self._proxies = ground, proxies
        self._checks = [each for each in CHECKS.values() if each.name not in _LEFT_OUT]
        self._asked: dict[str, set[tuple[str, str]]] = {each.name: set() for each in self._checks}
        self.whole = self._run(self._checks)

    def broken(self, *rules: Rule, thoroughly: bool = True) -> Verdict:
        """Break rules, and make the checks that ask something that they change.

        Args:
            rules: these.
            thoroughly: make all of them, in both roles; else in one role those that look at what is broken, and as many
                as look once at each other requirement.
        """
        concerned = [each for each in self._checks if any(self._is_concerned(each, rule) for rule in rules)]
        if not thoroughly:
            finding = set[str]().union(*map(self._finding, rules))
            concerned = [replace(each, swaps=False) for each in _as_few_as(concerned, finding)]
        with self._proxies.breaking(*rules):
            return self._run(concerned, rules)

    def rounds(self, rules: Collection[Rule]) -> Iterator[Verdict]:
        """Break many rules at once, those that change different things; what one hides of another is tried again.

        A rule that was not found in a round of its own is not tried again.
        """
        left = sorted(rules, key=lambda rule: sum(self._hides(rule, other) for other in rules))
        while left:
            together: list[Rule] = []
            for each in left:
                if not any(
                    each.disturbs(other) or self._hides(other, each) or self._hides(each, other) for other in together
                ):
                    together.append(each)
            verdict = self.broken(*together, thoroughly=False)
            yield verdict
            found = [each for each in together if verdict.has_found(each)]
            done = found if len(together) > 1 else together
            left = [each for each in left if each not in done]

    def _hides(self, rule: Rule, other: Rule) -> bool:
        """Tell whether a check that finds a rule lets one be skipped that would find another."""
        return not self._finding(rule).isdisjoint(_before(self._finding(other)))

    def _finding(self, rule: Rule) -> set[str]:
        return {each.name for each in self._checks if rule.breaks.intersection(each.requirements)}

    def _is_concerned(self, check: Check, rule: Rule) -> bool:
        if rule.breaks.intersection(check.requirements):
            return True
        return any(rule.concerns(*asked) for asked in self._asked[check.name])

    def _run(self, checks: Sequence[Check], rules: tuple[Rule, ...] = ()) -> Verdict:
        began = time.monotonic()
        with ExitStack() as stack:
            for each in self.ground.connectors.values():
                stack.callback(each.observe(self._remember))
            outcomes = tuple(run(self.ground, checks))
        return Verdict(rules, outcomes, time.monotonic() - began)

    def _remember(self, exchange: Exchange) -> None:
        if trial := current():
            self._asked[trial.check.name].add((exchange.method, exchange.api_path))


def _before(names: Collection[str]) -> set[str]:
    """Return the names of the checks that come before others."""
    direct = {before for name in names for before in CHECKS[name].after}
    return direct | _before(direct) if direct else direct


def _as_few_as(checks: Sequence[Check], needed: Collection[str]) -> list[Check]:
    """Return those that are needed, and of the others those that look at a requirement that no other does."""
    seen, few = set[str](), list[Check]()
    for each in sorted(checks, key=lambda check: (check.name not in needed, -len(check.requirements))):
        if each.name in needed or not seen.issuperset(each.requirements):
            few.append(each)
            seen.update(each.requirements)
    return few


@contextmanager
def proof(patience: float = 8) -> Iterator[Proof]:
    """Have a local network behind proxies, with all Connectors that the checks need, while a `with` lasts.

    Args:
        patience: for how many seconds checks wait for what does not come.
    """
    proxies = Proxies()
    needs = {name for each in CHECKS.values() for name in each.needs}
    with open_ground(needs=needs, reach=proxies.reach) as ground:
        yield Proof(replace(ground, patience=patience), proxies)


@click.command()
@click.option("--rule", "names", multiple=True, metavar="NAME", help="Break this rule.")
@click.option("--together", is_flag=True, help="Break many rules at once, in one role.")
@click.option("--all", "everything", is_flag=True, help="Break each rule, one after the other.")
def main(names: tuple[str, ...], together: bool, everything: bool) -> None:
    """Run the plans on Connectors that break one rule each."""
    chosen = [RULES[name] for name in names] or list(RULES.values())
    if not (names or together or everything):
        for rule in chosen:
            click.echo(f"{rule.name}: {', '.join(sorted(rule.breaks))}")
        return
    left, others = {rule.name for rule in chosen}, 0
    with proof() as tried:
        click.echo(f"nothing broken: {tried.whole.failed or 'nothing fails'}, {tried.whole.seconds:.1f} s")
        for verdict in tried.rounds(chosen) if together else map(tried.broken, chosen):
            found = {rule.name for rule in verdict.rules if verdict.has_found(rule)}
            left -= found
            others += len(verdict.others)
            click.echo(
                f"{len(found)} of {len(verdict.rules)} found, {verdict.seconds:.1f} s: {', '.join(sorted(found))}"
            )
            for name, said in verdict.others.items():
                click.echo(f"    also {name}: {said}")
    click.echo(
        f"{len(chosen) - len(left)} of {len(chosen)} rules were found. Not found: {', '.join(sorted(left)) or 'none'}"
    )
    sys.exit(bool(left or others))


if __name__ == "__main__":
    main()
