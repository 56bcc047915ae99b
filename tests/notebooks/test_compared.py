"""The notebooks do what they show: nbval compares each output with the stored one."""

import random

import pytest

from tests.notebooks.conftest import NOTEBOOKS

GUIDE = NOTEBOOKS["02"]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("times", [1, 2])
def test_all_notebooks_show_the_same_in_any_order_and_again(compare, data_dir, times):
    order = list(NOTEBOOKS.values())
    random.shuffle(order)
    compared = compare(data_dir, *order)
    assert compared.returncode == 0, f"{[path.name[:2] for path in order]}\n{compared.stdout[-6000:]}"


@pytest.mark.parametrize(
    ("notebook", "shown", "other"),
    [
        ("02", '"status": "Decided"', '"status": "Open"'),
        ("02", '"result": "Rejected"', '"result": "Accepted"'),
        ("02", "cannotShareRequestWithYourself", "missingRelationship"),
        ("02", "PUT /Requests/Incoming", "GET /Requests/Incoming"),
        ("09", "('Completed', 'Accepted', ['Rejected'])", "('Completed', 'Accepted', ['Rejected', 'Rejected'])"),
    ],
)
def test_a_wrong_stored_output_is_noticed(tmp_path, compare, data_dir, notebook, shown, other):
    stored = NOTEBOOKS[notebook]
    text = stored.read_text(encoding="utf-8")
    escaped, replaced = (each.replace('"', '\\"') for each in (shown, other))
    assert escaped in text
    altered = tmp_path / stored.name
    altered.write_text(text.replace(escaped, replaced), encoding="utf-8")
    compared = compare(data_dir, altered)
    assert compared.returncode == 1
    assert any(word in compared.stdout for word in ("did not match", "disagree", "mismatch"))
