"""What all views and widgets have in common: a form without a kernel, in which a peer's text is nothing but text."""

import html
import re

import pytest

from enmeshed_nb import Journal
from enmeshed_nb.content import AuthenticationRequestItem, Request
from enmeshed_nb.guide import wait_for_status
from enmeshed_nb.widgets import (
    DecisionForm,
    Exchanges,
    Journey,
    PeerChooser,
    RequestComposer,
    ResponseView,
    StepView,
)
from enmeshed_nb.widgets.view import accent, coloured, page, state
from tests.widgets.samples import AUTHENTICATION, EVIL
from tests.widgets.seen import html_of, pictures, pieces, text_of


def test_what_a_peer_wrote_is_text_and_nothing_else(incoming, recipient, sender):
    request = incoming(AuthenticationRequestItem(title=EVIL[:60], must_be_accepted=True), title=EVIL, description=EVIL)
    form = DecisionForm(recipient, request)
    form.reject_all(message=EVIL)
    form.decide()
    done = wait_for_status(sender.requests.outgoing, request.id, "Completed", sync=sender)
    with Journal(sender, recipient) as journal:
        sender.requests.outgoing.get(request.id)
        recipient.requests.incoming.get(request.id)
        shown = [form, ResponseView(done), StepView(journal), Journey(journal), Exchanges(journal.exchanges)]
        pages = [html_of(each) for each in shown]
    for piece in [*pages, *pieces(form)]:
        assert "<script" not in piece
        for each in (part for drawing in pictures(piece) for part in drawing.iter()):
            assert each.tag in ("svg", "style", "g", "path", "rect", "circle", "text")
            assert not [name for name in each.attrib if name.startswith("on") or "href" in name]
        assert "<img src=x" not in piece  # a picture of ours is an image, too
        assert "\x07" not in piece
    assert "&lt;script&gt;" in pages[0]


def test_widgets_have_a_form_without_a_kernel(sender, peer, incoming, recipient):
    for widget in (
        PeerChooser(sender),
        RequestComposer(sender, peer, request=Request(items=[AUTHENTICATION])),
        DecisionForm(recipient, incoming(AUTHENTICATION)),
    ):
        bundle = widget._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
        assert pictures(bundle["text/html"]) == []
        assert bundle["text/plain"] == repr(widget)


def test_each_side_has_its_colour():
    assert [accent(each) for each in ("sender", "backbone", "recipient", "newcomer")] == [
        *("sender", "backbone", "recipient", "recipient"),
    ]


ICONS = {
    "✎": ["Draft"],
    "➤": ["Open"],
    "?": ["DecisionRequired", "ManualDecisionRequired"],
    "☑": ["Decided"],
    "✔": ["Completed", "Accepted", "Active", "healthy"],
    "⌛": ["Expired"],
    "✘": ["Rejected", "down"],
    "⚠": ["Error", "unhealthy"],
    "…": ["Pending"],
    "•": ["OfTheFuture"],
}


@pytest.mark.parametrize(("icon", "word"), [(icon, word) for icon, words in ICONS.items() for word in words])
def test_a_state_is_an_icon_and_a_word(icon, word):
    assert text_of(page(state(word))) == f"{icon} {word}"


@pytest.mark.parametrize(
    ("code", "language", "kinds"),
    [
        ('{"a": 1, "b": "c"}', "json", [("word", '"a"'), ("number", "1"), ("word", '"b"'), ("text", '"c"')]),
        ("if x == 7: pass", "python", [("word", "if"), ("number", "7"), ("word", "pass")]),
    ],
)
def test_words_texts_and_numbers_are_told_apart_in_code(code, language, kinds):
    shown = page(coloured(code, language))
    assert re.findall(r'enb-code (\w+)"[^>]*>([^<]*)<', html.unescape(shown)) == kinds
    assert text_of(shown).endswith(code)
