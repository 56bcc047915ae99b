"""What a check finds is held against the requirement that it was looking at."""

from enmeshed_nb.acceptance import Check, Status, Trial, checks_of, expect, run
from enmeshed_nb.errors import UserError


def found(body, ground, *requirements):
    outcomes = Trial(Check("guide.tried", "guide", requirements, body), ground).run()
    return [(each.requirement, each.status, each.said) for each in outcomes]


def test_the_guide_holds_in_both_roles(ground):
    chosen = [each for each in checks_of(["guide"]) if each.name != "guide.notebook"]
    outcomes = list(run(ground, chosen))
    assert {each.status for each in outcomes} == {Status.PASSED}
    assert {each.swapped for each in outcomes} == {False, True}
    assert any(exchange.call == "POST /Requests/Outgoing" for each in outcomes for exchange in each.exchanges)


def test_what_goes_wrong_in_its_block_breaks_a_requirement_and_what_follows_is_skipped(ground):
    def body(trial):
        with trial.requirement("GUIDE-VALIDATE"):
            expect(False, "It is not so.")
        with trial.requirement("GUIDE-CREATE"):
            raise AssertionError("not reached")

    assert found(body, ground, "GUIDE-VALIDATE", "GUIDE-CREATE") == [
        ("GUIDE-VALIDATE", Status.FAILED, "It is not so."),
        ("GUIDE-CREATE", Status.SKIPPED, "GUIDE-VALIDATE does not hold."),
    ]


def test_what_goes_wrong_outside_is_preparation(ground):
    def body(trial):
        raise UserError("There is no Relationship.")

    assert found(body, ground, "GUIDE-CREATE") == [
        ("GUIDE-CREATE", Status.SKIPPED, "It could not be prepared: There is no Relationship.")
    ]


def test_a_check_may_say_what_it_needs(ground):
    def body(trial):
        trial.skip("It needs a third Connector.")

    assert found(body, ground, "GUIDE-CREATE") == [("GUIDE-CREATE", Status.SKIPPED, "It needs a third Connector.")]
