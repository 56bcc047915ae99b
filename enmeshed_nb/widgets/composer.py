"""Compose a Request: its items and groups, checked by the Connector after every change."""

from collections.abc import Callable
from typing import Any

import htpy
import ipywidgets
from htpy import Node
from pydantic import ValidationError

from enmeshed_nb.connector import Connector
from enmeshed_nb.content import Request, RequestItemGroup
from enmeshed_nb.guide import explain
from enmeshed_nb.guide.choices import deletable_attributes, shareable_attributes, transferable_files
from enmeshed_nb.guide.draft import GROUP, KINDS, Fault, Json, RequestDraft
from enmeshed_nb.widgets.form import ModelForm
from enmeshed_nb.widgets.panel import Panel, button, note, wide
from enmeshed_nb.widgets.peers import PeerChooser
from enmeshed_nb.widgets.view import copyable, folded, page, rows, text

_NAMES = {kind: kind.removesuffix("RequestItem") for kind in KINDS}
_WITHOUT_CONTROL = frozenset({"items", "metadata", "third_party_address", "initial_attribute_peer"})
_COPIES = ("JSON", "Python", "curl", "TypeScript")


class RequestComposer(Panel):
    """A Request in the making.

    Args:
        connector: whose Request; it checks it after every change.
        peer: the address of who it is for, or the `PeerChooser` where that is chosen.
        request: to begin with; else there is no item yet.

    Attributes:
        draft: the Request as it is now.
        faults: what was wrong with it at the last check.
    """

    def __init__(
        self, connector: Connector, peer: PeerChooser | str | None = None, request: Request | Json | None = None
    ) -> None:
        self.connector, self._peer = connector, peer
        self.draft = RequestDraft(request)
        self.faults: list[Fault] = []
        self._cards: dict[int, _Card] = {}
        self._items = ipywidgets.VBox()
        self._state, self._copies = ipywidgets.HTML(), ipywidgets.HTML()
        self._header = ipywidgets.VBox()
        super().__init__()
        self._list_has_changed()
        self._new_header()
        self.children = [
            note(htpy.h4["Compose a Request"]),
            self._header,
            self._items,
            _adding(lambda kind: self.attempt(lambda: self.add(kind)), groups=True),
            self._state,
            self.trouble,
            self._copies,
        ]
        self.check()

    @property
    def peer(self) -> str | None:
        """The address of who the Request is for, None if nobody is chosen."""
        return self._peer.value if isinstance(self._peer, PeerChooser) else self._peer

    @property
    def request(self) -> Request:
        """The Request; setting it replaces all that is there.

        Raises:
            ValueError: it is faulty; says what is wrong, an item a line.
        """
        try:
            return self.draft.request()
        except ValidationError as error:
            raise ValueError(f"The Request is not ready to be sent:\n{explain(error)}") from None

    @request.setter
    def request(self, request: Request | Json) -> None:
        self.draft.take(request)
        self._new_header()
        self._list_has_changed()

    def add(self, kind: str, group: int | None = None) -> None:
        """Add an item of a kind such as "ConsentRequestItem", or a "RequestItemGroup"; it is opened.

        Args:
            kind: the `@type`.
            group: the place of the group to which it is added; else the Request itself.
        """
        node = self.draft.add(kind, group)
        self._list_has_changed(opened=node)

    def check(self) -> None:
        """Check the Request as it is now, and show what is wrong at the item where it is wrong."""
        self.faults = self.draft.check(self.connector, self.peer)
        for path, node in self.draft.nodes():
            self._cards[id(node)].show(path, [fault.what for fault in self.faults if fault.path == path])
        self._state.value = page(self._summary())
        self._copies.value = page(self._copied())

    def _new_header(self) -> None:
        skip = frozenset({"id", "items", "metadata"})
        form = ModelForm(Request, self.draft.json, lambda: self.attempt(changed), skip)

        def changed() -> None:
            for key in ("title", "description", "expiresAt"):
                self.draft.json.pop(key, None)
            self.draft.json |= form.value
            self.check()

        self._header.children = [form]

    def _list_has_changed(self, opened: Json | None = None) -> None:
        known = {}
        for path, node in self.draft.nodes():
            known[id(node)] = self._cards.get(id(node)) or _Card(self, node, path)
        self._cards = known
        for _, node in self.draft.nodes():
            if node.get("@type") == GROUP:
                self._cards[id(node)].inner.children = [self._cards[id(each)].widget for each in node["items"]]
        self._items.children = [self._cards[id(node)].widget for node in self.draft.json["items"]]
        if opened is not None:
            self._cards[id(opened)].open()
        self.check()

    def change(self, action: Callable[[], Json | None]) -> None:
        """Change the list of items; a node that *action* returns is opened."""
        self.attempt(lambda: self._list_has_changed(opened=action()))

    def path_of(self, node: Json) -> tuple[int, ...]:
        """Return where a node stands now."""
        return next(path for path, each in self.draft.nodes() if each is node)

    def _summary(self) -> Node:
        own = [fault for fault in self.faults if fault.path == ()]
        below = len({fault.path for fault in self.faults if fault.path})
        if not self.faults:
            with_peer = "" if self.peer else " (without a peer; choose one to check more)"
            return htpy.p(role="status")[htpy.span(".enb-state.good")["✔ The Request is valid"], with_peer, "."]
        return htpy.div(role="status")[
            [htpy.p[htpy.span(".enb-state.bad")["✘ "], text(fault.what)] for fault in own],
            below and htpy.p[htpy.span(".enb-state.bad")["✘ "], f"{below} item(s) have a fault: see there."],
        ]

    def _copied(self) -> Node:
        url, peer = self.connector.url, self.peer or "<address of the peer>"
        texts = (
            self.draft.as_json(),
            self.draft.as_python(),
            self.draft.as_curl(url, peer),
            self.draft.as_typescript(url, peer),
        )
        return [folded(f"as {name}", copyable(written)) for name, written in zip(_COPIES, texts, strict=True)]

    def static(self) -> Node:
        """Return the items and what is wrong with them."""
        body: list[tuple[Node, ...]] = []
        for path, node in self.draft.nodes():
            wrong = [htpy.div[text(fault.what)] for fault in self.faults if fault.path == path]
            body.append((_place(path), text(_title(node)), _required(node), wrong or "✔"))
        return htpy.div(".enb-card")[
            htpy.h4["Request", text(f": {self.draft.json['title']}") if self.draft.json.get("title") else ""],
            body and rows(("item", "what", "required", "checked"), body),
            self._summary(),
            self._copied(),
        ]

    def __str__(self) -> str:
        lines = [f"  {_place(path)} {_title(node)}" for path, node in self.draft.nodes()]
        lines += [f"  ✘ {_place(fault.path)} {fault.what}" for fault in self.faults]
        return "\n".join(["A Request with faults:" if self.faults else "A valid Request:", *lines])


class _Card:
    """One item or group: a line that opens to a form."""

    def __init__(self, composer: RequestComposer, node: Json, path: tuple[int, ...]) -> None:
        self._composer, self._node = composer, node
        self._is_group = node.get("@type") == GROUP
        self._is_open = False
        self._line = ipywidgets.Button(
            layout=ipywidgets.Layout(flex="1 1 160px", width="auto", min_width="0"), tooltip="Edit or fold"
        )
        self._line.add_class("enb-line")
        self._line.on_click(lambda _: composer.attempt(self.toggle))
        self._fault = ipywidgets.HTML()
        self._body = ipywidgets.VBox(layout=ipywidgets.Layout(padding="0 0 6px 6px"))
        self.inner = ipywidgets.VBox(layout=ipywidgets.Layout(margin="0 0 0 18px"))
        draft = composer.draft
        tools = [
            button("", self._act(lambda: draft.move(self._path(), -1)), tooltip="Move up", icon="arrow-up"),
            button("", self._act(lambda: draft.move(self._path(), 1)), tooltip="Move down", icon="arrow-down"),
            button("", self._act(lambda: draft.duplicate(self._path())), tooltip="Duplicate", icon="copy"),
            button("", self._act(lambda: draft.remove(self._path())), tooltip="Remove", icon="trash"),
        ]
        children: list[Any] = [ipywidgets.HBox([self._line, *tools]), self._fault, self._body]
        if self._is_group:
            children += [self.inner, _adding(self._add, groups=False)]
        self.widget = ipywidgets.VBox(
            children,
            layout=ipywidgets.Layout(border="1px solid var(--jp-border-color2)", margin="2px 0", padding="2px"),
        )
        self.show(path, [])

    def _path(self) -> tuple[int, ...]:
        return self._composer.path_of(self._node)

    def _act(self, action: Callable[[], Any]) -> Callable[[], None]:
        def act() -> Json | None:
            made = action()
            return made if isinstance(made, dict) and made.get("@type") == GROUP else None

        return lambda: self._composer.change(act)

    def _add(self, kind: str) -> None:
        self._composer.attempt(lambda: self._composer.add(kind, self._path()[0]))

    def show(self, path: tuple[int, ...], faults: list[str]) -> None:
        """Show the item's name and what is wrong with it."""
        required = " *" if self._node.get("mustBeAccepted") else ""
        self._line.description = f"{'▾' if self._is_open else '▸'} {_place(path)} {_title(self._node)}{required}"
        self._line.icon = "times-circle" if faults else "check-circle"
        self._fault.value = (
            page([htpy.p(role="alert")[htpy.span(".enb-state.bad")["✘ "], text(each)] for each in faults])
            if faults
            else ""
        )

    def toggle(self) -> None:
        """Open the form, or fold it."""
        if self._is_open:
            self._is_open = False
            self._body.children = []
            self._composer.check()
        else:
            self.open()

    def open(self) -> None:
        """Open the form."""
        self._is_open = True
        kind = self._node.get("@type", "")
        model = RequestItemGroup if self._is_group else KINDS.get(str(kind))
        if model is None:
            self._body.children = [note(htpy.p[f"There is no form for a {text(kind)}."])]
            return
        skip = _WITHOUT_CONTROL | ({"attribute"} if kind == "ShareAttributeRequestItem" else set())
        form = ModelForm(model, self._node, lambda: self._composer.attempt(changed), skip)

        def changed() -> None:
            items = {"items": self._node["items"]} if self._is_group else {}
            self._node.clear()
            self._node.update({"@type": kind} | form.value | items)
            self._composer.check()

        self._body.children = [*self._picker(), form]
        self._composer.check()

    def _picker(self) -> list[Any]:
        """What the Connector has that the item can be about."""
        connector, peer = self._composer.connector, self._composer.peer
        found: dict[str, Json] = {}
        what = "Attribute"
        match self._node.get("@type"):
            case "ShareAttributeRequestItem":
                found = {
                    name: {"attributeId": each.id, "attribute": each.content.model_dump()}
                    for name, each in shareable_attributes(connector).items()
                }
            case "DeleteAttributeRequestItem":
                shared = deletable_attributes(connector, peer) if peer else {}
                found = {name: {"attributeId": each.id} for name, each in shared.items()}
            case "TransferFileOwnershipRequestItem":
                what = "File"
                found = {
                    name: {"fileReference": each.reference.truncated, "ownershipToken": each.ownership_token}
                    for name, each in transferable_files(connector).items()
                }
            case _:
                return []
        if not found:
            return [note(htpy.p(".enb-muted")[f"The {text(connector.name)} has no {what} for this yet."])]
        choice = ipywidgets.Dropdown(
            options=[("choose …", ""), *((name, name) for name in found)],
            description=what,
            **wide(),
        )

        def chosen(change: Any) -> None:
            if change["new"]:
                self._node.update(found[change["new"]])
                self.open()

        choice.observe(lambda change: self._composer.attempt(lambda: chosen(change)), "value")
        return [choice]


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


def _place(path: tuple[int, ...]) -> str:
    return ".".join(str(index + 1) for index in path)


def _required(node: Json) -> str:
    return "yes" if node.get("mustBeAccepted") else "no"


def _title(node: Json) -> str:
    kind = "Group" if node.get("@type") == GROUP else _NAMES.get(str(node.get("@type")), str(node.get("@type")))
    words = node.get("title") or node.get("consent") or node.get("description") or ""
    return text(f"{kind} {str(words)[:60]}".strip())
