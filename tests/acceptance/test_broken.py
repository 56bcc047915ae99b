"""A Connector that breaks one rule is found, named by the requirement, and nothing else fails."""

from collections.abc import Iterator
from itertools import islice

import pytest

from enmeshed_nb.acceptance import Status
from tests.acceptance.breaking import Proof, proof
from tests.acceptance.proxy import RULES

ROUNDS = 2
"""How many rounds are made here; `python -m tests.acceptance.breaking --together` makes all of them."""
FOUND = 90
"""How many rules are found in these rounds, at least."""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def proven() -> Iterator[Proof]:
    with proof() as made:
        yield made


def test_nothing_fails_behind_a_proxy_that_breaks_nothing(proven):
    assert proven.whole.failed == {}
    assert {*proven.whole.said(Status.WARNING)} == {"SECURITY-FORGED-RESPONSE"}
    skipped = proven.whole.said(Status.SKIPPED)
    assert not [name for name in skipped if name.startswith(("GUIDE", "AUTOMATION", "SECURITY"))]


def test_broken_rules_are_found_and_nothing_else_fails(proven):
    found = set[str]()
    for verdict in islice(proven.rounds(RULES.values()), ROUNDS):
        assert verdict.others == {}
        found |= {each.name for each in verdict.rules if verdict.has_found(each)}
    assert len(found) >= FOUND
