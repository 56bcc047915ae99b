"""On two Connectors alone, known by URL and key, what needs more is skipped, and says what it needs."""

from enmeshed_nb.acceptance import Status, checks_of, run

ALONE = 30
"""How many of these requirements need nobody else, at least."""


def test_what_needs_further_connectors_says_which(ground):
    outcomes = list(run(ground, checks_of(["automation", "security"])))
    said = {each.check: each.said for each in outcomes if each.status == Status.SKIPPED}
    needs = {each.name: each.needs for each in checks_of(["automation", "security"])}
    assert said == {
        name: f"It needs a further Connector: {', '.join(which)}." for name, which in needs.items() if which
    }
    rest = {each.requirement: each.status for each in outcomes if each.status != Status.SKIPPED}
    assert {*rest.values()} == {Status.PASSED}
    assert len(rest) >= ALONE
