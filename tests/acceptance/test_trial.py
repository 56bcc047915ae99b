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
    assert sum(each.calls for each in outcomes) > 2 * len(chosen)
    assert not any(each.exchanges for each in outcomes)  # what holds need not be shown


def test_what_does_not_hold_is_told_with_its_calls(ground):
    def body(trial):
        trial.sender.account.identity_info()
        with trial.requirement("GUIDE-VALIDATE", goes_on=True):
            trial.sender.relationships.list(status="Active")
            expect(False, "No.")
        with trial.requirement("GUIDE-CREATE"):
            expect(False, "It looks at an answer that was there before.")

    outcomes = list(run(ground, [Check("guide.tried", "guide", ("GUIDE-VALIDATE", "GUIDE-CREATE"), body, swaps=False)]))
    calls = ["GET /Account/IdentityInfo", "GET /Relationships?status=Active"]
    assert [[seen.call for seen in each.exchanges] for each in outcomes] == [calls[1:], calls]
    assert [each.calls for each in outcomes] == [2, 0]


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
