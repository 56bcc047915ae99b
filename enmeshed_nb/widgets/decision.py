"""Decide an incoming Request, item by item, checked by the Connector after every change."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import htpy
import ipywidgets
from htpy import Node
from pydantic import ValidationError

from enmeshed_nb.connector import Connector, ConnectorError, LocalRequest, describe, without_frame
from enmeshed_nb.content import (
    BooleanFormFieldSettings,
    DecideRequestParameters,
    DeleteAttributeRequestItem,
    DoubleFormFieldSettings,
    FormFieldRequestItem,
    IntegerFormFieldSettings,
    ItemPath,
    ProposeAttributeRequestItem,
    RatingFormFieldSettings,
    ReadAttributeRequestItem,
    RequestItem,
    SelectionFormFieldSettings,
    StringFormFieldSettings,
    ThirdPartyRelationshipAttributeQuery,
    value_model,
    value_type_of,
    walk,
)
from enmeshed_nb.content.model import iso
from enmeshed_nb.guide import Decision, DecisionError, explain
from enmeshed_nb.guide.answers import first_value, new_attribute
from enmeshed_nb.guide.choices import attributes_for
from enmeshed_nb.guide.decisions import label
from enmeshed_nb.widgets.form import ModelForm
from enmeshed_nb.widgets.panel import Panel, button, note, wide
from enmeshed_nb.widgets.view import folded, page, rows, shown_json, state, text

ACCEPT, REJECT = "accept", "reject"
_OPEN = ("DecisionRequired", "ManualDecisionRequired")


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
        self._address = connector.account.identity_info().address
        self._whole = ipywidgets.ToggleButtons(
            options=[("Accept the Request", ACCEPT), ("Reject the Request", REJECT)],
            tooltips=["At least the required items must be accepted", "No item is accepted"],
            style={"button_width": "auto"},
        )
        self._code = ipywidgets.Text(description="Code", placeholder="why not; may be empty", **wide())
        self._message = ipywidgets.Text(
            description="Message", placeholder="why not, for people; may be empty", **wide()
        )
        self._reasons = ipywidgets.VBox([self._code, self._message])
        self._cards = {path: _Card(self, path, item) for path, item in walk(request.content)}
        self._items = ipywidgets.VBox([each.widget for each in self._cards.values()])
        self._state = ipywidgets.HTML()
        self._decide = button("Decide", lambda: self.attempt(self.decide), style="primary", tooltip="Send the decision")
        super().__init__()
        for control in (self._whole, self._code, self._message):
            control.observe(lambda _: self.attempt(self.check), "value")
        self.children = [
            note(self._asked()),
            self._whole,
            self._reasons,
            self._items,
            self._state,
            self._decide,
            self.trouble,
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

    def accept(self, path: int | ItemPath, **inputs: Any) -> None:
        """Accept an item; *inputs* as in `Decision.accept`.

        Raises:
            DecisionError: there is no such item, or the inputs do not fit it.
        """
        place = (path,) if isinstance(path, int) else tuple(path)
        Decision(self.request).accept(place, **inputs)
        self._whole.value = ACCEPT
        self._cards[place].set(ACCEPT, inputs)
        self.check()

    def reject(self, path: int | ItemPath, *, code: str | None = None, message: str | None = None) -> None:
        """Reject an item, perhaps for a reason.

        Raises:
            DecisionError: there is no such item, or a text is too long.
        """
        place = (path,) if isinstance(path, int) else tuple(path)
        reasons = {name: each for name, each in (("code", code), ("message", message)) if each is not None}
        Decision(self.request).reject(place, **reasons)
        self._whole.value = ACCEPT
        self._cards[place].set(REJECT, reasons)
        self.check()

    def accept_all(self, inputs: Mapping[tuple[int, ...], Mapping[str, Any]] | None = None) -> None:
        """Accept every item.

        Raises:
            DecisionError: an input does not fit its item.
        """
        for path in self._cards:
            self._cards[path].set(ACCEPT, dict((inputs or {}).get(path, {})))
        self._whole.value = ACCEPT
        self.check()

    def reject_all(self, *, code: str = "", message: str = "") -> None:
        """Reject the Request."""
        self._code.value, self._message.value = code, message
        self._whole.value = REJECT
        self.check()

    def check(self) -> None:
        """Check the decision (`CanAccept` or `CanReject`), and show what is wrong at the item where it is wrong."""
        self._show_whether_it_is_open()
        if self.request.status not in _OPEN:
            return
        for card in self._cards.values():
            card.complain("")
        try:
            decision = self.decision
        except DecisionError as error:
            self._faults({self._path_in(str(error)): str(error)})
            return
        incoming = self._connector.requests.incoming
        try:
            ask = incoming.can_accept if self.verb == ACCEPT else incoming.can_reject
            result = ask(self.request.id, decision)
        except ConnectorError as error:
            self._faults({(): explain(error)})
            self.request = incoming.get(self.request.id)  # perhaps it was decided elsewhere meanwhile
            self._show_whether_it_is_open()
            return
        self._faults(
            {
                path: f"{describe(code).what} {describe(code).cure} ({without_frame(message)})"
                for path, code, message in result.failures()
            }
        )

    def decide(self) -> LocalRequest:
        """Send the decision, once; return the Request as it is then.

        A Request that was decided already, here or elsewhere, is returned as it is.

        Raises:
            DecisionError: the decision does not fit the Request.
            ConnectorError: the Connector refuses it or cannot be asked.
        """
        incoming = self._connector.requests.incoming
        self.request = incoming.get(self.request.id)
        if self.request.status in _OPEN:
            send = incoming.accept if self.verb == ACCEPT else incoming.reject
            self.request = send(self.request.id, self.decision)
        self._show_whether_it_is_open()
        return self.request

    def own_attributes(self, value_type: str) -> dict[str, str]:
        """Return the ids of the Recipient's own Attributes of a value type, by name."""
        return {name: each.id for name, each in attributes_for(self._connector, value_type).items()}

    @property
    def own_address(self) -> str:
        """The Recipient's address."""
        return self._address

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
        is_open = self.request.status in _OPEN
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

    def _path_in(self, sentence: str) -> tuple[int, ...]:
        found = [
            path
            for path, card in self._cards.items()
            if sentence.startswith(("Not decided yet: " + card.name, card.name))
        ]
        return max(found, key=len, default=())

    def _faults(self, faults: Mapping[tuple[int, ...], str]) -> None:
        for path, what in faults.items():
            if path in self._cards:
                self._cards[path].complain(what)
        self._decide.disabled = bool(faults)
        whole = faults.get(())
        word = "accepted" if self.verb == ACCEPT else "rejected"
        if not faults:
            shown: Node = [htpy.span(".enb-state.good")[f"✔ The Request can be {word} like this."]]
        elif whole:
            shown = [htpy.span(".enb-state.bad")["✘ "], text(whole)]
        else:
            shown = [htpy.span(".enb-state.warn")[f"? {len(faults)} item(s) still need something."]]
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
            self._outcome() if self.request.status not in _OPEN else None,
        ]

    def __str__(self) -> str:
        lines = [
            f"  {card.name}: {REJECT if self.verb == REJECT else card.choice or 'undecided'}"
            for card in self._cards.values()
        ]
        return "\n".join([f"Request {self.request.id}, {self.request.status}; to {self.verb}:", *lines])


class _Card:
    """One item: what is asked, accept or reject, and what accepting needs."""

    def __init__(self, form: DecisionForm, path: tuple[int, ...], item: RequestItem) -> None:
        self.item, self._path, self._form = item, path, form
        self.name = label(path, item)
        self._fault = ipywidgets.HTML()
        self._choice = ipywidgets.ToggleButtons(
            options=[("Accept", ACCEPT), ("Reject", REJECT)],
            value=ACCEPT if item.must_be_accepted else None,
            style={"button_width": "100px"},
        )
        self._set: dict[str, Any] | None = None
        self._inputs, self._read = _inputs_for(item, form, self._changed)
        self._reason = ipywidgets.Text(description="Message", placeholder="why not; may be empty", **wide())
        self._reason.observe(lambda _: self._changed(), "value")
        self._choice.observe(lambda _: self._changed(), "value")
        required = htpy.span(".enb-state.warn")["* required"] if item.must_be_accepted else "optional"
        self.widget = ipywidgets.VBox(
            [
                note([htpy.p[htpy.b[text(self.name)], " ", required], _asked(item)]),
                self._choice,
                *self._inputs,
                self._reason,
                self._fault,
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
                inputs = self._read() if self._set is None else self._set
            except ValidationError as error:
                raise DecisionError(f"{self.name}: {explain(error)}") from None
            decision.accept(self._path, **inputs)
        elif self.choice == REJECT:
            decision.reject(self._path, **(self._set or {"message": self._reason.value or None}))

    def complain(self, what: str) -> None:
        """Show what is wrong."""
        self._fault.value = page(htpy.p(role="alert")[htpy.span(".enb-state.bad")["✘ "], text(what)]) if what else ""

    def enable(self, on: bool) -> None:
        """Let the item be decided, or only be looked at."""
        self._choice.disabled = not on
        self._show()

    def _changed(self) -> None:
        self._set = None
        self._show()
        self._form.attempt(self._form.check)

    def _show(self) -> None:
        is_open = not self._choice.disabled
        for each in self._inputs:
            each.layout.display = "" if is_open and self.choice == ACCEPT and self._set is None else "none"
        self._reason.layout.display = "" if is_open and self.choice == REJECT else "none"


def _asked(item: RequestItem) -> Node:
    """What an item asks, for people."""
    shown = {
        key: value
        for key, value in item.model_dump().items()
        if key not in ("@type", "mustBeAccepted", "title", "consent", "metadata", "settings")
    }
    return shown and folded("what is asked", shown_json(shown))


def _inputs_for(
    item: RequestItem, form: DecisionForm, changed: Callable[[], None]
) -> tuple[list[Any], Callable[[], dict[str, Any]]]:
    """Return the controls for what accepting an item needs, and how to read them."""
    match item:
        case FormFieldRequestItem():
            field = _field_for(item.settings)
            field.observe(lambda _: changed(), "value")
            return [field], lambda: {"response": _response(item.settings, field.value)}
        case DeleteAttributeRequestItem():
            first = iso(datetime.now(UTC) + timedelta(days=30))
            date = ipywidgets.Text(value=first, description="Delete on *", continuous_update=False, **wide())
            date.observe(lambda _: changed(), "value")
            return [date], lambda: {"deletion_date": date.value}
        case ReadAttributeRequestItem():
            return _reading(item, form, changed)
        case ProposeAttributeRequestItem():
            return _correcting(item, form, changed)
        case _:
            return [], dict


def _field_for(settings: Any) -> Any:
    match settings:
        case BooleanFormFieldSettings():
            options = [("choose …", None), ("Yes", True), ("No", False)]
            return ipywidgets.Dropdown(options=options, description="Answer *", **wide())
        case RatingFormFieldSettings(max_rating=most):
            ratings = [("choose …", None), *((str(each), each) for each in range(1, most + 1))]
            return ipywidgets.Dropdown(options=ratings, description="Rating *", **wide())
        case SelectionFormFieldSettings(options=options, allow_multiple_selection=True):
            return ipywidgets.SelectMultiple(
                options=options, description="Answer *", rows=min(6, len(options)), **wide()
            )
        case SelectionFormFieldSettings(options=options):
            choices = [("choose …", None), *((each, each) for each in options)]
            return ipywidgets.Dropdown(options=choices, description="Answer *", **wide())
        case StringFormFieldSettings(allow_newlines=True):
            return ipywidgets.Textarea(description="Answer *", continuous_update=False, **wide())
        case _:
            hints = {"DateFormFieldSettings": "2030-01-31", "IntegerFormFieldSettings": "a whole number"}
            hint = hints.get(settings.type_name, "a number" if isinstance(settings, DoubleFormFieldSettings) else "")
            return ipywidgets.Text(description="Answer *", placeholder=hint, continuous_update=False, **wide())


def _response(settings: Any, value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(settings, IntegerFormFieldSettings | DoubleFormFieldSettings) and isinstance(value, str):
        for reader in (int, float):
            try:
                return reader(value)
            except ValueError:
                continue
    return value


def _reading(
    item: ReadAttributeRequestItem, form: DecisionForm, changed: Callable[[], None]
) -> tuple[list[Any], Callable[[], dict[str, Any]]]:
    model = value_model(value_type_of(item.query))
    third_party = isinstance(item.query, ThirdPartyRelationshipAttributeQuery)
    if third_party or model is None:
        entry = ipywidgets.Text(description="Attribute id *", placeholder="ATT…", continuous_update=False, **wide())
        entry.observe(lambda _: changed(), "value")
        return [entry], lambda: {"existing_attribute_id": entry.value} if entry.value else {}
    own = form.own_attributes(model.__name__) if item.query.type_name != "RelationshipAttributeQuery" else {}
    source = ipywidgets.Dropdown(
        options=[("a new one", ""), *own.items()],
        value=next(iter(own.values()), ""),
        description="Answer with",
        **wide(),
    )
    value = ModelForm(model, first_value(item.query), changed, frozenset({"value_hints_override"}))
    box = ipywidgets.VBox([value])

    def show(_: object = None) -> None:
        box.children = [] if source.value else [value]

    source.observe(show, "value")
    source.observe(lambda _: changed(), "value")
    show()

    def read() -> dict[str, Any]:
        if source.value:
            return {"existing_attribute_id": source.value}
        return {"new_attribute": new_attribute(item.query, form.own_address, value.value)}

    return [source, box], read


def _correcting(
    item: ProposeAttributeRequestItem, form: DecisionForm, changed: Callable[[], None]
) -> tuple[list[Any], Callable[[], dict[str, Any]]]:
    proposed = getattr(item.attribute, "value", None)
    model = value_model(proposed.type_name) if proposed else None
    if proposed is None or model is None:
        return [], dict
    given = {key: each for key, each in proposed.model_dump().items() if key != "@type"}
    value = ModelForm(model, given, changed, frozenset({"value_hints_override"}))

    def read() -> dict[str, Any]:
        written = item.attribute.model_dump()
        written["value"] = {"@type": model.__name__, **value.value}
        written["owner"] = form.own_address
        return {"attribute": type(item.attribute).model_validate(written)}

    return [note(htpy.p(".enb-muted")["Proposed; you may correct it."]), value], read
