"""What was asked for is understood before anything runs."""

import pytest

from enmeshed_nb.acceptance import CHECKS, PLANS, Status, requirements
from enmeshed_nb.acceptance.planning import ChoiceError, choose, coverage


def test_each_requirement_has_a_check_and_each_check_its_requirements():
    assert [each.id for each, checks in coverage().items() if not checks] == []
    for each in CHECKS.values():
        assert set(each.requirements) <= requirements().keys(), each.name
        assert set(each.after) <= CHECKS.keys(), each.name
        assert {requirements()[name].plan for name in each.requirements} == {each.plan}, each.name
        assert each.title != each.name, f"{each.name} has no docstring"


def test_requirements_are_sentences_with_their_source_and_a_cure():
    for each in requirements().values():
        assert each.plan in PLANS
        assert each.text.endswith("."), each.id
        assert each.cause.endswith("."), each.id
        assert each.source, each.id
        assert each.cure, each.id


def test_nothing_named_means_all_and_a_check_alone_means_it():
    assert choose().checks == tuple(CHECKS.values())
    (only,) = choose(checks=["guide.create"]).checks
    assert only.name == "guide.create"
    assert choose(["guide"], ["guide.create"]).checks == choose(["guide"]).checks


@pytest.mark.parametrize(
    ("plans", "checks", "meant"),
    [(["giude"], [], "guide"), ([], ["guide.crate"], "guide.create"), (["nothing-like-it"], [], "There are: guide")],
)
def test_a_typo_is_named(plans, checks, meant):
    with pytest.raises(ChoiceError, match=meant):
        choose(plans, checks)


def own_plan(tmp_path, text):
    file = tmp_path / "own.toml"
    file.write_text(text)
    return [str(file)]


def test_a_plan_of_ones_own(tmp_path):
    text = 'checks = ["guide.refused"]\nrequirements = ["GUIDE-CREATE"]\n[expect]\n"GUIDE-YOURSELF" = "NOT SUPPORTED"\n'
    choice = choose(own_plan(tmp_path, text))
    assert [each.name for each in choice.checks] == ["guide.create", "guide.refused"]
    assert "GUIDE-CREATE" in choice.requirements
    assert "GUIDE-CREATE-PEER" not in choice.requirements
    assert choice.expected == {"GUIDE-YOURSELF": Status.NOT_SUPPORTED}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('check = ["guide.create"]', "Did you mean checks"),
        ('checks = ["guide.crate"]', "Did you mean guide.create"),
        ('[expect]\n"GUIDE-CRATE" = "FAILED"', "Did you mean GUIDE-CREATE"),
        ('[expect]\n"GUIDE-CREATE" = "NOT SUPORTED"', "Did you mean NOT SUPPORTED"),
        ('plans = "guide"', "plans: Input should be a valid list"),
        ("plans = [", "cannot be read"),
        ("", "Nothing was chosen"),
    ],
)
def test_a_mistake_in_a_plan_of_ones_own_is_named(tmp_path, text, said):
    with pytest.raises(ChoiceError, match=said):
        choose(own_plan(tmp_path, text))


def test_a_plan_that_there_is_not():
    with pytest.raises(ChoiceError, match="cannot be read"):
        choose(["/nowhere/own.toml"])
