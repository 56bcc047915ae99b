"""Decide an incoming Request, item by item, checked by the Connector after every change."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import htpy
import ipywidgets
from htpy import Node
from pydantic import ValidationError

from enmeshed_nb.connector import Connector, ConnectorError, LocalRequest, aside
from enmeshed_nb.content import DecideRequestParameters, ItemPath, RequestItem, walk
from enmeshed_nb.content.model import iso
from enmeshed_nb.guide import Decision, DecisionError, Problem, explain, problems
from enmeshed_nb.guide.choices import attributes_for
from enmeshed_nb.guide.deciding import UNDECIDED, Place, label, path_of
from enmeshed_nb.widgets.answer import AnswerControls
from enmeshed_nb.widgets.panel import Alert, Panel, button, line, note
from enmeshed_nb.widgets.view import folded, mark, page, rows, shown_json, state, text, wrong

ACCEPT, REJECT = "accept", "reject"


class DecisionForm(Panel):
    """The decision about one incoming Request.

    Args:
        connector: the Recipient.
        request: the incoming Request; it is asked for anew.

    Attributes:
        request: the Request as it is known now; with its Response once it is decided.
    """

    def __init__(self, connector: Connector, request: LocalRequest) -> None:
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
        )
        self._cards = {path: _Card(path, item, controls, self.changed) for path, item in walk(request.content)}
        self._items = ipywidgets.VBox([each.widget for each in self._cards.values()])
        self._state = ipywidgets.HTML()
        decide = partial(self.attempt, self.decide, is_step=True)
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
        ask = incoming.can_accept if self.verb == ACCEPT else incoming.can_reject
        try:
            self._show(problems(ask(self.request.id, self.decision)))
        except DecisionError as error:
            self._show(problems(error))
        except ConnectorError as error:
            self._show(problems(error))
            self.request = incoming.get(self.request.id)  # perhaps it was decided elsewhere meanwhile
            self._show_whether_it_is_open()

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

    def _asked(self) -> Node:
        content = self.request.content
        until = f"To be answered before {iso(content.expires_at)}." if content.expires_at else ""
        return [
            htpy.h4[text(content.title or "An incoming Request")],
            htpy.p[htpy.span(".enb-mono")[self.request.id]],
            content.description and htpy.p[text(content.description)],
            until and htpy.p(".enb-muted")[until],
        ]

    def _show_whether_it_is_open(self) -> None:
        is_open = self.request.status in UNDECIDED
        rejecting = self.verb == REJECT
        self._reasons.layout.display = "" if rejecting and is_open else "none"
        for card in self._cards.values():
            card.enable(is_open and not rejecting)
        self._whole.disabled = self._decide.disabled = not is_open
        if not is_open:
            self._state.value = page(self._outcome())

    def _outcome(self) -> Node:
        response = self.request.response
        said = ["The Response is ", state(response.content.result)] if response else "There is no Response."
        return htpy.p(role="status")["This Request is ", state(self.request.status), ". ", said]

    def _show(self, found: list[Problem]) -> None:
        """Show each problem at its item, and how the whole stands."""
        for path, card in self._cards.items():
            card.problem.show(*(each.what for each in found if each.path == path))
        self._decide.disabled = bool(found)
        whole = [each.what for each in found if each.path not in self._cards]
        if not found:
            word = "accepted" if self.verb == ACCEPT else "rejected"
            shown: Node = mark("good", f"✔ The Request can be {word} like this.")
        elif whole:
            shown = wrong(" ".join(whole))
        else:
            items = len({each.path for each in found})
            shown = mark("warn", f"? {items} item(s) still need something.")
        self._state.value = page(htpy.p(role="status")[shown])

    def static(self) -> Node:
        """Return what is asked and what is decided."""
        body: list[tuple[Node, ...]] = [
            (
                text(card.name),
                "yes" if card.item.must_be_accepted else "no",
                self.verb if self.verb == REJECT else card.choice or "undecided",
            )
            for card in self._cards.values()
        ]
        return htpy.div(".enb-card")[
            self._asked(),
            rows(("item", "required", "decision"), body),
            self._outcome() if self.request.status not in UNDECIDED else None,
        ]

    def __str__(self) -> str:
        lines = [
            f"  {card.name}: {REJECT if self.verb == REJECT else card.choice or 'undecided'}"
            for card in self._cards.values()
        ]
        return "\n".join([f"Request {self.request.id}, {self.request.status}; to {self.verb}:", *lines])


class _Card:
    """One item: what is asked, accept or reject, and what accepting needs."""

    def __init__(
        self,
        path: ItemPath,
        item: RequestItem,
        controls: Callable[[RequestItem, Callable[[], None]], AnswerControls],
        on_change: Callable[[], None],
    ) -> None:
        self.item, self._path, self._on_change = item, path, on_change
        self.name = label(path, item)
        self.problem = Alert()
        self._choice = ipywidgets.ToggleButtons(
            options=[("Accept", ACCEPT), ("Reject", REJECT)],
            value=ACCEPT if item.must_be_accepted else None,
            style={"button_width": "100px"},
        )
        self._set: dict[str, Any] | None = None
        self._answer = controls(item, self._changed)
        self._reason = line("Message", placeholder="why not; may be empty")
        self._reason.observe(lambda _: self._changed(), "value")
        self._choice.observe(lambda _: self._changed(), "value")
        required = mark("warn", "* required") if item.must_be_accepted else "optional"
        self.widget = ipywidgets.VBox(
            [
                note([htpy.p[htpy.b[text(self.name)], " ", required], _asked(item)]),
                self._choice,
                self._answer,
                self._reason,
                self.problem,
            ],
            layout=ipywidgets.Layout(border="1px solid var(--jp-border-color2)", margin="2px 0", padding="4px 8px"),
        )
        self._show()

    @property
    def choice(self) -> str | None:
        """What was chosen: "accept", "reject", or None."""
        chosen: str | None = self._choice.value
        return chosen

    def set(self, choice: str, inputs: dict[str, Any]) -> None:
        """Choose from Python."""
        self._choice.value = choice
        if choice == REJECT and not inputs.get("code"):
            self._reason.value = inputs.get("message", "")
            self._set = None
        else:
            self._set = inputs or None
        self._show()

    def put_into(self, decision: Decision) -> None:
        """Put the choice into a decision."""
        if self.choice == ACCEPT:
            try:
                inputs = self._answer.inputs if self._set is None else self._set
            except ValidationError as error:
                raise DecisionError(f"{self.name}: {explain(error)}", path=self._path) from None
            decision.accept(self._path, **inputs)
        elif self.choice == REJECT:
            decision.reject(self._path, **(self._set or {"message": self._reason.value or None}))

    def enable(self, on: bool) -> None:
        """Let the item be decided, or only be looked at."""
        self._choice.disabled = not on
        self._show()

    def _changed(self) -> None:
        self._set = None
        self._show()
        self._on_change()

    def _show(self) -> None:
        is_open = not self._choice.disabled
        self._answer.layout.display = "" if is_open and self.choice == ACCEPT and self._set is None else "none"
        self._reason.layout.display = "" if is_open and self.choice == REJECT else "none"


def _asked(item: RequestItem) -> Node:
    """What an item asks, for people."""
    shown = {
        key: value
        for key, value in item.model_dump().items()
        if key not in ("@type", "mustBeAccepted", "title", "consent", "metadata", "settings")
    }
    return shown and folded("what is asked", shown_json(shown))
