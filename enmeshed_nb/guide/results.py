"""What became of Requests: the answer to each item, and tables of them."""

from collections.abc import Iterable, Iterator
from typing import Any

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import ItemPath, RequestItem, ResponseItem, ResponseItemGroup, walk
from enmeshed_nb.guide.naming import kind_of, label, name_of, place_of, shown, value_text, words_of
from enmeshed_nb.guide.text import table


def answers_of(request: LocalRequest) -> Iterator[tuple[ItemPath, RequestItem, ResponseItem | None]]:
    """Yield each item of a Request with its path and its answer, None if there is none."""
    answers: dict[ItemPath, ResponseItem] = {}
    for index, answer in enumerate(request.response.content.items if request.response else []):
        if isinstance(answer, ResponseItemGroup):
            answers |= {(index, inner): each for inner, each in enumerate(answer.items)}
        else:
            answers[(index,)] = answer
    for path, item in walk(request.content):
        yield path, item, answers.get(path)


def item_results(request: LocalRequest) -> list[tuple[str, str]]:
    """Return each item of a Request, named for people, with the result that the Response has for it ("-": none)."""
    return [(label(request.content, path), answer.result if answer else "-") for path, _, answer in answers_of(request)]


def results_table(request: LocalRequest) -> str:
    """Return a table of the items of a Request with the result of each: who accepted what.

    "Completed" says nothing about the decision; this does.
    """
    rows: list[tuple[str, ...]] = [("item", "place", "kind", "must be accepted", "result")]
    for path, item, answer in answers_of(request):
        place, must = place_of(request.content, path), "yes" if item.must_be_accepted else "no"
        rows.append((name_of(item), place, kind_of(item), must, answer.result if answer else "-"))
    return table(rows)


def given(answer: ResponseItem | None) -> list[tuple[str, str]]:
    """Return what came with the answer to an item, in words: (what it is, the value); ids are left to the JSON."""
    told: dict[str, Any] = answer.model_dump() if answer else {}
    attribute = getattr(answer, "attribute", None) or getattr(answer, "successor_content", None)
    found = [("Attribute", value_text(attribute))] if attribute else []
    names = ("response", "deletionDate", "code", "message")
    return found + [(words_of(name), shown(told[name])) for name in names if told.get(name) is not None]


def status_table(requests: Iterable[LocalRequest]) -> str:
    """Return a table of Requests: id, side, peer, status, result of the Response."""
    rows: list[tuple[str, ...]] = [("Request", "side", "peer", "status", "result")]
    for request in requests:
        result = request.response.content.result if request.response else "-"
        rows.append((request.id, "outgoing" if request.is_own else "incoming", request.peer, request.status, result))
    return table(rows)
