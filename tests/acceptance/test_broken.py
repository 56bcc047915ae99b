"""A Connector that breaks one rule is found, named by the requirement, and nothing else fails."""

from collections.abc import Iterator

import pytest

from enmeshed_nb.acceptance import Status
from tests.acceptance.breaking import Proof, proof
from tests.acceptance.proxy import RULES

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


def test_each_broken_rule_is_found_and_nothing_else_fails(proven):
    left = {*RULES}
    for verdict in proven.rounds(RULES.values()):
        if not verdict.others:
            left -= {each.name for each in verdict.rules if verdict.has_found(each)}
    assert not left


def test_there_are_rules_enough():
    assert len(RULES) >= 40
