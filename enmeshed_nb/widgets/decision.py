"""Decide an incoming Request, item by item, checked by the Connector after every change."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import htpy
import ipywidgets
from htpy import Node
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from enmeshed_nb.connector import Connector, ConnectorError, LocalRequest, aside
from enmeshed_nb.content import (
    Attribute,
    DecideRequestParameters,
    ItemPath,
    Request,
    RequestItem,
    RequestItemGroup,
    ResponseItem,
    walk,
)
from enmeshed_nb.content.model import iso
from enmeshed_nb.content.rules import counted
from enmeshed_nb.guide import Decision, DecisionError, Problem, explain, problems
from enmeshed_nb.guide.choices import attributes_for
from enmeshed_nb.guide.deciding import UNDECIDED, Place, path_of
from enmeshed_nb.guide.naming import asks_for, kind_of, label, name_of, place_of, shown, value_text, words_of
from enmeshed_nb.guide.peers import shortened as shortened_address
from enmeshed_nb.guide.results import answers_of
from enmeshed_nb.widgets.answer import AnswerControls
from enmeshed_nb.widgets.panel import Alert, Panel, button, file_upload, line, note
from enmeshed_nb.widgets.response import told
from enmeshed_nb.widgets.view import folded, mark, named, page, rows, shown_json, state, text, wrong

ACCEPT, REJECT = "accept", "reject"


class DecisionForm(Panel):
    """The decision about one incoming Request.

    Args:
        connector: the Recipient.
        request: the incoming Request; it is asked for anew.
        names: what peers are called, by address: `network.names`.
        on_decide: is called when *Decide* is pressed, in place of `decide`.

    Attributes:
        request: the Request as it is known now; with its Response once it is decided.
    """

    def __init__(
        self,
        connector: Connector,
        request: LocalRequest,
        *,
        names: Mapping[str, str] | None = None,
        on_decide: Callable[[], object] | None = None,
    ) -> None:
        self._names = dict(names or {})
        self._connector, self.request = connector, connector.requests.incoming.get(request.id)
        self._whole = ipywidgets.ToggleButtons(
            options=[("Accept the Request", ACCEPT), ("Reject the Request", REJECT)],
            tooltips=["At least the required items must be accepted", "No item is accepted"],
            style={"button_width": "auto"},
        )
        self._code = line("Code", placeholder="why not; may be empty")
        self._message = line("Message", placeholder="why not, for people; may be empty")
        self._reasons = ipywidgets.VBox([self._code, self._message])
        controls = partial(
            AnswerControls,
            own_address=connector.account.identity_info().address,
            own_attributes=lambda kind: {name: each.id for name, each in attributes_for(connector, kind).items()},
            upload=partial(file_upload, connector, self.attempt),
        )
        self._cards = {
            path: _Card(self.request.content, path, item, controls, self.changed)
            for path, item in walk(self.request.content)
        }
        self._items = ipywidgets.VBox([*self._drawn()])
        self._state = ipywidgets.HTML()
        decide = partial(self.attempt, on_decide or self.decide, is_step=True)
        self._decide = button("Decide", decide, style="primary", tooltip="Send the decision")
        super().__init__()
        for control in (self._whole, self._code, self._message):
            control.observe(lambda _: self.changed(), "value")
        self.children = [
            note(self._asked()),
            self._whole,
            self._reasons,
            self._items,
            self._state,
            self._decide,
            self.problem,
        ]
        self.attempt(self.check)

    @property
    def verb(self) -> str:
        """What becomes of the Request: "accept" or "reject"."""
        return str(self._whole.value)

    @property
    def decision(self) -> DecideRequestParameters:
        """The decision as it is now.

        Raises:
            DecisionError: it does not fit the Request; names the item.
        """
        if self.verb == REJECT:
            made = Decision(self.request)
            for path in self._cards:
                made.reject(path, code=self._code.value or None, message=self._message.value or None)
            return made.to_reject()
        made = Decision(self.request)
        for card in self._cards.values():
            card.put_into(made)
        return made.to_accept()

    def accept(self, path: Place, **inputs: Any) -> None:
        """Accept an item; *inputs* as in `Decision.accept`.

        Raises:
            DecisionError: there is no such item, or the inputs do not fit it.
        """
        place = path_of(path)
        Decision(self.request).accept(place, **inputs)
        with self.one_change():
            self._whole.value = ACCEPT
            self._cards[place].set(ACCEPT, inputs)

    def reject(self, path: Place, *, code: str | None = None, message: str | None = None) -> None:
        """Reject an item, perhaps for a reason.

        Raises:
            DecisionError: there is no such item, or a text is too long.
        """
        place = path_of(path)
        reasons = {name: each for name, each in (("code", code), ("message", message)) if each is not None}
        Decision(self.request).reject(place, **reasons)
        with self.one_change():
            self._whole.value = ACCEPT
            self._cards[place].set(REJECT, reasons)

    def accept_all(self, inputs: Mapping[Place, Mapping[str, Any]] | None = None) -> None:
        """Accept every item; one for which there are no *inputs* takes what its controls say.

        Raises:
            DecisionError: an input has no item, or does not fit it.
        """
        given = {path_of(place): dict(each) for place, each in (inputs or {}).items()}
        for path, each in given.items():
            Decision(self.request).accept(path, **each)
        with self.one_change():
            for path, card in self._cards.items():
                card.set(ACCEPT, given.get(path, {}))
            self._whole.value = ACCEPT

    def prefill(
        self, inputs: Mapping[Place, Mapping[str, Any]] | None = None, *, reject: Mapping[Place, str] | None = None
    ) -> None:
        """Begin with accepting every item, where the Request may be another than was thought of.

        What does not fit the item at its place, or has no item, is left out: the item takes what its controls say.

        Args:
            inputs: what accepting items needs, by their places.
            reject: the items that are rejected instead, with the message that says why.
        """
        given = {path_of(place): dict(each) for place, each in (inputs or {}).items()}
        reasons = {path_of(place): message for place, message in (reject or {}).items()}
        with self.one_change():
            self._whole.value = ACCEPT
            for path, card in self._cards.items():
                if path in reasons:
                    card.set(REJECT, {"message": reasons[path]})
                else:
                    card.set(ACCEPT, given[path] if path in given and self._fits(path, given[path]) else {})

    def _fits(self, path: ItemPath, inputs: dict[str, Any]) -> bool:
        try:
            Decision(self.request).accept(path, **inputs)
        except DecisionError:
            return False
        return True

    def reject_all(self, *, code: str = "", message: str = "") -> None:
        """Reject the Request."""
        with self.one_change():
            self._code.value, self._message.value = code, message
            self._whole.value = REJECT

    def check(self) -> None:
        """Check the decision (`CanAccept` or `CanReject`), and show what is wrong at the item where it is wrong."""
        self._show_whether_it_is_open()
        if self.request.status not in UNDECIDED:
            return
        incoming = self._connector.requests.incoming
        if self.verb == ACCEPT and (missing := [each for card in self._cards.values() for each in card.problems()]):
            self._show(missing)
            return
        ask = incoming.can_accept if self.verb == ACCEPT else incoming.can_reject
        try:
            self._show(problems(ask(self.request.id, self.decision)))
        except DecisionError as error:
            self._show(problems(error))
        except ConnectorError as error:
            self._show(problems(error))
            self.request = incoming.get(self.request.id)  # perhaps it was decided elsewhere meanwhile
            self._show_whether_it_is_open()

    def look(self) -> None:
        """Show the Request as the Connector has it now: perhaps it was decided elsewhere."""
        with aside():
            self.request = self._connector.requests.incoming.get(self.request.id)
            self.check()

    def decide(self) -> LocalRequest:
        """Send the decision, once; return the Request as it is then.

        A Request that was decided already, here or elsewhere, is returned as it is.

        Raises:
            DecisionError: the decision does not fit the Request.
            ConnectorError: the Connector refuses it or cannot be asked.
        """
        incoming = self._connector.requests.incoming
        with aside():
            self.request = incoming.get(self.request.id)
        if self.request.status in UNDECIDED:
            send = incoming.accept if self.verb == ACCEPT else incoming.reject
            self.request = send(self.request.id, self.decision)
        self._show_whether_it_is_open()
        return self.request

    def after_change(self) -> None:
        """Check the decision."""
        self.check()

    def _drawn(self) -> Iterator[Any]:
        """Yield the items as they are shown: those of a group within it."""
        for index, node in enumerate(self.request.content.items):
            if isinstance(node, RequestItemGroup):
                inner = [self._cards[index, place].widget for place in range(len(node.items))]
                yield _framed([note(_head(node)), *inner], "dashed")
            else:
                yield self._cards[index,].widget

    def _asked(self) -> Node:
        who = self._names.get(self.request.peer) or shortened_address(self.request.peer)
        content = self.request.content
        until = f"To be answered before {iso(content.expires_at)}." if content.expires_at else ""
        return [
            htpy.h4[text(content.title or "An incoming Request")],
            htpy.p[text(content.description)] if content.description else None,
            htpy.p(".enb-muted")[text(f"{who} asks you. {until}"), " ", htpy.span(".enb-mono")[self.request.id]],
        ]

    def _show_whether_it_is_open(self) -> None:
        is_open = self.request.status in UNDECIDED
        rejecting = self.verb == REJECT
        self._reasons.layout.display = "" if rejecting and is_open else "none"
        for card in self._cards.values():
            card.enable(is_open, rejecting=rejecting)
        self._whole.disabled = self._decide.disabled = not is_open
        if not is_open:
            self._state.value = page(self._outcome())
            for path, _, answer in answers_of(self.request):
                self._cards[path].show_answer(answer)

    def _outcome(self) -> Node:
        response = self.request.response
        said = ["The Response is ", state(response.content.result)] if response else "There is no Response."
        return htpy.p(role="status")["This Request is ", state(self.request.status), ". ", said]

    def _show(self, found: list[Problem]) -> None:
        """Show each problem at its item, and how the whole stands."""
        for path, card in self._cards.items():
            card.show([each for each in found if each.path == path])
        self._decide.disabled = bool(found)
        whole = [each.what for each in found if each.path not in self._cards]
        if not found:
            word = "accepted" if self.verb == ACCEPT else "rejected"
            shown: Node = mark("good", f"✔ The Request can be {word} like this.")
        elif whole:
            shown = wrong(" ".join(whole))
        else:
            items = len({each.path for each in found})
            need = "needs" if items == 1 else "need"
            shown = mark("warn", f"? {counted(items, 'item')} still {need} something.")
        self._state.value = page(htpy.p(role="status")[shown])

    def static(self) -> Node:
        """Return what is asked and what is decided."""
        answers = {path: answer for path, _, answer in answers_of(self.request)}
        body: list[tuple[Node, ...]] = [
            (
                named(name_of(card.item), place_of(self.request.content, path), kind_of(card.item)),
                "yes" if card.item.must_be_accepted else "no",
                self._word(card),
                told(answers[path]) if answers[path] else text(card.given),
            )
            for path, card in self._cards.items()
        ]
        return htpy.div(".enb-card")[
            self._asked(),
            rows(("item", "required", "decision", "with"), body),
            self._outcome() if self.request.status not in UNDECIDED else None,
        ]

    def _word(self, card: "_Card") -> str:
        return REJECT if self.verb == REJECT else card.choice or "undecided"

    def __str__(self) -> str:
        lines = [f"  {card.label}: {self._word(card)}" for card in self._cards.values()]
        return text("\n".join([f"Request {self.request.id}, {self.request.status}; to {self.verb}:", *lines]))


class _Card:
    """One item: what is asked, accept or reject, and what accepting needs."""

    def __init__(
        self,
        request: Request,
        path: ItemPath,
        item: RequestItem,
        controls: Callable[[RequestItem, Callable[[], None]], AnswerControls],
        on_change: Callable[[], None],
    ) -> None:
        self.item, self._request, self._path, self._on_change = item, request, path, on_change
        self.label = label(request, path)
        self.problem = Alert()
        self._choice = ipywidgets.ToggleButtons(
            options=[("Accept", ACCEPT), ("Reject", REJECT)],
            value=ACCEPT if item.must_be_accepted else None,
            style={"button_width": "100px"},
        )
        self._choice.add_class("enb-choice")
        self._chosen: str | None = self._choice.value
        self._set: dict[str, Any] | None = None
        self._given = ipywidgets.HTML()
        self._answer = controls(item, self._changed)
        self._change = button("Change", self._take_back, tooltip="Give another answer")
        self._reason = line("Message", placeholder="why not; may be empty")
        self._reason.observe(lambda _: self._changed(), "value")
        self._choice.observe(self._clicked, "value")
        self.widget = _framed(
            [
                ipywidgets.HBox(
                    [note(_head(item)), self._choice],
                    layout=ipywidgets.Layout(justify_content="space-between", flex_flow="row wrap"),
                ),
                note(_asked(item)),
                self._answer,
                self._reason,
                self._given,
                self._change,
                self.problem,
                note(folded("JSON", shown_json(item))),
            ],
            "none" if len(path) > 1 else "solid",  # within a group, the group has the frame
        )
        self._show()

    @property
    def choice(self) -> str | None:
        """What was chosen for this item: "accept", "reject", or None."""
        return self._chosen

    @property
    def given(self) -> str:
        """What was set from Python for the item, in words."""
        told = self._set or {}
        return "; ".join(f"{words_of(to_camel(name))}: {_in_words(value)}" for name, value in told.items() if value)

    def set(self, choice: str, inputs: dict[str, Any]) -> None:
        """Choose from Python."""
        self._choose(choice)
        if choice == REJECT and not inputs.get("code"):
            self._reason.value = inputs.get("message", "")
            self._set = None
        else:
            self._set = inputs or None
        self._show()

    def problems(self) -> list[Problem]:
        """Return what is wrong with what was chosen, without asking a Connector."""
        if self.choice is None:
            return [Problem(self._path, f"{self.label} is not decided yet.", said="Accept or reject it.")]
        if self.choice == ACCEPT and self._set is None and (found := self._answer.check()):
            return [Problem(self._path, f"{self.label}: {each.said}", each.field, each.said) for each in found]
        try:
            self.put_into(Decision(self._request))
        except DecisionError as error:
            said = explain(error).removeprefix(self.label).lstrip(": ")
            return [Problem(self._path, explain(error), said=said[:1].upper() + said[1:])]
        return []

    def show(self, found: list[Problem]) -> None:
        """Show what is wrong, and only this: at the property, else at the item."""
        self.problem.show(*self._answer.show(found))

    def show_answer(self, answer: ResponseItem | None) -> None:
        """Show what the item was answered with; it stays."""
        if answer:
            self._choose(ACCEPT if answer.result == "Accepted" else REJECT if answer.result == "Rejected" else None)
            self._answer.layout.display = self._reason.layout.display = "none"
            self._given.value = page(htpy.div[state(answer.result), " ", told(answer)])

    def put_into(self, decision: Decision) -> None:
        """Put the choice into a decision."""
        if self.choice == ACCEPT:
            try:
                inputs = self._answer.inputs if self._set is None else self._set
            except ValidationError as error:
                raise DecisionError(f"{self.label}: {explain(error)}", path=self._path) from None
            decision.accept(self._path, **inputs)
        elif self.choice == REJECT:
            decision.reject(self._path, **(self._set or {"message": self._reason.value or None}))

    def enable(self, is_open: bool, *, rejecting: bool) -> None:
        """Let the item be decided, or only be looked at; with the whole Request rejected, it is rejected, too."""
        self._choice.disabled = rejecting or not is_open
        self._quietly(REJECT if rejecting else self._chosen)
        self._show()

    def _choose(self, choice: str | None) -> None:
        self._chosen = choice
        self._quietly(choice)

    def _quietly(self, shown: str | None) -> None:
        """Show a choice that nobody clicked here."""
        self._choice.unobserve(self._clicked, "value")
        self._choice.value = shown
        self._choice.observe(self._clicked, "value")

    def _clicked(self, _: object) -> None:
        self._chosen = self._choice.value
        self._changed()

    def _take_back(self) -> None:
        """Let what was set from Python be changed: it is what the controls begin with."""
        self._answer.take(self._set or {})
        self._changed()

    def _changed(self) -> None:
        self._set = None
        self._show()
        self._on_change()

    def _show(self) -> None:
        is_open = not self._choice.disabled
        self._answer.layout.display = "" if is_open and self.choice == ACCEPT and self._set is None else "none"
        self._reason.layout.display = "" if is_open and self.choice == REJECT else "none"
        self._given.value = page(text(self.given)) if self.given and is_open else ""
        self._change.layout.display = "" if is_open and self.choice == ACCEPT and self._set else "none"


def _framed(children: list[Any], line_style: str) -> Any:
    layout = ipywidgets.Layout(
        border=f"1px {line_style} var(--jp-border-color2)", margin="4px 0", padding="6px 12px", flex="0 0 auto"
    )
    return ipywidgets.VBox(children, layout=layout)


def _head(node: RequestItem | RequestItemGroup) -> Node:
    """What an item or a group is called, and what is said of it."""
    about = htpy.p[text(node.description)] if node.description else None
    if isinstance(node, RequestItemGroup):
        return [htpy.p[htpy.b[text(node.title or "Several items")]], about]
    return [named(name_of(node), kind_of(node), "required" if node.must_be_accepted else "optional"), about]


def _asked(item: RequestItem) -> Node:
    """What an item asks, for people."""
    return [htpy.p[text(each)] for each in asks_for(item)] or None


def _in_words(value: Any) -> str:
    return value_text(value) if isinstance(value, Attribute) else shown(value)
