"""A Request in the making: JSON that may still be wrong, changed step by step, checked as it is."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from enmeshed_nb.connector import Connector, ConnectorError, LocalRequest, curl
from enmeshed_nb.content import ItemPath, Request, RequestItem, RequestItemGroup
from enmeshed_nb.guide.explanations import Problem, problems
from enmeshed_nb.guide.program import program
from enmeshed_nb.guide.text import json_text

Json = dict[str, Any]
GROUP = "RequestItemGroup"

_NAME = {"@type": "IdentityAttribute", "owner": "", "value": {"@type": "DisplayName", "value": "A new name"}}
_NAME_QUERY = {"@type": "IdentityAttributeQuery", "valueType": "DisplayName"}
NEW: dict[str, Json] = {
    "AuthenticationRequestItem": {"title": "Please confirm that it is you."},
    "ConsentRequestItem": {"consent": "I agree to the terms."},
    "CreateAttributeRequestItem": {"attribute": _NAME},
    "DeleteAttributeRequestItem": {"attributeId": ""},
    "FormFieldRequestItem": {"title": "Your answer", "settings": {"@type": "StringFormFieldSettings"}},
    "ProposeAttributeRequestItem": {"attribute": _NAME, "query": _NAME_QUERY},
    "ReadAttributeRequestItem": {"query": _NAME_QUERY},
    "ShareAttributeRequestItem": {"attributeId": "", "attribute": {"@type": "IdentityAttribute"}},
    "ShareAuthorizationRequestRequestItem": {"authorizationRequestUrl": ""},
    "ShareCredentialOfferRequestItem": {"credentialOfferUrl": ""},
    "TransferFileOwnershipRequestItem": {"fileReference": "", "ownershipToken": ""},
}
"""What a new item of each kind begins with."""
TO_CHOOSE = {
    "DeleteAttributeRequestItem": ("attributeId", "Attribute"),
    "ShareAttributeRequestItem": ("attributeId", "Attribute"),
    "TransferFileOwnershipRequestItem": ("fileReference", "File"),
}
"""The kinds of items that are about something of the Connector's own: the property that says what, and its word."""
KINDS: dict[str, type[RequestItem]] = {
    kind.__name__: kind for kind in RequestItem._types() if issubclass(kind, RequestItem)
}
"""The kinds of RequestItems by their `@type`."""


class DraftNode:
    """An item of a draft, or a group of items. Two nodes are two, even with the same JSON.

    Attributes:
        properties: its JSON, without the items of a group; may be wrong in any way.
        items: the items of a group; None for an item.
    """

    def __init__(self, written: Json, *, may_be_group: bool = True) -> None:
        self.properties = written
        self.items: list[DraftNode] | None = None
        if may_be_group and self.kind == GROUP:
            self.items = [DraftNode(item, may_be_group=False) for item in self.properties.pop("items", [])]

    @property
    def kind(self) -> str:
        """Its `@type`."""
        return str(self.properties.get("@type", ""))

    @property
    def item(self) -> RequestItem | RequestItemGroup:
        """What it is as far as it can be read, to be named; whatever is wrong with it, this says nothing of it."""
        family = RequestItem if self.items is None else RequestItemGroup
        try:
            return family.from_api(self.json)
        except ValidationError:
            return RequestItem.from_api({"@type": self.kind, "mustBeAccepted": False})

    @property
    def json(self) -> Json:
        """Its JSON, with the items of a group."""
        return (
            self.properties if self.items is None else {**self.properties, "items": [each.json for each in self.items]}
        )


class RequestDraft:
    """A Request in the making.

    Attributes:
        properties: the Request's own JSON, without its items; may be wrong in any way.
        items: its items and groups.
    """

    def __init__(self, request: Request | LocalRequest | Json | None = None) -> None:
        """Begin with *request*, or with no item."""
        self.properties: Json = {"@type": "Request"}
        self.items: list[DraftNode] = []
        self._removed: tuple[list[DraftNode], int, DraftNode] | None = None
        self._replaced: Json | None = None
        if request is not None:
            self.take(request)

    def take(self, request: Request | LocalRequest | Json) -> None:
        """Take over a whole Request; its id is left out, a new one will be given to it."""
        content = request.content if isinstance(request, LocalRequest) else request
        written = copy.deepcopy(content if isinstance(content, dict) else content.model_dump())
        written.pop("id", None)
        self.items = [DraftNode(node) for node in written.pop("items", [])]
        self.properties = {"@type": "Request", **written}
        self._removed = self._replaced = None

    def replace(self, request: Request | LocalRequest | Json) -> None:
        """Take over a whole Request; `put_back` brings back what was there."""
        before = copy.deepcopy(self.json) if self.items else None
        self.take(request)
        self._replaced = before

    @property
    def json(self) -> Json:
        """The Request as JSON, as it is now."""
        return {**self.properties, "items": [node.json for node in self.items]}

    def nodes(self) -> Iterator[tuple[ItemPath, DraftNode]]:
        """Yield each item and each group with its place."""
        for index, node in enumerate(self.items):
            yield (index,), node
            for inner, item in enumerate(node.items or []):
                yield (index, inner), item

    def path_of(self, node: DraftNode) -> ItemPath:
        """Return where an item or a group stands now."""
        return next(path for path, each in self.nodes() if each is node)

    def add(self, kind: str, group: int | None = None) -> DraftNode:
        """Add a new item (or, by the kind `RequestItemGroup`, a group) at the end of the Request or of a group.

        Raises:
            KeyError: there is no such kind.
            IndexError: there is no such group.
        """
        if kind == GROUP:
            node, siblings = DraftNode({"@type": GROUP}), self.items
        else:
            node = DraftNode({"@type": kind, "mustBeAccepted": True, **copy.deepcopy(NEW[kind])})
            siblings = self.items if group is None else self._items_of(group)
        siblings.append(node)
        return node

    def remove(self, node: DraftNode) -> None:
        """Remove an item or a group; `put_back` undoes that."""
        siblings = self._siblings(node)
        self._removed = siblings, siblings.index(node), node
        siblings.remove(node)

    @property
    def removed(self) -> DraftNode | None:
        """What was removed last and can be put back."""
        return self._removed[2] if self._removed else None

    @property
    def is_replaced(self) -> bool:
        """Whether another Request was here before, which can be put back."""
        return self._replaced is not None

    def put_back(self) -> DraftNode | None:
        """Put back what was removed last, to where it stood, and return it; else the Request that was replaced.

        Raises:
            ValueError: nothing was removed or replaced.
        """
        if not self._removed and self._replaced is not None:
            self.replace(self._replaced)
            return None
        if not self._removed:
            raise ValueError("Nothing was removed.")
        siblings, index, node = self._removed
        siblings.insert(index, node)
        self._removed = None
        return node

    def duplicate(self, node: DraftNode) -> DraftNode:
        """Put a copy behind an item or a group, and return it."""
        siblings, made = self._siblings(node), copy.deepcopy(node)
        siblings.insert(siblings.index(node) + 1, made)
        return made

    def move(self, node: DraftNode, by: int) -> None:
        """Move an item or a group among its neighbours; at the end nothing happens."""
        siblings = self._siblings(node)
        to = min(max(siblings.index(node) + by, 0), len(siblings) - 1)
        siblings.remove(node)
        siblings.insert(to, node)

    def _siblings(self, node: DraftNode) -> list[DraftNode]:
        *outer, _ = self.path_of(node)
        return self._items_of(outer[0]) if outer else self.items

    def _items_of(self, group: int) -> list[DraftNode]:
        items = self.items[group].items
        if items is None:
            raise IndexError(f"There is no group at {group}.")
        return items

    def request(self) -> Request:
        """Return the Request.

        Raises:
            pydantic.ValidationError: something is wrong with it.
        """
        return Request.model_validate(self.json)

    def problems(self) -> list[Problem]:
        """Return what is certainly wrong, without asking a Connector."""
        if not self.items:
            return [Problem((), "A Request needs at least one item.")]
        to_choose = {
            path: Problem(path, f"Choose the {what} first.")
            for path, node in self.nodes()
            for key, what in [TO_CHOOSE.get(node.kind, ("", ""))]
            if key and not node.properties.get(key)
        }
        try:
            self.request()
        except ValidationError as error:
            return [*to_choose.values(), *(each for each in problems(error) if each.path not in to_choose)]
        return [*to_choose.values()]

    def check(self, connector: Connector, peer: str | None) -> list[Problem]:
        """Return what is wrong: what `problems` finds, else what the Connector does.

        `POST /Requests/Outgoing/Validate`. That a Connector cannot be asked is a problem, too.
        """
        if found := self.problems():
            return found
        try:
            return problems(connector.requests.outgoing.validate(self.json, peer))
        except ConnectorError as error:
            return problems(error)

    faults = problems
    """Deprecated: `problems`."""

    def as_json(self) -> str:
        """Return the Request as JSON."""
        return json_text(self.json)

    def as_python(self, url: str, peer: str) -> str:
        """Return the Python program that creates the Request; `$API_KEY` holds the key."""
        return program(self.json, url, peer)

    def as_curl(self, url: str, peer: str) -> str:
        """Return the curl command that creates the Request; `$API_KEY` holds the key."""
        body = {"content": self.json, "peer": peer}
        return curl("POST", f"{url}/api/core/v1/Requests/Outgoing", body=body, lines=True) + "\n"

    def as_typescript(self, url: str, peer: str) -> str:
        """Return code for the TypeScript SDK of the Connector that creates the Request."""
        body = json.dumps({"content": self.json, "peer": peer}, indent=2, ensure_ascii=False)
        return (
            'import { ConnectorClient } from "@nmshd/connector-sdk";\n\n'
            f"const client = ConnectorClient.create({{ baseUrl: {json.dumps(url)}, apiKey: process.env.API_KEY }});\n"
            f"const created = await client.outgoingRequests.createRequest({body});\n"
        )


Fault = Problem
"""Deprecated: `enmeshed_nb.guide.Problem`."""
