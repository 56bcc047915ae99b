"""What became of Requests: the answer to each item, and tables of them."""

from collections.abc import Iterable, Iterator

from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.content import ItemPath, RequestItem, ResponseItem, ResponseItemGroup, walk
from enmeshed_nb.guide.deciding import label
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
    return [(label(path, item), answer.result if answer else "-") for path, item, answer in answers_of(request)]


def results_table(request: LocalRequest) -> str:
    """Return a table of the items of a Request with the result of each: who accepted what.

    "Completed" says nothing about the decision; this does.
    """
    rows: list[tuple[str, ...]] = [("item", "must be accepted", "result")]
    required = ["yes" if item.must_be_accepted else "no" for _, item in walk(request.content)]
    rows += [(name, must, result) for (name, result), must in zip(item_results(request), required, strict=True)]
    return table(rows)


def status_table(requests: Iterable[LocalRequest]) -> str:
    """Return a table of Requests: id, side, peer, status, result of the Response."""
    rows: list[tuple[str, ...]] = [("Request", "side", "peer", "status", "result")]
    for request in requests:
        result = request.response.content.result if request.response else "-"
        rows.append((request.id, "outgoing" if request.is_own else "incoming", request.peer, request.status, result))
    return table(rows)
