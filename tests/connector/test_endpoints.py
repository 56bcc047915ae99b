"""Every endpoint method calls its own route, and sends what was given to it."""

import inspect
import io
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from enmeshed_nb.connector import (
    ENDPOINTS,
    Connector,
    InvalidInput,
    LocalRequest,
    PasswordProtection,
    Png,
    Refused,
    SentNotifications,
    UnexpectedAnswer,
    ValidationFailed,
    ValidationResult,
)
from enmeshed_nb.content import (
    ArbitraryMessageContent,
    AuthenticationRequestItem,
    DisplayName,
    Request,
)

AS_IT_IS = (None, bytes, Path, Png, SentNotifications | None)
"""What methods return of an answer of any kind."""
KEY = "Zw0lf!Zw0lf!Zw0lf!Zw0lf!Zw0lf!XX"
REQUEST = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
LOCAL_REQUEST = {
    "id": "REQ1",
    "isOwn": True,
    "peer": "did:e:peer",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "status": "Draft",
    "content": {**REQUEST.model_dump(), "id": "REQ1"},
}


class Server:
    """Remembers what it was asked; answers with `result`."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answer = httpx.Response(200, json={"result": None})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return self.answer

    def body(self) -> Any:
        """What was sent last, as JSON."""
        return httpx.Response(200, content=self.requests[-1].content).json()


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def sender(server: Server) -> Iterator[Connector]:
    with Connector("http://connector.test", KEY, name="sender", transport=httpx.MockTransport(server)) as connector:
        yield connector


def methods(connector: Connector) -> dict[str, Any]:
    spaces = [*vars(connector).values(), connector.requests.outgoing, connector.requests.incoming]
    return {
        method.__func__.__qualname__: method
        for space in spaces
        for _, method in inspect.getmembers(space, inspect.ismethod)
        if method.__func__.__qualname__ in ENDPOINTS
    }


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_method_calls_the_route_it_is_registered_for(
    sender: Connector, server: Server, name: str, tmp_path: Path
) -> None:
    method = methods(sender)[name]
    route = ENDPOINTS[name]
    arguments: list[Any] = []
    for parameter in inspect.signature(method).parameters.values():
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            samples = {"path": tmp_path / "download", "decision": [{"accept": True}], "file": b"x", "content": {"a": 1}}
            arguments.append(samples.get(parameter.name, f"[{parameter.name}]"))
    options = {"filename": "x.txt"} if name == "Files.upload_own" else {}
    returns = inspect.signature(method).return_annotation
    with nullcontext() if returns in AS_IT_IS else pytest.raises(UnexpectedAnswer):  # the answer has no content
        method(*arguments, **options)
    asked = server.requests[-1]
    assert asked.method == route.method
    path = asked.url.path.removeprefix(route.base).split("/")
    assert [("{}" if part.startswith("[") else part) for part in path] == [
        "{}" if part.startswith("{") else part for part in route.path.split("/")
    ]
    assert f"{route.method} {route.path}" in (inspect.getdoc(method) or "") or "same route" in (method.__doc__ or "")


def test_the_request_goes_out_as_the_guide_shows_it(sender: Connector, server: Server) -> None:
    server.answer = httpx.Response(201, json={"result": {"isSuccess": True, "items": [{"isSuccess": True}]}})
    assert sender.requests.outgoing.validate(REQUEST, peer="did:e:peer").is_success
    assert server.body() == {
        "content": {
            "@type": "Request",
            "items": [{"@type": "AuthenticationRequestItem", "mustBeAccepted": True, "title": "Is it you?"}],
        },
        "peer": "did:e:peer",
    }
    sender.requests.outgoing.validate({"items": [{"@type": "Nonsense"}]})
    assert server.body() == {"content": {"items": [{"@type": "Nonsense"}]}}


def test_the_content_of_an_answer_is_sent_on_unchanged(sender: Connector, server: Server) -> None:
    content = LOCAL_REQUEST["content"] | {"expiresAt": "2030-01-01T00:00:00.000Z", "future": [1]}
    server.answer = httpx.Response(201, json={"result": LOCAL_REQUEST | {"content": content, "status": "Sleeping"}})
    created = sender.requests.outgoing.create(REQUEST, "did:e:peer")
    assert created.status == "Sleeping"
    with pytest.raises(UnexpectedAnswer):
        sender.messages.send("did:e:peer", created.content)
    assert server.body() == {"recipients": ["did:e:peer"], "content": content}


def test_a_whole_local_request_is_not_sent(sender: Connector, server: Server) -> None:
    whole = LocalRequest.from_api(LOCAL_REQUEST)
    for pasted in (whole, LOCAL_REQUEST):
        with pytest.raises(InvalidInput, match=r"Pass `request\.content`"):
            sender.messages.send("did:e:peer", pasted)
        with pytest.raises(InvalidInput, match="whole LocalRequest"):
            sender.requests.outgoing.create(pasted, "did:e:peer")
    assert server.requests == []
    to_come = {"@type": "OfTheFuture", "content": 1, "status": 2}
    with pytest.raises(UnexpectedAnswer):  # it is sent; the answer has no content
        sender.messages.send("did:e:peer", to_come)
    assert server.body()["content"] == to_come


@pytest.mark.parametrize("accept", ["false", "true", 1, None, []])
@pytest.mark.parametrize("method", ["can_accept", "accept", "can_reject", "reject"])
def test_a_decision_that_is_no_bool_is_not_sent(sender: Connector, server: Server, accept: object, method: str) -> None:
    decide = getattr(sender.requests.incoming, method)
    with pytest.raises(InvalidInput, match=r"^items\[1\]\.items\[0\]\.accept is ") as caught:
        decide("REQ1", {"items": [{"accept": True}, {"items": [{"accept": accept}]}]})
    assert caught.value.path == (1, 0)
    assert server.requests == []


@pytest.mark.parametrize("decision", [["yes"], {"items": [True]}])
def test_a_decision_of_another_shape_is_not_sent(sender: Connector, server: Server, decision: Any) -> None:
    with pytest.raises(InvalidInput, match=r"items\[0\]") as caught:
        sender.requests.incoming.accept("REQ1", decision)
    assert caught.value.path == (0,)
    assert server.requests == []


@pytest.mark.parametrize("decision", [None, "yes", True])
def test_what_is_no_decision_is_not_sent(sender: Connector, server: Server, decision: Any) -> None:
    with pytest.raises(InvalidInput, match="is no decision") as refused:
        sender.requests.incoming.accept("REQ1", decision)
    assert "accept_all" in refused.value.cure
    assert server.requests == []


def test_a_decision_may_be_json_so_that_the_connector_judges_it(sender: Connector, server: Server) -> None:
    server.answer = httpx.Response(200, json={"result": {"isSuccess": False, "code": "c", "message": "m"}})
    assert not sender.requests.incoming.can_accept("REQ1", [{"items": [{"accept": True}]}, {}]).is_success
    assert server.body() == {"items": [{"items": [{"accept": True}]}, {}]}


def test_filters_become_the_query(sender: Connector, server: Server) -> None:
    server.answer = httpx.Response(200, json={"result": [LOCAL_REQUEST]})
    (found,) = sender.requests.incoming.list(source__reference="MSG1", status=["Open", "Decided"])
    assert found.id == "REQ1"
    assert server.requests[-1].url.query == b"source.reference=MSG1&status=Open&status=Decided"
    sender.requests.outgoing.list()
    assert server.requests[-1].url.query == b""


def test_a_file_is_uploaded_from_a_path_bytes_or_an_open_file(
    sender: Connector, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "grüße.txt"
    path.write_bytes(b"hello")
    opened = io.BytesIO(b"hello")
    server.answer = httpx.Response(400, json={"error": {"code": "error.runtime.x", "message": "m"}})
    for file in (path, str(path), b"hello", opened):
        with pytest.raises(Refused):
            sender.files.upload_own(file, "2030-01-01T00:00:00Z", filename="grüße.txt", title="t", tags=["x:a", "x:b"])
        body = server.requests[-1].content.decode()
        assert server.requests[-1].headers["Content-Type"].startswith("multipart/form-data")
        assert 'name="file"; filename="grüße.txt"' in body
        assert "Content-Type: text/plain" in body
        assert body.count('name="tags"') == 2
        assert "hello" in body
        assert 'name="description"' not in body
    assert not opened.closed


@pytest.mark.parametrize(
    ("filename", "given", "sent"),
    [
        ("a.pdf", None, "application/pdf"),
        ("a.pdf", "text/plain", "text/plain"),
        ("a.no-such-kind", None, "application/octet-stream"),
        ("a.no-such-kind", "text/plain", "text/plain"),
    ],
)
def test_a_file_is_of_the_kind_that_is_given_else_of_that_of_its_name(
    sender: Connector, server: Server, filename: str, given: str | None, sent: str
) -> None:
    server.answer = httpx.Response(400, json={"error": {"code": "error.runtime.x", "message": "m"}})
    with pytest.raises(Refused):
        sender.files.upload_own(b"hello", "2030-01-01T00:00:00Z", filename=filename, mimetype=given)
    assert f"Content-Type: {sent}\r\n" in server.requests[-1].content.decode()


def test_bytes_need_a_filename(sender: Connector, server: Server) -> None:
    with pytest.raises(InvalidInput, match="no name"):
        sender.files.upload_own(b"hello", "2030-01-01T00:00:00Z")
    assert server.requests == []


def test_a_download_is_written_as_a_whole_or_not_at_all(sender: Connector, server: Server, tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    server.answer = httpx.Response(200, content=iter([b"ab", b"cd"]), headers={"Content-Type": "text/plain"})
    assert sender.files.download_to(target, "FIL1") == target
    assert target.read_bytes() == b"abcd"
    server.answer = httpx.Response(404, json={"error": {"code": "error.runtime.recordNotFound", "message": "m"}})
    with pytest.raises(Exception, match="recordNotFound"):
        sender.files.download_to(tmp_path / "b.bin", "FIL2")
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_download_that_broke_off_begins_anew(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"abcd"
        raise httpx.ReadError("connection lost")

    answers = iter([broken(), iter([b"ef"])])
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=next(answers)))
    with Connector("http://connector.test", KEY, transport=transport) as sender:
        assert sender.files.download_to(tmp_path / "a.bin", "FIL1").read_bytes() == b"ef"


def test_a_download_may_be_json(sender: Connector, server: Server) -> None:
    server.answer = httpx.Response(200, json={"result": 1})
    assert sender.files.download("FIL1") == b'{"result":1}'


def test_both_answers_to_a_notification_are_understood(sender: Connector, server: Server) -> None:
    server.answer = httpx.Response(204)
    assert sender.backbone_notifications.send("did:e:x", "Code") is None
    server.answer = httpx.Response(200, json={"result": {"notificationIds": ["NTF1", "NTF2"]}})
    sent = sender.backbone_notifications.send(["did:e:x", "did:e:y"], "Code")
    assert sent is not None
    assert sent.notification_ids == ["NTF1", "NTF2"]
    assert server.body() == {"recipients": ["did:e:x", "did:e:y"], "code": "Code"}


WORD = PasswordProtection(password="1234", password_is_pin=True, password_location_indicator="Letter")
WORD_SENT = {"password": "1234", "passwordIsPin": True, "passwordLocationIndicator": "Letter"}
ACCESS: dict[str, Any] = {"for_identity": "did:e:x", "password_protection": WORD}
ACCESS_SENT = {"forIdentity": "did:e:x", "passwordProtection": WORD_SENT}
NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)
EXPIRES = {"expiresAt": "2030-01-01T00:00:00.000Z"}


@pytest.mark.parametrize(
    ("create", "sent"),
    [
        (
            lambda one: one.tokens.create_own({"a": 1}, NEW_YEAR, ephemeral=True, **ACCESS),
            {"content": {"a": 1}, **EXPIRES, "ephemeral": True, **ACCESS_SENT},
        ),
        (lambda one: one.tokens.create_own({"a": 1}, NEW_YEAR), {"content": {"a": 1}, **EXPIRES}),
        (
            lambda one: one.relationship_templates.create_own(
                {"a": 1}, NEW_YEAR, max_number_of_allocations=2, **ACCESS
            ),
            {"content": {"a": 1}, **EXPIRES, "maxNumberOfAllocations": 2, **ACCESS_SENT},
        ),
        (
            lambda one: one.relationship_templates.create_token("RLT1", expires_at=NEW_YEAR, ephemeral=True, **ACCESS),
            {**EXPIRES, "ephemeral": True, **ACCESS_SENT},
        ),
        (
            lambda one: one.files.create_token("FIL1", expires_at=NEW_YEAR, ephemeral=False, **ACCESS),
            {**EXPIRES, "ephemeral": False, **ACCESS_SENT},
        ),
        (lambda one: one.files.create_token("FIL1", for_identity=None), {}),
    ],
)
def test_the_options_of_tokens_and_templates_are_sent(
    sender: Connector, server: Server, create: Any, sent: dict[str, Any]
) -> None:
    with pytest.raises(UnexpectedAnswer):
        create(sender)
    assert server.body() == sent


@pytest.mark.parametrize("space", ["files", "relationship_templates"])
def test_a_qr_code_takes_the_same_options(sender: Connector, server: Server, space: str) -> None:
    server.answer = httpx.Response(201, content=b"PNG")
    assert getattr(sender, space).create_token_png("ID1", expires_at=NEW_YEAR, **ACCESS) == b"PNG"
    assert server.body() == {**EXPIRES, **ACCESS_SENT}


def test_an_option_that_there_is_not_is_refused(sender: Connector, server: Server) -> None:
    with pytest.raises(TypeError, match=r"No option expire_at; there are .*expires_at"):
        sender.files.create_token("FIL1", expire_at=NEW_YEAR)
    with pytest.raises(TypeError, match="No option ephemeral; there are for_identity, password_protection"):
        sender.relationship_templates.create_own({"a": 1}, NEW_YEAR, ephemeral=True)
    assert server.requests == []


def test_an_image_shows_itself_in_a_notebook(sender: Connector, server: Server) -> None:
    server.answer = httpx.Response(200, content=b"\x89PNG", headers={"Content-Type": "image/png"})
    png = sender.tokens.get_png("TOK1")
    assert png == b"\x89PNG"
    assert png._repr_png_() == b"\x89PNG"
    assert server.requests[-1].headers["Accept"] == "image/png"


def test_attributes_and_messages_take_models(sender: Connector, server: Server) -> None:
    with pytest.raises(UnexpectedAnswer):
        sender.attributes.create(DisplayName(value="Zoë"), tags=["x:a"])
    assert server.body() == {"content": {"value": {"@type": "DisplayName", "value": "Zoë"}, "tags": ["x:a"]}}
    with pytest.raises(UnexpectedAnswer):
        sender.messages.send(["a", "b"], ArbitraryMessageContent(value=[1]), attachments=["FIL1"])
    assert server.body() == {
        "recipients": ["a", "b"],
        "content": {"@type": "ArbitraryMessageContent", "value": [1]},
        "attachments": ["FIL1"],
    }


def test_a_validation_result_names_the_faults_themselves() -> None:
    inherited = {"isSuccess": False, "code": "error.consumption.requests.validation.inheritedFromItem", "message": "…"}
    invalid = {"isSuccess": False, "code": "error.consumption.requests.invalidRequestItem", "message": "Bad tag."}
    result = ValidationResult.from_api(
        {**inherited, "items": [{"isSuccess": True, "items": []}, {**inherited, "items": [invalid]}, invalid]}
    )
    assert [(failure.path, failure.code) for failure in result.failures()] == [
        ((1, 0), invalid["code"]),
        ((2,), invalid["code"]),
    ]
    with pytest.raises(ValidationFailed, match=r"items\[1\]\.items\[0\]: .*Bad tag") as caught:
        result.raise_for_failure()
    assert caught.value.code == invalid["code"]
    assert caught.value.path == (1, 0)
    assert caught.value.result is result
    good = ValidationResult.from_api({"isSuccess": True})
    assert good.raise_for_failure() is good
    assert list(good.failures()) == []


LISTS = [
    name
    for name, method in methods(Connector("http://connector.test", KEY)).items()
    if "filters" in inspect.signature(method).parameters
]


@pytest.mark.parametrize("name", LISTS)
def test_what_is_listed_is_filtered(sender: Connector, server: Server, name: str) -> None:
    method = methods(sender)[name]
    server.answer = httpx.Response(200, json={"result": []})
    needed = [each.name for each in inspect.signature(method).parameters.values() if each.default is each.empty]
    before = [f"[{each}]" for each in needed if each not in ("filters", "keywords")]
    key = "sharedAt" if name == "Attributes.forwarding_details" else "createdAt"
    for arguments, keywords, asked in (([{key: "2030"}], {}, "2030"), ([], {key: "2031"}, "2031"), ([], {}, None)):
        assert method(*before, *arguments, **keywords) == []
        assert server.requests[-1].url.params.get(key) == asked


NAME = DisplayName(value="Zoë")
NAME_JSON = {"@type": "DisplayName", "value": "Zoë"}
QUERY = {"@type": "IQLQuery", "queryString": "x"}
SENT: list[tuple[Callable[[Connector], object], Any]] = [
    (lambda c: c.attributes.can_create(NAME), {"content": {"value": NAME_JSON}}),
    (lambda c: c.attributes.create(NAME, tags=["x:a"]), {"content": {"value": NAME_JSON, "tags": ["x:a"]}}),
    (
        lambda c: c.attributes.succeed("ATT1", NAME, ["x:a"]),
        {"successorContent": {"value": NAME_JSON, "tags": ["x:a"]}},
    ),
    (lambda c: c.attributes.notify_peer("ATT1", "did:e:x"), {"peer": "did:e:x"}),
    (lambda c: c.attributes.execute_identity_attribute_query(QUERY), {"query": QUERY}),
    (lambda c: c.attributes.execute_relationship_attribute_query(QUERY), {"query": QUERY}),
    (lambda c: c.attributes.execute_third_party_relationship_attribute_query(QUERY), {"query": QUERY}),
    (lambda c: c.attributes.execute_iql_query(QUERY), {"query": QUERY}),
    (lambda c: c.attributes.validate_iql_query(QUERY), {"query": QUERY}),
    (lambda c: c.backbone_notifications.send("did:e:x", "Code"), {"recipients": ["did:e:x"], "code": "Code"}),
    (lambda c: c.relationships.can_create("RLT1"), {"templateId": "RLT1"}),
    (lambda c: c.relationships.can_create("RLT1", {"a": 1}), {"templateId": "RLT1", "creationContent": {"a": 1}}),
    (lambda c: c.relationships.create("RLT1", {"a": 1}), {"templateId": "RLT1", "creationContent": {"a": 1}}),
    (lambda c: c.challenges.create("Identity"), {"challengeType": "Identity"}),
    (
        lambda c: c.challenges.create("Relationship", "REL1"),
        {"challengeType": "Relationship", "relationship": "REL1"},
    ),
    (lambda c: c.challenges.validate("text", "sig"), {"challengeString": "text", "signature": "sig"}),
    (lambda c: c.tokens.load_peer("ref"), {"reference": "ref"}),
    (
        lambda c: c.tokens.load_peer("ref", ephemeral=True, password="pw"),
        {"reference": "ref", "ephemeral": True, "password": "pw"},
    ),
    (lambda c: c.files.load_peer("ref", password="pw"), {"reference": "ref", "password": "pw"}),
    (lambda c: c.relationship_templates.load_peer("ref", "pw"), {"reference": "ref", "password": "pw"}),
    (lambda c: c.identity_metadata.upsert("did:e:x", {"a": None}), {"reference": "did:e:x", "value": {"a": None}}),
    (
        lambda c: c.identity_metadata.upsert("did:e:x", NEW_YEAR, key="k"),
        {"reference": "did:e:x", "value": "2030-01-01T00:00:00.000Z", "key": "k"},
    ),
    (lambda c: c.messages.send(["did:e:x"], {"a": 1}), {"recipients": ["did:e:x"], "content": {"a": 1}}),
    (
        lambda c: c.messages.send("did:e:x", {"a": 1}, attachments=["FIL1"]),
        {"recipients": ["did:e:x"], "content": {"a": 1}, "attachments": ["FIL1"]},
    ),
]


@pytest.mark.parametrize(("call", "sent"), SENT)
def test_what_is_given_is_sent_by_the_names_of_the_api(
    sender: Connector, server: Server, call: Callable[[Connector], object], sent: Any
) -> None:
    with suppress(UnexpectedAnswer):  # the answer has no content; what was sent counts
        call(sender)
    assert server.body() == sent


@pytest.mark.parametrize(
    ("call", "query"),
    [
        (lambda c: c.identity_metadata.get("did:e:x"), "reference=did%3Ae%3Ax"),
        (lambda c: c.identity_metadata.get("x", "k"), "reference=x&key=k"),
        (lambda c: c.identity_metadata.delete("x", key="k"), "reference=x&key=k"),
        (lambda c: c.identity_deletion_process.initiate(), ""),
        (lambda c: c.identity_deletion_process.initiate(0.5), "lengthOfGracePeriodInDays=0.5"),
        (lambda c: c.attributes.versions_shared("ATT1", "x"), "peer=x"),
        (
            lambda c: c.attributes.versions_shared("ATT1", "x", only_latest_versions=True),
            "peer=x&onlyLatestVersions=true",
        ),
    ],
)
def test_what_is_asked_is_the_query(
    sender: Connector, server: Server, call: Callable[[Connector], object], query: str
) -> None:
    with suppress(UnexpectedAnswer):
        call(sender)
    assert server.requests[-1].url.query.decode() == query
