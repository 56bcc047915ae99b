"""What is stored of executed notebooks: the same again, and times that tell the order."""

import re

from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools.notebooks import METADATA, normalised

PICTURE = '<img src="data:image/svg+xml;charset=utf-8,%3Ctext%3E{}%3C/text%3E">'


def executed(*shown, source="show()"):
    """A notebook that shows texts."""
    outputs = [new_output("execute_result", {"text/html": text}, execution_count=1) for text in shown]
    return new_notebook(cells=[new_code_cell(source, outputs=outputs, execution_count=1)], metadata=METADATA)


def texts(notebook, **options):
    return [output["data"]["text/html"] for output in normalised(notebook, **options)["cells"][0]["outputs"]]


def times(notebook):
    return re.findall(r"\d\d:\d\d:\d\d\.\d{3}", " ".join(texts(notebook)))


def test_times_keep_their_order_and_the_same_moment_stays_the_same():
    one = executed(
        PICTURE.format("23:41:07.900"), "Open 23:41:08.250", '"at": "2031-05-06T23:41:07.900Z"', "first 23:41:07.100"
    )
    first, second, third = sorted(set(times(one)))
    assert times(one) == [second, third, second, first]
    assert first == "12:00:00.000"
    assert third < "12:00:01"


def test_an_expiry_keeps_its_distance():
    one = executed("2031-05-06T10:00:00.100Z", "10:00:00.900", "2031-05-06T11:30:00.400Z", "2031-05-20T10:00:01.000Z")
    shown = texts(one)
    assert shown[2:] == ["2026-01-01T13:30:00.000Z", "2026-01-15T12:00:00.000Z"]


def test_midnight_changes_nothing_but_the_day():
    shown = texts(executed("2031-05-06T23:59:59.900Z", "2031-05-07T00:00:00.100Z"))
    assert shown == ["2026-01-01T12:00:00.000Z", "2026-01-01T12:00:00.009Z"]


def test_what_the_notebook_itself_calls_a_time_stays():
    one = executed("2099-01-01T00:00:00.000Z", "10:00:00.100", source='expires_at="2099-01-01T00:00:00.000Z"')
    assert times(one) == ["00:00:00.000", "12:00:00.000"]


def test_normalising_again_changes_nothing():
    one = executed(
        "2031-05-06T10:00:00.100Z", PICTURE.format("10:00:00.900"), "2031-05-06T11:30:00.400Z REQ" + "a" * 17
    )
    once = normalised(one)
    assert texts(executed(*texts(one))) == [output["data"]["text/html"] for output in once["cells"][0]["outputs"]]


def test_as_compared_only_what_says_something_else_differs():
    one = executed("Open 10:00:00.100 Open 10:00:00.100", "REQ" + "a" * 17, PICTURE.format("10:00:00.300"))
    again = executed("Open 11:00:07.100 Open 11:00:07.300", "REQ" + "b" * 17, PICTURE.format("11:00:07.500"))
    other = executed("Draft 11:00:07.100 Open 11:00:07.300", "REQ" + "b" * 17, PICTURE.format("11:00:07.500"))
    assert texts(one) != texts(again)  # two moments of one millisecond, and of two
    assert normalised(one, as_compared=True) == normalised(again, as_compared=True)
    assert normalised(one, as_compared=True) != normalised(other, as_compared=True)
