"""A Connector that breaks one rule is found, named by the requirement, and nothing else fails."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from enmeshed_nb.acceptance import CHECKS, Status, Trial
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


def test_a_recipient_whose_module_is_on_needs_no_further_connector(proven):
    alone = replace(proven.ground, recipient=proven.ground.others["sse"], others={})
    assert {each.status for each in Trial(CHECKS["automation.sse"], alone).run()} == {Status.PASSED}
    assert {each.said for each in Trial(CHECKS["automation.sync"], alone).run()} == {
        "It needs a further Connector: sync."
    }


def test_without_a_listener_webhooks_are_skipped(proven):
    trial = Trial(CHECKS["automation.webhooks_of_sender"], replace(proven.ground, listener=None))
    assert {each.said for each in trial.run()} == {"It needs a listener that the Connector sends its events to."}
