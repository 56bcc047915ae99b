"""Texts for notebooks: JSON and tables of Requests."""

import json
from collections.abc import Iterable
from typing import Any

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import walk
from enmeshed_nb.content.model import to_json
from enmeshed_nb.guide.decisions import label
from enmeshed_nb.guide.journal import table


def show_json(value: Any) -> None:
    """Print a model (or anything that JSON knows) as the API's JSON, indented."""
    print(json.dumps(to_json(value), indent=2, ensure_ascii=False))


def status_table(requests: Iterable[LocalRequest]) -> str:
    """Return a table of Requests: id, side, peer, status, result of the Response."""
    rows: list[tuple[str, ...]] = [("Request", "side", "peer", "status", "result")]
    for request in requests:
        result = request.response.content.result if request.response else "-"
        rows.append((request.id, "outgoing" if request.is_own else "incoming", request.peer, request.status, result))
    return table(rows)


def item_results(request: LocalRequest) -> list[tuple[str, str]]:
    """Return each item of a Request, named for people, with the result that the Response has for it ("-": none)."""
    answers: dict[tuple[int, ...], str] = {}
    for index, answer in enumerate(request.response.content.items if request.response else []):
        items = getattr(answer, "items", None)
        if items is None:
            answers[(index,)] = getattr(answer, "result", "-")
        else:
            answers |= {(index, inner): each.result for inner, each in enumerate(items)}
    return [(label(path, item), answers.get(path, "-")) for path, item in walk(request.content)]


def results_table(request: LocalRequest) -> str:
    """Return a table of the items of a Request with the result of each: who accepted what.

    "Completed" says nothing about the decision; this does.
    """
    rows: list[tuple[str, ...]] = [("item", "must be accepted", "result")]
    required = ["yes" if item.must_be_accepted else "no" for _, item in walk(request.content)]
    rows += [(name, must, result) for (name, result), must in zip(item_results(request), required, strict=True)]
    return table(rows)
