"""A Request in the making: JSON that may still be faulty, changed step by step, checked as it is."""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from pydantic import ValidationError

from enmeshed_nb.connector import Connector, ConnectorError, LocalRequest, curl, describe, without_frame
from enmeshed_nb.content import ItemPath, Request, RequestItem
from enmeshed_nb.guide.explanations import explain

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
_TO_CHOOSE = {
    "DeleteAttributeRequestItem": ("attributeId", "Attribute"),
    "ShareAttributeRequestItem": ("attributeId", "Attribute"),
    "TransferFileOwnershipRequestItem": ("fileReference", "File"),
}
KINDS: dict[str, type[RequestItem]] = {
    kind.__name__: kind for kind in RequestItem._types() if issubclass(kind, RequestItem)
}
"""The kinds of RequestItems by their `@type`."""


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a draft.

    Attributes:
        path: the item's place, `()` for the Request itself.
        what: what is wrong and what to do, a sentence; it may hold a peer's text.
    """

    path: ItemPath
    what: str


class RequestDraft:
    """A Request in the making.

    Attributes:
        json: the Request as JSON, as it is now; may be faulty.
    """

    def __init__(self, request: Request | LocalRequest | Json | None = None) -> None:
        """Begin with *request*, or with no item."""
        self.json: Json = {"@type": "Request", "items": []}
        if request is not None:
            self.take(request)

    def take(self, request: Request | LocalRequest | Json) -> None:
        """Take over a whole Request; its id is left out, a new one will be given to it."""
        content = request.content if isinstance(request, LocalRequest) else request
        written = copy.deepcopy(content if isinstance(content, dict) else content.model_dump())
        written.pop("id", None)
        self.json = {"@type": "Request", "items": [], **written}

    def nodes(self) -> Iterator[tuple[ItemPath, Json]]:
        """Yield each item and each group with its place."""
        for index, node in enumerate(self.json["items"]):
            yield (index,), node
            for inner, item in enumerate(node.get("items", []) if node.get("@type") == GROUP else []):
                yield (index, inner), item

    def add(self, kind: str, group: int | None = None) -> Json:
        """Add a new item (or, by the kind `RequestItemGroup`, a group) at the end of the Request or of a group.

        Raises:
            KeyError: there is no such kind.
            IndexError: there is no such group.
        """
        if kind == GROUP:
            node: Json = {"@type": GROUP, "items": []}
            self.json["items"].append(node)
            return node
        node = {"@type": kind, "mustBeAccepted": True, **copy.deepcopy(NEW[kind])}
        self._siblings((group, 0) if group is not None else (0,)).append(node)
        return node

    def remove(self, path: ItemPath) -> None:
        """Remove an item or a group."""
        del self._siblings(path)[path[-1]]

    def duplicate(self, path: ItemPath) -> Json:
        """Put a copy behind an item or a group, and return it."""
        siblings = self._siblings(path)
        siblings.insert(path[-1] + 1, copy.deepcopy(siblings[path[-1]]))
        return siblings[path[-1] + 1]

    def move(self, path: ItemPath, by: int) -> None:
        """Move an item or a group among its neighbours; at the end nothing happens."""
        siblings = self._siblings(path)
        to = min(max(path[-1] + by, 0), len(siblings) - 1)
        siblings.insert(to, siblings.pop(path[-1]))

    def _siblings(self, path: ItemPath) -> list[Json]:
        items: list[Json] = self.json["items"]
        if len(path) == 1:
            return items
        inner: list[Json] = items[path[0]]["items"]
        return inner

    def request(self) -> Request:
        """Return the Request.

        Raises:
            pydantic.ValidationError: it is faulty.
        """
        return Request.model_validate(self.json)

    def faults(self) -> list[Fault]:
        """Return what is certainly wrong, without asking a Connector."""
        if not self.json["items"]:
            return [Fault((), "A Request needs at least one item.")]
        to_choose = {
            path: Fault(path, f"Choose the {what} first.")
            for path, node in self.nodes()
            for key, what in [_TO_CHOOSE.get(node.get("@type", ""), ("", ""))]
            if key and not node.get(key)
        }
        try:
            self.request()
        except ValidationError as error:
            lines = explain(error).splitlines()
            found = [_fault(each["loc"], line) for each, line in zip(error.errors(), lines, strict=True)]
            return [*to_choose.values(), *(fault for fault in found if fault.path not in to_choose)]
        return [*to_choose.values()]

    def check(self, connector: Connector, peer: str | None) -> list[Fault]:
        """Return what is wrong: what `faults` finds, else what the Connector does (`POST /Requests/Outgoing/Validate`).

        A Connector that cannot be asked is a fault, too.
        """
        if found := self.faults():
            return found
        try:
            result = connector.requests.outgoing.validate(self.json, peer)
        except ConnectorError as error:
            return [Fault(error.path, explain(error))]
        return [
            Fault(path, f"{describe(code).what} {describe(code).cure} ({without_frame(message)})")
            for path, code, message in result.failures()
        ]

    def as_json(self) -> str:
        """Return the Request as JSON."""
        return json.dumps(self.json, indent=2, ensure_ascii=False)

    def as_python(self) -> str:
        """Return Python code that makes the Request; of a faulty one, code that says what is wrong when it runs."""
        try:
            request = self.request()
        except ValidationError:
            return f"from enmeshed_nb import Request\n\nrequest = Request.model_validate({self.json!r})\n"
        if request.expires_at:
            request = request.model_copy(update={"expires_at": request.expires_at.astimezone(UTC)})
        return f"import datetime\n\nfrom enmeshed_nb.content import *\n\nrequest = {request!r}\n"

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


def _fault(location: tuple[str | int, ...], line: str) -> Fault:
    """Turn a fault of the model into one of an item: its place apart, the rest of the path in the sentence."""
    rest = list(location)
    path: list[int] = []
    while len(rest) > 1 and rest[0] == "items" and isinstance(rest[1], int) and len(path) < 2:
        path.append(rest[1])
        rest = rest[2:]
    sentence = line.split(": ", 1)[-1]
    where = ".".join(str(part) for part in rest)
    return Fault(tuple(path), f"{where}: {sentence}" if where else sentence)
