"""What can be known of a call whose answer was lost: whether the Connector did it, so that it is not done twice.

`connector.with_options(resend=True)` finds that out. How, for each kind of call:

| call | what is known after a lost answer |
|---|---|
| all that only reads or checks; `sync`, `load_peer`, `challenges.create`, `identity_metadata.upsert` | twice is as good as once: sent again |
| `messages.send` of a Request; `attributes.create`, `attributes.succeed`; `relationships.create`, `accept`, `reject`, …; `requests.incoming.accept`, `reject`; `delete` of Files, Tokens and templates, `relationships.decompose`; `identity_deletion_process.initiate` | looked up; the Connector refuses to do it twice, so else it is sent again |
| `requests.outgoing.create`; `messages.send` of anything else; `relationship_templates.create_own`, `tokens.create_own`, `files.upload_own`, `create_token`, `files.regenerate_ownership_token` | found by comparing with what was there before; else sent again, but not if the Connector was late: it may still do it |
| `attributes.notify_peer`, `attributes.delete`, `backbone_notifications.send`, `identity_deletion_process.cancel`, `identity_metadata.delete`, ephemeral Tokens, QR codes of new Tokens | nothing: the error is raised |

A call that never left (no connection was made) is sent again in any case. Two limits: what somebody else does at the
same Connector, with the same content and at the same time, cannot be told apart; and a Connector that goes on for longer
than `SETTLING` seconds after the connection was cut may do a call of the third kind after all.
"""  # noqa: E501 - a table

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self

from enmeshed_nb.connector.error_codes import NO_IDENTITY_DELETION, UNANSWERED_CALL
from enmeshed_nb.connector.errors import AnswerTimeout, ConnectionFailed, ConnectorError, NotFound
from enmeshed_nb.connector.http import JSON, RETRIED_STATUSES, Body, Route
from enmeshed_nb.content.model import iso

SETTLING = 5.0
"""Seconds for which is looked whether a call was done whose connection was cut."""

Loss = Literal["unsent", "late", "cut", "settled"]
"""How an answer was lost: the call never left, no answer came in time, the connection was cut (or something between
answered instead), or the Connector says that it does not know itself; then it does with the next call."""
ALWAYS: frozenset[Loss] = frozenset({"unsent", "late", "cut", "settled"})
"""Of what the Connector refuses to do twice, or what is as good twice as once."""
UNLESS_LATE: frozenset[Loss] = ALWAYS - {"late"}
"""Of what would be done twice, if it is done yet."""
UNSENT: frozenset[Loss] = frozenset({"unsent"})
"""Of what cannot be found."""


def is_absent(error: ConnectorError) -> bool:
    """Whether an error says that there is no such object."""
    return isinstance(error, NotFound) or error.code == NO_IDENTITY_DELETION


def loss_of(error: ConnectorError) -> Loss | None:
    """Return how an answer was lost; None if there is one: it says what happened."""
    match error:
        case ConnectionFailed(was_sent=False):
            return "unsent"
        case AnswerTimeout():
            return "late"
        case ConnectionFailed():
            return "cut"
        case ConnectorError(code=code) if code == UNANSWERED_CALL:
            return "settled"
        case ConnectorError(status=status) if status in RETRIED_STATUSES:
            return "cut"
        case _:
            return None


@dataclass(frozen=True)
class Sent:
    """A call, as it is sent.

    Attributes:
        path_values: what stands in the path's `{…}`.
        json: its body; of a form its fields, and the name of its file.
    """

    path_values: tuple[str, ...]
    json: Mapping[str, Any]

    @classmethod
    def of(cls, path_values: Sequence[str], body: Body) -> Self:
        """Return what is sent by a call."""
        return cls(
            tuple(path_values), {**(body.form or {}), "filename": body.file[0]} if body.file else body.json or {}
        )


@dataclass(frozen=True)
class Asked:
    """What is asked to find out whether a call was done."""

    route: Route
    path_values: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Search:
    """How is found out whether a call was done.

    Attributes:
        ask: what to ask before the call and after it; None: nothing needs to be found out.
        find: gets the call and both answers (None: there is no such object) and returns what is the call's own result
            in a list; an empty one if it was not done.
        sent_again: after which losses it is sent again, if it is not found.
    """

    ask: Callable[[Sent], Asked] | None = None
    find: Callable[[Sent, Any, Any], list[Any]] = lambda *_: []
    sent_again: frozenset[Loss] = ALWAYS


def search_for(route: Route, sent: Sent, accept: str) -> Search:
    """Return how is found out whether a call was done."""
    search = SEARCHES.get((route.method, route.path), _UNKNOWN)
    is_stored = accept == JSON and sent.json.get("ephemeral") is not True
    if search.ask and not is_stored:
        return _UNKNOWN
    return _SENT_REQUEST if route.path == "/Messages" and _is_request(sent.json) else search


def holds(received: Any, sent: Any) -> bool:
    """Whether what was stored has all that was sent; the Connector may have added to it."""
    if isinstance(sent, Mapping):
        return isinstance(received, Mapping) and all(
            holds(received.get(name), value) for name, value in sent.items() if value is not None
        )
    if isinstance(sent, list):
        return isinstance(received, list) and len(received) == len(sent) and all(map(holds, received, sent))
    return bool(received == sent) or (_time(sent) is not None and _time(sent) == _time(received))


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _is_request(message: Mapping[str, Any]) -> bool:
    match message:
        case {"content": {"@type": "Request", "id": str()}}:
            return True
        case _:
            return False


def _list(path: str, *query: tuple[str, str]) -> Asked:
    return Asked(Route("GET", path), (), query)


def _expiring(path: str) -> Callable[[Sent], Asked]:
    def ask(sent: Sent) -> Asked:
        moment = _time(sent.json.get("expiresAt"))
        return _list(path, *([("expiresAt", iso(moment))] if moment and moment.tzinfo else []))

    return ask


def _new(fits: Callable[[Sent, Mapping[str, Any]], bool]) -> Callable[[Sent, Any, Any], list[Any]]:
    """Return what finds the objects of a list that fit and were not there before."""

    def find(sent: Sent, before: Any, after: Any) -> list[Any]:
        known = {each["id"] for each in before or []}
        return [each for each in after or [] if each["id"] not in known and fits(sent, each)]

    return find


def _same(*names: str) -> Callable[[Sent, Mapping[str, Any]], bool]:
    return lambda sent, found: all(holds(found.get(name), sent.json[name]) for name in names if name in sent.json)


def _one(path: str) -> Callable[[Sent], Asked]:
    return lambda sent: Asked(Route("GET", path), sent.path_values)


def _is_message(sent: Sent, found: Mapping[str, Any]) -> bool:
    addresses = {each["address"] for each in found["recipients"]}
    return (
        addresses == set(sent.json["recipients"])
        and holds(found["content"], sent.json["content"])
        and list(found["attachments"]) == list(sent.json.get("attachments") or [])
    )


def _messages(sent: Sent) -> Asked:
    recipients = [("recipients.address", each) for each in list(sent.json["recipients"])[:1]]
    return _list("/Messages", ("isOwn", "true"), *recipients)


def _successor(sent: Sent, before: Any, after: Any) -> list[Any]:
    new = _new(lambda sent, each: holds(each["content"], sent.json["successorContent"]))(sent, before, after)
    old = {each["id"]: each for each in after or []}
    return [
        {"predecessor": old[sent.path_values[0]], "successor": each}
        for each in new
        if each.get("succeeds") == sent.path_values[0] and sent.path_values[0] in old
    ]


def _changed_by_us(_: Sent, before: Any, after: Any) -> list[Any]:
    log = after["auditLog"][len(before["auditLog"]) :] if before and after else []
    return [after] if any(each["createdBy"] != after["peer"] for each in log) else []


def _decided(result: str) -> Search:
    def find(_: Sent, before: Any, after: Any) -> list[Any]:
        response = None if not before or before.get("response") else (after or {}).get("response")
        return [after] if response and response["content"]["result"] == result else []

    return Search(_one("/Requests/Incoming/{id}"), find)


def _has_another(name: str) -> Callable[[Sent, Any, Any], list[Any]]:
    return lambda _, before, after: [after] if before and after and before.get(name) != after.get(name) else []


def _gone(_: Sent, before: Any, after: Any) -> list[Any]:
    return [None] if before is not None and after is None else []


def _token_of(name: str) -> Search:
    def fits(sent: Sent, found: Mapping[str, Any]) -> bool:
        return (found.get("content") or {}).get(name) == sent.path_values[0] and _same(
            "expiresAt", "forIdentity", "passwordProtection"
        )(sent, found)

    return Search(_expiring("/Tokens/Own"), _new(fits), sent_again=UNLESS_LATE)


_AGAIN = Search()
_UNKNOWN = Search(sent_again=UNSENT)
_SENT_REQUEST = Search(_messages, _new(_is_message))
_RELATIONSHIP = Search(_one("/Relationships/{id}"), _changed_by_us)
_QUERIES = ("IdentityAttribute", "RelationshipAttribute", "ThirdPartyRelationshipAttribute", "IQL")
_HARMLESS = (
    ("POST", "/Account/Sync"),
    ("PUT", "/Attributes/CanCreate"),
    *(("POST", f"/Attributes/Execute{kind}Query") for kind in _QUERIES),
    ("POST", "/Attributes/ValidateIQLQuery"),
    ("POST", "/Challenges"),
    ("POST", "/Challenges/Validate"),
    *(("POST", f"/{kind}/Peer") for kind in ("Files", "RelationshipTemplates", "Tokens")),
    ("PUT", "/IdentityMetadata"),
    ("PUT", "/Relationships/CanCreate"),
    ("PUT", "/Requests/Incoming/{id}/CanAccept"),
    ("PUT", "/Requests/Incoming/{id}/CanReject"),
    ("POST", "/Requests/Outgoing/Validate"),
)

SEARCHES: dict[tuple[str, str], Search] = {
    **dict.fromkeys(_HARMLESS, _AGAIN),
    ("POST", "/Requests/Outgoing"): Search(
        lambda sent: _list("/Requests/Outgoing", ("peer", sent.json["peer"]), ("status", "Draft")),
        _new(_same("content")),
        sent_again=UNLESS_LATE,
    ),
    ("POST", "/Messages"): Search(_messages, _new(_is_message), sent_again=UNLESS_LATE),
    ("POST", "/Attributes"): Search(lambda _: _list("/Attributes/Own/Identity"), _new(_same("content"))),
    ("POST", "/Attributes/{predecessorId}/Succeed"): Search(_one("/Attributes/{id}/Versions"), _successor),
    ("POST", "/Relationships"): Search(
        lambda sent: _list("/Relationships", ("templateId", sent.json["templateId"])), _new(lambda *_: True)
    ),
    **{
        ("PUT", f"/Relationships/{{id}}/{change}"): _RELATIONSHIP
        for change in (
            *("Accept", "Reject", "Revoke", "Terminate"),
            *("Reactivate", "Reactivate/Accept", "Reactivate/Reject", "Reactivate/Revoke"),
        )
    },
    ("PUT", "/Requests/Incoming/{id}/Accept"): _decided("Accepted"),
    ("PUT", "/Requests/Incoming/{id}/Reject"): _decided("Rejected"),
    ("POST", "/RelationshipTemplates/Own"): Search(
        _expiring("/RelationshipTemplates/Own"),
        _new(_same("content", "expiresAt", "maxNumberOfAllocations", "forIdentity", "passwordProtection")),
        sent_again=UNLESS_LATE,
    ),
    ("POST", "/RelationshipTemplates/Own/{id}/Token"): _token_of("templateId"),
    ("POST", "/Files/{id}/Token"): _token_of("fileId"),
    ("POST", "/Tokens/Own"): Search(
        _expiring("/Tokens/Own"),
        _new(_same("content", "expiresAt", "forIdentity", "passwordProtection")),
        sent_again=UNLESS_LATE,
    ),
    ("POST", "/Files/Own"): Search(
        _expiring("/Files/Own"),
        _new(_same("filename", "expiresAt", "title", "description", "tags")),
        sent_again=UNLESS_LATE,
    ),
    ("PATCH", "/Files/{id}/RegenerateOwnershipToken"): Search(
        _one("/Files/{idOrReference}"), _has_another("ownershipToken"), sent_again=UNLESS_LATE
    ),
    ("DELETE", "/Files/{id}"): Search(_one("/Files/{idOrReference}"), _gone),
    ("DELETE", "/RelationshipTemplates/{id}"): Search(_one("/RelationshipTemplates/{id}"), _gone),
    ("DELETE", "/Tokens/{id}"): Search(_one("/Tokens/{id}"), _gone),
    ("DELETE", "/Relationships/{id}"): Search(_one("/Relationships/{id}"), _gone),
    ("POST", "/IdentityDeletionProcess"): Search(
        lambda _: _list("/IdentityDeletionProcess"),
        lambda _, before, after: [after] if before is None and after is not None else [],
    ),
}
"""How is found out whether a call was done, by method and path; what does not stand here cannot be known."""
