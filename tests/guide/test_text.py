"""Texts for notebooks and terminals."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from enmeshed_nb.content import DisplayName
from enmeshed_nb.guide import show_json
from enmeshed_nb.guide.text import TextView, json_text, printable, printable_lines, table, time_of_day


def test_what_a_terminal_would_obey_is_shown_instead() -> None:
    assert printable("a\x1b[31mb\n\u202ec Zoë") == r"a\u001b[31mb\n\u202ec Zoë"
    assert printable_lines("a\x07\nb\x9b") == "a\\u0007\nb\\u009b"


def test_a_table_is_as_wide_as_its_widest_cell() -> None:
    assert table([("a", "long head", "c"), ("longer", "b\n", ""), ("x", "y", "z")]).splitlines() == [
        "a       long head  c",
        "------  ---------  -",
        r"longer  b\n",
        "x       y          z",
    ]


def test_json_is_shown_as_the_api_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    show_json([DisplayName(value="Zoë")])
    assert capsys.readouterr().out == '[\n  {\n    "@type": "DisplayName",\n    "value": "Zoë"\n  }\n]\n'
    assert json_text({"at": datetime(2030, 1, 1, tzinfo=UTC)}) == '{\n  "at": "2030-01-01T00:00:00.000Z"\n}'


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5))])
def test_a_time_of_day_is_that_of_its_zone_to_the_millisecond(zone: timezone) -> None:
    assert time_of_day(datetime(2030, 1, 31, 7, 5, 9, 12_999, tzinfo=zone)) == "07:05:09.012"


def test_a_text_is_the_same_in_html_but_escaped() -> None:
    class Shown(TextView):
        def __str__(self) -> str:
            return "a < b"

    assert repr(Shown()) == "a < b"
    assert Shown()._repr_mimebundle_() == {"text/plain": "a < b", "text/html": "<pre>a &lt; b</pre>"}
