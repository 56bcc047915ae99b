"""Pictures: colours that can be read, lines that break between words."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enmeshed_nb.widgets.picture import _STYLE, Font
from enmeshed_nb.widgets.view import STATES, page, state

LIGHT, DARK = _STYLE.split("@media(prefers-color-scheme:dark)")
TEXTS = ("svg", ".soft", ".sender", ".backbone", ".recipient", ".good", ".warn", ".bad")


def colours(style, prop):
    return {
        name: value
        for names, body in re.findall(r"([.\w,]+)\{([^{}]*)\}", style)
        for name in names.split(",")
        for value in re.findall(rf"(?:^|;){prop}:(#\w+)", body)
    }


def contrast(one, other):
    def luminance(colour):
        digits = "".join(each * 2 for each in colour[1:]) if len(colour) == 4 else colour[1:]
        parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("style", [LIGHT, DARK], ids=["light", "dark"])
def test_each_colour_can_be_read_on_each_ground(style):
    inks, grounds = colours(style, "color"), colours(style, "fill")
    for ink, ground in itertools.product(TEXTS, (".bg", ".mid")):
        assert contrast(inks[ink], grounds[ground]) >= 4.5, (ink, ground)


@given(st.text("ab /…", min_size=1), st.integers(20, 200))
def test_lines_break_between_words_only(words, longest):
    lines = Font(11).lines(words, longest)
    assert "".join("".join(lines).split()) == "".join(words.split())
    pieces = set(re.findall(r"/[^/ ]*|[^/ ]+", words))
    for line in lines:
        assert set(re.findall(r"/[^/ ]*|[^/ ]+", line)) <= pieces


def test_a_line_is_as_long_as_it_may_be():
    font = Font(11)
    assert font.lines("ab cd ef", font.width("ab cd")) == ["ab cd", "ef"]
    assert font.lines("ab cd ef", font.width("ab cd") - 1) == ["ab", "cd ef"]
    assert font.lines("ab/cd ef", font.width("ab/cd ef")) == ["ab/cd ef"]
    assert font.lines("ab/cd ef", font.width("ab/cd ef") - 1) == ["ab/cd", "ef"]


def test_some_letters_are_wider_than_others():
    narrow, small, capital, wide = (Font(10).width(letter * 3) for letter in "iaAm")
    assert 0 < narrow < small < capital < wide == Font(10).width("é…"[:1] * 3)
    assert Font(20).width("a") == 2 * Font(10).width("a")
    assert Font(10, mono=True).width("i") == Font(10, mono=True).width("m")


@pytest.mark.parametrize("word", STATES)
def test_a_state_is_styled_where_only_inline_styles_are_let_through(word):
    shown = page(state(word))
    (style,) = re.findall(r'<b class="enb-state \w+" style="([^"]*)">', shown)
    ink, ground = (re.search(rf"(?:^|;){prop}:(#\w+)", style)[1] for prop in ("color", "background-color"))
    assert contrast(ink, ground) >= 4.5
    assert "var(" not in style
