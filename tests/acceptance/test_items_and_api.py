"""The plans `items` and `api` hold on a local network, as far as its version has what they ask for."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from enmeshed_nb.acceptance import CHECKS, Ground, Outcome, Status, check, checks_of, requirements, run
from enmeshed_nb.acceptance.ground import open_ground
from enmeshed_nb.acceptance.kinds import KINDS
from enmeshed_nb.acceptance.running import PLANS
from enmeshed_nb.connector import ENDPOINTS, Exchange

NEWER = {
    "API-MAIL-BODY-FORMAT": "7.2.0",
    "API-TEMPLATES-DELETE": "7.3.0",
    "API-TOKENS-DELETE": "7.3.0",
    "API-VALUE-BANK-ACCOUNT": "7.1.0",
    "API-VALUE-MARITAL-STATUS": "7.2.0",
    "API-VALUE-SCHEMATIZED-JSON": "7.4.0",
    "ITEMS-SHARE-AUTHORIZATION-REQUEST": "7.4.0",
    "ITEMS-SHARE-CREDENTIAL-OFFER": "7.4.0",
}
"""What the local network, which is of version 7.0.0, has not."""
ENDING = {"api.life_of_relationships": "newcomer", "api.identity_deletion": "debug"}
"""What needs Connectors that may be spoiled, and which."""
UNCALLED = {"POST /BackboneNotifications"}
"""What is only called in a way that is refused: the codes of Notifications are the operator's."""


def in_status(outcomes: list[Outcome], status: Status) -> dict[str, str]:
    return {each.requirement: each.said for each in outcomes if each.status == status}


@pytest.fixture(scope="module")
def called() -> list[Exchange]:
    """What was asked of Connectors by the tests of this module that need it."""
    return []


@pytest.fixture(scope="module")
def found(_parties, called) -> Iterator[list[Outcome]]:
    sender, recipient = _parties
    with ExitStack() as stack:
        for each in _parties:
            stack.callback(each.observe(called.append))
        yield list(run(Ground.of("session", sender, recipient), checks_of(["items", "api"])))


@pytest.mark.timeout(600)
def test_all_holds_that_this_version_has(found):
    assert in_status(found, Status.FAILED) == {}
    assert in_status(found, Status.WARNING) == {}
    unsupported = in_status(found, Status.NOT_SUPPORTED)
    assert {name: said.partition("since ")[2].partition(";")[0] for name, said in unsupported.items()} == NEWER
    skipped = {each.check: each.said for each in found if each.status == Status.SKIPPED}
    assert skipped == {name: f"It needs a further Connector: {needs}." for name, needs in ENDING.items()}


@pytest.mark.timeout(600)
def test_each_requirement_is_looked_at_in_both_roles(found):
    wanted = {name for name, each in requirements().items() if each.plan in ("items", "api")}
    for swapped in (False, True):
        looked_at = {each.requirement for each in found if each.swapped == swapped}
        once = {each for name in ENDING for each in CHECKS[name].requirements}
        assert wanted - looked_at == (once if swapped else set())


def test_a_folder_of_checks_is_a_plan_and_no_name_stands_for_two():
    assert {each.plan for each in CHECKS.values()} == set(PLANS)
    with pytest.raises(AssertionError, match=r"two checks api\.monitoring"):
        check("API-HEALTH")(CHECKS["api.monitoring"].body)


def test_each_kind_of_item_is_sent_alone_in_a_group_and_rejected():
    for kind in KINDS:
        for how in ("accepted", "grouped", "rejected"):
            assert f"items.{kind.name.lower().replace('-', '_')}_{how}" in CHECKS


@pytest.mark.timeout(600)
def test_what_ends_things_holds_on_connectors_of_the_run_alone_and_each_route_was_called(found, called):
    chosen = [CHECKS[name] for name in ENDING]
    with open_ground(needs=ENDING.values()) as ground:
        for each in ground.connectors.values():
            each.observe(called.append)
        ended = list(run(ground, chosen))
    assert {each.status for each in ended} == {Status.PASSED}
    assert len(ended) == sum(len(each.requirements) for each in chosen)
    missing = {
        f"{route.method} {route.path}"
        for route in ENDPOINTS.values()
        if not any(is_called(route.method, route.base + route.path, each) for each in called)
    }
    assert missing - UNCALLED == {"DELETE /RelationshipTemplates/{id}", "DELETE /Tokens/{id}"}


def is_called(method: str, path: str, exchange: Exchange) -> bool:
    """Tell whether a call that succeeded is one of a route."""
    wanted, asked = path.split("/"), exchange.path.split("/")
    same = all(here.startswith("{") or here == there for here, there in zip(wanted, asked, strict=False))
    return (method, len(wanted)) == (exchange.method, len(asked)) and same and exchange.succeeded


@pytest.mark.timeout(600)
def test_nothing_ends_on_connectors_of_ones_own(sender, recipient):
    others = dict.fromkeys(ENDING.values(), recipient)
    outcomes = list(run(Ground.of("own", sender, recipient, others), [CHECKS[name] for name in ENDING]))
    assert {each.status for each in outcomes} == {Status.SKIPPED}
    assert all(each.said.startswith("Not on Connectors of your own: ") for each in outcomes)
    assert {each.calls for each in outcomes} == {0}
