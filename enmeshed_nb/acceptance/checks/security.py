"""Who gets in, what a key is good for, and what an Identity can do to what is not its own."""

import json
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from enmeshed_nb.acceptance.checking import check
from enmeshed_nb.acceptance.trial import Trial, expect, expect_equal
from enmeshed_nb.connector import (
    Answer,
    ApiError,
    ConnectionFailed,
    Connector,
    PasswordProtection,
    RelationshipTemplate,
)
from enmeshed_nb.connector.exchange import API
from enmeshed_nb.content import (
    ArbitraryMessageContent,
    ArbitraryRelationshipCreationContent,
    ArbitraryRelationshipTemplateContent,
    AuthenticationRequestItem,
    Mail,
    Request,
    TransferFileOwnershipRequestItem,
)
from enmeshed_nb.guide import wait_for, wait_for_request, wait_for_status

_MINE = "/Account/IdentityInfo"
_ELSEWHERE = "https://attacker.example"
_NOBODY = "00000000000000000"
_LATE = 1.0
"""Seconds after which a wrong key is answered at the earliest."""
_LARGE = 2_100_000
"""Bytes that are more than a Connector reads as JSON."""

_SCOPES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "core:account": ("GET", "/Account/SyncInfo", {}),
    "core:announcements": ("GET", "/Announcements", {"query": {"language": "en"}}),
    "core:attributes": ("GET", f"/Attributes/ATT{_NOBODY}", {}),
    "core:backboneNotifications": ("POST", "/BackboneNotifications", {"json": {}}),
    "core:challenges": ("POST", "/Challenges/Validate", {"json": {}}),
    "core:files": ("GET", f"/Files/FIL{_NOBODY}", {}),
    "core:identityMetadata": ("GET", "/IdentityMetadata", {"query": {"reference": "none"}}),
    "core:messages": ("GET", f"/Messages/MSG{_NOBODY}", {}),
    "core:relationshipTemplates": ("GET", f"/RelationshipTemplates/RLT{_NOBODY}", {}),
    "core:relationships": ("GET", f"/Relationships/REL{_NOBODY}", {}),
    "core:requests:incoming": ("GET", f"/Requests/Incoming/REQ{_NOBODY}", {}),
    "core:requests:outgoing": ("GET", f"/Requests/Outgoing/REQ{_NOBODY}", {}),
    "core:tokens": ("GET", f"/Tokens/TOK{_NOBODY}", {}),
    "monitoring:requests": ("GET", "/Monitoring/Requests", {"base": ""}),
    "monitoring:support": ("GET", "/Monitoring/Support", {"base": ""}),
    "monitoring:version": ("GET", "/Monitoring/Version", {"base": ""}),
}
"""A call that changes nothing for each scope: method, path, and how it is made."""

_RIGHT, _WRONG, _PIN = "right-Password", "wrong-Password", "1234"
_HELMET = ("content-security-policy", "strict-transport-security", "x-content-type-options", "x-frame-options")


# --- who gets in ------------------------------------------------------------------------------------------------------


def _stranger(trial: Trial, path: str = _MINE, *, base: str = API, **headers: str) -> Answer[Any]:
    """Call the Sender's Connector without its key."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return trial.sender.call("GET", path, headers=named, authenticated=False, base=base)


@check("SECURITY-NO-KEY", "SECURITY-UNAUTHORIZED")
def no_key(trial: Trial) -> None:
    """Call without an API key."""
    with trial.requirement("SECURITY-NO-KEY"):
        answer = _stranger(trial)
        expect_equal(answer.status, 401, "The status")
    with trial.requirement("SECURITY-UNAUTHORIZED"):
        expect_equal(_code(answer), "error.connector.unauthorized", "The error's code")


@check("SECURITY-WRONG-KEY", "SECURITY-LATE")
def wrong_key(trial: Trial) -> None:
    """Call with an API key that is none."""
    with trial.requirement("SECURITY-WRONG-KEY"):
        began = time.monotonic()
        expect_equal(_stranger(trial, x_api_key="Wrong-0123456789-Wrong-0123456789").status, 401, "The status")
    with trial.requirement("SECURITY-LATE"):
        seconds = time.monotonic() - began
        expect(seconds >= _LATE, f"It was refused after {seconds:.2f} s already.")


@check("SECURITY-EMPTY-KEY")
def empty_key(trial: Trial) -> None:
    """Call with an empty API key."""
    with trial.requirement("SECURITY-EMPTY-KEY"):
        expect_equal(_stranger(trial, x_api_key="").status, 401, "The status")


@check("SECURITY-UNSIGNED-TOKEN")
def unsigned_token(trial: Trial) -> None:
    """Call with a bearer token that says itself what it is good for."""
    head, claims = ({"alg": "none", "typ": "JWT"}, {"sub": "attacker", "scope": "core:** monitoring:**"})
    token = ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, claims))
    with trial.requirement("SECURITY-UNSIGNED-TOKEN"):
        expect_equal(_stranger(trial, authorization=f"Bearer {token}.").status, 401, "The status")


@check("SECURITY-UNKNOWN-ROUTE")
def unknown_route(trial: Trial) -> None:
    """Ask without an API key for a route that does not exist."""
    with trial.requirement("SECURITY-UNKNOWN-ROUTE"):
        expect_equal(_stranger(trial, "/NoSuchRoute").status, 401, "The status")


@check("SECURITY-NO-DOCS")
def no_docs(trial: Trial) -> None:
    """Ask without an API key for the pages that document the API."""
    with trial.requirement("SECURITY-NO-DOCS"):
        expect_equal(_stranger(trial, "/docs/json", base="").status, 401, "The status")


@check("SECURITY-HEALTH-OPEN", "SECURITY-HEALTH-SAYS-LITTLE")
def health(trial: Trial) -> None:
    """Ask for the health without an API key."""
    with trial.requirement("SECURITY-HEALTH-OPEN"):
        answer = _stranger(trial, "/health", base="")
        expect(
            answer.status in (200, 500), f"The status is {answer.status}, expected 200 (healthy) or 500 (unhealthy)."
        )
    with trial.requirement("SECURITY-HEALTH-SAYS-LITTLE"):
        said = {*answer.value, *answer.value.get("services", {})}
        said |= {str(each) for each in answer.value.get("services", {}).values()}
        parts = {"database", "backboneConnection", "backboneAuthentication"}
        more = said - {"isHealthy", "services", "healthy", "unhealthy"} - parts
        expect(not more, f"It says more than whether its parts are healthy: {', '.join(sorted(more))}.")


@check("SECURITY-SCOPE-ALLOWS", "SECURITY-SCOPE-FORBIDS", "SECURITY-FORBIDDEN", needs=("limited",), swaps=False)
def scopes(trial: Trial) -> None:
    """Call with keys that have few scopes."""
    keys = trial.others("limited")
    with trial.requirement("SECURITY-SCOPE-ALLOWS", goes_on=True):
        for key in keys:
            for scope in _SCOPES:
                if _covers(key, scope):
                    status = _probe(key, scope).status
                    expect(status not in (401, 403), f"{key.name} may not use what {scope} stands for: {status}.")
    with trial.requirement("SECURITY-SCOPE-FORBIDS"):
        refused = {scope: _probe(key, scope) for key in keys for scope in _SCOPES if not _covers(key, scope)}
        allowed = sorted(scope for scope, answer in refused.items() if answer.status != 403)
        expect(not allowed, f"A key without these scopes was not answered with 403: {', '.join(allowed)}.")
    with trial.requirement("SECURITY-FORBIDDEN"):
        for answer in refused.values():
            expect_equal(_code(answer), "error.connector.forbidden", "The error's code")


def _covers(key: Connector, scope: str) -> bool:
    scope = scope.lower().replace(":", "-")
    own = key.name.removeprefix("limited-").lower()
    return scope == own or scope.startswith(f"{own}-")


def _probe(key: Connector, scope: str) -> Answer[Any]:
    method, path, how = _SCOPES[scope]
    return key.call(method, path, **how)


@check("SECURITY-EXPIRED-KEY", needs=("expired",), swaps=False)
def expired_key(trial: Trial) -> None:
    """Call with an API key whose time is over."""
    with trial.requirement("SECURITY-EXPIRED-KEY"):
        expect_equal(trial.other("expired").call("GET", _MINE).status, 401, "The status")


@check("SECURITY-DISABLED-KEY", needs=("disabled",), swaps=False)
def disabled_key(trial: Trial) -> None:
    """Call with an API key that is switched off."""
    with trial.requirement("SECURITY-DISABLED-KEY"):
        expect_equal(trial.other("disabled").call("GET", _MINE).status, 401, "The status")


# --- what answers tell ------------------------------------------------------------------------------------------------


@check("SECURITY-REDACTED")
def redacted(trial: Trial) -> None:
    """Ask for what support wants to know."""
    with trial.requirement("SECURITY-REDACTED"):
        answer = trial.sender.call("GET", "/Monitoring/Support", base="")
        open_secrets = sorted({path for path, text in _secrets(answer.value["configuration"]) if not _is_hidden(text)})
        expect(not open_secrets, f"The configuration shows secrets: {', '.join(open_secrets)}.")


def _secrets(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    for name, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        where = f"{path}.{name}" if path else str(name)
        if isinstance(each, str) and re.search("(^key|secret|password|connectionstring)$", str(name), re.IGNORECASE):
            yield where, each
        yield from _secrets(each, where)


def _is_hidden(text: str) -> bool:
    return not text or "***" in text or "redacted" in text.lower()


@check("SECURITY-HEADERS", "SECURITY-NOT-POWERED-BY", "SECURITY-ERROR-HEADERS", "SECURITY-NO-STACK")
def headers(trial: Trial) -> None:
    """Look at what comes with answers and with errors."""
    answer = trial.sender.call("GET", _MINE)
    with trial.requirement("SECURITY-HEADERS", goes_on=True):
        missing = [name for name in _HELMET if name not in answer.headers]
        expect(not missing, f"The answer has no header {', '.join(missing)}.")
    with trial.requirement("SECURITY-NOT-POWERED-BY", goes_on=True):
        expect("x-powered-by" not in answer.headers, "A header tells what it is made with: X-Powered-By.")
    error = trial.sender.call("GET", f"/Messages/MSG{_NOBODY}")
    with trial.requirement("SECURITY-ERROR-HEADERS", goes_on=True):
        missing = [name for name in _HELMET if name not in error.headers]
        expect(not missing, f"The error has no header {', '.join(missing)}.")
    with trial.requirement("SECURITY-NO-STACK"):
        more = {"stacktrace", "details"} & set(error.value["error"])
        expect(not more, f"The error tells what only those who make the Connector need: {', '.join(sorted(more))}.")


@check("SECURITY-CORS", "SECURITY-PREFLIGHT")
def other_origins(trial: Trial) -> None:
    """Call as a page of somebody else in a browser would."""
    with trial.requirement("SECURITY-CORS", goes_on=True):
        _expect_no_cors(trial.sender.call("GET", _MINE, headers={"Origin": _ELSEWHERE}))
    with trial.requirement("SECURITY-PREFLIGHT"):
        asked = {"Origin": _ELSEWHERE, "Access-Control-Request-Method": "DELETE"}
        answer = trial.sender.call("OPTIONS", "/Messages", headers=asked)
        _expect_no_cors(answer)
        expect("access-control-allow-methods" not in answer.headers, "It says which methods such a page may use.")


def _expect_no_cors(answer: Answer[Any]) -> None:
    allowed = answer.headers.get("access-control-allow-origin", "")
    expect(allowed not in ("*", _ELSEWHERE), f"Pages of {_ELSEWHERE} may read what it answers ({allowed}).")


# --- calls that nobody means well -------------------------------------------------------------------------------------


@check("SECURITY-TRACE")
def trace(trial: Trial) -> None:
    """Ask for an echo."""
    with trial.requirement("SECURITY-TRACE"):
        answer = trial.sender.call("TRACE", "/", base="", headers={"X-Echo": "echo-0123456789"})
        expect(answer.status >= 400 and b"echo-0123456789" not in answer.content, "It sends back what it was sent.")


@check("SECURITY-LARGE-BODY", "SECURITY-LARGE-BODY-SURVIVED")
def large_body(trial: Trial) -> None:
    """Send more JSON than anybody needs."""
    with trial.requirement("SECURITY-LARGE-BODY", goes_on=True):
        body = json.dumps({"content": {"items": [], "description": "x" * _LARGE}})
        try:
            status = trial.sender.call("POST", "/Requests/Outgoing/Validate", content=body).status
        except ConnectionFailed:  # it need not read all of it
            status = 413
        expect(status >= 400, f"The status is {status}: it was taken.")
    with trial.requirement("SECURITY-LARGE-BODY-SURVIVED"):
        expect_equal(trial.sender.call("GET", f"/Files/FIL{'1' * 17}").status, 404, "The status of the next call")


@check("SECURITY-TRAVERSAL", "SECURITY-QUERY-OPERATORS")
def strange_ids(trial: Trial) -> None:
    """Ask for paths and by operators where ids and values are expected."""
    with trial.requirement("SECURITY-TRAVERSAL", goes_on=True):
        for name in ("..%2f..%2f..%2f..%2fhealth", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..%5cconfig.json"):
            for path in (f"/Files/{name}/Download", f"/Messages/{name}"):
                status = trial.sender.call("GET", path).status
                expect(status in (400, 404), f"GET {path} was answered with {status}, expected 400 or 404.")
    with trial.requirement("SECURITY-QUERY-OPERATORS"):
        for key in ("createdBy[$ne]", "$where", "__proto__[x]"):
            status = trial.sender.call("GET", "/Messages", query={key: "0"}).status
            expect_equal(status, 400, f"The status of a query by {key}")


@check("SECURITY-FILE-NAME", "SECURITY-FILE-HEADER", creates="a File")
def file_names(trial: Trial) -> None:
    """Download a File whose name is a path and has line breaks."""
    name = f"../../{trial.mark}\r\nX-Injected: yes.txt"
    file = trial.sender.files.upload_own(b"content", _soon(), filename=name, title=trial.mark)
    headers = trial.sender.raw(lambda one: one.files.download(file.id)).headers
    with trial.requirement("SECURITY-FILE-NAME", goes_on=True):
        said = headers.get("content-disposition", "")
        expect(not re.search(r'filename="?[^;"]*[/\\]', said), f"The file would be saved elsewhere: {said!r}.")
    with trial.requirement("SECURITY-FILE-HEADER"):
        expect("x-injected" not in headers, "The File's name has become a header.")


# --- an Identity and what is not its own ------------------------------------------------------------------------------


@check(
    "SECURITY-FOREIGN-REQUEST",
    "SECURITY-FOREIGN-DECISION",
    "SECURITY-FOREIGN-MESSAGE",
    "SECURITY-REPLAY",
    needs=("attacker",),
    creates="a Request that is rejected in the end",
)
def foreign_requests(trial: Trial) -> None:
    """Try to read, decide and send again a Request that was sent to somebody else."""
    sender, recipient, attacker = trial.sender, trial.recipient, trial.other("attacker")
    peer = trial.address(recipient)
    request = sender.requests.outgoing.create(_request(trial), peer)
    message = sender.messages.send(peer, request.content)
    wait_for_request(recipient, request.id, timeout=trial.patience)
    with trial.requirement("SECURITY-FOREIGN-REQUEST", goes_on=True):
        _expect_refused("Reading it", lambda: attacker.requests.incoming.get(request.id))
    with trial.requirement("SECURITY-FOREIGN-DECISION", goes_on=True):
        _expect_refused("Accepting it", lambda: attacker.requests.incoming.accept(request.id, _YES))
    with trial.requirement("SECURITY-FOREIGN-MESSAGE", goes_on=True):
        _expect_refused("Reading the Message", lambda: attacker.messages.get(message.id))
    with trial.requirement("SECURITY-REPLAY", goes_on=True):
        mine = trial.address(sender)
        _expect_refused("Sending back what was received", lambda: recipient.messages.send(mine, request.content))
    recipient.requests.incoming.reject(request.id, _NO)


@check("SECURITY-STRANGER-REQUEST", "SECURITY-STRANGER-MESSAGE", needs=("attacker",))
def strangers(trial: Trial) -> None:
    """Ask and write somebody without a Relationship."""
    attacker, peer = trial.other("attacker"), trial.address(trial.recipient)
    with trial.requirement("SECURITY-STRANGER-REQUEST", goes_on=True):
        _expect_refused("The Request", lambda: attacker.requests.outgoing.create(_request(trial), peer))
    with trial.requirement("SECURITY-STRANGER-MESSAGE"):
        mail = Mail(to=[peer], subject=trial.mark, body=trial.mark)
        _expect_refused("The Message", lambda: attacker.messages.send(peer, mail))


@check(
    "SECURITY-FOR-IDENTITY-TEMPLATE",
    "SECURITY-FOR-IDENTITY-TOKEN",
    "SECURITY-FOR-IDENTITY-FILE",
    "SECURITY-FOR-IDENTITY-OPENS",
    needs=("attacker",),
    creates="a RelationshipTemplate, a File and two Tokens",
)
def personalised(trial: Trial) -> None:
    """Load what is meant for another Identity."""
    sender, recipient, attacker = trial.sender, trial.recipient, trial.other("attacker")
    only = trial.address(recipient)
    template = _template(trial, for_identity=only)
    token = sender.tokens.create_own({"mark": trial.mark}, _soon(), for_identity=only)
    file = sender.files.upload_own(b"content", _soon(), filename="file.txt", title=trial.mark)
    of_file = sender.files.create_token(file.id, for_identity=only)
    with trial.requirement("SECURITY-FOR-IDENTITY-TEMPLATE", goes_on=True):
        _expect_refused("The template", lambda: attacker.relationship_templates.load_peer(template.reference))
    with trial.requirement("SECURITY-FOR-IDENTITY-TOKEN", goes_on=True):
        _expect_refused("The Token", lambda: attacker.tokens.load_peer(token.reference))
    with trial.requirement("SECURITY-FOR-IDENTITY-FILE", goes_on=True):
        _expect_refused("The File", lambda: attacker.files.load_peer(of_file.reference))
    with trial.requirement("SECURITY-FOR-IDENTITY-OPENS"):
        expect_equal(recipient.tokens.load_peer(token.reference).id, token.id, "The id of the Token that was loaded")


@check("SECURITY-NO-PASSWORD", "SECURITY-WRONG-PASSWORD", "SECURITY-WRONG-PIN", "SECURITY-PASSWORD-OPENS")
def passwords(trial: Trial) -> None:
    """Load what a password protects."""
    protected = _template(trial, password_protection=PasswordProtection(password=_RIGHT))
    load = trial.recipient.relationship_templates.load_peer
    with trial.requirement("SECURITY-NO-PASSWORD", goes_on=True):
        _expect_refused("Loading it without a password", lambda: load(protected.reference))
    with trial.requirement("SECURITY-WRONG-PASSWORD", goes_on=True):
        _expect_refused("Loading it with a wrong password", lambda: load(protected.reference, _WRONG))
    pin = PasswordProtection(password=_PIN, password_is_pin=True)
    token = trial.sender.tokens.create_own({"mark": trial.mark}, _soon(), password_protection=pin)
    with trial.requirement("SECURITY-WRONG-PIN", goes_on=True):
        _expect_refused(
            "Loading it with a wrong PIN",
            lambda: trial.recipient.tokens.load_peer(token.reference, password=_PIN[::-1]),
        )
    with trial.requirement("SECURITY-PASSWORD-OPENS"):
        expect_equal(load(protected.reference, _RIGHT).id, protected.id, "The id of what was loaded")


@check("SECURITY-ALLOCATIONS", needs=("attacker",), creates="a RelationshipTemplate")
def allocations(trial: Trial) -> None:
    """Load a template more often than it may be."""
    template = _template(trial, max_number_of_allocations=1)
    trial.recipient.relationship_templates.load_peer(template.reference)
    attacker = trial.other("attacker")
    with trial.requirement("SECURITY-ALLOCATIONS"):
        _expect_refused(
            "Loading it a second time", lambda: attacker.relationship_templates.load_peer(template.reference)
        )


@check(
    "SECURITY-FOREIGN-RELATIONSHIP",
    "SECURITY-FOREIGN-TERMINATION",
    "SECURITY-OWN-ACCEPTANCE",
    needs=("attacker",),
    alone=True,
    creates="a Relationship with the attacker that is rejected",
)
def foreign_relationships(trial: Trial) -> None:
    """Try to change Relationships that others have to decide about."""
    sender, attacker = trial.sender, trial.other("attacker")
    theirs = sender.relationships.list(peer=trial.address(trial.recipient), status="Active")[0]
    with trial.requirement("SECURITY-FOREIGN-RELATIONSHIP", goes_on=True):
        _expect_refused("Reading it", lambda: attacker.relationships.get(theirs.id))
    with trial.requirement("SECURITY-FOREIGN-TERMINATION", goes_on=True):
        _expect_refused("Terminating it", lambda: attacker.relationships.terminate(theirs.id))
    loaded = attacker.relationship_templates.load_peer(_template(trial).reference)
    pending = attacker.relationships.create(loaded.id, ArbitraryRelationshipCreationContent(value=trial.mark))
    try:
        with trial.requirement("SECURITY-OWN-ACCEPTANCE", goes_on=True):
            _expect_refused("Accepting one's own", lambda: attacker.relationships.accept(pending.id))
    finally:
        by, me = _attacker(trial), trial.address(sender)
        wait_for(lambda: sender.relationships.list(peer=by, status="Pending"), sync_with=sender)
        sender.relationships.reject(pending.id)
        wait_for(lambda: not attacker.relationships.list(peer=me, status="Pending"), sync_with=attacker)


@check("SECURITY-UNASKED-RESPONSE", creates="a Message and a Request that is not sent")
def unasked_response(trial: Trial) -> None:
    """Answer a Request that was never sent."""
    draft = trial.sender.requests.outgoing.create(_request(trial), trial.address(trial.recipient))
    _forge(trial, trial.recipient, draft.id, f"MSG{_NOBODY}")
    with trial.requirement("SECURITY-UNASKED-RESPONSE"):
        expect_equal(trial.sender.requests.outgoing.get(draft.id).status, "Draft", "The status")


@check(
    "SECURITY-FORGED-RESPONSE",
    needs=("sse",),
    swaps=False,
    creates="a Request that an Identity answers that was not asked",
)
def forged_response(trial: Trial) -> None:
    """Answer a Request that somebody else was asked."""
    sender, third, peer = trial.sender, trial.other("sse"), trial.address(trial.recipient)
    request = sender.requests.outgoing.create(_request(trial), peer)
    message = sender.messages.send(peer, request.content)
    wait_for_status(sender.requests.outgoing, request.id, "Open", timeout=trial.patience)
    _forge(trial, third, request.id, message.id)
    found = sender.requests.outgoing.get(request.id)
    with trial.requirement("SECURITY-FORGED-RESPONSE"):
        if found.response:
            said = f"The Response of {third.name} was taken, although {trial.recipient.name} was asked."
            trial.warn("SECURITY-FORGED-RESPONSE", said)
    incoming = wait_for_request(trial.recipient, request.id, timeout=trial.patience)
    trial.recipient.requests.incoming.reject(incoming.id, _NO)


def _forge(trial: Trial, forger: Connector, request_id: str, message_id: str) -> None:
    """Let a Response come to the Sender, and one more Message after it, so that it has been processed."""
    items = [{"@type": "AcceptResponseItem", "result": "Accepted"}]
    response = {"@type": "Response", "result": "Accepted", "requestId": request_id, "items": items}
    wrapper = {"@type": "ResponseWrapper", "requestId": request_id, "requestSourceReference": message_id}
    address = trial.address(trial.sender)
    forger.messages.send(address, wrapper | {"requestSourceType": "Message", "response": response})
    last = forger.messages.send(address, ArbitraryMessageContent(value=trial.mark))
    wait_for(
        lambda: [each for each in trial.sender.messages.list() if each.id == last.id],
        what="a Message",
        sync_with=trial.sender,
        timeout=trial.patience,
    )


@check(
    "SECURITY-CHALLENGE",
    "SECURITY-CHALLENGE-FOREIGN",
    "SECURITY-CHALLENGE-CHANGED",
    needs=("attacker",),
)
def challenges(trial: Trial) -> None:
    """Validate Challenges with signatures of others."""
    theirs, others = (
        trial.recipient.challenges.create("Identity"),
        trial.other("attacker").challenges.create("Identity"),
    )
    validate = trial.sender.challenges.validate
    with trial.requirement("SECURITY-CHALLENGE", goes_on=True):
        expect(validate(theirs.challenge_string, theirs.signature).is_valid, "Its own signature is said to be invalid.")
    with trial.requirement("SECURITY-CHALLENGE-FOREIGN", goes_on=True):
        expect(
            not validate(theirs.challenge_string, others.signature).is_valid, "Another's signature is said to be valid."
        )
    with trial.requirement("SECURITY-CHALLENGE-CHANGED"):
        claimed = others.challenge_string.replace(_attacker(trial), trial.address(trial.recipient))
        expect(not validate(claimed, others.signature).is_valid, "A changed Challenge is said to be valid.")


@check(
    "SECURITY-FOREIGN-FILE",
    "SECURITY-REFERENCE-KEY",
    "SECURITY-OWNERSHIP-TOKEN",
    "SECURITY-FOREIGN-OWNERSHIP",
    "SECURITY-FOREIGN-OWNERSHIP-TOKEN",
    needs=("attacker",),
    creates="a File",
)
def foreign_files(trial: Trial) -> None:
    """Try to have a File without its reference, and to give it away."""
    attacker = trial.other("attacker")
    file = trial.sender.files.upload_own(b"content", _soon(), filename="file.txt", title=trial.mark)
    with trial.requirement("SECURITY-FOREIGN-FILE", goes_on=True):
        _expect_refused("Reading it by its id", lambda: attacker.files.get(file.id))
    with trial.requirement("SECURITY-REFERENCE-KEY", goes_on=True):
        changed = _with_another_key(file.reference.truncated)
        _expect_refused("Loading it with another key", lambda: attacker.files.load_peer(changed))
    copy = attacker.files.load_peer(file.reference)
    with trial.requirement("SECURITY-OWNERSHIP-TOKEN", goes_on=True):
        expect(not copy.ownership_token, "Who has loaded it is told its ownership token.")
    with trial.requirement("SECURITY-FOREIGN-OWNERSHIP", goes_on=True):
        item = TransferFileOwnershipRequestItem(
            file_reference=file.reference.truncated, ownership_token=_NOBODY + "000", must_be_accepted=True
        )
        result = attacker.requests.outgoing.validate(Request(title=trial.mark, items=[item]))
        expect(not result.is_success, "It may be given away by who does not own it.")
    with trial.requirement("SECURITY-FOREIGN-OWNERSHIP-TOKEN"):
        _expect_refused("Making its ownership token anew", lambda: attacker.files.regenerate_ownership_token(file.id))


def _with_another_key(reference: str) -> str:
    head, algorithm, key, *rest = urlsafe_b64decode(reference + "=" * (-len(reference) % 4)).decode().split("|")
    swapped = ("A" if key[0] != "A" else "B") + key[1:]
    return urlsafe_b64encode("|".join((head, algorithm, swapped, *rest)).encode()).decode().rstrip("=")


# --- what checks share ------------------------------------------------------------------------------------------------

_YES = {"items": [{"accept": True}]}
_NO = {"items": [{"accept": False}]}


def _attacker(trial: Trial) -> str:
    """Return the attacker's address."""
    return trial.address(trial.other("attacker"))


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def _request(trial: Trial) -> Request:
    return Request(title=trial.mark, items=[AuthenticationRequestItem(title=trial.mark, must_be_accepted=True)])


def _template(trial: Trial, **how: Any) -> RelationshipTemplate:
    content = ArbitraryRelationshipTemplateContent(value=trial.mark)
    return trial.sender.relationship_templates.create_own(content, _soon(), **how)


def _code(answer: Answer[Any]) -> Any:
    return (answer.value or {}).get("error", {}).get("code")


def _expect_refused(what: str, call: Callable[[], object]) -> ApiError:
    """Expect that the API refuses a call; return how."""
    try:
        call()
    except ApiError as error:
        return error
    expect(False, f"{what} was not refused.")
    raise AssertionError
