"""Compose a Request: its items and groups, checked by the Connector after every change."""

from collections.abc import Callable
from functools import partial
from typing import Any

import htpy
import ipywidgets
from htpy import Node
from pydantic import ValidationError

from enmeshed_nb.connector import Connector, ConnectorError, File
from enmeshed_nb.content import ItemPath, Request, RequestItemGroup
from enmeshed_nb.content.rules import counted
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide import Problem, explain
from enmeshed_nb.guide.choices import choices_for
from enmeshed_nb.guide.draft import GROUP, KINDS, TO_CHOOSE, DraftNode, Json, RequestDraft
from enmeshed_nb.guide.examples import EXAMPLES, Example, request_of
from enmeshed_nb.guide.naming import kind_of, name_of, words_of
from enmeshed_nb.widgets.form import ModelForm
from enmeshed_nb.widgets.panel import Alert, Panel, button, file_upload, note, wide
from enmeshed_nb.widgets.peers import PeerChooser
from enmeshed_nb.widgets.view import alert, copyable, folded, mark, named, page, rows, text, wrong

_NAMES = {kind: kind.removesuffix("RequestItem") for kind in KINDS}
_WITHOUT_CONTROL = frozenset({"items", "metadata", "third_party_address", "initial_attribute_peer"})
_COPIES = {"JSON": "json", "Python": "python", "curl": "bash", "TypeScript": "typescript"}
"""What a Request can be copied as, and how pygments calls that."""
_PASTED = "pasted JSON"


class RequestComposer(Panel):
    """A Request in the making.

    Args:
        connector: whose Request; it checks it after every change.
        peer: the address of who it is for, or the `PeerChooser` where that is chosen; another choice there counts.
        request: to begin with; else there is no item yet.

    Attributes:
        connector: whose Request.
        draft: the Request as it is now.
        problems: what was wrong with it at the last check.
    """

    def __init__(
        self, connector: Connector, peer: PeerChooser | str | None = None, request: Request | Json | None = None
    ) -> None:
        self.connector, self._peer = connector, peer
        self.draft = RequestDraft(request)
        self.problems: list[Problem] = []
        self._cards: dict[DraftNode, _Card] = {}
        self._items = ipywidgets.VBox()
        self._state, self._copies = ipywidgets.HTML(), ipywidgets.HTML()
        self._header = ipywidgets.VBox()
        self._form: ModelForm | None = None
        self._undo = button("Undo", lambda: self.attempt(self._put_back), icon="undo")
        super().__init__()
        self.children = [
            note(htpy.h4["Compose a Request"]),
            _Beginning(self),
            self._header,
            self._items,
            _adding(lambda kind: self.attempt(lambda: self.add(kind)), groups=True),
            self._undo,
            self._state,
            self.problem,
            self._copies,
        ]
        with self.one_change():
            self._show_header()
            self._show_items()
        if isinstance(peer, PeerChooser):
            peer.follow(lambda: self.attempt(self._peer_has_changed))

    @property
    def peer(self) -> str | None:
        """The address of who the Request is for, None if nobody is chosen."""
        return self._peer.value if isinstance(self._peer, PeerChooser) else self._peer

    @property
    def faults(self) -> list[Problem]:
        """Deprecated: `problems`."""
        return self.problems

    @property
    def request(self) -> Request:
        """The Request; setting it replaces all that is there.

        Raises:
            ValueError: it is not ready to be sent; says what is wrong, a line per problem.
        """
        try:
            return self.draft.request()
        except ValidationError as error:
            raise ValueError(f"The Request is not ready to be sent:\n{explain(error)}") from None

    @request.setter
    def request(self, request: Request | Json) -> None:
        with self.one_change():
            self.draft.take(request)
            self._show_header()
            self._show_items()

    def start_from(self, request: Request | Json) -> None:
        """Replace all that is there by a Request to start from; *Undo* brings back what was there."""
        with self.one_change():
            self.draft.replace(request)
            self._show_header()
            self._show_items()

    def _put_back(self) -> None:
        with self.one_change():
            self.draft.put_back()
            self._show_header()
            self._show_items()

    def add(self, kind: str, group: int | None = None) -> None:
        """Add an item of a kind such as "ConsentRequestItem", or a "RequestItemGroup"; it is opened.

        Args:
            kind: the `@type`.
            group: the place of the group to which it is added; else the Request itself.
        """
        self.change(lambda: self.draft.add(kind, group), opened=True)

    def change(self, action: Callable[[], DraftNode | None], *, opened: bool = False) -> None:
        """Change the list of items; with *opened*, the item that *action* returns is opened."""
        with self.one_change():
            node = action()
            self._show_items()
            if node and opened:
                self._cards[node].open()

    def after_change(self) -> None:
        """Check the Request."""
        self.check()

    def check(self) -> None:
        """Check the Request as it is now, and show what is wrong at the item where it is wrong."""
        self.problems = self.draft.check(self.connector, self.peer)
        if self._form:
            self._form.show((each.field, each.said) for each in self.problems if each.path == () and each.field)
        for path, node in self.draft.nodes():
            self._cards[node].show(path, [each for each in self.problems if each.path == path])
        removed = self.draft.removed
        self._undo.layout.display = "" if removed or self.draft.is_replaced else "none"
        self._undo.description = f"Undo: put “{_title(removed)}” back" if removed else "Undo: the Request before"
        self._state.value = page(self._summary())
        self._copies.value = page(self._copied())

    def _peer_has_changed(self) -> None:
        with self.one_change():
            for card in self._cards.values():
                card.offer_again()

    def _show_header(self) -> None:
        def changed() -> None:
            self.draft.properties = form.value
            self.changed()

        self._form = form = ModelForm(Request, self.draft.properties, changed, frozenset({"id", "items", "metadata"}))
        self._header.children = [form]

    def _show_items(self) -> None:
        self._cards = {node: self._cards.get(node) or _Card(self, node, path) for path, node in self.draft.nodes()}
        for node in self.draft.items:
            self._cards[node].inner.children = [self._cards[each].widget for each in node.items or []]
        self._items.children = [self._cards[node].widget for node in self.draft.items]

    def _summary(self) -> Node:
        own = [each for each in self.problems if each.path == ()]
        below = len({each.path for each in self.problems if each.path})
        if not self.problems:
            chosen = self._peer.peer if isinstance(self._peer, PeerChooser) else None
            with_peer = "" if self.peer else " (without a peer; choose one to check more)"
            with_peer = text(f" for {chosen.name}") if chosen and chosen.name else with_peer
            return htpy.p(role="status")[mark("good", "✔ The Request is valid"), with_peer, "."]
        return htpy.div(role="status")[
            [htpy.p[wrong(_whole(each))] for each in own],
            htpy.p[wrong(f"{counted(below, 'item has', 'items have')} a problem: see there.")] if below else None,
        ]

    def _copied(self) -> Node:
        url, peer = self.connector.url, self.peer or "<address of the peer>"
        texts = (
            self.draft.as_json(),
            self.draft.as_python(url, peer),
            self.draft.as_curl(url, peer),
            self.draft.as_typescript(url, peer),
        )
        return [
            folded(f"as {name}", copyable(written, language))
            for (name, language), written in zip(_COPIES.items(), texts, strict=True)
        ]

    def static(self) -> Node:
        """Return the items and what is wrong with them."""
        title = self.draft.properties.get("title")
        body: list[tuple[Node, ...]] = []
        for path, node in self.draft.nodes():
            found = [htpy.div[text(_whole(each))] for each in self.problems if each.path == path]
            body.append((_place(path), named(_title(node), kind_of(node.item)), _required(node), found or "✔"))
        return htpy.div(".enb-card")[
            htpy.h4["Request", text(f": {title}") if title else ""],
            body and rows(("item", "what", "required", "checked"), body),
            self._summary(),
            self._copied(),
        ]

    def __str__(self) -> str:
        lines = [f"  {_place(path)} {_line(node)}" for path, node in self.draft.nodes()]
        lines += [f"  ✘ {' '.join(filter(None, (_place(each.path), _whole(each))))}" for each in self.problems]
        return text("\n".join(["A Request with problems:" if self.problems else "A valid Request:", *lines]))


class _Beginning(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """What a Request can start from: an example, or JSON that the reader has."""

    def __init__(self, composer: RequestComposer) -> None:
        self._composer = composer
        self._choice = ipywidgets.Dropdown(
            options=[("choose …", ""), *((each.name, each) for each in EXAMPLES), (_PASTED, _PASTED)],
            description="Start from",
            style={"description_width": "initial"},
            layout=ipywidgets.Layout(width="300px"),
            tooltip="An example, or a Request that you have as JSON",
        )
        self._about, self._problem = note(None), Alert()
        self._text = ipywidgets.Textarea(
            description="JSON",
            rows=6,
            placeholder='{"items": [ … ]}',
            tooltip="The JSON of a Request",
            **wide(),
        )
        self._take = button("Start from it", lambda: composer.attempt(self._start))
        self._choice.observe(lambda _: self._show(), "value")
        row = ipywidgets.HBox([self._choice, self._take], layout=ipywidgets.Layout(flex_flow="row wrap"))
        super().__init__([row, self._about, self._text, self._problem])
        self._show()

    def _show(self) -> None:
        chosen = self._choice.value
        self._problem.show()
        self._take.disabled = chosen == ""
        self._text.layout.display = "" if chosen == _PASTED else "none"
        about = chosen.about if isinstance(chosen, Example) else "A Request, or a call or an answer that holds one."
        self._about.value = page(htpy.p(".enb-muted")[about]) if chosen else ""

    def _start(self) -> None:
        chosen = self._choice.value
        self._problem.show()
        try:
            if isinstance(chosen, Example):
                request = chosen.for_peer(self._composer.connector, self._composer.peer)
            else:
                request = request_of(self._text.value)
            self._composer.start_from(request)
        except UserError as error:
            self._problem.show(*explain(error).split("\n"))


class _Card:
    """One item or group: a line that opens to a form."""

    def __init__(self, composer: RequestComposer, node: DraftNode, path: ItemPath) -> None:
        self._composer, self._node, self._path = composer, node, path
        self._upload = partial(file_upload, composer.connector, composer.attempt)
        self._form: ModelForm | None = None
        self._line = ipywidgets.Button(
            layout=ipywidgets.Layout(flex="1 1 160px", width="auto", min_width="0"), tooltip="Edit or fold"
        )
        self._line.add_class("enb-line")
        self._line.on_click(lambda _: composer.attempt(self.toggle))
        self._problem = Alert()
        self._body = ipywidgets.VBox(layout=ipywidgets.Layout(padding="0 0 6px 6px"))
        self.inner = ipywidgets.VBox(layout=ipywidgets.Layout(margin="0 0 0 18px"))
        draft = composer.draft
        tools = [
            button("", self._act(lambda: draft.move(node, -1)), tooltip="Move up", icon="arrow-up"),
            button("", self._act(lambda: draft.move(node, 1)), tooltip="Move down", icon="arrow-down"),
            button("", self._act(lambda: draft.duplicate(node)), tooltip="Duplicate", icon="copy"),
            button("", self._act(lambda: draft.remove(node)), tooltip="Remove", icon="trash"),
        ]
        children: list[Any] = [ipywidgets.HBox([self._line, *tools]), self._problem, self._body]
        if node.items is not None:
            children += [self.inner, _adding(self._add, groups=False)]
        self.widget = ipywidgets.VBox(
            children,
            layout=ipywidgets.Layout(border="1px solid var(--jp-border-color2)", margin="2px 0", padding="2px"),
        )
        self.show(path, [])

    def _act(self, action: Callable[[], DraftNode | None]) -> Callable[[], None]:
        return lambda: self._composer.attempt(lambda: self._composer.change(action))

    def _add(self, kind: str) -> None:
        (place,) = self._composer.draft.path_of(self._node)
        self._composer.attempt(lambda: self._composer.add(kind, place))

    def show(self, path: ItemPath, problems: list[Problem]) -> None:
        """Show where the item stands and what is wrong with it."""
        self._path = path
        self._line.icon = "times-circle" if problems else "check-circle"
        if self._form:
            self._problem.show(*self._form.show((each.field, each.said) for each in problems))
        else:
            self._problem.show(*map(_whole, problems))
        self._show_line()

    def _show_line(self) -> None:
        required = " *" if self._node.properties.get("mustBeAccepted") else ""
        self._line.description = (
            f"{'▾' if self._body.children else '▸'} {_place(self._path)} {_line(self._node)}{required}"
        )

    def toggle(self) -> None:
        """Open the form, or fold it."""
        if self._body.children:
            self._form, self._body.children = None, []
        else:
            self.open()
        self._show_line()

    def open(self) -> None:
        """Open the form."""
        kind = self._node.kind
        model = RequestItemGroup if self._node.items is not None else KINDS.get(kind)
        if model is None:
            self._body.children = [note(htpy.p[f"There is no form for a {text(kind)}."])]
            return

        def changed() -> None:
            self._node.properties = {"@type": kind} | form.value
            self._composer.changed()

        skip = _WITHOUT_CONTROL | ({"attribute"} if kind == "ShareAttributeRequestItem" else set())
        self._form = form = ModelForm(model, self._node.properties, changed, skip, self._upload)
        self.offer_again()

    def offer_again(self) -> None:
        """Ask the Connector anew what the item can be about, if the form is open."""
        if self._form:
            self._body.children = [*self._picker(), self._form]

    def _picker(self) -> list[Any]:
        """What the Connector has that the item can be about."""
        if self._node.kind not in TO_CHOOSE:
            return []
        connector, (_, what) = self._composer.connector, TO_CHOOSE[self._node.kind]
        try:
            found = choices_for(self._node.kind, connector, self._composer.peer)
        except ConnectorError as error:
            return [note(alert(explain(error)))]
        upload = [self._upload(self._hand_over)] if self._node.kind == "TransferFileOwnershipRequestItem" else []
        if not found:
            return [note(htpy.p(".enb-muted")[f"The {text(connector.name)} has no {what} for this yet."]), *upload]
        choice = ipywidgets.Dropdown(
            options=[("choose …", ""), *((name, name) for name in found)],
            description=what,
            **wide(),
        )

        def chosen(change: Any) -> None:
            if change["new"]:
                self._take(found[change["new"]])

        choice.observe(lambda change: self._composer.attempt(lambda: chosen(change)), "value")
        return [choice, *upload]

    def _hand_over(self, file: File) -> None:
        self._take({"fileReference": file.reference.truncated, "ownershipToken": file.ownership_token})

    def _take(self, properties: Json) -> None:
        self._node.properties |= properties
        self.open()
        self._composer.check()


def _adding(add: Callable[[str], None], *, groups: bool) -> Any:
    kind = ipywidgets.Dropdown(
        options=[(name, kind) for kind, name in _NAMES.items()],
        description="New item" if groups else "New in the group",
        style={"description_width": "initial"},
        layout=ipywidgets.Layout(width="300px"),
        tooltip="The kind of item to add",
    )
    tools = [kind, button("Add item", lambda: add(kind.value))]
    if groups:
        tools.append(button("Add group", lambda: add(GROUP)))
    return ipywidgets.HBox(tools, layout=ipywidgets.Layout(flex_flow="row wrap"))


def _place(path: ItemPath) -> str:
    return ".".join(str(index + 1) for index in path)


def _required(node: DraftNode) -> str:
    return "yes" if node.properties.get("mustBeAccepted") else "no"


def _title(node: DraftNode) -> str:
    return text(name_of(node.item))


def _line(node: DraftNode) -> str:
    """An item on a line: its kind and, if that says more, its name."""
    kind, name = kind_of(node.item), _title(node)
    return kind if name == kind else f"{kind} · {name}"


def _whole(problem: Problem) -> str:
    """A problem with the name of its property, to be read anywhere."""
    return f"{words_of(str(problem.field[-1]))}: {problem.said}" if problem.field else problem.what
