"""Every filter of every list: that it finds what it should, and nothing else."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from enmeshed_nb.acceptance.checking import Body, check
from enmeshed_nb.acceptance.checks.api.answering import BASICS, NOTHING, expect_error, tomorrow
from enmeshed_nb.acceptance.checks.api.routes import REQUESTS
from enmeshed_nb.acceptance.kinds import own_attribute, shared_attribute
from enmeshed_nb.acceptance.trial import Broken, Trial, expect, expect_equal
from enmeshed_nb.connector import Connector, LocalRequest, PasswordProtection
from enmeshed_nb.connector.attributes import FILTERS as ATTRIBUTE_KEYS
from enmeshed_nb.connector.requests import FILTERS as REQUEST_KEYS
from enmeshed_nb.content import AuthenticationRequestItem, Mail, Request
from enmeshed_nb.guide import ask, wait_for

Json = dict[str, Any]
Pairs = list[tuple[str, str]]
NO_SUCH_VALUE = "no such value"
PIN = "1234"
TOKEN_KEYS = frozenset(
    {
        *("createdAt", "createdBy", "createdByDevice", "expiresAt", "forIdentity", "passwordProtection"),
        *("passwordProtection.password", "passwordProtection.passwordIsPin"),
        "passwordProtection.passwordLocationIndicator",
    }
)
TEMPLATE_KEYS = TOKEN_KEYS | {"isOwn", "maxNumberOfAllocations"}
FILE_KEYS = frozenset(
    {
        *("createdAt", "createdBy", "createdByDevice", "description", "expiresAt", "filename", "filesize", "mimetype"),
        *("title", "tags", "isOwn", "ownershipToken", "ownershipIsLocked"),
    }
)
MESSAGE_KEYS = frozenset(
    {
        *("isOwn", "createdBy", "createdByDevice", "createdAt", "content.@type", "content.body", "content.subject"),
        *("attachments", "recipients.address", "recipients.relationshipId", "wasReadAt", "participant"),
    }
)
FORWARDING_KEYS = frozenset(
    {
        *("peer", "sourceReference", "sharedAt"),
        *("deletionInfo", "deletionInfo.deletionStatus", "deletionInfo.deletionDate"),
    }
)
UNCOMPARED = {"isOwn", "passwordProtection", "deletionInfo", "passwordProtection.passwordIsPin"}
"""Keys that take no text, or only one: whether there is such a thing at all tells whether they filter."""
BY_ANOTHER_NAME = {"participant": ("createdBy",), "wasAutomaticallyDecided": (), "response.source.reference": ()}
"""Where the values of keys stand. By `response.source.reference` no Connector 7 finds anything: it is only tried."""


@dataclass(frozen=True)
class List:
    """A route that answers a list.

    Attributes:
        path: the route's.
        keys: by which it can be filtered.
        found: something that is in it, as JSON.
        connector: whose it is.
        id: the name of what tells things in it apart.
    """

    path: str
    keys: Iterable[str]
    found: Json
    connector: Connector
    id: str = "id"

    def has(self, *query: tuple[str, str]) -> bool:
        """Tell whether what is in it is found by a query.

        Raises:
            Broken: the list is not answered at all.
        """
        answer = self.connector.call("GET", self.path, query=query)
        asked = "&".join(f"{key}={value}" for key, value in query)
        expect_equal(answer.status, 200, f"The status of GET {self.path}?{asked}")
        return self.found[self.id] in [each[self.id] for each in answer.value["result"]]


def value_at(found: Any, key: str) -> Any:
    """Return what stands at a dotted path in JSON, the first in lists; None if nothing does."""
    for part in key.split("."):
        while isinstance(found, list):
            found = found[0] if found else None
        found = found.get(part) if isinstance(found, dict) else None
    return found[0] if isinstance(found, list) and found else found


def written(value: Any) -> str:
    """Return a value as it stands in a query."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def own_values(each: List) -> Pairs:
    """Return the query that what is in a list fits: each key that it has a value of, with that value."""
    pairs = []
    for key in sorted(each.keys):
        places = BY_ANOTHER_NAME.get(key, (key,))
        values = [value_at(each.found, place) for place in places]
        if any(isinstance(value, str | int | bool) for value in values):
            pairs.append((key, written(values[0])))
    return pairs


def expect_filtered(each: List) -> None:
    """Expect that each key filters a list.

    Raises:
        Broken: one does not; says which.
    """
    values = own_values(each)
    if not each.has(*values):
        for pair in values:
            expect(each.has(pair), f"GET {each.path}?{pair[0]}={pair[1]} does not find what has this value.")
        raise Broken(f"GET {each.path} with all of {', '.join(key for key, _ in values)} does not find what has these.")
    for key in sorted(each.keys):
        other = _other(key, value_at(each.found, key))
        expect(not each.has((key, other)), f"GET {each.path}?{key}={other} finds what has another value.")


def _other(key: str, value: Any) -> str:
    """Return a filter of a key that something with a value does not fit."""
    if key == "isOwn":
        return written(not value)
    if key in UNCOMPARED:
        return "!" if value is not None else ""
    return NO_SUCH_VALUE


def _files(trial: Trial) -> Iterator[List]:
    upload = trial.sender.files.upload_own
    file = upload(
        b"1", tomorrow(), filename=f"{trial.mark}.txt", title=trial.mark, description="d", tags=["x:a", "x:b"]
    )
    trial.recipient.files.load_peer(file.reference)
    own, theirs = (one.call("GET", f"/Files/{file.id}").value["result"] for one in (trial.sender, trial.recipient))
    yield List("/Files", FILE_KEYS, own, trial.sender)
    yield List("/Files/Own", FILE_KEYS - {"isOwn", "createdBy"}, own, trial.sender)
    yield List("/Files/Peer", FILE_KEYS - {"isOwn", "createdByDevice", "ownershipToken"}, theirs, trial.recipient)


def _templates(trial: Trial) -> Iterator[List]:
    pin = PasswordProtection(password=PIN, password_is_pin=True)
    made = trial.sender.relationship_templates.create_own(
        NOTHING,
        tomorrow(),
        max_number_of_allocations=7,
        for_identity=trial.address(trial.recipient),
        password_protection=pin,
    )
    trial.recipient.relationship_templates.load_peer(made.reference, password=PIN)
    path = f"/RelationshipTemplates/{made.id}"
    own, theirs = (one.call("GET", path).value["result"] for one in (trial.sender, trial.recipient))
    yield List("/RelationshipTemplates", TEMPLATE_KEYS, own, trial.sender)
    yield List("/RelationshipTemplates/Own", TEMPLATE_KEYS - {"isOwn", "createdBy"}, own, trial.sender)
    yield List("/RelationshipTemplates/Peer", TEMPLATE_KEYS - {"isOwn", "createdByDevice"}, theirs, trial.recipient)


def _tokens(trial: Trial) -> Iterator[List]:
    pin = PasswordProtection(password=PIN, password_is_pin=True)
    made = trial.sender.tokens.create_own(
        {"mark": trial.mark}, tomorrow(), for_identity=trial.address(trial.recipient), password_protection=pin
    )
    trial.recipient.tokens.load_peer(made.reference, password=PIN)
    own, theirs = (one.call("GET", f"/Tokens/{made.id}").value["result"] for one in (trial.sender, trial.recipient))
    yield List("/Tokens/Own", TOKEN_KEYS - {"createdBy"}, own, trial.sender)
    yield List("/Tokens/Peer", TOKEN_KEYS - {"createdByDevice"}, theirs, trial.recipient)


def _messages(trial: Trial) -> Iterator[List]:
    peer = trial.address(trial.recipient)
    file = trial.sender.files.upload_own(b"1", tomorrow(), filename="enmeshed-nb.txt", title=trial.mark)
    mail = Mail(to=[peer], subject=trial.mark, body=trial.mark)
    sent = trial.sender.messages.send(peer, mail, attachments=[file.id])
    own = trial.sender.call("GET", f"/Messages/{sent.id}").value["result"]
    yield List("/Messages", MESSAGE_KEYS, own | {"attachments": sent.attachments}, trial.sender)


def _relationships(trial: Trial) -> Iterator[List]:
    peer = trial.address(trial.recipient)
    found = trial.sender.call("GET", "/Relationships").value["result"]
    mine = next(each for each in found if (each["peer"], each["status"]) == (peer, "Active"))
    yield List("/Relationships", {"peer", "status", "templateId"}, mine, trial.sender)


def _asked(trial: Trial) -> LocalRequest:
    item = AuthenticationRequestItem(must_be_accepted=True, title=trial.mark)
    request = Request(title=trial.mark, items=[item], expires_at=tomorrow().replace(microsecond=0))
    return ask(trial.sender, trial.recipient, request, timeout=trial.patience)


def _requests(trial: Trial) -> Iterator[List]:
    asked = _asked(trial).id
    outgoing, incoming = f"/Requests/Outgoing/{asked}", f"/Requests/Incoming/{asked}"
    yield List("/Requests/Outgoing", REQUEST_KEYS, trial.sender.call("GET", outgoing).value["result"], trial.sender)
    other = trial.recipient
    completed = wait_for(
        lambda: other.call("GET", incoming).value["result"], until=lambda found: found["status"] == "Completed"
    )
    yield List("/Requests/Incoming", REQUEST_KEYS | {"wasAutomaticallyDecided"}, completed, other)


def _attributes(trial: Trial) -> Iterator[List]:
    shared, peer = shared_attribute(trial), trial.address(trial.recipient)
    tagged = own_attribute(trial)
    path = f"/Attributes/{shared.id}"
    own, theirs = (one.call("GET", path).value["result"] for one in (trial.sender, trial.recipient))
    alone = trial.sender.call("GET", f"/Attributes/{tagged.id}").value["result"]
    strict = ATTRIBUTE_KEYS - {"@type"}
    yield List("/Attributes", ATTRIBUTE_KEYS, alone, trial.sender)
    yield List("/Attributes", ATTRIBUTE_KEYS, theirs, trial.recipient)
    yield List("/Attributes/Own/Identity", _taken(trial.sender, "/Attributes/Own/Identity", strict), own, trial.sender)
    here, there = f"/Attributes/Own/Shared/{peer}", f"/Attributes/Peer/{trial.address(trial.sender)}"
    yield List(here, _taken(trial.sender, here, strict), own, trial.sender)
    yield List(there, _taken(trial.recipient, there, strict), theirs, trial.recipient)
    details = trial.sender.call("GET", f"{path}/ForwardingDetails").value["result"][0]
    yield List(f"{path}/ForwardingDetails", FORWARDING_KEYS, details, trial.sender, "sourceReference")


def _taken(connector: Connector, path: str, keys: Iterable[str]) -> list[str]:
    """Return those of some keys that a list takes."""
    return [key for key in keys if connector.call("GET", path, query={key: NO_SUCH_VALUE}).status == 200]


LISTS: Mapping[str, tuple[Callable[[Trial], Iterator[List]], tuple[str, ...], str]] = {
    "FILES": (_files, (), "a File"),
    "TEMPLATES": (_templates, (), "a RelationshipTemplate"),
    "TOKENS": (_tokens, (), "a Token"),
    "MESSAGES": (_messages, (), "a Message and a File that is attached"),
    "RELATIONSHIPS": (_relationships, (), ""),
    "REQUESTS": (_requests, REQUESTS, "a Request and the Messages that carry it"),
    "ATTRIBUTES": (_attributes, REQUESTS, "two Attributes, a Request, and the Messages that carry it"),
}
"""What makes the lists of each kind of things, by the name in the requirement."""


def filtering(name: str, make: Callable[[Trial], Iterator[List]]) -> Body:
    """Return the check that filters lists of a kind."""

    def body(trial: Trial) -> None:
        lists = list(make(trial))
        with trial.requirement(f"API-FILTER-{name}"):
            for each in lists:
                expect_filtered(each)

    body.__name__ = f"filters_of_{name.lower()}"
    body.__module__ = __name__
    body.__doc__ = f"Filter the lists of {name.lower()} by each key."
    return body


for _name, (_make, _after, _creates) in LISTS.items():
    check(f"API-FILTER-{_name}", after=(*BASICS, *_after), creates=_creates)(filtering(_name, _make))


@check(
    "API-FILTER-EQUAL",
    "API-FILTER-NOT",
    "API-FILTER-EXISTS",
    "API-FILTER-PARTS",
    "API-FILTER-COMPARED",
    "API-FILTER-ANY-OF",
    "API-FILTER-ALL-OF",
    after=(*BASICS, "api.filters_of_files"),
    creates="a File",
)
def operators(trial: Trial) -> None:
    """Filter a list by each operator."""
    upload = trial.sender.files.upload_own
    file = upload(b"1", tomorrow(), filename="enmeshed-nb.txt", title=trial.mark)
    created = trial.sender.call("GET", f"/Files/{file.id}").value["result"]["createdAt"]
    files = List("/Files/Own", FILE_KEYS, {"id": file.id}, trial.sender)
    mark, nothing = trial.mark, NO_SUCH_VALUE
    finds: dict[str, tuple[tuple[Pairs, bool], ...]] = {
        "EQUAL": (([("title", mark)], True), ([("title", mark[:-1])], False)),
        "NOT": (
            ([("title", f"!{mark}")], False),
            ([("title", f"!{nothing}")], True),
            ([("title", f"!{nothing}"), ("title", f"!{mark}")], False),
        ),
        "EXISTS": (
            ([("title", "")], True),
            ([("title", "!")], False),
            ([("description", "")], False),
            ([("description", "!")], True),
        ),
        "PARTS": (
            ([("title", f"^{mark[:9]}")], True),
            ([("title", f"${mark[-9:]}")], True),
            ([("title", f"~{mark[3:-3]}")], True),
            ([("title", f"^{mark[-9:]}")], False),
            ([("title", f"${mark[:9]}")], False),
            ([("title", f"~{nothing}")], False),
        ),
        "COMPARED": (
            ([("createdAt", ">2020-01-01")], True),
            ([("createdAt", "<2020-01-01")], False),
            ([("createdAt", f">={created}")], True),
            ([("createdAt", f"<={created}")], True),
            ([("createdAt", f">{created}")], False),
            ([("createdAt", f"<{created}")], False),
        ),
        "ANY-OF": (
            ([("title", nothing), ("title", mark)], True),
            ([("title", mark), ("title", nothing)], True),
            ([("title", nothing), ("title", f"{nothing} either")], False),
        ),
        "ALL-OF": (
            ([("title", mark), ("filename", "enmeshed-nb.txt")], True),
            ([("title", mark), ("filename", nothing)], False),
        ),
    }
    for name, cases in finds.items():
        with trial.requirement(f"API-FILTER-{name}", goes_on=True):
            for query, wanted in cases:
                asked = "&".join(f"{key}={value}" for key, value in query)
                said = "does not find what fits" if wanted else "finds what does not fit"
                expect(files.has(*query) == wanted, f"GET /Files/Own?{asked} {said}.")


STRICT = (
    *("/Relationships", "/RelationshipTemplates", "/RelationshipTemplates/Own", "/RelationshipTemplates/Peer"),
    *("/Files", "/Files/Own", "/Files/Peer", "/Messages", "/Tokens/Own", "/Tokens/Peer", "/Attributes/Own/Identity"),
)
LAX = ("/Attributes", "/Requests/Incoming", "/Requests/Outgoing")


@check("API-FILTER-UNKNOWN-STRICT", "API-FILTER-UNKNOWN-LAX", after=BASICS)
def unknown_keys(trial: Trial) -> None:
    """Filter by a key that there is not."""
    with trial.requirement("API-FILTER-UNKNOWN-STRICT", goes_on=True):
        for path in STRICT:
            answer = trial.sender.call("GET", path, query={"colour": "red"})
            expect_error(answer, 400, "error.runtime.validation.invalidPropertyValue")
    with trial.requirement("API-FILTER-UNKNOWN-LAX"):
        for path in LAX:
            answer = trial.sender.call("GET", path, query={"colour": "red"})
            expect_equal(answer.status, 200, f"The status of GET {path}?colour=red")
