"""A Request in the making: its items are themselves, whatever their JSON."""

import copy
import json
import re
import shlex
from datetime import UTC, datetime

import pytest

from enmeshed_nb.connector import Connector
from enmeshed_nb.content import AuthenticationRequestItem, ConsentRequestItem, Request, RequestItemGroup
from enmeshed_nb.guide import Problem
from enmeshed_nb.guide.draft import GROUP, NEW, DraftNode, Fault, RequestDraft
from tests.conftest import closed_port

AUTHENTICATION = AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)
OPTIONAL = ConsentRequestItem(consent="Newsletter", must_be_accepted=False)
WHOLE = Request(
    title="T'\"",
    expires_at=datetime(2099, 1, 1, tzinfo=UTC),
    items=[AUTHENTICATION, RequestItemGroup(title="g", items=[OPTIONAL, OPTIONAL])],
)


def test_a_draft_is_the_json_of_its_request() -> None:
    draft = RequestDraft(WHOLE)
    assert draft.json == WHOLE.model_dump()
    assert RequestDraft(draft.json).json == draft.json
    assert draft.request() == WHOLE
    assert RequestDraft().json == {"@type": "Request", "items": []}
    assert "id" not in RequestDraft({"id": "REQ1", "items": []}).json


def test_what_was_given_is_left_as_it_was() -> None:
    given = WHOLE.model_dump()
    draft = RequestDraft(given)
    draft.items[0].properties["title"] = "Other"
    draft.remove(draft.items[1])
    assert given == WHOLE.model_dump()


def test_items_with_the_same_json_are_two() -> None:
    draft = RequestDraft(WHOLE)
    first, second = draft.items[1].items or []
    assert first.json == second.json
    assert (draft.path_of(first), draft.path_of(second)) == ((1, 0), (1, 1))
    second.properties["consent"] = "The second"
    draft.move(second, -1)
    assert [draft.path_of(first), draft.path_of(second)] == [(1, 1), (1, 0)]
    copied = draft.duplicate(second)
    copied.properties["consent"] = "The copy"
    draft.remove(first)
    assert [each["consent"] for each in draft.json["items"][1]["items"]] == ["The second", "The copy"]
    with pytest.raises(StopIteration):
        draft.path_of(first)


def test_a_group_is_copied_and_moved_with_its_items() -> None:
    draft = RequestDraft(WHOLE)
    group = draft.items[1]
    copied = draft.duplicate(group)
    assert copied.json == group.json
    (copied.items or [])[0].properties["consent"] = "Other"
    assert copied.json != group.json
    draft.move(copied, -5)
    assert [path for path, node in draft.nodes() if node is copied] == [(0,)]
    draft.move(copied, 5)
    assert draft.path_of(copied) == (2,)
    assert [path for path, _ in draft.nodes()] == [(0,), (1,), (1, 0), (1, 1), (2,), (2, 0), (2, 1)]


def test_items_are_added_at_the_end() -> None:
    draft = RequestDraft()
    draft.add("ConsentRequestItem")
    group = draft.add(GROUP)
    inner = draft.add("ConsentRequestItem", group=1)
    assert draft.path_of(inner) == (1, 0)
    assert group.json == {"@type": GROUP, "items": [inner.json]}
    for wrong in (0, 2):
        with pytest.raises(IndexError):
            draft.add("ConsentRequestItem", group=wrong)
    with pytest.raises(KeyError):
        draft.add("FreeTextRequestItem")


def test_a_group_in_a_group_is_a_problem_of_the_inner_one() -> None:
    draft = RequestDraft({"items": [{"@type": GROUP, "items": [{"@type": GROUP, "items": [OPTIONAL.model_dump()]}]}]})
    assert [path for path, _ in draft.nodes()] == [(0,), (0, 0)]
    assert draft.json["items"][0]["items"][0]["items"] == [OPTIONAL.model_dump()]
    assert [each.path for each in draft.problems()] == [(0, 0)]


@pytest.mark.parametrize("kind", NEW)
def test_what_a_new_item_begins_with_is_of_its_kind(kind: str) -> None:
    draft = RequestDraft()
    node = draft.add(kind)
    assert isinstance(node, DraftNode)
    assert draft.json["items"] == [node.json]
    assert node.kind == kind
    assert node.json["mustBeAccepted"] is True
    begun = copy.deepcopy(node.json)
    other = draft.add(kind)
    for each in other.properties.values():
        if isinstance(each, dict):
            each.clear()
    other.properties.clear()
    assert RequestDraft().add(kind).json == node.json == begun


def test_what_is_missing_is_told_before_what_is_wrong() -> None:
    draft = RequestDraft()
    assert draft.problems() == [Problem((), "A Request needs at least one item.")]
    draft.add("ShareAttributeRequestItem")
    draft.add("TransferFileOwnershipRequestItem")
    draft.add("AuthenticationRequestItem").properties["title"] = "x" * 201
    assert [(each.path, each.what.partition(" ")[0]) for each in draft.problems()] == [
        ((0,), "Choose"),
        ((1,), "Choose"),
        ((2,), "title:"),
    ]
    assert (draft.faults(), Fault) == (draft.problems(), Problem)  # their old names


def test_copies_make_the_same_request() -> None:
    peer = "did:e:localhost:dids:0123456789abcdef012345"
    draft = RequestDraft(WHOLE)
    assert Request.model_validate(json.loads(draft.as_json())) == WHOLE
    command = shlex.split(draft.as_curl("http://localhost", peer).replace("\\\n", ""))
    assert json.loads(command[-1]) == {"content": WHOLE.model_dump(), "peer": peer}
    typescript = draft.as_typescript('http://localhost/"', peer)
    (called,) = re.findall(r"createRequest\((.*)\);$", typescript, flags=re.DOTALL)
    assert json.loads(called) == {"content": WHOLE.model_dump(), "peer": peer}
    assert 'baseUrl: "http://localhost/\\"", apiKey: process.env.API_KEY' in typescript
    assert "Zoë" in RequestDraft({"title": "Zoë", "items": []}).as_typescript("http://localhost", peer)


def test_that_a_connector_cannot_be_asked_is_a_problem_of_the_whole() -> None:
    with Connector(f"http://127.0.0.1:{closed_port()}", "any", retries=0) as nobody:
        ((path, what),) = RequestDraft(WHOLE).check(nobody, None)
        assert path == ()
        assert "Check that the Connector runs" in what
        assert RequestDraft().check(nobody, None) == RequestDraft().problems()  # nobody is asked


def test_what_was_removed_is_put_back_where_it_stood() -> None:
    draft = RequestDraft(WHOLE)
    node = (draft.items[1].items or [])[0]
    assert draft.removed is None
    draft.remove(node)
    assert draft.json != WHOLE.model_dump()
    assert draft.removed is draft.put_back() is node
    assert draft.json == WHOLE.model_dump()
    assert draft.removed is None
    with pytest.raises(ValueError, match="Nothing was removed"):
        draft.put_back()
